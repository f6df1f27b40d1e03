package contentstream

import (
	"bytes"
	"compress/zlib"
	"io"

	"github.com/evaultlib/evault/internal/pdf"
)

// Bounds of the decoded content that is looked at, of one page and of all; what is beyond counts as unbalanced.
const (
	MaxScan    = 16 << 20
	maxScanAll = 256 << 20
)

// Scan looks whether page content leaves things as it found them. It keeps its buffers between pages.
type Scan struct {
	zr  io.ReadCloser
	buf bytes.Buffer
	all int64 // decoded so far

	Decoded bool // buf holds all of the content looked at last
}

// Balanced reports whether the content in parts pairs q with Q, BT with ET and marked content with EMC, never closes
// what it has not opened, and ends between two operators, so that what is drawn after it comes out as meant: readers
// take an array, a dictionary or an image that is left open to go on, whatever follows. What cannot be decoded within
// bounds is not balanced.
func (s *Scan) Balanced(d *pdf.Document, parts pdf.Array) bool {
	open, ok := s.look(d, parts)
	return ok && open == nesting{}
}

// look returns what the content in parts leaves open. It is not ok when something is closed that was not open, when the
// content ends within an operand or an image, or has an operator in one, and when it cannot be decoded within bounds;
// decoded tells the last apart.
func (s *Scan) look(d *pdf.Document, parts pdf.Array) (open nesting, ok bool) {
	s.buf.Reset()
	s.Decoded = false
	for _, part := range parts {
		st, err := d.Stream(part)
		if err != nil || st == nil || !s.decode(d, st) {
			return nesting{}, false
		}
		s.buf.WriteByte('\n')
	}
	s.Decoded = true
	return scanOperators(s.buf.Bytes())
}

// Closed returns the content that was looked at last, with what it leaves open closed.
func (s *Scan) Closed() []byte {
	open, _ := scanOperators(s.buf.Bytes())
	out := bytes.Clone(s.buf.Bytes())
	for kind, closer := range closers {
		for range min(open[kind], maxClosers) {
			out = append(out, closer...)
		}
	}
	return out
}

func (s *Scan) decode(d *pdf.Document, st *pdf.Stream) bool {
	filter, err := d.Resolve(st.Dict["Filter"])
	if err != nil {
		return false
	}
	if a, ok := filter.(pdf.Array); ok && len(a) == 1 {
		filter = d.Name(a[0])
	}
	var src io.Reader
	switch {
	case filter == nil:
		src = bytes.NewReader(st.Raw)
	case filter == pdf.Name("FlateDecode") && st.Dict["DecodeParms"] == nil:
		if src = s.inflate(st.Raw); src == nil {
			return false
		}
	default:
		data, err := d.Decode(st)
		if err != nil {
			return false
		}
		src = bytes.NewReader(data)
	}
	room := min(int64(MaxScan-s.buf.Len()), maxScanAll-s.all)
	n, err := io.Copy(&s.buf, io.LimitReader(src, room+1))
	s.all += n
	return err == nil && n <= room
}

func (s *Scan) inflate(raw []byte) io.Reader {
	if s.zr == nil {
		zr, err := zlib.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil
		}
		s.zr = zr
		return zr
	}
	if err := s.zr.(zlib.Resetter).Reset(bytes.NewReader(raw), nil); err != nil {
		return nil
	}
	return s.zr
}

// pairs maps each operator that opens or closes something to its kind and direction.
var pairs = map[string]struct{ kind, step int }{
	"q": {0, 1}, "Q": {0, -1}, "BT": {1, 1}, "ET": {1, -1},
	"BMC": {2, 1}, "BDC": {2, 1}, "EMC": {2, -1}, "BX": {3, 1}, "EX": {3, -1},
}

// nesting counts what is open: graphics states, text objects, marked content, compatibility sections.
type nesting [4]int

// closers close what is open, by kind; text before marked content before graphics states would be as good: content that
// leaves several kinds open is in error anyway.
var closers = [4]string{"Q\n", "ET\n", "EMC\n", "EX\n"}

const maxClosers = 1000

// openings are what content has opened so far, and whether it did so rightly.
type openings struct {
	depth  nesting
	within []byte // arrays and dictionaries that are open, by their last byte
	image  bool   // between BI and ID
	wrong  bool
}

func scanOperators(b []byte) (depth nesting, ok bool) {
	var s openings
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case pdf.IsSpace(c), c == '{', c == '}', c == ')':
			i++
		case c == '[':
			s.within = append(s.within, ']')
			i++
		case c == ']':
			s.leave(']')
			i++
		case c == '(':
			i = afterString(b, i)
		case c == '<' && i+1 < len(b) && b[i+1] == '<':
			s.within = append(s.within, '>')
			i += 2
		case c == '<':
			i = afterHexadecimal(b, i)
		case c == '>':
			if i++; i < len(b) && b[i] == '>' {
				s.leave('>')
				i++
			}
		case c == '%':
			for i < len(b) && b[i] != '\n' && b[i] != '\r' {
				i++
			}
		default:
			i = s.word(b, i)
		}
		if i < 0 {
			return s.depth, false
		}
	}
	return s.depth, !s.wrong && len(s.within) == 0 && !s.image
}

// leave closes an array or a dictionary.
func (s *openings) leave(kind byte) {
	if n := len(s.within) - 1; n >= 0 && s.within[n] == kind {
		s.within = s.within[:n]
		return
	}
	s.wrong = true
}

// word takes the word that begins at start and returns where it ends, with the image that it introduces; -1 when that has
// no end.
func (s *openings) word(b []byte, start int) int {
	i := start + 1
	for i < len(b) && pdf.IsRegular(b[i]) {
		i++
	}
	word := b[start:i]
	if word[0] < 'A' {
		return i
	}
	if len(s.within) > 0 && !isConstant(word) {
		s.wrong = true
	}
	if len(word) > 3 {
		return i
	}
	switch string(word) {
	case "BI":
		s.image = true
	case "ID":
		s.image = false
		return afterInlineImage(b, i)
	default:
		if p, pair := pairs[string(word)]; pair {
			if s.depth[p.kind] += p.step; s.depth[p.kind] < 0 {
				s.depth[p.kind], s.wrong = 0, true
			}
		}
	}
	return i
}

func isConstant(word []byte) bool {
	switch string(word) {
	case "true", "false", "null":
		return true
	}
	return false
}

func afterString(b []byte, i int) int {
	open := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// afterHexadecimal passes a hexadecimal string, and all that stands in it by mistake.
func afterHexadecimal(b []byte, i int) int {
	end := bytes.IndexByte(b[i:], '>')
	if end < 0 {
		return -1
	}
	return i + end + 1
}

// afterOperand passes what began at i as a string, an array or a dictionary, as readers do: whatever is in it, up to
// its end; -1 when it has none.
func afterOperand(b []byte, i int) int {
	var within []byte
	for i < len(b) {
		switch c := b[i]; {
		case c == '(':
			if i = afterString(b, i); i < 0 {
				return -1
			}
		case c == '<' && i+1 < len(b) && b[i+1] == '<':
			within = append(within, '>')
			i += 2
		case c == '<':
			if i = afterHexadecimal(b, i); i < 0 {
				return -1
			}
		case c == '[':
			within = append(within, ']')
			i++
		case c == '%':
			for i < len(b) && b[i] != '\n' && b[i] != '\r' {
				i++
			}
		case len(within) == 0:
			return i
		case c == within[len(within)-1] && (c == ']' || i+1 < len(b) && b[i+1] == '>'):
			within = within[:len(within)-1]
			if i++; c == '>' {
				i++
			}
		default:
			i++
		}
		if len(within) == 0 {
			return i
		}
	}
	return -1
}

// afterInlineImage passes the data between ID and EI (§8.9.7).
func afterInlineImage(b []byte, i int) int {
	for {
		at := bytes.Index(b[i:], []byte("EI"))
		if at < 0 {
			return -1
		}
		at += i
		i = at + 2
		if pdf.IsSpace(b[at-1]) && (i == len(b) || pdf.IsSpace(b[i])) {
			return i
		}
	}
}
