package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault/custody"
)

// One contract, from a PDF to a released original.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	v, err := embedded.Open(ctx, embedded.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()

	org, err := v.Scopes.CreateOrganization(ctx, scopes.Organization{LegalName: "First Lender LLC"})
	if err != nil {
		log.Fatal(err)
	}
	me := esign.Actor{Kind: "member", ID: "ms_lovelace", OrgID: org.ID}
	env, err := v.ESign.Create(ctx, contract(org.ID, me))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("envelope:", env.Status)

	status, err := signAll(ctx, v, org.ID, env.ID, me)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed:", status)

	depositor, err := v.Depositor(ctx, org.ID)
	if err != nil {
		log.Fatal(err)
	}
	rec, _, err := v.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: env.ID, Depositor: depositor, Actor: me})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("vaulted:", rec.Original.Status, "compliant:", *rec.Compliant)

	out, err := v.Handover.VaultOut(ctx, handover.VaultOutRequest{
		OrgID: org.ID, EnvelopeID: env.ID, Reason: "assignment", Recipient: custody.Recipient{Name: "Second Lender Inc."}, Actor: me,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("released to:", out.Recipient.Name)
	// Output:
	// envelope: sent
	// signed: completed
	// vaulted: vaulted compliant: true
	// released to: Second Lender Inc.
}

func contract(orgID string, by esign.Actor) esign.CreateRequest {
	return esign.CreateRequest{
		OrgID: orgID, Actor: by, CustomerName: "Ada Byron", CustomerEmail: "ada@example.com",
		Document: testpdf.Contract(2), Filename: "contract.pdf", Send: true,
	}
}

// signAll does what the signers' pages do.
func signAll(ctx context.Context, v *embedded.Embedded, orgID, envelopeID string, by esign.Actor) (esign.Status, error) {
	links, err := v.ESign.SigningLinks(ctx, esign.LinksRequest{OrgID: orgID, EnvelopeID: envelopeID, Actor: by})
	if err != nil {
		return "", err
	}
	var status esign.Status
	for _, l := range links {
		session, err := v.ESign.Session(ctx, l.Token, esign.Client{})
		if err != nil {
			return "", err
		}
		if _, err := v.ESign.Document(ctx, l.Token, esign.Client{}); err != nil {
			return "", err
		}
		_, err = v.ESign.Consent(ctx, esign.ConsentRequest{Token: l.Token, DisclosureSHA256: session.DisclosureSHA256})
		if signed := new(esign.StateError); err != nil && !errors.As(err, &signed) { // called again after the signature
			return "", err
		}
		done, err := v.ESign.Sign(ctx, esign.SignRequest{Token: l.Token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: l.Name}})
		if err != nil {
			return "", err
		}
		status = done.EnvelopeStatus
	}
	return status, nil
}

// A row of the host and an envelope commit together, or not at all.
func Example_hostTransaction() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	v, err := embedded.Open(ctx, embedded.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	db := v.Store.Bun()
	if _, err := db.ExecContext(ctx, "CREATE TABLE loans (loan TEXT PRIMARY KEY, envelope_id TEXT)"); err != nil {
		log.Fatal(err)
	}

	errRefused := errors.New("the loan was refused")
	for _, refuse := range []error{errRefused, nil} {
		// Files are staged first: inside the transaction there is SQL alone.
		draft, err := v.ESign.Prepare(ctx, contract("org_lender", esign.Actor{Kind: "system", ID: "loans"}))
		if err != nil {
			log.Fatal(err)
		}
		err = db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			env, err := v.ESign.With(sqlstore.Join(tx)).Create(ctx, draft)
			if err != nil {
				return err // storage.ErrRetry: run the whole transaction again
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO loans VALUES ('loan 42', ?)", env.ID); err != nil {
				return err
			}
			return refuse
		})
		loans, _ := db.NewSelect().Table("loans").Count(ctx)
		_, missing := v.ESign.Envelope(ctx, "org_lender", draft.EnvelopeID())
		fmt.Printf("transaction: %v, loans: %d, envelope is there: %t\n", err, loans, missing == nil)
	}
	// Output:
	// transaction: the loan was refused, loans: 0, envelope is there: false
	// transaction: <nil>, loans: 1, envelope is there: true
}
