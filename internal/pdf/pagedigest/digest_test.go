package pagedigest_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pagedigest"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

// pagesDigest returns the digest of what the pages hold, "" for nothing.
func pagesDigest(t *testing.T, raw []byte) string {
	t.Helper()
	d, err := pdf.Read(raw, pdf.Limits{Bytes: int64(len(raw)) + 1})
	if err != nil {
		t.Fatal(err)
	}
	sum, drawn, err := pagedigest.Digest(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if !drawn {
		return ""
	}
	return fmt.Sprintf("%x", sum)
}

// digestible are documents of different makes, each with other pages.
func digestible(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"contract": testpdf.Contract(3), "shorter contract": testpdf.Contract(2), "form": testpdf.Form(),
		"scan":         testpdf.Sized(2, 300_000),
		"smaller scan": testpdf.Sized(2, 200_000), "shared": testpdf.Shared(3), "rotated": testpdf.Rotated(90),
		"upright": testpdf.Rotated(0),
		"cropped": testpdf.Cropped(), "text": testpdf.Simple(2, "Ann owes 500"),
		"other text":   testpdf.Simple(2, "Bob owes 500"),
		"other amount": testpdf.Simple(2, "Ann owes 600"), "more pages": testpdf.Simple(3, "Ann owes 500"),
		"placed":            placed(t, "Ann Lee"),
		"placed by another": placed(t, "Zoé Kim"), "drawn": drawnOn(t, 40), "drawn otherwise": drawnOn(t, 41),
		"encrypted": testpdf.Encrypted(),
	}
}

// placed is a contract with text in an embedded font that is subset to it.
func placed(t *testing.T, name string) []byte {
	t.Helper()
	raw := testpdf.Simple(1, "Loan")
	more, err := overlay.Place(
		t.Context(), raw, []overlay.Mark{{Page: 1, X: 0.1, Y: 0.5, W: 0.5, H: 0.1, Kind: overlay.MarkSignature, Text: name}},
		overlay.PlaceOptions{},
	)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(raw), more...)
}

// drawnOn is a page with a line of that length.
func drawnOn(t *testing.T, length int) []byte {
	t.Helper()
	return testpdf.Build(testpdf.Classic, testpdf.Page{Content: fmt.Sprintf("72 72 m %d 72 l S", 72+length)})
}

// TestPagesDigestTellsDocumentsApart: no two different documents have one digest.
func TestPagesDigestTellsDocumentsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, raw := range digestible(t) {
		sum := pagesDigest(t, raw)
		if other, ok := seen[sum]; ok {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[sum] = name
	}
}

// A font that is subset names the same codes for other letters.
func TestPagesDigestReadsFonts(t *testing.T) {
	t.Parallel()
	font := func(unicode string) []byte {
		raw := placed(t, "Ann")
		if !bytes.Contains(raw, []byte("/ToUnicode")) {
			t.Fatal("no /ToUnicode to change")
		}
		return bytes.Replace(raw, []byte("/ToUnicode"), []byte("/"+unicode), 1)
	}
	if pagesDigest(t, font("ToUnicode")) == pagesDigest(t, font("XoUnicode")) {
		t.Error("what the codes of a font mean does not count")
	}
}

func TestPagesDigestOfFields(t *testing.T) {
	t.Parallel()
	form := testpdf.Form()
	i := bytes.Index(form, []byte("/V("))
	if i < 0 {
		i = bytes.Index(form, []byte("/V ("))
	}
	if i < 0 {
		t.Fatal("no field value")
	}
	other := bytes.Clone(form)
	other[bytes.IndexByte(other[i:], '(')+i+1] ^= 1
	if pagesDigest(t, form) == pagesDigest(t, other) {
		t.Error("the value of a form field does not count")
	}
}

// Where pages only stand for what a file holds, or a reader draws what has no appearance, that counts.
func TestPagesDigestOfWhatReadersDraw(t *testing.T) {
	t.Parallel()
	page := func(annotation string) []byte {
		return []byte("%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n" +
			"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Annots[<<" + annotation +
			"/Rect[9 9 50 50]>>]>> endobj\n" +
			"4 0 obj <</Length 14>> stream\n0 0 m 9 9 l S \nendstream endobj\n5 0 obj <</Length 5>> stream\n500.0\nendstream endobj\n" +
			"trailer <</Root 1 0 R/Size 6>>\n%%EOF\n")
	}
	for name, c := range map[string]struct {
		raw       []byte
		what, one string
	}{
		"attached contract":        {testpdf.Portfolio(), "the contract", "no  contract"},
		"form made by the viewer":  {testpdf.DynamicForm(), "<xdp/>", "<xdq/>"},
		"text without appearance":  {page("/Subtype/FreeText/Contents(Ann owes 500)/DA(/F1 9 Tf)"), "owes 500", "owes 600"},
		"drawn without appearance": {page("/Subtype/Ink/InkList[[1 2 3 4]]"), "1 2 3 4", "1 2 3 5"},
		"value in a stream":        {page("/Subtype/Widget/FT/Tx/T(a)/V 5 0 R"), "500.0", "600.0"},
	} {
		other := bytes.Replace(c.raw, []byte(c.what), []byte(c.one), 1)
		if bytes.Equal(other, c.raw) {
			t.Fatalf("%s: no %q to change", name, c.what)
		}
		if sum := pagesDigest(t, c.raw); sum == "" || sum == pagesDigest(t, other) {
			t.Errorf("%s does not count", name)
		}
		clean, err := pdfinspect.Normalize(t.Context(), c.raw, pdf.Limits{})
		if err == nil && pagesDigest(t, clean) != pagesDigest(t, c.raw) {
			t.Errorf("%s, written anew: another digest", name)
		}
	}
}

func TestPagesDigestOfEmptyPages(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"nothing": "", "state only": "q 1 0 0 1 0 0 cm Q", "a path that is not painted": "0 0 m 9 9 l n",
		"font without text": "BT /F1 12 Tf ET",
	} {
		if sum := pagesDigest(
			t, testpdf.Build(testpdf.Classic, testpdf.Page{Content: content}, testpdf.Page{Content: content}),
		); sum != "" {
			t.Errorf("%s: got a digest", name)
		}
	}
}

// TestPagesDigestStays: other bytes, the same pages.
func TestPagesDigestStays(t *testing.T) {
	t.Parallel()
	want := pagesDigest(t, testpdf.Structured(testpdf.Classic, 2, "Text"))
	for name, s := range map[string]testpdf.Structure{
		"xref stream": testpdf.XRefStreams, "object streams": testpdf.ObjectStreams, "hybrid": testpdf.HybridRef,
	} {
		if pagesDigest(t, testpdf.Structured(s, 2, "Text")) != want {
			t.Errorf("%s: another digest", name)
		}
	}
	for name, raw := range digestible(t) {
		clean, err := pdfinspect.Normalize(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if pagesDigest(t, clean) != pagesDigest(t, raw) {
			t.Errorf("%s, written anew: another digest", name)
		}
	}
	spelled := func(content string) string {
		return pagesDigest(t, testpdf.Build(testpdf.Classic, testpdf.Page{Content: content}))
	}
	want = spelled("BT /F1 12 Tf 72 700 Td (Text) Tj ET 0 0 m 9 9 l S")
	for _, content := range []string{
		"BT\r\n/F1 12.0 Tf\n72. +700 Td <54657874> Tj ET\n0 0 m\t9 9.00 l S",
		"/Artifact BMC BT /F1 12 Tf 72 700 Td (Te\\170t) Tj ET EMC 0 0 m 9 9 l S",
		"BT /#461 12 Tf 72 700 Td (Text) Tj ET -0 0 m 9 9 l S % end",
		"q\nq BT /F1 12 Tf 72 700 Td (Text) Tj ET 0 0 m 9 9 l S Q\nQ",
	} {
		if spelled(content) != want {
			t.Errorf("%q: another digest", content)
		}
	}
}

// Only what is around all of the content counts for nothing.
func TestPagesDigestReadsSavedStates(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, content := range []string{
		"1 w 0 0 m 9 9 l S 1 1 m 8 8 l S", "q 1 w 0 0 m 9 9 l S Q 1 1 m 8 8 l S", "q 1 w Q 0 0 m 9 9 l S q 1 1 m 8 8 l S Q",
		"q 1 w 0 0 m 9 9 l S Q q 1 1 m 8 8 l S Q", "q q 1 w Q 0 0 m 9 9 l S Q q 1 1 m 8 8 l S Q",
	} {
		sum := pagesDigest(t, testpdf.Build(testpdf.Classic, testpdf.Page{Content: content}))
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q have one digest", content, other)
		}
		seen[sum] = content
		if sum != pagesDigest(t, testpdf.Build(testpdf.Classic, testpdf.Page{Content: "q " + content + " Q"})) {
			t.Errorf("%q with q and Q around: another digest", content)
		}
	}
}

func TestPagesDigestOfOtherPrograms(t *testing.T) {
	t.Parallel()
	pdftest.Tools(t)
	for name, raw := range digestible(t) {
		want := pagesDigest(t, raw)
		for how, args := range pdftest.Resaves() {
			if name == "encrypted" && (args[0] == "mutool" || how == "deterministic id") {
				continue // the tools do not write a whole file then
			}
			if got := pagesDigest(t, pdftest.Resave(t, raw, args[0], args[1:]...)); got != want {
				t.Errorf("%s, %s: another digest", name, how)
			}
		}
	}
}

// Hostile content ends in a refusal within bounds, or in a digest. The bounds count work, not time.
func TestPagesDigestOfHostileFiles(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	for name, raw := range testpdf.Hostile() {
		d, err := pdf.Read(raw, pdf.Limits{})
		if err != nil {
			continue
		}
		var refusal *pdf.Refusal
		if _, _, err = pagedigest.Digest(t.Context(), d); err != nil && !errors.As(err, &refusal) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}

// What is drawn again and again is read once, so that a small file never asks for more work than the limit.
func TestPagesDigestReadsDrawingsOnce(t *testing.T) {
	t.Parallel()
	const levels = 20
	objects, chain := make([]string, levels), ""
	for i := range levels {
		objects[i] = "0 0 m 9 9 l S"
		if i+1 < levels {
			objects[i] = strings.Repeat(fmt.Sprintf("/X%d Do ", i+1), 1000)
		}
		chain += fmt.Sprintf("/X%d %d 0 R", i, 5+i)
	}
	big := "/ExtGState<</G<</Font[" + strings.Repeat("(x)", 50_000) + "]>>>>"
	for name, c := range map[string]struct {
		raw     []byte
		refused bool
	}{
		"forms without resources": {
			pdftest.SharedContent(1, "/XObject<<"+chain+">>", "/X0 Do", objects...), false,
		},
		"forms that draw each other": {
			pdftest.SharedContent(1, "/XObject<</A 5 0 R/B 6 0 R>>", "/A Do /B Do", "/B Do /A Do", "/A Do /B Do"), false,
		},
		"direct resources named often": {
			pdftest.SharedContent(1, big, strings.Repeat("/G gs ", 100_000)+"0 0 m 9 9 l S"), false,
		},
		"direct resources named by the page": {pdftest.SharedContent(1000, big, "/G gs 0 0 m 9 9 l S"), true},
	} {
		d, err := pdf.Read(c.raw, pdf.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, _, err = pagedigest.Digest(t.Context(), d)
		var refusal *pdf.Refusal
		if refused := errors.As(err, &refusal); refused != c.refused || err != nil && !refused {
			t.Errorf("%s: got %v, want a refusal: %t", name, err, c.refused)
		}
	}
}
