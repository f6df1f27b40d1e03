package copymark_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

var copyTexts = []string{copyText, "Envelope env_4k2j9x7q", "copy cpy_8d7f6s5a", "version 3"}

// copyable is every file of which a copy is made, with the number of its pages.
func copyable() map[string][]byte {
	files := pdftest.EveryGeometry()
	maps.Copy(files, testpdf.Active())
	maps.Copy(files, map[string][]byte{
		"contract": testpdf.Contract(12), "unruly": testpdf.Unruly(), "encrypted": testpdf.Encrypted(),
		"scan":                testpdf.Sized(3, 1<<20),
		"many object streams": testpdf.ObjectStream(300), "shared 100": testpdf.Shared(100),
	})
	return files
}

func TestMarkCopyRefuses(t *testing.T) {
	t.Parallel()
	hostile := testpdf.Hostile()
	for name, c := range map[string]struct {
		raw    []byte
		reason string
	}{
		"not a PDF": {[]byte("x"), pdf.ReasonNotPDF}, "password": {testpdf.Locked(), pdf.ReasonPassword},
		"no pages": {hostile["no pages"], pdf.ReasonNoPages},
		"bomb":     {hostile["object bomb"], pdf.ReasonDecodeLimit},
	} {
		_, err := copymark.MarkCopy(t.Context(), c.raw, pdftest.CopyMark())
		var r *pdf.Refusal
		if !errors.As(err, &r) || r.Reason != c.reason {
			t.Errorf("%s: got %v, want a refusal for %s", name, err, c.reason)
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := copymark.MarkCopy(canceled, testpdf.Contract(2), pdftest.CopyMark()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestMarkCopyMarksEveryPage(t *testing.T) {
	t.Parallel()
	for name, raw := range copyable() {
		out, err := copymark.MarkCopy(t.Context(), raw, pdftest.CopyMark())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := copymark.CheckCopy(out, copyTexts...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again, err := copymark.MarkCopy(t.Context(), raw, pdftest.CopyMark())
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("%s: two runs differ (%v)", name, err)
		}
		before, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		after, err := pdfinspect.Inspect(t.Context(), out, pdf.Limits{})
		if err != nil {
			t.Errorf("%s: the copy: %v", name, err)
			continue
		}
		for _, active := range after.ActiveContent {
			if active != "optional_content" && active != "print_only_content" {
				t.Errorf("%s: the copy has %s", name, active)
			}
		}
		if len(after.Pages) != len(before.Pages) || after.Signed || after.Encrypted != pdfinspect.EncryptedNo ||
			after.Sealing.Mode != pdfinspect.SealingEmbedded {
			t.Errorf("%s: the copy is %+v", name, after)
		}
		if grown := len(out) - len(raw); grown > 64<<10+len(raw)/4+900*len(after.Pages) {
			t.Errorf("%s: the copy has %d bytes more", name, grown)
		}
	}
}

// TestMarkCopyFlattens: what form fields and annotations look like stays, the fields themselves go.
func TestMarkCopyFlattens(t *testing.T) {
	t.Parallel()
	out, err := copymark.MarkCopy(t.Context(), testpdf.Form(), pdftest.CopyMark())
	if err != nil {
		t.Fatal(err)
	}
	pdftest.Shows(t, "form", out, 1, "FILLED VALUE", "UNDRAWN VALUE", "SIGNATURE LOOK")
	for _, gone := range []string{
		"/AcroForm", "/Widget", "/FT", "/SigFlags", "HIDDEN NOTE", "http://example.com", "/URI",
	} {
		if bytes.Contains(out, []byte(gone)) {
			t.Errorf("the copy still has %s", gone)
		}
	}
	if !bytes.Contains(out, []byte("/Dest")) {
		t.Error("the link within the file is gone")
	}
}

func TestMarkCopyLeavesOutWhatActs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw  []byte
		gone []string
	}{
		"attachment": {testpdf.WithAttachment(), []string{"ATTACHED", "/EmbeddedFile", "/Filespec", "notes.txt", "/AF"}},
		"script":     {testpdf.WithJavaScript(), []string{"JavaScript", "app.alert", "/OpenAction"}},
		"sealed":     {pdftest.Sealed(t, testpdf.Contract(2)), []string{"/ByteRange", "/Sig", "/DSS", "/Perms", "ETSI"}},
		"encrypted":  {testpdf.Encrypted(), []string{"/Encrypt"}},
	} {
		out, err := copymark.MarkCopy(t.Context(), c.raw, pdftest.CopyMark())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, gone := range c.gone {
			if bytes.Contains(out, []byte(gone)) {
				t.Errorf("%s: the copy still has %s", name, gone)
			}
		}
	}
}

// TestMarkCopyGivesNoOriginalBack: no long run of the copy's bytes outside stream data stands in the original, and no
// prefix or suffix of the copy does.
func TestMarkCopyGivesNoOriginalBack(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string][]byte{
		"contract": testpdf.Contract(8), "sealed": pdftest.Sealed(t, testpdf.Contract(8)), "scan": testpdf.Sized(4, 1<<20),
	} {
		out, err := copymark.MarkCopy(t.Context(), raw, pdftest.CopyMark())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out, raw) || bytes.Contains(out, raw[len(raw)/2:]) || bytes.Contains(out, raw[:len(raw)/2]) {
			t.Errorf("%s: the copy holds half of the original", name)
		}
		for _, at := range []string{"xref\n", "trailer", "/ID"} {
			i := bytes.LastIndex(out, []byte(at))
			if run := out[i:min(i+200, len(out))]; i < 0 || bytes.Contains(raw, run) {
				t.Errorf("%s: %q and what follows is that of the original", name, at)
			}
		}
		marked, err := copymark.MarkCopy(t.Context(), out, pdftest.CopyMark())
		if err != nil {
			t.Errorf("%s: a copy of the copy: %v", name, err)
		} else if err := copymark.CheckCopy(marked, copyTexts...); err != nil {
			t.Errorf("%s: a copy of the copy: %v", name, err)
		}
	}
}

func TestMarkedCopiesInOtherReaders(t *testing.T) {
	pdftest.Tools(t)
	t.Parallel()
	files := copyable()
	files["sealed"] = pdftest.Sealed(t, testpdf.Contract(3))
	for name, raw := range files {
		out, err := copymark.MarkCopy(t.Context(), raw, pdftest.CopyMark())
		if err != nil {
			t.Fatal(err)
		}
		if name != "unruly" { // its own content is in error
			pdftest.Sound(t, name, out)
		}
		if said, _ := pdftest.Run(t, out, "pdfsig", "FILE"); !strings.Contains(said, "does not contain any signatures") {
			t.Errorf("%s: pdfsig: %s", name, said)
		}
		info, err := pdfinspect.Inspect(t.Context(), out, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range info.Pages {
			got := strings.Join(strings.Fields(pdftest.Text(t, out, fmt.Sprint(n+1))), " ")
			for _, want := range copyTexts {
				if !strings.Contains(got, want) {
					t.Errorf("%s: pdftotext does not find %q on page %d: %s", name, want, n+1, got)
				}
			}
			if n > 12 {
				break
			}
		}
		if said, _ := pdftest.Run(t, out, "pdfinfo", "FILE"); !strings.Contains(said, copyText) {
			t.Errorf("%s: pdfinfo: %s", name, said)
		}
	}
}

func ExampleMarkCopy() {
	out, err := copymark.MarkCopy(
		context.Background(), testpdf.Form(), copymark.Mark{EnvelopeID: "env_1", CopyID: "cpy_2", Version: 1},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := pdfinspect.Inspect(context.Background(), out, pdf.Limits{})
	fmt.Println(info.ActiveContent, info.Signed, err)
	fmt.Println(copymark.CheckCopy(out, copymark.DefaultText, "env_1", "cpy_2"))
	// Output:
	// [] false <nil>
	// <nil>
}
