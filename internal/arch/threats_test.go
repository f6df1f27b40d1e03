package arch_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// named finds a package in backticks, or a test, fuzz test or example.
var named = regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)`|\\b(?:Test|Fuzz|Example|Benchmark)[A-Z][A-Za-z0-9_]+\\b")

// TestThreatsNameTestsThatAreThere: each test that docs/threats.md names is in
// one of the packages named before it in its row.
func TestThreatsNameTestsThatAreThere(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for row := range strings.Lines(string(doc)) {
		if !strings.HasPrefix(row, "|") {
			continue
		}
		cells := strings.Split(row, "|")
		var packages []string
		for _, m := range named.FindAllStringSubmatch(cells[2], -1) {
			if m[1] != "" {
				packages = append(packages, "../../"+m[1])
				continue
			}
			checked++
			if !declared(t, m[0], packages...) {
				t.Errorf("docs/threats.md names %s, which is not in %v", m[0], packages)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d tests are named", checked)
	}
}

// TestDocsNameTestsThatAreThere: each test that another document names is
// somewhere in the module.
func TestDocsNameTestsThatAreThere(t *testing.T) {
	t.Parallel()
	checked := 0
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "testdata"}, d.Name()) {
			return filepath.SkipDir
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		doc, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range named.FindAllStringSubmatch(string(doc), -1) {
			if m[1] != "" {
				continue
			}
			checked++
			if !declared(t, m[0], "../..") {
				t.Errorf("%s names %s, which is not in the module", name, m[0])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 30 {
		t.Errorf("only %d tests are named", checked)
	}
}

// declared reports whether a test file in or below one of the directories has
// the test.
func declared(t *testing.T, test string, dirs ...string) bool {
	t.Helper()
	return slices.ContainsFunc(tests(t)[test], func(file string) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool { return strings.HasPrefix(file, dir+"/") })
	})
}

var declaration = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example|Benchmark)\w+)\(`)

var readTests = sync.OnceValues(func() (map[string][]string, error) {
	files := map[string][]string{}
	return files, filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(name)
		for _, m := range declaration.FindAllSubmatch(source, -1) {
			files[string(m[1])] = append(files[string(m[1])], name)
		}
		return err
	})
})

// tests lists the files of each test of the module.
func tests(t *testing.T) map[string][]string {
	t.Helper()
	files, err := readTests()
	if err != nil {
		t.Fatal(err)
	}
	return files
}
