package vault_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// edit changes rows behind the vault's back; every statement touches a row.
func (w *world) edit(statements ...string) {
	w.T.Helper()
	for _, q := range statements {
		w.Exec(q)
	}
}

func (w *world) integrate() {
	w.T.Helper()
	if _, err := w.log.Integrate(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
}

// acts are the verbs that trust a live copy's record.
func (w *world) acts(env string, current storage.Digest) map[string]error {
	ctx, deposit, to := w.T.Context(), w.request(env), release(env)
	deposit.Source.Object.SHA256 = w.versions(env)[0].Prefix.SHA256 // as it was deposited
	to.Recipient = custody.Recipient{Name: "Another"}
	_, proven := w.Proven(ctx, org.Identifier, env)
	_, lookup := w.Lookup(ctx, current)
	return map[string]error{
		"read":    errOf(w.ReadAuthoritative(ctx, read(env))),
		"release": second(w.Release(ctx, to)),
		"lookup":  lookup,
		"deposit": second(w.Deposit(ctx, deposit)),
		"proven":  proven,
	}
}

// TestAlteredRecords: whichever row of a live copy is edited, nothing is handed
// out, released, or called authoritative, and the contradiction becomes one event.
func TestAlteredRecords(t *testing.T) {
	t.Parallel()
	const (
		here  = ` WHERE envelope_id = 'env_a'`
		first = ` WHERE event_id = (SELECT stored_event_id FROM evault_copies WHERE envelope_id = 'env_a')`
	)
	edits := map[string][]string{
		"document hash":         {`UPDATE evault_copies SET document_hash = '` + sumOf("x") + `'` + here},
		"size":                  {`UPDATE evault_copies SET size = size - 1` + here},
		"version":               {`UPDATE evault_copies SET version = 2` + here},
		"deposited digest":      {`UPDATE evault_copies SET source_sha256 = '` + sumOf("x") + `'` + here},
		"deposit event":         {`UPDATE evault_copies SET stored_event_id = 'evt_x'` + here},
		"time of deposit":       {`UPDATE evault_copies SET vaulted_at = '2026-01-01 00:00:00'` + here},
		"assignee":              {`UPDATE evault_copies SET secured_party = REPLACE(secured_party, 'Dealer', 'Stealer')` + here},
		"controller":            {`UPDATE evault_copies SET controller = REPLACE(controller, 'Dealer', 'Stealer')` + here},
		"custodian":             {`UPDATE evault_copies SET custodian = REPLACE(custodian, 'Operator', 'Other')` + here},
		"version's digest":      {`UPDATE evault_versions SET sha256 = '` + sumOf("x") + `'`},
		"version's size":        {`UPDATE evault_versions SET size = size + 1`},
		"witness of a claim":    {`DELETE FROM evault_claim_witnesses WHERE kind = 'deposited'`},
		"custody entry":         {`DELETE FROM evault_custody`},
		"custody statement":     {`UPDATE evault_custody SET statement = REPLACE(statement, '.', '.x')`},
		"statement's digest":    {`UPDATE evault_custody SET statement_sha256 = '` + sumOf("x") + `'`},
		"event's data":          {`UPDATE evault_events SET data = REPLACE(data, 'embedded', 'detached')` + first},
		"event's hash":          {`UPDATE evault_events SET hash = '` + sumOf("x") + `'` + first},
		"event's actor":         {`UPDATE evault_events SET actor_id = 'key_2'` + first},
		"event's detail":        {`UPDATE evault_event_details SET detail = REPLACE(detail, 'Dealer', 'Stealer')` + first},
		"event deleted":         {`DELETE FROM evault_event_details` + first, `DELETE FROM evault_events` + first},
		"later events deleted":  {`DELETE FROM evault_events WHERE type <> 'vault.stored'`},
		"index taken away":      {`UPDATE evault_events SET log_index = NULL` + first},
		"index of another leaf": {`UPDATE evault_events SET log_index = log_index + 1000` + first},
	}
	for name, statements := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorldOn(t, db)
				c := w.deposit(w.request("env_a"))
				w.integrate()
				sha := c.DocumentHash
				w.edit(statements...)
				if now, err := w.Original(t.Context(), org.Identifier, "env_a"); err == nil {
					sha = now.DocumentHash
				}
				for act, err := range w.acts("env_a", sha) {
					unfound := act == "lookup" && (name == "document hash" || err == nil && name == "version's digest")
					refused := act == "deposit" && errors.Is(err, vault.ErrAlreadyVaulted)
					if !errors.Is(err, vault.ErrRecordAltered) && !refused && !unfound {
						t.Errorf("%s: got %v, want ErrRecordAltered", act, err)
					}
				}
				if n := count(w.Types("env_a"), "vault.tamper_detected"); n != 1 {
					t.Errorf("%d events of it, want 1", n)
				}
				i, err := w.CheckIntegrity(t.Context(), "env_a")
				if err != nil || i.OK || i.Problem != "record" && i.Problem != "altered" {
					t.Errorf("integrity: %+v, %v", i, err)
				}
			})
		})
	}
}

// TestRewrittenEvent: a chain that was recomputed from an event on verifies by
// itself, and is not what the log has.
func TestRewrittenEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_a"))
	w.integrate()
	events := w.Events("env_a")
	last := events[len(events)-1]
	canonical := []byte(strings.Replace(string(last.Canonical), last.Actor.ID, "key_9", 1))
	_, err := w.DB.Bun().ExecContext(t.Context(), `UPDATE evault_events SET canonical = ?, hash = ?, actor_id = 'key_9' WHERE event_id = ?`,
		canonical, string(storage.Sum(canonical)), last.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := event.Verify("env_a", w.Events("env_a")); err != nil {
		t.Fatalf("the rewritten chain: %v", err)
	}
	if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); !errors.Is(err, vault.ErrRecordAltered) {
		t.Errorf("got %v, want ErrRecordAltered", err)
	}
}

// TestRewrittenAndLoggedAgain: events that were rewritten with the whole chain after
// them, and were then taken into the log once more, stand at a place that their time
// does not allow, and their first leaves belong to no event.
func TestRewrittenAndLoggedAgain(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		w.deposit(w.request("env_a"))
		w.integrate()
		w.deposit(w.request("env_b"))
		w.integrate()
		testdb.Rewrite(t, db.Bun(), "env_a", 1, "key_9")
		w.integrate()
		if _, err := event.Verify("env_a", w.Events("env_a")); err != nil {
			t.Fatalf("the rewritten chain: %v", err)
		}
		if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); !errors.Is(err, vault.ErrRecordAltered) {
			t.Errorf("got %v, want ErrRecordAltered", err)
		}
		if _, err := w.ReadAuthoritative(t.Context(), read("env_b")); err != nil {
			t.Errorf("the other one: %v", err)
		}
	})
}

// TestEventsWaitForTheLog: what is younger than the log's delay may wait; what is
// older is integrated first.
func TestEventsWaitForTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_a"))
	if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); err != nil {
		t.Errorf("before the log has it: %v", err)
	}
	if w.Events("env_a")[0].LogIndex != nil {
		t.Error("it was integrated although it is young")
	}
	w.Clock.Advance(time.Hour)
	if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	if w.Events("env_a")[0].LogIndex == nil {
		t.Error("it was not integrated")
	}
}

// backToLive are the edits that make a released copy look live again: of the
// rows alone, or with every trace of the release in the database.
var backToLive = map[string][]string{
	"rows": {
		`UPDATE evault_copies SET status = 'vaulted', released_at = NULL, version = 1,
			document_hash = (SELECT sha256 FROM evault_versions WHERE version = 1), size = (SELECT size FROM evault_versions WHERE version = 1)`,
	},
	"everything": {
		`UPDATE evault_copies SET status = 'vaulted', released_at = NULL, version = 1,
			document_hash = (SELECT sha256 FROM evault_versions WHERE version = 1), size = (SELECT size FROM evault_versions WHERE version = 1)`,
		`DELETE FROM evault_event_details WHERE event_id = (SELECT event_id FROM evault_events WHERE type = 'vault.released')`,
		`DELETE FROM evault_events WHERE envelope_id = 'env_a' AND seq >= (SELECT seq FROM evault_events WHERE type = 'vault.released')`,
		`DELETE FROM evault_versions WHERE version = 2`,
		`DELETE FROM evault_releases`,
		`DELETE FROM evault_custody WHERE seq = 2`,
		`DELETE FROM evault_claims WHERE version = 2`,
	},
}

// TestReleasedStaysReleased: no edit of the database brings a released copy back.
// The same release may be recorded again, with the same bytes and statement.
func TestReleasedStaysReleased(t *testing.T) {
	t.Parallel()
	for name, statements := range backToLive {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorldOn(t, db)
				c := w.deposit(w.request("env_a"))
				first, _, err := w.Release(t.Context(), release("env_a"))
				if err != nil {
					t.Fatal(err)
				}
				w.integrate()
				w.edit(statements...)
				for act, err := range w.acts("env_a", c.DocumentHash) {
					switch want := map[bool]error{true: vault.ErrRecordAltered, false: vault.ErrReleased}[name == "rows"]; {
					case act == "lookup" && err == nil: // superseded, see below
					case act == "release" && errors.Is(err, vault.ErrAlreadyReleased):
					case !errors.Is(err, want):
						t.Errorf("%s: got %v, want %v", act, err, want)
					}
				}
				if state, err := w.Lookup(t.Context(), c.DocumentHash); state == vault.StateAuthoritative {
					t.Errorf("lookup: %s, %v", state, err)
				}
				again, _, err := w.Release(t.Context(), release("env_a"))
				if name == "rows" {
					if !errors.Is(err, vault.ErrRecordAltered) {
						t.Errorf("the same release: got %v", err)
					}
					return
				}
				if err != nil || again.ReleaseID != first.ReleaseID || again.SHA256 != first.SHA256 || again.Statement != first.Statement {
					t.Errorf("the same release: got %+v, %v; want %+v", again, err, first)
				}
			})
		})
	}
}

// TestReleaseGoesOn: a release whose commit was lost is the only one that can
// follow; until it does, nobody is handed the copy. A release that was refused
// leaves no mark.
func TestReleaseGoesOn(t *testing.T) {
	t.Parallel()
	testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
		f := &storagetest.Faults{}
		w := newFaultyWorld(t, testdb.Stores(t, open(t, f.Connector)), f)
		c := w.deposit(w.request("env_a"))
		refused := release("env_a")
		refused.Recipient.Name, refused.Also = "Refused", failing[vault.Release]
		if _, _, err := w.Release(t.Context(), refused); !errors.Is(err, errAlso) {
			t.Fatalf("got %v, want the error of Also", err)
		}
		if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); err != nil {
			t.Fatalf("after a refused release: %v", err)
		}
		lost := release("env_a")
		lost.Also = func(context.Context, storage.Tx, *vault.Release) error { // the next call is the commit
			f.Arm(map[int]storagetest.How{1: storagetest.Before})
			return nil
		}
		if _, _, err := w.Release(t.Context(), lost); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatalf("got %v, want ErrUnavailable", err)
		}
		f.Arm(nil)
		if count(w.Types("env_a"), "vault.released") != 0 {
			t.Fatal("it was committed")
		}
		w.Clock.Advance(48 * time.Hour)
		if _, err := w.Objects.Sweep(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		if i, err := w.CheckIntegrity(t.Context(), "env_a"); err != nil || i.OK { // the background changes the copy's row
			t.Errorf("integrity: got %+v, %v", i, err)
		}
		if n, err := w.DeleteDue(t.Context(), 10); err != nil || n != 0 {
			t.Errorf("deleted %d, %v", n, err)
		}
		if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); !errors.Is(err, vault.ErrReleased) {
			t.Errorf("read: got %v, want ErrReleased", err)
		}
		if state, err := w.Lookup(t.Context(), c.DocumentHash); err != nil || state != vault.StateSuperseded {
			t.Errorf("lookup: %s, %v", state, err)
		}
		other := release("env_a")
		other.Reason = "assignment"
		if _, _, err := w.Release(t.Context(), other); !errors.Is(err, vault.ErrAlreadyReleased) {
			t.Errorf("another release: got %v, want ErrAlreadyReleased", err)
		}
		rel, created, err := w.Release(t.Context(), release("env_a"))
		if err != nil || !created || count(w.Types("env_a"), "vault.released") != 1 {
			t.Fatalf("the same release: created %t, %v", created, err)
		}
		if b := w.Bytes(w.versions("env_a")[1].Object); storage.Sum(b) != rel.SHA256 {
			t.Error("the release version is another than was recorded")
		}
		if _, err := w.BuildPackage(t.Context(), org.Identifier, "env_a", nil); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkProven(b *testing.B) {
	w := newWorld(b)
	w.deposit(w.request("env_a"))
	for len(w.Events("env_a")) < 100 {
		if _, err := w.CheckIntegrity(b.Context(), "env_a"); err != nil {
			b.Fatal(err)
		}
	}
	w.integrate()
	for b.Loop() {
		if _, err := w.Proven(b.Context(), org.Identifier, "env_a"); err != nil {
			b.Fatal(err)
		}
	}
}

// offerEdits are edits of what an assignment and an open offer left behind.
var offerEdits = map[string][]string{
	"the controller's organization":   {`UPDATE evault_copies SET org_id = 'org_dealer'`},
	"everything of the controller":    {`UPDATE evault_copies SET org_id = 'org_dealer', controller = REPLACE(controller, 'org_bank', 'org_dealer')`},
	"the interest":                    {`UPDATE evault_copies SET interest = '{"kind":"pledgee"}'`},
	"the lock":                        {`UPDATE evault_copies SET offer_id = NULL`},
	"the lock of another":             {`UPDATE evault_copies SET offer_id = (SELECT assignment_id FROM evault_offers WHERE status = 'accepted')`},
	"who may accept":                  {`UPDATE evault_offers SET org_id = 'org_other' WHERE status = 'offered'`},
	"whom the seal will name":         {`UPDATE evault_offers SET assignee = REPLACE(assignee, 'Lender', 'Other') WHERE status = 'offered'`},
	"what the assignee will have":     {`UPDATE evault_offers SET interest = '{"kind":"owner"}' WHERE status = 'offered'`},
	"until when":                      {`UPDATE evault_offers SET expires_at = '2030-01-01 00:00:00' WHERE status = 'offered'`},
	"the version that is offered":     {`UPDATE evault_offers SET version = 1 WHERE status = 'offered'`},
	"what the offer is for":           {`UPDATE evault_offers SET purpose = 'sale' WHERE status = 'offered'`},
	"who consented":                   {`UPDATE evault_offers SET consent = REPLACE(consent, 'key_bank', 'key_x') WHERE status = 'offered'`},
	"an offer taken away":             {`DELETE FROM evault_offers WHERE status = 'offered'`},
	"an offer reopened":               {`UPDATE evault_offers SET status = 'offered' WHERE status = 'accepted'`},
	"an offer ended":                  {`UPDATE evault_offers SET status = 'cancelled' WHERE status = 'offered'`},
	"an offer planted":                {`INSERT INTO evault_offers SELECT 'asg_x', envelope_id, copy_id, from_org_id, org_id, status, purpose, reason, note, version, sha256, assignee, interest, consent, offered_at, expires_at, event_id, ended_at, ended_event_id, ended_seq, custody_id, revision FROM evault_offers WHERE status = 'accepted'`},
	"what the offeror may follow":     {`UPDATE evault_offers SET ended_seq = ended_seq + 100 WHERE status = 'accepted'`},
	"the event of the offer":          {`UPDATE evault_events SET data = REPLACE(data, 'org_lender', 'org_other') WHERE type = 'custody.offered' AND seq > 5`},
	"the entry of the assignment":     {`DELETE FROM evault_custody WHERE seq = 2`},
	"the version of the assignment":   {`DELETE FROM evault_versions WHERE version = 2`},
	"the first version is back":       {`DELETE FROM evault_versions WHERE version = 2`, `UPDATE evault_copies SET version = 1, document_hash = (SELECT sha256 FROM evault_versions WHERE version = 1)`},
	"the detail of the offer's event": {`UPDATE evault_event_details SET detail = REPLACE(detail, 'Lender', 'Other')`},
}

// TestAlteredOffers: whichever row of an assignment or an open offer is edited, nobody
// reads, accepts, offers or releases, and the contradiction becomes one event.
func TestAlteredOffers(t *testing.T) {
	t.Parallel()
	for name, statements := range offerEdits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorldOn(t, db)
				w.deposit(w.request("env_a"))
				w.assign(w.offerRequest("env_a", org, orgBank, custody.PurposeSale), orgBank)
				o := w.offer(w.offerRequest("env_a", orgBank, orgLender, custody.PurposePledge))
				w.integrate()
				w.edit(statements...)
				before := w.versionsOf("env_a")
				for _, p := range []custody.Party{org, orgBank, orgLender, orgOther} {
					_, err := w.ReadAuthoritative(t.Context(), readAs("env_a", p))
					_, _, accepts := w.AcceptOffer(t.Context(), acceptance(o, p))
					_, offers := w.Offer(t.Context(), w.offerRequest("env_a", p, orgOther, custody.PurposeSale))
					_, _, releases := w.Release(t.Context(), releaseAs("env_a", p))
					for act, err := range map[string]error{"reads": err, "accepts": accepts, "offers": offers, "releases": releases} {
						refused := errors.Is(err, vault.ErrNotVaulted) || errors.Is(err, vault.ErrNotController) || errors.Is(err, vault.ErrOfferNotFound) || errors.Is(err, vault.ErrOfferEnded)
						if !errors.Is(err, vault.ErrRecordAltered) && !refused {
							t.Errorf("%s %s: got %v, want a refusal", p.Name, act, err)
						}
					}
				}
				if _, err := w.CheckIntegrity(t.Context(), "env_a"); err != nil {
					t.Errorf("integrity: %v", err)
				}
				if n := count(w.Types("env_a"), event.VaultTamperDetected); n != 1 {
					t.Errorf("%d events of it, want 1", n)
				}
				if after := w.versionsOf("env_a"); after != before {
					t.Errorf("%d versions, before %d", after, before)
				}
			})
		})
	}
}

// versionsOf counts the versions of an envelope's copy.
func (w *world) versionsOf(env string) int {
	w.T.Helper()
	c, err := w.OriginalOf(w.T.Context(), env)
	if err != nil {
		w.T.Fatal(err)
	}
	versions, err := w.DB.Vault().Versions(w.T.Context(), c.CopyID)
	if err != nil {
		w.T.Fatal(err)
	}
	return len(versions)
}
