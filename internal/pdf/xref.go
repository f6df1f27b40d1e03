package pdf

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
)

type entryKind uint8

const (
	kindFree entryKind = iota
	kindPlain
	kindCompressed
)

// entry is one cross-reference entry (ISO 32000-2 §7.5.4, §7.5.8.3).
type entry struct {
	kind   entryKind
	gen    int   // of a plain or free object
	offset int64 // of a plain object
	stream int   // number of the object stream of a compressed object
	index  int   // place in it
}

func (e entry) generation() int {
	if e.kind == kindCompressed {
		return 0
	}
	return e.gen
}

// section is one cross-reference section, in the order readers follow /Prev.
type section struct {
	offset int64 // where startxref or /Prev points
	stream bool
	hybrid bool // a table whose trailer has /XRefStm
	table  map[int]entry
	twice  bool // it names an object twice
}

// maxSections bounds the /Prev chain; real files have one section for each save.
const maxSections = 4096

func inUse(xref map[int]entry) []int {
	nums := make([]int, 0, len(xref))
	for n, e := range xref {
		if e.kind != kindFree {
			nums = append(nums, n)
		}
	}
	slices.Sort(nums)
	return nums
}

// readXref reads all cross-reference sections from the last startxref on.
func (d *Document) readXref() error {
	off, ok := startxref(d.raw)
	if !ok {
		return damaged("no startxref")
	}
	seen := map[int64]bool{}
	for {
		if off <= 0 || off >= int64(len(d.raw)) || seen[off] || len(seen) >= maxSections {
			return damaged("the chain of cross-reference sections is broken")
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
			return damaged("/Prev is not a number")
		}
		off = int64(n)
	}
	d.size = sizeOf(d.trailer, d.xref)
	return nil
}

// maxNumber is the greatest object number that common readers accept.
const maxNumber = 8_388_607

// sizeOf returns a number greater than that of every object. A /Size that no file can have is not believed.
func sizeOf(trailer Dict, xref map[int]entry) int {
	size := 1
	if n, ok := trailer["Size"].(int64); ok && n > 0 && n <= maxNumber {
		size = int(n)
	}
	for n := range maps.Keys(xref) {
		size = max(size, n+1)
	}
	return size
}

// startxref returns the offset named by the last startxref of b.
func startxref(b []byte) (int64, bool) {
	i := bytes.LastIndex(b, []byte("startxref"))
	if i < 0 {
		return 0, false
	}
	p := &parser{b: b, pos: i + len("startxref")}
	n, ok := p.uint()
	return int64(n), ok
}

// readSection reads the section at off, adds what newer sections do not name, and returns its trailer.
func (d *Document) readSection(off int64) (Dict, error) {
	if err := d.exhausted(); err != nil {
		return nil, err
	}
	p := d.parserAt(off)
	defer func() { d.work += int64(p.pos) - off }()
	if !p.keyword("xref") {
		s := section{offset: off, stream: true}
		var trailer Dict
		var err error
		if s.table, trailer, s.twice, err = d.xrefStream(off); err != nil {
			return nil, err
		}
		d.sections = append(d.sections, s)
		return trailer, d.merge(s.table, nil)
	}
	table, trailer, twice, err := d.xrefTable(p)
	if err != nil {
		return nil, err
	}
	s := section{offset: off, table: table, twice: twice}
	var hidden map[int]entry
	if at, ok := trailer["XRefStm"].(int64); ok {
		s.hybrid = true
		if hidden, _, _, err = d.xrefStream(at); err != nil {
			return nil, err
		}
	}
	d.sections = append(d.sections, s)
	return trailer, d.merge(table, hidden)
}

// merge adds entries that no newer section has. In a hybrid section the stream stands before the table's free entries
// (§7.5.8.4).
func (d *Document) merge(table, hidden map[int]entry) error {
	for n, e := range table {
		if e.kind == kindFree {
			if h, ok := hidden[n]; ok {
				e = h
			}
		}
		if _, ok := d.xref[n]; !ok {
			d.xref[n] = e
		}
	}
	for n, e := range hidden {
		if _, ok := d.xref[n]; !ok {
			d.xref[n] = e
		}
	}
	return d.checkCount(len(d.xref))
}

func (d *Document) checkCount(n int) error {
	if n > d.limits.Objects {
		return &Refusal{Reason: ReasonTooManyObjects, Detail: "more than " + strconv.Itoa(d.limits.Objects) + " objects"}
	}
	return nil
}

// xrefTable reads subsections and the trailer dictionary after the keyword xref.
func (d *Document) xrefTable(p *parser) (_ map[int]entry, _ Dict, twice bool, _ error) {
	table := map[int]entry{}
	for !p.keywordPrefix("trailer") {
		first, ok1 := p.uint()
		count, ok2 := p.uint()
		if !ok1 || !ok2 {
			return nil, nil, false, damaged("malformed cross-reference table")
		}
		if err := d.checkCount(len(table) + count); err != nil {
			return nil, nil, false, err
		}
		for i := range count {
			e, ok := p.tableEntry()
			if !ok {
				return nil, nil, false, damaged("malformed cross-reference entry")
			}
			if _, ok := table[first+i]; ok {
				twice = true
			}
			table[first+i] = e
		}
	}
	o, err := p.object()
	if err != nil {
		return nil, nil, false, err
	}
	trailer, ok := o.(Dict)
	if !ok {
		return nil, nil, false, damaged("no trailer dictionary")
	}
	return table, trailer, twice || p.duplicate, nil
}

func (p *parser) tableEntry() (entry, bool) {
	off, ok1 := p.uint()
	gen, ok2 := p.uint()
	if !ok1 || !ok2 {
		return entry{}, false
	}
	switch {
	case p.keyword("n") && off > 0:
		return entry{kind: kindPlain, gen: gen, offset: int64(off)}, true
	case p.keyword("f") || off == 0:
		return entry{gen: gen}, true
	}
	return entry{}, false
}

// xrefStream reads the cross-reference stream at off (§7.5.8).
func (d *Document) xrefStream(off int64) (_ map[int]entry, _ Dict, twice bool, _ error) {
	p := d.parserAt(off)
	if off <= 0 || off >= int64(len(d.raw)) {
		return nil, nil, false, damaged("cross-reference stream outside the file")
	}
	defer func() { d.work += int64(p.pos) - off }()
	num, ok1 := p.uint()
	_, ok2 := p.uint()
	if !ok1 || !ok2 || !p.keywordPrefix("obj") {
		return nil, nil, false, damaged("startxref does not point at cross-reference data")
	}
	o, err := p.object()
	if err != nil {
		return nil, nil, false, err
	}
	dict, ok := o.(Dict)
	if !ok || !p.keyword("stream") || dict["Type"] != Name("XRef") {
		return nil, nil, false, damaged("startxref does not point at cross-reference data")
	}
	if o, err = d.streamBody(p, num, dict); err != nil {
		return nil, nil, false, err
	}
	data, err := d.Decode(o.(*Stream))
	if err != nil {
		return nil, nil, false, err
	}
	entries, twice, err := d.streamEntries(dict, data)
	return entries, dict, twice || p.duplicate, err
}

func (d *Document) streamEntries(dict Dict, data []byte) (_ map[int]entry, twice bool, _ error) {
	var w [3]int
	widths, _ := dict["W"].(Array)
	for i := range w {
		n, ok := int64(0), false
		if i < len(widths) {
			n, ok = widths[i].(int64)
		}
		if !ok || n < 0 || n > 8 {
			return nil, false, damaged("malformed /W")
		}
		w[i] = int(n)
	}
	size, _ := dict["Size"].(int64)
	index, ok := dict["Index"].(Array)
	if !ok {
		index = Array{int64(0), size}
	}
	width := w[0] + w[1] + w[2]
	if width == 0 {
		return nil, false, damaged("malformed /W")
	}
	if err := d.checkCount(len(data) / width); err != nil {
		return nil, false, err
	}
	entries := map[int]entry{}
	for i := 0; i+1 < len(index); i += 2 {
		first, ok1 := index[i].(int64)
		count, ok2 := index[i+1].(int64)
		if !ok1 || !ok2 || first < 0 || first > 1<<31 || count < 0 {
			return nil, false, damaged("malformed /Index")
		}
		for k := int64(0); k < count && len(data) >= width; k++ {
			if _, ok := entries[int(first+k)]; ok {
				twice = true
			}
			entries[int(first+k)] = streamEntry(data, w)
			data = data[width:]
		}
	}
	return entries, twice, nil
}

func streamEntry(b []byte, w [3]int) entry {
	field := func(from, n int, def uint64) (v uint64) {
		if n == 0 {
			return def
		}
		for _, c := range b[from : from+n] {
			v = v<<8 | uint64(c)
		}
		return min(v, 1<<40)
	}
	kind, a, c := field(0, w[0], 1), field(w[0], w[1], 0), field(w[0]+w[1], w[2], 0)
	switch {
	case kind == 1 && a > 0:
		return entry{kind: kindPlain, offset: int64(a), gen: int(c)}
	case kind == 2:
		return entry{kind: kindCompressed, stream: int(a), index: int(c)}
	}
	return entry{gen: int(c)}
}

// objectStream is a decoded object stream (§7.5.7).
type objectStream struct {
	data  []byte
	nums  []int
	offs  []int
	order map[int]int
}

// compressed reads an object that stands in an object stream.
func (d *Document) compressed(num int, e entry) (Object, error) {
	s, err := d.objectStream(e.stream)
	if err != nil {
		return nil, err
	}
	i := e.index
	if i >= len(s.nums) || s.nums[i] != num {
		var ok bool
		if i, ok = s.order[num]; !ok {
			return nil, nil
		}
		d.odd[num] = "its place in the object stream is not the one named"
	}
	if err := d.exhausted(); err != nil {
		return nil, err
	}
	p := &parser{b: s.data, pos: s.offs[i], maxDepth: d.limits.Depth}
	o, err := p.object()
	d.work += int64(p.pos - s.offs[i])
	if p.duplicate {
		d.odd[num] = "a dictionary names one key twice"
	}
	return o, err
}

func (d *Document) objectStream(num int) (*objectStream, error) {
	if s, ok := d.streams[num]; ok {
		return s, nil
	}
	e := d.xref[num]
	if e.kind != kindPlain {
		return nil, damaged("an object stream is missing or itself compressed")
	}
	st, err := d.Stream(Ref{Num: num, Gen: e.gen})
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, damaged("an object stream is missing")
	}
	if d.Encrypted() {
		return nil, &Refusal{Reason: ReasonUnsupported, Detail: "an encrypted object stream"}
	}
	data, err := d.Decode(st)
	if err != nil {
		return nil, err
	}
	n, ok1 := d.Int(st.Dict["N"])
	first, ok2 := d.Int(st.Dict["First"])
	if !ok1 || !ok2 || n < 0 || first < 0 || first > int64(len(data)) || n > first {
		return nil, damaged("malformed object stream")
	}
	if err := d.checkCount(int(n)); err != nil {
		return nil, err
	}
	s := &objectStream{data: data, order: map[int]int{}}
	p := &parser{b: data[:first]}
	for i := range int(n) {
		num, ok1 := p.uint()
		off, ok2 := p.uint()
		if !ok1 || !ok2 || int64(off)+first > int64(len(data)) {
			return nil, damaged("malformed object stream")
		}
		s.nums, s.offs, s.order[num] = append(s.nums, num), append(s.offs, off+int(first)), i
	}
	d.streams[num] = s
	return s, nil
}
