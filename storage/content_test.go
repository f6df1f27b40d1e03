package storage_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math/rand/v2"
	"testing"

	"github.com/evaultlib/evault/storage"
)

// TestContent compares each digest of a content, however it was put together, with
// that of the same bytes hashed at once.
func TestContent(t *testing.T) {
	t.Parallel()
	b := make([]byte, 3000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	whole := storage.NewContent(b, 2000, 500, 500, -1, 9000, 0)
	for name, c := range map[string]*storage.Content{
		"at once": storage.NewContent(b), "with states": whole, "appended": storage.NewContent(b[:1200], 7).Append(b[1200:2900]).Append(b[2900:]),
		"cut, then appended": whole.Cut(1999).Append(b[1999:]), "appended to nothing": storage.NewContent(nil).Append(b), "cut long": whole.Cut(9000),
	} {
		if !bytes.Equal(c.Bytes(), b) || c.Size() != 3000 || c.SHA256() != storage.Sum(b) {
			t.Errorf("%s: not the same bytes, or another digest", name)
		}
		for range 50 {
			n := rng.IntN(3001)
			if got, want := c.Begin(int64(n)), storage.Sum(b[:n]); got != want {
				t.Fatalf("%s: the first %d bytes have the digest %s, want %s", name, n, got, want)
			}
			if got, want := c.Cut(int64(n)).SHA256(), storage.Sum(b[:n]); got != want {
				t.Fatalf("%s: cut to %d bytes: %s, want %s", name, n, got, want)
			}
		}
		if c.Begin(3001) != "" || c.Begin(-1) != "" {
			t.Errorf("%s: a digest of bytes that are not there", name)
		}
		h := c.State()
		h.Write([]byte("more"))
		if got, want := hex.EncodeToString(h.Sum(nil)), string(storage.Sum(append(bytes.Clone(b), "more"...))); got != want {
			t.Errorf("%s: the state went on to %s, want %s", name, got, want)
		}
		if c.SHA256() != storage.Sum(b) {
			t.Errorf("%s: the state is not the caller's own", name)
		}
	}
}

// TestContentHashesOnce counts what goes into SHA-256. It runs alone.
func TestContentHashesOnce(t *testing.T) {
	written := 0
	crypto.RegisterHash(crypto.SHA256, func() hash.Hash { return counting{sha256.New().(hash.Cloner), &written} })
	defer crypto.RegisterHash(crypto.SHA256, sha256.New)
	c := storage.NewContent(make([]byte, 1000), 100, 900)
	for range 3 {
		c.SHA256()
		c.Begin(100)
		c.Begin(900)
		c.Cut(900).SHA256()
		c.State()
	}
	c.Append(make([]byte, 10)).SHA256()
	if written != 1010 {
		t.Errorf("%d bytes were hashed, want 1010", written)
	}
	for n := range int64(1000) { // ascending: each goes on from the one before
		c.Begin(n)
	}
	if written > 3010 {
		t.Errorf("%d bytes were hashed for all beginnings", written)
	}
}

type counting struct {
	hash.Cloner
	n *int
}

func (c counting) Write(b []byte) (int, error) {
	*c.n += len(b)
	return c.Cloner.Write(b)
}

func (c counting) Clone() (hash.Cloner, error) {
	h, err := c.Cloner.Clone()
	return counting{h, c.n}, err
}
