package pades

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // only to compare the certificate hash of old time-stamp tokens, beside the signature itself
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
)

// maxCertificates bounds the certificates of one SignedData.
const maxCertificates = 64

// readCMS is a parsed SignedData with exactly one signer.
type readCMS struct {
	contentType  asn1.ObjectIdentifier
	content      []byte // nil when detached
	signer       signerInfo
	digest       crypto.Hash
	certificates []*x509.Certificate
	leaf         *x509.Certificate // the one the SignerInfo names
	size         int               // of the structure, without padding
	ber          bool              // it is not DER
	signed       map[string]asn1.RawValue
	unsigned     map[string][]asn1.RawValue
}

// parseCMS parses a ContentInfo in DER or, as some signers write it, BER. Bytes after it must be zero: the padding of
// /Contents. The signer's certificate may come from elsewhere when the structure does not hold it.
func parseCMS(raw []byte, elsewhere ...*x509.Certificate) (*readCMS, error) {
	c, err := parseDER(raw, elsewhere)
	if err == nil {
		return c, nil
	}
	der, size, ok := definite(raw)
	if !ok || bytes.Equal(der, raw[:size]) {
		return nil, err
	}
	if len(bytes.TrimLeft(raw[size:], "\x00")) > 0 {
		return nil, errTrailing
	}
	if c, err = parseDER(der, elsewhere); err != nil {
		return nil, err
	}
	c.ber, c.size = true, size
	return c, nil
}

var errTrailing = errors.New("something other than zeros follows the signature value")

func parseDER(der []byte, elsewhere []*x509.Certificate) (*readCMS, error) {
	var ci contentInfo
	rest, err := asn1.Unmarshal(der, &ci)
	if err != nil {
		return nil, errors.New("the signature value is not a CMS structure")
	}
	size := len(der) - len(rest)
	if len(bytes.TrimLeft(rest, "\x00")) > 0 {
		return nil, errTrailing
	}
	if !ci.Type.Equal(oidSignedData) {
		return nil, errors.New("the signature value is not SignedData")
	}
	var sd readSignedData
	if rest, err = asn1.Unmarshal(ci.Content.Bytes, &sd); err != nil || len(rest) > 0 || !isSet(sd.Digests) || !isSet(sd.Signers) {
		return nil, errors.New("malformed SignedData")
	}
	c := &readCMS{contentType: sd.Content.Type, size: size}
	if rest, err = asn1.Unmarshal(sd.Signers.Bytes, &c.signer); err != nil || len(rest) > 0 {
		return nil, errors.New("SignedData does not have exactly one signer")
	}
	if len(sd.Content.Content.Bytes) > 0 {
		if rest, err = asn1.Unmarshal(sd.Content.Content.Bytes, &c.content); err != nil || len(rest) > 0 {
			return nil, errors.New("malformed encapsulated content")
		}
		if c.content == nil {
			c.content = []byte{}
		}
	}
	if c.digest = hashByID(c.signer.Digest.Algorithm); c.digest == 0 {
		return nil, unsupported("the digest " + digestNamed(c.signer.Digest.Algorithm))
	}
	if err := c.readCertificates(sd.Certificates.Bytes, elsewhere); err != nil {
		return nil, err
	}
	return c, c.readAttributes()
}

func (c *readCMS) readCertificates(b []byte, elsewhere []*x509.Certificate) error {
	for n := 0; len(b) > 0; n++ {
		var raw asn1.RawValue
		var err error
		if b, err = asn1.Unmarshal(b, &raw); err != nil || n >= maxCertificates {
			return errors.New("malformed certificates")
		}
		if raw.Class != asn1.ClassUniversal || raw.Tag != asn1.TagSequence {
			continue // attribute certificates and other formats of RFC 5652 §10.2.2
		}
		cert, err := x509.ParseCertificate(raw.FullBytes)
		if err != nil {
			continue // one that is needed is missed below
		}
		c.certificates = append(c.certificates, cert)
		if c.leaf == nil && c.names(cert) {
			c.leaf = cert
		}
	}
	for _, cert := range elsewhere {
		if c.leaf == nil && c.names(cert) {
			c.leaf = cert
		}
	}
	if c.leaf == nil {
		return unsupported("a signature without its signer's certificate")
	}
	return nil
}

// names reports whether the SignerInfo's identifier means cert.
func (c *readCMS) names(cert *x509.Certificate) bool {
	sid := c.signer.SID
	if sid.Class == asn1.ClassContextSpecific && sid.Tag == 0 {
		return len(sid.Bytes) > 0 && bytes.Equal(sid.Bytes, cert.SubjectKeyId)
	}
	var id issuerAndSerial
	if rest, err := asn1.Unmarshal(sid.FullBytes, &id); err != nil || len(rest) > 0 || id.Serial == nil {
		return false
	}
	return id.Serial.Cmp(cert.SerialNumber) == 0 && bytes.Equal(id.Issuer.FullBytes, cert.RawIssuer)
}

func (c *readCMS) readAttributes() error {
	c.signed, c.unsigned = map[string]asn1.RawValue{}, map[string][]asn1.RawValue{}
	signed, err := attributeValues(c.signer.Signed.Bytes)
	if err != nil {
		return fmt.Errorf("signed attributes: %w", err)
	}
	for _, a := range signed {
		if _, twice := c.signed[a.kind]; twice || a.value.FullBytes == nil {
			return errors.New("a signed attribute does not have exactly one value")
		}
		c.signed[a.kind] = a.value
	}
	unsigned, err := attributeValues(c.signer.Unsigned.Bytes)
	if err != nil {
		return fmt.Errorf("unsigned attributes: %w", err)
	}
	for _, a := range unsigned {
		if a.value.FullBytes == nil {
			continue
		}
		c.unsigned[a.kind] = append(c.unsigned[a.kind], a.value)
	}
	return nil
}

// maxAttributes bounds the values of all attributes of one kind, signed or not.
const maxAttributes = 64

// attributeValue is one value of an attribute; without bytes when it has none.
type attributeValue struct {
	kind  string
	value asn1.RawValue
}

// attributeValues takes attributes apart (RFC 5652 §5.3).
func attributeValues(b []byte) ([]attributeValue, error) {
	var out []attributeValue
	for len(b) > 0 {
		var a readAttribute
		var err error
		if b, err = asn1.Unmarshal(b, &a); err != nil || !isSet(a.Values) {
			return nil, errors.New("malformed")
		}
		for rest, first := a.Values.Bytes, true; first || len(rest) > 0; first = false {
			v := attributeValue{kind: a.Type.String()}
			if len(rest) > 0 {
				if rest, err = asn1.Unmarshal(rest, &v.value); err != nil {
					return nil, errors.New("malformed")
				}
			}
			if out = append(out, v); len(out) > maxAttributes {
				return nil, unsupported("so many attributes")
			}
		}
	}
	return out, nil
}

// essRule says which signing-certificate attribute a signature must have. One that is there must always match.
type essRule int

const (
	essOptional essRule = iota // adbe.pkcs7.detached, where the attributes as a whole may be missing too
	essAny                     // ETSI.CAdES.detached, and time-stamp tokens: with SHA-1 (RFC 3161 §2.4.2) or v2 (RFC 5816)
	essV2                      // statements
)

// verify checks the digest of the content, the certificate binding and the signature value. digest is of the content
// under the signer's digest algorithm.
func (c *readCMS) verify(contentType asn1.ObjectIdentifier, digest []byte, ess essRule) error {
	if len(c.signer.Signed.FullBytes) == 0 {
		return c.verifyBare(contentType, digest, ess)
	}
	var kind asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(c.signed[oidContentType.String()].FullBytes, &kind); err != nil || len(rest) > 0 || !kind.Equal(contentType) || !c.contentType.Equal(contentType) {
		return errors.New("the content-type attribute is missing or wrong")
	}
	var md []byte
	if rest, err := asn1.Unmarshal(c.signed[oidMessageDigest.String()].FullBytes, &md); err != nil || len(rest) > 0 {
		return errors.New("the message-digest attribute is missing or malformed")
	}
	if !bytes.Equal(md, digest) {
		return errors.New("the signed bytes were changed: their digest is not the one signed")
	}
	if err := c.verifyESS(ess); err != nil {
		return err
	}
	message := bytes.Clone(c.signer.Signed.FullBytes)
	message[0] = 0x31 // RFC 5652 §5.4: the SET OF tag is signed, not the implicit one
	return verifyValue(c.leaf.PublicKey, c.signer.Algorithm, c.digest, signedMessage{message, sum(c.digest, message)}, c.signer.Signature)
}

// verifyBare is verify for a signature without signed attributes, whose value is over the content itself (RFC 5652 §5.4). Nothing in it
// binds the certificate.
func (c *readCMS) verifyBare(contentType asn1.ObjectIdentifier, digest []byte, ess essRule) error {
	if ess != essOptional || !contentType.Equal(oidData) || !c.contentType.Equal(oidData) {
		return errors.New("the signed attributes are missing")
	}
	return verifyValue(c.leaf.PublicKey, c.signer.Algorithm, c.digest, signedMessage{nil, digest}, c.signer.Signature)
}

// weakness says what a signature that holds lacks by today's rules.
func (c *readCMS) weakness() string {
	_, v2 := c.signed[oidSigningCertificateV2.String()]
	_, v1 := c.signed[oidSigningCertificate.String()]
	switch {
	case len(c.signer.Signed.FullBytes) == 0:
		return "weak: the signature has no signed attributes, so that its certificate can be exchanged for another one with the same key"
	case v1 && !v2:
		return "weak: the signature binds its certificate by SHA-1"
	}
	return ""
}

// maxESS bounds a signing-certificate attribute in bytes.
const maxESS = 16 << 10

// verifyESS checks that the signed attributes name the certificate, so that it cannot be exchanged for another one with
// the same key (RFC 5035 §3).
func (c *readCMS) verifyESS(rule essRule) error {
	if v, ok := c.signed[oidSigningCertificateV2.String()]; ok {
		if len(v.FullBytes) > maxESS {
			return unsupported("so long a signing-certificate attribute")
		}
		var sc signingCertificateV2
		if rest, err := asn1.Unmarshal(v.FullBytes, &sc); err != nil || len(rest) > 0 || len(sc.Certs) == 0 {
			return errors.New("malformed signing-certificate-v2 attribute")
		}
		h := crypto.SHA256
		if len(sc.Certs[0].Algorithm.Algorithm) > 0 {
			if h = hashByID(sc.Certs[0].Algorithm.Algorithm); h == 0 {
				return unsupported("the digest of signing-certificate-v2")
			}
		}
		if !bytes.Equal(sum(h, c.leaf.Raw), sc.Certs[0].Hash) {
			return errors.New("the signature names another certificate than the one it carries")
		}
		return nil
	}
	if v, ok := c.signed[oidSigningCertificate.String()]; ok {
		if rule == essV2 {
			return unsupported("a signing-certificate attribute with SHA-1")
		}
		if len(v.FullBytes) > maxESS {
			return unsupported("so long a signing-certificate attribute")
		}
		var sc signingCertificate
		if rest, err := asn1.Unmarshal(v.FullBytes, &sc); err != nil || len(rest) > 0 || len(sc.Certs) == 0 {
			return errors.New("malformed signing-certificate attribute")
		}
		h := sha1.Sum(c.leaf.Raw) //nolint:gosec // see the import
		if !bytes.Equal(h[:], sc.Certs[0].Hash) {
			return errors.New("the signature names another certificate than the one it carries")
		}
		return nil
	}
	if rule != essOptional {
		return errors.New("the signing-certificate attribute is missing")
	}
	return nil
}
