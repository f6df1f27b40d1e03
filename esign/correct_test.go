package esign_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// correct corrects a signer; "" and 0 stay as they are.
func (b *bench) correct(envelopeID, signerID, email, name string, order int) (*esign.Envelope, error) {
	r := esign.CorrectRequest{OrgID: org, EnvelopeID: envelopeID, SignerID: signerID, Actor: key}
	if email != "" {
		r.Email = &email
	}
	if name != "" {
		r.Name = &name
	}
	if order != 0 {
		r.Order = &order
	}
	return b.CorrectSigner(b.T.Context(), r)
}

// told drains the outbox and returns the notices since the last call.
func (b *bench) told() []esign.Notice {
	b.T.Helper()
	if _, err := b.NotifyDue(b.T.Context(), 100); err != nil {
		b.T.Fatal(err)
	}
	b.inbox.mu.Lock()
	defer b.inbox.mu.Unlock()
	list := b.inbox.notices
	b.inbox.notices = nil
	return list
}

// certifies asks that the certificate of completion says want, without blanks.
func (b *bench) certifies(envelopeID, want string) {
	b.T.Helper()
	c, err := b.Completion(b.T.Context(), org, envelopeID)
	if err != nil {
		b.T.Fatal(err)
	}
	whole, err := b.Objects.Read(b.T.Context(), c.Object)
	if err != nil {
		b.T.Fatal(err)
	}
	pages, err := extract.PageTexts(whole)
	if err != nil {
		b.T.Fatal(err)
	}
	if text := strings.Join(pages, ""); !strings.Contains(text, want) {
		b.T.Errorf("the certificate of completion does not say %q:\n%s", want, text)
	}
}

// TestReplaceSigner: another person takes a signer's place. The old link is dead,
// and neither what was read nor the consent is the new person's.
func TestReplaceSigner(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	buyer := env.Signers[0].ID
	old := b.link(env.ID, "ada@example.com")
	late, err := b.OpenDocument(t.Context(), old, client)
	if err != nil || !late.Counts() {
		t.Fatal(err)
	}
	b.read(old) // and consents
	b.told()
	env, err = b.correct(env.ID, buyer, "grace@example.com", "Grace Hopper", 0)
	if err != nil {
		t.Fatal(err)
	}
	sg := env.Signers[0]
	if sg.ID != buyer || sg.Email != "grace@example.com" || sg.Name != "Grace Hopper" || sg.Status != esign.SignerNotified ||
		sg.Consented() || sg.PresentedSHA256 != "" || sg.ViewedAt != nil {
		t.Errorf("replaced: %+v", sg)
	}
	if _, err := b.Session(t.Context(), old, esign.Client{}); !errors.Is(err, esign.ErrLinkGone) {
		t.Errorf("the old link: got %v, want ErrLinkGone", err)
	}
	if err := late.HandedOut(t.Context()); !errors.Is(err, esign.ErrLinkGone) {
		t.Errorf("a transfer by the old link that ends now: got %v, want ErrLinkGone", err)
	}
	told := b.told()
	if len(told) != 1 || told[0].Kind != esign.NoticeSign || told[0].Email != "grace@example.com" || told[0].Name != "Grace Hopper" {
		t.Fatalf("told %+v", told)
	}
	fresh := b.link(env.ID, "grace@example.com")
	s, err := b.Session(t.Context(), fresh, esign.Client{})
	if err != nil || len(s.PagesShown) != 0 || s.ConsentedAt != nil {
		t.Errorf("the new session: %+v, %v", s, err)
	}
	if _, err := b.Sign(t.Context(), typed(fresh, "Grace Hopper", s)); !errors.Is(err, esign.ErrNotViewed) {
		t.Errorf("unread: got %v, want ErrNotViewed", err)
	}
	b.sign(fresh, "Grace Hopper")
	if _, err := b.correct(env.ID, buyer, "ada@example.com", "", 0); !errors.Is(err, esign.ErrAlreadySigned) {
		t.Errorf("after the signature: got %v, want ErrAlreadySigned", err)
	}
	b.sign(b.link(env.ID, "lz@example.com"), "Łukasz Żółć")
	b.certifies(env.ID, "GraceHopper,grace@example.com,insteadofAdaByron,ada@example.com")
	i := slices.IndexFunc(b.chain(env.ID), func(e esign.Event) bool { return e.Type == event.EnvelopeSignerCorrected })
	e := b.chain(env.ID)[i]
	data := event.DataOf[event.SignerCorrectedData](e)
	detail, ok := event.DetailOf[event.Change](e)
	want := event.Change{Email: "grace@example.com", Name: "Grace Hopper", EmailBefore: "ada@example.com", NameBefore: "Ada Byron"}
	if !data.Replaced || data.SignerID != buyer || !slices.Equal(data.Notified, []string{buyer}) || !ok || detail != want || e.Actor != key {
		t.Errorf("event %+v %+v by %v", data, detail, e.Actor)
	}
}

// TestReorderSigners: the order is enforced in what is shown, linked, notified and
// accepted, also after it was changed.
func TestReorderSigners(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	buyer, seller := env.Signers[0].ID, env.Signers[1].ID
	first := b.link(env.ID, "ada@example.com")
	s := b.read(first)
	b.told()
	env, err := b.correct(env.ID, buyer, "", "", 3)
	if err != nil {
		t.Fatal(err)
	}
	if env.Signers[0].ID != seller || env.Signers[0].Status != esign.SignerNotified || env.Signers[1].Status != esign.SignerWaiting {
		t.Errorf("reordered: %+v", env.Signers)
	}
	if got := b.get(env.ID); got.Signers[0].ID != seller {
		t.Errorf("read again, %s is first", got.Signers[0].Email)
	}
	if told := b.told(); len(told) != 1 || told[0].SignerID != seller {
		t.Errorf("told %+v", told)
	}
	if _, err := b.Session(t.Context(), first, esign.Client{}); !errors.Is(err, esign.ErrNotYourTurn) {
		t.Errorf("shown: got %v, want ErrNotYourTurn", err)
	}
	if _, err := b.Sign(t.Context(), typed(first, "Ada Byron", s)); !errors.Is(err, esign.ErrNotYourTurn) {
		t.Errorf("accepted: got %v, want ErrNotYourTurn", err)
	}
	if _, err := b.SignerToken(t.Context(), org, env.ID, buyer); !errors.Is(err, esign.ErrNotYourTurn) {
		t.Errorf("linked: got %v, want ErrNotYourTurn", err)
	}
	b.sign(b.link(env.ID, "lz@example.com"), "Łukasz Żółć")
	if told := b.told(); len(told) != 1 || told[0].SignerID != buyer {
		t.Errorf("told after the first signature: %+v", told)
	}
	if r := b.sign(first, "Ada Byron"); r.EnvelopeStatus != esign.StatusCompleted {
		t.Errorf("the last signature left it %s", r.EnvelopeStatus)
	}
}

// TestCorrectSigner: what is refused, and what changes nothing.
func TestCorrectSigner(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.Send = false })
	id := env.Signers[0].ID
	for _, c := range []struct {
		email, name string
		order       int
		want        string
	}{
		{"nobody", "", 0, "email email"},
		{"", "a\nb", 0, "name text"},
		{"", " ", 0, "name required"},
		{"", "", 1001, "order range"},
		{"", "", -1, "order range"},
	} {
		if _, err := b.correct(env.ID, id, c.email, c.name, c.order); !slices.Equal(invalid(err), []string{c.want}) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	if _, err := b.correct(env.ID, "sgn_absent", "x@example.com", "", 0); !errors.Is(err, esign.ErrSignerNotFound) {
		t.Errorf("absent: got %v", err)
	}
	if _, err := b.correct("env_absent", id, "x@example.com", "", 0); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("absent envelope: got %v", err)
	}
	stale := "stale"
	if _, err := b.CorrectSigner(t.Context(), esign.CorrectRequest{OrgID: org, EnvelopeID: env.ID, SignerID: id, IfMatch: stale}); !errors.Is(err, esign.ErrPrecondition) {
		t.Errorf("If-Match: got %v", err)
	}
	events := len(b.chain(env.ID))
	same, err := b.correct(env.ID, id, "ada@example.com", "Ada Byron", 1)
	if err != nil || same.ETag() != env.ETag() || len(b.chain(env.ID)) != events {
		t.Errorf("no change: %v, %d events, had %d", err, len(b.chain(env.ID)), events)
	}
	draft, err := b.correct(env.ID, id, "ada2@example.com", "", 0)
	if err != nil || draft.Signers[0].Status != esign.SignerWaiting || len(b.told()) != 0 {
		t.Errorf("before it is sent: %+v, %v", draft, err)
	}
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Actor: key, Reason: "r"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.correct(env.ID, id, "ada3@example.com", "", 0); !errors.Is(err, esign.ErrState) {
		t.Errorf("voided: got %v, want ErrState", err)
	}
}

// TestRacingCorrection: a signature and a correction of its signer come at once. One of
// them wins: a signature by the old link stands for who was named then, or there is none.
func TestRacingCorrection(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		for range 8 {
			env := b.create()
			buyer, token := env.Signers[0].ID, b.link(env.ID, "ada@example.com")
			r := typed(token, "Ada Byron", b.read(token))
			var wg sync.WaitGroup
			var signed, corrected error
			wg.Go(func() { _, signed = b.Sign(t.Context(), r) })
			wg.Go(func() { _, corrected = b.in(t).correct(env.ID, buyer, "grace@example.com", "Grace Hopper", 0) })
			wg.Wait()
			sg := b.get(env.ID).Signers[0]
			switch {
			case signed == nil && errors.Is(corrected, esign.ErrAlreadySigned):
				if sg.Status != esign.SignerSigned || sg.Name != "Ada Byron" {
					t.Errorf("signed: %+v", sg)
				}
			case corrected == nil && errors.Is(signed, esign.ErrLinkGone):
				if sg.Status != esign.SignerNotified || sg.Name != "Grace Hopper" || sg.Consented() {
					t.Errorf("corrected: %+v", sg)
				}
			default:
				t.Errorf("the signature: %v; the correction: %v", signed, corrected)
			}
		}
	})
}
