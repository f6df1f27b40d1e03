package storage_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/evaultlib/evault/storage"
)

// abc is the digest of "abc", FIPS 180-4's first example.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestDigest(t *testing.T) {
	t.Parallel()
	if got := storage.Sum([]byte("abc")); got != abc {
		t.Errorf("got %s, want %s", got, abc)
	}
	d, err := storage.ParseDigest(abc)
	if err != nil || hex.EncodeToString(d.Bytes()) != abc {
		t.Errorf("got %q, %v", d, err)
	}
	for _, bad := range []string{"", abc[1:], abc + "0", strings.ToUpper(abc), "g" + abc[1:], " " + abc[1:], abc[:62] + "é"} {
		if d, err := storage.ParseDigest(bad); err == nil || d != "" {
			t.Errorf("ParseDigest(%q) = %q, %v", bad, d, err)
		}
		if b := storage.Digest(bad).Bytes(); b != nil {
			t.Errorf("Digest(%q).Bytes() = %x", bad, b)
		}
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add(abc)
	f.Add(strings.ToUpper(abc))
	f.Fuzz(func(t *testing.T, s string) {
		d, err := storage.ParseDigest(s)
		if err != nil {
			return
		}
		if b := d.Bytes(); string(d) != s || len(b) != sha256.Size || hex.EncodeToString(b) != s {
			t.Errorf("%q: got %q, %x", s, d, b)
		}
	})
}

func BenchmarkSum(b *testing.B) {
	content := bytes.Repeat([]byte{1}, 1<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		storage.Sum(content)
	}
}
