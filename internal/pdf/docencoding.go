package pdf

import (
	"strconv"
	"strings"
)

// docHigh and docAccents are the parts of PDFDocEncoding (ISO 32000-2 annex D.3) that are not Latin-1; U+FFFD stands
// for codes without a character.
const (
	docAccents = "˘ˇˆ˙˝˛˚˜"                          // 0x18 on
	docHigh    = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž�€" // 0x80 on
)

// docEncoding is PDFDocEncoding.
var docEncoding = func() (t [256]rune) {
	for c := range t {
		t[c] = rune(c)
	}
	for i, r := range []rune(docAccents) {
		t[0x18+i] = r
	}
	for i, r := range []rune(docHigh) {
		t[0x80+i] = r
	}
	t[0x7F], t[0xAD] = '\uFFFD', '\uFFFD'
	return t
}()

// DocText decodes a text string (§7.9.2.2): UTF-16BE or UTF-8 by its mark, else PDFDocEncoding.
func DocText(s String) string {
	if strings.HasPrefix(string(s), "\xFE\xFF") || strings.HasPrefix(string(s), "\xEF\xBB\xBF") {
		return s.Text()
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(docEncoding[s[i]])
	}
	return b.String()
}

// maxQuoted bounds, in characters, what a report repeats of a file.
const maxQuoted = 60

// Quoted returns s in quotation marks, shortened, with whatever does not print escaped.
func Quoted(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxQuoted {
			return strconv.Quote(s[:i] + "…")
		}
	}
	return strconv.Quote(s)
}
