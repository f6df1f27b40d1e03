package compliance_test

import (
	"errors"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

// bankKey is the key by which the bank controls.
var bankKey = testworld.Key(40)

// byKey deposits for the bank, which controls by its key.
func byKey(r *handover.VaultInRequest) {
	r.SecuredParty, r.ControlKey = &bank, `{"crv":"Ed25519","kty":"OKP","x":"6S62BU_pvGgqG887dZ9lqzikz72BxNHzNC5Myc3tiws"}`
}

// sale is what the key consents to: a sale of the copy as it is.
func (w *world) sale(id string, to custody.Party) custody.ConsentTerms {
	w.T.Helper()
	c, err := w.Vault.Original(w.T.Context(), dealer.OrgID, id)
	check(w.T, err)
	o := custody.Offer{EnvelopeID: id, CopyID: c.CopyID, Version: c.Version, SHA256: c.DocumentHash, Purpose: custody.PurposeSale, Assignee: to}
	return o.ConsentTerms()
}

func (w *world) sellByKey(id string) {
	w.T.Helper()
	w.Assign(id, testworld.Dealer(), testworld.Buyer(), func(r *vault.OfferRequest) {
		r.Consent = testworld.Consent(w.T, bankKey, w.sale(id, testworld.Buyer()), "nonce-nonce-nonce", w.Clock.Now())
	})
}

func talesOfKeys() []tale {
	return []tale{
		{name: "keyed", in: byKey},
		{name: "sold by key", in: byKey, then: (*world).sellByKey},
	}
}

func soldByKey(t testing.TB) (*world, string) {
	w, id := completedWorld(t)
	w.VaultIn(id, byKey)
	w.sellByKey(id)
	return w, id
}

func keyEdits() []changed {
	return []changed{
		{"the key's consent is taken out", func(w *world, id string) {
			w.restateWhere("evault_custody", "statement", "seq = 2", testworld.Key(2), func(p object) {
				delete(p["consent"].(object), "jws")
				p["consent"].(object)["kind"] = "attested"
			})
		}, []string{consent}},
		{"the key's consent is to another sale", func(w *world, id string) {
			w.restateWhere("evault_custody", "statement", "seq = 2", testworld.Key(2), func(p object) { p["purpose"] = "pledge" })
		}, []string{consent}},
	}
}

// TestBoundControlKey: a key that is bound where an agent held control makes a new
// certificate, which meets every check; of two keys that follow each other in a chain,
// no check 4 is satisfied.
func TestBoundControlKey(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	w.VaultIn(id, asAgent)
	key := testworld.ControlKey(t, bankKey)
	r := vault.BindRequest{OrgID: dealer.OrgID, EnvelopeID: id, ControlKey: key, Actor: actor, RequestID: "req", RequestSHA256: "a1"}
	rec, created, err := w.Handover.BindControlKey(t.Context(), r)
	if err != nil || !created || rec.Compliant == nil || !*rec.Compliant {
		t.Fatalf("bind: %+v, created %t, %v", rec, created, err)
	}
	c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if c.Serial != 2 || c.Controller.ControlKey != key.Thumbprint() || c.Custody[1].Kind != "bind" || c.Custody[1].ConsentOf != "agent" {
		t.Errorf("certificate %d: %+v, %+v", c.Serial, c.Controller, c.Custody[1])
	}
	s := custody.Statement{Kind: custody.EntryBind, From: &custody.Parties{Controller: custody.Controller{BoundBy: custody.BoundByControlKey, ControlKey: key}}}
	if err := s.CheckConsent(custody.Statement{}, "", w.Clock.Now()); !errors.Is(err, custody.ErrConsent) {
		t.Errorf("a bind of what a key controls: got %v", err)
	}
}

// TestCertificateOfAControlKey: the certificate prints the thumbprint of the key, and
// the consent that it signed, and verifies.
func TestCertificateOfAControlKey(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	w.VaultIn(id, byKey)
	thumbprint := testworld.ControlKey(t, bankKey).Thumbprint()
	c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if c.Controller.BoundBy != "control_key" || c.Controller.ControlKey != thumbprint || !*c.Compliance.Compliant {
		t.Errorf("controller %+v, %+v", c.Controller, c.Compliance.MissingRequirements)
	}
	r := testworld.VaultOutRequest(id)
	o, err := w.Vault.Original(t.Context(), dealer.OrgID, id)
	check(t, err)
	r.Consent = testworld.Consent(t, bankKey, o.ReleaseTerms(r.Recipient, r.Reason), "nonce-nonce-nonce", w.Clock.Now())
	_, err = w.Handover.VaultOut(t.Context(), r)
	check(t, err)
	c, err = w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	x, k := c.Custody[1], c.Compliance.Checks[5]
	if x.Consent != "signed" || x.ConsentOf != "controller" || x.ConsentJWS != r.Consent || x.ControlKey != thumbprint || !k.Met() {
		t.Errorf("entry %+v, check %+v", x, k)
	}
	if e := k.Evidence[1]; e.Kind != "consent" || e.Basis != certificate.Verified {
		t.Errorf("evidence: got %+v", e)
	}
}

// TestControlIsTheKeys: with a control key, nothing else moves control or the original
// and leaves check 4 satisfied: neither a call of any actor, nor an edited row, nor a
// statement signed anew, nor a database that was brought back.
func TestControlIsTheKeys(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	w.VaultIn(id, byKey)
	held := w.Image()
	spent := testworld.Consent(t, bankKey, w.sale(id, testworld.Buyer()), "nonce-nonce-nonce", w.Clock.Now())
	o := w.Offer(id, testworld.Dealer(), testworld.Buyer(), func(r *vault.OfferRequest) { r.Consent = spent })
	if _, err := w.Vault.CancelOffer(t.Context(), vault.EndOfferRequest{OrgID: dealer.OrgID, AssignmentID: o.ID, Actor: actor}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Log.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := w.Image()

	assign := func(w *world, by event.Actor, consent string) error {
		code, _, err := w.Vault.MakeReceivingCode(t.Context(), vault.ReceivingCodeRequest{
			OrgID: testworld.Buyer().Identifier, OrgName: testworld.Buyer().Name, Actor: testworld.KeyOf(testworld.Buyer()),
		})
		check(t, err)
		o, err := w.Handover.Offer(t.Context(), vault.OfferRequest{OrgID: dealer.OrgID, EnvelopeID: id, ReceivingCode: code, Actor: by, RequestSHA256: "a1", Consent: consent})
		if err != nil {
			return err
		}
		_, _, err = w.Handover.Accept(t.Context(), vault.AcceptRequest{
			OrgID: testworld.Buyer().Identifier, AssignmentID: o.ID, Actor: testworld.KeyOf(testworld.Buyer()), RequestSHA256: "a1",
		})
		return err
	}
	release := func(w *world, by event.Actor) error {
		r := testworld.VaultOutRequest(id)
		r.Actor = by
		_, err := w.Handover.VaultOut(t.Context(), r)
		return err
	}
	organization := func(w *world) {
		own := `{"party":{"name":"Dealer Finance LLC","identifier":"org_dealer"},"org_id":"org_dealer","bound_by":"organization"}`
		w.Exec("UPDATE evault_copies SET controller = ?", own)
		w.Exec("UPDATE evault_custody SET to_custody = json_set(to_custody, '$.controller', json(?))", own)
	}
	operator := event.Actor{Kind: "operator", ID: "root"}
	for name, tc := range map[string]struct {
		from testworld.Image
		try  func(w *world) error
		want error
	}{
		"a key of the organization assigns":  {held, func(w *world) error { return assign(w, actor, "") }, custody.ErrConsent},
		"a key of the organization releases": {held, func(w *world) error { return release(w, actor) }, custody.ErrConsent},
		"a member assigns": {held, func(w *world) error {
			return assign(w, event.Actor{Kind: "member", ID: "m", OrgID: dealer.OrgID}, "")
		}, custody.ErrConsent},
		"an operator assigns":     {held, func(w *world) error { return assign(w, operator, "") }, custody.ErrConsent},
		"an operator releases":    {held, func(w *world) error { return release(w, operator) }, custody.ErrConsent},
		"a consent is used again": {later, func(w *world) error { return assign(w, actor, spent) }, custody.ErrConsent},
		"another's key": {held, func(w *world) error {
			return assign(w, actor, testworld.Consent(t, testworld.Key(41), w.sale(id, testworld.Buyer()), "nonce-nonce-nonce", w.Clock.Now()))
		}, custody.ErrConsent},
		"the controller's row": {held, func(w *world) error {
			organization(w)
			return assign(w, actor, "")
		}, vault.ErrRecordAltered},
		"the controller's statement, signed anew": {held, func(w *world) error {
			organization(w)
			w.restate("evault_custody", "statement", testworld.Key(2), func(p object) {
				c := p["to"].(object)["controller"].(object)
				delete(c, "control_key")
				c["bound_by"], p["v"] = "organization", 1
			})
			return release(w, actor)
		}, vault.ErrRecordAltered},
		"an offer's row": {later, func(w *world) error {
			w.Exec("UPDATE evault_offers SET status = 'offered', ended_at = NULL, ended_event_id = ''")
			w.Exec("UPDATE evault_copies SET offer_id = ?", o.ID)
			_, _, err := w.Handover.Accept(t.Context(), vault.AcceptRequest{
				OrgID: testworld.Buyer().Identifier, AssignmentID: o.ID, Actor: testworld.KeyOf(testworld.Buyer()), RequestSHA256: "a1",
			})
			return err
		}, vault.ErrRecordAltered},
		"a backup": {held.Restored(later), func(w *world) error { return assign(w, actor, spent) }, translog.ErrRewound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := copied(t, tc.from)
			if err := tc.try(w); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			chain, err := w.Vault.Custody(t.Context(), dealer.OrgID, id)
			check(t, err)
			if len(chain) != 1 {
				t.Errorf("the custody chain has %d entries", len(chain))
			}
		})
	}
}
