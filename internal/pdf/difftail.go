package pdf

import (
	"bytes"
	"fmt"
)

// tailProblem reads what was appended after the first n bytes token by token and says what does not belong there: anything
// but objects at the places that the newer cross-reference sections name, those sections, and end-of-file markers. Readers
// that repair files would find objects smuggled in elsewhere (incremental saving attacks with missing or wrong
// cross-reference data).
func (d *Document) tailProblem(n int64, newer []section) string {
	if !endsWithEOF(d.raw) {
		return "bytes follow the end of the file"
	}
	known := map[int64]Ref{}
	starts := map[int64]bool{}
	for _, s := range newer {
		if s.hybrid {
			return "a later revision names different objects to different readers"
		}
		if s.twice {
			return "a later revision names an object twice"
		}
		starts[s.offset] = true
		for num, e := range s.table.all() {
			if e.kind == kindPlain {
				known[e.offset] = Ref{num, e.gen}
			}
		}
	}
	p := d.parserAt(n)
	for {
		if detail := p.skipStrict(); detail != "" {
			return detail
		}
		if p.pos >= len(p.b) {
			return ""
		}
		if detail := d.tailItem(p, known, starts); detail != "" {
			return detail
		}
	}
}

// skipStrict passes white space and comments, which must not look like objects.
func (p *parser) skipStrict() string {
	from := p.pos
	p.skip()
	if bytes.Contains(p.b[from:p.pos], []byte("obj")) || bytes.Contains(p.b[from:p.pos], []byte("xref")) {
		return "a comment between revisions hides an object"
	}
	return ""
}

func (d *Document) tailItem(p *parser, known map[int64]Ref, starts map[int64]bool) string {
	at := int64(p.pos)
	switch {
	case p.keyword("xref"):
		if !starts[at] {
			return "a later revision has cross-reference data that is not used"
		}
		if _, _, _, err := d.xrefTable(p); err != nil {
			return "a later revision has malformed cross-reference data"
		}
		return ""
	case p.keyword("startxref"):
		if off, ok := p.uint(); !ok || !starts[int64(off)] {
			return "a later revision has a startxref that is not used"
		}
		return ""
	}
	num, ok1 := p.uint()
	gen, ok2 := p.uint()
	if !ok1 || !ok2 || !p.keywordPrefix("obj") {
		return "something that is no object stands between revisions"
	}
	if ref, ok := known[at]; !starts[at] && (!ok || ref != Ref{num, gen}) {
		return fmt.Sprintf("object %d was appended without being named in the cross-reference data", num)
	}
	o, err := p.object()
	if err != nil {
		return fmt.Sprintf("object %d of a later revision is malformed", num)
	}
	if dict, ok := o.(Dict); ok && p.keyword("stream") {
		length, ok := d.Int(dict["Length"])
		before := d.odd[num]
		if _, err := d.streamBody(p, num, dict); err != nil || !ok || length < 0 || (before == "" && d.odd[num] != "") {
			return fmt.Sprintf("stream %d of a later revision is not as long as it says", num)
		}
	}
	if p.duplicate || !p.keyword("endobj") {
		return fmt.Sprintf("object %d of a later revision is malformed", num)
	}
	return ""
}
