package overlay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	var refusal *pdf.Refusal
	for name, raw := range map[string][]byte{
		"encrypted": testpdf.Encrypted(), "locked": testpdf.Locked(), "not a PDF": []byte("x"),
		"cut off": testpdf.Contract(1)[:2000],
	} {
		for _, p := range []overlay.Preparation{{Legend: pdftest.Legend}, {SignaturePage: pdftest.Signatories(1)}, {}} {
			if _, _, err := overlay.Prepare(t.Context(), raw, p); !errors.As(err, &refusal) {
				t.Errorf("%s: got %v, want a refusal", name, err)
			}
		}
	}
	var missing *font.MissingGlyphError
	_, _, err := overlay.Prepare(
		t.Context(), testpdf.Contract(1),
		overlay.Preparation{SignaturePage: []overlay.Signatory{{Role: "Buyer", Name: "张伟"}}},
	)
	if !errors.As(err, &missing) || missing.Char != '张' {
		t.Errorf("got %v, want 张 missing", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := overlay.Prepare(
		canceled, testpdf.Contract(2), overlay.Preparation{Legend: pdftest.Legend},
	); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestPrepareNothing(t *testing.T) {
	t.Parallel()
	raw := testpdf.Contract(2)
	out, blocks, err := overlay.Prepare(t.Context(), raw, overlay.Preparation{})
	if err != nil || !bytes.Equal(out, raw) || blocks != nil {
		t.Errorf("got %d bytes of %d, %v, %v", len(out), len(raw), blocks, err)
	}
}

func TestPrepareEveryGeometry(t *testing.T) {
	t.Parallel()
	for name, raw := range pdftest.EveryGeometry() {
		out, blocks, err := overlay.Prepare(
			t.Context(), raw, overlay.Preparation{Legend: pdftest.Legend, SignaturePage: pdftest.Signatories(2)},
		)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.HasPrefix(out, raw) {
			t.Errorf("%s: the input is not a prefix of the result", name)
		}
		info, err := pdfinspect.Inspect(t.Context(), out, pdf.Limits{})
		if err != nil || len(info.Pages) != 2 || info.Sealing.Mode != pdfinspect.SealingEmbedded {
			t.Errorf("%s: got %+v, %v", name, info, err)
			continue
		}
		pdftest.Shows(t, name, out, 1, pdftest.Legend)
		pdftest.Shows(t, name, out, 2, pdftest.Legend, "Signatures", "Buyer 1: Łukasz Żółć", "Buyer 2: Łukasz Żółć", "Date")
		var kinds []string
		for _, b := range blocks {
			kinds = append(kinds, b.Role+" "+b.Kind)
			if b.Page != 2 || b.X < 0 || b.Y < 0 || b.W < 0.1 || b.H < 0.02 || b.X+b.W > 1 || b.Y+b.H > 1 {
				t.Errorf("%s: block %+v", name, b)
			}
		}
		if diff := cmp.Diff(
			[]string{"Buyer 1 signature", "Buyer 1 date", "Buyer 2 signature", "Buyer 2 date"}, kinds,
		); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPrepareManySignatories(t *testing.T) {
	t.Parallel()
	out, blocks, err := overlay.Prepare(
		t.Context(), testpdf.Contract(3), overlay.Preparation{SignaturePage: pdftest.Signatories(50)},
	)
	if err != nil {
		t.Fatal(err)
	}
	info, err := pdfinspect.Inspect(t.Context(), out, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(blocks) != 100 || blocks[99].Page != len(info.Pages) {
		t.Errorf("got %d blocks, the last on page %d of %d", len(blocks), blocks[len(blocks)-1].Page, len(info.Pages))
	}
	for i := 2; i < len(blocks); i += 2 {
		a, b := blocks[i-2], blocks[i]
		if a.Page == b.Page && a.Y+a.H > b.Y {
			t.Errorf("blocks %d and %d overlap: %+v, %+v", i-2, i, a, b)
		}
	}
}

// TestLegendStaysAtTheFoot: the ground of the legend covers a tenth of a page at most, however small the page is, and
// nothing beside the page.
func TestLegendStaysAtTheFoot(t *testing.T) {
	t.Parallel()
	ground := regexp.MustCompile(`1 1 1 rg\n(\S+) (\S+) (\S+) (\S+) re`)
	for _, size := range [][2]float64{{30, 30}, {60, 30}, {72, 72}, {200, 100}, {226, 3000}, {612, 792}, {3000, 226}} {
		raw := testpdf.New(testpdf.Options{Pages: 1, Page: fmt.Sprintf("/MediaBox[0 0 %g %g]", size[0], size[1])})
		out, _, err := overlay.Prepare(t.Context(), raw, overlay.Preparation{Legend: pdftest.Legend})
		if err != nil {
			t.Fatal(err)
		}
		d, err := pdf.Open(out, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, n := range d.Numbers() {
			o, err := d.Object(n)
			s, stream := o.(*pdf.Stream)
			if err != nil || !stream || s.Dict["Subtype"] != pdf.Name("Form") {
				continue
			}
			content, err := d.Decode(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range ground.FindAllSubmatch(content, -1) {
				var r [4]float64
				for i := range r {
					if r[i], err = strconv.ParseFloat(string(m[i+1]), 64); err != nil {
						t.Fatal(err)
					}
				}
				if seen++; r[0] < 0 || r[1] < 0 || r[0]+r[2] > size[0] || r[1]+r[3] > size[1]*0.1 {
					t.Errorf("a page of %g: the ground is %g", size, r)
				}
			}
		}
		if seen == 0 {
			t.Errorf("a page of %g: no ground found", size)
		}
	}
}

// TestLongNamesStayReadable: no text of a signature page is smaller than 5 points, also where role and name are long.
func TestLongNamesStayReadable(t *testing.T) {
	t.Parallel()
	font := regexp.MustCompile(`/F\d+ (\S+) Tf`)
	long := strings.TrimSpace(strings.Repeat("Maximiliana ", 17))[:200]
	out, _, err := overlay.Prepare(
		t.Context(), testpdf.Simple(1, "Loan"),
		overlay.Preparation{SignaturePage: []overlay.Signatory{{Role: long[:190], Name: long}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	d, err := pdf.Open(out, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Page(2)
	if err != nil {
		t.Fatal(err)
	}
	content, err := contentstream.Content(d, p)
	if err != nil {
		t.Fatal(err)
	}
	sizes := font.FindAllSubmatch(content, -1)
	for _, m := range sizes {
		if size, err := strconv.ParseFloat(string(m[1]), 64); err != nil || size < 5 {
			t.Errorf("text of %s points", m[1])
		}
	}
	if len(sizes) < 3 {
		t.Errorf("%d texts found on the signature page", len(sizes))
	}
}

// TestPrepareSharesWhatPagesShare: what is added does not grow with what the pages share, and little with their number.
func TestPrepareSharesWhatPagesShare(t *testing.T) {
	t.Parallel()
	raw := testpdf.Shared(200)
	out, _, err := overlay.Prepare(t.Context(), raw, overlay.Preparation{Legend: pdftest.Legend})
	if err != nil {
		t.Fatal(err)
	}
	if grown := len(out) - len(raw); grown > 130_000 {
		t.Errorf("200 pages that share 20 kB of resources grew by %d bytes", grown)
	}
}

func TestPreparedFilesInOtherReaders(t *testing.T) {
	pdftest.Tools(t)
	t.Parallel()
	for name, raw := range pdftest.EveryGeometry() {
		out, _, err := overlay.Prepare(
			t.Context(), raw, overlay.Preparation{Legend: pdftest.Legend, SignaturePage: pdftest.Signatories(3)},
		)
		if err != nil {
			t.Fatal(err)
		}
		pdftest.Sound(t, name, out)
		words := wordsOf(t, out)
		low := 0
		for _, w := range words {
			if w.y0 > 0.75 && w.y1 < 1.01 && w.x0 > 0 && w.x1 < 1 && (w.text == "authoritative" || w.text == "copy.") {
				low++
			}
		}
		if low != 2 {
			t.Errorf("%s: the legend does not stand at the foot", name)
		}
	}
}

func ExamplePrepare() {
	raw := testpdf.Contract(3)
	out, blocks, err := overlay.Prepare(context.Background(), raw, overlay.Preparation{
		Legend:        "The authoritative copy is the one in its vault of record; every other file or print is a copy.",
		SignaturePage: []overlay.Signatory{{Role: "Buyer", Name: "Marisol Ibarra"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.HasPrefix(out, raw))
	for _, b := range blocks {
		fmt.Printf("%s %s on page %d at %.2f, %.2f\n", b.Role, b.Kind, b.Page, b.X, b.Y)
	}
	// Output:
	// true
	// Buyer signature on page 4 at 0.10, 0.13
	// Buyer date on page 4 at 0.59, 0.13
}
