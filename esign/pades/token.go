package pades

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/cms"
)

// Token is a time-stamp token (RFC 3161 §2.4.2) whose own signature was checked. That its authority is trusted is not
// part of it: that takes roots.
type Token struct {
	Time        time.Time // UTC
	Policy      asn1.ObjectIdentifier
	Serial      *big.Int
	Nonce       *big.Int // nil when the request had none
	Hash        crypto.Hash
	Digest      []byte // what was stamped
	Certificate *x509.Certificate

	certificates []*x509.Certificate
}

// ParseToken parses a DER TimeStampToken and checks it as far as it can be without roots: one signer, its certificate
// named by a signing-certificate attribute and allowed to do nothing but time-stamping (RFC 3161 §2.3), signature
// right.
func ParseToken(der []byte) (*Token, error) { return parseToken(der, nil) }

// parseToken is ParseToken with certificates from elsewhere, for tokens that do not carry their own.
func parseToken(der []byte, elsewhere []*x509.Certificate) (*Token, error) {
	c, err := cms.Parse(der, elsewhere...)
	if err != nil {
		return nil, err
	}
	stamp, err := c.Timestamp()
	if err != nil {
		return nil, err
	}
	if !onlyTimeStamping(c.Leaf) {
		return nil, errors.New("the time-stamp's certificate is not limited to time-stamping")
	}
	return &Token{
		Time: stamp.Time, Policy: stamp.Policy, Serial: stamp.Serial, Nonce: stamp.Nonce, Hash: stamp.Hash,
		Digest:      stamp.Digest,
		Certificate: c.Leaf, certificates: c.Certificates,
	}, nil
}

// Stamps reports whether the token's message imprint is digest, made with h.
func (t *Token) Stamps(h crypto.Hash, digest []byte) bool {
	return t.Hash == h && bytes.Equal(t.Digest, digest)
}

// onlyTimeStamping checks the extended key usage: timeStamping, alone, critical (RFC 3161 §2.3).
func onlyTimeStamping(c *x509.Certificate) bool {
	if len(c.UnknownExtKeyUsage) > 0 || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) {
		return false
	}
	for _, e := range c.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 37}) {
			return e.Critical
		}
	}
	return false
}

// Trusted checks that a chain from the authority's certificate to one of the roots holds at the time of the token.
func (t *Token) Trusted(roots *x509.CertPool, intermediates ...*x509.Certificate) error {
	if roots == nil {
		return errors.New("pades: roots are required")
	}
	o := Options{Roots: roots, Intermediates: intermediates}
	_, _, err := o.chain(t.Certificate, t.certificates, t.Time, x509.ExtKeyUsageTimeStamping)
	return err
}
