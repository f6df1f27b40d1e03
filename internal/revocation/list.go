package revocation

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/cms"
)

// list is a CRL (RFC 5280 §5) whose entries are left as they stand: some have a million, and a hostile one may
// have as many as its bytes allow.
type list struct {
	der     []byte
	head    *x509.RevocationList // of the list without its entries
	signed  []byte               // TBSCertList
	entries []byte               // the members of revokedCertificates
	partial bool                 // it covers only some of what its issuer issued
}

const (
	tagSequence        = 0x30
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagExtensions      = 0xA0
)

// listParts are the members of TBSCertList in order; the entries have the place listEntries.
var listParts = []struct {
	tags     []byte
	optional bool
}{
	{[]byte{asn1.TagInteger}, false},
	{[]byte{tagSequence}, false}, // algorithm
	{[]byte{tagSequence}, false}, // issuer
	{[]byte{tagUTCTime, tagGeneralizedTime}, false},
	{[]byte{tagUTCTime, tagGeneralizedTime}, true},
	{[]byte{tagSequence}, true},
	{[]byte{tagExtensions}, true},
}

const listEntries = 5

// parseList reads all but the entries.
func parseList(der []byte) (*list, bool) {
	l := &list{der: der}
	tag, certificateList, _, rest, ok := cms.ReadElement(der)
	if !ok || tag != tagSequence || len(rest) > 0 {
		return nil, false
	}
	tag, tbs, signed, seal, ok := cms.ReadElement(certificateList)
	if !ok || tag != tagSequence {
		return nil, false
	}
	l.signed = signed
	var head [][]byte
	at := 0
	for len(tbs) > 0 {
		var content, whole []byte
		if tag, content, whole, tbs, ok = cms.ReadElement(tbs); !ok {
			return nil, false
		}
		for ; at < len(listParts) && !slices.Contains(listParts[at].tags, tag); at++ {
			if !listParts[at].optional {
				return nil, false
			}
		}
		if at == len(listParts) {
			return nil, false
		}
		if at == listEntries {
			l.entries = content
		} else {
			head = append(head, whole)
		}
		at++
	}
	stub := cms.Element(tagSequence, slices.Concat(cms.Element(tagSequence, bytes.Join(head, nil)), seal))
	var err error
	l.head, err = x509.ParseRevocationList(stub)
	return l, err == nil
}

var (
	oidDeltaList    = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidDistribution = asn1.ObjectIdentifier{2, 5, 29, 28}
)

// issuingDistribution is the part of RFC 5280 §5.2.5 that tells whose certificates a list is about.
type issuingDistribution struct {
	Point        asn1.RawValue  `asn1:"optional,tag:0"`
	OnlyUsers    bool           `asn1:"optional,tag:1"`
	OnlyCAs      bool           `asn1:"optional,tag:2"`
	OnlyReasons  asn1.BitString `asn1:"optional,tag:3"`
	Indirect     bool           `asn1:"optional,tag:4"`
	OnlyAttested bool           `asn1:"optional,tag:5"`
}

// readScope reports whether the list can be used, and notes whether it covers only a part of what was issued
// (RFC 5280 §5.2.5): who stands in it was revoked, but who does not may stand in another. Lists of changes (§5.2.4), of
// several issuers, and with critical extensions that are not known are of no use.
func (l *list) readScope() bool {
	for _, e := range l.head.Extensions {
		switch {
		case e.Id.Equal(oidDeltaList):
			return false
		case e.Id.Equal(oidDistribution):
			var d issuingDistribution
			if rest, err := asn1.Unmarshal(e.Value, &d); err != nil || len(rest) > 0 || d.Indirect {
				return false
			}
			l.partial = true
		case e.Critical:
			return false
		}
	}
	return true
}

func (l *list) signedBy(issuer *x509.Certificate) bool {
	return bytes.Equal(l.head.RawIssuer, issuer.RawSubject) && issuer.BasicConstraintsValid && issuer.IsCA &&
		(issuer.KeyUsage == 0 || issuer.KeyUsage&x509.KeyUsageCRLSign != 0) &&
		issuer.CheckSignature(l.head.SignatureAlgorithm, l.signed, l.head.Signature) == nil
}

// find looks for a serial number and returns the earliest time of its revocation. It fails on malformed entries.
func (l *list) find(serial *big.Int) (at time.Time, revoked, ok bool) {
	der, err := asn1.Marshal(serial)
	if err != nil {
		return at, false, false
	}
	_, want, _, _, _ := cms.ReadElement(der)
	for rest := l.entries; len(rest) > 0; {
		var tag byte
		var entry []byte
		if tag, entry, _, rest, ok = cms.ReadElement(rest); !ok || tag != tagSequence {
			return at, false, false
		}
		tag, number, _, after, ok := cms.ReadElement(entry)
		if !ok || tag != asn1.TagInteger || !minimal(number) {
			return at, false, false
		}
		if !bytes.Equal(number, want) {
			continue
		}
		var t time.Time
		if _, err := asn1.Unmarshal(after, &t); err != nil {
			return at, false, false
		}
		if !revoked || t.Before(at) {
			at, revoked = t, true
		}
	}
	return at, revoked, true
}

// minimal reports whether an integer is written as DER wants it, so that equal ones have equal bytes (X.690 §8.3.2).
func minimal(b []byte) bool {
	switch len(b) {
	case 0:
		return false
	case 1:
		return true
	}
	return (b[0] != 0 || b[1] >= 0x80) && (b[0] != 0xFF || b[1] < 0x80)
}
