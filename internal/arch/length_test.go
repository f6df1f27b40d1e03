package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// longest is how many lines a function of a test may have. What is longer is a table
// with its rows apart, or several tests.
const longest = 120

func TestTestsAreShort(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1; n > longest {
				t.Errorf("%s: %s has %d lines, more than %d", path, fn.Name.Name, n, longest)
			}
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("read %d files, %v", files, err)
	}
}
