package arch_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms says which rooms of PDF and signatures each room may import, from the
// syntax up. The syntax of PDF and that of signatures import no engine.
var rooms = map[string][]string{
	"internal/cms":               {},
	"internal/revocation":        {"internal/cms"},
	"internal/pdf":               {"esign/intake"}, // the words in which a host is told why a file is refused
	"internal/font":              {"internal/pdf"},
	"internal/pdf/ambiguity":     {"internal/pdf"},
	"internal/pdf/contentstream": {"internal/pdf"},
	"internal/pdf/acroform":      {"internal/pdf"},
	"internal/pdf/signing":       {"internal/pdf", "internal/pdf/acroform"},
	"internal/pdf/extract":       {"internal/pdf", "internal/pdf/contentstream"},
	"internal/pdf/pagedigest":    {"internal/pdf", "internal/pdf/contentstream"},
	"internal/pdf/canvas":        {"internal/pdf", "internal/font"},
	"internal/pdf/pdfinspect":    {"internal/pdf", "internal/pdf/ambiguity", "internal/pdf/contentstream", "internal/pdf/acroform"},
	"internal/pdf/revision":      {"internal/pdf", "internal/pdf/ambiguity", "internal/pdf/contentstream", "internal/pdf/acroform"},
	"internal/pdf/overlay":       {"internal/pdf", "internal/font", "internal/pdf/contentstream", "internal/pdf/acroform", "internal/pdf/canvas"},
	"internal/pdf/copymark": {
		"internal/pdf", "internal/font", "internal/pdf/contentstream", "internal/pdf/acroform", "internal/pdf/canvas",
		"internal/pdf/extract", "internal/pdf/overlay", "internal/pdf/pdfinspect", "internal/pdf/signing",
	},
	"internal/pdf/typeset": {"internal/pdf", "internal/font", "internal/pdf/canvas", "internal/pdf/copymark"},
}

// TestRoomsOfPDF: every room imports rooms below it alone, and no engine.
func TestRoomsOfPDF(t *testing.T) {
	t.Parallel()
	found := 0
	for name, p := range packages(t) {
		ours, ok := strings.CutPrefix(name, module)
		if !ok || !under(ours, "internal/pdf", "internal/font", "internal/cms", "internal/revocation") || ours == "internal/pdf/pdftest" {
			continue
		}
		found++
		below, ok := rooms[ours]
		if !ok {
			t.Errorf("%s is in no list of rooms", ours)
		}
		for _, imp := range p.Imports {
			if imp, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(below, imp) {
				t.Errorf("%s imports %s, want only %v", ours, imp, below)
			}
		}
	}
	if found != len(rooms) {
		t.Errorf("found %d rooms, want %d", found, len(rooms))
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
	if err != nil || len(files) < len(rooms) {
		t.Fatalf("found %d packages, %v", len(files), err)
	}
	for dir := range files {
		if files[dir] > mostFiles || lines[dir] > mostLines {
			t.Errorf("%s has %d files and %d lines, want at most %d and %d", dir, files[dir], lines[dir], mostFiles, mostLines)
		}
	}
}
