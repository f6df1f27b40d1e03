package pades_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// TestAnswersWithOldDigests: who can find collisions of SHA-1 can have an issuer sign another answer (RFC 6960 §5).
func TestAnswersWithOldDigests(t *testing.T) {
	t.Parallel()
	r := newResponder(t, noCheck)
	r.change = func(o *ocsp.Response) { o.SignatureAlgorithm = x509.ECDSAWithSHA1 }
	e := extender(t, func(c *pades.ExtenderConfig) { c.Revocation = silent{r} })
	if _, err := e.Extend(
		context.Background(), seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{})),
	); !errors.Is(err, pades.ErrRevocationUnavailable) {
		t.Errorf("an answer signed with SHA-1: got %v", err)
	}
	r = newResponder(t, noCheck)
	r.change = func(o *ocsp.Response) {
		o.SignatureAlgorithm, o.Status, o.RevokedAt = x509.ECDSAWithSHA1, ocsp.Revoked, time.Now().Add(-time.Hour)
	}
	e = extender(t, func(c *pades.ExtenderConfig) { c.Revocation = silent{r} })
	if _, err := e.Extend(
		context.Background(), seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{})),
	); !errors.Is(err, pades.ErrNotValid) {
		t.Errorf("a warning signed with SHA-1: got %v", err)
	}
}

// authorityOf makes an authority below the PKI's own, and an identity that it issued.
func authorityOf(t *testing.T) (ca testpki.Identity, id testpki.Identity) {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	c := pki().Template("Test Sub CA", 365*24*time.Hour)
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	ca, err := pki().Issue(key(), c)
	if err != nil {
		t.Fatal(err)
	}
	k := key()
	der, err := x509.CreateCertificate(
		rand.Reader, pki().Template("Listed", 365*24*time.Hour), ca.Leaf(), k.Public(), ca.Key,
	)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return ca, testpki.Identity{Key: k, Chain: append([]*x509.Certificate{leaf}, ca.Chain...)}
}

// TestListsOfAPart: a list that covers only a part of what was issued proves nothing by what it leaves out, whether it
// says that it does in a critical extension or not; who stands in it was revoked all the same (RFC 5280 §5.2.4,
// §5.2.5).
func TestListsOfAPart(t *testing.T) {
	t.Parallel()
	ca, id := authorityOf(t)
	raw := seal(t, sealer(t, id), testpdf.New(testpdf.Options{}))
	var around [][]byte
	for _, issuer := range []*x509.Certificate{pki().Root, pki().CA} {
		der, err := pki().Revocations().CRL(issuer)
		if err != nil {
			t.Fatal(err)
		}
		around = append(around, der)
	}
	for name, tc := range map[string]struct {
		id       asn1.ObjectIdentifier
		critical bool
		value    []byte
		listed   bool
		want     string
	}{
		"one part": {
			[]int{2, 5, 29, 28}, true, []byte{0x30, 3, 0x81, 1, 0xFF}, false, pades.RevocationUnknown,
		},
		"one part, not critical": {
			[]int{2, 5, 29, 28}, false, []byte{0x30, 3, 0x81, 1, 0xFF}, false, pades.RevocationUnknown,
		},
		"one part, listed": {
			[]int{2, 5, 29, 28}, true, []byte{0x30, 3, 0x81, 1, 0xFF}, true, pades.RevocationRevoked,
		},
		"of several issuers, listed": {
			[]int{2, 5, 29, 28}, true, []byte{0x30, 3, 0x84, 1, 0xFF}, true, pades.RevocationUnknown,
		},
		"changes, not critical":              {[]int{2, 5, 29, 27}, false, []byte{2, 1, 1}, false, pades.RevocationUnknown},
		"changes, critical":                  {[]int{2, 5, 29, 27}, true, []byte{2, 1, 1}, false, pades.RevocationUnknown},
		"something unknown, listed":          {[]int{1, 2, 3, 4}, true, []byte{5, 0}, true, pades.RevocationUnknown},
		"something unknown but not critical": {[]int{1, 2, 3, 4}, false, []byte{5, 0}, false, pades.RevocationGood},
	} {
		list := &x509.RevocationList{
			Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour),
			ExtraExtensions: []pkix.Extension{{Id: tc.id, Critical: tc.critical, Value: tc.value}},
		}
		if tc.listed {
			list.RevokedCertificateEntries = []x509.RevocationListEntry{
				{SerialNumber: id.Leaf().SerialNumber, RevocationTime: time.Now().Add(-time.Hour)},
			}
		}
		der, err := x509.CreateRevocationList(rand.Reader, list, ca.Leaf(), ca.Key)
		if err != nil {
			t.Fatal(err)
		}
		r, err := pades.Verify(
			context.Background(), raw, pades.Options{Roots: pki().Roots(), Material: pades.Material{CRLs: append(around, der)}},
		)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Signatures[0].Revocation; got != tc.want || r.OK() == (tc.want == pades.RevocationRevoked) {
			t.Errorf("%s: got %s, want %s; OK is %v", name, got, tc.want, r.OK())
		}
	}
}

// TestShortKeys: a curve too small for the years to come is not taken (ETSI TS 119 312).
func TestShortKeys(t *testing.T) {
	t.Parallel()
	k, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := pki().Issue(k, pki().Template("P-224", 365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if r := verify(t, foreign{id: id, subFilter: pkcs7Sub}.sign(t, testpdf.New(testpdf.Options{}))); r.OK() ||
		r.Signatures[0].Integrity != pades.IntegrityUnsupported {
		t.Errorf("P-224: %s", problems(r))
	}
}
