package ambiguity

import (
	"bytes"
	"regexp"
	"strconv"
	"sync"
)

// tableSyntax is how cross-reference tables are written (ISO 32000-2 §7.5.4, §7.5.5). Some readers go by tokens, others
// by places, twenty bytes for each entry.
type tableSyntax struct{ begin, part, entry, trailer, start *regexp.Regexp }

var tableParts = sync.OnceValue(func() tableSyntax {
	const eol = `(?:\r\n|\r|\n)`
	return tableSyntax{
		begin:   regexp.MustCompile(`^xref[ \t]*` + eol),
		part:    regexp.MustCompile(`^(\d{1,10}) (\d{1,10})[ \t]*` + eol),
		entry:   regexp.MustCompile(`^\d{10} \d{5} [nf](?: \r| \n|\r\n)$`),
		trailer: regexp.MustCompile(`^\s*trailer\s*<<`),
		start:   regexp.MustCompile(`^startxref\s+\d{1,19}\s+%%EOF`),
	}
})

const (
	// MaxSpace bounds what stands behind the last startxref: readers look for it in the last 1024 bytes of a file.
	MaxSpace = 512
	// maxLater is the greatest object number that all common readers accept.
	maxLater = 1<<22 - 1
)

// endsPlainly reports whether a file ends with "startxref", a number and the end-of-file marker, and nothing between
// them.
func endsPlainly(b []byte) bool {
	at := bytes.LastIndex(b, []byte("startxref"))
	if at < 0 || len(b)-at > MaxSpace {
		return false
	}
	m := tableParts().start.Find(b[at:])
	return m != nil && len(bytes.TrimRight(b[at+len(m):], " \r\n\t\f\x00")) == 0
}

// plainTable reports whether the cross-reference table at a place is written as the standard says, and where its
// keyword trailer stands.
func plainTable(b []byte, at int) (trailer int, ok bool) {
	const entryLength = 20
	s := tableParts()
	head := s.begin.Find(b[at:min(len(b), at+64)])
	if head == nil {
		return 0, false
	}
	for at += len(head); ; {
		near := b[at:min(len(b), at+64)]
		m := s.part.FindSubmatch(near)
		if m == nil {
			i := bytes.Index(near, []byte("trailer"))
			return at + i, s.trailer.Match(near)
		}
		at += len(m[0])
		count, err := strconv.Atoi(string(m[2]))
		if err != nil || count > (len(b)-at)/entryLength {
			return 0, false
		}
		for range count {
			if !s.entry.Match(b[at : at+entryLength]) {
				return 0, false
			}
			at += entryLength
		}
	}
}
