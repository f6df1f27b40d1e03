package compliance_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/event"
)

// exampleCompleted opens an installation in a temporary folder and completes an
// envelope that one person has signed.
func exampleCompleted(ctx context.Context) (e *embedded.Embedded, envelopeID string, cleanup func()) {
	dir, err := os.MkdirTemp("", "evault")
	must(err)
	e, err = embedded.Open(ctx, embedded.Options{Dir: dir})
	must(err)
	_, err = e.Scopes.CreateOrganization(ctx, scopes.Organization{ID: "org_acme", LegalName: "Acme Finance LLC"})
	must(err)
	env, err := e.ESign.Create(ctx, esign.CreateRequest{
		OrgID: "org_acme", Actor: exampleActor, CustomerName: "Ada Byron", CustomerEmail: "ada@example.com",
		Document: testpdf.Contract(1), Filename: "contract.pdf", Send: true,
	})
	must(err)
	links, err := e.ESign.SigningLinks(ctx, esign.LinksRequest{OrgID: "org_acme", EnvelopeID: env.ID, Actor: exampleActor})
	must(err)
	token, client := links[0].Token, esign.Client{Addr: "192.0.2.7", UserAgent: "example"}
	_, err = e.ESign.Document(ctx, token, client)
	must(err)
	_, err = e.ESign.Consent(ctx, esign.ConsentRequest{Token: token, DisclosureSHA256: esign.DefaultDisclosure().SHA256(), Client: client})
	must(err)
	_, err = e.ESign.Sign(ctx, esign.SignRequest{
		Token: token, Client: client, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: "Ada Byron"},
	})
	must(err)
	return e, env.ID, func() {
		_ = e.Close()
		_ = os.RemoveAll(dir)
	}
}

var exampleActor = event.Actor{Kind: "member", ID: "ms_byron", OrgID: "org_acme"}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleEngine_Evaluate() {
	ctx := context.Background()
	e, id, cleanup := exampleCompleted(ctx)
	defer cleanup()

	evaluation, err := e.Compliance.Evaluate(ctx, "org_acme", id, exampleActor)
	must(err)
	for _, c := range evaluation.Checks {
		fmt.Println(c.Met(), c.ID, "·", c.Reference)
	}
	fmt.Println(evaluation.EnvelopeStatus, *evaluation.Score)
	// Output:
	// false single_authoritative_copy · UCC § 9-105(b)(1)
	// true tamper_evident_record · UCC § 9-105(b)(1), (6)
	// false assignee_identified · UCC § 9-105(b)(2)
	// true required_signatures · UCC §§ 1-201, 9-203(b)(3)(D); for a lease § 2A-201
	// false held_by_assignee_or_custodian · UCC § 9-105(b)(3)
	// false consent_to_assignee_change · UCC § 9-105(b)(4)
	// false copies_identifiable · UCC § 9-105(b)(5)
	// false amendments_identifiable · UCC § 9-105(b)(6)
	// completed 25
}

func ExampleEngine_Certificate() {
	ctx := context.Background()
	e, id, cleanup := exampleCompleted(ctx)
	defer cleanup()
	depositor, err := e.Depositor(ctx, "org_acme")
	must(err)
	_, _, err = e.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: id, Depositor: depositor, Actor: exampleActor})
	must(err)

	issued, err := e.Compliance.Certificate(ctx, "org_acme", id, 0)
	must(err)
	document, err := issued.Document()
	must(err)

	// Whoever verifies takes the keys from the issuer, not from the certificate.
	keys, err := e.Compliance.Keys(ctx)
	must(err)
	verified, err := certificate.VerifyDocument(document, keys)
	must(err)
	fmt.Println(verified.Type, verified.Serial, *verified.Compliance.Score)

	document[len(document)/2] ^= 1
	_, err = certificate.VerifyDocument(document, keys)
	fmt.Println(err != nil)
	// Output:
	// ucc_9105_electronic_chattel_paper 1 100
	// true
}

func ExampleEngine_CustodyRecord() {
	ctx := context.Background()
	e, id, cleanup := exampleCompleted(ctx)
	defer cleanup()
	depositor, err := e.Depositor(ctx, "org_acme")
	must(err)
	_, _, err = e.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: id, Depositor: depositor, Actor: exampleActor})
	must(err)

	issued, err := e.Compliance.Certificate(ctx, "org_acme", id, 0)
	must(err)
	pages, err := e.Compliance.CustodyRecord(ctx, issued)
	must(err)
	fmt.Printf("%.8s\n", pages)
	// Output: %PDF-1.7
}

func ExampleEngine_State() {
	ctx := context.Background()
	e, id, cleanup := exampleCompleted(ctx)
	defer cleanup()
	depositor, err := e.Depositor(ctx, "org_acme")
	must(err)
	record, _, err := e.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: id, Depositor: depositor, Actor: exampleActor})
	must(err)

	state, err := e.Compliance.State(ctx, record.CertificateID)
	must(err)
	fmt.Println(state)
	// Output: current
}
