package vault_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func TestDetached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	raw := testpdf.Encrypted()
	r := w.paper("env_d", raw)
	r.Source.Sealing = custody.Sealing{Mode: custody.SealingDetached, Reason: "encrypted"}
	r.SecuredParty, r.Capacity, r.Agreement = &bank, custody.CapacityAgent, agreement
	c := w.deposit(r)
	if c.DocumentHash != storage.Sum(raw) || c.Seal.Mode != custody.SealingDetached || c.Seal.Reason != "encrypted" || c.Seal.SHA256 == "" {
		t.Errorf("got %+v", c)
	}
	f, err := w.ReadAuthoritative(t.Context(), read("env_d"))
	if err != nil || !bytes.Equal(f.Content, raw) {
		t.Errorf("the file changed: %v", err)
	}
	if c.Marked == nil || bytes.Contains(w.Bytes(c.Marked.Object), []byte("/Encrypt")) {
		t.Error("no marked copy, or one that is encrypted")
	}
	if i, err := w.CheckIntegrity(t.Context(), "env_d"); err != nil || !i.OK {
		t.Errorf("got %+v, %v", i, err)
	}
	if s, err := w.Lookup(t.Context(), c.DocumentHash); err != nil || s != vault.StateAuthoritative {
		t.Errorf("got %s, %v", s, err)
	}
	rel, _, err := w.Release(t.Context(), release("env_d"))
	if err != nil {
		t.Fatal(err)
	}
	if rel.SHA256 != c.DocumentHash || rel.Version != 2 {
		t.Errorf("got %+v", rel)
	}
	if s, err := w.Lookup(t.Context(), c.DocumentHash); err != nil || s != vault.StateReleased {
		t.Errorf("got %s, %v", s, err)
	}
	versions := w.versions("env_d")
	o := func(int) pades.Options { return pades.Options{Roots: w.PKI.Roots(), Now: w.Clock.Now()} }
	statements, err := vault.VerifyVersions(t.Context(), [][]byte{versions[0].Statement, versions[1].Statement}, c.DocumentHash, o)
	if err != nil || statements[0].Assignee != bank || statements[1].Recipient.Name != "Cleo Smith" {
		t.Errorf("got %+v, %v", statements, err)
	}
	for name, bad := range map[string][][]byte{
		"order":      {versions[1].Statement, versions[0].Statement},
		"gap":        {versions[1].Statement},
		"other file": nil,
		"altered":    {flipped(versions[0].Statement)},
	} {
		file := c.DocumentHash
		if bad == nil {
			bad, file = [][]byte{versions[0].Statement}, storage.Sum(nil)
		}
		if _, err := vault.VerifyVersions(t.Context(), bad, file, o); !errors.Is(err, custody.ErrStatement) {
			t.Errorf("%s: got %v, want ErrStatement", name, err)
		}
	}
	if _, err := w.BuildPackage(t.Context(), org.Identifier, "env_d", nil); err != nil {
		t.Fatal(err)
	}
	p, err := w.ReadPackage(t.Context(), read("env_d"))
	if err != nil {
		t.Fatal(err)
	}
	files := unpacked(t, p.Content)
	if !bytes.Equal(files["authoritative.pdf"], raw) || !bytes.Equal(files["version-statements/0002.p7s"], versions[1].Statement) {
		t.Error("the package lacks the file or its statements")
	}
}

// TestDetachedSealsByOpenSSL follows the detached seals of a package by the commands
// of its VERIFY.txt.
func TestDetachedSealsByOpenSSL(t *testing.T) {
	testenv.Tools(t)
	t.Parallel()
	w := newWorld(t)
	raw := testpdf.Encrypted()
	r := w.paper("env_d", raw)
	r.Source.Sealing = custody.Sealing{Mode: custody.SealingDetached, Reason: "encrypted"}
	w.deposit(r)
	if _, _, err := w.Release(t.Context(), release("env_d")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.BuildPackage(t.Context(), org.Identifier, "env_d", nil); err != nil {
		t.Fatal(err)
	}
	p, err := w.ReadPackage(t.Context(), read("env_d"))
	if err != nil {
		t.Fatal(err)
	}
	files, dir := unpacked(t, p.Content), t.TempDir()
	files["keys/seal-root.pem"] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.PKI.Root.Raw}) // compliance adds it
	command := regexp.MustCompile(`openssl cms -verify [^\n]*\\\n[^\n]*`).FindString(string(files["VERIFY.txt"]))
	said := func(version int, p7s []byte) (string, error) {
		t.Helper()
		name := fmt.Sprintf("version-statements/%04d.p7s", version)
		files[name] = p7s
		for name, content := range files {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		run := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(command, "version-statements/0001.p7s", name))
		run.Dir = dir
		out, err := run.CombinedOutput()
		return string(out), err
	}
	var prev storage.Digest
	for _, v := range w.versions("env_d") {
		got, err := said(v.Version, v.Statement)
		if err != nil || !strings.Contains(got, "CMS Verification successful") {
			t.Fatalf("version %d: %v: %s", v.Version, err, got)
		}
		for _, want := range []string{`"sha256":"` + string(storage.Sum(files["authoritative.pdf"])) + `"`, `"prev":"` + string(prev) + `"`} {
			if !strings.Contains(got, want) {
				t.Errorf("version %d: the statement has no %s: %s", v.Version, want, got)
			}
		}
		if got, err := said(v.Version, flipped(v.Statement)); err == nil {
			t.Errorf("version %d: openssl takes an altered seal: %s", v.Version, got)
		}
		prev = storage.Sum(v.Statement)
	}
}

func flipped(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-9] ^= 1
	return b
}
