package revocation_test

import (
	"context"
	"crypto/x509"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/revocation"
	"github.com/evaultlib/evault/internal/testpki"
)

func newPKI(t testing.TB) *testpki.PKI {
	t.Helper()
	p, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// answers collects the OCSP response for the sealing certificate and the list about its issuer.
func answers(t testing.TB, pki *testpki.PKI, change func(*testpki.Revocations)) *revocation.Answers {
	t.Helper()
	r := pki.Revocations()
	change(r)
	response, _, err := r.Revocation(context.Background(), pki.Seal.Leaf(), pki.CA)
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.CRL(pki.Root)
	if err != nil {
		t.Fatal(err)
	}
	return revocation.Parse([][]byte{response}, [][]byte{list})
}

func TestChain(t *testing.T) {
	t.Parallel()
	pki, other := newPKI(t), newPKI(t)
	now := time.Now()
	revoke := func(c *x509.Certificate, at time.Time) func(*testpki.Revocations) {
		return func(r *testpki.Revocations) { r.Revoke(c, at) }
	}
	none := func(*testpki.Revocations) {}
	for name, tc := range map[string]struct {
		answers *revocation.Answers
		want    revocation.Status
	}{
		"good":                     {answers(t, pki, none), revocation.Good},
		"no answer":                {revocation.Parse(nil, nil), revocation.Unknown},
		"rubbish":                  {revocation.Parse([][]byte{[]byte("x")}, [][]byte{[]byte("y")}), revocation.Unknown},
		"another PKI's answers":    {answers(t, other, none), revocation.Unknown},
		"another PKI's revocation": {answers(t, other, revoke(pki.Seal.Leaf(), now.Add(-time.Hour))), revocation.Unknown},
		"revoked before":           {answers(t, pki, revoke(pki.Seal.Leaf(), now.Add(-time.Hour))), revocation.Revoked},
		"revoked after":            {answers(t, pki, revoke(pki.Seal.Leaf(), now.Add(time.Hour))), revocation.Good},
		"issuer revoked":           {answers(t, pki, revoke(pki.CA, now.Add(-time.Hour))), revocation.Revoked},
	} {
		chain := []*x509.Certificate{pki.Seal.Leaf(), pki.CA, pki.Root}
		if got := tc.answers.Chain(chain, now, now); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

// TestProof: a good answer names the data on which it rests.
func TestProof(t *testing.T) {
	t.Parallel()
	pki := newPKI(t)
	a := answers(t, pki, func(*testpki.Revocations) {})
	now := time.Now()
	if s, p := a.Certificate(pki.Seal.Leaf(), pki.CA, now, now); s != revocation.Good || len(p.OCSPs) != 1 ||
		len(p.CRLs) != 0 {
		t.Errorf("certificate: got %s, %d responses, %d lists", s, len(p.OCSPs), len(p.CRLs))
	}
	if s, p := a.Certificate(pki.CA, pki.Root, now, now); s != revocation.Good || len(p.OCSPs) != 0 || len(p.CRLs) != 1 {
		t.Errorf("issuer: got %s, %d responses, %d lists", s, len(p.OCSPs), len(p.CRLs))
	}
}

// FuzzList compares our reader of CRLs with that of crypto/x509: where both read a list, they find the same.
func FuzzList(f *testing.F) {
	pki := newPKI(f)
	serial := pki.Seal.Leaf().SerialNumber
	r := pki.Revocations()
	for range 3 {
		der, err := r.CRL(pki.CA)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
		r.Revoke(pki.Seal.Leaf(), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
		r.Revoke(pki.TSA.Leaf(), time.Date(2060, 11, 23, 0, 0, 0, 0, time.UTC))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		thisUpdate, at, revoked, ok := revocation.ReadList(der, serial)
		want, err := x509.ParseRevocationList(der)
		if err != nil || !ok {
			return // each is strict about something that the other passes over
		}
		var earliest time.Time
		for _, e := range want.RevokedCertificateEntries {
			if e.SerialNumber.Cmp(serial) == 0 && (earliest.IsZero() || e.RevocationTime.Before(earliest)) {
				earliest = e.RevocationTime
			}
		}
		if revoked != !earliest.IsZero() || !at.Equal(earliest) || !thisUpdate.Equal(want.ThisUpdate) {
			t.Fatalf("got %v, %v, %v, want %v, %v", revoked, at, thisUpdate, earliest, want.ThisUpdate)
		}
	})
}
