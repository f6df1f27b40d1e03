package pdf

import (
	"bytes"
)

// MaxRevisions is how many times a file may say that it ends. Each save that appends to a file adds one; a file with
// more is refused, so that all of them can be looked up.
const MaxRevisions = 1000

var (
	endMarker   = []byte("%%EOF")
	startMarker = []byte("startxref")
)

// Revisions calls yield with the length of each prefix of raw that can have been a whole file before more was appended,
// in ascending order: up to and with each end-of-file marker for which a startxref stands since the marker before (ISO
// 32000-2 §7.5.5, §7.5.6), and up to and with the line end behind that. It takes time in proportion to raw.
func Revisions(raw []byte, yield func(end, lineEnd int)) {
	for from := 0; ; {
		i := bytes.Index(raw[from:], endMarker)
		if i < 0 {
			return
		}
		end := from + i + len(endMarker)
		if bytes.Contains(raw[from:from+i], startMarker) {
			yield(end, afterLine(raw, end))
		}
		from = end
	}
}

// afterLine returns where the line end at end is over: end itself if there is none.
func afterLine(raw []byte, end int) int {
	for _, c := range []byte("\r\n") {
		if end < len(raw) && raw[end] == c {
			end++
		}
	}
	return end
}

// HeaderAt returns where raw begins as a PDF: the offset of its header, which readers look for in the first 1,024
// bytes; 0 when there is none.
func HeaderAt(raw []byte) int { return max(0, bytes.Index(raw[:min(len(raw), 1024)], []byte("%PDF-"))) }

// CountRevisions counts what Revisions yields.
func CountRevisions(raw []byte) (n int) {
	Revisions(raw, func(int, int) { n++ })
	return n
}

// EndsWithEOF reports whether b ends with the end-of-file marker and at most white space after it.
func EndsWithEOF(b []byte) bool {
	tail := b[max(0, len(b)-64):]
	return bytes.HasSuffix(bytes.TrimRight(tail, " \r\n\t\f\x00"), []byte("%%EOF"))
}
