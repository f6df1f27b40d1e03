package copymark_test

import (
	"bytes"
	"slices"
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

func ownMarks(t *testing.T, raw []byte) []string {
	t.Helper()
	d, err := pdf.Read(raw, pdf.Limits{Bytes: int64(len(raw)) + 1})
	if err != nil {
		t.Fatal(err)
	}
	m, err := copymark.FindOwnMarks(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if m.Unread != "" {
		t.Errorf("unread: %s", m.Unread)
	}
	kinds := m.Kinds()
	slices.Sort(kinds)
	return kinds
}

// marked are files that bear marks of ours, by the kind of mark.
func marked(t *testing.T) map[string][]byte {
	t.Helper()
	contract := testpdf.Contract(3)
	legend, _, err := overlay.Prepare(
		t.Context(), contract, overlay.Preparation{Legend: copymark.LegendStart + "; all else is a copy."},
	)
	if err != nil {
		t.Fatal(err)
	}
	record, err := typeset.PDF(
		t.Context(), typeset.Report{Title: "Custody record", Footer: "Certificate crt_1", At: time.Unix(1e9, 0)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		copymark.OwnCopy: markCopy(t, contract), copymark.OwnLegend: legend, copymark.OwnRecord: record,
	}
}

func TestOwnMarks(t *testing.T) {
	t.Parallel()
	for kind, raw := range marked(t) {
		clean, err := pdfinspect.Normalize(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for how, file := range map[string][]byte{
			"as made": raw, "written anew": clean, "with bytes before": slices.Concat([]byte("% x\n"), raw),
		} {
			if got := ownMarks(t, file); !slices.Equal(got, []string{kind}) {
				t.Errorf("%s, %s: got %q", kind, how, got)
			}
		}
	}
	copied := marked(t)[copymark.OwnCopy]
	// One mark is enough: those of the pages without metadata, and metadata without those of the pages.
	bare := bytes.ReplaceAll(copied, []byte("/Metadata"), []byte("/Metadatx"))
	for _, k := range []string{"/Title", "/Subject", "/Keywords"} {
		bare = bytes.ReplaceAll(bare, []byte(k), []byte(strings.ToUpper(k)))
	}
	if got := ownMarks(t, bare); !slices.Equal(got, []string{copymark.OwnCopy}) {
		t.Errorf("without metadata: got %q", got)
	}
	if got := ownMarks(
		t, bytes.ReplaceAll(copied, []byte("/Contents"), []byte("/Contentx")),
	); !slices.Equal(got, []string{copymark.OwnCopy}) {
		t.Errorf("without page content: got %q", got)
	}
}

// Text that no reader shows counts too: whoever cuts a page to size has not made an original.
func TestOwnMarksInHiddenText(t *testing.T) {
	t.Parallel()
	const say = `(Copy \226 not the authoritative copy)`
	for name, p := range map[string]testpdf.Page{
		"shown":            {Content: "BT /F1 12 Tf 72 700 Td " + say + " Tj ET"},
		"outside the crop": {Content: "BT /F1 12 Tf 72 700 Td " + say + " Tj ET", Crop: [4]float64{0, 0, 300, 300}},
		"invisible":        {Content: "BT 3 Tr /F1 12 Tf 72 700 Td " + say + " Tj ET"},
		"tiny":             {Content: "BT /F1 0.1 Tf 72 700 Td " + say + " Tj ET"},
		"with a hyphen":    {Content: "BT /F1 12 Tf 72 700 Td (Copy - not the authoritative copy) Tj ET"},
	} {
		raw := testpdf.Build(testpdf.Classic, testpdf.Page{Content: "BT /F1 12 Tf 72 700 Td (Page) Tj ET"}, p)
		if got := ownMarks(t, raw); !slices.Equal(got, []string{copymark.OwnCopy}) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// Programs number glyphs anew, and leave out what they mean.
func TestOwnMarksWithoutUnicode(t *testing.T) {
	t.Parallel()
	for kind, raw := range marked(t) {
		clean, err := pdfinspect.Normalize(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		clean = bytes.ReplaceAll(clean, []byte("/ToUnicode"), []byte("/ToUnicodx"))
		for _, k := range []string{"/Metadata", "/Title", "/Subject", "/Keywords"} {
			clean = bytes.ReplaceAll(clean, []byte(k), []byte(strings.ToUpper(k)))
		}
		if got := ownMarks(t, clean); !slices.Equal(got, []string{kind}) {
			t.Errorf("%s: got %q", kind, got)
		}
	}
}

// A form without resources uses those of the page.
func TestOwnMarksInForms(t *testing.T) {
	t.Parallel()
	raw := pdftest.SharedContent(1, "/XObject<</A 5 0 R>>/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>", "/A Do",
		"BT /F1 12 Tf (Copy - not the authoritative copy) Tj ET")
	if got := ownMarks(t, raw); !slices.Equal(got, []string{copymark.OwnCopy}) {
		t.Errorf("got %q", got)
	}
}

func TestNoOwnMarks(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{
		"contract": testpdf.Contract(3), "form": testpdf.Form(), "encrypted": testpdf.Encrypted(),
		"scan":     testpdf.Sized(1, 200_000),
		"a clause": testpdf.Simple(1, "Any print is a copy, not the authoritative copy, which is in the vault."),
	}
	clean, err := pdfinspect.Normalize(t.Context(), testpdf.Contract(1), pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	files["normalized"] = clean
	for name, raw := range files {
		if got := ownMarks(t, raw); len(got) > 0 {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// What cannot be read is said, and does not hide what can.
func TestOwnMarksUnread(t *testing.T) {
	t.Parallel()
	huge := testpdf.Page{Content: "BT /F1 12 Tf 72 700 Td (x) Tj ET " + strings.Repeat("0 0 m ", 3<<20)}
	mark := testpdf.Page{Content: `BT /F1 12 Tf 72 700 Td (Copy \226 not the authoritative copy) Tj ET`}
	d, err := pdf.Read(testpdf.Build(testpdf.Classic, huge, mark), pdf.Limits{Bytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	m, err := copymark.FindOwnMarks(t.Context(), d)
	if err != nil || !strings.Contains(m.Unread, "page 1") || !slices.Equal(m.Kinds(), []string{copymark.OwnCopy}) {
		t.Errorf("got %+v, %v", m, err)
	}
}

// parts are ways that change which pages there are, or write their content anew.
var parts = map[string][]string{
	"one page":        {"qpdf", "--empty", "--pages", "FILE", "1", "--", "OUT"},
	"reversed":        {"qpdf", "--empty", "--pages", "FILE", "z-1", "--", "OUT"},
	"page in another": {"qpdf", "--empty", "--pages", "OTHER", "1", "FILE", "1", "OTHER", "2", "--", "OUT"},
	"as form":         {"qpdf", "OTHER", "--overlay", "FILE", "--", "OUT"},
	"mutool merge":    {"mutool", "merge", "-o", "OUT", "OTHER", "FILE"},
	"sanitized":       {"mutool", "clean", "-s", "FILE", "OUT"},
	"cairo":           {"pdftocairo", "-pdf", "FILE", "OUT"},
	"converted":       {"mutool", "convert", "-o", "OUT", "FILE"},
}

func TestOwnMarksOfOtherPrograms(t *testing.T) {
	t.Parallel()
	pdftest.Tools(t)
	for kind, raw := range marked(t) {
		for _, list := range []map[string][]string{pdftest.Resaves(), parts} {
			for name, args := range list {
				if got := ownMarks(t, pdftest.Resave(t, raw, args[0], args[1:]...)); !slices.Contains(got, kind) {
					t.Errorf("%s, %s: got %q", kind, name, got)
				}
			}
		}
	}
}
