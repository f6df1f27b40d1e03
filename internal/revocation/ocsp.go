package revocation

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/evaultlib/evault/internal/cms"
)

// maxOCSP bounds a response in bytes. Those of large authorities have a few thousand.
const maxOCSP = 64 << 10

// readOCSP parses a response and checks that it is about cert, and signed by the issuer or a responder that it
// delegated. Parsing with no issuer checks nothing about a response that carries no certificate.
func readOCSP(der []byte, cert, issuer *x509.Certificate) (statement, bool) {
	r, err := ocsp.ParseResponseForCert(der, cert, nil)
	if err != nil || r.SerialNumber.Cmp(cert.SerialNumber) != 0 || !aboutIssuer(r, issuer) {
		return statement{}, false
	}
	s := statement{
		ocsp: der, producedAt: r.ProducedAt, thisUpdate: r.ThisUpdate, nextUpdate: r.NextUpdate,
		known:   r.Status != ocsp.Unknown && !outdated(r.SignatureAlgorithm),
		revoked: r.Status == ocsp.Revoked, revokedAt: r.RevokedAt,
	}
	if r.CheckSignatureFrom(issuer) == nil {
		return s, true
	}
	s.responder = r.Certificate
	return s,
		r.Certificate != nil && r.CheckSignatureFrom(r.Certificate) == nil && delegated(r.Certificate, issuer, r.ProducedAt)
}

// outdated reports whether an answer was signed with a digest of which collisions can be made: it may still warn, but
// says nothing good of a certificate.
func outdated(a x509.SignatureAlgorithm) bool {
	return slices.Contains([]x509.SignatureAlgorithm{
		x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
	}, a)
}

// certID names a certificate (RFC 6960 §4.1.1).
type certID struct {
	Hash      asn1.RawValue
	Name, Key []byte // of the issuer, hashed
	Serial    *big.Int
}

// aboutIssuer reports whether a response speaks about a certificate of this issuer and not of another one that the same
// responder serves.
func aboutIssuer(r *ocsp.Response, issuer *x509.Certificate) bool {
	var key struct {
		Algorithm asn1.RawValue
		Bits      asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &key); err != nil || !r.IssuerHash.Available() {
		return false
	}
	_, data, _, _, ok := cms.ReadElement(r.TBSResponseData)
	for ok && len(data) > 0 {
		var tag byte
		var list []byte
		if tag, list, _, data, ok = cms.ReadElement(data); !ok || tag != tagSequence {
			continue // version, responder, time
		}
		for len(list) > 0 {
			var id certID
			var single []byte
			if _, single, _, list, ok = cms.ReadElement(list); !ok {
				return false
			}
			if _, err := asn1.Unmarshal(single, &id); err != nil {
				return false
			}
			if id.Serial.Cmp(r.SerialNumber) == 0 {
				return bytes.Equal(id.Name, cms.Sum(r.IssuerHash, issuer.RawSubject)) &&
					bytes.Equal(id.Key, cms.Sum(r.IssuerHash, key.Bits.RightAlign()))
			}
		}
	}
	return false
}

// delegated reports whether issuer itself issued the responder's certificate, for signing OCSP responses, valid when it
// did so (RFC 6960 §4.2.2.2).
func delegated(responder, issuer *x509.Certificate, at time.Time) bool {
	return bytes.Equal(responder.RawIssuer, issuer.RawSubject) && responder.CheckSignatureFrom(issuer) == nil &&
		slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) &&
		len(responder.UnhandledCriticalExtensions) == 0 &&
		(responder.KeyUsage == 0 || responder.KeyUsage&x509.KeyUsageDigitalSignature != 0) &&
		!at.Before(responder.NotBefore) && !at.After(responder.NotAfter)
}

// neverChecked reports whether a responder's certificate has the extension id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
func neverChecked(responder *x509.Certificate) bool {
	for _, e := range responder.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}) {
			return true
		}
	}
	return false
}
