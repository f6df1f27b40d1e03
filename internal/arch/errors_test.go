package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryErrorHasAProblem holds the exported errors of the engines against
// the one table that turns errors into answers.
func TestEveryErrorHasAProblem(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../../httpapi/problem.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{
		"esign", "esign/pades", "vault", "vault/keyring", "vault/translog", "compliance", "compliance/certificate", "compliance/handover", "scopes",
		"storage", "httpapi/internal/rest",
	} {
		name := filepath.Base(dir)
		for _, e := range exportedErrors(t, "../../"+dir) {
			if !strings.Contains(string(table), name+"."+e) {
				t.Errorf("httpapi/problem.go has no row for %s.%s", name, e)
			}
		}
	}
}

// exportedErrors returns the Err… variables and …Error types of a package.
func exportedErrors(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no Go files (%v)", dir, err)
	}
	var names []string
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				switch s := s.(type) {
				case *ast.ValueSpec:
					for _, n := range s.Names {
						if g.Tok == token.VAR && strings.HasPrefix(n.Name, "Err") {
							names = append(names, n.Name)
						}
					}
				case *ast.TypeSpec:
					if s.Name.IsExported() && strings.HasSuffix(s.Name.Name, "Error") {
						names = append(names, s.Name.Name)
					}
				}
			}
		}
	}
	return names
}

// TestNoHiddenState: a package that is imported starts nothing and keeps no
// exported variable but errors.
func TestNoHiddenState(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		if d.IsDir() && (rel == "examples" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range tree.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil && decl.Name.Name == "init" {
					t.Errorf("%s has an init", rel)
				}
			case *ast.GenDecl:
				for _, s := range decl.Specs {
					v, ok := s.(*ast.ValueSpec)
					if !ok || decl.Tok != token.VAR {
						continue
					}
					for _, n := range v.Names {
						if n.IsExported() && !strings.HasPrefix(n.Name, "Err") {
							t.Errorf("%s exports the variable %s", rel, n.Name)
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
