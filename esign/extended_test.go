package esign_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestReaderExtendedFormsAreSigned: usage rights are taken out before anyone sees
// the document, and inspection, event and certificate of completion say so.
func TestReaderExtendedFormsAreSigned(t *testing.T) {
	t.Parallel()
	for name, raw := range testpdf.Extended() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			env := b.create(func(r *esign.CreateRequest) { r.Document, r.Signers, r.Fields = raw, r.Signers[:1], nil })
			got := b.get(env.ID).Document
			if !got.Normalized || !slices.Contains(got.Inspection.Normalized, "usage_rights") ||
				slices.Contains(got.Inspection.Normalized, "encryption") != (name == "encrypted") {
				t.Errorf("normalized: %v %v", got.Normalized, got.Inspection.Normalized)
			}
			if e := b.chain(env.ID)[0]; !strings.Contains(string(e.Data), `"usage_rights"`) {
				t.Errorf("the event says %s", e.Data)
			}
			part, err := b.Objects.Read(t.Context(), env.Parts[0].Object)
			if err != nil || bytes.Contains(part, []byte("/ByteRange")) || bytes.Contains(part, []byte("/Perms")) {
				t.Errorf("what the signer sees still has the rights: %v", err)
			}
			b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
			sealed, err := b.Objects.Read(t.Context(), b.get(env.ID).Sealed.Object)
			if err != nil {
				t.Fatal(err)
			}
			report, err := pades.Verify(t.Context(), sealed, pades.Options{Roots: b.PKI.Roots()})
			if err != nil || len(report.Signatures) != 1 || report.Signatures[0].Integrity != pades.IntegrityValid {
				t.Errorf("%+v %v", report, err)
			}
		})
	}
}

// TestNotSignableSaysWhy: what stands in the way is named, never only that the
// file is not supported.
func TestNotSignableSaysWhy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *esign.CreateRequest) { r.Signers, r.Fields = r.Signers[:1], nil })
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	for name, c := range map[string]struct {
		raw          []byte
		reason, says string
	}{
		"portfolio":    {testpdf.Portfolio(), "portfolio", "cover of the attached files"},
		"dynamic form": {testpdf.DynamicForm(), "dynamic_xfa", "made by the viewer"},
		"certified":    {testpdf.Certified(), "signed", "already signed or certified"},
	} {
		r := request()
		r.Document, r.Fields = c.raw, nil
		_, err := b.Create(t.Context(), r)
		var unfit *esign.NotSignableError
		if !errors.As(err, &unfit) || unfit.Reason != c.reason || !strings.Contains(unfit.Obstacle(), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestFormFieldsAreLockedByTheSeal: filling the form afterwards is a change, and
// later seals are possible all the same.
func TestFormFieldsAreLockedByTheSeal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *esign.CreateRequest) { r.Document, r.Signers, r.Fields = testpdf.Form(), r.Signers[:1], nil })
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	sealed, err := b.Objects.Read(t.Context(), b.get(env.ID).Sealed.Object)
	if err != nil {
		t.Fatal(err)
	}
	report, err := pades.Verify(t.Context(), sealed, pades.Options{Roots: b.PKI.Roots()})
	if err != nil || len(report.Signatures) != 1 {
		t.Fatalf("%+v %v", report, err)
	}
	if len(report.Signatures[0].Locks) == 0 {
		t.Error("nothing is locked")
	}
	filled := b.fill(sealed, "plain", "1,000,000 USD")
	if report, err = pades.Verify(t.Context(), filled, pades.Options{Roots: b.PKI.Roots()}); err != nil {
		t.Fatal(err)
	}
	if s := report.Signatures[0]; s.ChangesAfter != pades.ChangesFilled && s.ChangesAfter != pades.ChangesSuspicious {
		t.Errorf("the filled field counts as %s", s.ChangesAfter)
	}
	for range 2 { // the versions of the vault
		seal, err := b.sealer.Seal(t.Context(), pades.SealRequest{PDF: sealed, Reason: "next version"})
		if err != nil {
			t.Fatal(err)
		}
		sealed = append(sealed, seal.Appended...)
	}
	if report, err = pades.Verify(t.Context(), sealed, pades.Options{Roots: b.PKI.Roots()}); err != nil || len(report.Signatures) != 3 {
		t.Fatalf("%+v %v", report, err)
	}
	for _, s := range report.Signatures {
		if !s.OK() {
			t.Errorf("%s: integrity %s, changes %s %v, %s", s.Field, s.Integrity, s.ChangesAfter, s.Changes, s.Problem)
		}
	}
}

// fill appends a revision in which a text field has another value.
func (b *bench) fill(raw []byte, field, value string) []byte {
	b.T.Helper()
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		b.T.Fatal(err)
	}
	u, err := d.Update()
	if err != nil {
		b.T.Fatal(err)
	}
	for _, n := range d.Numbers() {
		o, err := d.Object(n)
		if f, ok := o.(pdf.Dict); ok && err == nil && f["T"] != nil && f["T"].(pdf.String).Text() == field {
			f = f.Clone()
			f["V"] = pdf.TextString(value)
			u.Put(pdf.Ref{Num: n}, f)
		}
	}
	appended, err := u.Close()
	if err != nil {
		b.T.Fatal(err)
	}
	return append(slices.Clone(raw), appended...)
}

// TestInspectionOfWhatIsSigned: what an e-sign document holds is told like that
// of paper.
func TestInspectionOfWhatIsSigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, raw := range testpdf.Active() {
		r := request()
		r.Document, r.Fields = raw, nil
		env, err := b.Create(t.Context(), r)
		if err != nil {
			continue // judged elsewhere
		}
		in := b.get(env.ID).Document.Inspection
		if len(in.ActiveContent) == 0 || !strings.Contains(string(b.chain(env.ID)[0].Data), `"`+in.ActiveContent[0]+`"`) {
			t.Errorf("%s: %v, event %s", name, in.ActiveContent, b.chain(env.ID)[0].Data)
		}
	}
}
