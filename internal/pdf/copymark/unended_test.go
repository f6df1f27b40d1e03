package copymark_test

import (
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

// unended is page content that ends within something: readers take what follows it to be in it.
var unended = []string{
	"[", "[ 1 2", "[ (", "<<", "<< /a", "<< /a [", "/a <<", "<</a<</b 1>>", "<< 1 2 3 >> [", "<< /a 1 > ", "q BT /a << ",
	"(", "(a (b) ", "<", "<a",
	"<zz(>", "<\xfb(> (", "BI", "BI /W 1 /H 1", "{", "{ [", "[ ] ]", "] >> ) }", "f [ f", "q [ Q [", "0 0 m [ 0 0", "BX [",
	"/a /b BDC [ q", "%", "% [",
}

// TestNothingSwallowsAMark: what is drawn over content that ends within an operand is seen, by our reader and by
// others.
func TestNothingSwallowsAMark(t *testing.T) {
	t.Parallel()
	for _, content := range unended {
		raw := testpdf.Build(testpdf.Classic, testpdf.Page{Content: content})
		marked, err := copymark.MarkCopy(t.Context(), raw, copymark.Mark{CopyID: "cpy_abc"})
		if err != nil {
			t.Errorf("%q: %v", content, err)
			continue
		}
		appended, err := overlay.Place(
			t.Context(), raw,
			[]overlay.Mark{{Page: 1, X: 0.1, Y: 0.3, W: 0.5, H: 0.1, Kind: overlay.MarkSignature, Text: "Ada"}},
			overlay.PlaceOptions{},
		)
		if err != nil {
			t.Errorf("%q: %v", content, err)
			continue
		}
		for mark, file := range map[string][]byte{copyText: marked, "Ada": append(raw, appended...)} {
			if err := copymark.CheckCopy(file, mark); err != nil {
				t.Errorf("%q: %v", content, err)
			}
		}
	}
}

// TestReadersSeeTheMark asks poppler and MuPDF.
func TestReadersSeeTheMark(t *testing.T) {
	t.Parallel()
	pdftest.Tools(t)
	var pages []testpdf.Page
	for _, content := range unended {
		pages = append(pages, testpdf.Page{Content: content})
	}
	marked, err := copymark.MarkCopy(
		t.Context(), testpdf.Build(testpdf.Classic, pages...), copymark.Mark{CopyID: "cpy_abc"},
	)
	if err != nil {
		t.Fatal(err)
	}
	poppler, _ := pdftest.Run(t, marked, "pdftotext", "-q", "-layout", "FILE", "-")
	mupdf, _ := pdftest.Run(t, marked, "mutool", "draw", "-q", "-F", "text", "FILE")
	for reader, text := range map[string]string{"poppler": poppler, "MuPDF": mupdf} {
		seen := strings.Split(text, "\f")
		for i, content := range unended {
			if i >= len(seen) || !strings.Contains(seen[i], "not the authoritative copy") {
				t.Errorf("%s does not show the mark over %q", reader, content)
			}
		}
	}
}
