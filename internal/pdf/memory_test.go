package pdf_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testheap"
	"github.com/evaultlib/evault/internal/testpdf"
)

func deflate(data []byte) []byte { return pdf.Deflate(pdf.Dict{}, data).Raw }

func times(n int, s string) []byte { return bytes.Repeat([]byte(s), n) }

const onePage = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n3 0 obj<</Type/Page/MediaBox[0 0 9 9]>>endobj\n"

// bombOfRows is a good page with a cross-reference stream of the given data.
func bombOfRows(dict string, data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n" + onePage)
	at := b.Len()
	fmt.Fprintf(&b, "4 0 obj<</Type/XRef/Root 1 0 R%s/Length %d>>stream\n", dict, len(data))
	b.Write(data)
	fmt.Fprintf(&b, "\nendstream endobj\nstartxref\n%d\n%%%%EOF\n", at)
	return b.Bytes()
}

// bombOfObjects is a good page with an object stream of n objects, all of the same syntax.
func bombOfObjects(n int, syntax string) []byte {
	var head bytes.Buffer
	for i := range n {
		fmt.Fprintf(&head, "%d %d ", i+10, i*(len(syntax)+1))
	}
	data := deflate(append(head.Bytes(), times(n, syntax+" ")...))
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n" + onePage)
	fmt.Fprintf(&b, "4 0 obj<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n", n, head.Len(), len(data))
	b.Write(data)
	b.WriteString("\nendstream endobj\ntrailer<</Root 1 0 R>>\n") // without cross-reference data every object is found
	return b.Bytes()
}

// padded makes a file so large that it may decode most of what any file may.
func padded(raw []byte) []byte {
	return append(append([]byte("%PDF-1.7\n%"), times(240<<10, "x")...), raw...)
}

// A file takes memory by its size and by counted limits, not by the numbers it names. The bounds are about three times
// what is measured. Not parallel: other tests would be counted.
func TestMemory(t *testing.T) {
	testenv.Long(t)
	rows := func(n int, row string) []byte { return deflate(times(n, row)) }
	files := map[string][]byte{
		"rows of nothing": bombOfRows(
			"/Size 999999999/W[1 4 2]/Filter/FlateDecode", rows(490_000, "\x00\x00\x00\x00\x00\x00\x00"),
		),
		"rows of the page": bombOfRows(
			"/Size 999999999/W[1 4 2]/Filter/FlateDecode", rows(490_000, "\x01\x00\x00\x00\x0a\x00\x00"),
		),
		"rows of itself": bombOfRows(
			"/Size 999999999/W[1 4 2]/Filter/FlateDecode", rows(490_000, "\x02\x00\x00\x00\x04\x00\x00"),
		),
		"rows deflated": bombOfRows(
			"/Size 999999999/W[1 4 2]/Filter[/FlateDecode/FlateDecode]", deflate(rows(490_000, "\x01\x00\x00\x00\x0a\x00\x00")),
		),
		"rows without end": bombOfRows(
			"/Size 999999999/W[1 4 2]/Filter[/FlateDecode/FlateDecode]",
			deflate(rows(3_000_000, "\x01\x00\x00\x00\x0a\x00\x00")),
		),
		"wide rows": bombOfRows(
			"/Size 999999999/W[8 8 8]/Filter[/FlateDecode/FlateDecode]", deflate(deflate(make([]byte, 30<<20))),
		),
		"rows many times": bombOfRows(
			"/Size 9/W[1 4 2]/Index["+strings.Repeat("0 99999 ", 50)+"]/Filter/FlateDecode",
			rows(490_000, "\x01\x00\x00\x00\x0a\x00\x00"),
		),
		"wide predictor": bombOfRows(
			"/Size 9/W[1 4 2]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 1048575>>", deflate(make([]byte, 99)),
		),
		"empty arrays":       padded(bombOfObjects(1, "["+strings.Repeat("[]", 8<<20)+"]")),
		"small dictionaries": padded(bombOfObjects(1, "["+strings.Repeat("<</A/B>>", 2<<20)+"]")),
		"a long string":      padded(bombOfObjects(1, "("+strings.Repeat("x", 30<<20)+")")),
		"many arrays":        bombOfObjects(200_000, "[[[[[1]]]]]"),
		"many dictionaries":  bombOfObjects(200_000, "<</A<</B<<>>>>>>"),
	}
	for _, name := range []string{
		"xref bomb", "xref size", "object bomb", "double bomb", "content bomb", "overlap in stream", "many references",
		"open strings", "trailers",
	} {
		files["hostile: "+name] = testpdf.Hostile()[name]
	}
	for name, raw := range files {
		for verb, f := range map[string]func() error{
			"Inspect": func() error { _, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{}); return err },
			"copy": func() error {
				marked, err := copymark.MarkCopy(t.Context(), raw, copymark.Mark{})
				if err != nil {
					return err
				}
				return copymark.CheckCopy(marked, copymark.DefaultText)
			},
		} {
			var err error
			took := testheap.Peak(25, func() { err = f() })
			t.Logf("%-7s %-30s %8d bytes: %6.1f MiB (%v)", verb, name, len(raw), float64(took)/(1<<20), err)
			most := int64(160 << 20) // what may be decoded, twice while it is read, and what is held of objects
			if len(raw) < 16<<10 {
				most = 48 << 20
			}
			if took > most {
				t.Errorf("%s of %s: %d bytes take %d MiB, want at most %d", verb, name, len(raw), took>>20, most>>20)
			}
		}
	}
}

// No verb needs more than three times the file, which itself counts, and 32 MiB. Not parallel, as above.
func TestMemoryOfVerbs(t *testing.T) {
	testenv.Long(t)
	only := func(_ []byte, err error) error { return err }
	for _, f := range pdftest.Sizes() {
		marked, err := copymark.MarkCopy(context.Background(), f.Raw, pdftest.CopyMark())
		if err != nil {
			t.Fatal(err)
		}
		for name, verb := range map[string]func() error{
			"Inspect":   func() error { _, err := pdfinspect.Inspect(context.Background(), f.Raw, pdf.Limits{}); return err },
			"Normalize": func() error { return only(pdfinspect.Normalize(context.Background(), f.Raw, pdf.Limits{})) },
			"Prepare": func() error {
				_, _, err := overlay.Prepare(
					context.Background(), f.Raw, overlay.Preparation{Legend: pdftest.Legend, SignaturePage: pdftest.Signatories(2)},
				)
				return err
			},
			"Place": func() error {
				return only(overlay.Place(context.Background(), f.Raw, pdftest.SignerMarks(1), overlay.PlaceOptions{}))
			},
			"Append":    func() error { return only(typeset.Append(context.Background(), f.Raw, pdftest.Certificate(3, 400))) },
			"MarkCopy":  func() error { return only(copymark.MarkCopy(context.Background(), f.Raw, pdftest.CopyMark())) },
			"CheckCopy": func() error { return copymark.CheckCopy(marked, copymark.DefaultText) },
		} {
			var err error
			took := testheap.Peak(25, func() { err = verb() })
			if err != nil {
				t.Fatal(err)
			}
			size := int64(len(f.Raw))
			t.Logf("%-16s %-13s %6.1f MiB", f.Name, name, float64(took)/(1<<20))
			if took > 2*size+32<<20 {
				t.Errorf("%s of %s takes %d MiB beside the file's %d", name, f.Name, took>>20, size>>20)
			}
		}
	}
}
