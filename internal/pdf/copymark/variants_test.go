package copymark_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

// rewritten is raw as qpdf writes it with options.
func rewritten(t *testing.T, raw []byte, options ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := exec.Command("qpdf", slices.Concat(options, []string{in, out})...).CombinedOutput(); err != nil {
		t.Fatalf("qpdf %v: %v: %s", options, err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encrypted(user string, options ...string) []string {
	return slices.Concat([]string{"--allow-weak-crypto", "--encrypt", user, "owner"}, options, []string{"--"})
}

// ciphers are what qpdf encrypts with.
var ciphers = map[string][]string{
	"RC4 40": {"40"}, "RC4 128": {"128", "--use-aes=n"}, "AES 128": {"128", "--use-aes=y"},
	"AES 128, plain metadata": {"128", "--use-aes=y", "--cleartext-metadata"},
	"AES 256":                 {"256"}, "AES 256, plain metadata": {"256", "--cleartext-metadata"},
	"AES 256, revision 5": {"256", "--force-R5"},
	"AES 256, print only": {"256", "--modify=none", "--extract=n"},
}

// TestFilesOfQPDF: what another program writes, in each structure and with each cipher that opens without a password,
// is inspected without a warning, named for what it is, and can be copied. What needs a password is refused as such.
func TestFilesOfQPDF(t *testing.T) {
	t.Parallel()
	pdftest.Tools(t)
	whole := testpdf.Build(testpdf.Classic, numberedPages()...)
	packed := []string{"--object-streams=generate"}
	for name, options := range map[string][]string{
		"linearized": {"--linearize"}, "object streams": packed,
		"linearized object streams": {"--linearize", "--object-streams=generate"},
		"no object streams":         {"--object-streams=disable"}, "QDF": {"--qdf"},
		"uncompressed": {"--stream-data=uncompress"},
		"recompressed": {"--recompress-flate", "--compression-level=9"}, "version 2.0": {"--force-version=2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copies(
				t, rewritten(t, whole, options...), pdfinspect.EncryptedNo, pdfinspect.Sealing{Mode: pdfinspect.SealingEmbedded},
			)
		})
	}
	for name, cipher := range ciphers {
		for structure, more := range map[string][]string{
			"": nil, ", object streams": packed, ", linearized": {"--linearize"},
		} {
			t.Run(name+structure, func(t *testing.T) {
				t.Parallel()
				open := rewritten(t, whole, append(encrypted("", cipher...), more...)...)
				copies(
					t, open, pdfinspect.EncryptedOwner,
					pdfinspect.Sealing{Mode: pdfinspect.SealingDetached, Reason: pdf.BlockEncrypted},
				)
				locked := rewritten(t, whole, append(encrypted("user", cipher...), more...)...)
				var r *pdf.Refusal
				if _, err := pdfinspect.Inspect(t.Context(), locked, pdf.Limits{}); !errors.As(err, &r) ||
					r.Reason != pdf.ReasonPassword {
					t.Errorf("with a user password: got %v, want a refusal for %s", err, pdf.ReasonPassword)
				}
			})
		}
	}
}

// copies inspects raw, with its three numbered pages, and looks at the copy of it with other programs.
func copies(t *testing.T, raw []byte, encryption string, sealing pdfinspect.Sealing, warnings ...string) {
	t.Helper()
	before := bytes.Clone(raw)
	info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Pages) != 3 || info.Encrypted != encryption || info.Sealing != sealing {
		t.Errorf(
			"got %d pages, encrypted %q, sealing %+v, want 3, %q, %+v", len(info.Pages), info.Encrypted, info.Sealing,
			encryption, sealing,
		)
	}
	if len(warnings) == 0 && len(info.Warnings)+len(info.ActiveContent) > 0 {
		t.Errorf("got warnings %v and %v, want none", info.Warnings, info.ActiveContent)
	}
	for _, want := range warnings {
		if !strings.Contains(strings.Join(info.Warnings, "\n"), want) {
			t.Errorf("got warnings %q, want one of %q", info.Warnings, want)
		}
	}
	marked := markCopy(t, raw)
	if err := copymark.CheckCopy(marked, copyText, "cpy_abc"); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(raw, before) {
		t.Error("the file itself was changed")
	}
	pdftest.Sound(t, "copy", marked)
	for _, page := range []string{"1", "2", "3"} {
		got := strings.Join(strings.Fields(pdftest.Text(t, marked, page)), " ")
		if want := "Page " + page + " of 3"; !strings.Contains(got, want) || !strings.Contains(got, copyText) {
			t.Errorf("page %s of the copy shows %.200q, want %q and %q", page, got, want, copyText)
		}
	}
}

// TestDamageThatReadersRepair: files that common readers open are accepted as they are, named as damaged, get a
// detached seal, and can be copied, whole.
func TestDamageThatReadersRepair(t *testing.T) {
	t.Parallel()
	pdftest.Tools(t)
	whole := testpdf.Build(testpdf.Classic, numberedPages()...)
	streams := rewritten(t, whole, "--object-streams=generate")
	cut := bytes.LastIndex(whole, []byte("\nxref\n")) + 1
	const searched = "objects were searched for"
	detached := pdfinspect.Sealing{Mode: pdfinspect.SealingDetached, Reason: pdf.BlockDamaged}
	for name, c := range map[string]struct {
		raw     []byte
		warning string
		sealing pdfinspect.Sealing
	}{
		"junk before the header":      {append([]byte("HTTP/1.1 200 OK\r\n\r\n"), whole...), searched, detached},
		"junk before, object streams": {append([]byte("\r\n\r\n"), streams...), searched, detached},
		"no cross-reference table":    {whole[:cut], searched, detached},
		"table altered":               {bytes.ReplaceAll(whole, []byte(" 00000 n"), []byte(" 00000 x")), searched, detached},
		"startxref wrong": {
			bytes.Replace(whole, []byte("startxref\n"), []byte("startxref\n9"), 1), searched, detached,
		},
		"line ends converted": {
			bytes.ReplaceAll(rewritten(t, whole, "--qdf"), []byte("\n"), []byte("\r\n")), "", detached,
		},
		"end-of-file marker missing": {
			bytes.TrimSuffix(bytes.TrimSpace(whole), []byte("%%EOF")), "end-of-file marker",
			pdfinspect.Sealing{Mode: pdfinspect.SealingEmbedded},
		},
		"bytes after the end": {
			append(bytes.Clone(whole), bytes.Repeat([]byte{'\n', 0}, 2000)...), "",
			pdfinspect.Sealing{Mode: pdfinspect.SealingEmbedded},
		},
		"object streams, no startxref": {streams[:bytes.LastIndex(streams, []byte("startxref"))], searched, detached},
		"a wrong length": {
			bytes.Replace(whole, []byte("/Length "), []byte("/Length 1"), 1), "differs from its /Length",
			pdfinspect.Sealing{Mode: pdfinspect.SealingEmbedded},
		},
		"an endobj missing": {
			bytes.Replace(whole, []byte("endobj"), []byte("      "), 1), "no endobj",
			pdfinspect.Sealing{Mode: pdfinspect.SealingEmbedded},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copies(t, c.raw, pdfinspect.EncryptedNo, c.sealing, c.warning)
		})
	}
}

func numberedPages() []testpdf.Page {
	var pages []testpdf.Page
	for _, n := range []string{"1", "2", "3"} {
		pages = append(pages, testpdf.Page{Content: "BT /F1 12 Tf 72 700 Td (Page " + n + " of 3) Tj ET"})
	}
	return pages
}
