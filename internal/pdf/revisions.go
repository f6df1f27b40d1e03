package pdf

import (
	"bytes"
	"slices"
)

// MaxRevisions is how many times a file may say that it ends. Each save that appends to a file adds one; a file with more
// is refused, so that all of them can be looked up.
const MaxRevisions = 1000

var (
	endMarker   = []byte("%%EOF")
	startMarker = []byte("startxref")
)

// Revisions calls yield with the length of each prefix of raw that can have been a whole file before more was appended, in
// ascending order: up to and with each end-of-file marker for which a startxref stands since the marker before
// (ISO 32000-2 §7.5.5, §7.5.6), and up to and with the line end behind that. It takes time in proportion to raw.
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

// HeaderAt returns where raw begins as a PDF: the offset of its header, which readers look for in the first 1,024 bytes;
// 0 when there is none.
func HeaderAt(raw []byte) int { return max(0, bytes.Index(raw[:min(len(raw), 1024)], []byte("%PDF-"))) }

// countRevisions counts what Revisions yields.
func countRevisions(raw []byte) (n int) {
	Revisions(raw, func(int, int) { n++ })
	return n
}

// SignedPrefixes returns, ascending, the lengths of the prefixes of raw that its approval signatures sign: b+c of each
// /ByteRange [0 a b c]. Signatures that certify (DocMDP) are left out, for many contracts may be made from one certified
// blank: certified is the length of the longest prefix that one signs. So are document time-stamps, which say nothing about
// who holds the file, and signatures whose byte range does not hold together. It fails with a [*Refusal] when raw cannot be
// read.
func SignedPrefixes(raw []byte) (signed []int64, certified int64, err error) {
	d, err := Open(raw, Limits{Bytes: int64(len(raw))})
	if err != nil {
		return nil, 0, err
	}
	fields, err := d.SignatureFields()
	if err != nil {
		return nil, 0, err
	}
	for _, f := range fields {
		s, err := d.Signature(f.Value)
		switch {
		case err != nil || s.SubFilter == "ETSI.RFC3161":
		case d.Certification(s.Dict) != 0:
			certified = max(certified, s.End)
		default:
			signed = append(signed, s.End)
		}
	}
	slices.Sort(signed)
	return slices.Compact(signed), certified, nil
}
