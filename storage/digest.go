package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest is a SHA-256 (FIPS 180-4) in 64 lower-case hex digits, or "" for none.
type Digest string

// Sum returns the digest of b.
func Sum(b []byte) Digest {
	h := sha256.Sum256(b)
	return Digest(hex.EncodeToString(h[:]))
}

// SumBoth returns the digests of the first n bytes of b and of all of b, in one
// pass.
func SumBoth(b []byte, n int) (first, all Digest) {
	h := sha256.New()
	h.Write(b[:n])
	first = Digest(hex.EncodeToString(h.Sum(nil)))
	h.Write(b[n:])
	return first, Digest(hex.EncodeToString(h.Sum(nil)))
}

// ParseDigest returns s as a Digest and refuses every spelling but 64
// lower-case hex digits.
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

// Bytes returns the 32 bytes of d, or nil when d is no digest.
func (d Digest) Bytes() []byte {
	if _, err := ParseDigest(string(d)); err != nil {
		return nil
	}
	b, _ := hex.DecodeString(string(d))
	return b
}
