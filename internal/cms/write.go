package cms

import (
	"crypto/x509"
	"encoding/asn1"
)

// SignedAttributes returns the DER encoding, as a SET OF, of the attributes that are signed for content with the given
// digest: content-type and message-digest (RFC 5652 §11) and signing-certificate-v2 (RFC 5035 §3; ETSI EN 319 122-1
// §5.2.2.3). There is no signing-time: ETSI EN 319 142-1 §6.3 puts the time into /M of the signature dictionary.
func SignedAttributes(leaf *x509.Certificate, a Algorithm, digest []byte) ([]byte, error) {
	id := essCertIDv2{Hash: Sum(a.Hash, leaf.Raw)}
	if alg := digestID(a.Hash); !alg.Algorithm.Equal(oidSHA256) {
		id.Algorithm = alg
	}
	var members [][]byte
	for _, m := range []struct {
		kind  asn1.ObjectIdentifier
		value any
	}{
		{oidContentType, oidData},
		{oidMessageDigest, digest},
		{oidSigningCertificateV2, signingCertificateV2{Certs: []essCertIDv2{id}}},
	} {
		der, err := marshalAttribute(m.kind, m.value)
		if err != nil {
			return nil, err
		}
		members = append(members, der)
	}
	return asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: sortedSet(members)})
}

func marshalAttribute(kind asn1.ObjectIdentifier, value any) ([]byte, error) {
	der, err := asn1.Marshal(value)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(attribute{Type: kind, Values: []asn1.RawValue{{FullBytes: der}}})
}

// Draft is a SignedData that waits for its signature value.
type Draft struct {
	Algorithm  Algorithm
	Chain      []*x509.Certificate // the signer's first
	Content    []byte              // encapsulated; nil when detached
	Attributes []byte              // DER SET OF, by [SignedAttributes]
}

// Marshal returns the DER ContentInfo (RFC 5652 §3). token, when not nil, becomes the signature-time-stamp attribute
// (ETSI EN 319 122-1 §5.3).
func (u *Draft) Marshal(value, token []byte) ([]byte, error) {
	var set asn1.RawValue
	if _, err := asn1.Unmarshal(u.Attributes, &set); err != nil {
		return nil, err
	}
	sid, err := asn1.Marshal(issuerAndSerial{asn1.RawValue{FullBytes: u.Chain[0].RawIssuer}, u.Chain[0].SerialNumber})
	if err != nil {
		return nil, err
	}
	digest := digestID(u.Algorithm.Hash)
	si := signerInfo{
		Version: 1, SID: asn1.RawValue{FullBytes: sid}, Digest: digest, Signed: contextTag(0, set.Bytes),
		Algorithm: u.Algorithm.id, Signature: value,
	}
	if token != nil {
		attr, err := marshalAttribute(oidTimeStampToken, asn1.RawValue{FullBytes: token})
		if err != nil {
			return nil, err
		}
		si.Unsigned = contextTag(1, attr)
	}
	var certs [][]byte
	for _, c := range u.Chain {
		certs = append(certs, c.Raw)
	}
	sd := signedData{
		Version: 1, Content: encapsulatedContent{Type: oidData}, Certificates: contextTag(0, sortedSet(certs)),
		Signers: []signerInfo{si},
	}
	sd.Digests = append(sd.Digests, digest)
	if u.Content != nil {
		octets, err := asn1.Marshal(u.Content)
		if err != nil {
			return nil, err
		}
		sd.Content.Content = contextTag(0, octets)
	}
	inner, err := asn1.Marshal(sd)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{Type: oidSignedData, Content: contextTag(0, inner)})
}
