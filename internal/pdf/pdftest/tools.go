package pdftest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

// Resave has a tool write a file anew; FILE, OTHER and OUT in args are names of files.
func Resave(t *testing.T, raw []byte, tool string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	out, other := filepath.Join(dir, "out.pdf"), filepath.Join(dir, "other.pdf")
	if err := os.WriteFile(other, testpdf.Simple(2, "Another document"), 0o600); err != nil {
		t.Fatal(err)
	}
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.NewReplacer("OUT", out, "OTHER", other).Replace(args[i])
	}
	said, _ := Run(t, raw, tool, args...)
	b, err := os.ReadFile(out)
	if err != nil || !bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")) {
		t.Fatalf("%s %v: %v: %s", tool, args, err, said)
	}
	return b
}

// Resaves are ways to save a file again that keep what its pages hold.
func Resaves() map[string][]string {
	return map[string][]string{
		"qpdf":                {"qpdf", "FILE", "OUT"},
		"object streams":      {"qpdf", "--object-streams=generate", "FILE", "OUT"},
		"no object streams":   {"qpdf", "--object-streams=disable", "FILE", "OUT"},
		"linearized":          {"qpdf", "--linearize", "FILE", "OUT"},
		"uncompressed":        {"qpdf", "--qdf", "FILE", "OUT"},
		"recompressed":        {"qpdf", "--recompress-flate", "--compression-level=9", "FILE", "OUT"},
		"decoded":             {"qpdf", "--stream-data=uncompress", "FILE", "OUT"},
		"one content stream":  {"qpdf", "--coalesce-contents", "FILE", "OUT"},
		"deterministic id":    {"qpdf", "--deterministic-id", "FILE", "OUT"},
		"encrypted":           {"qpdf", "--encrypt", "", "owner", "256", "--", "FILE", "OUT"},
		"pages into new file": {"qpdf", "--empty", "--pages", "FILE", "1-z", "--", "OUT"},
		"mutool":              {"mutool", "clean", "FILE", "OUT"},
		"mutool, tidy":        {"mutool", "clean", "-gggg", "-z", "FILE", "OUT"},
		"mutool, expanded":    {"mutool", "clean", "-d", "-a", "FILE", "OUT"},
	}
}

// Tools skips a test unless EVAULT_TOOLS is set; then a missing tool is a failure.
func Tools(t *testing.T) {
	t.Helper()
	testenv.Tools(t)
}

// Run runs a tool on a file; an exit code of a tool that ran is not an error here.
func Run(t *testing.T, raw []byte, tool string, args ...string) (out string, ok bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.pdf")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "FILE", file)
	}
	b, err := exec.Command(tool, args...).CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("%s: %v", tool, err)
	}
	return string(b), err == nil
}

// Sound asks qpdf and mutool whether a file is sound.
func Sound(t *testing.T, name string, raw []byte) {
	t.Helper()
	if out, ok := Run(t, raw, "qpdf", "--check", "FILE"); !ok {
		t.Errorf("%s: qpdf: %s", name, out)
	}
	if out, _ := Run(t, raw, "mutool", "draw", "-q", "-F", "text", "-o", os.DevNull, "FILE"); strings.Contains(
		out, "error:",
	) {
		t.Errorf("%s: mutool: %s", name, out)
	}
}

// Text extracts the text of a page with pdftotext.
func Text(t *testing.T, raw []byte, page string) string {
	t.Helper()
	out, ok := Run(t, raw, "pdftotext", "-q", "-layout", "-cropbox", "-f", page, "-l", page, "FILE", "-")
	if !ok {
		t.Fatalf("pdftotext: %s", out)
	}
	return out
}

// Shows checks with our own reader that page n of raw shows every text, white space apart.
func Shows(t *testing.T, name string, raw []byte, n int, texts ...string) {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{Bytes: int64(len(raw))})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	p, err := d.Page(n)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got, err := extract.NewSource(d).VisibleText(p)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, want := range texts {
		if !strings.Contains(got, strings.Join(strings.Fields(want), "")) {
			t.Errorf("%s: page %d does not show %q; it shows %q", name, n, want, got)
		}
	}
}
