package pades_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"strconv"
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

type testSignerInfo struct {
	Version   int
	SID       asn1.RawValue
	Digest    asn1.RawValue
	Signed    asn1.RawValue `asn1:"tag:0"`
	Algorithm asn1.RawValue
	Signature []byte
	Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
}

type testAttribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

func signerOf(t testing.TB, der []byte) (si testSignerInfo) {
	t.Helper()
	editSignedData(t, der, func(sd *testSignedData) {
		if _, err := asn1.Unmarshal(sd.Signers.Bytes, &si); err != nil {
			t.Fatal(err)
		}
	})
	return si
}

// tokenOf returns the time-stamp token in a CMS value, and the signature value it is over.
func tokenOf(t testing.TB, der []byte) (token, value []byte) {
	t.Helper()
	si := signerOf(t, der)
	var a testAttribute
	if _, err := asn1.Unmarshal(si.Unsigned.Bytes, &a); err != nil {
		t.Fatal(err)
	}
	return a.Values[0].FullBytes, si.Signature
}

func atoi(t testing.TB, b []byte) int {
	t.Helper()
	n, err := strconv.Atoi(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
