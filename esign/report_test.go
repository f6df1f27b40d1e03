package esign_test

import (
	"context"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/pdf/extract"
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
