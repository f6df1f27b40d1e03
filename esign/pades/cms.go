package pades

import (
	"crypto/x509"
	"encoding/asn1"
)

// signedAttributes returns the DER encoding, as a SET OF, of the attributes that a seal signs: content-type and
// message-digest (RFC 5652 §11) and signing-certificate-v2 (RFC 5035 §3; ETSI EN 319 122-1 §5.2.2.3). There is no
// signing-time: ETSI EN 319 142-1 §6.3 puts the time into /M of the signature dictionary.
func signedAttributes(leaf *x509.Certificate, a algorithm, digest []byte) ([]byte, error) {
	id := essCertIDv2{Hash: sum(a.hash, leaf.Raw)}
	if alg := digestID(a.hash); !alg.Algorithm.Equal(oidSHA256) {
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

// unsignedCMS is a SignedData that waits for its signature value.
type unsignedCMS struct {
	alg        algorithm
	chain      []*x509.Certificate
	content    []byte // encapsulated; nil when detached
	attributes []byte // DER SET OF
}

// assemble returns the DER ContentInfo (RFC 5652 §3). token, when not nil, becomes the signature-time-stamp attribute
// (ETSI EN 319 122-1 §5.3).
func (u *unsignedCMS) assemble(value, token []byte) ([]byte, error) {
	var set asn1.RawValue
	if _, err := asn1.Unmarshal(u.attributes, &set); err != nil {
		return nil, err
	}
	sid, err := asn1.Marshal(issuerAndSerial{asn1.RawValue{FullBytes: u.chain[0].RawIssuer}, u.chain[0].SerialNumber})
	if err != nil {
		return nil, err
	}
	digest := digestID(u.alg.hash)
	si := signerInfo{
		Version: 1, SID: asn1.RawValue{FullBytes: sid}, Digest: digest, Signed: contextTag(0, set.Bytes),
		Algorithm: u.alg.id, Signature: value,
	}
	if token != nil {
		attr, err := marshalAttribute(oidTimeStampToken, asn1.RawValue{FullBytes: token})
		if err != nil {
			return nil, err
		}
		si.Unsigned = contextTag(1, attr)
	}
	var certs [][]byte
	for _, c := range u.chain {
		certs = append(certs, c.Raw)
	}
	sd := signedData{
		Version: 1, Content: encapsulatedContent{Type: oidData}, Certificates: contextTag(0, sortedSet(certs)), Signers: []signerInfo{si},
	}
	sd.Digests = append(sd.Digests, digest)
	if u.content != nil {
		octets, err := asn1.Marshal(u.content)
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
