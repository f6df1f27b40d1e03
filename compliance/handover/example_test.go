package handover_test

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
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
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

func ExampleEngine_VaultIn() {
	ctx := context.Background()
	e, id, cleanup := exampleCompleted(ctx)
	defer cleanup()

	depositor, err := e.Depositor(ctx, "org_acme")
	must(err)
	record, created, err := e.Handover.VaultIn(ctx, handover.VaultInRequest{
		EnvelopeID: id, Depositor: depositor, Regime: certificate.UCC9105of2022, Jurisdiction: "US-NY", Actor: exampleActor,
	})
	must(err)
	fmt.Println(created, record.Original.Status, record.Original.SecuredParty.Name, *record.Compliant)

	_, created, err = e.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: id, Depositor: depositor, Actor: exampleActor})
	fmt.Println(created, err)
	// Output:
	// true vaulted Acme Finance LLC true
	// false <nil>
}

func ExampleEngine_VaultOut() {
	ctx := context.Background()
	e, id, cleanup := exampleCompleted(ctx)
	defer cleanup()
	depositor, err := e.Depositor(ctx, "org_acme")
	must(err)
	_, _, err = e.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: id, Depositor: depositor, Actor: exampleActor})
	must(err)

	release, err := e.Handover.VaultOut(ctx, handover.VaultOutRequest{
		OrgID: "org_acme", EnvelopeID: id, Reason: "payoff", Recipient: custody.Recipient{Name: "Ada Byron"}, Actor: exampleActor,
	})
	must(err)
	certificate, err := e.Compliance.Certificate(ctx, "org_acme", id, 0)
	must(err)
	fmt.Println(release.Delivery(), certificate.Subject.Status, certificate.AuthoritativeCopy.HeldHere, certificate.Serial)
	// Output: ready released false 2
}

// exampleMember is a member of an organization, as a host names it.
func exampleMember(org string) event.Actor {
	return event.Actor{Kind: "member", ID: "ms_" + org, OrgID: org}
}

func ExampleEngine_Accept() {
	ctx := context.Background()
	e, id, cleanup := exampleCompleted(ctx)
	defer cleanup()
	depositor, err := e.Depositor(ctx, "org_acme")
	must(err)
	_, _, err = e.Handover.VaultIn(ctx, handover.VaultInRequest{
		EnvelopeID: id, Depositor: depositor, Regime: certificate.UCC9105of2022, Jurisdiction: "US-NY", Actor: exampleActor,
	})
	must(err)

	// The bank gives a receiving code to the dealer, which pledges to it.
	code, _, err := e.Vault.MakeReceivingCode(ctx, vault.ReceivingCodeRequest{OrgID: "org_bank", OrgName: "First Bank", Actor: exampleMember("org_bank")})
	must(err)
	offer, err := e.Handover.Offer(ctx, vault.OfferRequest{
		OrgID: "org_acme", EnvelopeID: id, ReceivingCode: code, Purpose: custody.PurposePledge,
		Obligation: &custody.Obligation{Reference: "Line 7", Amount: "250000.00", Currency: "USD"}, Actor: exampleActor,
	})
	must(err)
	_, _, err = e.Handover.Accept(ctx, vault.AcceptRequest{OrgID: "org_bank", AssignmentID: offer.ID, Actor: exampleMember("org_bank")})
	must(err)

	c, err := e.Compliance.Certificate(ctx, "org_bank", id, 0)
	must(err)
	fmt.Println(c.Controller.Name, "is", c.Interest.Kind, "for", c.Interest.Obligation.Reference, *c.Compliance.Compliant)
	_, err = e.Handover.VaultOut(ctx, handover.VaultOutRequest{
		OrgID: "org_acme", EnvelopeID: id, Reason: "payoff", Recipient: custody.Recipient{Name: "Ada Byron"}, Actor: exampleActor,
	})
	fmt.Println(err)
	// Output:
	// First Bank is pledgee for Line 7 true
	// vault: control has moved to another organization
}

func ExampleEngine_Attest() {
	ctx := context.Background()
	e, _, cleanup := exampleCompleted(ctx)
	defer cleanup()
	depositor, err := e.Depositor(ctx, "org_acme")
	must(err)
	paper, err := e.ESign.Create(ctx, esign.CreateRequest{
		OrgID: "org_acme", Actor: exampleActor, CustomerName: "Bob Buyer", CustomerEmail: "bob@example.com", EnvelopeKind: esign.KindPaper,
	})
	must(err)
	_, _, err = e.ESign.Upload(ctx, esign.UploadRequest{
		OrgID: "org_acme", EnvelopeID: paper.ID, Actor: exampleActor, Document: testpdf.Simple(1, "Signed by Bob Buyer"),
	})
	must(err)
	record, _, err := e.Handover.VaultIn(ctx, handover.VaultInRequest{
		EnvelopeID: paper.ID, Depositor: depositor, Regime: certificate.UCC9105of2022, Jurisdiction: "US-NY", Actor: exampleActor,
	})
	must(err)
	fmt.Println(*record.Compliant)

	record, created, err := e.Handover.Attest(ctx, handover.AttestRequest{
		OrgID: "org_acme", EnvelopeID: paper.ID, Actor: exampleActor, Attestation: custody.Attestation{
			AttestedBy: "Ann Officer", Capacity: "Officer", SignedBy: []string{"Bob Buyer"}, Origin: "scan", PaperOriginal: "destroyed",
			Statement: "I saw Bob Buyer sign the paper and destroyed it after the scan.",
		},
	})
	must(err)
	fmt.Println(created, *record.Compliant)
	// Output:
	// false
	// true true
}
