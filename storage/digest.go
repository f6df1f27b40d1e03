package storage

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
)

// Digest is a SHA-256 (FIPS 180-4) in 64 lower-case hex digits, or "" for none.
type Digest string

// newHash uses the registry of package crypto, so that tests can count how often bytes are hashed.
func newHash() hash.Cloner { return crypto.SHA256.New().(hash.Cloner) }

func digest(h hash.Hash) Digest { return Digest(hex.EncodeToString(h.Sum(nil))) }

// Sum returns the digest of b.
func Sum(b []byte) Digest {
	h := newHash()
	h.Write(b)
	return digest(h)
}

// ParseDigest returns s as a Digest. It accepts only 64 lower-case hex digits.
func ParseDigest(s string) (Digest, error) {
	if len(s) != hex.EncodedLen(sha256.Size) {
		return "", fmt.Errorf("storage: digest has %d characters, want 64", len(s))
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", fmt.Errorf("storage: digest has the character %q, want lower-case hex", c)
		}
	}
	return Digest(s), nil
}

// Bytes returns the 32 bytes of d, or nil if d is not a digest.
func (d Digest) Bytes() []byte {
	if _, err := ParseDigest(string(d)); err != nil {
		return nil
	}
	b, _ := hex.DecodeString(string(d))
	return b
}
