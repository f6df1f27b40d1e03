package accept_test

import (
	"bytes"
	"crypto/sha1"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestEqualSHA1 vaults PDFs that differ and have one SHA-1 (I31). The pair is that of Stevens and others, "The first
// collision for full SHA-1" (2017), as Debian's package sha1cdsum has it among its examples; EVAULT_SHA1 names another
// folder. What follows the colliding blocks may be changed in both alike: that makes the other pairs.
func TestEqualSHA1(t *testing.T) {
	t.Parallel()
	one, two := colliding(t)
	s := start(t, t.TempDir(), "")
	c := s.unchecked(t, s.createKey(t, s.OrgID, allScopes, "-rpm", "1000000"))
	for n := range figure(2, 5) {
		a, b := altered(one, n), altered(two, n)
		if bytes.Equal(a, b) || sha1.Sum(a) != sha1.Sum(b) {
			t.Fatalf("pair %d is none: SHA-1 %x and %x", n, sha1.Sum(a), sha1.Sum(b))
		}
		c.twoDocuments(a, b)
	}
}

// twoDocuments vaults both files; neither they nor their copies stand in the other's way, and each comes back as it was.
func (c *client) twoDocuments(a, b []byte) {
	c.t.Helper()
	var envelopes [2]string
	var copies [2][]byte
	for i, file := range [][]byte{a, b} {
		envelopes[i] = c.paper(file)
		at := "/partner/envelopes/" + envelopes[i]
		if got := c.get(at).want(http.StatusOK).str("data.document.sha256"); got != sum(file) {
			c.t.Errorf("kept as %s, want %s", got, sum(file))
		}
		c.post(at+"/vault-in-upload", map[string]any{}).want(http.StatusCreated)
		if got := c.fetch(at + "/vault/signed-url"); !bytes.HasPrefix(got, file) {
			c.t.Errorf("the vaulted document does not begin with the deposited one")
		}
		copies[i] = c.fetch(at + "/vault/copy/signed-url")
	}
	if bytes.Equal(copies[0], copies[1]) {
		c.t.Error("both have one copy")
	}
	for _, file := range [][]byte{a, b, copies[0], copies[1]} {
		c.post("/partner/envelopes/"+c.paper(file)+"/vault-in-upload", map[string]any{}).problem(http.StatusConflict, "not_an_original")
	}
}

// altered is raw with another byte near the end of its picture, which both files of the pair have alike: what comes after
// their first 320 bytes may be anything.
func altered(raw []byte, n int) []byte {
	out := bytes.Clone(raw)
	out[bytes.Index(raw, []byte("endstream"))-16] ^= byte(n)
	return out
}

func colliding(t *testing.T) (one, two []byte) {
	t.Helper()
	dir := os.Getenv("EVAULT_SHA1")
	if dir == "" {
		dir = "/usr/share/doc/sha1cdsum/examples"
	}
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && os.Getenv("EVAULT_ACCEPT") != "" {
			t.Fatalf("%v: Debian's package sha1cdsum has it", err)
		}
		if err != nil {
			t.Skipf("%v: Debian's package sha1cdsum has it", err)
		}
		return raw
	}
	return read("shattered-1.pdf"), read("shattered-2.pdf")
}
