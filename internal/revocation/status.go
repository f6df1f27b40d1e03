package revocation

import (
	"crypto/x509"
	"time"
)

// Status says whether certificates were revoked at a time.
type Status string

// The statuses.
const (
	Good    Status = "good"    // no certificate was revoked, as far as the issuers say
	Revoked Status = "revoked" // one was
	Unknown Status = "unknown" // there is no answer for at least one, or none from whom it may come
)

// Proof is the revocation data on which a good answer rests.
type Proof struct {
	OCSPs, CRLs  [][]byte            // DER
	Certificates []*x509.Certificate // of delegated responders
}

// Add adds q.
func (p *Proof) Add(q Proof) {
	p.OCSPs, p.CRLs = append(p.OCSPs, q.OCSPs...), append(p.CRLs, q.CRLs...)
	p.Certificates = append(p.Certificates, q.Certificates...)
}

// Chain returns the worst answer for the certificates of a chain, leaf first, root last. The root is trusted, not
// checked.
func (a *Answers) Chain(chain []*x509.Certificate, at, now time.Time) Status {
	worst := Good
	for i := 0; i+1 < len(chain); i++ {
		switch status, _ := a.Certificate(chain[i], chain[i+1], at, now); status {
		case Revoked:
			return Revoked
		case Unknown:
			worst = Unknown
		}
	}
	return worst
}

// Certificate says whether cert was revoked at a time, by answers that its issuer or a responder it delegated signed,
// and what a good answer rests on. One that says "revoked" counts more than any that say "good".
func (a *Answers) Certificate(cert, issuer *x509.Certificate, at, now time.Time) (Status, Proof) {
	return a.ask(cert, issuer, at, now, 0)
}

// maxDelegation bounds responders whose own revocation other responders tell.
const maxDelegation = 2

func (a *Answers) ask(cert, issuer *x509.Certificate, at, now time.Time, depth int) (Status, Proof) {
	status, best := Unknown, Proof{}
	for _, s := range a.about(cert, issuer) {
		standing, behind := Good, Proof{}
		if s.responder != nil {
			standing, behind = a.standing(s, issuer, now, depth)
		}
		switch {
		case standing == Revoked:
		case s.revoked && !s.revokedAt.After(at):
			// A responder of which nothing is known may still be believed when it warns.
			return Revoked, Proof{}
		case standing == Good && status != Good && s.known && s.covers(cert, at, now):
			status, best = Good, behind
			best.Add(s.proof())
		}
	}
	return status, best
}

// standing says whether a delegated responder was revoked when it gave an answer. One whose certificate has the
// extension id-pkix-ocsp-nocheck needs no answer (RFC 6960 §4.2.2.2.1).
func (a *Answers) standing(s statement, issuer *x509.Certificate, now time.Time, depth int) (Status, Proof) {
	switch {
	case neverChecked(s.responder):
		return Good, Proof{}
	case depth == maxDelegation:
		return Unknown, Proof{}
	}
	return a.ask(s.responder, issuer, s.producedAt, now, depth+1)
}

// Unanswered returns the delegated responder that gave an OCSP response about cert and whose own revocation is still to
// be asked of issuer; nil when there is none. depth is the number of responders asked about so far on behalf of one
// certificate.
func (a *Answers) Unanswered(
	response []byte, cert, issuer *x509.Certificate, now time.Time, depth int,
) *x509.Certificate {
	s, ok := readOCSP(response, cert, issuer)
	if !ok || s.responder == nil || neverChecked(s.responder) || depth == maxDelegation {
		return nil
	}
	if standing, _ := a.standing(s, issuer, now, depth); standing != Unknown {
		return nil
	}
	return s.responder
}
