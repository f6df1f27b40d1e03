package compliance_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

func TestVaultInSatisfiesEveryCheck(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	rec := w.VaultIn(id)
	if rec.Log == nil || rec.CertificateID == "" || rec.Compliant == nil || !*rec.Compliant {
		t.Errorf("record: got %+v", rec)
	}
	e := w.evaluate(id)
	for _, c := range e.Checks {
		if !c.Met() || c.Detail == "" || len(c.Evidence) == 0 {
			t.Errorf("%s (%s): satisfied %t, %d items: %s", c.ID, c.Reference, c.Met(), len(c.Evidence), c.Detail)
		}
	}
	if e.EnvelopeStatus != string(esign.StatusVaulted) || !*e.Compliant || *e.Score != 100 {
		t.Errorf("got %s, score %d", e.EnvelopeStatus, *e.Score)
	}
	c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	doc, err := c.Document()
	check(t, err)
	if _, err := certificate.VerifyDocument(doc, w.keys()); err != nil {
		t.Errorf("document: %v", err)
	}
	s, err := w.ESign.Status(t.Context(), dealer.OrgID, id)
	check(t, err)
	if s.Status != esign.StatusVaulted || s.DocumentHash != rec.Original.DocumentHash || s.Compliant == nil || !*s.Compliant {
		t.Errorf("envelope: got %+v", s)
	}
	if n := w.due(t); n != 0 {
		t.Errorf("%d things were left over", n)
	}
}

func TestVaultInIsIdempotent(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	first := w.VaultIn(id)
	r := testworld.VaultInRequest(id)
	r.Also = func(context.Context, storage.Tx, *compliance.VaultRecord) error {
		t.Error("Also ran for a repeated call")
		return nil
	}
	again, created, err := w.Handover.VaultIn(t.Context(), r)
	check(t, err)
	if created || again.Original.CopyID != first.Original.CopyID || again.CertificateID != first.CertificateID {
		t.Errorf("created %t, got %+v", created, again)
	}
	for _, kind := range []string{"vault.stored", "custody.assigned", event.VaultCompliancePassed, event.CertificateIssued} {
		if n := w.count(id, kind); n != 1 {
			t.Errorf("got %d events %s, want 1", n, kind)
		}
	}
	r.Also = nil
	r.Jurisdiction = "US-CA"
	var differs *vault.AlreadyVaultedError
	if _, _, err := w.Handover.VaultIn(t.Context(), r); !errors.As(err, &differs) || !slices.Equal(differs.Fields, []string{"jurisdiction"}) {
		t.Errorf("other jurisdiction: got %v", err)
	}
}

// TestAlsoIsInTheDepositsTransaction: what fails there leaves no copy.
func TestAlsoIsInTheDepositsTransaction(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	r, stop := testworld.VaultInRequest(id), errors.New("stop")
	r.Also = func(_ context.Context, tx storage.Tx, rec *compliance.VaultRecord) error {
		if sqlstore.Bun(tx) == nil || rec.Original.EnvelopeID != id || rec.CertificateID != "" {
			t.Errorf("Also: got %+v", rec)
		}
		return stop
	}
	if _, _, err := w.Handover.VaultIn(t.Context(), r); !errors.Is(err, stop) {
		t.Errorf("Also fails: got %v", err)
	}
	if _, err := w.Compliance.Record(t.Context(), dealer.OrgID, id); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("after it failed: got %v", err)
	}
	w.VaultIn(id)
}

func TestVaultInRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent, done, paper := w.Created().ID, w.Completed(), w.paper()
	var state *esign.StateError
	var invalid *storage.InvalidError
	cases := []struct {
		name string
		id   string
		edit func(*handover.VaultInRequest)
		ok   func(error) bool
	}{
		{"not complete", sent, func(*handover.VaultInRequest) {}, func(err error) bool { return errors.As(err, &state) }},
		{"absent", "env_none", func(*handover.VaultInRequest) {}, is(esign.ErrNotFound)},
		{"another organization's", done, func(r *handover.VaultInRequest) { r.Depositor.OrgID = "org_other" }, is(esign.ErrNotFound)},
		{"another document", done, func(r *handover.VaultInRequest) { r.DocumentSHA256 = storage.Sum(nil) }, is(esign.ErrDocumentChanged)},
		{"another state", done, func(r *handover.VaultInRequest) { r.IfMatch = "x" }, is(esign.ErrPrecondition)},
		{"paper as e-sign", paper, func(r *handover.VaultInRequest) { r.Kind = esign.KindESign }, func(err error) bool { return errors.As(err, &state) }},
		{"e-sign as paper", done, func(r *handover.VaultInRequest) { r.Kind = esign.KindPaper }, func(err error) bool { return errors.As(err, &state) }},
		{"unknown regime", done, func(r *handover.VaultInRequest) { r.Regime = "ucc_12_105" }, func(err error) bool { return errors.As(err, &invalid) }},
		{"classification alone", done, func(r *handover.VaultInRequest) {
			r.Regime, r.Classification = "", &custody.Classification{DocumentOfTitle: true, LeaseOfGoods: true}
		}, func(err error) bool { return errors.As(err, &invalid) }},
		{"attestation of e-sign", done, func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() }, func(err error) bool { return errors.As(err, &invalid) }},
	}
	for _, tc := range cases {
		r := testworld.VaultInRequest(tc.id)
		tc.edit(&r)
		if _, created, err := w.Handover.VaultIn(t.Context(), r); !tc.ok(err) || created {
			t.Errorf("%s: created %t, got %v", tc.name, created, err)
		}
	}
	if _, err := w.Vault.Original(t.Context(), dealer.OrgID, done); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("after refusals: got %v, want ErrNotVaulted", err)
	}
	status, err := w.ESign.Status(t.Context(), dealer.OrgID, done)
	check(t, err)
	w.VaultIn(done, func(r *handover.VaultInRequest) {
		r.IfMatch, r.DocumentSHA256 = status.ETag(), status.Sealed.Object.SHA256
	})
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

// anchors fail to write while down.
type anchors struct {
	storage.Blobs
	down atomic.Bool
}

func (a *anchors) Put(ctx context.Context, name string, content []byte) error {
	if a.down.Load() {
		return storage.ErrUnavailable
	}
	return a.Blobs.Put(ctx, name, content)
}

// A log that is away delays the certificate, not the deposit; the background
// finishes it.
func TestLateLog(t *testing.T) {
	t.Parallel()
	a := &anchors{}
	w := newWorld(t, func(s *setup) {
		a.Blobs = s.Log.Anchors.(storage.Blobs)
		s.Log.Anchors = a
	})
	id := w.Completed()
	a.down.Store(true)
	rec := w.VaultIn(id)
	if rec.Log != nil || rec.CertificateID != "" || rec.Compliant != nil {
		t.Errorf("record without a log: got %+v", rec)
	}
	if _, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0); !errors.Is(err, compliance.ErrCertificatePending) {
		t.Errorf("certificate: got %v, want ErrCertificatePending", err)
	}
	w.Clock.Advance(time.Minute)
	if n, err := w.Handover.HandoverDue(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("while the log is away: did %d, %v", n, err)
	}
	a.down.Store(false)
	if n := w.due(t); n != 1 {
		t.Errorf("did %d, want 1", n)
	}
	rec, err := w.Compliance.Record(t.Context(), dealer.OrgID, id)
	check(t, err)
	if rec.Log == nil || rec.CertificateID == "" || rec.Compliant == nil || !*rec.Compliant {
		t.Errorf("record: got %+v", rec)
	}
	if n := w.due(t); n != 0 {
		t.Errorf("did %d things again", n)
	}

	a.down.Store(true)
	rel := w.VaultOut(id)
	if rel.Delivery() != vault.DeliveryPreparing {
		t.Errorf("delivery without a log: %s", rel.Delivery())
	}
	// No certificate may call our copy authoritative any more (I6).
	if c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0); !errors.Is(err, compliance.ErrCertificatePending) {
		t.Errorf("certificate after the release: got %+v, %v", c, err)
	}
	if s, err := w.Compliance.State(t.Context(), rec.CertificateID); err != nil || s != certificate.StateSuperseded {
		t.Errorf("state after the release: %s, %v", s, err)
	}
	a.down.Store(false)
	if n := w.due(t); n == 0 {
		t.Error("the release was not finished")
	}
	rel, err = w.Vault.Released(t.Context(), dealer.OrgID, id)
	check(t, err)
	if rel.Delivery() != vault.DeliveryReady {
		t.Errorf("delivery: %s", rel.Delivery())
	}
}

func TestVaultOut(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	first, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	rel := w.VaultOut(id)
	if rel.Delivery() != vault.DeliveryReady {
		t.Fatalf("delivery: %s", rel.Delivery())
	}
	c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	held := c.AuthoritativeCopy
	if c.Serial != 2 || *c.Supersedes != first.ID || c.Subject.Status != "released" || held.HeldHere || held.ReleasedAt == nil ||
		held.Recipient == nil || held.Recipient.Name != "Cleo Smith" || held.Version != 2 || held.SHA256 != rel.SHA256 || c.Compliance.Compliant != nil || c.Compliance.State != certificate.StateReleased {
		t.Errorf("certificate: got %+v", c)
	}
	s, err := w.ESign.Status(t.Context(), dealer.OrgID, id)
	check(t, err)
	if s.Status != esign.StatusReleased || s.Vaulted() || s.Compliant == nil || *s.Compliant {
		t.Errorf("envelope: got %+v", s)
	}
	again := w.VaultOut(id)
	if again.ReleaseID != rel.ReleaseID || w.count(id, "vault.released") != 1 || w.count(id, event.CertificateIssued) != 2 {
		t.Errorf("repeated: got %s after %s", again.ReleaseID, rel.ReleaseID)
	}
	other := testworld.VaultOutRequest(id)
	other.Reason = "other"
	if _, err := w.Handover.VaultOut(t.Context(), other); !errors.Is(err, vault.ErrAlreadyReleased) {
		t.Errorf("another reason: got %v", err)
	}
	if _, _, err := w.Handover.VaultIn(t.Context(), testworld.VaultInRequest(id)); !errors.Is(err, vault.ErrReleased) {
		t.Errorf("vault in again: got %v, want ErrReleased", err)
	}
	w.packageHolds(id, c)
}

// packageHolds checks what compliance adds to the release package.
func (w *world) packageHolds(id string, newest *certificate.Certificate) {
	w.T.Helper()
	files := w.packageOf(id)
	c, err := certificate.VerifyDocument(files["certificate.json"], w.keys())
	check(w.T, err)
	if c.ID != newest.ID || string(files["certificates/0002.jws"]) != newest.JWS || len(files["certificates/0001.jws"]) == 0 {
		w.T.Error("the package holds other certificates")
	}
	if string(files["rules.md"]) != certificate.Rules() || string(files["log/checkpoint"]) != c.Log.Checkpoint {
		w.T.Error("the package holds another text of the rules or checkpoint")
	}
	proved := func(e certificate.LogEntry) bool { return e.Type == "vault.released" }
	if !slices.ContainsFunc(c.Log.Entries, proved) {
		w.T.Error("the release is not proved")
	}
	if storage.Sum(files["authoritative.pdf"]) != c.AuthoritativeCopy.SHA256 {
		w.T.Error("the package holds another original")
	}
}

func TestVaultOutRefuses(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	for _, tc := range []struct {
		name string
		edit func(*handover.VaultOutRequest)
		want error
	}{
		{"not vaulted", func(*handover.VaultOutRequest) {}, vault.ErrNotVaulted},
		{"absent", func(r *handover.VaultOutRequest) { r.EnvelopeID = "env_none" }, vault.ErrNotVaulted},
		{"another state", func(r *handover.VaultOutRequest) { r.IfMatch = "x" }, esign.ErrPrecondition},
	} {
		r := testworld.VaultOutRequest(id)
		tc.edit(&r)
		if _, err := w.Handover.VaultOut(t.Context(), r); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	w.VaultIn(id, func(r *handover.VaultInRequest) { r.SecuredParty = &bank })
	r := testworld.VaultOutRequest(id)
	r.Recipient = custody.Recipient{Name: "Somebody Else"}
	if _, err := w.Handover.VaultOut(t.Context(), r); !errors.Is(err, vault.ErrAssigneeDiffers) {
		t.Errorf("to a stranger: got %v, want ErrAssigneeDiffers", err)
	}
	stop := errors.New("stop")
	r.Recipient = custody.Recipient{Name: bank.Name, Email: bank.Email}
	r.Also = func(context.Context, storage.Tx, *vault.Release) error { return stop }
	if _, err := w.Handover.VaultOut(t.Context(), r); !errors.Is(err, stop) {
		t.Errorf("Also fails: got %v", err)
	}
}

func TestAutoVault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.Handover.Depositor = func(_ context.Context, orgID string) (handover.Depositor, error) {
			if orgID != dealer.OrgID {
				return handover.Depositor{}, errors.New("no such organization")
			}
			return dealer, nil
		}
	})
	auto := func(r *esign.CreateRequest) { r.AutoVault = true }
	id, plain, sent := w.Completed(auto), w.Completed(), w.Created(auto).ID
	if n := w.due(t); n != 1 {
		t.Errorf("vaulted %d, want 1", n)
	}
	c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if c.RegimeBasis != certificate.BasisDefault || c.Regime != certificate.UCC9105of2022 {
		t.Errorf("got %s by %s", c.Regime, c.RegimeBasis)
	}
	for _, other := range []string{plain, sent} {
		if _, err := w.Vault.Original(t.Context(), dealer.OrgID, other); !errors.Is(err, vault.ErrNotVaulted) {
			t.Errorf("%s: got %v, want ErrNotVaulted", other, err)
		}
	}
	if n := w.due(t); n != 0 {
		t.Errorf("vaulted %d more", n)
	}
}

// An envelope that cannot be vaulted does not stand in the way of others.
func TestAutoVaultGoesOn(t *testing.T) {
	t.Parallel()
	tries := 0
	w := newWorld(t, func(s *setup) {
		s.Handover.Depositor = func(context.Context, string) (handover.Depositor, error) {
			if tries++; tries <= 2 {
				return handover.Depositor{}, errors.New("not now")
			}
			return dealer, nil
		}
	})
	auto := func(r *esign.CreateRequest) { r.AutoVault = true }
	first, second := w.Completed(auto), w.Completed(auto)
	for i, want := range []struct{ done, tried int }{{0, 1}, {0, 2}, {0, 2}} {
		if n, err := w.Handover.HandoverDue(t.Context(), 1); n != want.done || tries != want.tried || err != nil {
			t.Errorf("run %d: did %d after %d tries, %v", i, n, tries, err)
		}
	}
	w.Clock.Advance(time.Minute)
	for range 2 {
		if n, err := w.Handover.HandoverDue(t.Context(), 1); n != 1 || err != nil {
			t.Errorf("later: did %d, %v", n, err)
		}
	}
	for _, id := range []string{first, second} {
		if _, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestEvaluateDue(t *testing.T) {
	t.Parallel()
	w, live, gone := twoWorld(t)
	w.evaluate(w.Created().ID) // is not vaulted and never due
	w.VaultIn(live)
	w.VaultOut(gone)
	if n, err := w.Compliance.EvaluateDue(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("at once: %d, %v", n, err)
	}
	w.Clock.Advance(7*24*time.Hour + time.Minute)
	rec, err := w.Compliance.Record(t.Context(), dealer.OrgID, live)
	check(t, err)
	if rec.Compliant != nil {
		t.Error("an old evaluation still counts")
	}
	if n, err := w.Compliance.EvaluateDue(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("after a week: %d, %v", n, err)
	}
	if n, err := w.Compliance.EvaluateDue(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	// Nobody checked the bytes in that week.
	e := w.evaluate(live)
	if !slices.Equal(e.MissingRequirements, []string{certificate.HeldByAssigneeOrCustodian}) {
		t.Errorf("got %v", failed(e.Result))
	}
}

// What touches the facts takes the last evaluation back until the next one.
func TestTouched(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	_, err := w.Vault.ReadAuthoritative(t.Context(), vault.ReadRequest{
		OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor,
		Also: func(ctx context.Context, tx storage.Tx, _ *vault.File) error { return w.touched(ctx, tx, id) },
	})
	check(t, err)
	s, err := w.ESign.Status(t.Context(), dealer.OrgID, id)
	check(t, err)
	if s.Compliant != nil {
		t.Error("compliant is known although the copies changed")
	}
	if n, err := w.Compliance.EvaluateDue(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("evaluated %d, %v", n, err)
	}
	if s, err = w.ESign.Status(t.Context(), dealer.OrgID, id); err != nil || s.Compliant == nil || !*s.Compliant {
		t.Errorf("evaluated anew: got %v, %v", s.Compliant, err)
	}
}

// A store that does not answer is an error, not a finding.
func TestUnavailableIsNoVerdict(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := w.Compliance.Evaluate(ctx, dealer.OrgID, id, actor); err == nil {
		t.Errorf("cancelled: got %+v", e.Result)
	}
	check(t, w.DB.Bun().Close())
	if e, err := w.Compliance.Evaluate(t.Context(), dealer.OrgID, id, actor); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("database gone: got %+v, %v", e, err)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := compliance.Config{
		Store: w.DB.Compliance(), ESign: w.ESign, Vault: w.Vault, Log: w.Log, Signer: testworld.Key(4), Roots: w.PKI.Roots(),
	}
	for name, edit := range map[string]func(*compliance.Config){
		"Store":  func(c *compliance.Config) { c.Store = nil },
		"ESign":  func(c *compliance.Config) { c.ESign = nil },
		"Vault":  func(c *compliance.Config) { c.Vault = nil },
		"Log":    func(c *compliance.Config) { c.Log = nil },
		"Signer": func(c *compliance.Config) { c.Signer = w.PKI.Seal.Key },
		"Roots":  func(c *compliance.Config) { c.Roots = nil },
		"Regime": func(c *compliance.Config) { c.Regime = "other" },
	} {
		c := whole
		edit(&c)
		if _, err := compliance.New(c); err == nil || !strings.Contains(err.Error(), "Config."+name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := compliance.New(whole); err != nil {
		t.Error(err)
	}
}

var _ translog.Anchors = (*anchors)(nil)

// Calls that race, on every database: one copy, one result, one certificate.
func TestRaces(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := worldOn(t, db)
		id := w.Completed()
		together(8, func() {
			if _, _, err := w.Handover.VaultIn(t.Context(), testworld.VaultInRequest(id)); err != nil {
				t.Errorf("vault in: %v", err)
			}
			if _, err := w.Compliance.Evaluate(t.Context(), dealer.OrgID, id, actor); err != nil {
				t.Errorf("evaluate: %v", err)
			}
		})
		for _, kind := range []string{"vault.stored", event.VaultCompliancePassed, event.CertificateIssued} {
			if n := w.count(id, kind); n != 1 {
				t.Errorf("got %d events %s, want 1", n, kind)
			}
		}
		if n := w.count(id, event.VaultComplianceFailed); n != 0 {
			t.Errorf("got %d events %s, want none", n, event.VaultComplianceFailed)
		}
		together(8, func() {
			if _, err := w.Handover.VaultOut(t.Context(), testworld.VaultOutRequest(id)); err != nil {
				t.Errorf("vault out: %v", err)
			}
			if _, err := w.Handover.HandoverDue(t.Context(), 10); err != nil {
				t.Errorf("due: %v", err)
			}
		})
		if n := w.count(id, "vault.released"); n != 1 {
			t.Errorf("got %d releases, want 1", n)
		}
		c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
		check(t, err)
		if c.Serial != 2 || c.AuthoritativeCopy.HeldHere {
			t.Errorf("certificate: serial %d, held here %t", c.Serial, c.AuthoritativeCopy.HeldHere)
		}
	})
}

func together(n int, fn func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(fn)
	}
	all.Wait()
}

// TestOriginalGivenOut: what a signer holds, too, is vaulted under no control
// statute.
func TestOriginalGivenOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.ESign.SignerCopy = esign.SignerCopySealed })
	kept, given := w.Completed(), w.Completed()
	links, err := w.ESign.SigningLinks(t.Context(), esign.LinksRequest{OrgID: dealer.OrgID, EnvelopeID: given, Actor: actor})
	check(t, err)
	f, err := w.ESign.Document(t.Context(), links[0].Token, esign.Client{Addr: "192.0.2.7"})
	check(t, err)
	c, err := w.ESign.Completion(t.Context(), dealer.OrgID, given)
	check(t, err)
	for _, l := range append(links, links...) {
		_, err := w.ESign.Document(t.Context(), l.Token, esign.Client{Addr: "192.0.2.8"})
		check(t, err)
	}
	if n := w.count(given, event.EnvelopeCompletionGivenOut); f.SHA256 != c.Object.SHA256 || n != len(links) {
		t.Errorf("got %s and %d events, want %s and one for each of %d signers", f.SHA256, n, c.Object.SHA256, len(links))
	}
	if _, _, err := w.Handover.VaultIn(t.Context(), testworld.VaultInRequest(given)); !errors.Is(err, esign.ErrOriginalGivenOut) {
		t.Errorf("under control: got %v", err)
	}
	w.VaultIn(given, func(r *handover.VaultInRequest) { r.Regime = certificate.NoRegime })
	w.VaultIn(kept)
	for _, id := range []string{kept, given} {
		links, err := w.ESign.SigningLinks(t.Context(), esign.LinksRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor})
		check(t, err)
		f, err := w.ESign.Document(t.Context(), links[0].Token, esign.Client{})
		check(t, err)
		if c, err := w.ESign.Completion(t.Context(), dealer.OrgID, id); err != nil || f.SHA256 == c.Object.SHA256 {
			t.Errorf("the original was given out after the deposit: %v", err)
		}
	}
}
