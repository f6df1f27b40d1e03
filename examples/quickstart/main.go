// Command quickstart takes one contract from PDF to released original, without
// a server: it makes an envelope, signs it as two people, seals it, vaults it,
// evaluates and certifies it, makes a marked copy and releases the original.
// It leaves what it made in a folder that it names.
//
//	go run ./examples/quickstart
//
// Stability: an example to read and copy; flags and output may change with any version.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func main() {
	inspect.Main() // documents are examined in limited children of this program
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// contract is who we are and what has been made so far.
type contract struct {
	*embedded.Embedded
	org      *scopes.Organization
	actor    esign.Actor
	folder   string
	envelope string
}

func run(ctx context.Context) error {
	begin := time.Now()
	folder, err := os.MkdirTemp("", "evault-quickstart-")
	if err != nil {
		return err
	}
	v, err := embedded.Open(ctx, embedded.Options{
		Dir: filepath.Join(folder, "vault"), Custodian: &vault.Custodian{Party: custody.Party{Name: "Quickstart Vault Operator"}},
	})
	if err != nil {
		return err
	}
	defer v.Close()
	org, err := v.Scopes.CreateOrganization(ctx, scopes.Organization{ID: "org_quickstart", LegalName: "Quickstart Lending Inc.", Capacity: scopes.Principal})
	if err != nil {
		return err
	}
	c := &contract{Embedded: v, org: org, actor: esign.Actor{Kind: "member", ID: "treasurer", OrgID: org.ID}, folder: folder}
	for _, step := range []func(context.Context) error{c.send, c.sign, c.vaultIn, c.certify, c.copies, c.release} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	fmt.Printf("\nAll of it in %s. What was made is in\n%s\n", time.Since(begin).Round(time.Millisecond), folder)
	return nil
}

// send makes an envelope for two signers, in order, and sends it.
func (c *contract) send(ctx context.Context) error {
	pdf, err := installmentContract()
	if err != nil {
		return err
	}
	env, err := c.ESign.Create(ctx, esign.CreateRequest{
		OrgID: c.org.ID, Actor: c.actor,
		CustomerName: "Ada Byron", CustomerEmail: "ada@example.com", EnvelopeName: "Excavator 42",
		Document: pdf, Filename: "excavator-42.pdf", SigningOrder: esign.OrderSequential,
		Signers: []esign.SignerSpec{
			{Name: "Ada Byron", Email: "ada@example.com", Role: "buyer"},
			{Name: "Grace Hopper", Email: "grace@example.com", Role: "seller"},
		},
		Fields: []esign.FieldSpec{
			{Kind: esign.FieldSignature, Role: "buyer", Page: 1, X: 0.12, Y: 0.79, W: 0.32, H: 0.06},
			{Kind: esign.FieldDate, Role: "buyer", Page: 1, X: 0.12, Y: 0.87, W: 0.2, H: 0.025},
			{Kind: esign.FieldSignature, Role: "seller", Page: 1, X: 0.56, Y: 0.79, W: 0.32, H: 0.06},
			{Kind: esign.FieldDate, Role: "seller", Page: 1, X: 0.56, Y: 0.87, W: 0.2, H: 0.025},
		},
		Send: true,
	})
	if err != nil {
		return err
	}
	c.envelope = env.ID
	fmt.Printf("1. Envelope %s: %d pages, %s to %d signers\n", env.ID, env.Document.Pages, env.Status, len(env.Signers))
	return c.keep("1-sent.pdf", pdf)
}

// sign walks each signer, when it is that signer's turn, through reading,
// consenting and signing.
func (c *contract) sign(ctx context.Context) error {
	client := esign.Client{Addr: "192.0.2.7", UserAgent: "quickstart"}
	for turn := range 2 {
		links, err := c.ESign.SigningLinks(ctx, esign.LinksRequest{OrgID: c.org.ID, EnvelopeID: c.envelope, Actor: c.actor})
		if err != nil {
			return err
		}
		link := links[turn]
		if _, err := c.ESign.Document(ctx, link.Token, client); err != nil {
			return err
		}
		session, err := c.ESign.Session(ctx, link.Token, client)
		if err != nil {
			return err
		}
		if _, err := c.ESign.Consent(ctx, esign.ConsentRequest{Token: link.Token, DisclosureSHA256: session.DisclosureSHA256, Client: client}); err != nil {
			return err
		}
		result, err := c.ESign.Sign(ctx, esign.SignRequest{
			Token: link.Token, Client: client, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: link.Name},
		})
		if err != nil {
			return err
		}
		fmt.Printf("2. %s read, consented and signed; the envelope is %s\n", link.Name, result.EnvelopeStatus)
	}
	return nil
}

// vaultIn makes the completed contract the one authoritative copy.
func (c *contract) vaultIn(ctx context.Context) error {
	depositor, err := c.Depositor(ctx, c.org.ID)
	if err != nil {
		return err
	}
	rec, _, err := c.Handover.VaultIn(ctx, handover.VaultInRequest{
		EnvelopeID: c.envelope, Actor: c.actor, Jurisdiction: "US-NY", Depositor: depositor,
	})
	if err != nil {
		return err
	}
	fmt.Printf("3. Vaulted as version %d, %s, assignee %s, custodian %s\n", rec.Original.Version, rec.Original.DocumentHash[:16]+"…", rec.Original.SecuredParty.Name, rec.Original.Custodian.Party.Name)
	file, err := c.Vault.ReadAuthoritative(ctx, vault.ReadRequest{OrgID: c.org.ID, EnvelopeID: c.envelope, Actor: c.actor})
	if err != nil {
		return err
	}
	return c.keep("2-authoritative.pdf", file.Content)
}

// certify prints the checks and verifies the certificate as anyone can.
func (c *contract) certify(ctx context.Context) error {
	evaluation, err := c.Compliance.Evaluate(ctx, c.org.ID, c.envelope, c.actor)
	if err != nil {
		return err
	}
	fmt.Println("4. Compliance under", evaluation.Result.Regime)
	for _, check := range evaluation.Result.Checks {
		mark := "no "
		if check.Met() {
			mark = "yes"
		}
		fmt.Printf("   %s  %-18s %s\n", mark, check.Reference, check.Requirement)
	}
	cert, err := c.Compliance.Certificate(ctx, c.org.ID, c.envelope, 0)
	if err != nil {
		return err
	}
	document, err := cert.Document()
	if err != nil {
		return err
	}
	keys, err := c.Compliance.Keys(ctx)
	if err != nil {
		return err
	}
	if _, err := certificate.VerifyDocument(document, keys); err != nil {
		return err
	}
	document[len(document)/2] ^= 1
	if _, err := certificate.VerifyDocument(document, keys); err == nil {
		return fmt.Errorf("an altered certificate verifies")
	}
	document[len(document)/2] ^= 1
	fmt.Printf("   certificate %s, serial %d: signature, checkpoint and %d log proofs verify offline; with one bit changed they do not\n", cert.ID, cert.Serial, len(cert.Log.Entries))
	record, err := c.Compliance.CustodyRecord(ctx, cert)
	if err != nil {
		return err
	}
	if err := c.keep("3-custody-record.pdf", record); err != nil {
		return err
	}
	return c.keep("3-certificate.json", document)
}

// copies makes the copy that may be handed around.
func (c *contract) copies(ctx context.Context) error {
	file, err := c.Vault.ReadCopy(ctx, vault.ReadRequest{OrgID: c.org.ID, EnvelopeID: c.envelope, Actor: c.actor})
	if err != nil {
		return err
	}
	fmt.Println("5. Marked copy: every page says that it is not the authoritative copy")
	return c.keep("4-copy.pdf", file.Content)
}

// release hands the original over; afterwards nothing here calls itself
// authoritative.
func (c *contract) release(ctx context.Context) error {
	rel, err := c.Handover.VaultOut(ctx, handover.VaultOutRequest{
		OrgID: c.org.ID, EnvelopeID: c.envelope, Actor: c.actor, Reason: "payoff",
		Recipient: custody.Recipient{Name: "Ada Byron", Email: "ada@example.com"},
	})
	if err != nil {
		return err
	}
	pkg, err := c.Vault.ReadPackage(ctx, vault.ReadRequest{OrgID: c.org.ID, EnvelopeID: c.envelope, Actor: c.actor})
	if err != nil {
		return err
	}
	if _, err := c.Vault.Acknowledge(ctx, vault.AcknowledgeRequest{OrgID: c.org.ID, EnvelopeID: c.envelope, SHA256: pkg.SHA256, Actor: c.actor}); err != nil {
		return err
	}
	state, err := c.Vault.Lookup(ctx, rel.SHA256)
	if err != nil {
		return err
	}
	fmt.Printf("6. Released to %s; the package was acknowledged; by its digest the original is now %q\n", rel.Recipient.Name, state)
	return c.keep("5-release-package.zip", pkg.Content)
}

func (c *contract) keep(name string, content []byte) error {
	return os.WriteFile(filepath.Join(c.folder, name), content, 0o600)
}
