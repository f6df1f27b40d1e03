package pades

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
)

// certificateSeeds are the entries of a certificate seed value dictionary (ISO 32000-2 §12.7.5.5 table 238) that bind where
// their bit of its /Ff is set, in the order of the bits.
var certificateSeeds = []seedValue{
	{"Subject", (*seedValues).subject},
	{"Issuer", (*seedValues).issuer},
	{"OID", (*seedValues).policies},
	{"SubjectDN", (*seedValues).subjectDN},
	{"Reserved", (*seedValues).never},
	{"KeyUsage", (*seedValues).keyUsage},
	{"URL", (*seedValues).never},
}

func (c *seedValues) cert(o pdf.Object) string {
	dict, err := c.d.Dict(o)
	if err != nil || dict == nil {
		return malformed
	}
	if kind := c.d.Name(dict["URLType"]); kind == "Browser" || dict["URLType"] == nil {
		dict = dict.Without("URL") // a page for people; its bit is to be ignored
	}
	return c.flagged(dict, certificateSeeds, "asks by")
}

func (c *seedValues) subject(o pdf.Object) string {
	list, ok := items[pdf.String](c, o)
	switch {
	case !ok:
		return malformed
	case !slices.Contains(list, pdf.String(c.s.chain[0].Raw)):
		return "for another certificate"
	}
	return ""
}

// issuer wants a certificate of the list to have issued ours, directly or not.
func (c *seedValues) issuer(o pdf.Object) string {
	list, ok := items[pdf.String](c, o)
	if !ok {
		return malformed
	}
	for _, der := range list {
		parent, err := x509.ParseCertificate([]byte(der))
		if err != nil {
			return malformed
		}
		for _, cert := range c.s.chain {
			if cert.Equal(parent) && bytes.Equal(cert.RawIssuer, cert.RawSubject) || issued(parent, cert) {
				return ""
			}
		}
	}
	return "for another issuer"
}

// issued is asked about certificates that anyone may have put into the file: no key is tried that cannot be the right one.
func issued(parent, cert *x509.Certificate) bool {
	if k, ok := parent.PublicKey.(*rsa.PublicKey); ok && k.Size() != len(cert.Signature) {
		return false
	}
	return bytes.Equal(cert.RawIssuer, parent.RawSubject) && cert.CheckSignatureFrom(parent) == nil
}

func (c *seedValues) policies(o pdf.Object) string {
	list, ok := c.strings(o)
	if !ok {
		return malformed
	}
	var ours []string
	for _, id := range c.s.chain[0].PolicyIdentifiers {
		ours = append(ours, id.String())
	}
	for _, id := range list {
		if !slices.Contains(ours, id) {
			return "for another certificate policy"
		}
	}
	return ""
}

// attributes are the names that RFC 4519, RFC 2985 and Acrobat have for parts of a name.
var attributes = map[string]string{
	"cn": "2.5.4.3", "sn": "2.5.4.4", "serialnumber": "2.5.4.5", "c": "2.5.4.6", "l": "2.5.4.7", "st": "2.5.4.8", "street": "2.5.4.9",
	"o": "2.5.4.10", "ou": "2.5.4.11", "title": "2.5.4.12", "postalcode": "2.5.4.17", "givenname": "2.5.4.42", "gn": "2.5.4.42",
	"organizationidentifier": "2.5.4.97", "e": "1.2.840.113549.1.9.1", "email": "1.2.840.113549.1.9.1",
	"emailaddress": "1.2.840.113549.1.9.1", "dc": "0.9.2342.19200300.100.1.25", "uid": "0.9.2342.19200300.100.1.1",
}

// subjectDN wants all attributes of all dictionaries in the subject, by name or identifier, letter for letter.
func (c *seedValues) subjectDN(o pdf.Object) string {
	list, err := c.d.Array(o)
	if err != nil || list == nil || len(list) > maxSeedItems {
		return malformed
	}
	for _, item := range list {
		dict, err := c.d.Dict(item)
		if err != nil || dict == nil {
			return malformed
		}
		for key, value := range dict {
			direct, err := c.d.Resolve(value)
			text, ok := direct.(pdf.String)
			if err != nil || !ok {
				return malformed
			}
			if !c.hasAttribute(string(key), text.Text()) {
				return "for another subject"
			}
		}
	}
	return ""
}

func (c *seedValues) hasAttribute(key, value string) bool {
	id, ok := attributes[strings.ToLower(key)]
	if !ok {
		id = key
	}
	for _, a := range c.s.chain[0].Subject.Names {
		if got, ok := a.Value.(string); ok && a.Type.String() == id && got == value {
			return true
		}
	}
	return false
}

// keyUsages is how many kinds of use RFC 5280 §4.2.1.3 knows; crypto/x509 has them in the same order.
const keyUsages = 9

// keyUsage wants one of the patterns met: a 1 or 0 for each kind of use that must or must not be there.
func (c *seedValues) keyUsage(o pdf.Object) string {
	list, ok := items[pdf.String](c, o)
	if !ok {
		return malformed
	}
	for _, pattern := range list {
		if meets(c.s.chain[0].KeyUsage, string(pattern)) {
			return ""
		}
	}
	return "for another key usage"
}

func meets(usage x509.KeyUsage, pattern string) bool {
	for i := range min(len(pattern), keyUsages) {
		set := usage&(1<<i) != 0
		if (pattern[i] == '1' && !set) || (pattern[i] == '0' && set) {
			return false
		}
	}
	return true
}
