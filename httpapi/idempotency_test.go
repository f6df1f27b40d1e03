package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.do(t, "POST", "/partner/envelopes", paper, idem("k")).want(201)
	again := h.do(t, "POST", "/partner/envelopes", paper, idem("k")).want(201)
	if !bytes.Equal(first.Body, again.Body) || again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("no replay: %v %s", again.Header, again.Body)
	}
	if first.Header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer calls itself a replay")
	}
	h.do(t, "POST", "/partner/envelopes", `{"customer_name":"Alan",  "customer_email":"a@example.com","envelope_kind":"paper"}`, idem("k")).want(201)
	h.do(t, "POST", "/partner/envelopes", obj{"envelope_kind": "paper", "customer_email": "b@example.com", "customer_name": "B"}, idem("k")).problem(422, "idempotency_mismatch")
	h.do(t, "POST", "/partner/envelopes", paper, idem("k"), key(h.other)).want(201)
	if n := h.do(t, "GET", "/partner/envelopes", nil).want(200).get("meta.total"); fmt.Sprint(n) != "1" {
		t.Errorf("%v envelopes, want 1", n)
	}
	h.do(t, "POST", "/partner/envelopes", obj{}, idem("r")).want(422)
	h.do(t, "POST", "/partner/envelopes", paper, idem("r")).want(201) // what had no effect is tried anew
	for _, bad := range []string{"", strings.Repeat("x", 256), "a b", "é"} {
		h.do(t, "POST", "/partner/envelopes", paper, idem(bad)).problem(400, "bad_idempotency_key")
	}
	h.clock.Advance(25 * time.Hour)
	if a := h.do(t, "POST", "/partner/envelopes", paper, idem("k")).want(201); a.str("data.envelope_id") == first.str("data.envelope_id") {
		t.Error("replayed after 24 h")
	}
}

// TestReplaysHaveSecretsOfTheirOwn: nothing that opens something is stored.
func TestReplaysHaveSecretsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	sent := h.create(t, contract(nil))
	tok := func() *answer {
		return h.do(t, "POST", "/embed/token", obj{"envelope_id": sent, "user_email": "ADA@example.com", "widget_type": "sign"}, idem("t")).want(200)
	}
	one, two := tok(), tok()
	if one.str("data.token") == two.str("data.token") || two.Header.Get("Idempotent-Replayed") != "true" {
		t.Error("the embed token was stored")
	}
	ex := func(token string) *answer {
		return h.do(t, "POST", "/embed/session", obj{"token": token}, key(""), idem("x"))
	}
	s1, s2 := ex(one.str("data.token")).want(200), ex(one.str("data.token")).want(200)
	if s1.str("data.session_url") == s2.str("data.session_url") || s2.Header.Get("Idempotent-Replayed") != "true" {
		t.Error("the session was stored")
	}
	at := "/partner/envelopes/" + h.vaulted(t)
	out := func() *answer {
		return h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "Grace"}}, idem("o")).want(200)
	}
	r1, r2 := out(), out()
	if r1.str("data.package_url") == r2.str("data.package_url") || r2.Header.Get("Idempotent-Replayed") != "true" {
		t.Error("the package's address was stored")
	}
	var stored []string
	err := h.e.Store.Bun().NewSelect().TableExpr("evault_idempotency").ColumnExpr("CAST(body AS TEXT)").Scan(t.Context(), &stored)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(stored, "\n")
	for _, secret := range []string{"/download/", "/sign/", "eyJ", "tkt_"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in a stored answer", secret)
		}
	}
	if len(stored) != 3 {
		t.Errorf("%d stored answers, want 3", len(stored))
	}
}

func TestRacingRepeatsHaveOneEffect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	apis := []http.Handler{h.API, h.replica(t)}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			a := ask(t, apis[i%2], "POST", "/partner/envelopes", paper, key(h.key), idem("race"))
			if a.Status != 201 && (a.Status != 409 || a.get("code") != "idempotency_in_progress" || a.Header.Get("Retry-After") == "") {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
	}
	wg.Wait()
	if n := h.do(t, "GET", "/partner/envelopes", nil).want(200).get("meta.total"); fmt.Sprint(n) != "1" {
		t.Errorf("%v envelopes, want 1", n)
	}
}

// flaky stores answers, and fails once after it did.
type flaky struct {
	storage.Idempotency
	cut bool
}

func (s *flaky) Finish(ctx context.Context, tx storage.Tx, c storage.Claim, a storage.Answer) error {
	if err := s.Idempotency.Finish(ctx, tx, c, a); err != nil {
		return err
	}
	if s.cut {
		s.cut = false
		return errors.New("the answer could not be stored")
	}
	return nil
}

// TestAnswerAndEffectCommitTogether: when the answer cannot be stored, there is no
// effect either.
func TestAnswerAndEffectCommitTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := &flaky{Idempotency: h.e.Idempotency, cut: true}
	api := h.replica(t, func(c *httpapi.Config) { c.Idempotency = s })
	a := ask(t, api, "POST", "/partner/envelopes", paper, key(h.key), idem("k"))
	if a.Status != 500 || strings.Contains(string(a.Body), "stored") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	h.do(t, "GET", "/partner/envelopes", nil).want(200).equal("meta.total", 0)
	h.do(t, "POST", "/partner/envelopes", paper, idem("k")).want(201)
	h.do(t, "GET", "/partner/envelopes", nil).want(200).equal("meta.total", 1)
}

// TestVaultInGoesOn: a repeat after a crash between the deposit and the answer
// finishes the work and answers as the first would have.
func TestVaultInGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.completed(t)
	path := "/partner/envelopes/" + env + "/vault-in-signed"
	dying := h.replica(t, func(c *httpapi.Config) { c.Idempotency = dies{h.e.Idempotency} })
	ask(t, dying, "POST", path, obj{}, key(h.key), idem("v"))
	a := h.do(t, "POST", path, obj{}, idem("v"))
	if a.Status != 409 || a.get("code") != "idempotency_in_progress" {
		t.Errorf("while the lease runs: got %d %s", a.Status, a.Body)
	}
	h.clock.Advance(2 * time.Minute)
	first := h.do(t, "POST", path, obj{}, idem("v")).want(201)
	if first.get("data.certificate_id") == nil || first.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("the work was not finished: %s", first.Body)
	}
	again := h.do(t, "POST", path, obj{}, idem("v")).want(201)
	if !bytes.Equal(again.Body, first.Body) || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("then: got %s, want %s", again.Body, first.Body)
	}
	h.do(t, "POST", path, obj{}, idem("another")).want(200)
}

// dies stores what a verb's transaction does, and nothing after it.
type dies struct{ storage.Idempotency }

func (s dies) Finish(ctx context.Context, tx storage.Tx, c storage.Claim, a storage.Answer) error {
	if tx == nil {
		return errors.New("died")
	}
	return s.Idempotency.Finish(ctx, tx, c, a)
}

func (dies) Abandon(context.Context, storage.Claim) error { return errors.New("died") }

// TestReplayEndsWithItsState: what a first answer says of the vault is repeated
// while it is so. After the release a replay is refused as any other call; that
// of the release itself goes on.
func TestReplayEndsWithItsState(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for kind, env := range map[string]string{"vault-in-signed": h.completed(t), "vault-in-upload": h.create(t, paper)} {
		at := "/partner/envelopes/" + env
		if kind == "vault-in-upload" {
			h.do(t, "POST", at+"/upload", testpdf.Simple(1, kind)).want(200)
		}
		first := h.do(t, "POST", at+"/"+kind, nil, idem(kind)).want(201)
		if again := h.do(t, "POST", at+"/"+kind, nil, idem(kind)).want(201); !bytes.Equal(first.Body, again.Body) {
			t.Errorf("%s: the replay differs", kind)
		}
		out := obj{"reason": "payoff", "recipient": obj{"name": "Ada Byron"}}
		h.do(t, "POST", at+"/vault-out", out, idem("out "+kind)).problem(400, "bad_idempotency_key")
		h.do(t, "POST", at+"/vault-out", out, idem("out-"+kind)).want(200)
		h.do(t, "POST", at+"/"+kind, nil, idem(kind)).problem(410, "released")
		h.do(t, "POST", at+"/"+kind, nil).problem(410, "released")
		h.do(t, "POST", at+"/vault-out", out, idem("out-"+kind)).want(200)
	}
}
