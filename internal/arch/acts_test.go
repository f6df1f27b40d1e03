package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// reads are the verbs of esign and vault that package compliance may call: they
// change nothing but the record of what was found of an envelope.
var reads = map[string][]string{
	"ESign": {"Evidence", "Status", "With"},
	"With":  {"Evaluated"}, // of esign, in the transaction of the evaluation
	"Vault": {"CustodianName", "Evidence", "Examine", "Held", "Original", "Policy", "RegisteredCopies", "SeesCertificates", "StatementKeys"},
}

// TestOnlyHandoverActs: compliance evaluates and certifies; compliance/handover
// deposits, releases and attests.
func TestOnlyHandoverActs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../compliance/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			engine, verb := called(call)
			allowed, guarded := reads[engine]
			if guarded {
				found++
			}
			if guarded && !slices.Contains(allowed, verb) {
				t.Errorf("%s calls %s.%s: only compliance/handover acts", filepath.Base(path), engine, verb)
			}
			return true
		})
	}
	if found < 10 {
		t.Errorf("found %d calls of esign and vault, want 10 or more", found)
	}
}

// called names the method of a call, and the field or method that gives its
// receiver: "Vault" and "Original" of e.c.Vault.Original(), "With" and "Evaluated" of
// e.c.ESign.With(tx).Evaluated(). The store's With is no engine's.
func called(call *ast.CallExpr) (receiver, verb string) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	switch x := method.X.(type) {
	case *ast.SelectorExpr:
		return x.Sel.Name, method.Sel.Name
	case *ast.CallExpr:
		if of, through := called(x); of == "ESign" {
			return through, method.Sel.Name
		}
	}
	return "", ""
}
