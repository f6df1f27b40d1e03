package arch_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// roomLine is a line of the table of rooms in docs/architecture.md.
var roomLine = regexp.MustCompile("^\\| `([a-z/]+)` \\| .* → .* \\|([^|]*)\\|$")

// rooms reads which rooms of PDF and signatures each room may import.
func rooms(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		m := roomLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		out["internal/"+m[1]] = []string{}
		for i, name := range strings.Split(m[2], "`") {
			switch {
			case i%2 == 0:
			case strings.HasPrefix(name, "esign/"):
				out["internal/"+m[1]] = append(out["internal/"+m[1]], name)
			default:
				out["internal/"+m[1]] = append(out["internal/"+m[1]], "internal/"+name)
			}
		}
	}
	return out
}

// TestRoomsOfPDF: every room imports what its line in docs/architecture.md names,
// all of it and nothing else of ours, and no import runs back.
func TestRoomsOfPDF(t *testing.T) {
	t.Parallel()
	rooms := rooms(t)
	found := 0
	for name, p := range packages(t) {
		ours, ok := strings.CutPrefix(name, module)
		if !ok || !under(ours, "internal/pdf", "internal/font", "internal/cms", "internal/revocation") ||
			ours == "internal/pdf/pdftest" {
			continue
		}
		found++
		below, ok := rooms[ours]
		if !ok {
			t.Errorf("docs/architecture.md has no line for %s", ours)
		}
		got := []string{}
		for _, imp := range p.Imports {
			if imp, ok := strings.CutPrefix(imp, module); ok {
				got = append(got, imp)
			}
		}
		slices.Sort(got)
		slices.Sort(below)
		if !slices.Equal(got, below) {
			t.Errorf("%s imports %v; docs/architecture.md says %v", ours, got, below)
		}
	}
	if found != len(rooms) || found < 10 {
		t.Errorf("found %d rooms, docs/architecture.md lists %d", found, len(rooms))
	}
}

// TestInternalPackagesAreSmall: a package that is read in one go has at most so many
// files and lines, tests apart.
func TestInternalPackagesAreSmall(t *testing.T) {
	t.Parallel()
	const mostFiles, mostLines = 30, 4000
	files, lines := map[string]int{}, map[string]int{}
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		dir := filepath.Dir(path)
		files[dir], lines[dir] = files[dir]+1, lines[dir]+bytes.Count(b, []byte("\n"))
		return err
	})
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d packages, %v", len(files), err)
	}
	for dir := range files {
		if files[dir] > mostFiles || lines[dir] > mostLines {
			t.Errorf("%s has %d files and %d lines, want at most %d and %d", dir, files[dir], lines[dir], mostFiles, mostLines)
		}
	}
}
