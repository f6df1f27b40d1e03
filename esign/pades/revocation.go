package pades

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/revocation"
)

// Values of [SignatureReport].Revocation.
const (
	// RevocationGood is "good": no certificate of the chains was revoked at the proven time, as far as the issuers say.
	RevocationGood = string(revocation.Good)
	// RevocationRevoked is "revoked": one was.
	RevocationRevoked = string(revocation.Revoked)
	// RevocationUnknown is "unknown": for at least one certificate there is no
	// revocation data from an authorized source.
	RevocationUnknown = string(revocation.Unknown)
)

// RevocationSource provides revocation data. The client for OCSP and CRLs over
// HTTP is in package tsa; a host that works offline supplies its own.
type RevocationSource interface {
	// Revocation returns what issuer says about cert: a DER OCSP response (RFC 6960), a DER CRL
	// (RFC 5280 §5), or both. Unavailable data is nil. It is also called for delegated OCSP
	// responders, unless their certificates have the extension id-pkix-ocsp-nocheck.
	Revocation(ctx context.Context, cert, issuer *x509.Certificate) (ocspResponse, crl []byte, err error)
}

// Material is revocation data in DER, in addition to that in the file.
type Material struct {
	OCSPs, CRLs [][]byte
}

// readMaterial parses what the document security store and the options hold.
func (v *verification) readMaterial() {
	m, err := signing.ReadValidationMaterial(v.doc)
	if err != nil {
		m = signing.ValidationMaterial{}
	}
	for _, der := range m.Certificates {
		if c, err := x509.ParseCertificate(der); err == nil {
			v.certificates = append(v.certificates, c)
		}
	}
	v.embedded, v.numbers = revocation.Parse(m.OCSPs, m.CRLs), map[materialID]int{}
	for _, der := range slices.Concat(m.OCSPs, m.CRLs) {
		if h := sha256.Sum256(der); v.numbers[h] == 0 {
			v.numbers[h] = len(v.numbers) + 1
		}
	}
	v.known = v.embedded
	if o := v.options.Material; len(o.OCSPs)+len(o.CRLs) > 0 {
		v.known = revocation.Parse(slices.Concat(m.OCSPs, o.OCSPs), slices.Concat(m.CRLs, o.CRLs))
	}
}

var errRevoked = errors.New("a certificate was revoked")

// judgeRevocation judges one chain of a signature and sums up.
func (v *verification) judgeRevocation(s *verified, chain []*x509.Certificate, at time.Time) error {
	s.chains = append(s.chains, provenChain{chain, at})
	if v.embedded.Chain(chain, at, v.options.Now) != revocation.Good {
		s.selfContained = false
	}
	status := v.known.Chain(chain, at, v.options.Now)
	if status != revocation.Good || len(s.chains) == 1 {
		s.report.Revocation = string(status)
	}
	if status == revocation.Revoked {
		return errRevoked
	}
	if status != revocation.Good && v.options.RequireRevocation {
		return errors.New("revocation status of the certificates is unavailable")
	}
	return nil
}

// provenChain is a chain with the time at which it has to hold.
type provenChain struct {
	certificates []*x509.Certificate
	at           time.Time
}
