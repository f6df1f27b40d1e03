package custody

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
)

// ControlKey is the public key of a party that controls a copy by it: the JWK (RFC 7517) of an
// Ed25519 (RFC 8037) or P-256 (RFC 7518 section 6.2) key with its required members alone, as
// canonical JSON. That is also what its thumbprint is made of. "" is no key.
type ControlKey string

// jwk has the members of a ControlKey.
type jwk struct {
	Crv string `json:"crv"`
	Kty string `json:"kty"`
	X   string `json:"x"`
	Y   string `json:"y,omitempty"`
}

// ParseControlKey reads a JWK of at most 1,000 bytes with the members kty, crv, x and, for P-256,
// y, and no other. The error is a *storage.InvalidError: also for a point that is not on the
// curve, or of small order, by which no one, or anyone, could sign.
func ParseControlKey(b []byte) (ControlKey, error) {
	refuse := func(why string) (ControlKey, error) {
		return "", invalidField("control_key", "control_key", why)
	}
	const shape = "must be a public JWK, Ed25519 or P-256, with the members kty, crv, x and, for P-256, y"
	var k jwk
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if len(b) > 1000 || canonjson.Distinct(b) != nil || d.Decode(&k) != nil {
		return refuse(shape)
	}
	canonical, err := canonjson.Marshal(k)
	if err != nil {
		return refuse(shape)
	}
	key := ControlKey(canonical)
	switch pub := key.public().(type) {
	case ed25519.PublicKey:
		if !sound(pub) {
			return refuse("must be a point of Ed25519 that is not of small order")
		}
	case *ecdsa.PublicKey:
	default:
		return refuse(shape)
	}
	return key, nil
}

func invalidField(field, rule, message string) error {
	return &storage.InvalidError{Fields: []storage.InvalidField{{Field: field, Rule: rule, Message: message}}}
}

// Thumbprint is the key's RFC 7638 thumbprint, SHA-256, base64url without padding; "" of no key.
func (k ControlKey) Thumbprint() string {
	if k == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(k))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// MarshalJSON writes the JWK, null for no key.
func (k ControlKey) MarshalJSON() ([]byte, error) {
	if k == "" {
		return []byte("null"), nil
	}
	return []byte(k), nil
}

// UnmarshalJSON reads a JWK as ParseControlKey does; null is no key.
func (k *ControlKey) UnmarshalJSON(b []byte) (err error) {
	if string(b) == "null" {
		*k = ""
		return nil
	}
	*k, err = ParseControlKey(b)
	return err
}

// public is the key itself, nil for what is not a key of a known kind.
func (k ControlKey) public() any {
	var j jwk
	if err := json.Unmarshal([]byte(k), &j); err != nil {
		return nil
	}
	x, err := segment(j.X)
	if err != nil || len(x) != 32 {
		return nil
	}
	switch {
	case j.Kty == "OKP" && j.Crv == "Ed25519" && j.Y == "":
		return ed25519.PublicKey(x)
	case j.Kty == "EC" && j.Crv == "P-256":
		y, err := segment(j.Y)
		if err != nil || len(y) != 32 {
			return nil
		}
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil {
			return nil
		}
		return pub
	}
	return nil
}

// verify reports whether signature is the key's over message, and for which alg (RFC 7518
// section 3.1, RFC 8037 section 3.1).
func (k ControlKey) verify(alg string, message, signature []byte) bool {
	switch pub := k.public().(type) {
	case ed25519.PublicKey:
		return alg == "EdDSA" && ed25519.Verify(pub, message, signature)
	case *ecdsa.PublicKey:
		if alg != "ES256" || len(signature) != 64 {
			return false
		}
		sum := sha256.Sum256(message)
		return ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	return false
}

// sound reports whether an Ed25519 key is the canonical encoding of a point of the curve
// (RFC 8032 section 5.1.3) whose order is not small: y is none of the five of such points.
func sound(pub ed25519.PublicKey) bool {
	le := slices.Clone(pub)
	odd := le[31]&0x80 != 0
	le[31] &= 0x7f
	slices.Reverse(le)
	y, one := new(big.Int).SetBytes(le), big.NewInt(1)
	p := new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	if y.Cmp(p) >= 0 {
		return false
	}
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)
	yy := new(big.Int).Exp(y, big.NewInt(2), p)
	u := new(big.Int).Sub(yy, one)
	v := new(big.Int).Mul(d, yy)
	v.Add(v, one).ModInverse(v.Mod(v, p), p)
	xx := u.Mul(u, v)
	xx.Mod(xx, p)
	if xx.Sign() == 0 && odd || new(big.Int).ModSqrt(xx, p) == nil {
		return false
	}
	for _, small := range []string{
		"0", "1", "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec",
		"5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
		"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7",
	} {
		if s, _ := new(big.Int).SetString(small, 16); s.Cmp(y) == 0 {
			return false
		}
	}
	return true
}

// segment decodes base64url without padding, in its one spelling.
func segment(s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err == nil && base64.RawURLEncoding.EncodeToString(b) != s {
		err = fmt.Errorf("%q is not base64url", s)
	}
	return b, err
}
