package pades

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/evaultlib/evault/internal/pdf"
)

// Values of [SignatureReport].Revocation.
const (
	RevocationGood    = "good"    // no certificate of the chains was revoked at the proven time, as far as the issuers say
	RevocationRevoked = "revoked" // one was
	RevocationUnknown = "unknown" // there is no answer for at least one
)

// RevocationSource tells whether certificates were revoked. The client for OCSP and CRLs over HTTP is in package tsa; a
// host that works offline supplies its own.
type RevocationSource interface {
	// Revocation returns what issuer says about cert: a DER OCSP response (RFC 6960), a DER CRL (RFC 5280 §5), or both.
	// What is not to be had is nil.
	Revocation(ctx context.Context, cert, issuer *x509.Certificate) (ocspResponse, crl []byte, err error)
}

// Material is certificates and revocation data, DER, beside what the file carries.
type Material struct {
	OCSPs, CRLs [][]byte
}

// answers is parsed revocation data.
type answers struct {
	ocsps [][]byte
	crls  []*x509.RevocationList
}

func parseAnswers(ocsps, crls [][]byte) answers {
	a := answers{ocsps: ocsps}
	for _, der := range crls {
		if l, err := x509.ParseRevocationList(der); err == nil && usableList(l) {
			a.crls = append(a.crls, l)
		}
	}
	return a
}

// usableList refuses lists with critical extensions, which cover only a part of what was issued (RFC 5280 §5.2.4, §5.2.5).
func usableList(l *x509.RevocationList) bool {
	for _, e := range l.Extensions {
		if e.Critical {
			return false
		}
	}
	return true
}

// chain returns the worst answer for the certificates of a chain, leaf first, root last. The root is trusted, not checked.
func (a answers) chain(chain []*x509.Certificate, at, now time.Time) string {
	worst := RevocationGood
	for i := 0; i+1 < len(chain); i++ {
		switch a.certificate(chain[i], chain[i+1], at, now) {
		case RevocationRevoked:
			return RevocationRevoked
		case RevocationUnknown:
			worst = RevocationUnknown
		}
	}
	return worst
}

// certificate says whether cert was revoked at a time, by answers that its issuer signed. One that says "revoked" counts
// more than any that say "good".
func (a answers) certificate(cert, issuer *x509.Certificate, at, now time.Time) string {
	status := RevocationUnknown
	for _, der := range a.ocsps {
		r, err := ocsp.ParseResponseForCert(der, cert, issuer)
		if err != nil || r.SerialNumber.Cmp(cert.SerialNumber) != 0 || !responder(r, issuer) {
			continue
		}
		if r.Status == ocsp.Revoked && !r.RevokedAt.After(at) {
			return RevocationRevoked
		}
		if r.Status != ocsp.Unknown && covers(r.ThisUpdate, r.NextUpdate, at, now) {
			status = RevocationGood
		}
	}
	for _, l := range a.crls {
		if l.CheckSignatureFrom(issuer) != nil {
			continue
		}
		for _, e := range l.RevokedCertificateEntries {
			if e.SerialNumber.Cmp(cert.SerialNumber) == 0 && !e.RevocationTime.After(at) {
				return RevocationRevoked
			}
		}
		if covers(l.ThisUpdate, l.NextUpdate, at, now) {
			status = RevocationGood
		}
	}
	return status
}

// covers reports whether an answer speaks about the time at: it was still current then, or was given later.
func covers(thisUpdate, nextUpdate, at, now time.Time) bool {
	const skew = 5 * time.Minute
	if thisUpdate.After(now.Add(skew)) {
		return false
	}
	return !thisUpdate.Before(at) || nextUpdate.IsZero() || !at.After(nextUpdate)
}

// responder checks that a delegated OCSP responder may speak for the issuer (RFC 6960 §4.2.2.2). That the issuer signed
// its certificate was checked in parsing.
func responder(r *ocsp.Response, issuer *x509.Certificate) bool {
	return r.Certificate == nil || r.Certificate.Equal(issuer) || slices.Contains(r.Certificate.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning)
}

// readMaterial parses what the document security store and the options hold.
func (v *verification) readMaterial() {
	m, err := v.doc.ValidationMaterial()
	if err != nil {
		m = pdf.ValidationMaterial{}
	}
	for _, der := range m.Certificates {
		if c, err := x509.ParseCertificate(der); err == nil {
			v.certificates = append(v.certificates, c)
		}
	}
	v.embedded = parseAnswers(m.OCSPs, m.CRLs)
	v.known = parseAnswers(slices.Concat(m.OCSPs, v.options.Material.OCSPs), slices.Concat(m.CRLs, v.options.Material.CRLs))
}

var errRevoked = errors.New("a certificate was revoked")

// revocation judges one chain of a signature and sums up.
func (v *verification) revocation(s *verified, chain []*x509.Certificate, at time.Time) error {
	s.chains = append(s.chains, provenChain{chain, at})
	if v.embedded.chain(chain, at, v.options.Now) != RevocationGood {
		s.selfContained = false
	}
	status := v.known.chain(chain, at, v.options.Now)
	if status != RevocationGood || len(s.chains) == 1 {
		s.report.Revocation = status
	}
	if status == RevocationRevoked {
		return errRevoked
	}
	if status != RevocationGood && v.options.RequireRevocation {
		return errors.New("nothing tells whether the certificates were revoked")
	}
	return nil
}

// provenChain is a chain with the time at which it has to hold.
type provenChain struct {
	certificates []*x509.Certificate
	at           time.Time
}
