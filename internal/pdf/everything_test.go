package pdf_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestHostileFiles runs everything that takes a stranger's file on the hostile set. That it is soon over is shown by
// counting, here, and by the kernel's clock in esign/inspect: no verb may read a file, or what comes out of it, more
// than a few times.
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
			_, _, err := overlay.Prepare(
				ctx, raw,
				overlay.Preparation{Legend: "Legend", SignaturePage: []overlay.Signatory{{Role: "Buyer", Name: "Jane"}}, Limits: l},
			)
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
				if err := copymark.CheckCopy(out, copymark.DefaultText, "cpy_1"); err != nil {
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
	for _, raw := range [][]byte{
		testpdf.Form(), testpdf.Encrypted(), testpdf.Unruly(), testpdf.Contract(1), testpdf.Hybrid(1),
		testpdf.ObjectStream(2),
	} {
		f.Add(raw)
	}
	// so that there are many inputs a second
	limits := pdf.Limits{Bytes: 1 << 20, Objects: 5000, Decoded: 1 << 20, Depth: 50}
	f.Fuzz(func(t *testing.T, raw []byte) { everything(t, "input", raw, limits) })
}
