package ambiguity

import (
	"bytes"
	"fmt"

	"github.com/evaultlib/evault/internal/pdf"
)

// tailReader reads what was appended to a revision token by token.
type tailReader struct {
	d      *pdf.Document
	newer  []pdf.Section     // newest first
	known  map[int64]pdf.Ref // objects in the open, by place
	packed map[pdf.Ref]bool  // object stream (Num) and an object in it (Gen)
	starts map[int64]bool
	words  map[int]bool // where keywords stand that readers search for when they repair a file
}

// TailProblem says what does not belong behind the first n bytes: anything but objects at the places that the newer
// cross-reference sections name, those sections, and end-of-file markers. Readers that repair files would find objects
// smuggled in elsewhere (incremental saving attacks with missing or wrong cross-reference data), and differ on when to
// repair one, so that nothing may be written in a way that some take for damage.
func TailProblem(d *pdf.Document, n int64, newer []pdf.Section) string {
	if !pdf.EndsWithEOF(d.Raw()) {
		return "bytes follow the end of the file"
	}
	if !endsPlainly(d.Raw()) {
		return "the end of the file is not where all readers find it"
	}
	r := tailReader{
		d: d, newer: newer, known: map[int64]pdf.Ref{}, packed: map[pdf.Ref]bool{}, starts: map[int64]bool{},
		words: map[int]bool{},
	}
	if detail := r.sections(); detail != "" {
		return detail
	}
	p := d.ParserAt(n)
	for {
		if detail := skipStrict(p); detail != "" {
			return detail
		}
		if p.Pos >= len(p.Bytes) {
			break
		}
		if detail := r.item(p); detail != "" {
			return detail
		}
	}
	for _, s := range newer {
		if s.Offset >= n && !r.words[int(afterSpace(d, s.Offset))] {
			return "a later revision has cross-reference data that is not where it should be"
		}
	}
	return r.hidden(int(n))
}

// sections collects what the newer sections name.
func (r *tailReader) sections() string {
	latest := map[int]int64{} // where the object stands that counts
	for _, s := range r.newer {
		if s.Hybrid {
			return "a later revision names different objects to different readers"
		}
		if s.Twice {
			return "a later revision names an object twice, or fewer than it says"
		}
		r.starts[afterSpace(r.d, s.Offset)] = true
		for num, e := range s.Entries() {
			at := e.Offset
			switch e.Kind {
			case pdf.KindFree:
				continue
			case pdf.KindPlain:
				r.known[e.Offset] = pdf.Ref{Num: num, Gen: e.Gen}
			case pdf.KindCompressed:
				r.packed[pdf.Ref{Num: e.Stream, Gen: num}] = true
				at = r.d.Entry(e.Stream).Offset
			}
			if was, ok := latest[num]; ok && at > was {
				return fmt.Sprintf("object %d is repeated after the valid one", num)
			} else if !ok {
				latest[num] = at
			}
		}
	}
	numbers := r.d.Numbers()
	if len(r.newer) > 0 && len(numbers) > 0 && numbers[len(numbers)-1] > maxLater {
		return "a later revision uses object numbers that not all readers accept"
	}
	if size, ok := r.d.Trailer()["Size"].(int64); len(r.newer) > 0 &&
		(!ok || len(numbers) > 0 && int64(numbers[len(numbers)-1]) >= size) {
		return "the cross-reference data says that there are fewer objects than it names"
	}
	return ""
}

// maxBefore bounds the white space between the place that a startxref or /Prev names and the cross-reference data.
// Readers pass over it; several producers count the line end before the keyword.
const maxBefore = 16

// afterSpace returns where the next thing stands that is no white space.
func afterSpace(d *pdf.Document, at int64) int64 {
	if at < 0 || at > int64(len(d.Raw())) {
		return at
	}
	near := d.Raw()[at:min(int64(len(d.Raw())), at+maxBefore)]
	return at + int64(len(near)-len(bytes.TrimLeft(near, " \r\n\t\f\x00")))
}

// skipStrict passes white space and comments, which must not look like objects.
func skipStrict(p *pdf.Parser) string {
	from := p.Pos
	p.Skip()
	if bytes.Contains(p.Bytes[from:p.Pos], []byte("obj")) || bytes.Contains(p.Bytes[from:p.Pos], []byte("xref")) {
		return "a comment between revisions hides an object"
	}
	return ""
}

func (r *tailReader) item(p *pdf.Parser) string {
	at := int64(p.Pos)
	switch {
	case p.Keyword("xref"):
		return r.table(p, int(at))
	case p.Keyword("startxref"):
		r.words[int(at)], r.words[int(at)+len("start")] = true, true
		if off, ok := p.Uint(); !ok || !r.starts[afterSpace(r.d, int64(off))] {
			return "a later revision has a startxref that is not used"
		}
		if !tableParts().start.Match(p.Bytes[at:min(int64(len(p.Bytes)), at+MaxSpace)]) {
			return "a later revision has a malformed startxref"
		}
		return ""
	}
	return r.object(p, at)
}

func (r *tailReader) table(p *pdf.Parser, at int) string {
	if !r.starts[int64(at)] {
		return "a later revision has cross-reference data that is not used"
	}
	trailer, err := r.d.ParseTable(p)
	end, plain := plainTable(p.Bytes, at)
	if err != nil || !plain || !linked(trailer) {
		return "a later revision has malformed cross-reference data"
	}
	r.words[at], r.words[end] = true, true
	return ""
}

// linked reports whether the links of cross-reference data are written as all readers read them.
func linked(trailer pdf.Dict) bool {
	_, whole := trailer["Prev"].(int64)
	_, root := trailer["Root"].(pdf.Ref)
	return whole && root
}

func (r *tailReader) object(p *pdf.Parser, at int64) string {
	num, ok1 := p.Uint()
	gen, ok2 := p.Uint()
	if !ok1 || !ok2 || !p.KeywordPrefix("obj") {
		return "data that is not an object is between revisions"
	}
	r.words[p.Pos-len("obj")], r.words[int(at)] = true, true
	if ref, ok := r.known[at]; !r.starts[at] && (!ok || ref != pdf.Ref{Num: num, Gen: gen}) {
		return fmt.Sprintf("object %d was appended without being named in the cross-reference data", num)
	}
	o, err := p.Object()
	if err != nil {
		return fmt.Sprintf("object %d of a later revision is malformed", num)
	}
	dict, ok := o.(pdf.Dict)
	if ok && dict["Type"] == pdf.Name("Catalog") && r.d.Root().Num != num {
		return fmt.Sprintf("object %d is a second catalog", num)
	}
	if ok && p.Keyword("stream") {
		if detail := r.stream(p, num, dict, r.starts[at]); detail != "" {
			return detail
		}
	}
	if p.Duplicate || !p.Keyword("endobj") {
		return fmt.Sprintf("object %d of a later revision is malformed", num)
	}
	return ""
}

func (r *tailReader) stream(p *pdf.Parser, num int, dict pdf.Dict, section bool) string {
	length, ok := r.d.Int(dict["Length"])
	before := r.d.Oddities()[num]
	if _, err := r.d.StreamBody(p, num, dict); err != nil || !ok || length < 0 ||
		(before == "" && r.d.Oddities()[num] != "") {
		return fmt.Sprintf("the length of stream %d of a later revision differs from its /Length", num)
	}
	switch r.d.Name(dict["Type"]) {
	case "XRef":
		if !section || !linked(dict) {
			return "a later revision has cross-reference data that is not used, or malformed"
		}
	case "ObjStm":
		numbers, err := r.d.PackedIn(num)
		if err != nil {
			return fmt.Sprintf("object stream %d of a later revision is malformed", num)
		}
		for _, in := range numbers {
			if !r.packed[pdf.Ref{Num: num, Gen: int(in)}] {
				return fmt.Sprintf("object %d was appended without being named in the cross-reference data", in)
			}
		}
	}
	return ""
}

// hidden looks for the words by which readers find objects when they repair a file, wherever they stand: in the data of
// a stream, in a string, in a comment.
func (r *tailReader) hidden(n int) string {
	for _, word := range []string{"obj", "xref", "trailer"} {
		for at := n; ; at += len(word) {
			i := bytes.Index(r.d.Raw()[at:], []byte(word))
			if i < 0 {
				break
			}
			if at += i; !r.words[at] && findable(r.d.Raw(), at, word) {
				return "a later revision hides an object, or cross-reference data, in another object"
			}
		}
	}
	return ""
}

// findable reports whether a word may be taken for the keyword: what stands around it fits.
func findable(b []byte, at int, word string) bool {
	end := at + len(word)
	rest := bytes.TrimLeft(b[end:min(len(b), end+64)], " \t\r\n\f\x00")
	switch word {
	case "obj":
		return (end == len(b) || !pdf.IsRegular(b[end])) && numbered(b[:at])
	case "trailer":
		return len(rest) == 0 || bytes.HasPrefix(rest, []byte("<<")) || rest[0] == '%'
	}
	return len(rest) == 0 || rest[0] >= '0' && rest[0] <= '9' || rest[0] == '%'
}

// numbered reports whether b ends with two numbers, as they stand before an object, or with what may be a comment
// behind one.
func numbered(b []byte) bool {
	for range 2 {
		i := len(b)
		for i > 0 && pdf.IsSpace(b[i-1]) {
			i--
		}
		if line := b[max(0, i-256):i]; bytes.ContainsAny(b[i:], "\r\n") &&
			bytes.IndexByte(line[bytes.LastIndexAny(line, "\r\n")+1:], '%') >= 0 {
			return true
		}
		b = b[:i]
		for i > 0 && b[i-1] >= '0' && b[i-1] <= '9' {
			i--
		}
		if i == len(b) {
			return false
		}
		b = b[:i]
	}
	return true
}
