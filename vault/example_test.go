package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// opened is an installation in a folder of its own, and a paper contract that
// its host has kept, ready for deposit. (With esign, handover.Engine does
// what the examples do by hand.)
func opened(ctx context.Context) (e *embedded.Embedded, r vault.DepositRequest, end func(), err error) {
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		return nil, r, nil, err
	}
	e, err = embedded.Open(ctx, embedded.Options{Dir: dir})
	if err != nil {
		return nil, r, nil, err
	}
	end = func() {
		_ = e.Close()
		_ = os.RemoveAll(dir)
	}
	o, err := e.Objects.Stage(ctx, "upload", "env_1", testpdf.Contract(2))
	if err != nil {
		return nil, r, end, err
	}
	return e, vault.DepositRequest{
		EnvelopeID: "env_1", OrgID: "org_lender", OrgName: "First Lender LLC",
		Source: custody.Source{Kind: custody.SourcePaper, Object: o, DocumentSHA256: o.SHA256, Sealing: custody.Sealing{Mode: custody.SealingEmbedded}},
		Actor:  vault.Actor{Kind: "key", ID: "key_1"},
		Attestation: &custody.Attestation{
			AttestedBy: "Ada Byron", Capacity: "officer", SignedBy: []string{"Bob Smith"},
			Origin: "scan", PaperOriginal: "destroyed", Statement: "I destroyed the paper after scanning it.",
		},
	}, end, nil
}

func ExampleVault_Deposit() {
	ctx := context.Background()
	e, request, end, err := opened(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()

	c, created, err := e.Vault.Deposit(ctx, request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created:", created, "version:", c.Version, "seal:", c.Seal.Mode, c.Seal.Level)
	fmt.Println("assignee:", c.SecuredParty, "controlled by the", c.Controller.BoundBy)

	again, created, err := e.Vault.Deposit(ctx, request) // the same request changes nothing
	fmt.Println("created:", created, "same copy:", again.CopyID == c.CopyID, err)

	request.EnvelopeID = "env_2" // the same contract in another envelope
	_, _, err = e.Vault.Deposit(ctx, request)
	fmt.Println("not an original:", errors.Is(err, vault.ErrNotAnOriginal))
	// Output:
	// created: true version: 1 seal: embedded B-B
	// assignee: First Lender LLC (org_lender) controlled by the organization
	// created: false same copy: true <nil>
	// not an original: true
}

func ExampleVault_PlaceHold() {
	ctx := context.Background()
	e, request, end, err := opened(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	if _, _, err := e.Vault.Deposit(ctx, request); err != nil {
		fmt.Println(err)
		return
	}

	hold, err := e.Vault.PlaceHold(ctx, vault.HoldRequest{OrgID: "org_lender", EnvelopeID: "env_1", Reason: "Pending litigation", Reference: "26-CV-1042"})
	if err != nil {
		fmt.Println(err)
		return
	}
	release := vault.ReleaseRequest{OrgID: "org_lender", EnvelopeID: "env_1", Reason: "payoff", Recipient: custody.Recipient{Name: "Bob Smith"}}
	_, _, err = e.Vault.Release(ctx, release)
	fmt.Println("on hold:", errors.Is(err, vault.ErrOnHold))

	hold, err = e.Vault.LiftHold(ctx, vault.LiftHoldRequest{OrgID: "org_lender", EnvelopeID: "env_1", HoldID: hold.HoldID})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, created, err := e.Vault.Release(ctx, release)
	fmt.Println("lifted:", hold.LiftedAt != nil, "released:", created, err)
	// Output:
	// on hold: true
	// lifted: true released: true <nil>
}

func ExampleVault_LookupAsset() {
	ctx := context.Background()
	e, request, end, err := opened(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	request.Assets = []custody.Asset{{Kind: custody.AssetVIN, Value: "1HGBH41JX-MN109186", Amount: "18250.00", Currency: "USD"}}
	if _, _, err := e.Vault.Deposit(ctx, request); err != nil {
		fmt.Println(err)
		return
	}

	// A warehouse lender asks before it lends against the same car.
	state, err := e.Vault.LookupAsset(ctx, vault.AssetQuery{OrgID: "org_warehouse", Kind: custody.AssetVIN, Value: "1hgbh41jxmn109186"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("held:", state.Held, "pledged:", state.Pledged, "by us:", state.ByYou)
	// Output:
	// held: true pledged: false by us: false
}

func ExampleVault_AcceptOffer() {
	ctx := context.Background()
	e, request, end, err := opened(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	if _, _, err := e.Vault.Deposit(ctx, request); err != nil {
		fmt.Println(err)
		return
	}
	// The receiver makes a code and gives it to the lender, which offers a sale.
	code, _, err := e.Vault.MakeReceivingCode(ctx, vault.ReceivingCodeRequest{OrgID: "org_trust", OrgName: "Contract Trust"})
	if err != nil {
		fmt.Println(err)
		return
	}
	offer, err := e.Vault.Offer(ctx, vault.OfferRequest{OrgID: "org_lender", EnvelopeID: "env_1", ReceivingCode: code, Purpose: custody.PurposeSale})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = e.Vault.Offer(ctx, vault.OfferRequest{OrgID: "org_lender", EnvelopeID: "env_1", ReceivingCode: code})
	fmt.Println("locked:", errors.Is(err, vault.ErrOfferOpen))

	a, created, err := e.Vault.AcceptOffer(ctx, vault.AcceptRequest{OrgID: "org_trust", AssignmentID: offer.ID})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created:", created, "version:", a.Original.Version, "assignee:", a.Original.SecuredParty, "interest:", a.Original.Interest.Kind)
	_, err = e.Vault.ReadAuthoritative(ctx, vault.ReadRequest{OrgID: "org_lender", EnvelopeID: "env_1"})
	fmt.Println("the lender:", errors.Is(err, vault.ErrNotController))
	// Output:
	// locked: true
	// created: true version: 2 assignee: Contract Trust (org_trust) interest: owner
	// the lender: true
}

func ExampleVault_ReadAuthoritative() {
	ctx := context.Background()
	e, request, end, err := opened(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	c, _, err := e.Vault.Deposit(ctx, request)
	if err != nil {
		fmt.Println(err)
		return
	}

	read := vault.ReadRequest{
		OrgID: "org_lender", EnvelopeID: "env_1", Actor: request.Actor,
		// The host's own row is written with the registration of the read, or the
		// read does not happen.
		Also: func(context.Context, storage.Tx, *vault.File) error { return nil },
	}
	f, err := e.Vault.ReadAuthoritative(ctx, read)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Name, "is what was vaulted:", storage.Sum(f.Content) == c.DocumentHash)

	register, err := e.Vault.RegisteredCopies(ctx, "org_lender", "env_1", storage.Page{Number: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range register.Items {
		fmt.Println("registered:", r.Kind, "of version", r.Version)
	}
	// Output:
	// env_1_authoritative.pdf is what was vaulted: true
	// registered: inspection of version 1
	// registered: copy of version 1
}

func ExampleVault_Release() {
	ctx := context.Background()
	e, request, end, err := opened(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	c, _, err := e.Vault.Deposit(ctx, request)
	if err != nil {
		fmt.Println(err)
		return
	}

	r, _, err := e.Vault.Release(ctx, vault.ReleaseRequest{
		OrgID: "org_lender", EnvelopeID: "env_1", Reason: "assignment",
		Recipient: custody.Recipient{Name: "Cleo Chen", Organization: "Second Lender Inc."}, Actor: request.Actor,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("version", r.Version, "ends version", r.EndsVersion, "and goes to", r.Recipient)
	_, err = e.Vault.ReadAuthoritative(ctx, vault.ReadRequest{OrgID: "org_lender", EnvelopeID: "env_1", Actor: request.Actor})
	fmt.Println("read:", err)

	// handover.Engine adds the certificate and the log's proofs here.
	if _, err := e.Vault.BuildPackage(ctx, "org_lender", "env_1", nil); err != nil {
		fmt.Println(err)
		return
	}
	f, err := e.Vault.ReadPackage(ctx, vault.ReadRequest{OrgID: "org_lender", EnvelopeID: "env_1", Actor: request.Actor})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err = e.Vault.Acknowledge(ctx, vault.AcknowledgeRequest{
		OrgID: "org_lender", EnvelopeID: "env_1", SHA256: storage.Sum(f.Content), Actor: request.Actor,
	})
	fmt.Println("delivery:", r.Delivery(), err)

	for _, sha := range []storage.Digest{c.DocumentHash, r.SHA256} {
		state, err := e.Vault.Lookup(ctx, sha)
		fmt.Println("state:", state, err)
	}
	// Output:
	// version 2 ends version 1 and goes to Cleo Chen, Second Lender Inc.
	// read: vault: released
	// delivery: acknowledged <nil>
	// state: superseded <nil>
	// state: released <nil>
}
