package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logKeys are the keys of every log line, one word for one thing, so that a host
// finds an envelope by one name whoever speaks.
var logKeys = []string{
	"assignment_id", "batch_id", "copy_id", "envelope_id", "error", "found", "key_id", "kind", "notice_id", "object", "org_id", "problem", "reason",
	"request_id", "route", "sha256", "stack", "status", "task", "tries",
}

// TestLogKeys: log lines use these keys and begin with the package that speaks.
func TestLogKeys(t *testing.T) {
	t.Parallel()
	lines := 0
	for _, dir := range []string{"esign", "vault", "compliance", "scopes", "storage", "httpapi"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if call, isCall := n.(*ast.CallExpr); isCall && isLog(call) {
					lines++
					checkLine(t, path, f.Name.Name, call)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if lines < 15 {
		t.Errorf("%d log lines found", lines)
	}
}

func isLog(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"DebugContext", "InfoContext", "WarnContext", "ErrorContext"}, sel.Sel.Name)
}

func checkLine(t *testing.T, path, pkg string, call *ast.CallExpr) {
	t.Helper()
	if text := literal(call.Args[1]); !strings.HasPrefix(text, pkg+": ") {
		t.Errorf("%s: %q must begin with %q", path, text, pkg+": ")
	}
	for i := 2; i < len(call.Args); i += 2 {
		if key := literal(call.Args[i]); !slices.Contains(logKeys, key) {
			t.Errorf("%s: the log key %q is not in the list", path, key)
		}
	}
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}
