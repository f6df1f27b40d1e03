package httpapi_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// rotated opens the installation anew after key files were moved away.
func (h *house) rotated(t *testing.T, files ...string) *house {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(h.dir, "keys", f)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
	}
	e, err := embedded.Open(t.Context(), embedded.Options{
		Dir: h.dir, BaseURL: baseURL, Env: storage.Env{Now: h.clock.Now}, Custodian: &vault.Custodian{Party: custody.Party{Name: "Vault Operator"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	next := *h
	next.e = e
	next.API = next.replica(t)
	return &next
}

// TestPublishedKeys: each key at jwks.json has its one purpose and its time, and
// stays there when it is retired; those of the log are at log/keys with theirs.
func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	read := func(h *house) keyring.Keys {
		keys, err := keyring.ParseJWKS(h.do(t, "GET", "/.well-known/jwks.json", nil, key("")).want(200).Body)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	purposes := []keyring.Purpose{keyring.Certificate, keyring.Statement, keyring.Custodian, keyring.Embed, keyring.Seal}
	before := read(h)
	ids := map[string]bool{}
	for _, p := range purposes {
		of := before.Of(p)
		if len(of) != 1 || of[0].Until != nil || h.clock.Now().Sub(of[0].From) > time.Minute {
			t.Errorf("%s: got %+v, want one key in use since the installation was opened", p, of)
			continue
		}
		ids[of[0].ID] = true
	}
	if len(ids) != len(purposes) || len(before) != len(purposes) {
		t.Errorf("got %d keys with %d ids for %d purposes", len(before), len(ids), len(purposes))
	}
	log := h.do(t, "GET", "/log/keys", nil, key("")).want(200)
	log.equal("meta.keys.0.evault_until", nil).equal("meta.keys.0.key", log.str("data.0"))

	h.clock.Advance(time.Hour)
	h = h.rotated(t, "certificates.pem", "statements.pem", "custodian.pem", "embed.pem", "seal.pem", "log.pem")
	after := read(h)
	for _, p := range purposes {
		old := before.Of(p)[0]
		of := after.Of(p)
		if len(of) != 2 || of[0].ID != old.ID || of[0].Until == nil || !of[0].Until.Equal(of[1].From) || h.clock.Now().Sub(of[1].From) > time.Minute || !of[0].From.Equal(old.From) || of[1].Until != nil {
			t.Errorf("%s after a change: got %+v", p, of)
		}
	}
	again := h.do(t, "GET", "/log/keys", nil, key("")).want(200)
	again.equal("data.0", log.str("data.0")).equal("meta.keys.1.evault_until", nil)
	if again.str("meta.keys.0.evault_until") != again.str("meta.keys.1.evault_from") {
		t.Errorf("log keys: %s", again.Body)
	}
}

// TestEmbedTokenOfARetiredKey: a token that was issued before its key was retired
// works for its time; one that the retired key issues afterwards does not.
func TestEmbedTokenOfARetiredKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	token := func(h *house) string {
		return h.do(t, "POST", "/embed/token", embed(env, "sign", nil)).want(200).str("data.token")
	}
	early := token(h)
	h.clock.Advance(time.Minute)
	next := h.rotated(t, "embed.pem")
	h.clock.Advance(2 * time.Second) // tokens count whole seconds
	late := token(h)                 // by a replica that was not restarted
	next.do(t, "POST", "/embed/session", obj{"token": early}, key("")).want(200)
	next.do(t, "POST", "/embed/session", obj{"token": late}, key("")).problem(401, "embed_token_invalid")
	next.do(t, "POST", "/embed/session", obj{"token": token(next)}, key("")).want(200)
}
