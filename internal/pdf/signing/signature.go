package signing

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
)

// ErrReserve is returned by [Placeholder.Embed] when the signature value is larger than the room reserved for it.
var ErrReserve = errors.New("pdf: the signature value does not fit the room reserved for it")

// byteRangeRoom holds four offsets of up to ten digits; what is not needed is left as spaces.
const byteRangeRoom = "[0 0000000000 0000000000 0000000000]"

// A Placeholder is a closed update with room for the value of one signature. The place of /Contents is known from the
// writing, never searched for.
type Placeholder struct {
	base     []byte
	appended []byte
	from, to int // of the hexadecimal string with its brackets, in appended
}

// A Reservation is a signature dictionary of an update, with room for a value that is not known before the update is
// closed.
type Reservation struct {
	Ref                 pdf.Ref // of the dictionary
	u                   *pdf.Update
	byteRange, from, to int // in the dictionary
}

// Reserve adds a signature dictionary (ISO 32000-2 §12.8.1) with room for a value of size bytes. dict must lack
// /ByteRange and /Contents. [Reservation.Close] finishes the update.
func Reserve(u *pdf.Update, dict pdf.Dict, size int) *Reservation {
	r := &Reservation{u: u}
	b := pdf.Append(nil, dict)
	b = append(b[:len(b)-len(">>")], " /ByteRange "...)
	r.byteRange = len(b)
	b = append(append(b, byteRangeRoom...), " /Contents "...)
	r.from = len(b)
	b = append(append(append(b, '<'), bytes.Repeat([]byte{'0'}, 2*size)...), '>')
	r.to = len(b)
	r.Ref = u.Add(pdf.Verbatim(append(b, ">>"...)))
	return r
}

// Close is [pdf.Update.Close] for an update with one signature: it also writes /ByteRange.
func (r *Reservation) Close() (*Placeholder, error) {
	appended, err := r.u.Close()
	if err != nil {
		return nil, err
	}
	raw := r.u.Document().Raw()
	base := len(raw)
	at := int(r.u.Offset(r.Ref)) - base + len(fmt.Sprintf("%d 0 obj\n", r.Ref.Num))
	p := &Placeholder{base: raw, appended: appended, from: at + r.from, to: at + r.to}
	br := fmt.Sprintf("[0 %d %d %d]", base+p.from, base+p.to, len(appended)-p.to)
	if len(br) > len(byteRangeRoom) {
		return nil, &pdf.Refusal{Reason: pdf.ReasonTooLarge, Detail: "offsets of more than ten digits"}
	}
	copy(appended[at+r.byteRange:], br+string(bytes.Repeat([]byte{' '}, len(byteRangeRoom)-len(br))))
	return p, nil
}

// HashPrefix writes the file and the update, up to the signature value, to h.
func (p *Placeholder) HashPrefix(h hash.Hash) {
	h.Write(p.base)
	h.Write(p.appended[:p.from])
}

// HashAppended is [Placeholder.HashPrefix] for an h that has seen the file already.
func (p *Placeholder) HashAppended(h hash.Hash) { h.Write(p.appended[:p.from]) }

// HashSuffix writes what comes after the signature value to h. After [Placeholder.HashPrefix] h has seen the byte
// range.
func (p *Placeholder) HashSuffix(h hash.Hash) { h.Write(p.appended[p.to:]) }

// HashRest writes everything after the prefix to h, the signature value included: after [Placeholder.HashPrefix] h has
// seen the whole file.
func (p *Placeholder) HashRest(h hash.Hash) { h.Write(p.appended[p.from:]) }

// Reserved returns how many bytes the signature value may have.
func (p *Placeholder) Reserved() int { return (p.to - p.from - 2) / 2 }

// Embed writes the signature value and returns the bytes to append to the file. It fails with [ErrReserve].
func (p *Placeholder) Embed(value []byte) ([]byte, error) {
	if len(value) > p.Reserved() {
		return nil, fmt.Errorf("%w: %d bytes into %d", ErrReserve, len(value), p.Reserved())
	}
	hex.Encode(p.appended[p.from+1:], value)
	return p.appended, nil
}

// A Signature is a signature dictionary whose byte range was checked; see [ReadSignature].
type Signature struct {
	Num       int      // object number
	Dict      pdf.Dict // without /Contents resolved in any other way than Value
	SubFilter pdf.Name // "" when absent
	From, To  int64    // where the hexadecimal value stands, brackets included: the only bytes that are not signed
	End       int64    // the signed revision is raw[:End]
	Value     []byte   // /Contents decoded, with its padding
}

// ReadSignature reads the signature dictionary that field value v names and checks what makes its digest mean
// something: the dictionary is an indirect, uncompressed object that every reader reads alike; /ByteRange is [0 a b c];
// the gap [a,b) is exactly the hexadecimal string of this dictionary's /Contents; the byte range ends with an
// end-of-file marker (ISO 32000-2 §12.8.1; ETSI EN 319 142-1 §5.4.2). An error says what is wrong.
func ReadSignature(d *pdf.Document, v pdf.Object) (_ *Signature, err error) {
	defer pdf.Guard(&err)
	ref, ok := v.(pdf.Ref)
	if !ok {
		return nil, errors.New("the signature is not an indirect object")
	}
	e := d.Entry(ref.Num)
	if e.Kind != pdf.KindPlain || e.Gen != ref.Gen {
		return nil, errors.New("the signature dictionary is missing or compressed")
	}
	p := d.ParserAt(e.Offset)
	if !p.Header(ref.Num, ref.Gen) {
		return nil, errors.New("the signature dictionary is not at the place given by the cross-reference data")
	}
	p.Spans = map[pdf.Name][2]int{}
	o, err := p.Object()
	if err != nil {
		return nil, err
	}
	dict, ok := o.(pdf.Dict)
	switch {
	case !ok:
		return nil, errors.New("the signature is not a dictionary")
	case p.Duplicate:
		return nil, errors.New("the signature dictionary has a duplicate key")
	case !p.Keyword("endobj"):
		return nil, errors.New("the signature dictionary has no end")
	}
	s := &Signature{Num: ref.Num, Dict: dict, SubFilter: d.Name(dict["SubFilter"])}
	return s, checkByteRange(d, s, p.Spans["Contents"])
}

func checkByteRange(d *pdf.Document, s *Signature, contents [2]int) error {
	a, ok := s.Dict["ByteRange"].(pdf.Array)
	if !ok || len(a) != 4 {
		return errors.New("/ByteRange is not an array of four numbers")
	}
	var b [4]int64
	for i := range b {
		n, ok := a[i].(int64)
		if !ok || n < 0 || n > int64(len(d.Raw())) {
			return errors.New("/ByteRange has a value that is not an offset in the file")
		}
		b[i] = n
	}
	s.From, s.To, s.End = b[1], b[2], b[2]+b[3]
	switch {
	case b[0] != 0:
		return errors.New("/ByteRange does not begin at the start of the file")
	case b[1] == 0 || b[2] <= b[1] || b[3] == 0 || s.End > int64(len(d.Raw())):
		return errors.New("/ByteRange is empty, overlaps or leaves the file")
	case contents != [2]int{int(b[1]), int(b[2])}:
		return errors.New("the gap in /ByteRange is not exactly the /Contents of the signature")
	}
	gap := d.Raw()[b[1]:b[2]]
	if len(gap) < 4 || gap[0] != '<' || len(gap)%2 != 0 {
		return errors.New("/Contents is not one hexadecimal string")
	}
	s.Value = make([]byte, len(gap)/2-1)
	if _, err := hex.Decode(s.Value, gap[1:len(gap)-1]); err != nil {
		return errors.New("/Contents is not one hexadecimal string")
	}
	if !pdf.EndsWithEOF(d.Raw()[:s.End]) {
		return errors.New("the byte range does not end with the end of a revision")
	}
	return nil
}

// CountByteRanges returns how many signature dictionaries the file seems to hold in any of its revisions: the larger of
// the times "/ByteRange" is written and the number of objects with such an entry, however spelled or compressed. The
// error tells of an object that cannot be read; the count is then of the others.
func CountByteRanges(d *pdf.Document) (n int, unreadable error) {
	objects := 0
	for _, n := range d.Numbers() {
		s, err := d.Survey(n)
		if err != nil && unreadable == nil {
			unreadable = err
		}
		if err == nil && s.ByteRange {
			objects++
		}
	}
	return max(objects, bytes.Count(d.Raw(), []byte("/ByteRange"))), unreadable
}

// SignedPrefixes returns, ascending, the lengths of the prefixes of the file that its approval signatures sign: b+c of
// each /ByteRange [0 a b c]. Signatures that certify (DocMDP) are left out, for many contracts may be made from one
// certified blank: certified is the length of the longest prefix that one signs. So are document time-stamps, which say
// nothing about who holds the file, and signatures whose byte range does not hold together.
func SignedPrefixes(d *pdf.Document) (signed []int64, certified int64, err error) {
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range fields {
		s, err := ReadSignature(d, f.Value)
		switch {
		case err != nil || s.SubFilter == "ETSI.RFC3161":
		case acroform.Certification(d, s.Dict) != 0:
			certified = max(certified, s.End)
		default:
			signed = append(signed, s.End)
		}
	}
	slices.Sort(signed)
	return slices.Compact(signed), certified, nil
}
