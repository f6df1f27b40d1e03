package pool_test

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
	"github.com/evaultlib/evault/vault/pool"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A dealer sells two contracts as one to a bank.
func ExampleEngine_Start() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "evault")
	must(err)
	defer os.RemoveAll(dir)
	e, err := embedded.Open(ctx, embedded.Options{Dir: dir})
	must(err)
	defer e.Close()
	for id, name := range map[string]string{"org_dealer": "Dealer LLC", "org_bank": "First Bank"} {
		_, err := e.Scopes.CreateOrganization(ctx, scopes.Organization{ID: id, LegalName: name})
		must(err)
	}
	ann := event.Actor{Kind: event.ActorMember, ID: "ann", OrgID: "org_dealer"}
	bob := event.Actor{Kind: event.ActorMember, ID: "bob", OrgID: "org_bank"}
	depositor, err := e.Depositor(ctx, "org_dealer")
	must(err)
	var contracts []string
	for _, car := range []string{"Truck 1", "Truck 2"} {
		paper, err := e.ESign.Create(ctx, esign.CreateRequest{
			OrgID: "org_dealer", Actor: ann, CustomerName: "Carl Buyer", CustomerEmail: "carl@example.com", EnvelopeKind: esign.KindPaper,
		})
		must(err)
		_, _, err = e.ESign.Upload(ctx, esign.UploadRequest{OrgID: "org_dealer", EnvelopeID: paper.ID, Actor: ann, Document: testpdf.Simple(1, "Lease of "+car)})
		must(err)
		_, _, err = e.Handover.VaultIn(ctx, handover.VaultInRequest{
			EnvelopeID: paper.ID, Depositor: depositor, Regime: certificate.UCC9105of2022, Jurisdiction: "US-NY", Actor: ann,
		})
		must(err)
		contracts = append(contracts, paper.ID)
	}

	june, err := e.Pools.Create(ctx, pool.CreateRequest{OrgID: "org_dealer", Name: "June", EnvelopeIDs: contracts})
	must(err)
	code, _, err := e.Vault.MakeReceivingCode(ctx, vault.ReceivingCodeRequest{OrgID: "org_bank", OrgName: "First Bank", Actor: bob})
	must(err)
	batch, err := e.Pools.Start(ctx, pool.StartRequest{
		OrgID: "org_dealer", PoolID: june.ID, ReceivingCode: code, Mode: pool.Atomic, Purpose: custody.PurposeSale, Actor: ann,
	})
	must(err)
	_, err = e.Pools.Due(ctx, 100) // embedded.Run does this in the background
	must(err)
	_, err = e.Pools.Accept(ctx, pool.AnswerRequest{OrgID: "org_bank", BatchID: batch.ID, Actor: bob})
	must(err)
	_, err = e.Pools.Due(ctx, 100)
	must(err)
	batch, err = e.Pools.Batch(ctx, "org_bank", batch.ID)
	must(err)
	fmt.Println(batch.Status, batch.Done, "of", batch.Total)
	items, err := e.Pools.Items(ctx, "org_bank", batch.ID, pool.ItemAccepted, 0, 10)
	must(err)
	fmt.Println(len(items), "contracts of", batch.Assignee.Name)
	// Output:
	// accepted 2 of 2
	// 2 contracts of First Bank
}
