package pades

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/pdf/signing"
)

// Values of [SignatureReport].Revocation.
const (
	RevocationGood    = "good"    // no certificate of the chains was revoked at the proven time, as far as the issuers say
	RevocationRevoked = "revoked" // one was
	RevocationUnknown = "unknown" // there is no answer for at least one, or none from whom it may come
)

// RevocationSource tells whether certificates were revoked. The client for OCSP and CRLs over HTTP is in package tsa; a
// host that works offline supplies its own.
type RevocationSource interface {
	// Revocation returns what issuer says about cert: a DER OCSP response (RFC 6960), a DER CRL (RFC 5280 §5), or both.
	// What is not to be had is nil. It is asked about delegated OCSP responders too, unless their certificates have the
	// extension id-pkix-ocsp-nocheck.
	Revocation(ctx context.Context, cert, issuer *x509.Certificate) (ocspResponse, crl []byte, err error)
}

// Material is revocation data, DER, beside what the file carries.
type Material struct {
	OCSPs, CRLs [][]byte
}

// proof is the revocation data on which a good answer rests.
type proof struct {
	ocsps, crls  [][]byte
	certificates []*x509.Certificate // of delegated responders
}

func (p *proof) add(q proof) {
	p.ocsps, p.crls, p.certificates = append(p.ocsps, q.ocsps...), append(p.crls, q.crls...), append(p.certificates, q.certificates...)
}

// chain returns the worst answer for the certificates of a chain, leaf first, root last. The root is trusted, not checked.
func (a *answers) chain(chain []*x509.Certificate, at, now time.Time) string {
	worst := RevocationGood
	for i := 0; i+1 < len(chain); i++ {
		switch status, _ := a.certificate(chain[i], chain[i+1], at, now); status {
		case RevocationRevoked:
			return RevocationRevoked
		case RevocationUnknown:
			worst = RevocationUnknown
		}
	}
	return worst
}

// certificate says whether cert was revoked at a time, by answers that its issuer or a responder it delegated signed, and
// what a good answer rests on. One that says "revoked" counts more than any that say "good".
func (a *answers) certificate(cert, issuer *x509.Certificate, at, now time.Time) (string, proof) {
	return a.ask(cert, issuer, at, now, 0)
}

// maxDelegation bounds responders whose own revocation other responders tell.
const maxDelegation = 2

func (a *answers) ask(cert, issuer *x509.Certificate, at, now time.Time, depth int) (string, proof) {
	status, best := RevocationUnknown, proof{}
	for _, s := range a.about(cert, issuer) {
		standing, behind := RevocationGood, proof{}
		if s.responder != nil {
			standing, behind = a.standing(s, issuer, now, depth)
		}
		switch {
		case standing == RevocationRevoked:
		case s.revoked && !s.revokedAt.After(at):
			// A responder of which nothing is known may still be believed when it warns.
			return RevocationRevoked, proof{}
		case standing == RevocationGood && status != RevocationGood && s.known && s.covers(cert, at, now):
			status, best = RevocationGood, behind
			best.add(s.proof())
		}
	}
	return status, best
}

// standing says whether a delegated responder was revoked when it gave an answer. One whose certificate has the extension
// id-pkix-ocsp-nocheck needs no answer (RFC 6960 §4.2.2.2.1).
func (a *answers) standing(s statement, issuer *x509.Certificate, now time.Time, depth int) (string, proof) {
	switch {
	case neverChecked(s.responder):
		return RevocationGood, proof{}
	case depth == maxDelegation:
		return RevocationUnknown, proof{}
	}
	return a.ask(s.responder, issuer, s.producedAt, now, depth+1)
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
	v.embedded, v.numbers = parseAnswers(m.OCSPs, m.CRLs), map[materialID]int{}
	for _, der := range slices.Concat(m.OCSPs, m.CRLs) {
		if h := sha256.Sum256(der); v.numbers[h] == 0 {
			v.numbers[h] = len(v.numbers) + 1
		}
	}
	v.known = v.embedded
	if o := v.options.Material; len(o.OCSPs)+len(o.CRLs) > 0 {
		v.known = parseAnswers(slices.Concat(m.OCSPs, o.OCSPs), slices.Concat(m.CRLs, o.CRLs))
	}
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
