package esign

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// SameAddress reports whether two e-mail addresses probably name the same
// mailbox: it compares them in Unicode normalization form C, ignoring case,
// with the domain in IDNA form (RFC 5891).
func SameAddress(a, b string) bool {
	localA, domainA := splitAddress(a)
	localB, domainB := splitAddress(b)
	return strings.EqualFold(localA, localB) && strings.EqualFold(domainA, domainB)
}

func splitAddress(s string) (local, domain string) {
	s = norm.NFC.String(strings.TrimSpace(s))
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s, ""
	}
	local, domain = s[:at], s[at+1:]
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	return local, domain
}
