package keyring

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/storage"
)

// Purpose is the one thing that a key is for.
type Purpose string

// The purposes.
const (
	Certificate Purpose = "certificate" // certificates
	Statement   Purpose = "statement"   // custody and release statements
	Custodian   Purpose = "custodian"   // a custodian's acknowledgments
	Seal        Purpose = "seal"        // seals in documents, and detached ones
	Log         Purpose = "log"         // checkpoints of the transparency log
	Embed       Purpose = "embed"       // embed tokens
)

func (p Purpose) known() bool {
	switch p {
	case Certificate, Statement, Custodian, Seal, Log, Embed:
		return true
	}
	return false
}

var (
	// ErrUnknownKey is returned for a signature by a key that is not in the
	// ring, or has another purpose in it.
	ErrUnknownKey = errors.New("keyring: unknown key")
	// ErrKeyTime is returned for a signature made when its key was not in use.
	ErrKeyTime = errors.New("keyring: signed when the key was not in use")
)

// Key is a public key and the time in which it was in use for its purpose.
type Key struct {
	Purpose Purpose
	ID      string            // RFC 7638 thumbprint; of a seal, the hex SHA-256 of its certificate
	Public  ed25519.PublicKey // nil for a seal
	// Chain is a seal's certificate, its issuers, and last the root that it leads to;
	// nil for other purposes.
	Chain    []*x509.Certificate
	SelfMade bool       // the installation made the root of Chain itself
	From     time.Time  // zero: not known
	Until    *time.Time // exclusive; nil: in use
}

// New returns the key behind s, in use at all times.
func New(p Purpose, s crypto.Signer) (Key, error) {
	if !p.known() || p == Seal {
		return Key{}, fmt.Errorf("keyring: %q is not a purpose of an Ed25519 key", p)
	}
	pub, err := jws.PublicKey(s)
	if err != nil {
		return Key{}, fmt.Errorf("keyring: %s: %w", p, err)
	}
	return Key{Purpose: p, ID: jws.Thumbprint(pub), Public: pub}, nil
}

// NewSeal returns the key of a seal's certificate chain, in use at all times.
func NewSeal(chain []*x509.Certificate, selfMade bool) (Key, error) {
	if len(chain) == 0 {
		return Key{}, errors.New("keyring: seal: a certificate is required")
	}
	return Key{Purpose: Seal, ID: string(storage.Sum(chain[0].Raw)), Chain: chain, SelfMade: selfMade}, nil
}

// public is the key that verifies: of a seal, its certificate's.
func (k Key) public() crypto.PublicKey {
	if len(k.Chain) > 0 {
		return k.Chain[0].PublicKey
	}
	return k.Public
}

// InUse reports whether the key was in use at a time.
func (k Key) InUse(at time.Time) bool {
	return !at.Before(k.From) && (k.Until == nil || at.Before(*k.Until))
}

func (k Key) is(o Key) bool { return k.Purpose == o.Purpose && k.ID == o.ID }

// Keys are public keys with their periods of use. A key that was used again is
// listed once for each period.
type Keys []Key

// Of returns the keys of a purpose, retired ones too.
func (ks Keys) Of(p Purpose) Keys {
	var out Keys
	for _, k := range ks {
		if k.Purpose == p {
			out = append(out, k)
		}
	}
	return out
}

// Current returns the key of a purpose that is in use; ErrUnknownKey.
func (ks Keys) Current(p Purpose) (Key, error) {
	for _, k := range ks {
		if k.Purpose == p && k.Until == nil {
			return k, nil
		}
	}
	return Key{}, fmt.Errorf("%w: no %s key is in use", ErrUnknownKey, p)
}

// Check reports whether a key was in use for a purpose at a time: nil,
// ErrUnknownKey or ErrKeyTime.
func (ks Keys) Check(p Purpose, id string, at time.Time) error {
	err := fmt.Errorf("%w: %q is not a %s key", ErrUnknownKey, id, p)
	for _, k := range ks {
		if k.Purpose != p || k.ID != id {
			continue
		}
		if k.InUse(at) {
			return nil
		}
		err = fmt.Errorf("%w: %s key %s, %s", ErrKeyTime, p, id, environ.Format(at))
	}
	return err
}

// OpenJWS returns the payload of a compact JWS of this typ, signed by an Ed25519 key of the
// purpose, and the key's id. Use Check to verify that the key was in use at the time given in the
// payload.
func (ks Keys) OpenJWS(token, typ string, p Purpose) (payload []byte, id string, err error) {
	keys := jws.Keys{}
	for _, k := range ks.Of(p) {
		if k.Public != nil {
			keys[k.ID] = k.Public
		}
	}
	return jws.Verify(token, typ, keys)
}

// Roots returns base, which may be nil, with the roots of the seals in use at a
// time.
func (ks Keys) Roots(base *x509.CertPool, at time.Time) *x509.CertPool {
	pool := x509.NewCertPool()
	if base != nil {
		pool = base.Clone()
	}
	for _, k := range ks {
		if k.Purpose == Seal && k.InUse(at) {
			pool.AddCert(k.Chain[len(k.Chain)-1])
		}
	}
	return pool
}
