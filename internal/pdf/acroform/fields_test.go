package acroform_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestUpdateKeepsTheForm(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(
		testpdf.Options{
			Catalog: "/AcroForm<</Fields 31 0 R/DA(x)/XFA(y)>>", Objects: map[int]string{30: "<</FT/Tx/T(A)>>", 31: "[30 0 R]"},
		},
	)
	d := pdftest.Extend(t, raw, func(u *pdf.Update) {
		page, err := u.Document().Page(1)
		if err != nil {
			t.Fatal(err)
		}
		if err := acroform.AddField(u, u.Add(pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("S")}), page, 3); err != nil {
			t.Fatal(err)
		}
	})
	c, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	form, err := d.Dict(c["AcroForm"])
	if err != nil {
		t.Fatal(err)
	}
	fields, err := d.Array(form["Fields"])
	if err != nil || len(fields) != 2 || form["DA"] == nil || form["XFA"] == nil || form["SigFlags"] != int64(3) {
		t.Errorf("got %v with %v, %v", form, fields, err)
	}
	list, err := d.Array(pdf.Ref{Num: 31})
	if err != nil || len(list) != 1 {
		t.Errorf("the old list was changed: %v, %v", list, err)
	}
}

func TestSignatureFields(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{Catalog: "/AcroForm<</Fields[30 0 R 34 0 R]>>", Objects: map[int]string{
		30: "<</T(Buyer)/FT/Sig/Kids[31 0 R 32 0 R]>>", 31: "<</T(One)/V 33 0 R>>", 32: "<</T(Two)>>", 33: "<</Type/Sig>>",
		34: "<</T(Date)/FT/Tx>>",
	}})
	fields, err := acroform.SignatureFields(pdftest.Open(t, raw))
	if err != nil || len(fields) != 2 || fields[0].Name != "Buyer.One" || fields[0].Value != (pdf.Ref{Num: 33}) ||
		fields[1].Value != nil {
		t.Errorf("got %+v, %v", fields, err)
	}
	loop := testpdf.New(
		testpdf.Options{Catalog: "/AcroForm<</Fields[30 0 R]>>", Objects: map[int]string{30: "<</T(A)/Kids[30 0 R]>>"}},
	)
	if _, err := acroform.SignatureFields(pdftest.Open(t, loop)); err == nil {
		t.Error("a field that is its own child was accepted")
	}
}
