package revocation

import (
	"crypto/x509"
	"time"
)

// Answers is parsed revocation data. It remembers what it found, so that a file with many signatures by few
// certificates is judged as fast as one; it is for one goroutine.
type Answers struct {
	ocsps [][]byte
	crls  []*list
	found map[[2]string][]statement
}

// Parse returns the answers in DER OCSP responses and CRLs; what cannot be used is left out.
func Parse(ocsps, crls [][]byte) *Answers {
	a := &Answers{}
	a.Add(ocsps, crls)
	return a
}

// Add takes further revocation data; what cannot be used is left out.
func (a *Answers) Add(ocsps, crls [][]byte) {
	a.found = map[[2]string][]statement{}
	for _, der := range ocsps {
		if len(der) <= maxOCSP {
			a.ocsps = append(a.ocsps, der)
		}
	}
	for _, der := range crls {
		if l, ok := parseList(der); ok && l.readScope() {
			a.crls = append(a.crls, l)
		}
	}
}

// statement is what one answer, whose signature was checked, says about one certificate.
type statement struct {
	ocsp, crl              []byte            // the answer itself, one of them
	responder              *x509.Certificate // delegated by the issuer; nil when the issuer spoke
	producedAt             time.Time
	thisUpdate, nextUpdate time.Time
	known                  bool      // the speaker knows the certificate
	revoked                bool      // at some time:
	revokedAt              time.Time // when
}

func (s statement) proof() Proof {
	switch {
	case s.crl != nil:
		return Proof{CRLs: [][]byte{s.crl}}
	case s.responder != nil:
		return Proof{OCSPs: [][]byte{s.ocsp}, Certificates: []*x509.Certificate{s.responder}}
	}
	return Proof{OCSPs: [][]byte{s.ocsp}}
}

// covers reports whether s speaks about the time at: it was still current then, or was given later, but before the
// certificate expired, for issuers forget what has expired (RFC 5280 §3.3).
func (s statement) covers(cert *x509.Certificate, at, now time.Time) bool {
	const skew = 5 * time.Minute
	if s.thisUpdate.After(now.Add(skew)) || s.thisUpdate.After(cert.NotAfter) {
		return false
	}
	if s.nextUpdate.IsZero() { // newer answers were to be had at any time (RFC 6960 §4.2.2.1)
		return !s.thisUpdate.Add(skew).Before(at)
	}
	return !s.thisUpdate.Before(at) || !at.After(s.nextUpdate)
}

// about returns what is said about cert by whoever may say it.
func (a *Answers) about(cert, issuer *x509.Certificate) []statement {
	key := [2]string{string(cert.Raw), string(issuer.Raw)}
	if out, ok := a.found[key]; ok {
		return out
	}
	var out []statement
	for _, der := range a.ocsps {
		if s, ok := readOCSP(der, cert, issuer); ok {
			out = append(out, s)
		}
	}
	for _, l := range a.crls {
		if !l.signedBy(issuer) {
			continue
		}
		at, revoked, ok := l.find(cert.SerialNumber)
		if !ok || (l.partial && !revoked) {
			continue
		}
		out = append(out, statement{
			crl: l.der, producedAt: l.head.ThisUpdate, thisUpdate: l.head.ThisUpdate, nextUpdate: l.head.NextUpdate,
			known: !outdated(l.head.SignatureAlgorithm), revoked: revoked, revokedAt: at,
		})
	}
	a.found[key] = out
	return out
}
