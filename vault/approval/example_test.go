package approval_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/approval"
)

// An organization that requires two keys asks, approves and withdraws. The verb itself,
// such as handover.VaultOut, is given the approval's id.
func ExampleDesk_Ask() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	e, err := embedded.Open(ctx, embedded.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Scopes.CreateOrganization(ctx, scopes.Organization{ID: "org_acme", LegalName: "Acme Finance LLC", TwoKeys: true}); err != nil {
		log.Fatal(err)
	}
	required, err := e.Approvals.Required(ctx, "org_acme")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("two keys:", required)

	_, err = e.Approvals.Ask(ctx, approval.AskRequest{
		OrgID: "org_acme", EnvelopeID: "env_unknown", Verb: approval.Release,
		Request: []byte(`{"reason":"payoff"}`), RequestSHA256: storage.Sum([]byte("the request")),
		Actor: event.Actor{Kind: event.ActorMember, ID: "ann", OrgID: "org_acme"},
	})
	fmt.Println("not in the vault:", errors.Is(err, vault.ErrNotVaulted))
	_, err = e.Approvals.Approve(ctx, approval.AnswerRequest{
		OrgID: "org_acme", ID: "apr_unknown", Actor: event.Actor{Kind: event.ActorMember, ID: "bob", OrgID: "org_acme"},
	})
	fmt.Println("never asked:", errors.Is(err, approval.ErrNotFound))
	list, err := e.Approvals.Approvals(ctx, "org_acme", storage.Page{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("waiting:", list.Total)
	// Output:
	// two keys: true
	// not in the vault: true
	// never asked: true
	// waiting: 0
}
