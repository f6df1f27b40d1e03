package arch_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPackagesSayWhatIsStable: each package comment has one paragraph that
// begins with "Stability:" and says what may change and what stays.
func TestPackagesSayWhatIsStable(t *testing.T) {
	t.Parallel()
	checked := 0
	err := filepath.WalkDir("../..", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if slices.Contains([]string{".git", "testdata", "tools", "accept", "extstore", "peers"}, d.Name()) {
			return filepath.SkipDir // no packages, or modules of their own
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return err
		}
		var comments []string
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				return err
			}
			if f.Doc != nil {
				comments = append(comments, f.Doc.Text())
			}
			checked++
		}
		if len(files) > 0 && checked > 0 {
			checkStability(t, dir, comments)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 100 {
		t.Errorf("only %d files were read", checked)
	}
}

// checkStability reports a package whose comments do not say exactly once what
// is stable, in a sentence of its own after what the package does.
func checkStability(t *testing.T, dir string, comments []string) {
	t.Helper()
	if len(comments) != 1 {
		t.Errorf("%s has %d package comments, want 1", dir, len(comments))
		return
	}
	found := 0
	for _, paragraph := range strings.Split(comments[0], "\n\n") {
		said, is := strings.CutPrefix(paragraph, "Stability: ")
		if !is {
			continue
		}
		found++
		if words := len(strings.Fields(said)); words < 5 || !strings.HasSuffix(strings.TrimSpace(said), ".") {
			t.Errorf("%s: the paragraph on stability is no sentence: %q", dir, said)
		}
	}
	if found != 1 {
		t.Errorf("%s: the package comment has %d paragraphs that begin with \"Stability: \", want 1", dir, found)
	}
	if strings.HasPrefix(comments[0], "Stability") {
		t.Errorf("%s: the package comment begins with its stability", dir)
	}
}
