package pdfinspect_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	var r *pdf.Refusal
	if _, err := pdfinspect.Normalize(
		t.Context(), pdftest.Sealed(t, testpdf.Contract(1)), pdf.Limits{},
	); !errors.As(err, &r) || r.Reason != pdf.ReasonUnsupported {
		t.Errorf("a signed file: got %v, want a refusal", err)
	}
	cut := testpdf.Contract(3)
	files := map[string][]byte{
		"encrypted": testpdf.Encrypted(), "cut off": cut[:len(cut)-30], "form": testpdf.Form(),
		"layers": testpdf.Active()["optional_content"],
	}
	maps.Copy(files, pdftest.EveryGeometry())
	for name, raw := range files {
		out, err := pdfinspect.Normalize(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		before, _ := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
		after, err := pdfinspect.Inspect(t.Context(), out, pdf.Limits{})
		if err != nil || after.Sealing.Mode != pdfinspect.SealingEmbedded || after.Encrypted != pdfinspect.EncryptedNo ||
			len(after.Pages) != len(before.Pages) {
			t.Errorf("%s: got %+v, %v", name, after, err)
			continue
		}
		if _, _, err := overlay.Prepare(t.Context(), out, overlay.Preparation{Legend: pdftest.Legend}); err != nil {
			t.Errorf("%s: normalized, then %v", name, err)
		}
	}
}

// TestNormalizedPagesLookTheSame compares the pages as poppler draws them.
func TestNormalizedPagesLookTheSame(t *testing.T) {
	pdftest.Tools(t)
	t.Parallel()
	files := pdftest.EveryGeometry()
	files["encrypted"] = testpdf.Encrypted()
	for name, raw := range files {
		out, err := pdfinspect.Normalize(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		pdftest.Sound(t, name, out)
		a, _ := pdftest.Run(t, raw, "pdftoppm", "-q", "-r", "40", "FILE")
		b, _ := pdftest.Run(t, out, "pdftoppm", "-q", "-r", "40", "FILE")
		if a != b || len(a) < 1000 {
			t.Errorf("%s: the pages look different", name)
		}
	}
}
