package vault_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

const nonce = "nonce-nonce-nonce-1"

// keyed deposits for the outside bank, which controls by the key of s.
func (w *world) keyed(env string, s crypto.Signer) *custody.Original {
	w.T.Helper()
	r := w.request(env)
	r.SecuredParty, r.ControlKey = &bank, testworld.ControlKey(w.T, s)
	return w.deposit(r)
}

// sale is what the bank's key consents to: a sale to the organization.
func (w *world) sale(c *custody.Original, to custody.Party) custody.ConsentTerms {
	o := custody.Offer{EnvelopeID: c.EnvelopeID, CopyID: c.CopyID, Version: c.Version, SHA256: c.DocumentHash, Purpose: custody.PurposeSale, Assignee: to}
	return o.ConsentTerms()
}

func (w *world) consents(s crypto.Signer, act custody.ConsentTerms, nonce string) string {
	w.T.Helper()
	return testworld.Consent(w.T, s, act, nonce, w.Clock.Now())
}

func p256(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testworld.Check(t, err)
	return k
}

// TestControlKey: a copy that a key controls is offered and released by its consent
// alone, and the statements that say so verify.
func TestControlKey(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]crypto.Signer{"Ed25519": testworld.Key(40), "P-256": p256(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.keyed("env_a", s)
			if want := (custody.Controller{Party: bank, OrgID: org.Identifier, BoundBy: custody.BoundByControlKey, ControlKey: testworld.ControlKey(t, s)}); c.Controller != want {
				t.Errorf("controller: got %+v", c.Controller)
			}
			r := w.offerRequest("env_a", org, orgBank, custody.PurposeSale)
			if _, err := w.Offer(t.Context(), r); !errors.Is(err, custody.ErrConsent) {
				t.Errorf("offer without consent: got %v", err)
			}
			r.Consent = w.consents(s, w.sale(c, orgBank), nonce)
			o := w.offer(r)
			if o.Consent.Kind != custody.ConsentSigned || o.Consent.JWS != r.Consent || o.ExpiresAt.After(w.Clock.Now().Add(time.Hour)) {
				t.Errorf("offer: %+v", o)
			}
			a, _, err := w.AcceptOffer(t.Context(), acceptance(o, orgBank))
			if err != nil || a.Original.Controller.BoundBy != custody.BoundByOrganization || a.Original.Controller.ControlKey != "" {
				t.Fatalf("accept: %+v, %v", a, err)
			}
			chain, err := w.Custody(t.Context(), orgBank.Identifier, "env_a")
			testworld.Check(t, err)
			said, err := custody.VerifyCustody([]string{chain[0].Statement, chain[1].Statement}, w.StatementKeys())
			if err != nil || said[0].V != 3 || said[1].V != 3 || said[1].Consent.JWS != r.Consent {
				t.Fatalf("chain: %+v, %v", said, err)
			}
			if err := said[1].CheckConsent(said[0], "", chain[1].RecordedAt); err != nil {
				t.Error(err)
			}
			if err := said[1].CheckConsent(said[0], "", chain[1].RecordedAt.Add(2*time.Hour)); !errors.Is(err, custody.ErrConsent) {
				t.Errorf("expired: got %v", err)
			}
			if _, err := w.Proven(t.Context(), orgBank.Identifier, "env_a"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReleaseByControlKey: the original leaves by the key's consent to this recipient
// and reason; a repeat needs none.
func TestReleaseByControlKey(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), testworld.Key(40)
	c := w.keyed("env_a", s)
	r := release("env_a")
	for name, consent := range map[string]string{
		"none":            "",
		"another's":       w.consents(testworld.Key(41), c.ReleaseTerms(r.Recipient, r.Reason), nonce),
		"other reason":    w.consents(s, c.ReleaseTerms(r.Recipient, "other"), nonce),
		"other recipient": w.consents(s, c.ReleaseTerms(custody.Recipient{Name: "Mallory"}, r.Reason), nonce),
		"of a sale":       w.consents(s, w.sale(c, orgBank), nonce),
	} {
		r := r
		r.Consent, r.Actor = consent, keyOf(org)
		if _, _, err := w.Release(t.Context(), r); !errors.Is(err, custody.ErrConsent) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	denied := w.Events(org.Identifier)
	if len(denied) != 1 || denied[0].Type != event.ControlDenied {
		t.Errorf("recorded: %+v", denied)
	}
	r.Consent = w.consents(s, c.ReleaseTerms(r.Recipient, r.Reason), nonce)
	first, created, err := w.Release(t.Context(), r)
	if err != nil || !created {
		t.Fatal(created, err)
	}
	r.Consent = ""
	again, created, err := w.Release(t.Context(), r)
	if err != nil || created || again.ReleaseID != first.ReleaseID {
		t.Errorf("again: %+v, created %t, %v", again, created, err)
	}
	if _, err := w.Proven(t.Context(), org.Identifier, "env_a"); err != nil {
		t.Error(err)
	}
}

// TestConsentIsForOneOffer: a consent covers one offer of one version to one assignee,
// and its nonce is used up when that offer ended.
func TestConsentIsForOneOffer(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), testworld.Key(40)
	c, other := w.keyed("env_a", s), w.keyed("env_b", s)
	r := w.offerRequest("env_a", org, orgBank, custody.PurposeSale)
	pledge := w.sale(c, orgBank)
	pledge.Purpose = custody.PurposePledge
	for name, consent := range map[string]string{
		"other copy":     w.consents(s, w.sale(other, orgBank), nonce),
		"other assignee": w.consents(s, w.sale(c, orgOther), nonce),
		"pledge":         w.consents(s, pledge, nonce),
		"expired":        testworld.Consent(t, s, w.sale(c, orgBank), nonce, w.Clock.Now().Add(-2*time.Hour)),
		"too long":       testworld.Consent(t, s, w.sale(c, orgBank), nonce, w.Clock.Now().Add(90*24*time.Hour)),
		"short nonce":    w.consents(s, w.sale(c, orgBank), "short"),
		"not a JWS":      "e30.e30",
	} {
		r := r
		r.Consent = consent
		if _, err := w.Offer(t.Context(), r); !errors.Is(err, custody.ErrConsent) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	r.Consent = w.consents(s, w.sale(c, orgBank), nonce)
	o := w.offer(r)
	if _, err := w.CancelOffer(t.Context(), vault.EndOfferRequest{OrgID: org.Identifier, AssignmentID: o.ID, Actor: keyOf(org)}); err != nil {
		t.Fatal(err)
	}
	r.ReceivingCode = w.code(orgBank)
	if _, err := w.Offer(t.Context(), r); !errors.Is(err, custody.ErrConsent) || !strings.Contains(err.Error(), "nonce") {
		t.Errorf("again: got %v", err)
	}
	r.Consent = w.consents(s, w.sale(c, orgBank), nonce+"b")
	w.offer(r)
	late := w.offerRequest("env_b", org, orgBank, custody.PurposeSale)
	late.Consent = w.consents(s, w.sale(other, orgBank), nonce)
	o = w.offer(late)
	w.Clock.Advance(time.Hour)
	if _, _, err := w.AcceptOffer(t.Context(), acceptance(o, orgBank)); !errors.Is(err, vault.ErrOfferEnded) {
		t.Errorf("after the consent: got %v", err)
	}
}

// TestConsentsAtOnce: of offers that race with one consent, one is made.
func TestConsentsAtOnce(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), testworld.Key(40)
	consent := w.consents(s, w.sale(w.keyed("env_a", s), orgBank), nonce)
	var made []*custody.Offer
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 6 {
		r := w.offerRequest("env_a", org, orgBank, custody.PurposeSale)
		r.Consent = consent
		wg.Go(func() {
			o, err := w.Offer(t.Context(), r)
			if err != nil {
				return
			}
			_, err = w.CancelOffer(t.Context(), vault.EndOfferRequest{OrgID: org.Identifier, AssignmentID: o.ID, Actor: keyOf(org)})
			mu.Lock()
			defer mu.Unlock()
			if made = append(made, o); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Errorf("%d offers were made with one consent", len(made))
	}
}

// TestControlKeyIsRefused: what cannot be deposited with a key, and a consent that no key asks for.
func TestControlKeyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	r.ControlKey = testworld.ControlKey(t, testworld.Key(40))
	if _, _, err := w.Deposit(t.Context(), r); !invalid(err, "secured_party") {
		t.Errorf("without a party: got %v", err)
	}
	r.SecuredParty, r.ControlKey = &bank, `{"kty":"OKP"}`
	if _, _, err := w.Deposit(t.Context(), r); !invalid(err, "control_key") {
		t.Errorf("not a key: got %v", err)
	}
	c := w.deposit(w.request("env_b"))
	o := w.offerRequest("env_b", org, orgBank, custody.PurposeSale)
	o.Consent = w.consents(testworld.Key(40), w.sale(c, orgBank), nonce)
	if _, err := w.Offer(t.Context(), o); !invalid(err, "consent") {
		t.Errorf("offer: got %v", err)
	}
	x := release("env_b")
	x.Consent = o.Consent
	if _, _, err := w.Release(t.Context(), x); !invalid(err, "consent") {
		t.Errorf("release: got %v", err)
	}
}

func invalid(err error, field string) bool {
	var e *vault.InvalidError
	return errors.As(err, &e) && e.Fields[0].Field == field
}

// TestBindControlKey: control that an agent holds, or nobody for the assignee, is bound to
// its key, once; from then on only its consent moves anything.
func TestBindControlKey(t *testing.T) {
	t.Parallel()
	for name, agent := range map[string]bool{"agent": true, "none": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld(t), testworld.Key(40)
			r := w.request("env_a")
			if r.SecuredParty = &bank; agent {
				r.Capacity, r.Agreement = custody.CapacityAgent, agreement
			}
			before := w.deposit(r)
			bind := vault.BindRequest{OrgID: org.Identifier, EnvelopeID: "env_a", ControlKey: testworld.ControlKey(t, s), Actor: keyOf(org), RequestSHA256: "a1"}
			b, created, err := w.BindControlKey(t.Context(), bind)
			if err != nil || !created || b.Copy.Controller.Party != bank || b.Copy.Controller.ControlKey != bind.ControlKey || b.Copy.DocumentHash != before.DocumentHash {
				t.Fatalf("bind: %+v, created %t, %v", b, created, err)
			}
			if _, created, err := w.BindControlKey(t.Context(), bind); err != nil || created {
				t.Errorf("again: created %t, %v", created, err)
			}
			bind.ControlKey = testworld.ControlKey(t, testworld.Key(41))
			if _, _, err := w.BindControlKey(t.Context(), bind); !errors.Is(err, vault.ErrBound) {
				t.Errorf("another key: got %v", err)
			}
			if _, err := w.Proven(t.Context(), org.Identifier, "env_a"); err != nil {
				t.Error(err)
			}
			out := release("env_a")
			out.Recipient = custody.Recipient{Name: "Cleo Smith", Organization: bank.Name}
			if _, _, err := w.Release(t.Context(), out); !errors.Is(err, custody.ErrConsent) {
				t.Errorf("release: got %v", err)
			}
			out.Consent = w.consents(s, b.Copy.ReleaseTerms(out.Recipient, out.Reason), nonce)
			if _, _, err := w.Release(t.Context(), out); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestBindIsRefused: where there is nothing to bind, or no key.
func TestBindIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_own"))
	bind := vault.BindRequest{OrgID: org.Identifier, EnvelopeID: "env_own", ControlKey: testworld.ControlKey(t, testworld.Key(40)), Actor: keyOf(org)}
	if _, _, err := w.BindControlKey(t.Context(), bind); !errors.Is(err, vault.ErrBound) {
		t.Errorf("its own: got %v", err)
	}
	bind.OrgID = orgOther.Identifier
	if _, _, err := w.BindControlKey(t.Context(), bind); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("another's: got %v", err)
	}
	bind.ControlKey = ""
	if _, _, err := w.BindControlKey(t.Context(), bind); !invalid(err, "control_key") {
		t.Errorf("no key: got %v", err)
	}
}

// TestBindsAtOnce: of two keys that race, one is bound, and the chain has it once.
func TestBindsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	r.SecuredParty = &bank
	w.deposit(r)
	var wg sync.WaitGroup
	won := make([]bool, 4)
	for i := range won {
		bind := vault.BindRequest{OrgID: org.Identifier, EnvelopeID: "env_a", ControlKey: testworld.ControlKey(t, testworld.Key(byte(40+i))), Actor: keyOf(org)}
		wg.Go(func() { _, won[i], _ = w.BindControlKey(t.Context(), bind) })
	}
	wg.Wait()
	chain, err := w.Custody(t.Context(), org.Identifier, "env_a")
	testworld.Check(t, err)
	n := 0
	for i, x := range won {
		if x {
			n++
			if got := chain[1].To.Controller.ControlKey; got != testworld.ControlKey(t, testworld.Key(byte(40+i))) {
				t.Errorf("bound: got %s", got)
			}
		}
	}
	if n != 1 || len(chain) != 2 {
		t.Errorf("%d were bound, %d entries", n, len(chain))
	}
	if _, err := w.Proven(t.Context(), org.Identifier, "env_a"); err != nil {
		t.Error(err)
	}
}

// TestPolicyIsRefused: a vault is not made with a policy that gives the operator an override.
func TestPolicyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.Policy(); len(got.Lint()) != 0 {
		t.Errorf("default: got %+v", got)
	}
	policy := custody.DefaultPolicy()
	policy.Release = append(policy.Release, []custody.Role{custody.RoleOperator})
	w.config.Policy = &policy
	var refused *custody.PolicyError
	if _, err := vault.New(w.config); !errors.As(err, &refused) || refused.Rule != custody.RuleOverride || refused.Power != "release" {
		t.Errorf("got %v", err)
	}
}
