package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// store reads /DSS and /VRI as they stand in the file.
func store(t testing.TB, raw []byte) (d *pdf.Document, dss, vri pdf.Dict) {
	t.Helper()
	d = mustOpen(t, raw)
	c, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if dss, err = d.Dict(c["DSS"]); err != nil {
		t.Fatal(err)
	}
	if vri, err = d.Dict(dss["VRI"]); err != nil {
		t.Fatal(err)
	}
	return d, dss, vri
}

// TestEachSignatureHasItsMaterial looks at /VRI after each step: an entry for each signature that was there, under the
// digest of the whole /Contents, whose streams are those of the lists.
func TestEachSignatureHasItsMaterial(t *testing.T) {
	t.Parallel()
	e, s := extender(t), sealer(t, pki().Seal)
	for name, raw := range files() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			once := extendFile(t, e, seal(t, s, raw))
			twice := extendFile(t, e, once)
			later := extendFile(t, e, seal(t, s, once))
			for i, tc := range []struct {
				raw     []byte
				entries int
			}{{once, 1}, {twice, 2}, {later, 3}} {
				d, dss, vri := store(t, tc.raw)
				if len(vri) != tc.entries {
					t.Errorf("file %d: %d entries in /VRI, want %d", i, len(vri), tc.entries)
				}
				fields, err := acroform.SignatureFields(d)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range fields[:tc.entries] {
					wantEntry(t, d, dss, vri, f)
				}
			}
			_, _, before := store(t, once)
			_, _, after := store(t, twice)
			for key, entry := range before {
				if !pdf.Equal(entry, after[key]) {
					t.Errorf("entry %s became another one although nothing was new for it", key)
				}
			}
		})
	}
}

func wantEntry(t *testing.T, d *pdf.Document, dss, vri pdf.Dict, f acroform.SignatureField) {
	t.Helper()
	sig, err := signing.ReadSignature(d, f.Value)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.ToUpper(fmt.Sprintf("%x", sha1.Sum(sig.Value)))
	entry, err := d.Dict(vri[pdf.Name(key)])
	if err != nil || entry == nil {
		t.Errorf("%s: no entry %s in /VRI: %v", f.Name, key, err)
		return
	}
	if m, ok := entry["TU"].(pdf.String); !ok || !strings.HasPrefix(string(m), "D:20") ||
		entry["Type"] != pdf.Name("VRI") {
		t.Errorf("%s: the entry does not say what and when it is: %v", f.Name, entry)
	}
	n := 0
	for single, list := range map[pdf.Name]pdf.Name{"Cert": "Certs", "OCSP": "OCSPs", "CRL": "CRLs"} {
		own, err := d.Array(entry[single])
		if err != nil {
			t.Fatal(err)
		}
		all, err := d.Array(dss[list])
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range own {
			n++
			if !bytes.Contains(pdf.Append(nil, all), pdf.Append(nil, o)) {
				t.Errorf("%s: %v of /%s is not in /%s", f.Name, o, single, list)
			}
		}
	}
	// Three certificates, an OCSP response for the leaf and a CRL for its issuer; a seal has the authority's leaf beside.
	want := 7
	if sig.SubFilter == "ETSI.RFC3161" {
		want = 5
	}
	if n != want {
		t.Errorf("%s: %d streams in its entry, want %d", f.Name, n, want)
	}
}

// TestSingleEntriesProveNothing: what stands in /VRI alone raises no level and answers no question.
func TestSingleEntriesProveNothing(t *testing.T) {
	t.Parallel()
	good := extendFile(t, extender(t, func(c *pades.ExtenderConfig) {
		c.Timestamper = nil
	}), seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{})))
	_, dss, _ := store(t, good)
	stripped := increment(t, good, func(u *pdf.Update) {
		ref := u.Add(dss.Without("OCSPs", "CRLs"))
		editCatalog(t, u, func(c pdf.Dict) { c["DSS"] = ref })
	})
	r := verify(t, stripped)
	if got := r.Signatures[0]; got.Level != pades.LevelBT || got.Revocation != pades.RevocationUnknown {
		t.Errorf("got level %s, revocation %s", got.Level, got.Revocation)
	}
}

// responder answers OCSP for the PKI's issuing authority by a certificate that this delegated to it.
type responder struct {
	*testpki.Revocations
	id     testpki.Identity
	change func(*ocsp.Response)
	about  *x509.Certificate // issuer of what it speaks about; default the right one
}

func newResponder(t testing.TB, change ...func(*x509.Certificate)) *responder {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := pki().Template("Test Responder", 24*time.Hour)
	c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	for _, f := range change {
		f(c)
	}
	id, err := pki().Issue(key, c)
	if err != nil {
		t.Fatal(err)
	}
	return &responder{Revocations: pki().Revocations(), id: id}
}

func (r *responder) Revocation(ctx context.Context, cert, issuer *x509.Certificate) (response, crl []byte, err error) {
	if !issuer.Equal(pki().CA) || cert.Equal(r.id.Leaf()) {
		return r.Revocations.Revocation(ctx, cert, issuer) // the authority itself answers
	}
	now := time.Now()
	answer := ocsp.Response{
		Status: ocsp.Good, SerialNumber: cert.SerialNumber, ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour),
		Certificate: r.id.Leaf(),
	}
	if r.change != nil {
		r.change(&answer)
	}
	if r.about != nil {
		issuer = r.about
	}
	response, err = ocsp.CreateResponse(issuer, r.id.Leaf(), answer, r.id.Key)
	return response, nil, err
}

func noCheck(c *x509.Certificate) {
	c.ExtraExtensions = append(
		c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: asn1.NullBytes},
	)
}

// TestOCSPResponders: a delegated responder must have been delegated by the issuer itself, for this, and its own
// revocation must be known unless its certificate says that it need not be (RFC 6960 §4.2.2.2).
func TestOCSPResponders(t *testing.T) {
	t.Parallel()
	good := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}))
	cannotSay := func(r *responder) pades.RevocationSource { return silent{r} }
	plain := func(r *responder) pades.RevocationSource { return r }
	other, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stranger := newResponder(t, noCheck)
	if stranger.id, err = other.Issue(stranger.id.Key, stranger.id.Leaf()); err != nil {
		t.Fatal(err)
	}
	revoked := newResponder(t)
	revoked.Revoke(revoked.id.Leaf(), time.Now().Add(-time.Hour))
	revokedLater := newResponder(t)
	revokedLater.Revoke(revokedLater.id.Leaf(), time.Now().Add(time.Hour))
	warns := newResponder(t)
	warns.change = func(r *ocsp.Response) { r.Status, r.RevokedAt = ocsp.Revoked, time.Now().Add(-time.Hour) }
	elsewhere := newResponder(t, noCheck)
	elsewhere.about = pki().Root
	sha256Named := newResponder(t, noCheck)
	sha256Named.change = func(r *ocsp.Response) { r.IssuerHash = crypto.SHA256 }
	unknown := newResponder(t, noCheck)
	unknown.change = func(r *ocsp.Response) { r.Status = ocsp.Unknown }
	stale := newResponder(t, noCheck)
	stale.change = func(r *ocsp.Response) {
		r.ThisUpdate, r.NextUpdate = time.Now().Add(-3*time.Hour), time.Now().Add(-2*time.Hour)
	}
	open := newResponder(t, noCheck)
	open.change = func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = time.Now().Add(-3*time.Hour), time.Time{} }
	for name, tc := range map[string]struct {
		r    *responder
		as   func(*responder) pades.RevocationSource
		want error
	}{
		"needs no check":              {newResponder(t, noCheck), cannotSay, nil},
		"its issuer says good":        {newResponder(t), plain, nil},
		"revoked after it answered":   {revokedLater, plain, nil},
		"names the issuer by SHA-256": {sha256Named, cannotSay, nil},
		"speaks about another issuer": {elsewhere, cannotSay, pades.ErrRevocationUnavailable},
		"nothing tells about it":      {newResponder(t), cannotSay, pades.ErrRevocationUnavailable},
		"revoked":                     {revoked, plain, pades.ErrRevocationUnavailable},
		"not delegated: no key usage": {newResponder(t, noCheck, func(c *x509.Certificate) {
			c.ExtKeyUsage = nil
		}), cannotSay, pades.ErrRevocationUnavailable},
		"not delegated: any key usage": {newResponder(t, noCheck, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		}), cannotSay, pades.ErrRevocationUnavailable},
		"delegated by another authority": {stranger, cannotSay, pades.ErrRevocationUnavailable},
		"certificate expired": {newResponder(t, noCheck, func(c *x509.Certificate) {
			c.NotAfter = time.Now().Add(-time.Minute)
		}), cannotSay, pades.ErrRevocationUnavailable},
		"says revoked":                      {warns, cannotSay, pades.ErrNotValid},
		"does not know the certificate":     {unknown, cannotSay, pades.ErrRevocationUnavailable},
		"answer older than the seal":        {stale, cannotSay, pades.ErrRevocationUnavailable},
		"old answer without an end of life": {open, cannotSay, pades.ErrRevocationUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := extender(t, func(c *pades.ExtenderConfig) { c.Revocation = tc.as(tc.r) })
			x, err := e.Extend(context.Background(), good)
			if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if err != nil {
				return
			}
			out := append(bytes.Clone(good), x.Appended...)
			if s := wantOK(t, out, 2).Signatures[0]; s.Revocation != pades.RevocationGood || s.Level != pades.LevelBLTA {
				t.Errorf("got revocation %s, level %s", s.Revocation, s.Level)
			}
			m, err := signing.ReadValidationMaterial(mustOpen(t, out))
			if err != nil || !slicesContain(m.Certificates, tc.r.id.Leaf().Raw) {
				t.Errorf("the store lacks the responder's certificate: %v", err)
			}
		})
	}
}

// silent is a source that says nothing about responders.
type silent struct{ *responder }

func (s silent) Revocation(ctx context.Context, cert, issuer *x509.Certificate) (response, crl []byte, err error) {
	if cert.Equal(s.id.Leaf()) {
		return nil, nil, nil
	}
	return s.responder.Revocation(ctx, cert, issuer)
}

func slicesContain(list [][]byte, b []byte) bool {
	for _, x := range list {
		if bytes.Equal(x, b) {
			return true
		}
	}
	return false
}

// TestExpiredCertificatesAreForgotten: a list that an issuer gave after a certificate expired says nothing about it.
func TestExpiredCertificatesAreForgotten(t *testing.T) {
	t.Parallel()
	short := pki().Template("Short", 0)
	short.NotAfter = time.Now().Add(-3 * time.Minute)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := pki().Issue(key, short)
	if err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-30 * time.Minute)
	raw := seal(t, sealer(t, id, noStamp), testpdf.New(testpdf.Options{}), func(r *pades.SealRequest) { r.At = then })
	var lists [][]byte
	for _, issuer := range []*x509.Certificate{pki().Root, pki().CA} {
		der, err := pki().Revocations().CRL(issuer)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, der)
	}
	r, err := pades.Verify(
		context.Background(), raw,
		pades.Options{Roots: pki().Roots(), Now: time.Now(), Material: pades.Material{CRLs: lists}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if r.OK() {
		t.Error("an expired certificate without a time-stamp was taken for valid")
	}
	// Whoever can prove the time otherwise learns at least that nothing is known about revocation then.
	late, err := pades.Verify(
		context.Background(), raw,
		pades.Options{Roots: pki().Roots(), Now: then.Add(25 * time.Minute), Material: pades.Material{CRLs: lists}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if got := late.Signatures[0].Revocation; got != pades.RevocationUnknown {
		t.Errorf("revocation: got %s, want %s", got, pades.RevocationUnknown)
	}
}
