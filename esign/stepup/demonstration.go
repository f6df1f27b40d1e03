package stepup

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

const (
	demonstrationContext = "evault demonstration v1\x00"
	// letters are not mistaken for each other in print. Eight of them are too many to
	// guess at the rate at which a link is answered.
	letters = "23456789ABCDEFGHJKMNPQRTVWXY"
	groups  = 2
	group   = 4
)

// Demonstration computes the code at the end of a disclosure's PDF, for a signer's link
// and the disclosure's SHA-256: two groups of four letters or digits, such as K7QM-2XTR.
// Who types it has opened the file, which reasonably demonstrates access to records in
// that form (15 USC 7001(c)(1)(C)(ii)). It is no credential: the link alone opens the
// file.
func Demonstration(secret []byte, signerID string, linkVersion int, disclosureSHA256 string) string {
	m := hmac.New(sha256.New, secret)
	fmt.Fprintf(m, "%s%d\x00%s\x00%s", demonstrationContext, linkVersion, disclosureSHA256, signerID)
	n := binary.BigEndian.Uint64(m.Sum(nil)) // the remainders of 2⁶⁴ are even enough
	var b strings.Builder
	for i := range groups * group {
		if i > 0 && i%group == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[n%uint64(len(letters))])
		n /= uint64(len(letters))
	}
	return b.String()
}

// Demonstrated reports whether the code is what was typed, in either case, in a time
// that tells nothing.
func Demonstrated(code, typed string) bool {
	return Same(strings.ReplaceAll(code, "-", ""), strings.ToUpper(typed))
}
