package pades_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// oldESS is the signing-certificate attribute of RFC 2634, which knows SHA-1 alone.
func oldESS(c *x509.Certificate) pkcs7.Attribute {
	type certID struct{ Hash []byte }
	type signingCert struct{ Certs []certID }
	h := sha1.Sum(c.Raw)
	return pkcs7.Attribute{
		Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}, Value: signingCert{[]certID{{h[:]}}},
	}
}

// cmsBy makes a CMS structure by another digest, or without the certificate.
func cmsBy(t *testing.T, id testpki.Identity, digest asn1.ObjectIdentifier, without bool) func([]byte) []byte {
	return func(content []byte) []byte {
		sd, err := pkcs7.NewSignedData(content)
		if err != nil {
			t.Fatal(err)
		}
		sd.SetDigestAlgorithm(digest)
		if err := sd.AddSigner(id.Leaf(), id.Key, pkcs7.SignerInfoConfig{SkipCertificates: without}); err != nil {
			t.Fatal(err)
		}
		sd.Detach()
		der, err := sd.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
}

// TestWeakSignatures: what older software signs is verified, and its weakness named; what cannot be relied on is
// unsupported, by name.
func TestWeakSignatures(t *testing.T) {
	t.Parallel()
	id, rsaID := pki().Seal, pki().RSA()
	raw := testpdf.New(testpdf.Options{})
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weakKey, err := pki().Issue(short, pki().Template("Short", time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(t *testing.T, raw []byte) *pades.Report {
		t.Helper()
		r, err := pades.Verify(
			context.Background(), raw, pades.Options{Roots: pki().Roots(), Intermediates: []*x509.Certificate{pki().CA}},
		)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, tc := range map[string]struct {
		f         foreign
		integrity string
		ok        bool
		says      string // the weakness, or the problem
	}{
		"no attributes, P-256": {
			foreign{id: id, subFilter: pkcs7Sub, noAttrs: true}, pades.IntegrityValid, true, "no signed attributes",
		},
		"no attributes, RSA": {
			foreign{id: rsaID, subFilter: pkcs7Sub, noAttrs: true}, pades.IntegrityValid, true, "no signed attributes",
		},
		"no attributes, CAdES": {
			foreign{id: id, subFilter: cades, noAttrs: true}, pades.IntegrityInvalid, false, "signed attributes are missing",
		},
		"SHA-1 certificate": {
			foreign{id: id, subFilter: cades, attrs: []pkcs7.Attribute{oldESS(id.Leaf())}}, pades.IntegrityValid, true, "SHA-1",
		},
		"SHA-1, another's": {
			foreign{id: id, subFilter: cades, attrs: []pkcs7.Attribute{oldESS(pki().CA)}},
			pades.IntegrityInvalid, false,
			"a different certificate",
		},
		"both certificates": {
			foreign{id: id, subFilter: cades, attrs: []pkcs7.Attribute{oldESS(id.Leaf()), ess(id.Leaf())}},
			pades.IntegrityValid, true, "",
		},
		"SHA-1 over the content": {
			foreign{subFilter: pkcs7Sub, by: cmsBy(t, rsaID, pkcs7.OIDDigestAlgorithmSHA1, false)},
			pades.IntegrityUnsupported,
			false, "SHA-1 is not supported",
		},
		"a key of 1024 bits": {
			foreign{subFilter: pkcs7Sub, by: cmsBy(t, weakKey, pkcs7.OIDDigestAlgorithmSHA256, false)},
			pades.IntegrityUnsupported, false, "1024 bits is not supported",
		},
		"no certificate": {
			foreign{subFilter: pkcs7Sub, by: cmsBy(t, rsaID, pkcs7.OIDDigestAlgorithmSHA256, true)},
			pades.IntegrityUnsupported,
			false, "certificate is not supported",
		},
		"unknown SubFilter": {
			foreign{id: id, subFilter: "adbe.x509.rsa_sha1"}, pades.IntegrityUnsupported, false, "adbe.x509.rsa_sha1",
		},
	} {
		signed := tc.f.sign(t, raw)
		got := verify(t, signed).Signatures[0]
		if got.Integrity != tc.integrity || got.OK() != tc.ok || !strings.Contains(got.Weakness+got.Problem, tc.says) {
			t.Errorf("%s: got %s, %v, problem %q, weakness %q", name, got.Integrity, got.OK(), got.Problem, got.Weakness)
		}
		if got.Weakness != "" && (got.Level != pades.LevelNone || got.Problem != "") {
			t.Errorf("%s: weak, but level %s, problem %q", name, got.Level, got.Problem)
		}
		bad := verify(t, replace(t, signed, "pay 1000 USD", "pay 9000 USD")).Signatures[0]
		if bad.OK() || bad.Problem == "" || tc.integrity == pades.IntegrityValid && bad.Integrity != pades.IntegrityInvalid {
			t.Errorf("%s, tampered: got %s, problem %q", name, bad.Integrity, bad.Problem)
		}
	}
	// Signed attributes that were taken out leave a value over something else.
	stripped := foreign{subFilter: pkcs7Sub, by: func(content []byte) []byte {
		der := foreign{id: rsaID}.cms(t, content)
		bare := foreign{id: rsaID, noAttrs: true}.cms(t, content)
		value := func(b []byte) []byte { return b[bytes.LastIndex(b, []byte{0x04, 0x82, 0x01, 0x00})+4:][:256] }
		return bytes.Replace(bare, value(bare), value(der), 1)
	}}.sign(t, raw)
	if got := verify(t, stripped).Signatures[0]; got.Integrity != pades.IntegrityInvalid {
		t.Errorf("attributes taken out: got %s, %q", got.Integrity, got.Problem)
	}
}

// TestEveryRefusalHasAProblem: no signature is invalid, unsupported, suspicious or untrusted without a word.
func TestEveryRefusalHasAProblem(t *testing.T) {
	t.Parallel()
	a := newAttackSet(t, testpdf.Classic)
	files := merged(a.attacks(), formAttacks(t, testpdf.Classic), repairs(t))
	many := bytes.Clone(a.good)
	files["damaged"] = append(many[:len(many)-30], "startxref\n1\n%%EOF"...)
	for name, raw := range files {
		r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
		if err != nil {
			continue
		}
		for _, s := range r.Signatures {
			quiet := s.Problem == "" &&
				(s.Integrity != pades.IntegrityValid || s.Trust != pades.TrustTrusted ||
					s.ChangesAfter == pades.ChangesSuspicious || s.ChangesAfter == pades.ChangesUnknown)
			if quiet || s.Problem != "" && s.OK() || s.ChangesAfter == pades.ChangesFilled && len(s.Changes) == 0 {
				t.Errorf("%s: %s %s, %s, %s, problem %q", name, s.Field, s.Integrity, s.Trust, s.ChangesAfter, s.Problem)
			}
		}
	}
}

// TestProblemNamesTheChangeFirst: of a signature that nobody trusts and after which the file was changed, the change is
// the problem.
func TestProblemNamesTheChangeFirst(t *testing.T) {
	t.Parallel()
	signed := byStranger(t).sign(t, testpdf.New(testpdf.Options{}))
	untouched := verify(t, signed).Signatures[0]
	if untouched.Problem != untouched.TrustProblem || !strings.Contains(untouched.Problem, "trusted root") {
		t.Errorf("untouched: got %q", untouched.Problem)
	}
	changed := verify(t, increment(t, signed, func(u *pdf.Update) {
		editPage(t, u, func(p pdf.Dict) { p["Rotate"] = int64(90) })
	})).Signatures[0]
	if !strings.Contains(changed.Problem, "/Rotate of page 1") || !strings.Contains(changed.TrustProblem, "trusted root") {
		t.Errorf("changed: got %q, %q", changed.Problem, changed.TrustProblem)
	}
}
