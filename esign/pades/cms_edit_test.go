package pades_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"testing"
)

// swapValue replaces the CMS structure in the first signature of raw.
func swapValue(t testing.TB, raw []byte, change func(der []byte) []byte) []byte {
	t.Helper()
	_, b := findByteRange(t, raw)
	gap := raw[b[1]+1 : b[2]-1]
	value := make([]byte, len(gap)/2)
	if _, err := hex.Decode(value, gap); err != nil {
		t.Fatal(err)
	}
	var whole asn1.RawValue
	if _, err := asn1.Unmarshal(value, &whole); err != nil {
		t.Fatal(err)
	}
	der := change(whole.FullBytes)
	if len(der) > len(value) {
		t.Fatalf("%d bytes do not fit into %d", len(der), len(value))
	}
	out := bytes.Clone(raw)
	hex.Encode(out[b[1]+1:], append(bytes.Clone(der), make([]byte, len(value)-len(der))...))
	return out
}

// The structures of RFC 5652 as far as a test takes them apart.
type (
	testContentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	testSignedData struct {
		Version      int
		Digests      asn1.RawValue
		Content      asn1.RawValue
		Certificates asn1.RawValue `asn1:"tag:0"`
		Signers      asn1.RawValue
	}
)

// editSignedData changes the outer structure of a CMS value.
func editSignedData(t testing.TB, der []byte, change func(*testSignedData)) []byte {
	t.Helper()
	var ci testContentInfo
	var sd testSignedData
	if _, err := asn1.Unmarshal(der, &ci); err != nil {
		t.Fatal(err)
	}
	if _, err := asn1.Unmarshal(ci.Content.Bytes, &sd); err != nil {
		t.Fatal(err)
	}
	change(&sd)
	for _, v := range []*asn1.RawValue{&sd.Digests, &sd.Content, &sd.Certificates, &sd.Signers} {
		v.FullBytes = nil
	}
	inner, err := asn1.Marshal(sd)
	if err != nil {
		t.Fatal(err)
	}
	out, err := asn1.Marshal(testContentInfo{ci.Type, asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: inner}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func addCertificates(t testing.TB, der []byte, certs ...*x509.Certificate) []byte {
	return editSignedData(t, der, func(sd *testSignedData) {
		for _, c := range certs {
			sd.Certificates.Bytes = append(bytes.Clone(sd.Certificates.Bytes), c.Raw...)
		}
	})
}
