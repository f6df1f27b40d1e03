package pades_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestSignaturesCoverNothing puts a visible signature by a stranger over pages that show something there, beside it, or
// nothing.
func TestSignaturesCoverNothing(t *testing.T) {
	t.Parallel()
	for content, permitted := range map[string]bool{
		"":                                  true,
		"BT /F1 12 Tf 120 120 Td (x) Tj ET": false,
		"BT /F1 12 Tf 120 120 Td ( ) Tj ET": true,
		"BT /F1 12 Tf 60 120 Td (ab) Tj ET": true,
		"BT /F1 12 Tf 20 120 Td (A long line of text, to here) Tj ET":    false,
		"BT /F1 12 Tf 120 170 Td (above) Tj ET":                          true,
		"BT /F1 12 Tf 120 161 Td (gjpqy) Tj ET":                          false,
		"BT /F1 12 Tf 120 80 Td (below) Tj ET":                           true,
		"BT /F1 12 Tf 120 95 Td (reaching in) Tj ET":                     false,
		"BT /F1 12 Tf 10 120 Td [(a) -9000 (b)] TJ ET":                   false,
		"BT /F1 12 Tf 10 120 Td 100 Tc (ab) Tj ET":                       false,
		"BT /F1 12 Tf 120 200 Td 80 TL T* (x) Tj ET":                     false,
		"BT /F1 12 Tf 120 200 Td 80 TL (x) ' ET":                         false,
		"BT /F1 12 Tf 0 1 -1 0 120 60 Tm (from below upwards) Tj ET":     false,
		"q 2 0 0 2 0 0 cm BT /F1 6 Tf 60 60 Td (x) Tj ET Q":              false,
		"q 2 0 0 2 0 0 cm Q BT /F1 6 Tf 60 60 Td (x) Tj ET":              true,
		"BT 3 Tr /F1 12 Tf 120 120 Td (x) Tj ET":                         true,
		"BT 1 g /F1 12 Tf 120 120 Td (x) Tj ET":                          true,
		"BT 1 g 1 Tr /F1 12 Tf 120 120 Td (x) Tj ET":                     false,
		"BT /Unknown 12 Tf 120 120 Td (x) Tj ET":                         false,
		"0 0 50 50 re W n BT /F1 12 Tf 120 120 Td (x) Tj ET":             true,
		"q 0 0 50 50 re W n Q BT /F1 12 Tf 120 120 Td (x) Tj ET":         false,
		"W n BT /F1 12 Tf 120 120 Td (x) Tj ET":                          false,
		"1 g 100 100 50 20 re f":                                         true,
		"1 1 1 rg 0 0 612 792 re f 0 g":                                  true,
		"0 0 0 0 k 0 0 612 792 re f":                                     true,
		"0.5 g 100 100 50 20 re f":                                       false,
		"/DeviceRGB cs 1 1 1 sc 0 0 612 792 re f":                        true,
		"/Ink cs 1 scn 0 0 612 792 re f":                                 false,
		"/Pattern cs /P scn 0 0 612 792 re f":                            false,
		"110 120 m 290 120 l S":                                          true,
		"110 110 180 1 re f":                                             true,
		"5 w 110 120 m 290 120 l S":                                      false,
		"110 110 m 290 150 l S":                                          false,
		"110 120 m 115 120 l S":                                          false,
		"100 100 200 60 re S":                                            true,
		"110 110 180 40 re S":                                            false,
		"0 0 m 600 0 600 700 0 700 c S":                                  false,
		"0 0 m 120 120 130 130 0 200 c S":                                false,
		"320 100 100 60 re B":                                            true,
		"280 100 100 60 re B":                                            false,
		"q 50 0 0 50 120 110 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \000 EI Q": false,
		"q 50 0 0 50 320 110 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \000 EI Q": true,
		"/Sh sh": false,
		strings.Repeat("q ", 1100) + "BT /F1 12 Tf 400 400 Td (x) Tj ET": false,
	} {
		raw := testpdf.New(
			testpdf.Options{
				Pages: 1, Objects: map[int]string{6: fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content)},
			},
		)
		f := byStranger(t)
		f.also = drawn()
		good := seal(t, sealer(t, pki().Seal, noStamp), raw)
		wantAfter(t, fmt.Sprintf("%.80q", content), f.sign(t, good), permitted)
	}
}

// TestSignaturesCoverNoObjects is the same with XObjects and annotations.
func TestSignaturesCoverNoObjects(t *testing.T) {
	t.Parallel()
	stream := func(dict, content string) string {
		return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
	}
	form := func(more string) string {
		return stream("/Type/XObject/Subtype/Form/Resources<</Font<</F1 4 0 R>>>>"+more, "BT /F1 12 Tf 20 20 Td (x) Tj ET")
	}
	for name, tc := range map[string]struct {
		content   string
		object    string // 40, which is the XObject /X and an annotation
		annot     bool
		permitted bool
	}{
		"form":               {"q 1 0 0 1 100 100 cm /X Do Q", form("/BBox[0 0 100 100]"), false, false},
		"form elsewhere":     {"q 1 0 0 1 400 100 cm /X Do Q", form("/BBox[0 0 100 100]"), false, true},
		"form by its matrix": {"/X Do", form("/BBox[0 0 100 100]/Matrix[1 0 0 1 100 100]"), false, false},
		"form that clips":    {"q 1 0 0 1 100 100 cm /X Do Q", form("/BBox[0 0 5 5]"), false, true},
		"form in a form, endless": {
			"/X Do", stream("/Type/XObject/Subtype/Form/BBox[0 0 600 700]/Resources<</XObject<</X 40 0 R>>>>", "/X Do"), false,
			false,
		},
		"picture": {
			"q 50 0 0 50 120 110 cm /X Do Q",
			stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x"), false, false,
		},
		"picture of the whole page": {
			"q 612 0 0 792 0 0 cm /X Do Q",
			stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x"), false, false,
		},
		"form that cannot be read": {
			"/X Do", "<</Type/XObject/Subtype/Form/BBox[0 0 600 700]/Filter/FlateDecode/Length 3>>\nstream\nxyz\nendstream",
			false, false,
		},
		"free text":                {"", "<</Type/Annot/Subtype/FreeText/Rect[200 120 260 200]/Contents(x)>>", true, false},
		"free text beside":         {"", "<</Type/Annot/Subtype/FreeText/Rect[400 120 460 200]/Contents(x)>>", true, true},
		"hidden note":              {"", "<</Type/Annot/Subtype/Text/F 2/Rect[200 120 260 200]>>", true, true},
		"note only for the screen": {"", "<</Type/Annot/Subtype/Stamp/F 32/Rect[200 120 260 200]>>", true, false},
		"link":                     {"", "<</Type/Annot/Subtype/Link/Rect[200 120 260 200]>>", true, true},
	} {
		o := testpdf.Options{Pages: 1, Objects: map[int]string{6: stream("", tc.content), 40: tc.object}}
		if o.Page = "/Resources<</XObject<</X 40 0 R>>/Font<</F1 4 0 R>>>>"; tc.annot {
			o.Page = "/Annots[40 0 R]"
		}
		f := byStranger(t)
		f.also = drawn()
		wantAfter(t, name, f.sign(t, seal(t, sealer(t, pki().Seal, noStamp), testpdf.New(o))), tc.permitted)
	}
}

// TestCoveringIsBounded: a file with many signatures that are seen on a page of very many operators takes no long time,
// and is not called good.
func TestCoveringIsBounded(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("q Q ", 1_000_000)
	raw := testpdf.New(
		testpdf.Options{
			Pages: 1, Objects: map[int]string{6: fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content)},
		},
	)
	f := byStranger(t)
	f.also = drawn()
	for i := range 20 {
		f.field = pdf.Dict{"T": pdf.String(fmt.Sprintf("S%d", i))}
		f.rect = pdf.Array{int64(100), int64(100 + 20*i), int64(300), int64(115 + 20*i)}
		f.also = drawn(func(d pdf.Dict) { d["BBox"] = pdf.Rect{X1: 200, Y1: 15}.Array() })
		raw = f.sign(t, raw)
	}
	start := time.Now()
	r := verify(t, raw)
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	if first := r.Signatures[0]; first.ChangesAfter != pades.ChangesSuspicious ||
		!strings.Contains(first.Problem, "more than is looked at") {
		t.Errorf("got %s, %q", first.ChangesAfter, first.Problem)
	}
}
