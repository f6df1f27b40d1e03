package keyring

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
)

// jwk is a key of a JSON Web Key Set (RFC 7517, RFC 8037) with its purpose and its
// time. A seal's has its certificate chain, root last.
type jwk struct {
	KeyType  string   `json:"kty"`
	Curve    string   `json:"crv,omitempty"`
	X        string   `json:"x,omitempty"`
	Y        string   `json:"y,omitempty"`
	N        string   `json:"n,omitempty"`
	E        string   `json:"e,omitempty"`
	KeyID    string   `json:"kid"`
	Use      string   `json:"use"`
	Alg      string   `json:"alg,omitempty"`
	X5C      [][]byte `json:"x5c,omitempty"`
	Purpose  Purpose  `json:"evault_purpose"`
	SelfMade bool     `json:"evault_self_made,omitempty"`
	From     *string  `json:"evault_from"`
	Until    *string  `json:"evault_until"`
}

// JWKS returns the keys as a JSON Web Key Set, retired ones too. Each key has
// evault_purpose, evault_from (null: not known) and evault_until (null: in use).
// Keys of the log are not included: they are published with the log.
func (ks Keys) JWKS() ([]byte, error) {
	list := []jwk{}
	for _, k := range ks {
		if k.Purpose == Log {
			continue
		}
		j, err := encodeJWK(k)
		if err != nil {
			return nil, fmt.Errorf("keyring: %s key %s: %w", k.Purpose, k.ID, err)
		}
		list = append(list, j)
	}
	return json.MarshalIndent(map[string]any{"keys": list}, "", "  ")
}

func encodeJWK(k Key) (jwk, error) {
	text := base64.RawURLEncoding.EncodeToString
	j := jwk{KeyID: k.ID, Use: "sig", Purpose: k.Purpose, SelfMade: k.SelfMade}
	if !k.From.IsZero() {
		from := environ.Format(k.From)
		j.From = &from
	}
	if k.Until != nil {
		until := environ.Format(*k.Until)
		j.Until = &until
	}
	for _, c := range k.Chain {
		j.X5C = append(j.X5C, c.Raw)
	}
	switch pub := k.public().(type) {
	case ed25519.PublicKey:
		j.KeyType, j.Curve, j.X, j.Alg = "OKP", "Ed25519", text(pub), "EdDSA"
	case *ecdsa.PublicKey:
		point, err := pub.Bytes() // 4, x, y
		if err != nil {
			return j, err
		}
		n := len(point) / 2
		j.KeyType, j.Curve, j.X, j.Y = "EC", pub.Params().Name, text(point[1:1+n]), text(point[1+n:])
	case *rsa.PublicKey:
		j.KeyType, j.N, j.E = "RSA", text(pub.N.Bytes()), text(big.NewInt(int64(pub.E)).Bytes())
	default:
		return j, fmt.Errorf("%T has no JSON form", pub)
	}
	return j, nil
}

// ParseJWKS reads what JWKS returns. It refuses a key without a purpose, a key
// whose id does not match, and a duplicate member; it ignores unknown members,
// as RFC 7517 requires.
func ParseJWKS(set []byte) (Keys, error) {
	if err := canonjson.Distinct(set); err != nil {
		return nil, fmt.Errorf("keyring: key set: %w", err)
	}
	var doc map[string]json.RawMessage
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(set, &doc); err != nil {
		return nil, fmt.Errorf("keyring: key set: %w", err)
	}
	if err := json.Unmarshal(doc["keys"], &list); err != nil {
		return nil, fmt.Errorf("keyring: key set: keys: %w", err)
	}
	var out Keys
	for i, m := range list {
		k, err := decodeJWK(m)
		if err != nil {
			return nil, fmt.Errorf("keyring: key set: key %d: %w", i+1, err)
		}
		out = append(out, k)
	}
	return out, nil
}

func decodeJWK(m map[string]json.RawMessage) (Key, error) {
	var err error
	member := func(name string, v any) {
		if raw, ok := m[name]; ok && err == nil {
			if err = json.Unmarshal(raw, v); err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	var j jwk
	member("kid", &j.KeyID)
	member("x", &j.X)
	member("x5c", &j.X5C)
	member("evault_purpose", &j.Purpose)
	member("evault_self_made", &j.SelfMade)
	member("evault_from", &j.From)
	member("evault_until", &j.Until)
	if err != nil {
		return Key{}, err
	}
	if !j.Purpose.known() {
		return Key{}, fmt.Errorf("%q: evault_purpose %q is not a purpose", j.KeyID, j.Purpose)
	}
	raw := keyJSON{KID: j.KeyID, Purpose: j.Purpose, SelfMade: j.SelfMade}
	if j.Purpose == Seal {
		raw.Certificates = j.X5C
	} else if raw.PublicKey, err = base64.RawURLEncoding.DecodeString(j.X); err != nil {
		return Key{}, fmt.Errorf("%q: x: %w", j.KeyID, err)
	}
	k, err := raw.key()
	if err != nil {
		return k, err
	}
	if j.From != nil {
		if k.From, err = environ.Parse(*j.From); err != nil {
			return k, fmt.Errorf("%q: evault_from: %w", j.KeyID, err)
		}
	}
	if j.Until != nil {
		var until time.Time
		if until, err = environ.Parse(*j.Until); err != nil {
			return k, fmt.Errorf("%q: evault_until: %w", j.KeyID, err)
		}
		k.Until = &until
	}
	return k, nil
}
