package esign

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// SameAddress reports whether two e-mail addresses name the same mailbox as far as
// that can be told without asking: by Unicode normalization form C, without regard
// to case, and with the domain as IDNA writes it (RFC 5891).
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
