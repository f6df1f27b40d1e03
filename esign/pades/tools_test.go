package pades_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpki"
)

// tool runs a program that this project did not write, and fails the test when it is missing or unhappy.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOtherTools asks pdfsig, qpdf, mutool and openssl about our seals, on every file structure and for every key.
func TestOtherTools(t *testing.T) {
	if os.Getenv("EVAULT_TOOLS") != "1" {
		t.Skip("set EVAULT_TOOLS=1 to compare with pdfsig, qpdf, mutool and openssl")
	}
	dir := t.TempDir()
	root := write(t, dir, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().Root.Raw}))
	ca := write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().CA.Raw}))
	p384, err := pki().P384("P-384 Seal")
	if err != nil {
		t.Fatal(err)
	}
	second := map[string]testpki.Identity{"P-384": p384, "RSA": pki().RSA()}
	n := 0
	for name, raw := range files() {
		for key, id := range second {
			n++
			one := seal(t, sealer(t, pki().Seal), raw)
			two := seal(t, sealer(t, id), one)
			path := write(t, dir, "sealed.pdf", two)
			out := tool(t, "pdfsig", "-nocert", path)
			if got := strings.Count(out, "Signature is Valid."); got != 2 {
				t.Errorf("%s, %s: pdfsig finds %d valid signatures, want 2:\n%s", name, key, got, out)
			}
			if !strings.Contains(out, "Total document signed") {
				t.Errorf("%s, %s: pdfsig: the last signature does not cover the file:\n%s", name, key, out)
			}
			tool(t, "qpdf", "--check", path)
			tool(t, "mutool", "info", path)
			opensslSeals(t, dir, root, ca, two)
		}
	}
	t.Logf("%d files", n)
}

var anyByteRange = regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) (\d+)\]`)

// opensslSeals checks each seal with openssl cms, and its time-stamp with openssl ts.
func opensslSeals(t *testing.T, dir, root, ca string, raw []byte) {
	t.Helper()
	report := verify(t, raw)
	for i, m := range anyByteRange.FindAllSubmatch(raw, -1) {
		var b [3]int
		for k := range b {
			b[k] = atoi(t, m[1+k])
		}
		value := make([]byte, (b[1]-b[0])/2-1)
		if _, err := hex.Decode(value, raw[b[0]+1:b[1]-1]); err != nil {
			t.Fatal(err)
		}
		der := wholeDER(t, value)
		signature := write(t, dir, "seal.der", der)
		content := write(t, dir, "content", append(bytes.Clone(raw[:b[0]]), raw[b[1]:b[1]+b[2]]...))
		tool(t, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", content,
			"-CAfile", root, "-certfile", ca, "-purpose", "any", "-cades", "-out", os.DevNull)
		if report.Signatures[i].Level != pades.LevelBT {
			t.Errorf("seal %d has level %s", i+1, report.Signatures[i].Level)
		}
		opensslToken(t, dir, root, ca, der)
	}
}

func opensslToken(t *testing.T, dir, root, ca string, der []byte) {
	t.Helper()
	token, value := tokenOf(t, der)
	path := write(t, dir, "token.der", token)
	parsed, err := pades.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(value)
	if parsed.Hash.Size() != len(digest) {
		return // openssl is asked about SHA-256 alone
	}
	out := tool(t, "openssl", "ts", "-verify", "-digest", hex.EncodeToString(digest[:]), "-token_in", "-in", path, "-CAfile", root, "-untrusted", ca)
	if !strings.Contains(out, "Verification: OK") {
		t.Errorf("openssl ts: %s", out)
	}
}

// TestOtherToolsReadExtensions asks the same about files at B-LTA, extended twice, with a second seal between.
func TestOtherToolsReadExtensions(t *testing.T) {
	if os.Getenv("EVAULT_TOOLS") != "1" {
		t.Skip("set EVAULT_TOOLS=1 to compare with pdfsig, qpdf and openssl")
	}
	dir := t.TempDir()
	root := write(t, dir, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().Root.Raw}))
	ca := write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().CA.Raw}))
	s, e := sealer(t, pki().Seal), extender(t)
	for name, raw := range files() {
		out := extendFile(t, e, seal(t, s, extendFile(t, e, seal(t, s, raw))))
		path := write(t, dir, "extended.pdf", out)
		said := tool(t, "pdfsig", "-nocert", path)
		if got := strings.Count(said, "Signature is Valid."); got != 2 {
			t.Errorf("%s: pdfsig finds %d valid seals, want 2:\n%s", name, got, said)
		}
		// pdfsig 22.12 lists document time-stamps, but does not know their kind.
		if got := strings.Count(said, "Signature Field Name: Timestamp"); got != 2 || !strings.Contains(said, "Total document signed") {
			t.Errorf("%s: pdfsig finds %d document time-stamps, want 2:\n%s", name, got, said)
		}
		tool(t, "qpdf", "--check", path)
		for _, m := range anyByteRange.FindAllSubmatch(out, -1) {
			a, b, c := atoi(t, m[1]), atoi(t, m[2]), atoi(t, m[3])
			value := make([]byte, (b-a)/2-1)
			if _, err := hex.Decode(value, out[a+1:b-1]); err != nil {
				t.Fatal(err)
			}
			der := wholeDER(t, value)
			if _, err := pades.ParseToken(der); err != nil {
				continue // a seal; TestOtherTools asks about those
			}
			h := sha256.New()
			h.Write(out[:a])
			h.Write(out[b : b+c])
			said := tool(t, "openssl", "ts", "-verify", "-digest", hex.EncodeToString(h.Sum(nil)), "-token_in",
				"-in", write(t, dir, "dts.der", der), "-CAfile", root, "-untrusted", ca)
			if !strings.Contains(said, "Verification: OK") {
				t.Errorf("%s: openssl ts: %s", name, said)
			}
		}
	}
}

// TestAttacksBesidePdfsig reports how many of the attacks another verifier passes without a word, and fails where it
// refuses an intact file of ours.
func TestAttacksBesidePdfsig(t *testing.T) {
	if os.Getenv("EVAULT_TOOLS") != "1" {
		t.Skip("set EVAULT_TOOLS=1 to compare with pdfsig")
	}
	dir := t.TempDir()
	a := newAttackSet(t, "classic")
	ask := func(raw []byte) (valid, invalid int) {
		out, err := exec.Command("pdfsig", "-nocert", write(t, dir, "file.pdf", raw)).CombinedOutput()
		if err != nil {
			return 0, 1
		}
		valid = strings.Count(string(out), "Signature is Valid.")
		unknown := strings.Count(string(out), "Signature has not yet been verified.") // document time-stamps
		return valid, strings.Count(string(out), "Signature Validation: ") - valid - unknown
	}
	for name, raw := range a.intact() {
		if valid, invalid := ask(raw); valid == 0 || invalid != 0 {
			t.Errorf("intact %q: pdfsig finds %d valid and %d other signatures", name, valid, invalid)
		}
	}
	passed, attacks := 0, a.attacks()
	for name, raw := range attacks {
		if valid, invalid := ask(raw); valid > 0 && invalid == 0 {
			passed++
			t.Logf("pdfsig passes %q", name)
		}
	}
	t.Logf("pdfsig passes %d of %d attacks, Verify none (TestAttacks)", passed, len(attacks))
}

func TestOtherToolsReadStatements(t *testing.T) {
	if os.Getenv("EVAULT_TOOLS") != "1" {
		t.Skip("set EVAULT_TOOLS=1 to compare with openssl")
	}
	dir := t.TempDir()
	root := write(t, dir, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().Root.Raw}))
	for name, change := range map[string]func(*pades.Config){"PKCS #1": func(*pades.Config) {}, "PSS": func(c *pades.Config) { c.PSS = true }} {
		der, _, err := sealer(t, pki().RSA(), change).Statement(context.Background(), []byte("version 1"))
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "out")
		tool(t, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", write(t, dir, "s.der", der), "-CAfile", root, "-purpose", "any", "-cades", "-out", out)
		if got, err := os.ReadFile(out); err != nil || string(got) != "version 1" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func wholeDER(t testing.TB, value []byte) []byte {
	t.Helper()
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(value, &v); err != nil {
		t.Fatal(err)
	}
	return v.FullBytes
}
