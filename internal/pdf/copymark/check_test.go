package copymark_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testpdf"
)

const copyText = "Copy – not the authoritative copy"

func TestCheckCopyAcceptsMarkedCopies(t *testing.T) {
	t.Parallel()
	page := func(p testpdf.Page) []byte {
		p.Content = "BT /F1 12 Tf 20 20 Td (text) Tj ET"
		return testpdf.Build(testpdf.Classic, p, testpdf.Page{Content: "q 1 0 0 1 0 0 cm"})
	}
	files := map[string][]byte{
		"contract": testpdf.Contract(3), "xref stream": testpdf.XRefStream(2), "object stream": testpdf.ObjectStream(2),
		"hybrid": testpdf.Hybrid(2), "scan": testpdf.Sized(1, 200_000),
		"rotated": page(testpdf.Page{Rotate: 90}), "shifted": page(testpdf.Page{Media: [4]float64{-300, 500, 312, 1292}}),
		"cropped": page(testpdf.Page{Crop: [4]float64{100, 100, 500, 700}}), "unit": page(testpdf.Page{UserUnit: 2}),
		"small": page(testpdf.Page{Media: [4]float64{0, 0, 200, 120}}),
	}
	for name, raw := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			marked := markCopy(t, raw)
			if err := copymark.CheckCopy(marked, copyText, "cpy_abc"); err != nil {
				t.Error(err)
			}
			for _, other := range []string{"cpy_abd", "the authoritative copy of"} {
				if err := copymark.CheckCopy(marked, copyText, other); err == nil ||
					!strings.Contains(err.Error(), "page 1 does not show") {
					t.Errorf("%s: got %v, want an error that names page 1", other, err)
				}
			}
			if err := copymark.CheckCopy(raw, copyText); err == nil {
				t.Error("the file itself passes as a copy")
			}
		})
	}
}

func markCopy(t *testing.T, raw []byte) []byte {
	t.Helper()
	marked, err := copymark.MarkCopy(context.Background(), raw, copymark.Mark{
		Text: copyText, EnvelopeID: "env_1", CopyID: "cpy_abc", Version: 1, SHA256: strings.Repeat("a", 64),
		At: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	return marked
}

// Text that is in the file but that no reader sees is no mark.
func TestCheckCopyWantsVisibleText(t *testing.T) {
	t.Parallel()
	const plain = "BT /F1 12 Tf 72 700 Td (This is a copy) Tj ET"
	cases := []struct {
		name, content string
		seen          bool
	}{
		{"plain", plain, true},
		{"in pieces", "BT /F1 12 Tf 72 700 Td [(This) -250 (is a)] TJ 0 -14 Td (copy) Tj ET", true},
		{"quote operators", "BT /F1 12 Tf 14 TL 72 700 Td (This) ' 0 0 (is a copy) \" ET", true},
		{"hexadecimal", "BT /F1 12 Tf 72 700 Td <54686973206973206120636f7079> Tj ET", true},
		{"enlarged by the matrix", "q 12 0 0 12 0 0 cm BT /F1 1 Tf 6 58 Td (This is a copy) Tj ET Q", true},
		{"after an inline image", "BI /W 1 /H 1 /BPC 8 /CS /G ID \x00\nEI " + plain, true},
		{"invisible mode restored", "q BT 3 Tr ET Q " + plain, true},
		{"after junk and a comment", "\xce%(\n" + plain, true},
		{"after junk", "\xce(\n) ) ] >> \xff " + plain, true},
		{"after a string in a broken one", "<zz(> " + plain, true},
		{"after an array with junk", "[ f q ] " + plain, true},
		{"in an array without end", "[ " + plain, false},
		{"in a dictionary without end", "/a << /b [ ] " + plain, false},
		{"in a string without end", "( " + plain, false},
		{"nothing", "", false},
		{"invisible mode", "BT 3 Tr /F1 12 Tf 72 700 Td (This is a copy) Tj ET", false},
		{"clipping mode", "BT 7 Tr /F1 12 Tf 72 700 Td (This is a copy) Tj ET", false},
		{"off the page", "BT /F1 12 Tf 72 900 Td (This is a copy) Tj ET", false},
		{"moved off the page", "1 0 0 1 700 0 cm " + plain, false},
		{"tiny", "BT /F1 1 Tf 72 700 Td (This is a copy) Tj ET", false},
		{"shrunk", "q 0.01 0 0 0.01 72 700 cm BT /F1 12 Tf 1 1 Td (This is a copy) Tj ET Q", false},
		{"unknown font", "BT /F9 12 Tf 72 700 Td (This is a copy) Tj ET", false},
		{"in a comment", "% (This is a copy) Tj", false},
		{"in an inline image", "BI /W 1 /H 1 /BPC 8 /CS /G ID " + plain + "\nEI", false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			raw := testpdf.Build(testpdf.Classic, testpdf.Page{Content: plain}, testpdf.Page{Content: tc.content})
			err := copymark.CheckCopy(raw, "This is a copy")
			if tc.seen && err != nil {
				t.Error(err)
			}
			if !tc.seen && (err == nil || !strings.Contains(err.Error(), "page 2 does not show")) {
				t.Errorf("got %v, want an error that names page 2", err)
			}
		})
	}
}

func TestCheckCopyRefusesWhatActs(t *testing.T) {
	t.Parallel()
	marked := markCopy(t, testpdf.Simple(1, "x"))
	for _, entry := range []string{"AcroForm", "Perms", "DSS", "OpenAction", "AA"} {
		d, err := pdf.Open(marked, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := d.Update()
		if err != nil {
			t.Fatal(err)
		}
		if err := u.EditCatalog(func(c pdf.Dict) error { c[pdf.Name(entry)] = pdf.Dict{}; return nil }); err != nil {
			t.Fatal(err)
		}
		appended, err := u.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := copymark.CheckCopy(append(marked[:len(marked):len(marked)], appended...), copyText); err == nil ||
			!strings.Contains(err.Error(), entry) {
			t.Errorf("%s: got %v, want an error that names it", entry, err)
		}
	}
	signed := testpdf.Build(
		testpdf.Classic,
		testpdf.Page{Content: "BT /F1 12 Tf 72 700 Td (This is a copy) Tj ET", Extra: "/X<</Type/Sig/ByteRange[0 1 2 3]>>"},
	)
	if err := copymark.CheckCopy(signed, "This is a copy"); err == nil {
		t.Error("a file with a signature dictionary passes")
	}
}

func TestCheckCopyRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	marked := markCopy(t, testpdf.Simple(2, "x"))
	for _, raw := range [][]byte{nil, []byte("%PDF-1.7\n"), marked[:len(marked)/3]} {
		var refusal *pdf.Refusal
		if err := copymark.CheckCopy(raw, copyText); !errors.As(err, &refusal) && err == nil {
			t.Errorf("%d bytes: got %v, want an error", len(raw), err)
		}
	}
}

func FuzzCheckCopy(f *testing.F) {
	f.Add([]byte("BT /F1 12 Tf 72 700 Td (This is a copy) Tj ET"))
	f.Add([]byte("q 1 0 0 1 0 0 cm [(a) 1 <62>] TJ BI ID EI Q"))
	f.Fuzz(func(t *testing.T, content []byte) {
		raw := testpdf.Build(testpdf.Classic, testpdf.Page{Content: string(content)})
		_ = fmt.Sprint(copymark.CheckCopy(raw, "This is a copy")) // any verdict, no panic
	})
}

// Pages on which no mark could be read get a margin; what they showed stays within the box they had.
func TestMarkCopyOfSmallPages(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]testpdf.Page{
		"icon": {Media: [4]float64{0, 0, 32, 32}}, "rotated": {Media: [4]float64{0, 0, 9, 300}, Rotate: 90},
		"ribbon":  {Media: [4]float64{5, 5, 600, 12}},
		"cropped": {Crop: [4]float64{100, 100, 110, 110}}, "unit": {Media: [4]float64{0, 0, 20, 20}, UserUnit: 4},
		"unruly": {Media: [4]float64{0, 0, 20, 20}, Content: "q q Q Q Q BT"},
	} {
		marked := markCopy(t, testpdf.Build(testpdf.Classic, p))
		if err := copymark.CheckCopy(marked, copyText, "cpy_abc"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		info, err := pdfinspect.Inspect(t.Context(), marked, pdf.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := info.Pages[0]; got.Width < 159.9 || got.Height < 79.9 {
			t.Errorf("%s: the copy's page is %v", name, got)
		}
	}
}

// What of a page cannot be read shows nothing, and does not stand in the way of the mark.
func TestCheckCopyPassesOverDamage(t *testing.T) {
	t.Parallel()
	whole := testpdf.Build(testpdf.Classic, testpdf.Page{Content: "BT /F1 9 Tf 9 9 Td (x) Tj ET"})
	for name, damaged := range map[string][]byte{
		"font":  bytes.Replace(whole, []byte("/F1 3 0 R"), []byte("/F1 [3 0]"), 1),
		"fonts": bytes.Replace(whole, []byte("/Font<<"), []byte("/Font 1%\n"), 1),
	} {
		if bytes.Equal(whole, damaged) {
			t.Fatalf("%s: nothing is damaged", name)
		}
		if err := copymark.CheckCopy(markCopy(t, damaged), copyText, "cpy_abc"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
