package pdf

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// cached is an object that was read, and about how much memory it takes.
type cached struct {
	object Object
	cost   int
}

// Objects are kept once read, so that each is read once in most files; when those that are kept take more than maxHeld
// they are forgotten. A single object that takes more than maxObject is refused: two bytes of syntax can take fifty
// times as much memory.
const (
	maxHeld   = 24 << 20
	MaxObject = 48 << 20
)

// load returns the object a reference names. A reference to a free, missing or differently numbered object is null.
func (d *Document) load(ref Ref) (Object, error) {
	e, ok := d.xref.at(ref.Num)
	if !ok || e.Kind == KindFree || e.Generation() != ref.Gen {
		return nil, nil
	}
	if c, ok := d.cache[ref.Num]; ok {
		return c.object, nil
	}
	if d.loading[ref.Num] {
		return nil, Damaged("object " + strconv.Itoa(ref.Num) + " contains itself")
	}
	d.loading[ref.Num] = true
	defer delete(d.loading, ref.Num)
	var c cached
	var err error
	if e.Kind == KindCompressed {
		c.object, c.cost, err = d.compressed(ref.Num, e)
	} else {
		c.object, c.cost, err = d.indirect(ref.Num, e)
	}
	if err != nil {
		return nil, err
	}
	d.keep(ref.Num, c)
	return c.object, nil
}

// perEntry is about what the cache itself takes for an object.
const perEntry = 64

func (d *Document) keep(num int, c cached) {
	if d.held += c.cost + perEntry; d.held > maxHeld {
		clear(d.cache)
		d.held = c.cost + perEntry
	}
	d.cache[num] = c
}

// exhausted refuses a file whose objects or cross-reference sections run into each other so much that reading them all
// would mean reading the file many times.
func (d *Document) exhausted() error {
	if d.work > 6*int64(len(d.raw))+d.decoded+16<<20 {
		return &Refusal{Reason: ReasonTooManyObjects, Detail: "objects that overlap"}
	}
	return nil
}

// indirect reads an object that stands in the file itself, and says how much memory it takes.
func (d *Document) indirect(num int, e Entry) (_ Object, cost int, _ error) {
	p := d.ParserAt(e.Offset)
	o, there, err := d.framed(p, num, e.Gen)
	if err != nil || !there {
		return nil, 0, err
	}
	if p.Duplicate {
		d.odd[num] = "a dictionary has a duplicate key"
	}
	if !p.Keyword("endobj") {
		d.odd[num] = "no endobj where the object ends"
	}
	d.ends[num] = p.Pos
	return o, p.Cost, nil
}

// ParseAt reads the object that begins at a place in the file, without a number before it.
func (d *Document) ParseAt(off int64) (Object, error) {
	if err := d.exhausted(); err != nil {
		return nil, err
	}
	p := d.ParserAt(off)
	o, err := p.Object()
	d.work += int64(p.Pos) - off
	return o, err
}

// ObjectAt reads an object with its number at a place that the cross-reference data need not name; nil when none stands
// there. It is not kept.
func (d *Document) ObjectAt(num, gen, off int) (Object, error) {
	o, _, err := d.framed(d.ParserAt(int64(off)), num, gen)
	return o, err
}

// framed reads "num gen obj" and the object behind it, decrypted; there is false when p is at something else.
func (d *Document) framed(p *Parser, num, gen int) (o Object, there bool, err error) {
	if err := d.exhausted(); err != nil {
		return nil, false, err
	}
	from := p.Pos
	defer func() { d.work += int64(max(0, p.Pos-from)) }()
	if !p.Header(num, gen) {
		return nil, false, nil
	}
	if o, err = p.Object(); err != nil {
		return nil, true, inObject(num, err)
	}
	if dict, ok := o.(Dict); ok {
		if end := p.Pos; p.Keyword("stream") {
			if bytes.IndexByte(p.Bytes[end:p.Pos], '%') >= 0 {
				d.odd[num] = "a comment stands before its stream"
			}
			if o, err = d.StreamBody(p, num, dict); err != nil {
				return nil, true, inObject(num, err)
			}
		}
	}
	if d.crypt == nil || num == d.cryptEntry {
		return o, true, nil
	}
	if s, ok := o.(*Stream); ok {
		p.Cost += len(s.Raw) // decrypted, it is no part of the file any more
	}
	o, err = d.crypt.object(o, num, gen)
	return o, true, err
}

// inObject adds the number of the object in which something is wrong.
func inObject(num int, err error) error {
	var r *Refusal
	if !errors.As(err, &r) || strings.HasPrefix(r.Detail, "object ") {
		return err
	}
	return &Refusal{Reason: r.Reason, Detail: "object " + strconv.Itoa(num) + ": " + r.Detail}
}

// ParserAt returns a parser that begins at a byte of the file.
func (d *Document) ParserAt(off int64) *Parser {
	return &Parser{Bytes: d.raw, Pos: int(off), MaxDepth: d.limits.Depth, MaxCost: MaxObject}
}

// Header reads "num gen obj" and reports whether it stands there.
func (p *Parser) Header(num, gen int) bool {
	if p.Pos < 0 || p.Pos >= len(p.Bytes) {
		return false
	}
	n, ok1 := p.Uint()
	g, ok2 := p.Uint()
	return ok1 && ok2 && n == num && g == gen && p.KeywordPrefix("obj")
}

// KeywordPrefix reads a keyword that may run into the next token, as in "1 0 obj<<".
func (p *Parser) KeywordPrefix(k string) bool {
	p.Skip()
	if !bytes.HasPrefix(p.Bytes[p.Pos:], []byte(k)) {
		return false
	}
	p.Pos += len(k)
	return true
}

// StreamBody reads the data after the keyword "stream". A /Length that lies is corrected by searching "endstream".
func (d *Document) StreamBody(p *Parser, num int, dict Dict) (Object, error) {
	cr := p.Pos < len(p.Bytes) && p.Bytes[p.Pos] == '\r'
	if cr {
		p.Pos++
	}
	if p.Pos < len(p.Bytes) && p.Bytes[p.Pos] == '\n' {
		p.Pos++
	} else if cr {
		d.odd[num] = "its stream begins after a lone carriage return" // for some readers with it (§7.3.8.1)
	}
	start := p.Pos
	length, ok := d.Int(dict["Length"])
	if ok && length >= 0 && length <= int64(len(p.Bytes)-start) {
		p.Pos = start + int(length)
		if p.Keyword("endstream") {
			return &Stream{Dict: dict, Raw: p.Bytes[start : start+int(length) : start+int(length)]}, nil
		}
	}
	i := bytes.Index(p.Bytes[start:], []byte("endstream"))
	if i < 0 {
		p.Pos = len(p.Bytes)
		return nil, Damaged("stream without end")
	}
	d.odd[num] = "a stream's length differs from its /Length"
	data := p.Bytes[start : start+i]
	p.Pos = start + i + len("endstream")
	data = bytes.TrimSuffix(data, []byte("\n"))
	data = bytes.TrimSuffix(data, []byte("\r"))
	return &Stream{Dict: dict, Raw: data[:len(data):len(data)]}, nil
}
