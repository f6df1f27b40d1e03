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

	"github.com/evaultlib/evault/storage/event"
)

// TestEventsHaveASchema: types of events and the members of their data are spelled
// in storage/event alone; writers give drafts a struct.
func TestEventsHaveASchema(t *testing.T) {
	t.Parallel()
	types := map[string]bool{event.KeysChanged: true}
	for s := range event.Schemas() {
		types[s.Type] = true
	}
	drafts := 0
	walkProduct(t, func(path string, f *ast.File) {
		if strings.HasPrefix(path, "storage/event/") || strings.HasPrefix(path, "storage/storagetest/") {
			return // a store must keep whatever an event holds
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && types[s] {
					t.Errorf("%s: %q is spelled out; use the constant of storage/event", path, s)
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Type" && isEventType(n.Value) {
					drafts++
				}
			case *ast.CompositeLit:
				checkDraft(t, path, n)
			}
			return true
		})
	})
	if drafts < 25 {
		t.Errorf("%d drafts of events found, want 25 or more", drafts)
	}
}

// isEventType reports whether e is a constant of storage/event, or a variable that
// holds one.
func isEventType(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "event"
}

// checkDraft refuses a draft whose data or detail is a map: its members would be
// spelled here and again where they are read.
func checkDraft(t *testing.T, path string, lit *ast.CompositeLit) {
	t.Helper()
	sel, ok := lit.Type.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Draft" {
		return
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, _ := kv.Key.(*ast.Ident)
		value, isLit := kv.Value.(*ast.CompositeLit)
		if key == nil || !isLit || key.Name != "Data" && key.Name != "Detail" {
			continue
		}
		if _, isMap := value.Type.(*ast.MapType); isMap {
			t.Errorf("%s: the %s of an event is a map; use a struct of storage/event", path, strings.ToLower(key.Name))
		}
	}
}

// TestEventsAreReadByTheirStruct: nobody else decodes an event's data or detail.
func TestEventsAreReadByTheirStruct(t *testing.T) {
	t.Parallel()
	walkProduct(t, func(path string, f *ast.File) {
		if strings.HasPrefix(path, "storage/event/") || strings.HasPrefix(path, "vault/keyring/") {
			return // a key statement is read strictly, by its own struct
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 || !slices.Contains([]string{"Unmarshal", "decode", "Decode"}, calledFunc(call)) {
				return true
			}
			if sel, ok := call.Args[0].(*ast.SelectorExpr); ok && (sel.Sel.Name == "Data" || sel.Sel.Name == "Detail") {
				t.Errorf("%s decodes %s: use event.DataOf or event.DetailOf", path, sel.Sel.Name)
			}
			return true
		})
	})
}

// walkProduct calls fn for each file of the product's packages that is no test.
func walkProduct(t *testing.T, fn func(path string, f *ast.File)) {
	t.Helper()
	for _, dir := range []string{"esign", "vault", "compliance", "scopes", "storage", "httpapi", "internal/eventlog"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil {
				fn(strings.TrimPrefix(filepath.ToSlash(path), "../../"), f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
