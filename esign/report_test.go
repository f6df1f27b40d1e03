package esign_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestCertificateOfCompletionNamesPeople: the certificate of completion names
// organizations and signers by name, says in words what happened, and how each
// signer was identified.
func TestCertificateOfCompletionNamesPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *esign.Config) {
		c.Sender = func(context.Context, string) (esign.Sender, error) {
			return esign.Sender{LegalName: "Lakeshore Motors LLC", Contact: esign.Contact{Phone: "+1 (555) 0100", PostalAddress: "1 Main Street\nMadison"}}, nil
		}
	})
	env := b.create()
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	b.sign(b.link(env.ID, "lz@example.com"), "Łukasz Żółć")
	c, err := b.Completion(t.Context(), org, env.ID)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := b.Objects.Read(t.Context(), c.Object)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := extract.PageTexts(whole)
	if err != nil {
		t.Fatal(err)
	}
	certificate := strings.Join(pages[env.Document.Pages:], "")
	for _, want := range []string{
		"Sender Lakeshore Motors LLC", "Sender's contact +1 (555) 0100, 1 Main Street, Madison", "Signed by all 2 signers, the last on 2026-11-23", "Lakeshore Motors LLC, by its API key",
		"only by possession of a signing link, which the sender could read as well", "Links disclosed", "Ada Byron", "Łukasz Żółć",
	} {
		if !strings.Contains(certificate, strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the certificate does not say %q", want)
		}
	}
	for _, not := range []string{org, env.Signers[0].ID, "envelope.signed", "links_disclosed"} {
		if strings.Contains(certificate, not) {
			t.Errorf("the certificate says %q", not)
		}
	}
	if t.Failed() {
		t.Logf("%s", certificate)
	}
}

// TestCertificateOfCompletionHasTheDocumentsPaper: no Letter pages end a contract on A4.
func TestCertificateOfCompletionHasTheDocumentsPaper(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for media, want := range map[[4]float64]pdf.Rect{
		{0, 0, 612, 792}: pdf.Letter(), {0, 0, 595, 842}: pdf.A4(), {0, 0, 842, 595}: pdf.A4(), {0, 0, 612, 1008}: pdf.Letter(), {0, 0, 700, 700}: pdf.Letter(),
	} {
		env := b.create(func(r *esign.CreateRequest) {
			r.Document = testpdf.Build(testpdf.Classic, testpdf.Page{Media: media, Content: "BT /F1 14 Tf 72 100 Td (Contract) Tj ET"})
			r.Fields = nil
		})
		b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
		b.sign(b.link(env.ID, "lz@example.com"), "Łukasz Żółć")
		c, err := b.Completion(t.Context(), org, env.ID)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := b.Objects.Read(t.Context(), c.Object)
		if err != nil {
			t.Fatal(err)
		}
		d, err := pdf.Open(whole, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		pages, err := d.Pages()
		if err != nil {
			t.Fatal(err)
		}
		if last := pages[len(pages)-1].MediaBox; math.Abs(last.Width()-want.Width()) > 0.1 || math.Abs(last.Height()-want.Height()) > 0.1 {
			t.Errorf("pages of %v end with one of %v, want %v", media, last, want)
		}
	}
}
