package pades_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestCertificatesForOtherUses: who signs must have a certificate for that. Under a public root there are others: those
// of web servers, and of time-stamp authorities, which sign whatever they are asked to.
func TestCertificatesForOtherUses(t *testing.T) {
	t.Parallel()
	oid := func(n ...int) []asn1.ObjectIdentifier { return []asn1.ObjectIdentifier{n} }
	for name, tt := range map[string]struct {
		usage   x509.KeyUsage
		known   []x509.ExtKeyUsage
		unknown []asn1.ObjectIdentifier
		ok      bool
	}{
		"none":                 {ok: true},
		"content commitment":   {usage: x509.KeyUsageContentCommitment, ok: true},
		"documents (RFC 9336)": {unknown: oid(1, 3, 6, 1, 5, 5, 7, 3, 36), ok: true},
		"Adobe's": {
			known: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, unknown: oid(1, 2, 840, 113583, 1, 1, 5), ok: true,
		},
		"any": {known: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, ok: true},
		"e-mail and client": {
			known: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection}, ok: true,
		},
		"web server":     {known: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}},
		"time-stamps":    {known: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}},
		"revocation":     {known: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}},
		"something else": {unknown: oid(1, 2, 3, 4)},
		"encryption": {
			usage: x509.KeyUsageKeyEncipherment, known: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		},
		"certificates and lists": {usage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign},
	} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := pki().Template("Ada", 10*time.Hour)
		template.KeyUsage, template.ExtKeyUsage, template.UnknownExtKeyUsage = tt.usage, tt.known, tt.unknown
		id, err := pki().Issue(key, template)
		if err != nil {
			t.Fatal(err)
		}
		_, err = pades.New(pades.Config{Signer: id.Key, Chain: id.Chain})
		if (err == nil) != tt.ok {
			t.Errorf("%s: New: %v", name, err)
		}
		r := verify(t, foreign{id: id, subFilter: pkcs7Sub}.sign(t, testpdf.New(testpdf.Options{})))
		if s := r.Signatures[0]; r.OK() != tt.ok || (s.Trust == pades.TrustTrusted) != tt.ok ||
			s.Integrity != pades.IntegrityValid {
			t.Errorf("%s: %s %s %q", name, s.Integrity, s.Trust, s.Problem)
		}
		if s := r.Signatures[0]; !tt.ok && !strings.Contains(s.Problem, "the certificate") {
			t.Errorf("%s: %q", name, s.Problem)
		}
	}
}
