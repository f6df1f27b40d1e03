package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
)

// A Document is a parsed PDF file. It keeps the slice it was opened from and never writes to it.
type Document struct {
	raw     []byte
	limits  Limits
	decoded int64
	work    int64 // bytes parsed; see exhausted

	workParsed, decodedParsed int64 // work and decoded once the file was parsed

	xref      table
	rows      int       // entries read from all sections
	sections  []Section // newest first
	trailer   Dict
	size      int // greater than every object number in use
	repaired  bool
	inStreams int // objects named by the object streams that were read

	crypt      *decrypter // set by unlock
	cryptEntry int        // the object that holds /Encrypt, which is not encrypted itself; 0 when none does

	cache   map[int]cached
	held    int // cost of what is cached
	surveys map[int]*Survey
	loading map[int]bool
	streams map[int]*objectStream
	odd     map[int]string // objects that readers may read differently, with the reason
	ends    map[int]int    // where the objects that were read from the file itself end
	pages   []Page
}

// Open parses raw. It fails with a [*Refusal] when raw is not a PDF, exceeds a limit, or is damaged beyond the repair
// that common readers do. Encrypted files open, but their strings and streams are left encrypted; see
// [Document.Encrypted].
func Open(raw []byte, l Limits) (d *Document, err error) {
	defer Guard(&err)
	tellWatcher(raw)
	l = l.forFile(len(raw))
	if int64(len(raw)) > l.Bytes {
		return nil,
			&Refusal{Reason: ReasonTooLarge, Detail: fmt.Sprintf("%d bytes, at most %d are accepted", len(raw), l.Bytes)}
	}
	if !bytes.Contains(raw[:min(len(raw), 1024)], []byte("%PDF-")) {
		return nil, &Refusal{Reason: ReasonNotPDF, Detail: "no %PDF- header in the first 1024 bytes"}
	}
	d = &Document{raw: raw, limits: l}
	d.reset()
	if err = d.readXref(); err == nil {
		_, err = d.PagesRoot()
	}
	if err != nil {
		if !repairable(err) {
			return nil, err
		}
		if err = d.repair(); err != nil {
			return nil, err
		}
	}
	d.parsed()
	return d, nil
}

// Guard turns a panic of the parser, which would be a bug, into an error, so that a hostile file cannot stop the host.
func Guard(err *error) {
	if p := recover(); p != nil {
		*err = Damaged(fmt.Sprint("parser: ", p))
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

// parsed notes what parsing took, for Renew.
func (d *Document) parsed() { d.workParsed, d.decodedParsed = d.work, d.decoded }

// Renew begins another use of the document: what it may take does not depend on the uses before.
func (d *Document) Renew() { d.work, d.decoded = d.workParsed, d.decodedParsed }

// Raw returns the file itself. It must not be changed.
func (d *Document) Raw() []byte { return d.raw }

// Trailer returns the newest trailer dictionary.
func (d *Document) Trailer() Dict { return d.trailer }

// Repaired reports whether the cross-reference data was wrong and objects had to be searched for.
func (d *Document) Repaired() bool { return d.repaired }

// Encrypted reports whether the trailer has an /Encrypt entry.
func (d *Document) Encrypted() bool { return d.trailer["Encrypt"] != nil }

// Decrypted reports whether the file is encrypted and [Read] decrypts it.
func (d *Document) Decrypted() bool { return d.crypt != nil }

// Root returns the reference of the catalog.
func (d *Document) Root() Ref {
	r, _ := d.trailer["Root"].(Ref)
	return r
}

// Catalog returns the document catalog (ISO 32000-2 §7.7.2).
func (d *Document) Catalog() (Dict, error) {
	c, err := d.Dict(d.trailer["Root"])
	if err == nil && c == nil {
		err = Damaged("no catalog")
	}
	return c, err
}

// Numbers returns the numbers of all objects in use, ascending.
func (d *Document) Numbers() []int { return d.xref.inUse() }

// Entries yields all cross-reference entries by object number, those of free objects too.
func (d *Document) Entries() iter.Seq2[int, Entry] { return d.xref.all() }

// End returns where an object that was read from the file itself ends; 0 for others.
func (d *Document) End(num int) int { return d.ends[num] }

// Oddities returns the objects, among those read so far, that readers may read differently, with the reason. It must
// not be changed.
func (d *Document) Oddities() map[int]string { return d.odd }

// NoteOddity adds to [Document.Oddities].
func (d *Document) NoteOddity(num int, reason string) { d.odd[num] = reason }

// Sections returns the cross-reference sections of the file, the newest first.
func (d *Document) Sections() []Section { return d.sections }

// Limits returns the limits that bound the reading of the document.
func (d *Document) Limits() Limits { return d.limits }

// Entry returns the cross-reference entry of object num, that of a free one when there is none.
func (d *Document) Entry(num int) Entry {
	e, _ := d.xref.at(num)
	return e
}

// Object returns the object with the given number, whatever its generation; nil if there is none.
func (d *Document) Object(num int) (Object, error) {
	e, ok := d.xref.at(num)
	if !ok {
		return nil, nil
	}
	return d.Resolve(Ref{Num: num, Gen: e.Generation()})
}

// Resolve follows references until a direct object is reached. What is missing is nil, as §7.3.10 says.
func (d *Document) Resolve(o Object) (_ Object, err error) {
	defer Guard(&err)
	for range 32 {
		ref, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		if o, err = d.load(ref); err != nil {
			return nil, err
		}
	}
	return nil, Damaged("references in a circle")
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
	return nil, Damaged("a dictionary is expected in place of another object")
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
	return nil, Damaged("an array is expected in place of another object")
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
	return nil, Damaged("a stream is expected in place of another object")
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

// Version returns the PDF version to declare: that of the file where it is 2.0, else 1.7.
func (d *Document) Version() string {
	catalog, err := d.Catalog()
	if (err == nil && d.Name(catalog["Version"]) == "2.0") || bytes.HasPrefix(d.raw, []byte("%PDF-2.0")) {
		return "2.0"
	}
	return "1.7"
}
