package vault_test

import (
	"slices"
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// TestEachPartFollowsItsEvents: a feed and the webhooks give the controller all events of
// the copy, a former controller those up to its last switch, one to whom control was
// offered those of its offers, and nobody else any.
func TestEachPartFollowsItsEvents(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		w.deposit(w.request("env_a"))
		refused := w.offer(w.offerRequest("env_a", org, orgOther, custody.PurposeSale))
		if _, err := w.RejectOffer(t.Context(), vault.EndOfferRequest{OrgID: orgOther.Identifier, AssignmentID: refused.ID, Actor: keyOf(orgOther)}); err != nil {
			t.Fatal(err)
		}
		w.warehouse("env_a") // to the bank, to the lender and back
		w.offer(w.offerRequest("env_a", orgBank, orgOther, custody.PurposeSale))
		w.integrate()

		events := w.Events("env_a")
		ends := func(n int) int64 { // the seq of the n-th switch's entry
			var seqs []int64
			for _, e := range events {
				if e.Type == event.CustodyAssigned {
					seqs = append(seqs, e.Seq)
				}
			}
			return seqs[n]
		}
		for p, want := range map[custody.Party]func(e vault.Event) bool{
			orgBank:   func(vault.Event) bool { return true },
			org:       func(e vault.Event) bool { return e.Seq <= ends(1) },
			orgLender: func(e vault.Event) bool { return e.Seq <= ends(3) },
			orgOther: func(e vault.Event) bool {
				offered := event.DataOf[event.CustodyOfferedData](e).To == orgOther.Identifier
				return e.Type == event.CustodyOffered && offered || e.Type == event.CustodyRejected
			},
			{Identifier: "org_stranger"}: func(vault.Event) bool { return false },
		} {
			feed, err := db.Outbox().Feed(t.Context(), storage.FeedQuery{OrgID: p.Identifier, EnvelopeID: "env_a"}, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				inFeed := slices.ContainsFunc(feed, func(f storage.FeedEvent) bool { return f.EventID == e.ID })
				orgs, err := db.Outbox().Followers(t.Context(), e.ID)
				if hears := slices.Contains(orgs, p.Identifier); err != nil || inFeed != want(e) || hears != want(e) {
					t.Errorf("%s, event %d %s: in its feed %t, told %t, %v; want %t", p.Identifier, e.Seq, e.Type, inFeed, hears, err, want(e))
				}
			}
		}
	})
}
