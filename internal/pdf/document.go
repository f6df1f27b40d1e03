package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Reasons of a [Refusal].
const (
	ReasonNotPDF         = "not_pdf"
	ReasonPassword       = "password"
	ReasonNoPages        = "no_pages"
	ReasonTooLarge       = "too_large"
	ReasonTooManyPages   = "too_many_pages"
	ReasonTooManyObjects = "too_many_objects"
	ReasonTooDeep        = "too_deep"
	ReasonDecodeLimit    = "decode_limit"
	ReasonDamaged        = "damaged"
	ReasonUnsupported    = "unsupported"
)

// A Refusal says why a file is not accepted.
type Refusal struct {
	Reason string // one of the Reason constants
	Detail string // for a log or an error message; never content of the file
}

func (r *Refusal) Error() string {
	if r.Detail == "" {
		return "pdf: " + r.Reason
	}
	return "pdf: " + r.Reason + ": " + r.Detail
}

// Limits bound the work a file may cause. A zero field means its default.
type Limits struct {
	Bytes   int64 // size of the file; default 25 MiB
	Pages   int   // default 5,000
	Objects int   // cross-reference entries; default 500,000
	Depth   int   // nesting of objects and of the page tree; default 100
	// Decoded bounds the bytes that come out of stream filters, over the life of the Document. Default: 4 MiB and 256 for
	// each byte of the file, at most 64 MiB, so that a small file never takes much.
	Decoded int64
}

// smallDecoded and decodedRatio are the default of Limits.Decoded for small files. Page content and object streams seldom
// come out at more than twenty times their size.
const (
	smallDecoded = 4 << 20
	decodedRatio = 256
)

// forFile is withDefaults for a file of n bytes.
func (l Limits) forFile(n int) Limits {
	if l.Decoded <= 0 {
		l.Decoded = min(64<<20, smallDecoded+decodedRatio*int64(n))
	}
	return l.withDefaults()
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.Bytes <= 0 {
		l.Bytes = 25 << 20
	}
	if l.Decoded <= 0 {
		l.Decoded = 64 << 20
	}
	def(&l.Pages, 5000)
	def(&l.Objects, 500_000)
	def(&l.Depth, 100)
	return l
}

// A Document is a parsed PDF file. It keeps the slice it was opened from and never writes to it.
type Document struct {
	raw     []byte
	limits  Limits
	decoded int64
	work    int64 // bytes parsed; see exhausted

	xref      table
	rows      int       // entries read from all sections
	sections  []section // newest first
	trailer   Dict
	size      int // greater than every object number in use
	repaired  bool
	inStreams int // objects named by the object streams that were read

	crypt      *decrypter // set by unlock
	cryptEntry int        // the object that holds /Encrypt, which is not encrypted itself; 0 when none does

	cache   map[int]cached
	held    int // cost of what is cached
	surveys map[int]*surveyed
	loading map[int]bool
	streams map[int]*objectStream
	odd     map[int]string // objects that readers may read differently, with the reason
	ends    map[int]int    // where the objects that were read from the file itself end
	pages   []Page
}

// Open parses raw. It fails with a [*Refusal] when raw is not a PDF, exceeds a limit, or is damaged beyond the repair
// that common readers do. Encrypted files open, but their strings and streams are left encrypted; see [Document.Encrypted].
func Open(raw []byte, l Limits) (d *Document, err error) {
	defer guard(&err)
	l = l.forFile(len(raw))
	if int64(len(raw)) > l.Bytes {
		return nil, &Refusal{Reason: ReasonTooLarge, Detail: fmt.Sprintf("%d bytes, at most %d are accepted", len(raw), l.Bytes)}
	}
	if !bytes.Contains(raw[:min(len(raw), 1024)], []byte("%PDF-")) {
		return nil, &Refusal{Reason: ReasonNotPDF, Detail: "no %PDF- header in the first 1024 bytes"}
	}
	d = &Document{raw: raw, limits: l}
	d.reset()
	if err = d.readXref(); err == nil {
		_, err = d.pagesRoot()
	}
	if err != nil {
		if !repairable(err) {
			return nil, err
		}
		if err = d.repair(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// guard turns a panic of the parser, which would be a bug, into an error, so that a hostile file cannot stop the host.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = damaged(fmt.Sprint("parser: ", p))
	}
}

func repairable(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && (r.Reason == ReasonDamaged || r.Reason == ReasonNoPages)
}

func (d *Document) reset() {
	d.xref, d.rows, d.sections, d.trailer, d.size, d.inStreams = nil, 0, nil, nil, 0, 0
	d.cache, d.held, d.loading, d.surveys = map[int]cached{}, 0, map[int]bool{}, nil
	d.streams, d.odd, d.ends, d.pages = map[int]*objectStream{}, map[int]string{}, map[int]int{}, nil
}

// Raw returns the file itself. It must not be changed.
func (d *Document) Raw() []byte { return d.raw }

// Trailer returns the newest trailer dictionary.
func (d *Document) Trailer() Dict { return d.trailer }

// Repaired reports whether the cross-reference data was wrong and objects had to be searched for.
func (d *Document) Repaired() bool { return d.repaired }

// Encrypted reports whether the trailer has an /Encrypt entry.
func (d *Document) Encrypted() bool { return d.trailer["Encrypt"] != nil }

// Root returns the reference of the catalog.
func (d *Document) Root() Ref {
	r, _ := d.trailer["Root"].(Ref)
	return r
}

// Catalog returns the document catalog (ISO 32000-2 §7.7.2).
func (d *Document) Catalog() (Dict, error) {
	c, err := d.Dict(d.trailer["Root"])
	if err == nil && c == nil {
		err = damaged("no catalog")
	}
	return c, err
}

// Numbers returns the numbers of all objects in use, ascending.
func (d *Document) Numbers() []int { return d.xref.inUse() }

// entry returns the cross-reference entry of object num, that of a free one when there is none.
func (d *Document) entry(num int) entry {
	e, _ := d.xref.at(num)
	return e
}

// Object returns the object with the given number, whatever its generation; nil if there is none.
func (d *Document) Object(num int) (Object, error) {
	e, ok := d.xref.at(num)
	if !ok {
		return nil, nil
	}
	return d.Resolve(Ref{Num: num, Gen: e.generation()})
}

// Resolve follows references until a direct object is reached. What is missing is nil, as §7.3.10 says.
func (d *Document) Resolve(o Object) (_ Object, err error) {
	defer guard(&err)
	for range 32 {
		ref, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		if o, err = d.load(ref); err != nil {
			return nil, err
		}
	}
	return nil, damaged("references in a circle")
}

// Dict resolves o and returns it as a dictionary; of a stream, its dictionary. It is nil when o is null, an error when
// o is something else.
func (d *Document) Dict(o Object) (Dict, error) {
	o, err := d.Resolve(o)
	if err != nil {
		return nil, err
	}
	switch v := o.(type) {
	case nil:
		return nil, nil
	case Dict:
		return v, nil
	case *Stream:
		return v.Dict, nil
	}
	return nil, damaged("a dictionary is expected where another object stands")
}

// Array resolves o and returns it as an array; nil when o is null, an error when o is something else.
func (d *Document) Array(o Object) (Array, error) {
	o, err := d.Resolve(o)
	if err != nil {
		return nil, err
	}
	switch v := o.(type) {
	case nil:
		return nil, nil
	case Array:
		return v, nil
	}
	return nil, damaged("an array is expected where another object stands")
}

// Stream resolves o and returns it as a stream; nil when o is null, an error when o is something else.
func (d *Document) Stream(o Object) (*Stream, error) {
	o, err := d.Resolve(o)
	if err != nil {
		return nil, err
	}
	switch v := o.(type) {
	case nil:
		return nil, nil
	case *Stream:
		return v, nil
	}
	return nil, damaged("a stream is expected where another object stands")
}

// Name resolves o and returns it as a name; "" when it is none.
func (d *Document) Name(o Object) Name {
	v, err := d.Resolve(o)
	if n, ok := v.(Name); ok && err == nil {
		return n
	}
	return ""
}

// Int resolves o and returns it as an integer; false when it is none.
func (d *Document) Int(o Object) (int64, bool) {
	v, err := d.Resolve(o)
	n, ok := v.(int64)
	return n, ok && err == nil
}

// cached is an object that was read, and about how much memory it takes.
type cached struct {
	object Object
	cost   int
}

// Objects are kept once read, so that each is read once in most files; when those that are kept take more than maxHeld
// they are forgotten. A single object that takes more than maxObject is refused: two bytes of syntax can take fifty times as
// much memory.
const (
	maxHeld   = 24 << 20
	maxObject = 48 << 20
)

// load returns the object a reference names. A reference to a free, missing or differently numbered object is null.
func (d *Document) load(ref Ref) (Object, error) {
	e, ok := d.xref.at(ref.Num)
	if !ok || e.kind == kindFree || e.generation() != ref.Gen {
		return nil, nil
	}
	if c, ok := d.cache[ref.Num]; ok {
		return c.object, nil
	}
	if d.loading[ref.Num] {
		return nil, damaged("object " + strconv.Itoa(ref.Num) + " contains itself")
	}
	d.loading[ref.Num] = true
	defer delete(d.loading, ref.Num)
	var c cached
	var err error
	if e.kind == kindCompressed {
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

// adopt keeps object num as other read it, for a file of which both are revisions and that has it at the same place.
func (d *Document) adopt(other *Document, num int) {
	if c, ok := other.cache[num]; ok {
		d.keep(num, c)
	}
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
func (d *Document) indirect(num int, e entry) (_ Object, cost int, _ error) {
	if err := d.exhausted(); err != nil {
		return nil, 0, err
	}
	p := d.parserAt(e.offset)
	defer func() { d.work += max(0, int64(p.pos)-e.offset) }()
	if !p.header(num, e.gen) {
		return nil, 0, nil
	}
	o, err := p.object()
	if err != nil {
		return nil, 0, inObject(num, err)
	}
	if dict, ok := o.(Dict); ok && p.keyword("stream") {
		if o, err = d.streamBody(p, num, dict); err != nil {
			return nil, 0, inObject(num, err)
		}
	}
	if p.duplicate {
		d.odd[num] = "a dictionary names one key twice"
	}
	if !p.keyword("endobj") {
		d.odd[num] = "no endobj where the object ends"
	}
	d.ends[num] = p.pos
	if d.crypt == nil || num == d.cryptEntry {
		return o, p.cost, nil
	}
	if s, ok := o.(*Stream); ok {
		p.cost += len(s.Raw) // decrypted, it is no part of the file any more
	}
	o, err = d.crypt.object(o, num, e.gen)
	return o, p.cost, err
}

// inObject adds the number of the object in which something is wrong.
func inObject(num int, err error) error {
	var r *Refusal
	if !errors.As(err, &r) || strings.HasPrefix(r.Detail, "object ") {
		return err
	}
	return &Refusal{Reason: r.Reason, Detail: "object " + strconv.Itoa(num) + ": " + r.Detail}
}

func (d *Document) parserAt(off int64) *parser {
	return &parser{b: d.raw, pos: int(off), maxDepth: d.limits.Depth, maxCost: maxObject}
}

// header reads "num gen obj" and reports whether it stands there.
func (p *parser) header(num, gen int) bool {
	if p.pos < 0 || p.pos >= len(p.b) {
		return false
	}
	n, ok1 := p.uint()
	g, ok2 := p.uint()
	return ok1 && ok2 && n == num && g == gen && p.keywordPrefix("obj")
}

// keywordPrefix reads a keyword that may run into the next token, as in "1 0 obj<<".
func (p *parser) keywordPrefix(k string) bool {
	p.skip()
	if !bytes.HasPrefix(p.b[p.pos:], []byte(k)) {
		return false
	}
	p.pos += len(k)
	return true
}

// streamBody reads the data after the keyword "stream". A /Length that lies is corrected by searching "endstream".
func (d *Document) streamBody(p *parser, num int, dict Dict) (Object, error) {
	if p.pos < len(p.b) && p.b[p.pos] == '\r' {
		p.pos++
	}
	if p.pos < len(p.b) && p.b[p.pos] == '\n' {
		p.pos++
	}
	start := p.pos
	length, ok := d.Int(dict["Length"])
	if ok && length >= 0 && length <= int64(len(p.b)-start) {
		p.pos = start + int(length)
		if p.keyword("endstream") {
			return &Stream{Dict: dict, Raw: p.b[start : start+int(length) : start+int(length)]}, nil
		}
	}
	i := bytes.Index(p.b[start:], []byte("endstream"))
	if i < 0 {
		p.pos = len(p.b)
		return nil, damaged("stream without end")
	}
	d.odd[num] = "a stream is not as long as it says"
	data := p.b[start : start+i]
	p.pos = start + i + len("endstream")
	data = bytes.TrimSuffix(data, []byte("\n"))
	data = bytes.TrimSuffix(data, []byte("\r"))
	return &Stream{Dict: dict, Raw: data[:len(data):len(data)]}, nil
}
