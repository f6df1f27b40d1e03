package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/internal/testenv"
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
		{"revisions", append(testpdf.Simple(1, "x"), strings.Repeat("startxref\n1\n%%EOF\n", 1000)...), pdf.Limits{}, pdf.ReasonRevisions},
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
		"contract": testpdf.Contract(12), "xref stream": testpdf.XRefStream(3), "object streams": testpdf.ObjectStream(120), "hybrid": testpdf.Hybrid(3),
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
		if info.Encrypted != c.encrypted || info.Sealing.Reason != c.reason || (info.Sealing.Mode == pdfinspect.SealingDetached) != (c.reason != "") {
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
		"rotated 90": {Width: 792, Height: 612}, "rotated 180": {Width: 612, Height: 792}, "rotated 270": {Width: 792, Height: 612},
		"landscape": {Width: 792, Height: 612}, "cropped": {Width: 600, Height: 900}, "user unit": {Width: 1224, Height: 1584},
		"A0": {Width: 2384, Height: 3370}, "tiny": {Width: 180, Height: 120}, "shifted": {Width: 612, Height: 792},
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

// TestHostileFiles runs everything that takes a stranger's file on the hostile set. That it is soon over is shown by
// counting, here, and by the kernel's clock in esign/inspect: no verb may read a file, or what comes out of it, more than
// a few times.
func TestHostileFiles(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	for name, raw := range testpdf.Hostile() {
		everything(t, name, raw, pdf.Limits{})
		d, err := pdf.Open(raw, pdf.Limits{})
		if err != nil {
			continue
		}
		for range 20 { // nothing is kept of an object that cannot be read
			for _, n := range d.Numbers() {
				_, _ = d.Object(n)
			}
		}
		if parsed, decoded := d.Work(); parsed > 7*int64(len(raw))+decoded+32<<20 || decoded > 65<<20 {
			t.Errorf("%s: of %d bytes %d were parsed and %d decoded", name, len(raw), parsed, decoded)
		}
	}
}

// everything calls each verb on raw within limits; each must answer or refuse, and a refusal must be typed.
func everything(t *testing.T, name string, raw []byte, l pdf.Limits) {
	t.Helper()
	ctx, before := t.Context(), bytes.Clone(raw)
	mark := overlay.Mark{Page: 1, X: 0.1, Y: 0.1, W: 0.3, H: 0.1, Kind: overlay.MarkText, Text: "Placed"}
	var info *pdfinspect.Info
	var noCopy error
	for verb, f := range map[string]func() error{
		"Inspect":   func() (err error) { info, err = pdfinspect.Inspect(ctx, raw, l); return err },
		"Normalize": func() error { _, err := pdfinspect.Normalize(ctx, raw, l); return err },
		"Prepare": func() error {
			_, _, err := overlay.Prepare(ctx, raw, overlay.Preparation{Legend: "Legend", SignaturePage: []overlay.Signatory{{Role: "Buyer", Name: "Jane"}}, Limits: l})
			return err
		},
		"Place": func() error {
			_, err := overlay.Place(ctx, raw, []overlay.Mark{mark}, overlay.PlaceOptions{Limits: l})
			return err
		},
		"Append": func() error {
			_, err := typeset.Append(ctx, raw, typeset.Report{Title: "Report", Limits: l})
			return err
		},
		"MarkCopy": func() error {
			out, err := copymark.MarkCopy(ctx, raw, copymark.Mark{CopyID: "cpy_1", Limits: l})
			if err == nil {
				if _, err := pdfinspect.Inspect(ctx, out, pdf.Limits{Bytes: 100 << 20}); err != nil {
					t.Errorf("%s: the copy is not readable: %v", name, err)
				}
				if err := copymark.CheckCopy(out, copyText, "cpy_1"); err != nil {
					t.Errorf("%s: the copy is none: %v", name, err)
				}
			}
			noCopy = err
			return err
		},
	} {
		err := f()
		var r *pdf.Refusal
		if err != nil && !errors.As(err, &r) {
			t.Errorf("%s: %s: %v is not a refusal", name, verb, err)
		}
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Errorf("%s: %s panicked: %v", name, verb, err)
		}
	}
	if info != nil && len(info.Pages) == 0 {
		t.Errorf("%s: accepted without pages", name)
	}
	var r *pdf.Refusal
	if info != nil && errors.As(noCopy, &r) && r.Reason == pdf.ReasonDamaged {
		t.Errorf("%s: accepted, but no copy can be made: %v", name, noCopy)
	}
	if !bytes.Equal(raw, before) {
		t.Errorf("%s: the input was changed", name)
	}
}

func FuzzEverything(f *testing.F) {
	for _, raw := range testpdf.Active() {
		f.Add(raw)
	}
	for _, raw := range testpdf.Hostile() {
		if len(raw) < 20_000 {
			f.Add(raw)
		}
	}
	for _, raw := range [][]byte{testpdf.Form(), testpdf.Encrypted(), testpdf.Unruly(), testpdf.Contract(1), testpdf.Hybrid(1), testpdf.ObjectStream(2)} {
		f.Add(raw)
	}
	limits := pdf.Limits{Bytes: 1 << 20, Objects: 5000, Decoded: 1 << 20, Depth: 50} // so that there are many inputs a second
	f.Fuzz(func(t *testing.T, raw []byte) { everything(t, "input", raw, limits) })
}
