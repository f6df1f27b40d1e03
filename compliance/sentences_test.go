package compliance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
)

// printedFiles are the sources of what an evaluation and a certificate say.
var printedFiles = []string{
	"words.go", "draft.go", "checks.go", "check_*.go", "evidence.go", "engine.go", "certificate/regime.go", "certificate/requirements.go", "internal/pages/*.go",
}

// printedSentences are the texts of three words or more in the sources, with the
// function that each is in.
func printedSentences(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range printedFiles {
		names, err := filepath.Glob(pattern)
		check(t, err)
		for _, name := range names {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			check(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.ImportSpec, *ast.Field:
					return false
				case *ast.CallExpr: // an error of the program, or of the verifier, which a sentence quotes
					if s, ok := x.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Errorf", "New", "Fail"}, s.Sel.Name) {
						return false
					}
				}
				if e, ok := n.(ast.Expr); ok {
					if s, ok := literal(e); ok {
						if strings.Count(strings.TrimSpace(s), " ") >= 2 {
							found[s] = name
						}
						return false
					}
				}
				return true
			})
		}
	}
	return found
}

// literal is the value of a string literal, or of several that are joined.
func literal(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, x.Kind == token.STRING && err == nil
	case *ast.BinaryExpr:
		a, ok := literal(x.X)
		b, ok2 := literal(x.Y)
		return a + b, ok && ok2 && x.Op == token.ADD
	}
	return "", false
}

// verbs are what stands in a sentence for a value, and a value has no end of a
// sentence in it.
var verbs = regexp.MustCompile(`%(?:\[\d\])?[sdvq]|\{[a-z]+\}`)

const value = `(?:[^.\n]|\.[^ \n]|\. [^A-Z])*?\.?`

// patterns are the sentences as they are printed.
var patterns sync.Map

// prints reports whether a text has a sentence, whatever stands at its verbs.
func prints(text, sentence string) bool {
	parts := verbs.Split(strings.TrimSpace(sentence), -1)
	for i, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
		parts[i] = regexp.QuoteMeta(p)
	}
	known, ok := patterns.Load(sentence)
	if !ok {
		known, _ = patterns.LoadOrStore(sentence, regexp.MustCompile(strings.Join(parts, value)))
	}
	return known.(*regexp.Regexp).MatchString(text)
}

// resultText is all that an evaluation says.
func resultText(r certificate.Result) string {
	var list []string
	for _, c := range r.Checks {
		list = append(list, c.Detail)
		for _, i := range c.Evidence {
			list = append(list, i.Ref)
		}
	}
	for _, f := range r.Findings {
		list = append(list, f.Detail)
	}
	return strings.Join(list, "\n")
}

// certificateText is all that a certificate says in sentences.
func certificateText(c *certificate.Certificate) string {
	list := []string{resultText(c.Compliance), c.LegalNotice}
	for _, p := range c.Powers {
		list = append(list, p.Power, p.Holder, p.Detail)
	}
	for _, d := range c.Declarations {
		list = append(list, d.Statement)
	}
	return strings.Join(list, "\n")
}

// TestEverySentenceHasARow: a text that the code can print has a row in sentences or
// in problems, and no row is idle.
func TestEverySentenceHasARow(t *testing.T) {
	t.Parallel()
	left := printedSentences(t)
	if len(left) < 150 {
		t.Fatalf("%d sentences found in the sources", len(left))
	}
	known := map[string]bool{"": true}
	for _, x := range tales() {
		known[x.name] = true
	}
	for _, f := range families() {
		for _, e := range f.edits {
			known[e.name] = true
		}
	}
	row := func(text string, stories ...string) {
		if left[text] == "" {
			t.Errorf("%q is in no source, or has two rows", text)
		}
		delete(left, text)
		for _, name := range stories {
			if !known[name] {
				t.Errorf("%q: there is no story %q", text, name)
			}
		}
	}
	for _, s := range slices.Concat(sentences, pageSentences) {
		row(s.text, s.in, s.not)
	}
	for text, in := range problems {
		row(text, in...)
	}
	for text, file := range left {
		t.Errorf("%s prints %q, which has no row: say when it is true, and a story in which it is false", file, text)
	}
}

// TestSentencesAreTrue: each sentence is printed in the story in which it is true, and
// not in the one in which it would be false.
func TestSentencesAreTrue(t *testing.T) {
	t.Parallel()
	for _, x := range tales() {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			sentencesOf(t, x.name, x.tell(t))
		})
	}
}

// TestChangedFactsAreFound: facts changed underneath. Each edit is found by the checks
// named, in the words that the tables of sentences have for it, and in no others.
func TestChangedFactsAreFound(t *testing.T) {
	t.Parallel()
	for _, f := range families() {
		whole, id := f.tell(t)
		_, err := whole.Log.Integrate(t.Context())
		check(t, err)
		if got := failed(whole.evaluate(id).Result); len(got) != 0 && f.name != "completed" {
			t.Fatalf("%s, before any edit: %v", f.name, got)
		}
		stored := whole.Image()
		for _, tc := range f.edits {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				w := copied(t, stored)
				tc.edit(w, id)
				e := w.evaluate(id)
				sentencesOf(t, tc.name, resultText(e.Result))
				got := failed(e.Result)
				for _, id := range tc.want {
					if got[id] == "" {
						t.Errorf("%s is satisfied; failed: %v", id, got)
					}
				}
				if tc.want != nil && (*e.Compliant || *e.Score > 87 || !slices.Contains(e.MissingRequirements, tc.want[0])) {
					t.Errorf("compliant %t, score %d, missing %v", *e.Compliant, *e.Score, e.MissingRequirements)
				}
			})
		}
	}
}

// sentencesOf holds what a story prints against the rows that name it, and against all
// problems.
func sentencesOf(t *testing.T, story, text string) {
	t.Helper()
	for _, s := range slices.Concat(sentences, pageSentences) {
		if s.in == story && !prints(text, s.text) {
			t.Errorf("%s: %q is not printed, although %s", story, s.text, s.when)
		}
		if s.not == story && prints(text, s.text) {
			t.Errorf("%s: %q is printed, and is not true: it needs that %s", story, s.text, s.when)
		}
	}
	for problem, in := range problems {
		if printed := prints(text, problem); printed != slices.Contains(in, story) {
			t.Errorf("%s: %q is printed: %t", story, problem, printed)
		}
	}
}
