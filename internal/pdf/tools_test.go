package pdf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testenv"
)

// tools skips a test unless EVAULT_TOOLS is set; then a missing tool is a failure.
func tools(t *testing.T) {
	t.Helper()
	testenv.Tools(t)
}

// run runs a tool on a file; an exit code of a tool that ran is not an error here.
func run(t *testing.T, raw []byte, tool string, args ...string) (out string, ok bool) {
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

// sound asks qpdf and mutool whether a file is sound.
func sound(t *testing.T, name string, raw []byte) {
	t.Helper()
	if out, ok := run(t, raw, "qpdf", "--check", "FILE"); !ok {
		t.Errorf("%s: qpdf: %s", name, out)
	}
	if out, _ := run(t, raw, "mutool", "draw", "-q", "-F", "text", "-o", os.DevNull, "FILE"); strings.Contains(out, "error:") {
		t.Errorf("%s: mutool: %s", name, out)
	}
}

// text extracts the text of a page with pdftotext.
func text(t *testing.T, raw []byte, page string) string {
	t.Helper()
	out, ok := run(t, raw, "pdftotext", "-q", "-layout", "-cropbox", "-f", page, "-l", page, "FILE", "-")
	if !ok {
		t.Fatalf("pdftotext: %s", out)
	}
	return out
}

// shows checks with our own reader that page n of raw shows every text, white space apart.
func shows(t *testing.T, name string, raw []byte, n int, texts ...string) {
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
