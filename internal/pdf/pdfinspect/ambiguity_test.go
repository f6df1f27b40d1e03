package pdfinspect_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testpdf"
)

// before puts text in front of the cross-reference table, with startxref moved. Objects keep their places.
func before(raw []byte, text string) []byte {
	at := bytes.LastIndex(raw, []byte("xref\n0 "))
	return fmt.Appendf(
		nil, "%s%s%sstartxref\n%d\n%%%%EOF\n", raw[:at], text, raw[at:bytes.LastIndex(raw, []byte("startxref"))],
		at+len(text),
	)
}

// swapped exchanges two rows of the cross-reference table.
func swapped(raw []byte, a, b int) []byte {
	out := bytes.Clone(raw)
	row := func(n int) []byte {
		at := bytes.LastIndex(out, []byte("xref\n0 "))
		at += bytes.Index(out[at:], []byte(" f\r\n")) + len(" f\r\n") + (n-1)*20
		return out[at : at+20]
	}
	kept := bytes.Clone(row(a))
	copy(row(a), row(b))
	copy(row(b), kept)
	return out
}

const otherText = "BT /F1 24 Tf 72 700 Td (Page 1: pay 9999 USD) Tj ET"

func content(text string) string {
	return fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text)
}

// TestInspectNamesAmbiguousStructure: a file that one reader may show otherwise than another is said to be ambiguous.
func TestInspectNamesAmbiguousStructure(t *testing.T) {
	t.Parallel()
	plain := testpdf.New(testpdf.Options{})
	with := func(n int, body string) []byte { return testpdf.New(testpdf.Options{Objects: map[int]string{n: body}}) }
	attached := func(data string) []byte {
		return testpdf.New(testpdf.Options{
			Catalog: "/Names<</EmbeddedFiles<</Names[(a)20 0 R]>>>>",
			Objects: map[int]string{20: "<</Type/Filespec/F(a)/EF<</F 21 0 R>>>>", 21: content(data)},
		})
	}
	packed := func(num int, body string) string {
		head := fmt.Sprintf("%d 0 ", num)
		return fmt.Sprintf(
			"90 0 obj\n<</Type/ObjStm/N 1/First %d/Length %d>>\nstream\n%s%s\nendstream\nendobj\n", len(head),
			len(head)+len(body), head, body,
		)
	}
	freed := regexp.MustCompile(`\d{10} 00000 n\r\n(0000000000 00000 f\r\n)?trailer`)
	for name, raw := range map[string][]byte{
		"content stands again": before(plain, "6 0 obj\n"+content(otherText)+"\nendobj\n"),
		"content stands again, unspaced": before(
			plain, "%x\n6 0 obj<</Length 51>>stream\n"+otherText+"\nendstream endobj\n",
		),
		"content in a later stream":      before(plain, packed(5, "<</Type/Page/Parent 2 0 R>>")),
		"page stands again in a comment": before(plain, "%\r5 0 obj <</Type/Page/Parent 2 0 R>> endobj\n"),
		"page stands again in a string":  with(30, "<</Title(\n5 0 obj <</Type/Page/Parent 2 0 R>> endobj\n)>>"),
		"catalog stands again":           before(plain, "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"),
		"a later trailer": append(before(
			plain, "50 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
		), "trailer\n<</Root 50 0 R>>\n%%EOF\n"...),
		"contents swapped":               swapped(plain, 6, 8),
		"pages swapped":                  swapped(plain, 5, 7),
		"length too short":               with(6, "<</Length 10>>\nstream\n"+otherText+"\nendstream"),
		"length too long":                with(6, "<</Length 900>>\nstream\n"+otherText+"\nendstream"),
		"length over two ends":           with(6, content(otherText+"\nendstream\nendobj\n"+otherText)),
		"comment before stream":          with(6, strings.Replace(content(otherText), ">>\nstream", ">>%\nstream", 1)),
		"stream after a carriage return": with(6, strings.Replace(content(otherText), "stream\n", "stream\r", 1)),
		"fewer pages counted": with(
			2, "<</Type/Pages/Count 1/Kids[5 0 R 7 0 R]/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>>>",
		),
		"more pages counted": with(
			2, "<</Type/Pages/Count 3/Kids[5 0 R 7 0 R]/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>>>",
		),
		"pages not counted": with(
			2, "<</Type/Pages/Kids[5 0 R 7 0 R]/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>>>",
		),
		"a kid that is not there": with(
			2, "<</Type/Pages/Count 3/Kids[5 0 R 7 0 R 77 0 R]/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>>>",
		),
		"a second header":               before(plain, "%PDF-1.4\n"),
		"a document in an attachment":   attached(string(testpdf.New(testpdf.Options{Pages: 1}))),
		"a document behind another":     slices.Concat(testpdf.Contract(1), plain),
		"an object within another":      within(plain),
		"an object that is marked free": freed.ReplaceAll(plain, []byte("0000000000 00000 f\r\n${1}trailer")),
		"an annotation that is not named": before(
			testpdf.New(testpdf.Options{Page: "/Annots[70 0 R]"}),
			"70 0 obj\n<</Type/Annot/Subtype/Square/Rect[0 0 9 9]>>\nendobj\n",
		),
		"a key twice":        with(6, strings.Replace(content(otherText), "<<", "<</Length 4", 1)),
		"another generation": testpdf.New(testpdf.Options{Page: "/Annots[6 1 R]"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
			var refusal *pdf.Refusal
			if errors.As(err, &refusal) && refusal.Reason == pdf.ReasonNoPages {
				return // refused by name
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(info.ActiveContent, "ambiguous_structure") || len(info.Warnings) == 0 {
				t.Errorf("got %q, warnings %q; want ambiguous_structure and a warning", info.ActiveContent, info.Warnings)
			}
		})
	}
}

// within lets the entry of object 8 point into the data of the content of page 1, where an object 8 stands as well.
func within(plain []byte) []byte {
	inner := "8 0 obj\n" + content(otherText) + "\nendobj\n"
	raw := testpdf.New(
		testpdf.Options{
			Objects: map[int]string{
				6: strings.Replace(content(inner), "endstream\nendobj\n\nendstream", "endstream\nendobj\n\nendstream", 1),
			},
		},
	)
	old := fmt.Appendf(nil, "%010d", bytes.LastIndex(raw, []byte("8 0 obj")))
	return bytes.Replace(raw, old, fmt.Appendf(nil, "%010d", bytes.Index(raw, []byte("8 0 obj"))), 1)
}

// TestInspectReadsRevisionsAlike: files that were saved by appending, in each kind of cross-reference data, are not
// ambiguous: earlier states of an object stand before the one that counts.
func TestInspectReadsRevisionsAlike(t *testing.T) {
	t.Parallel()
	for _, kind := range testpdf.Structures() {
		raw := testpdf.New(testpdf.Options{Structure: kind})
		for range 3 {
			var err error
			if raw, _, err = overlay.Prepare(t.Context(), raw, overlay.Preparation{Legend: "Legend"}); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			mark := overlay.Mark{Page: 1, X: 0.1, Y: 0.1, W: 0.3, H: 0.1, Kind: overlay.MarkText, Text: "Placed"}
			more, err := overlay.Place(t.Context(), raw, []overlay.Mark{mark}, overlay.PlaceOptions{})
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			raw = append(raw, more...)
		}
		info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if slices.Contains(info.ActiveContent, "ambiguous_structure") {
			t.Errorf("%s: got %q, warnings %q", kind, info.ActiveContent, info.Warnings)
		}
	}
}
