package pdf

import (
	"bytes"
	"io"
	"iter"
	"math"
	"strconv"
)

// Section is one cross-reference section, in the order readers follow /Prev.
type Section struct {
	Offset int64 // where startxref or /Prev points
	stream bool
	Hybrid bool // a table whose trailer has /XRefStm
	table  table
	Twice  bool // it names an object twice, or lacks some that it says it names
}

// Entries yields every object number that the section names with its entry, ascending.
func (s *Section) Entries() iter.Seq2[int, Entry] { return s.table.all() }

// maxSections bounds the /Prev chain; real files have one section for each save.
const maxSections = 4096

// readXref reads all cross-reference sections from the last startxref on.
func (d *Document) readXref() error {
	off, ok := startxref(d.raw)
	if !ok {
		return Damaged("no startxref")
	}
	seen := map[int64]bool{}
	for {
		if off <= 0 || off >= int64(len(d.raw)) || seen[off] || len(seen) >= maxSections {
			return Damaged("the chain of cross-reference sections is broken")
		}
		seen[off] = true
		trailer, err := d.readSection(off)
		if err != nil {
			return err
		}
		if d.trailer == nil {
			d.trailer = trailer
		}
		prev, ok := trailer["Prev"]
		if !ok {
			break
		}
		n, ok := Number(prev)
		if !ok {
			return Damaged("/Prev is not a number")
		}
		off = int64(n)
	}
	d.size = sizeOf(d.trailer, d.xref)
	return nil
}

// maxNumber is the greatest object number that common readers accept.
const maxNumber = 8_388_607

// sizeOf returns a number greater than that of every object. A /Size that no file can have is not believed.
func sizeOf(trailer Dict, xref table) int {
	size := 1
	if n, ok := trailer["Size"].(int64); ok && n > 0 && n <= maxNumber {
		size = int(n)
	}
	if len(xref) > 0 {
		size = max(size, xref[len(xref)-1].end())
	}
	return size
}

// startxref returns the offset named by the last startxref of b.
func startxref(b []byte) (int64, bool) {
	i := bytes.LastIndex(b, []byte("startxref"))
	if i < 0 {
		return 0, false
	}
	p := &Parser{Bytes: b, Pos: i + len("startxref")}
	n, ok := p.Uint()
	return int64(n), ok
}

// readSection reads the section at off, adds what newer sections do not name, and returns its trailer.
func (d *Document) readSection(off int64) (Dict, error) {
	if err := d.exhausted(); err != nil {
		return nil, err
	}
	s := Section{Offset: off}
	p := d.ParserAt(off)
	defer func() { d.work += int64(p.Pos) - off }()
	var trailer Dict
	var hidden table
	var err error
	if s.stream = !p.Keyword("xref"); s.stream {
		s.table, trailer, s.Twice, err = d.xrefStream(off)
	} else {
		s.table, trailer, s.Twice, err = d.xrefTable(p)
	}
	if err != nil {
		return nil, err
	}
	if at, ok := trailer["XRefStm"].(int64); ok && !s.stream {
		s.Hybrid = true
		if hidden, _, _, err = d.xrefStream(at); err != nil {
			return nil, err
		}
		s.table.fill(hidden)
	}
	d.sections = append(d.sections, s)
	d.xref = d.xref.over(s.table).over(hidden)
	d.work += int64(len(d.xref))
	return trailer, d.checkCount(d.xref.count())
}

// fill replaces free entries by those of the stream of a hybrid section, which stands before them (§7.5.8.4).
func (t table) fill(hidden table) {
	for _, r := range t {
		for i, x := range r.rows {
			if h := hidden.row(r.first + i); h != nil && x.kind == KindFree {
				r.rows[i] = *h
			}
		}
	}
}

func (d *Document) checkCount(n int) error {
	if n > d.limits.Objects {
		return &Refusal{Reason: ReasonTooManyObjects, Detail: "more than " + strconv.Itoa(d.limits.Objects) + " objects"}
	}
	return nil
}

// admit counts entries before they are kept. A section may have as many as a file may have objects; all sections
// together may have more by what stands in the file, so that it does not count how often tables were written anew.
func (d *Document) admit(inSection, more int) error {
	if err := d.checkCount(inSection + more); err != nil {
		return err
	}
	d.rows += more
	return d.checkCount(d.rows - len(d.raw)/16)
}

// xrefTable reads subsections and the trailer dictionary after the keyword xref.
func (d *Document) xrefTable(p *Parser) (_ table, _ Dict, twice bool, _ error) {
	var runs []run
	n := 0
	for !p.KeywordPrefix("trailer") {
		first, ok1 := p.Uint()
		count, ok2 := p.Uint()
		if !ok1 || !ok2 {
			return nil, nil, false, Damaged("malformed cross-reference table")
		}
		if err := d.admit(n, count); err != nil {
			return nil, nil, false, err
		}
		n += count
		r := run{first: first, rows: make([]row, 0, min(count, len(p.Bytes)/6))}
		for range count {
			x, ok := p.tableRow()
			if !ok {
				return nil, nil, false, Damaged("malformed cross-reference entry")
			}
			r.rows = append(r.rows, x)
		}
		if count > 0 {
			runs = append(runs, r)
		}
	}
	o, err := p.Object()
	if err != nil {
		return nil, nil, false, err
	}
	trailer, ok := o.(Dict)
	if !ok {
		return nil, nil, false, Damaged("no trailer dictionary")
	}
	t, twice := tableOf(runs)
	return t, trailer, twice || p.Duplicate, nil
}

func (p *Parser) tableRow() (row, bool) {
	off, ok1 := p.Uint()
	gen, ok2 := p.Uint()
	if !ok1 || !ok2 {
		return row{}, false
	}
	switch {
	case p.Keyword("n") && off > 0:
		return newRow(KindPlain, int64(off), gen), true
	case p.Keyword("f") || off == 0:
		return newRow(KindFree, 0, gen), true
	}
	return row{}, false
}

// xrefStream reads the cross-reference stream at off (§7.5.8).
func (d *Document) xrefStream(off int64) (_ table, _ Dict, twice bool, _ error) {
	p := d.ParserAt(off)
	if off <= 0 || off >= int64(len(d.raw)) {
		return nil, nil, false, Damaged("cross-reference stream outside the file")
	}
	defer func() { d.work += int64(p.Pos) - off }()
	num, ok1 := p.Uint()
	_, ok2 := p.Uint()
	if !ok1 || !ok2 || !p.KeywordPrefix("obj") {
		return nil, nil, false, Damaged("startxref does not point at cross-reference data")
	}
	o, err := p.Object()
	if err != nil {
		return nil, nil, false, err
	}
	dict, ok := o.(Dict)
	if !ok || !p.Keyword("stream") || dict["Type"] != Name("XRef") {
		return nil, nil, false, Damaged("startxref does not point at cross-reference data")
	}
	if o, err = d.StreamBody(p, num, dict); err != nil {
		return nil, nil, false, err
	}
	t, twice, err := d.streamTable(o.(*Stream))
	return t, dict, twice || p.Duplicate, err
}

// streamTable reads the rows of a cross-reference stream: as many as /Index names and the data has.
func (d *Document) streamTable(s *Stream) (_ table, twice bool, _ error) {
	w, err := fieldWidths(s.Dict)
	if err != nil {
		return nil, false, err
	}
	index, ok := s.Dict["Index"].(Array)
	if !ok {
		size, _ := s.Dict["Size"].(int64)
		index = Array{int64(0), size}
	}
	width := w[0] + w[1] + w[2]
	data, err := d.streamRows(s, index, width)
	if err != nil {
		return nil, false, err
	}
	var runs []run
	short := false
	for i := 0; i+1 < len(index); i += 2 {
		count := min(int(min(index[i+1].(int64), 1<<31)), len(data)/width)
		short = short || int64(count) < index[i+1].(int64)
		r := run{first: int(index[i].(int64)), rows: make([]row, count)}
		for k := range r.rows {
			r.rows[k] = streamRow(data[k*width:], w)
		}
		if data = data[count*width:]; count > 0 {
			runs = append(runs, r)
		}
	}
	t, twice := tableOf(runs)
	return t, twice || short, nil
}

// streamRows returns the data of as many rows as index names, or fewer when there are no more.
func (d *Document) streamRows(s *Stream, index Array, width int) ([]byte, error) {
	want := 0
	for i := 0; i+1 < len(index); i += 2 {
		first, ok1 := index[i].(int64)
		count, ok2 := index[i+1].(int64)
		if !ok1 || !ok2 || first < 0 || first > 1<<31 || count < 0 {
			return nil, Damaged("malformed /Index")
		}
		want = min(want+int(min(count, 1<<31)), d.limits.Objects+1)
	}
	r, err := d.decoder(s)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := readAll(io.LimitReader(r, int64(want*width)), len(s.Raw))
	if err != nil {
		return nil, err
	}
	data = data[:len(data)/width*width]
	return data, d.admit(0, len(data)/width)
}

// fieldWidths returns /W: how many bytes each of the three fields of a row has.
func fieldWidths(dict Dict) (w [3]int, _ error) {
	widths, _ := dict["W"].(Array)
	for i := range w {
		n, ok := int64(0), false
		if i < len(widths) {
			n, ok = widths[i].(int64)
		}
		if !ok || n < 0 || n > 8 {
			return w, Damaged("malformed /W")
		}
		w[i] = int(n)
	}
	if w == [3]int{} {
		return w, Damaged("malformed /W")
	}
	return w, nil
}

func streamRow(b []byte, w [3]int) row {
	field := func(from, n int, def uint64) (v uint64) {
		if n == 0 {
			return def
		}
		for _, c := range b[from : from+n] {
			v = v<<8 | uint64(c)
		}
		return min(v, 1<<40)
	}
	kind, a, c := field(0, w[0], 1), int64(field(w[0], w[1], 0)), int(field(w[0]+w[1], w[2], 0))
	switch {
	case kind == 1 && a > 0:
		return newRow(KindPlain, a, c)
	case kind == 2:
		return newRow(KindCompressed, a, c)
	}
	return newRow(KindFree, 0, min(c, math.MaxInt32))
}

// ParseTable reads a cross-reference table, whose keyword p passed, and returns its trailer.
func (d *Document) ParseTable(p *Parser) (trailer Dict, err error) {
	_, trailer, _, err = d.xrefTable(p)
	return trailer, err
}
