package jws_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/jws"
)

func key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	k := key(t)
	token, err := jws.Sign(k, "k1", "test+jwt", []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	payload, kid, err := jws.Verify(token, "test+jwt", jws.Keys{"k1": k.Public().(ed25519.PublicKey)})
	if err != nil || string(payload) != `{"a":1}` || kid != "k1" {
		t.Fatalf("got %s, %q, %v", payload, kid, err)
	}
}

// RFC 8037 appendix A.3.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	pub, _ := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if got, want := jws.Thumbprint(pub), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	k := key(t)
	pub := k.Public().(ed25519.PublicKey)
	keys := jws.Keys{"k1": pub}
	token, _ := jws.Sign(k, "k1", "test+jwt", []byte(`{"a":1}`))
	parts := strings.Split(token, ".")
	signed := func(head string) string {
		in := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + parts[1]
		return in + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k, []byte(in)))
	}
	cases := map[string]string{
		"empty":             "",
		"two parts":         parts[0] + "." + parts[1],
		"four parts":        token + ".",
		"line break":        token + "\n",
		"padding":           token + "=",
		"alg none":          signed(`{"alg":"none","kid":"k1","typ":"test+jwt"}`),
		"other typ":         signed(`{"alg":"EdDSA","kid":"k1","typ":"other+jwt"}`),
		"extra header":      signed(`{"alg":"EdDSA","crit":[],"kid":"k1","typ":"test+jwt"}`),
		"embedded key":      signed(`{"alg":"EdDSA","jwk":{},"kid":"k1","typ":"test+jwt"}`),
		"header with space": signed(`{"alg": "EdDSA","kid":"k1","typ":"test+jwt"}`),
		"unknown key":       signed(`{"alg":"EdDSA","kid":"k2","typ":"test+jwt"}`),
		"no signature":      parts[0] + "." + parts[1] + ".",
	}
	for name, token := range cases {
		if _, _, err := jws.Verify(token, "test+jwt", keys); !errors.Is(err, jws.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	if _, _, err := jws.Verify(token, "test+jwt", jws.Keys{"k1": pub[:5]}); !errors.Is(err, jws.ErrInvalid) {
		t.Errorf("short key: got %v, want ErrInvalid", err)
	}
}

func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	k := key(t)
	keys := jws.Keys{"k1": k.Public().(ed25519.PublicKey)}
	token, _ := jws.Sign(k, "k1", "test+jwt", []byte(`{"a":1}`))
	for i := range token {
		for b := range 256 {
			if byte(b) == token[i] {
				continue
			}
			edited := token[:i] + string([]byte{byte(b)}) + token[i+1:]
			if _, _, err := jws.Verify(edited, "test+jwt", keys); err == nil {
				t.Fatalf("byte %d changed to %s: still valid", i, hex.EncodeToString([]byte{byte(b)}))
			}
		}
	}
}

func TestSignRefusesOtherKeys(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Sign(ec, "k", "t", nil); err == nil {
		t.Error("P-256 key: no error")
	}
	if _, err := jws.Sign(nil, "k", "t", nil); err == nil {
		t.Error("no key: no error")
	}
}
