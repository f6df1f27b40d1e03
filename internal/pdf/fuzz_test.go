package pdf_test

import (
	"bytes"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testpdf"
)

// FuzzOpen feeds the parser anything. Nothing may panic, and a file that is accepted for extension can be extended and
// read again.
func FuzzOpen(f *testing.F) {
	for _, kind := range testpdf.Structures() {
		f.Add(
			testpdf.New(
				testpdf.Options{
					Structure: kind, Pages: 1, Catalog: "/AcroForm<</Fields[30 0 R]>>",
					Objects: map[int]string{30: "<</FT/Sig/T(A)>>"},
				},
			),
		)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		limits := pdf.Limits{Bytes: 1 << 20, Objects: 10_000, Decoded: 1 << 20, Depth: 50}
		d, err := pdf.Open(raw, limits)
		if err != nil {
			return
		}
		for _, n := range d.Numbers() {
			o, err := d.Object(n)
			if s, ok := o.(*pdf.Stream); ok && err == nil {
				_, _ = d.Decode(s)
			}
		}
		_, _ = acroform.SignatureFields(d)
		_, _, _ = signing.SignedPrefixes(d)
		if _, err := d.Pages(); err != nil || acroform.Extendable(d) != "" {
			return
		}
		u, err := d.Update()
		if err != nil {
			t.Fatalf("Extendable says yes, Update says %v", err)
		}
		p, err := d.Page(1)
		if err != nil {
			t.Fatal(err)
		}
		if err := acroform.AddField(u, u.Add(pdf.Dict{"FT": pdf.Name("Sig")}), p, 3); err != nil {
			return
		}
		appended, err := u.Close()
		if err != nil {
			t.Fatal(err)
		}
		again, err := pdf.Open(append(bytes.Clone(raw), appended...), limits)
		if err != nil || again.Repaired() {
			t.Fatalf("an update broke the file: %v", err)
		}
	})
}
