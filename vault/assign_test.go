package vault_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// The organizations of the stories of control, besides the dealer.
var (
	orgBank   = custody.Party{Name: "First Bank of Łódź", Identifier: "org_bank"}
	orgLender = custody.Party{Name: "Warehouse Lender LLC", Identifier: "org_lender"}
	orgOther  = custody.Party{Name: "Other Bank", Identifier: "org_other"}
)

// keyOf is a key of an organization.
func keyOf(p custody.Party) vault.Actor {
	return vault.Actor{Kind: "key", ID: "key_" + strings.TrimPrefix(p.Identifier, "org_"), OrgID: p.Identifier}
}

// code is a receiving code of an organization.
func (w *world) code(p custody.Party) string {
	w.T.Helper()
	code, _, err := w.MakeReceivingCode(w.T.Context(), vault.ReceivingCodeRequest{OrgID: p.Identifier, OrgName: p.Name, Actor: keyOf(p)})
	if err != nil {
		w.T.Fatal(err)
	}
	return code
}

// offerRequest offers env from one to the other.
func (w *world) offerRequest(env string, from, to custody.Party, purpose custody.Purpose) vault.OfferRequest {
	w.T.Helper()
	return vault.OfferRequest{
		OrgID: from.Identifier, EnvelopeID: env, ReceivingCode: w.code(to), Purpose: purpose, Actor: keyOf(from),
		RequestID: "req_offer", RequestSHA256: storage.Sum([]byte("offer")),
	}
}

func (w *world) offer(r vault.OfferRequest) *custody.Offer {
	w.T.Helper()
	o, err := w.Offer(w.T.Context(), r)
	if err != nil {
		w.T.Fatal(err)
	}
	return o
}

func acceptance(o *custody.Offer, by custody.Party) vault.AcceptRequest {
	return vault.AcceptRequest{
		OrgID: by.Identifier, AssignmentID: o.ID, Actor: keyOf(by), RequestID: "req_accept", RequestSHA256: storage.Sum([]byte("accept")),
	}
}

// assign offers and accepts.
func (w *world) assign(r vault.OfferRequest, to custody.Party) *vault.Assignment {
	w.T.Helper()
	o := w.offer(r)
	a, created, err := w.AcceptOffer(w.T.Context(), acceptance(o, to))
	if err != nil || !created {
		w.T.Fatalf("accept: created %t, %v", created, err)
	}
	return a
}

func readAs(env string, p custody.Party) vault.ReadRequest {
	return vault.ReadRequest{OrgID: p.Identifier, EnvelopeID: env, Actor: keyOf(p), RemoteAddr: "192.0.2.1"}
}

func releaseAs(env string, p custody.Party) vault.ReleaseRequest {
	r := release(env)
	r.OrgID, r.Actor, r.RequestSHA256 = p.Identifier, keyOf(p), storage.Sum([]byte("release"))
	return r
}

// warehouse is the story of one contract: a dealer sells it to a bank, the bank
// pledges it to a warehouse lender, the lender releases it back.
func (w *world) warehouse(env string) []*vault.Assignment {
	w.T.Helper()
	pledge := w.offerRequest(env, orgBank, orgLender, custody.PurposePledge)
	pledge.Obligation = &custody.Obligation{Reference: "Line 7", Amount: "1250000.00", Currency: "USD"}
	return []*vault.Assignment{
		w.assign(w.offerRequest(env, org, orgBank, custody.PurposeSale), orgBank),
		w.assign(pledge, orgLender),
		w.assign(w.offerRequest(env, orgLender, orgBank, custody.PurposeReleaseBack), orgBank),
	}
}

func TestWarehouseStory(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		w.deposit(w.request("env_a"))
		done := w.warehouse("env_a")
		interests := []custody.Interest{
			{Kind: custody.InterestOwner},
			{Kind: custody.InterestPledgee, PledgedBy: orgBank, Obligation: custody.Obligation{Reference: "Line 7", Amount: "1250000.00", Currency: "USD"}},
			{Kind: custody.InterestOwner},
		}
		for i, to := range []custody.Party{orgBank, orgLender, orgBank} {
			c := done[i].Original
			if c.OrgID != to.Identifier || c.SecuredParty != to || c.Controller.BoundBy != custody.BoundByOrganization || c.Version != i+2 ||
				c.Interest != interests[i] || c.Custodian.Party != operator || c.Acknowledgment == nil || c.Marked.Version != i+2 || c.OfferID != "" {
				t.Errorf("after assignment %d: %+v", i+1, c)
			}
		}
		w.checkVersions(t, "env_a", orgBank, 4)
		w.checkChain(t, "env_a", orgBank, interests)
		for _, p := range []custody.Party{org, orgLender} {
			if _, err := w.ReadAuthoritative(t.Context(), readAs("env_a", p)); !errors.Is(err, vault.ErrNotController) {
				t.Errorf("%s reads: got %v, want ErrNotController", p.Name, err)
			}
			if _, err := w.ReadCopy(t.Context(), readAs("env_a", p)); err != nil {
				t.Errorf("%s reads a marked copy: %v", p.Name, err)
			}
		}
		for range 3 { // the dealer's later attempt is refused, and recorded once in the hour
			if _, _, err := w.Release(t.Context(), releaseAs("env_a", org)); !errors.Is(err, vault.ErrNotController) {
				t.Errorf("the dealer releases: got %v, want ErrNotController", err)
			}
		}
		denied := w.Events(org.Identifier)
		if len(denied) != 2 || denied[0].Type != event.ControlDenied || denied[1].Actor != keyOf(org) ||
			event.DataOf[event.ControlDeniedData](denied[1]) != (event.ControlDeniedData{EnvelopeID: "env_a", Verb: "release"}) {
			t.Errorf("recorded: %+v", denied)
		}
		if _, created, err := w.Release(t.Context(), releaseAs("env_a", orgBank)); err != nil || !created {
			t.Errorf("the bank releases: created %t, %v", created, err)
		}
	})
}

// checkVersions: each version extends the one before byte for byte, has a valid seal
// of its own, and names its assignee.
func (w *world) checkVersions(t *testing.T, env string, holder custody.Party, want int) {
	t.Helper()
	versions, err := w.Versions(t.Context(), holder.Identifier, env)
	if err != nil || len(versions) != want {
		t.Fatalf("%d versions, %v; want %d", len(versions), err, want)
	}
	var before []byte
	for i, x := range versions {
		b := w.Bytes(x.Object)
		if !bytes.HasPrefix(b, before) || i > 0 && (x.Prefix.SHA256 != storage.Sum(before) || x.Kind != custody.VersionAssignment) {
			t.Errorf("version %d does not extend version %d", i+1, i)
		}
		before = b
	}
	report, err := pades.Verify(t.Context(), before, pades.Options{Roots: w.PKI.Roots(), Now: w.Clock.Now()})
	if err != nil || !report.OK() || len(report.Signatures) != want+1 {
		t.Fatalf("the last version: %+v, %v", report, err)
	}
	askPdfsig(t, before, want+1)
	for i, name := range []string{org.Name, orgBank.Name, orgLender.Name, orgBank.Name}[:want] {
		if reason := report.Signatures[i+1].Reason; !strings.Contains(reason, "assignee "+name) {
			t.Errorf("seal of version %d: %q does not name %s", i+1, reason, name)
		}
	}
}

// askPdfsig holds a file against poppler: so many signatures, each valid.
func askPdfsig(t *testing.T, file []byte, signatures int) {
	t.Helper()
	if !testenv.HasTools() {
		return
	}
	path := filepath.Join(t.TempDir(), "version.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdfsig", "-nocert", path).CombinedOutput()
	valid := strings.Count(string(out), "Signature is Valid.")
	if all := strings.Count(string(out), "Signature Validation:"); err != nil || valid != signatures || all != signatures {
		t.Errorf("pdfsig: %d of %d signatures are valid, want %d: %v\n%s", valid, all, signatures, err, out)
	}
}

// checkChain: the custody statements verify offline, and each part sees its part.
func (w *world) checkChain(t *testing.T, env string, holder custody.Party, interests []custody.Interest) {
	t.Helper()
	chain, err := w.Custody(t.Context(), holder.Identifier, env)
	if err != nil {
		t.Fatal(err)
	}
	tokens := make([]string, len(chain))
	for i, e := range chain {
		tokens[i] = e.Statement
	}
	said, err := custody.VerifyCustody(tokens, w.StatementKeys())
	if err != nil || len(said) != len(interests)+1 {
		t.Fatalf("%d statements, %v", len(said), err)
	}
	for i, s := range said[1:] {
		from, to := s.From.Controller, s.To.Controller
		if s.To.Interest != interests[i] || s.Consent.Kind != custody.ConsentAttested || s.Consent.Actor.OrgID != from.OrgID ||
			s.Acceptance.Kind != custody.ConsentAttested || s.Acceptance.Actor.OrgID != to.OrgID {
			t.Errorf("entry %d: %+v", i+2, s)
		}
	}
	for p, want := range map[custody.Party]int{org: 2, orgLender: 4} {
		if got, err := w.Custody(t.Context(), p.Identifier, env); err != nil || len(got) != want {
			t.Errorf("%s sees %d entries, %v; want %d", p.Name, len(got), err, want)
		}
	}
}

// TestOfferLocks: while an offer is open the offeror has control, and nothing else can
// be done with it.
func TestOfferLocks(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		w.deposit(w.request("env_a"))
		o := w.offer(w.offerRequest("env_a", org, orgBank, custody.PurposeSale))
		ctx := t.Context()
		if _, err := w.Offer(ctx, w.offerRequest("env_a", org, orgLender, custody.PurposePledge)); !errors.Is(err, vault.ErrOfferOpen) {
			t.Errorf("a second offer: got %v, want ErrOfferOpen", err)
		}
		if _, _, err := w.Release(ctx, releaseAs("env_a", org)); !errors.Is(err, vault.ErrOfferOpen) {
			t.Errorf("a release: got %v, want ErrOfferOpen", err)
		}
		if _, err := w.ReadAuthoritative(ctx, readAs("env_a", org)); err != nil {
			t.Errorf("the offeror reads: %v", err)
		}
		if got, err := w.OfferByID(ctx, orgBank.Identifier, o.ID); err != nil || got.Assignee != orgBank {
			t.Errorf("the offeree sees %+v, %v", got, err)
		}
		if _, err := w.ReadCopy(ctx, readAs("env_a", orgBank)); err != nil {
			t.Errorf("the offeree reads the marked copy: %v", err)
		}
		if _, err := w.ReadAuthoritative(ctx, readAs("env_a", orgBank)); !errors.Is(err, vault.ErrNotVaulted) {
			t.Errorf("the offeree reads: got %v, want ErrNotVaulted", err)
		}
		for _, p := range []custody.Party{org, orgOther} { // an offeror cannot accept for another
			if _, _, err := w.AcceptOffer(ctx, acceptance(o, p)); !errors.Is(err, vault.ErrOfferNotFound) {
				t.Errorf("%s accepts: got %v, want ErrOfferNotFound", p.Name, err)
			}
		}
		end := vault.EndOfferRequest{OrgID: orgBank.Identifier, AssignmentID: o.ID, Actor: keyOf(orgBank)}
		if _, err := w.CancelOffer(ctx, end); !errors.Is(err, vault.ErrOfferNotFound) {
			t.Errorf("the offeree cancels: got %v, want ErrOfferNotFound", err)
		}
		end.Reason = "not in the pool"
		for range 2 {
			if got, err := w.RejectOffer(ctx, end); err != nil || got.Status != custody.OfferRejected {
				t.Errorf("the offeree rejects: %+v, %v", got, err)
			}
		}
		if _, _, err := w.AcceptOffer(ctx, acceptance(o, orgBank)); !errors.Is(err, vault.ErrOfferEnded) {
			t.Errorf("accepted after that: got %v, want ErrOfferEnded", err)
		}
		if _, err := w.ReadCopy(ctx, readAs("env_a", orgBank)); !errors.Is(err, vault.ErrNotVaulted) {
			t.Errorf("the offeree of before reads the marked copy: got %v, want ErrNotVaulted", err)
		}
		o = w.offer(w.offerRequest("env_a", org, orgBank, custody.PurposeSale))
		for range 2 {
			if got, err := w.CancelOffer(ctx, vault.EndOfferRequest{OrgID: org.Identifier, AssignmentID: o.ID, Actor: keyOf(org)}); err != nil || got.Status != custody.OfferCancelled {
				t.Errorf("the offeror cancels: %+v, %v", got, err)
			}
		}
		want := []string{event.CustodyOffered, event.VaultInspected, event.CustodyRejected, event.CustodyOffered, event.CustodyCancelled}
		if got := w.Types("env_a"); !slices.Equal(got[len(got)-len(want):], want) {
			t.Errorf("events: got %v, want %v at the end", got, want)
		}
	})
}

// TestOfferExpires: an offer ends at its expiry, whether a task or a verb records it.
func TestOfferExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.deposit(w.request("env_a"))
	r := w.offerRequest("env_a", org, orgBank, custody.PurposeSale)
	r.ExpiresIn = time.Hour
	first := w.offer(r)
	w.Clock.Advance(time.Hour)
	if _, _, err := w.AcceptOffer(ctx, acceptance(first, orgBank)); !errors.Is(err, vault.ErrOfferEnded) {
		t.Errorf("accepted late: got %v, want ErrOfferEnded", err)
	}
	if o, err := w.OfferByID(ctx, orgBank.Identifier, first.ID); err != nil || o.Status != custody.OfferExpired {
		t.Errorf("got %+v, %v; want expired", o, err)
	}
	second := w.offer(w.offerRequest("env_a", org, orgBank, custody.PurposeSale)) // records the expiry of the first
	if n, err := w.OffersDue(ctx, 10); n != 0 || err != nil {
		t.Errorf("due too early: %d, %v", n, err)
	}
	w.Clock.Advance(14 * 24 * time.Hour)
	if _, err := w.RejectOffer(ctx, vault.EndOfferRequest{OrgID: orgBank.Identifier, AssignmentID: second.ID, Actor: keyOf(orgBank)}); !errors.Is(err, vault.ErrOfferEnded) {
		t.Errorf("rejected late: got %v, want ErrOfferEnded", err)
	}
	third := w.offer(w.offerRequest("env_a", org, orgBank, custody.PurposeSale))
	w.Clock.Advance(15 * 24 * time.Hour)
	if n, err := w.OffersDue(ctx, 10); n != 1 || err != nil {
		t.Errorf("due: %d, %v; want 1", n, err)
	}
	if n := count(w.Types("env_a"), event.CustodyExpired); n != 3 {
		t.Errorf("%d expiries recorded, want 3", n)
	}
	if o, err := w.OfferByID(ctx, org.Identifier, third.ID); err != nil || o.Status != custody.OfferExpired || o.EndedAt == nil {
		t.Errorf("got %+v, %v", o, err)
	}
	fourth := w.offerRequest("env_a", org, orgBank, custody.PurposeSale)
	fourth.ExpiresIn = time.Hour
	w.offer(fourth)
	w.Clock.Advance(time.Hour)
	if _, _, err := w.Release(ctx, releaseAs("env_a", org)); err != nil {
		t.Errorf("a release beside an offer that is past: %v", err)
	}
}

// TestOfferRefused: what a controller cannot offer, by field.
func TestOfferRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_a"))
	w.deposit(w.request("env_b"))
	pledge := w.assign(w.offerRequest("env_b", org, orgBank, custody.PurposePledge), orgBank)
	used := w.code(orgLender)
	taken := w.offerRequest("env_b", orgBank, orgLender, custody.PurposePledge)
	taken.ReceivingCode = used
	w.offer(taken)
	for name, c := range map[string]struct {
		field string
		edit  func(r *vault.OfferRequest)
	}{
		"no code":                 {"to.receiving_code", func(r *vault.OfferRequest) { r.ReceivingCode = "" }},
		"an unknown code":         {"to.receiving_code", func(r *vault.OfferRequest) { r.ReceivingCode = "rcv_" + strings.Repeat("a", 32) }},
		"a code twice":            {"to.receiving_code", func(r *vault.OfferRequest) { r.ReceivingCode = used }},
		"its own code":            {"to.receiving_code", func(r *vault.OfferRequest) { r.ReceivingCode = w.code(org) }},
		"an unknown purpose":      {"purpose", func(r *vault.OfferRequest) { r.Purpose = "gift" }},
		"nothing to release back": {"purpose", func(r *vault.OfferRequest) { r.Purpose = custody.PurposeReleaseBack }},
		"a sale with obligation":  {"obligation", func(r *vault.OfferRequest) { r.Obligation = &custody.Obligation{Reference: "x"} }},
		"no reference": {"obligation.reference", func(r *vault.OfferRequest) {
			r.Purpose, r.Obligation = custody.PurposePledge, &custody.Obligation{Amount: "1", Currency: "USD"}
		}},
		"an amount in words": {"obligation.amount", func(r *vault.OfferRequest) {
			r.Purpose, r.Obligation = custody.PurposePledge, &custody.Obligation{Reference: "x", Amount: "1e6", Currency: "USD"}
		}},
		"an amount without currency": {"obligation.currency", func(r *vault.OfferRequest) {
			r.Purpose, r.Obligation = custody.PurposePledge, &custody.Obligation{Reference: "x", Amount: "1"}
		}},
		"an owner's reason":  {"reason", func(r *vault.OfferRequest) { r.Reason = "default" }},
		"too long":           {"expires_in_days", func(r *vault.OfferRequest) { r.ExpiresIn = 91 * 24 * time.Hour }},
		"control characters": {"note", func(r *vault.OfferRequest) { r.Note = "\x00" }},
	} {
		r := w.offerRequest("env_a", org, orgBank, custody.PurposeSale)
		c.edit(&r)
		_, err := w.Offer(t.Context(), r)
		var invalid *vault.InvalidError
		if !errors.As(err, &invalid) || invalid.Fields[0].Field != c.field {
			t.Errorf("%s: got %v, want a problem of %s", name, err, c.field)
		}
	}
	if pledge.Original.Interest.PledgedBy != org {
		t.Errorf("got %+v", pledge.Original.Interest)
	}
	if n := count(w.Types("env_a"), event.CustodyOffered); n != 0 {
		t.Errorf("%d offers were recorded", n)
	}
}

// TestPledgee: who holds for a debt may give back to its pledgor alone, pledge again,
// or sell, and says why.
func TestPledgee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_a"))
	w.assign(w.offerRequest("env_a", org, orgBank, custody.PurposePledge), orgBank)
	w.assign(w.offerRequest("env_a", orgBank, orgLender, custody.PurposePledge), orgLender)
	invalid := new(vault.InvalidError)
	for field, r := range map[string]vault.OfferRequest{
		"to":     w.offerRequest("env_a", orgLender, org, custody.PurposeReleaseBack), // not who pledged it to the lender
		"reason": w.offerRequest("env_a", orgLender, orgOther, custody.PurposeSale),
	} {
		if _, err := w.Offer(t.Context(), r); !errors.As(err, &invalid) || invalid.Fields[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	back := w.assign(w.offerRequest("env_a", orgLender, orgBank, custody.PurposeReleaseBack), orgBank).Original
	if back.Interest.PledgedBy != org || !back.Interest.Pledged() {
		t.Errorf("the bank is a pledgee again: %+v", back.Interest)
	}
	sale := w.offerRequest("env_a", orgBank, orgOther, custody.PurposeSale)
	sale.Reason = "default of the dealer"
	sold := w.assign(sale, orgOther).Original
	if sold.Interest != (custody.Interest{Kind: custody.InterestOwner}) {
		t.Errorf("the buyer: %+v", sold.Interest)
	}
	chain, err := w.Custody(t.Context(), orgOther.Identifier, "env_a")
	if err != nil || chain[len(chain)-1].Reason != sale.Reason {
		t.Errorf("the reason is not on record: %v", err)
	}
}

// TestAssignDetached: a file that cannot be extended gets a statement for each switch.
func TestAssignDetached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.paper("env_a", testpdf.Simple(1, "sealed beside"))
	r.Source.Sealing = custody.Sealing{Mode: custody.SealingDetached, Reason: "locked"}
	w.deposit(r)
	c := w.assign(w.offerRequest("env_a", org, orgBank, custody.PurposeSale), orgBank).Original
	versions, err := w.Versions(t.Context(), orgBank.Identifier, "env_a")
	if err != nil || len(versions) != 2 || versions[1].Object.SHA256 != versions[0].Object.SHA256 {
		t.Fatalf("%+v, %v", versions, err)
	}
	said, err := vault.VerifyVersions(t.Context(), [][]byte{versions[0].Statement, versions[1].Statement}, c.DocumentHash,
		func(int) pades.Options { return pades.Options{Roots: w.PKI.Roots(), Now: w.Clock.Now()} })
	if err != nil || said[1].Assignee != orgBank || said[1].Kind != custody.VersionAssignment {
		t.Errorf("%+v, %v", said, err)
	}
	if f, err := w.ReadAuthoritative(t.Context(), readAs("env_a", orgBank)); err != nil || f.SHA256 != c.DocumentHash {
		t.Errorf("%+v, %v", f, err)
	}
}
