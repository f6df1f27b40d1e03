package pdfinspect_test

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestInspectRefuses(t *testing.T) {
	t.Parallel()
	hostile := testpdf.Hostile()
	for _, c := range []struct {
		name   string
		raw    []byte
		limits pdf.Limits
		reason string
	}{
		{"nothing", nil, pdf.Limits{}, pdf.ReasonNotPDF},
		{"web page", hostile["not a pdf"], pdf.Limits{}, pdf.ReasonNotPDF},
		{"password", testpdf.Locked(), pdf.Limits{}, pdf.ReasonPassword},
		{"no pages", hostile["no pages"], pdf.Limits{}, pdf.ReasonNoPages},
		{"header only", hostile["header only"], pdf.Limits{}, pdf.ReasonDamaged},
		{"page tree in a circle", hostile["pages two loop"], pdf.Limits{}, pdf.ReasonDamaged},
		{"bytes", testpdf.Contract(3), pdf.Limits{Bytes: 1000}, pdf.ReasonTooLarge},
		{"pages", testpdf.Contract(3), pdf.Limits{Pages: 2}, pdf.ReasonTooManyPages},
		{
			"revisions", append(testpdf.Simple(1, "x"), strings.Repeat("startxref\n1\n%%EOF\n", 1000)...),
			pdf.Limits{},
			pdf.ReasonRevisions,
		},
		{"objects", testpdf.Contract(30), pdf.Limits{Objects: 20}, pdf.ReasonTooManyObjects},
		{"nesting", hostile["deep page tree"], pdf.Limits{}, pdf.ReasonTooDeep},
		{"decoded bytes", hostile["object bomb"], pdf.Limits{}, pdf.ReasonDecodeLimit},
		{"unknown encryption", hostile["no encryption"], pdf.Limits{}, pdf.ReasonUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := pdfinspect.Inspect(t.Context(), c.raw, c.limits)
			var r *pdf.Refusal
			if !errors.As(err, &r) || r.Reason != c.reason {
				t.Errorf("got %v, want a refusal for %s", err, c.reason)
			}
		})
	}
}

func TestInspectNamesActiveContent(t *testing.T) {
	t.Parallel()
	for name, raw := range testpdf.Active() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimRight(name, " 0123456789")
			if !slices.Contains(info.ActiveContent, want) {
				t.Errorf("got %v, want %s in it", info.ActiveContent, want)
			}
			if !slices.IsSorted(info.ActiveContent) {
				t.Errorf("%v is not sorted", info.ActiveContent)
			}
		})
	}
}

// TestInspectLeavesPlainFilesAlone: nothing is named in files without active content, whatever their structure.
func TestInspectLeavesPlainFilesAlone(t *testing.T) {
	t.Parallel()
	files := testpdf.Odd()
	maps.Copy(files, map[string][]byte{
		"contract": testpdf.Contract(12), "xref stream": testpdf.XRefStream(3), "object streams": testpdf.ObjectStream(120),
		"hybrid": testpdf.Hybrid(3),
		"shared": testpdf.Shared(3), "opens at a page": testpdf.OpensAtPage(),
	})
	for name, raw := range files {
		info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(info.ActiveContent) > 0 || len(info.Warnings) > 0 || info.Encrypted != pdfinspect.EncryptedNo || info.Signed {
			t.Errorf("%s: got %+v", name, info)
		}
		if want := (pdfinspect.Sealing{Mode: pdfinspect.SealingEmbedded}); info.Sealing != want {
			t.Errorf("%s: got sealing %+v, want %+v", name, info.Sealing, want)
		}
	}
}

func TestInspectSealing(t *testing.T) {
	t.Parallel()
	whole := testpdf.Contract(2)
	for _, c := range []struct {
		name      string
		raw       []byte
		encrypted string
		reason    string
	}{
		{"plain", whole, pdfinspect.EncryptedNo, ""},
		{"owner password", testpdf.Encrypted(), pdfinspect.EncryptedOwner, pdf.BlockEncrypted},
		{"cut off", whole[:len(whole)-30], pdfinspect.EncryptedNo, pdf.BlockDamaged},
	} {
		info, err := pdfinspect.Inspect(t.Context(), c.raw, pdf.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if info.Encrypted != c.encrypted || info.Sealing.Reason != c.reason ||
			(info.Sealing.Mode == pdfinspect.SealingDetached) != (c.reason != "") {
			t.Errorf("%s: got %q, %+v", c.name, info.Encrypted, info.Sealing)
		}
		if len(info.Pages) != 2 {
			t.Errorf("%s: got %d pages, want 2", c.name, len(info.Pages))
		}
	}
}

func TestInspectPageSizes(t *testing.T) {
	t.Parallel()
	odd := testpdf.Odd()
	for name, want := range map[string]contentstream.PageSize{
		"rotated 90": {Width: 792, Height: 612}, "rotated 180": {Width: 612, Height: 792},
		"rotated 270": {Width: 792, Height: 612},
		"landscape":   {Width: 792, Height: 612}, "cropped": {Width: 600, Height: 900},
		"user unit": {Width: 1224, Height: 1584},
		"A0":        {Width: 2384, Height: 3370}, "tiny": {Width: 180, Height: 120}, "shifted": {Width: 612, Height: 792},
	} {
		info, err := pdfinspect.Inspect(t.Context(), odd[name], pdf.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := info.Pages[0]; math.Abs(got.Width-want.Width)+math.Abs(got.Height-want.Height) > 1e-6 {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestInspectStopsWhenCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pdfinspect.Inspect(ctx, testpdf.Contract(3), pdf.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
