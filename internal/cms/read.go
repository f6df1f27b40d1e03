package cms

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // only for the certificate hash of old time-stamp tokens, beside the signature itself
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
)

// maxCertificates bounds the certificates of one SignedData.
const maxCertificates = 64

// Signed is a parsed SignedData with exactly one signer.
type Signed struct {
	Content      []byte      // nil when detached
	Digest       crypto.Hash // of the content, by the signer's choice
	Certificates []*x509.Certificate
	Leaf         *x509.Certificate // the one the SignerInfo names
	Size         int               // of the structure in bytes, without padding
	BER          bool              // it is not DER

	contentType asn1.ObjectIdentifier
	signer      signerInfo
	signed      map[string]asn1.RawValue
	unsigned    map[string][]asn1.RawValue
}

// Value is the signature value.
func (c *Signed) Value() []byte { return c.signer.Signature }

// HasSigningTime reports whether the signed attribute signing-time (RFC 5652 §11.3) is there.
func (c *Signed) HasSigningTime() bool {
	_, ok := c.signed[oidSigningTime.String()]
	return ok
}

// TimestampTokens returns the values, DER, of the unsigned attribute signature-time-stamp (ETSI EN 319 122-1 §5.3).
func (c *Signed) TimestampTokens() [][]byte {
	var out [][]byte
	for _, v := range c.unsigned[oidTimeStampToken.String()] {
		out = append(out, v.FullBytes)
	}
	return out
}

// Parse parses a ContentInfo in DER or, as some signers write it, BER. Bytes after it must be zero: the padding of
// /Contents. The signer's certificate may come from elsewhere when the structure does not hold it.
func Parse(raw []byte, elsewhere ...*x509.Certificate) (*Signed, error) {
	c, err := parseDER(raw, elsewhere)
	if err == nil {
		return c, nil
	}
	der, size, ok := Definite(raw)
	if !ok || bytes.Equal(der, raw[:size]) {
		return nil, err
	}
	if len(bytes.TrimLeft(raw[size:], "\x00")) > 0 {
		return nil, errTrailing
	}
	if c, err = parseDER(der, elsewhere); err != nil {
		return nil, err
	}
	c.BER, c.Size = true, size
	return c, nil
}

var errTrailing = errors.New("something other than zeros follows the signature value")

func parseDER(der []byte, elsewhere []*x509.Certificate) (*Signed, error) {
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
	rest, err = asn1.Unmarshal(ci.Content.Bytes, &sd)
	if err != nil || len(rest) > 0 || !isSet(sd.Digests) || !isSet(sd.Signers) {
		return nil, errors.New("malformed SignedData")
	}
	c := &Signed{contentType: sd.Content.Type, Size: size}
	if rest, err = asn1.Unmarshal(sd.Signers.Bytes, &c.signer); err != nil || len(rest) > 0 {
		return nil, errors.New("SignedData does not have exactly one signer")
	}
	if len(sd.Content.Content.Bytes) > 0 {
		if rest, err = asn1.Unmarshal(sd.Content.Content.Bytes, &c.Content); err != nil || len(rest) > 0 {
			return nil, errors.New("malformed encapsulated content")
		}
		if c.Content == nil {
			c.Content = []byte{}
		}
	}
	if c.Digest = digestHash(c.signer.Digest.Algorithm); c.Digest == 0 {
		return nil, Unsupported("the digest " + digestNamed(c.signer.Digest.Algorithm))
	}
	if err := c.readCertificates(sd.Certificates.Bytes, elsewhere); err != nil {
		return nil, err
	}
	return c, c.readAttributes()
}

func (c *Signed) readCertificates(b []byte, elsewhere []*x509.Certificate) error {
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
		c.Certificates = append(c.Certificates, cert)
		if c.Leaf == nil && c.names(cert) {
			c.Leaf = cert
		}
	}
	for _, cert := range elsewhere {
		if c.Leaf == nil && c.names(cert) {
			c.Leaf = cert
		}
	}
	if c.Leaf == nil {
		return Unsupported("a signature without its signer's certificate")
	}
	return nil
}

// names reports whether the SignerInfo's identifier means cert.
func (c *Signed) names(cert *x509.Certificate) bool {
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

func (c *Signed) readAttributes() error {
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
				return nil, Unsupported("so many attributes")
			}
		}
	}
	return out, nil
}

// Binding says which signing-certificate attribute a signature must have. One that is there must always match.
type Binding int

// The bindings, from the weakest.
const (
	BindingOptional Binding = iota // adbe.pkcs7.detached, where the attributes as a whole may be missing too
	// ETSI.CAdES.detached, and time-stamp tokens: with SHA-1 (RFC 3161 §2.4.2) or v2 (RFC 5816)
	BindingAny
	BindingV2 // statements
)

// Verify checks the digest of the content, the certificate binding and the signature value of a signature over data.
// digest is of the content, by [Signed].Digest.
func (c *Signed) Verify(digest []byte, binding Binding) error {
	return c.verify(oidData, digest, binding)
}

func (c *Signed) verify(contentType asn1.ObjectIdentifier, digest []byte, ess Binding) error {
	if len(c.signer.Signed.FullBytes) == 0 {
		return c.verifyBare(contentType, digest, ess)
	}
	var kind asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(c.signed[oidContentType.String()].FullBytes, &kind)
	if err != nil || len(rest) > 0 || !kind.Equal(contentType) || !c.contentType.Equal(contentType) {
		return errors.New("the content-type attribute is missing or wrong")
	}
	var md []byte
	if rest, err := asn1.Unmarshal(c.signed[oidMessageDigest.String()].FullBytes, &md); err != nil || len(rest) > 0 {
		return errors.New("the message-digest attribute is missing or malformed")
	}
	if !bytes.Equal(md, digest) {
		return errors.New("the signed bytes were changed: their digest differs from the signed one")
	}
	if err := c.verifyESS(ess); err != nil {
		return err
	}
	message := bytes.Clone(c.signer.Signed.FullBytes)
	message[0] = 0x31 // RFC 5652 §5.4: the SET OF tag is signed, not the implicit one
	return c.verifyValue(signedMessage{message, Sum(c.Digest, message)})
}

// verifyBare is verify for a signature without signed attributes, whose value is over the content itself (RFC 5652
// §5.4). Nothing in it binds the certificate.
func (c *Signed) verifyBare(contentType asn1.ObjectIdentifier, digest []byte, ess Binding) error {
	if ess != BindingOptional || !contentType.Equal(oidData) || !c.contentType.Equal(oidData) {
		return errors.New("the signed attributes are missing")
	}
	return c.verifyValue(signedMessage{nil, digest})
}

func (c *Signed) verifyValue(message signedMessage) error {
	return verifyValue(c.Leaf.PublicKey, c.signer.Algorithm, c.Digest, message, c.signer.Signature)
}

// Weakness says what a signature that holds lacks by today's rules.
func (c *Signed) Weakness() string {
	_, v2 := c.signed[oidSigningCertificateV2.String()]
	_, v1 := c.signed[oidSigningCertificate.String()]
	switch {
	case len(c.signer.Signed.FullBytes) == 0:
		return "weak: the signature has no signed attributes, " +
			"so that its certificate can be exchanged for another one with the same key"
	case v1 && !v2:
		return "weak: the signature binds its certificate by SHA-1"
	}
	return ""
}

// maxESS bounds a signing-certificate attribute in bytes.
const maxESS = 16 << 10

// verifyESS checks that the signed attributes name the certificate, so that it cannot be exchanged for another one with
// the same key (RFC 5035 §3).
func (c *Signed) verifyESS(rule Binding) error {
	if v, ok := c.signed[oidSigningCertificateV2.String()]; ok {
		if len(v.FullBytes) > maxESS {
			return Unsupported("so long a signing-certificate attribute")
		}
		var sc signingCertificateV2
		if rest, err := asn1.Unmarshal(v.FullBytes, &sc); err != nil || len(rest) > 0 || len(sc.Certs) == 0 {
			return errors.New("malformed signing-certificate-v2 attribute")
		}
		h := crypto.SHA256
		if len(sc.Certs[0].Algorithm.Algorithm) > 0 {
			if h = digestHash(sc.Certs[0].Algorithm.Algorithm); h == 0 {
				return Unsupported("the digest of signing-certificate-v2")
			}
		}
		if !bytes.Equal(Sum(h, c.Leaf.Raw), sc.Certs[0].Hash) {
			return errors.New("the signature names a different certificate from the one it contains")
		}
		return nil
	}
	if v, ok := c.signed[oidSigningCertificate.String()]; ok {
		if rule == BindingV2 {
			return Unsupported("a signing-certificate attribute with SHA-1")
		}
		if len(v.FullBytes) > maxESS {
			return Unsupported("so long a signing-certificate attribute")
		}
		var sc signingCertificate
		if rest, err := asn1.Unmarshal(v.FullBytes, &sc); err != nil || len(rest) > 0 || len(sc.Certs) == 0 {
			return errors.New("malformed signing-certificate attribute")
		}
		h := sha1.Sum(c.Leaf.Raw) //nolint:gosec // see the import
		if !bytes.Equal(h[:], sc.Certs[0].Hash) {
			return errors.New("the signature names a different certificate from the one it contains")
		}
		return nil
	}
	if rule != BindingOptional {
		return errors.New("the signing-certificate attribute is missing")
	}
	return nil
}
