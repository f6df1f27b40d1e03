package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// stamped appends a document time-stamp without asking whether what it covers is any good.
func (l *longTerm) stamped(raw []byte) []byte {
	l.t.Helper()
	return foreign{subFilter: "ETSI.RFC3161", by: func(content []byte) []byte {
		sum := sha256.Sum256(content)
		der, err := pki().Timestamper().Timestamp(context.Background(), crypto.SHA256, sum[:])
		if err != nil {
			l.t.Fatal(err)
		}
		return der
	}}.sign(l.t, raw)
}

// stored appends a document security store with the given answers beside the list about the authority.
func (l *longTerm) stored(raw []byte, ocsps, crls [][]byte) []byte {
	l.t.Helper()
	list, err := pki().Revocations().CRL(pki().Root)
	if err != nil {
		l.t.Fatal(err)
	}
	d := mustOpen(l.t, raw)
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		l.t.Fatal(err)
	}
	sig, err := signing.ReadSignature(d, fields[0].Value)
	if err != nil {
		l.t.Fatal(err)
	}
	part := signing.Material{Contents: sig.Value, At: time.Now()}
	part.OCSPs, part.CRLs = ocsps, append(crls, list)
	return increment(l.t, raw, func(u *pdf.Update) {
		if _, err := signing.AddValidationMaterial(u, part); err != nil {
			l.t.Fatal(err)
		}
	})
}

// tampered are files that only look as if they would last.
func (l *longTerm) tampered() {
	const by = "Test Vault Seal"
	unanswered := "ltv\tfailed: VerificationException: Certificate C=US,O=Example Vault,CN=" + by +
		" failed: Couldn't verify with CRL or OCSP or trusted anchor"
	bt := seal(l.t, sealer(l.t, pki().Seal), testpdf.New(testpdf.Options{}))
	first := func(change func(*verdict)) string {
		v := verdict{field: "Seal 1", by: by, stamped: true, revision: true, vri: "there"}
		change(&v)
		return v.line()
	}
	stamp := func(store string) string {
		return verdict{field: "Foreign", stamp: true, vri: "elsewhere", store: store}.line()
	}
	failed := func(cn, why string) string {
		return "failed: VerificationException: Certificate C=US,O=Example Vault,CN=" + cn + " failed: " + why
	}
	unverified, revoked := failed("Test CA", "OCSP response could not be verified"),
		failed(by, "The certificate has been revoked.")
	for name, tc := range map[string]struct {
		ocsps, crls [][]byte
		store, ltv  string
		listed      string // what a list in the store answers besides
	}{
		"nothing about the seal": {store: "Test CA:crl", ltv: unanswered},
		"OCSP of another certificate": {
			ocsps: [][]byte{l.answer(l.answers, pki().RSA())}, store: "Test CA:crl", ltv: unanswered,
		},
		"OCSP by another authority": {ocsps: [][]byte{l.strange()}, store: "Test CA:crl", ltv: unanswered},
		"OCSP says revoked":         {ocsps: [][]byte{l.revoking()}, store: "Test CA:crl", ltv: unanswered},
		"OCSP with a broken signature": {
			ocsps: [][]byte{l.broken()}, store: "Test CA:crl," + by + " " + unverified, ltv: "ltv\t" + unverified,
		},
		"CRL says revoked": {
			crls: [][]byte{l.revokedList()}, store: "Test CA:crl,Test TSA:crl," + by + " " + revoked, ltv: "ltv\t" + revoked,
			listed: ",Test TSA:crl",
		},
	} {
		raw := l.stamped(l.stored(bt, tc.ocsps, tc.crls))
		l.add(name, raw, first(func(v *verdict) { v.store = tc.store }), stamp("Test CA:crl"+tc.listed), tc.ltv)
		l.notLasting(name, raw)
	}
	good := extendFile(l.t, l.extender(true), bt)
	end := verdict{field: "Timestamp 1", stamp: true, answered: true}
	wrong := end
	wrong.integrity = "bad"
	for name, tc := range map[string]struct {
		raw        []byte
		seal       func(*verdict)
		stamp, ltv string
	}{
		"time-stamp over something else": {l.otherToken(good), func(v *verdict) {
			v.imprint, v.vri = "bad", "elsewhere"
		}, wrong.line(), altered},
		"a byte changed": {flip(good, len("%PDF-1.")+4), func(v *verdict) {
			v.integrity = "bad"
		}, wrong.line(), altered},
		"a byte of the store changed": {
			flip(good, bytes.LastIndex(good, []byte("/TU"))+8), func(*verdict) {}, wrong.line(), altered,
		},
		"a page after the time-stamp": {shadow(l.t, good), func(*verdict) {}, "", notWhole},
	} {
		if tc.stamp == "" {
			later := end
			later.revision = true
			tc.stamp = later.line()
		}
		l.add(name, tc.raw, first(func(v *verdict) { v.answered = true; tc.seal(v) }), tc.stamp, tc.ltv)
		l.notLasting(name, tc.raw)
	}
}

// notLasting wants our own verdict to be no better.
func (l *longTerm) notLasting(name string, raw []byte) {
	l.t.Helper()
	r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots(), RequireRevocation: true})
	if err == nil && r.OK() {
		l.t.Errorf("%s: Verify finds nothing wrong with it", name)
	}
}

func flip(raw []byte, at int) []byte {
	out := bytes.Clone(raw)
	out[at] ^= 1
	return out
}

// answer asks for an OCSP response.
func (l *longTerm) answer(by *responder, about testpki.Identity) []byte {
	l.t.Helper()
	der, _, err := by.Revocation(context.Background(), about.Leaf(), pki().CA)
	if err != nil {
		l.t.Fatal(err)
	}
	return der
}

// strange is an answer by another authority of the same name.
func (l *longTerm) strange() []byte {
	l.t.Helper()
	der, _, err := stranger(l.t).Revocation(context.Background(), pki().Seal.Leaf(), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return der
}

func (l *longTerm) revoking() []byte {
	r := newResponder(l.t, noCheck)
	r.change = func(a *ocsp.Response) { a.Status, a.RevokedAt = ocsp.Revoked, time.Now().Add(-time.Hour) }
	return l.answer(r, pki().Seal)
}

// broken is a good answer but for its signature.
func (l *longTerm) broken() []byte {
	der := l.answer(l.answers, pki().Seal)
	return bytes.Replace(der, []byte("2026"), []byte("2025"), 1)
}

func (l *longTerm) revokedList() []byte {
	l.t.Helper()
	r := pki().Revocations()
	r.Revoke(pki().Seal.Leaf(), time.Now().Add(-time.Hour))
	der, err := r.CRL(pki().CA)
	if err != nil {
		l.t.Fatal(err)
	}
	return der
}

// otherToken gives the first seal a time-stamp over something else.
func (l *longTerm) otherToken(raw []byte) []byte {
	return swapValue(l.t, raw, func(der []byte) []byte {
		old, _ := tokenOf(l.t, der)
		for n := byte(0); ; n++ {
			sum := sha256.Sum256([]byte{n})
			token, err := pki().Timestamper().Timestamp(context.Background(), crypto.SHA256, sum[:])
			if err != nil {
				l.t.Fatal(err)
			}
			if len(token) == len(old) { // signatures differ by a byte or two
				return bytes.Replace(der, old, token, 1)
			}
		}
	})
}
