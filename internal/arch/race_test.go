package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// alone are tests that start a goroutine only to have something to talk to or to
// wait for: the race detector would learn nothing from them.
var alone = map[string]string{
	"TestChildCanReachNothing": "a listener that nothing must reach",
	"TestRunFinishes":          "Run beside a test that waits",
	"TestSweep":                "processes at once, not goroutines; it takes long",
}

// TestConcurrentTestsRunUnderTheRaceDetector: make race runs the tests whose names
// say that goroutines meet in them. A test that starts goroutines has such a name.
func TestConcurrentTestsRunUnderTheRaceDetector(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^RACE := (.+)$`).FindSubmatch(b)
	if m == nil {
		t.Fatal("the Makefile has no line RACE := …")
	}
	concurrent := regexp.MustCompile(string(m[1]))
	found := 0
	for dir, tests := range testFuncs(t) {
		starts := map[string]bool{} // helpers that start goroutines
		for name, fn := range tests {
			starts[name] = goes(fn)
		}
		for name, fn := range tests {
			if !strings.HasPrefix(name, "Test") || !starts[name] && !calls(fn, starts) {
				continue
			}
			found++
			if !concurrent.MatchString(name) && alone[name] == "" {
				t.Errorf("%s: %s starts goroutines, but make race does not run it: its name matches nothing of %s", dir, name, m[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("found %d tests that start goroutines, want 30 or more", found)
	}
}

// testFuncs returns the functions of the module's test files by folder and name.
func testFuncs(t *testing.T) map[string]map[string]*ast.FuncDecl {
	t.Helper()
	all := map[string]map[string]*ast.FuncDecl{}
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "../.." { // a module of its own
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir
			}
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		if all[dir] == nil {
			all[dir] = map[string]*ast.FuncDecl{}
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				all[dir][fn.Name.Name] = fn
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func goes(fn *ast.FuncDecl) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = true
		case *ast.CallExpr: // sync.WaitGroup.Go
			s, ok := n.Fun.(*ast.SelectorExpr)
			found = found || ok && s.Sel.Name == "Go"
		}
		return !found
	})
	return found
}

func calls(fn *ast.FuncDecl, helpers map[string]bool) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			switch f := call.Fun.(type) {
			case *ast.Ident:
				found = found || helpers[f.Name]
			case *ast.SelectorExpr:
				found = found || helpers[f.Sel.Name]
			}
		}
		return !found
	})
	return found
}
