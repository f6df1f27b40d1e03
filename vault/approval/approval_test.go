package approval_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
)

var (
	first  = testworld.KeyOf(testworld.Dealer())
	second = event.Actor{Kind: event.ActorKey, ID: "key_second", OrgID: first.OrgID}
	asked  = storage.Sum([]byte("vault-out"))
)

// world is an installation with one vaulted contract of a dealer that requires two keys.
type world struct {
	*testworld.World
	desk *approval.Desk
	env  string
}

func newWorld(t *testing.T, db *sqlstore.DB) *world {
	t.Helper()
	w := &world{World: testworld.NewBase(t, testworld.Options{DB: db, Memory: true}).World()}
	w.env = w.Completed()
	w.VaultIn(w.env)
	err := db.Scopes().InsertOrganization(t.Context(), scopes.Organization{
		ID: first.OrgID, LegalName: "Dealer", Capacity: scopes.Principal, TwoKeys: true, CreatedAt: w.Clock.Now(),
	})
	testworld.Check(t, err)
	w.desk, err = approval.New(approval.Config{Store: db.Approvals(), Copies: w.Vault, Env: w.Env()})
	testworld.Check(t, err)
	return w
}

func (w *world) ask(verb approval.Verb, sum storage.Digest) *approval.Approval {
	w.T.Helper()
	a, err := w.desk.Ask(w.T.Context(), approval.AskRequest{
		OrgID: first.OrgID, EnvelopeID: w.env, Verb: verb, Request: []byte(`{"reason":"payoff"}`), RequestSHA256: sum, RequestID: "req_1", Actor: first,
	})
	testworld.Check(w.T, err)
	return a
}

func (w *world) approve(id string, by event.Actor) error {
	_, err := w.desk.Approve(w.T.Context(), approval.AnswerRequest{OrgID: first.OrgID, ID: id, Actor: by})
	return err
}

func (w *world) release(edit ...func(*handover.VaultOutRequest)) error {
	r := handover.VaultOutRequest{
		OrgID: first.OrgID, EnvelopeID: w.env, Reason: "payoff", Recipient: testworld.Cleo(), Actor: first, RequestID: "req_1", RequestSHA256: asked,
	}
	for _, e := range edit {
		e(&r)
	}
	_, err := w.Handover.VaultOut(w.T.Context(), r)
	return err
}

func with(id string) func(*handover.VaultOutRequest) {
	return func(r *handover.VaultOutRequest) { r.Approval = id }
}

// TestTwoKeys: nothing moves by one key, and what a second key approved moves once.
func TestTwoKeys(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db)
		wants := func(what string, got, want error) {
			t.Helper()
			if !errors.Is(got, want) {
				t.Errorf("%s: got %v, want %v", what, got, want)
			}
		}
		wants("without an approval", w.release(), approval.ErrRequired)
		wants("an approval that is none", w.release(with("apr_none")), approval.ErrNotFound)
		a := w.ask(approval.Release, asked)
		wants("before the answer", w.release(with(a.ID)), approval.ErrPending)
		wants("by who asked", w.approve(a.ID, first), approval.ErrSameKey)
		wants("by the operator", w.approve(a.ID, event.Actor{Kind: "operator", ID: "op"}), approval.ErrSameKey)
		_, err := w.desk.Approve(t.Context(), approval.AnswerRequest{OrgID: testworld.Bank().Identifier, ID: a.ID, Actor: testworld.KeyOf(testworld.Bank())})
		wants("by another organization", err, approval.ErrNotFound)
		for range 2 {
			wants("by a second key", w.approve(a.ID, second), nil)
		}
		wants("by a third key", w.approve(a.ID, event.Actor{Kind: event.ActorKey, ID: "key_third", OrgID: first.OrgID}), approval.ErrEnded)
		wants("of another request", w.release(with(a.ID), func(r *handover.VaultOutRequest) { r.RequestSHA256 = storage.Sum(nil) }), approval.ErrDiffers)
		wants("by another key", w.release(with(a.ID), func(r *handover.VaultOutRequest) { r.Actor = second }), approval.ErrDiffers)
		_, err = w.Handover.Offer(t.Context(), w.offer(a.ID, asked))
		wants("of another verb", err, approval.ErrDiffers)
		if n := len(w.events(event.VaultReleased)); n != 0 {
			t.Fatalf("%d releases before an approved one", n)
		}

		// An offer with an approval of its own, which it uses.
		sum := storage.Sum([]byte("offer"))
		_, err = w.Handover.Offer(t.Context(), w.offer("", sum))
		wants("an offer without an approval", err, approval.ErrRequired)
		b := w.ask(approval.Assign, sum)
		wants("the offer's", w.approve(b.ID, second), nil)
		o, err := w.Handover.Offer(t.Context(), w.offer(b.ID, sum))
		wants("the offer", err, nil)
		_, err = w.Vault.CancelOffer(t.Context(), vault.EndOfferRequest{OrgID: first.OrgID, AssignmentID: o.ID, Actor: first})
		wants("the offer's end", err, nil)
		_, err = w.Handover.Offer(t.Context(), w.offer(b.ID, sum))
		wants("used twice", err, approval.ErrEnded)

		wants("the release", w.release(with(a.ID)), nil)
		if got, err := w.desk.Approval(t.Context(), first.OrgID, a.ID); err != nil || got.Status != approval.Used || got.EndedAt == nil {
			t.Errorf("got %+v, %v, want it used", got, err)
		}
		types := w.events(event.CustodyApprovalRequested, event.CustodyApproved, event.VaultReleased)
		if want := []string{event.CustodyApprovalRequested, event.CustodyApproved, event.CustodyApprovalRequested, event.CustodyApproved, event.VaultReleased}; !slices.Equal(types, want) {
			t.Errorf("events: got %v, want %v", types, want)
		}
	})
}

func (w *world) offer(id string, sum storage.Digest) vault.OfferRequest {
	w.T.Helper()
	bank := testworld.Bank()
	code, _, err := w.Vault.MakeReceivingCode(w.T.Context(), vault.ReceivingCodeRequest{OrgID: bank.Identifier, OrgName: bank.Name, Actor: testworld.KeyOf(bank)})
	testworld.Check(w.T, err)
	return vault.OfferRequest{
		OrgID: first.OrgID, EnvelopeID: w.env, ReceivingCode: code, Purpose: custody.PurposeSale, Approval: id, Actor: first, RequestSHA256: sum,
	}
}

func (w *world) events(types ...string) []string {
	return slices.DeleteFunc(w.Types(w.env), func(t string) bool { return !slices.Contains(types, t) })
}

// TestApprovalsEnd: a request that was withdrawn or has expired moves nothing, approved
// or not.
func TestApprovalsEnd(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db)
		end := approval.AnswerRequest{OrgID: first.OrgID, Actor: first}
		for _, answered := range []bool{false, true} {
			a := w.ask(approval.Release, asked)
			if answered {
				testworld.Check(t, w.approve(a.ID, second))
			}
			end.ID = a.ID
			for range 2 {
				if got, err := w.desk.Cancel(t.Context(), end); err != nil || got.Status != approval.Cancelled {
					t.Fatalf("cancel: got %+v, %v", got, err)
				}
			}
			for what, err := range map[string]error{"approve": w.approve(a.ID, second), "release": w.release(with(a.ID))} {
				if !errors.Is(err, approval.ErrEnded) {
					t.Errorf("%s after the end: got %v, want ErrEnded", what, err)
				}
			}
		}
		a := w.ask(approval.Release, asked)
		b := w.ask(approval.Release, asked)
		testworld.Check(t, w.approve(b.ID, second))
		w.Clock.Advance(3*24*time.Hour + time.Second)
		end.ID = b.ID
		_, cancelled := w.desk.Cancel(t.Context(), end)
		for what, err := range map[string]error{"approve": w.approve(a.ID, second), "release": w.release(with(b.ID)), "cancel": cancelled} {
			if !errors.Is(err, approval.ErrEnded) {
				t.Errorf("%s after the expiry: got %v, want ErrEnded", what, err)
			}
		}
		list, err := w.desk.Approvals(t.Context(), first.OrgID, storage.Page{Limit: 3})
		if err != nil || list.Total != 4 || len(list.Items) != 3 || list.Items[0].ID != b.ID || list.Items[0].Status != approval.Expired || list.Next == "" {
			t.Errorf("got %+v, %v", list, err)
		}
		if list, err = w.desk.Approvals(t.Context(), testworld.Bank().Identifier, storage.Page{}); err != nil || len(list.Items) != 0 {
			t.Errorf("of another organization: got %+v, %v", list, err)
		}
	})
}

// TestForgedApproval: a row that says what no second key said moves nothing.
func TestForgedApproval(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db)
		a := w.ask(approval.Release, asked)
		w.Exec("UPDATE evault_approvals SET status = 'approved', approved_by = ?, approved_at = asked_at WHERE approval_id = ?",
			fmt.Sprintf(`{"kind":"key","id":"key_second","org_id":%q}`, first.OrgID), a.ID)
		if err := w.release(with(a.ID)); !errors.Is(err, approval.ErrAltered) {
			t.Errorf("forged approval: got %v, want ErrAltered", err)
		}
		b := w.ask(approval.Release, asked)
		testworld.Check(t, w.approve(b.ID, second))
		other := storage.Sum([]byte("another recipient"))
		w.Exec("UPDATE evault_approvals SET request_sha256 = ? WHERE approval_id = ?", string(other), b.ID)
		if err := w.release(with(b.ID), func(r *handover.VaultOutRequest) { r.RequestSHA256 = other }); !errors.Is(err, approval.ErrAltered) {
			t.Errorf("approval of another request: got %v, want ErrAltered", err)
		}
	})
}

// TestRacingUsesOfAnApproval: of many uses at once, one has the effect.
func TestRacingUsesOfAnApproval(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db)
		sum := storage.Sum([]byte("offer"))
		a := w.ask(approval.Assign, sum)
		testworld.Check(t, w.approve(a.ID, second))
		requests := make([]vault.OfferRequest, 6)
		for i := range requests {
			requests[i] = w.offer(a.ID, sum)
		}
		var wg sync.WaitGroup
		made := make([]error, len(requests))
		for i, r := range requests {
			wg.Go(func() { _, made[i] = w.Vault.Offer(t.Context(), r) })
		}
		wg.Wait()
		won := 0
		for _, err := range made {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, approval.ErrEnded) && !errors.Is(err, vault.ErrOfferOpen):
				t.Errorf("got %v, want ErrEnded or ErrOfferOpen", err)
			}
		}
		if won != 1 {
			t.Errorf("%d offers were made, want 1", won)
		}
	})
}

// TestAskRefuses: what cannot be approved is refused before anyone is asked.
func TestAskRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.Open(t))
	good := approval.AskRequest{
		OrgID: first.OrgID, EnvelopeID: w.env, Verb: approval.Release, Request: []byte(`{}`), RequestSHA256: asked, Actor: first,
	}
	for field, edit := range map[string]func(*approval.AskRequest){
		"verb":           func(r *approval.AskRequest) { r.Verb = "attest" },
		"request":        func(r *approval.AskRequest) { r.Request = []byte("{") },
		"request_sha256": func(r *approval.AskRequest) { r.RequestSHA256 = "x" },
		"expires_in":     func(r *approval.AskRequest) { r.ExpiresIn = 31 * 24 * time.Hour },
		"actor":          func(r *approval.AskRequest) { r.Actor = event.Actor{Kind: "operator", ID: "op"} },
	} {
		r := good
		edit(&r)
		_, err := w.desk.Ask(t.Context(), r)
		var invalid *storage.InvalidError
		if !errors.As(err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Field != field {
			t.Errorf("%s: got %v, want an InvalidError of it alone", field, err)
		}
	}
	good.OrgID = testworld.Bank().Identifier
	if _, err := w.desk.Ask(t.Context(), good); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("of a stranger: got %v, want ErrNotVaulted", err)
	}
}
