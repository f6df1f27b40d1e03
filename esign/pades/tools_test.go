package pades_test

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
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

// TestAttacksBesidePdfsig reports how many of the attacks another verifier passes without a word, and fails where it
// refuses an intact file of ours.
func TestAttacksBesidePdfsig(t *testing.T) {
	testenv.Tools(t)
	dir := t.TempDir()
	a := newAttackSet(t, testpdf.Classic)
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
	testenv.Tools(t)
	dir := t.TempDir()
	root := write(t, dir, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().Root.Raw}))
	for name, change := range map[string]func(
		*pades.Config,
	){"PKCS #1": func(*pades.Config) {}, "PSS": func(c *pades.Config) {
		c.PSS = true
	}} {
		der, _, err := sealer(t, pki().RSA(), change).Statement(context.Background(), []byte("version 1"))
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "out")
		tool(
			t, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", write(t, dir, "s.der", der), "-CAfile", root,
			"-purpose", "any", "-cades", "-out", out,
		)
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

// TestSignaturesByOpenssl verifies signatures that openssl made, as it writes them and turned into BER. What it writes
// in BER itself, streamed, carries its content within and is no signature of a PDF.
func TestSignaturesByOpenssl(t *testing.T) {
	testenv.Tools(t)
	dir := t.TempDir()
	ca := write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().CA.Raw}))
	ask := pdfsig(t)
	for name, id := range map[string]testpki.Identity{"RSA": pki().RSA(), "P-256": pki().Seal} {
		der, err := x509.MarshalPKCS8PrivateKey(id.Key)
		if err != nil {
			t.Fatal(err)
		}
		key := write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		cert := write(t, dir, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.Leaf().Raw}))
		sign := func(content []byte, options ...string) []byte {
			out := filepath.Join(dir, "cms.der")
			args := []string{
				"cms", "-sign", "-binary", "-md", "sha256", "-outform", "DER", "-signer", cert, "-inkey", key,
				"-certfile", ca, "-in", write(t, dir, "content", content), "-out", out,
			}
			tool(t, "openssl", append(args, options...)...)
			cms, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			return cms
		}
		for form, tc := range map[string]struct {
			subFilter string
			by        func([]byte) []byte
			ok        bool
		}{
			"CAdES, DER":         {cades, func(b []byte) []byte { return sign(b, "-cades") }, true},
			"CAdES, outer BER":   {cades, func(b []byte) []byte { return indefiniteTo(t, sign(b, "-cades"), 4) }, true},
			"CAdES, all BER":     {cades, func(b []byte) []byte { return indefinite(t, sign(b, "-cades")) }, true},
			"PKCS #7, DER":       {pkcs7Sub, func(b []byte) []byte { return sign(b) }, true},
			"PKCS #7, outer BER": {pkcs7Sub, func(b []byte) []byte { return indefiniteTo(t, sign(b), 4) }, true},
			"PKCS #7, streamed":  {pkcs7Sub, func(b []byte) []byte { return sign(b, "-stream") }, false},
		} {
			raw := foreign{subFilter: tc.subFilter, by: tc.by}.sign(t, fpdfFile(t))
			r := verify(t, raw)
			if r.OK() != tc.ok {
				t.Errorf("%s, %s: OK is %v: %s", name, form, r.OK(), problems(r))
			}
			t.Logf("%-6s %-18s OK %v; pdfsig %s", name, form, r.OK(), ask(raw))
			if tc.ok {
				wantOK(t, seal(t, sealer(t, pki().Seal), raw), 2)
			}
		}
	}
}
