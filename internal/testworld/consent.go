package testworld

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/evaultlib/evault/vault/custody"
)

// ControlKey is the control key of a signer, Ed25519 or P-256.
func ControlKey(t testing.TB, s crypto.Signer) custody.ControlKey {
	t.Helper()
	part := base64.RawURLEncoding.EncodeToString
	jwk := map[string]string{}
	switch pub := s.Public().(type) {
	case ed25519.PublicKey:
		jwk = map[string]string{"kty": "OKP", "crv": "Ed25519", "x": part(pub)}
	case *ecdsa.PublicKey:
		b, err := pub.Bytes()
		Check(t, err)
		jwk = map[string]string{"kty": "EC", "crv": "P-256", "x": part(b[1:33]), "y": part(b[33:])}
	}
	b, err := json.Marshal(jwk)
	Check(t, err)
	k, err := custody.ParseControlKey(b)
	Check(t, err)
	return k
}

// Consent is the consent to an act by a control key, in an hour from at.
func Consent(t testing.TB, s crypto.Signer, act custody.ConsentTerms, nonce string, at time.Time) string {
	t.Helper()
	act.Nonce, act.ExpiresAt = nonce, at.Add(time.Hour).UTC().Format(time.RFC3339)
	payload, err := json.Marshal(act)
	Check(t, err)
	alg := "EdDSA"
	if _, ok := s.Public().(*ecdsa.PublicKey); ok {
		alg = "ES256"
	}
	return SignJWS(t, s, map[string]any{"alg": alg, "kid": ControlKey(t, s).Thumbprint(), "typ": custody.TypConsent}, payload)
}

// SignJWS is a compact JWS as any library writes one.
func SignJWS(t testing.TB, s crypto.Signer, header map[string]any, payload []byte) string {
	t.Helper()
	head, err := json.Marshal(header)
	Check(t, err)
	part := base64.RawURLEncoding.EncodeToString
	input := part(head) + "." + part(payload)
	if _, ok := s.Public().(ed25519.PublicKey); ok {
		sig, err := s.Sign(rand.Reader, []byte(input), crypto.Hash(0))
		Check(t, err)
		return input + "." + part(sig)
	}
	sum := sha256.Sum256([]byte(input))
	der, err := s.Sign(rand.Reader, sum[:], crypto.SHA256)
	Check(t, err)
	var rs struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(der, &rs)
	Check(t, err)
	return input + "." + part(append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...))
}
