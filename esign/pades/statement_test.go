package pades_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

func statement(t testing.TB, s *pades.Sealer, content string) []byte {
	t.Helper()
	der, _, err := s.Statement(context.Background(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestStatement(t *testing.T) {
	t.Parallel()
	ed, err := pki().Ed25519("Ed25519 Seal")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*pades.Sealer{
		"P-256, B-B": sealer(t, pki().Seal, noStamp), "P-256, B-T": sealer(t, pki().Seal), "RSA": sealer(t, pki().RSA()),
		"RSA-PSS": sealer(t, pki().RSA(), func(c *pades.Config) { c.PSS = true }), "Ed25519": sealer(t, ed),
	} {
		for _, want := range []string{"version 1", "", "\x00\xff\n", string(make([]byte, 1<<16))} {
			got, r, err := pades.VerifyStatement(
				context.Background(), statement(t, s, want), pades.Options{Roots: pki().Roots()},
			)
			if err != nil || !r.OK() || string(got) != want || r.Level != s.Level() {
				t.Errorf("%s: got %.20q, %+v, %v", name, got, r, err)
			}
		}
	}
}

func TestStatementAttacks(t *testing.T) {
	t.Parallel()
	good := statement(t, sealer(t, pki().Seal), "version 1 belongs to Alice")
	evil, err := testpki.SelfSigned("Test Vault Seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}))
	_, b := findByteRange(t, sealed)
	value := make([]byte, (b[2]-b[1])/2-1)
	if _, err := hex.Decode(value, sealed[b[1]+1:b[2]-1]); err != nil {
		t.Fatal(err)
	}
	detached := wholeDER(t, value)
	token, _ := tokenOf(t, detached)
	for name, der := range map[string][]byte{
		"empty":                    nil,
		"rubbish":                  []byte("hello"),
		"cut":                      good[:len(good)-1],
		"content changed":          bytes.Replace(good, []byte("Alice"), []byte("Mallo"), 1),
		"bytes behind":             append(bytes.Clone(good), 0),
		"another statement behind": append(bytes.Clone(good), good...),
		"the seal of a PDF":        detached,
		"a time-stamp token":       token,
		"self-signed":              statement(t, sealer(t, evil), "version 1"),
		"trusted certificates added": addCertificates(
			t, statement(t, sealer(t, evil, noStamp), "version 1"), pki().Seal.Leaf(), pki().CA,
		),
	} {
		content, r, err := pades.VerifyStatement(context.Background(), der, pades.Options{Roots: pki().Roots()})
		if err == nil && r.OK() {
			t.Errorf("%s was taken for valid", name)
		}
		if err == nil && r.Integrity != pades.IntegrityValid && content != nil {
			t.Errorf("%s: content of a broken statement was handed out: %q", name, content)
		}
	}
	if _, _, err := pades.VerifyStatement(context.Background(), good, pades.Options{}); err == nil {
		t.Error("a statement was verified without roots")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := pades.VerifyStatement(
		ctx, good, pades.Options{Roots: pki().Roots()},
	); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
}

func TestParseTokenRefuses(t *testing.T) {
	t.Parallel()
	der := statement(t, sealer(t, pki().Seal), "version 1")
	token, value := tokenOf(t, der)
	parsed, err := pades.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	if digest := sha256.Sum256(value); !parsed.Stamps(parsed.Hash, digest[:]) || parsed.Trusted(pki().Roots()) != nil {
		t.Error("the token does not stamp the signature")
	}
	if parsed.Trusted(nil) == nil {
		t.Error("a token was trusted without roots")
	}
	other, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Trusted(other.Roots()) == nil {
		t.Error("a token of another root was trusted")
	}
	changed := bytes.Clone(token)
	changed[bytes.Index(changed, parsed.Digest)] ^= 1
	for name, der := range map[string][]byte{
		"nothing": nil, "a statement": der, "imprint changed": changed, "cut": token[:len(token)-9],
	} {
		if _, err := pades.ParseToken(der); err == nil {
			t.Errorf("%s was taken for a token", name)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	if _, err := pades.Verify(context.Background(), testpdf.New(testpdf.Options{}), pades.Options{}); err == nil {
		t.Error("a file was verified without roots")
	}
	if _, err := pades.Verify(
		context.Background(), []byte("x"), pades.Options{Roots: pki().Roots()},
	); !errors.Is(err, pades.ErrNotPDF) {
		t.Errorf("got %v", err)
	}
	if r := verify(t, testpdf.New(testpdf.Options{})); r.OK() || len(r.Signatures) != 0 || r.Problem != "" {
		t.Errorf("no signatures: got %+v", r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sealed := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}))
	if _, err := pades.Verify(ctx, sealed, pades.Options{Roots: pki().Roots()}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
}
