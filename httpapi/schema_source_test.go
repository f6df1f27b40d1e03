package httpapi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is what the packages that routes answer for say of words.
type source struct {
	typed map[string][]string   // constants, by import path and type
	oneof map[string][][]string // words of a rule, by the field's name in JSON
	words map[string]bool       // every string
}

func readSource(t *testing.T) source {
	t.Helper()
	src := source{map[string][]string{}, map[string][][]string{}, map[string]bool{}}
	for _, dir := range []string{"esign", "vault", "compliance", "scopes", "storage", "httpapi", "internal/pdf"} {
		err := filepath.WalkDir("../"+dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			pkg := "github.com/evaultlib/evault/" + filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, "../")))
			ast.Inspect(tree, func(n ast.Node) bool {
				src.read(pkg, n)
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range src.typed {
		slices.Sort(words)
	}
	return src
}

func (src source) read(pkg string, n ast.Node) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if word, ok := text(n); ok {
			src.words[word] = true
		}
	case *ast.ValueSpec:
		typ, ok := n.Type.(*ast.Ident)
		for _, x := range n.Values {
			if word, isText := text(x); ok && isText {
				src.typed[pkg+"."+typ.Name] = append(src.typed[pkg+"."+typ.Name], word)
			}
		}
	case *ast.Field:
		if n.Tag == nil || len(n.Names) == 0 {
			return
		}
		tag, _ := text(n.Tag)
		_, rule, ok := strings.Cut(reflect.StructTag(tag).Get("validate"), "oneof=")
		if !ok {
			return
		}
		words, _, _ := strings.Cut(rule, ",")
		name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if name == "" {
			name = strings.ToLower(capital.ReplaceAllString(n.Names[0].Name, "${1}_$2"))
		}
		src.oneof[name] = append(src.oneof[name], slices.Sorted(strings.FieldsSeq(words)))
	}
}

var capital = regexp.MustCompile("([a-z])([A-Z])")

func text(x ast.Expr) (string, bool) {
	lit, ok := x.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
