// Package jws signs and reads the one form of JSON Web Signature that evault
// issues: compact (RFC 7515 section 7.1), Ed25519 (RFC 8037), with a header that
// leaves nothing to choose:
//
//	{"alg":"EdDSA","kid":KID,"typ":TYP}
//
// in exactly this spelling (internal/canonjson). The reader is told the typ and the
// keys; it takes neither from the token, refuses any other header, and refuses
// base64 that another spelling would decode to the same bytes, so that a token
// with any byte changed is not valid.
//
// Stability: the format is fixed for ever; the Go API is internal and may change with
// any version.
package jws

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/evaultlib/evault/internal/canonjson"
)

// ErrInvalid is returned for everything that is not a valid token of the typ
// asked for, by one of the keys given.
var ErrInvalid = errors.New("jws: not valid")

// Keys are public keys by their id.
type Keys map[string]ed25519.PublicKey

type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Typ string `json:"typ"`
}

// Sign returns payload as a compact JWS by s, an Ed25519 key.
func Sign(s crypto.Signer, kid, typ string, payload []byte) (string, error) {
	if _, err := PublicKey(s); err != nil {
		return "", err
	}
	head, err := canonjson.Marshal(header{"EdDSA", kid, typ})
	if err != nil {
		return "", fmt.Errorf("jws: %w", err)
	}
	input := encode(head) + "." + encode(payload)
	sig, err := s.Sign(rand.Reader, []byte(input), crypto.Hash(0))
	if err != nil {
		return "", fmt.Errorf("jws: sign: %w", err)
	}
	return input + "." + encode(sig), nil
}

// Verify returns the payload of token and the id of the key that signed it.
func Verify(token, typ string, keys Keys) (payload []byte, kid string, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, "", fmt.Errorf("%w: has %d parts, want 3", ErrInvalid, len(parts))
	}
	var raw [3][]byte
	for i, p := range parts {
		if raw[i], err = decode(p); err != nil {
			return nil, "", err
		}
	}
	var h header
	if err := canonjson.Unmarshal(raw[0], &h); err != nil {
		return nil, "", fmt.Errorf("%w: header: %w", ErrInvalid, err)
	}
	if want, err := canonjson.Marshal(header{"EdDSA", h.Kid, typ}); err != nil || !bytes.Equal(want, raw[0]) {
		return nil, "", fmt.Errorf("%w: header does not have type %s", ErrInvalid, typ)
	}
	key, ok := keys[h.Kid]
	if !ok || len(key) != ed25519.PublicKeySize {
		return nil, "", fmt.Errorf("%w: unknown key %q", ErrInvalid, h.Kid)
	}
	if !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), raw[2]) {
		return nil, "", fmt.Errorf("%w: signature does not match", ErrInvalid)
	}
	return raw[1], h.Kid, nil
}

// PublicKey returns the Ed25519 public key of s.
func PublicKey(s crypto.Signer) (ed25519.PublicKey, error) {
	if s == nil {
		return nil, errors.New("jws: no signer")
	}
	pub, ok := s.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("jws: key is %T, want Ed25519", s.Public())
	}
	return pub, nil
}

// Thumbprint is the RFC 7638 thumbprint of an Ed25519 key (RFC 8037 section 2):
// the id a key has when nobody gave it one.
func Thumbprint(pub ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + encode(pub) + `"}`))
	return encode(sum[:])
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || encode(b) != s {
		return nil, fmt.Errorf("%w: not canonical base64url", ErrInvalid)
	}
	return b, nil
}
