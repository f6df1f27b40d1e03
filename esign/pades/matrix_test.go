package pades_test

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpki"
)

// judges are programs that this project did not write, with the trust anchors of the tests.
type judges struct{ dir, root, ca string }

func newJudges(t *testing.T) judges {
	t.Helper()
	j := judges{dir: t.TempDir()}
	j.root = write(t, j.dir, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().Root.Raw}))
	j.ca = write(t, j.dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().CA.Raw}))
	return j
}

// makers make a seal of each level.
func makers(t *testing.T) map[string]func(testpki.Identity) *pades.Sealer {
	lt := extender(t, func(c *pades.ExtenderConfig) { c.Timestamper = nil })
	lta := extender(t)
	with := func(change func(*pades.Config)) func(testpki.Identity) *pades.Sealer {
		return func(id testpki.Identity) *pades.Sealer { return sealer(t, id, change) }
	}
	return map[string]func(testpki.Identity) *pades.Sealer{
		pades.LevelBB:   with(noStamp),
		pades.LevelBT:   with(func(*pades.Config) {}),
		pades.LevelBLT:  with(func(c *pades.Config) { c.Extender = lt }),
		pades.LevelBLTA: with(func(c *pades.Config) { c.Extender = lta }),
	}
}

// TestOtherTools asks pdfsig, qpdf, mutool and openssl about each level, on each file structure, before and after a
// second signature, and about the last level extended once more.
func TestOtherTools(t *testing.T) {
	testenv.Tools(t)
	j := newJudges(t)
	p384, err := pki().P384("P-384 Seal")
	if err != nil {
		t.Fatal(err)
	}
	second := []testpki.Identity{p384, pki().RSA()}
	cases := 0
	for level, maker := range makers(t) {
		first := maker(pki().Seal)
		for name, raw := range files() {
			one := seal(t, first, raw)
			two := seal(t, maker(second[cases%2]), one)
			j.ask(t, name+", "+level, one, level, 1)
			j.ask(t, name+", "+level+" twice", two, level, 2)
			if cases += 2; level == pades.LevelBLTA {
				j.ask(t, name+", "+level+" twice, extended", extendFile(t, extender(t), two), level, 2)
				cases++
			}
		}
	}
	t.Logf("%d files: every seal and time-stamp confirmed", cases)
}

// ask wants every signature of a file confirmed: seals at the level given, and document time-stamps.
func (j judges) ask(t *testing.T, name string, raw []byte, level string, seals int) {
	t.Helper()
	stamps := len(anyByteRange.FindAll(raw, -1)) - seals
	r := wantOK(t, raw, seals+stamps)
	path := write(t, j.dir, "file.pdf", raw)
	said := tool(t, "pdfsig", "-nocert", path)
	if got := strings.Count(said, "Signature is Valid."); got != seals {
		t.Errorf("%s: pdfsig finds %d valid seals, want %d:\n%s", name, got, seals, said)
	}
	// pdfsig 22.12 lists document time-stamps, but does not know their kind.
	if got := strings.Count(said, "Signature Field Name: Timestamp"); got != stamps {
		t.Errorf("%s: pdfsig finds %d document time-stamps, want %d:\n%s", name, got, stamps, said)
	}
	// A document security store alone, which B-LT appends, is no signature: only then the last one does not cover all.
	if strings.Contains(said, "Total document signed") == (level == pades.LevelBLT) {
		t.Errorf("%s: pdfsig on what the last signature covers:\n%s", name, said)
	}
	tool(t, "qpdf", "--check", path)
	tool(t, "mutool", "info", path)
	for i, m := range anyByteRange.FindAllSubmatch(raw, -1) {
		content, der := signedParts(t, raw, m)
		if token, err := pades.ParseToken(der); err == nil {
			j.token(t, name, der, token, content)
			continue
		}
		if got := r.Signatures[i].Level; got != level {
			t.Errorf("%s: seal %d has level %s", name, i+1, got)
		}
		signature := write(t, j.dir, "seal.der", der)
		tool(t, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", write(
			t, j.dir, "content", content,
		),
			"-CAfile", j.root, "-certfile", j.ca, "-purpose", "any", "-cades", "-out", os.DevNull)
		if level == pades.LevelBB {
			continue
		}
		der, value := tokenOf(t, der)
		token, err := pades.ParseToken(der)
		if err != nil {
			t.Fatal(err)
		}
		j.token(t, name, der, token, value)
	}
}

// token wants a time-stamp over content confirmed.
func (j judges) token(t *testing.T, name string, der []byte, token *pades.Token, content []byte) {
	t.Helper()
	h := token.Hash.New()
	h.Write(content)
	said := tool(t, "openssl", "ts", "-verify", "-digest", hex.EncodeToString(h.Sum(nil)), "-token_in",
		"-in", write(t, j.dir, "token.der", der), "-CAfile", j.root, "-untrusted", j.ca)
	if !strings.Contains(said, "Verification: OK") {
		t.Errorf("%s: openssl ts: %s", name, said)
	}
}

var anyByteRange = regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) (\d+)\]`)

// signedParts returns what a signature covers and its value without padding.
func signedParts(t testing.TB, raw []byte, m [][]byte) (content, der []byte) {
	t.Helper()
	a, b, c := atoi(t, m[1]), atoi(t, m[2]), atoi(t, m[3])
	value := make([]byte, (b-a)/2-1)
	if _, err := hex.Decode(value, raw[a+1:b-1]); err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(raw[:a]), raw[b:b+c]...), wholeDER(t, value)
}
