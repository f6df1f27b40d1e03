package pdf_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/internal/testpdf"
)

// mixed has pages of five sizes and turns in one file.
func mixed() []byte {
	text := func(m string) string { return "BT /F1 14 Tf " + m + " Tm (UPRIGHT) Tj ET" }
	return testpdf.Build(testpdf.XRefStreams,
		testpdf.Page{Content: text("1 0 0 1 72 100")},
		testpdf.Page{Media: [4]float64{0, 0, 842, 1191}, Rotate: 90, Content: text("0 1 -1 0 700 72")},
		testpdf.Page{Media: [4]float64{0, 0, 420, 298}, Content: text("1 0 0 1 40 40")},
		testpdf.Page{Media: [4]float64{0, 0, 612, 1008}, Rotate: 180, Content: text("-1 0 0 -1 540 900")},
		testpdf.Page{Media: [4]float64{0, 0, 1000, 200}, Content: text("1 0 0 1 40 40")},
	)
}

// TestLook draws what a person should look at where EVAULT_LOOK names a folder: signatures, dates, check marks,
// legends, signature pages, certificates of completion and copy marks on pages of odd geometry, as poppler shows them.
func TestLook(t *testing.T) {
	dir := os.Getenv("EVAULT_LOOK")
	if dir == "" {
		t.Skip("EVAULT_LOOK names no folder")
	}
	files := testpdf.Odd()
	files["mixed"], files["contract"], files["unruly"] = mixed(), testpdf.Contract(2), testpdf.Unruly()
	for name, raw := range files {
		name = strings.ReplaceAll(name, " ", "-")
		prepared, _, err := overlay.Prepare(t.Context(), raw, overlay.Preparation{
			Legend:        "The authoritative copy is the one in its vault of record; every other file or print is a copy",
			SignaturePage: []overlay.Signatory{{Role: "buyer", Name: "Ada Byron"}, {Role: "seller", Name: "محمد علي الأمين"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var marks []overlay.Mark
		for i := range info.Pages {
			marks = append(marks, pdftest.SignerMarks(i+1)...)
			marks = append(marks,
				overlay.Mark{Page: i + 1, X: 0.1, Y: 0.6, W: 0.25, H: 0.03, Kind: overlay.MarkText, Text: "2026-11-23"},
				overlay.Mark{
					Page: i + 1, X: 0.6, Y: 0.6, W: 0.3, H: 0.08, Kind: overlay.MarkText,
					Text: "A longer answer that has to be broken into several lines to be read, with ١٢٣ and דוד in it.",
				},
				overlay.Mark{
					Page: i + 1, X: 0.1, Y: 0.7, W: 0.35, H: 0.08, Kind: overlay.MarkSignature, Text: "فاطمة الزهراء",
					Caption: "Signed 2026-11-23 10:00:00 UTC · sgn_0123456789",
				},
			)
		}
		placed, err := overlay.Place(t.Context(), prepared, marks, overlay.PlaceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		done := append(bytes.Clone(prepared), placed...)
		report, err := typeset.Append(t.Context(), done, typeset.Report{
			Title: "Certificate of completion", Subtitle: "Truck 42", VerifyURL: "https://sign.example/verify/0123456789abcdef",
			At:    time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC),
			Facts: []typeset.Fact{{Label: "Envelope", Value: "env_0123456789"}, {Label: "Customer", Value: "דוד כהן"}},
			Signers: []typeset.Signer{
				{
					Name: "محمد علي الأمين", Role: "seller", Email: "m@example.com", Authentication: "link",
					Signed: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
				},
			},
			Events: []typeset.Event{
				{
					Seq: 1, At: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Type: "envelope.created", Actor: "key",
					Detail: "張 has no glyph here", Hash: strings.Repeat("ab", 32),
				},
			},
			Notice: "This certificate states what the system found.",
		})
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, report...)
		marked, err := copymark.MarkCopy(
			t.Context(), done,
			copymark.Mark{
				EnvelopeID: "env_0123456789", CopyID: "cpy_0123456789", Version: 1, SHA256: strings.Repeat("cd", 32),
				At: time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC),
			},
		)
		if err != nil {
			t.Fatal(err)
		}
		for what, b := range map[string][]byte{"signed": done, "copy": marked} {
			at := filepath.Join(dir, name+"-"+what)
			if err := os.WriteFile(at+".pdf", b, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(
				"pdftoppm", "-cropbox", "-scale-to", "600", "-png", at+".pdf", at,
			).CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", name, err, out)
			}
		}
	}
}
