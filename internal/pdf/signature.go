package pdf

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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

// AddSignature adds a signature dictionary (ISO 32000-2 §12.8.1) with room for a value of reserve bytes. dict must lack
// /ByteRange and /Contents. [Update.CloseSigned] finishes the update.
func (u *Update) AddSignature(dict Dict, reserve int) Ref {
	b := Append(nil, dict)
	b = append(b[:len(b)-len(">>")], " /ByteRange "...)
	u.signature.byteRange = len(b)
	b = append(append(b, byteRangeRoom...), " /Contents "...)
	u.signature.from = len(b)
	b = append(append(append(b, '<'), bytes.Repeat([]byte{'0'}, 2*reserve)...), '>')
	u.signature.to = len(b)
	u.signature.ref = u.Add(verbatim(append(b, ">>"...)))
	return u.signature.ref
}

// CloseSigned is [Update.Close] for an update with one signature: it also writes /ByteRange.
func (u *Update) CloseSigned() (*Placeholder, error) {
	if u.signature.ref == (Ref{}) {
		return nil, errors.New("pdf: the update has no signature")
	}
	appended, err := u.Close()
	if err != nil {
		return nil, err
	}
	base := len(u.d.raw)
	at := int(u.Offset(u.signature.ref)) - base + len(fmt.Sprintf("%d 0 obj\n", u.signature.ref.Num))
	p := &Placeholder{base: u.d.raw, appended: appended, from: at + u.signature.from, to: at + u.signature.to}
	br := fmt.Sprintf("[0 %d %d %d]", base+p.from, base+p.to, len(appended)-p.to)
	if len(br) > len(byteRangeRoom) {
		return nil, &Refusal{Reason: ReasonTooLarge, Detail: "offsets of more than ten digits"}
	}
	copy(appended[at+u.signature.byteRange:], br+string(bytes.Repeat([]byte{' '}, len(byteRangeRoom)-len(br))))
	return p, nil
}

// HashPrefix writes the file and the update, up to the signature value, to h.
func (p *Placeholder) HashPrefix(h hash.Hash) {
	h.Write(p.base)
	h.Write(p.appended[:p.from])
}

// HashSuffix writes what comes after the signature value to h. After [Placeholder.HashPrefix] h has seen the byte range.
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

// A Signature is a signature dictionary whose byte range was checked; see [Document.Signature].
type Signature struct {
	Num       int    // object number
	Dict      Dict   // without /Contents resolved in any other way than Value
	SubFilter Name   // "" when absent
	From, To  int64  // where the hexadecimal value stands, brackets included: the only bytes that are not signed
	End       int64  // the signed revision is raw[:End]
	Value     []byte // /Contents decoded, with its padding
}

// Signature reads the signature dictionary that field value v names and checks what makes its digest mean something:
// the dictionary is an indirect, uncompressed object that every reader reads alike; /ByteRange is [0 a b c]; the gap
// [a,b) is exactly the hexadecimal string of this dictionary's /Contents; the byte range ends with an end-of-file
// marker (ISO 32000-2 §12.8.1; ETSI EN 319 142-1 §5.4.2). An error says what is wrong.
func (d *Document) Signature(v Object) (_ *Signature, err error) {
	defer guard(&err)
	ref, ok := v.(Ref)
	if !ok {
		return nil, errors.New("the signature is not an indirect object")
	}
	e, ok := d.xref.at(ref.Num)
	if !ok || e.kind != kindPlain || e.gen != ref.Gen {
		return nil, errors.New("the signature dictionary is missing or compressed")
	}
	p := d.parserAt(e.offset)
	if !p.header(ref.Num, ref.Gen) {
		return nil, errors.New("the signature dictionary is not where the cross-reference says")
	}
	p.spans = map[Name][2]int{}
	o, err := p.object()
	if err != nil {
		return nil, err
	}
	dict, ok := o.(Dict)
	switch {
	case !ok:
		return nil, errors.New("the signature is not a dictionary")
	case p.duplicate:
		return nil, errors.New("the signature dictionary names a key twice")
	case !p.keyword("endobj"):
		return nil, errors.New("the signature dictionary has no end")
	}
	s := &Signature{Num: ref.Num, Dict: dict, SubFilter: d.Name(dict["SubFilter"])}
	return s, d.checkByteRange(s, p.spans["Contents"])
}

func (d *Document) checkByteRange(s *Signature, contents [2]int) error {
	a, ok := s.Dict["ByteRange"].(Array)
	if !ok || len(a) != 4 {
		return errors.New("/ByteRange is not an array of four numbers")
	}
	var b [4]int64
	for i := range b {
		n, ok := a[i].(int64)
		if !ok || n < 0 || n > int64(len(d.raw)) {
			return errors.New("/ByteRange holds something that is no offset in the file")
		}
		b[i] = n
	}
	s.From, s.To, s.End = b[1], b[2], b[2]+b[3]
	switch {
	case b[0] != 0:
		return errors.New("/ByteRange does not begin at the start of the file")
	case b[1] == 0 || b[2] <= b[1] || b[3] == 0 || s.End > int64(len(d.raw)):
		return errors.New("/ByteRange is empty, overlaps or leaves the file")
	case contents != [2]int{int(b[1]), int(b[2])}:
		return errors.New("what /ByteRange leaves out is not exactly the /Contents of the signature")
	}
	gap := d.raw[b[1]:b[2]]
	if len(gap) < 4 || gap[0] != '<' || len(gap)%2 != 0 {
		return errors.New("/Contents is not one hexadecimal string")
	}
	s.Value = make([]byte, len(gap)/2-1)
	if _, err := hex.Decode(s.Value, gap[1:len(gap)-1]); err != nil {
		return errors.New("/Contents is not one hexadecimal string")
	}
	if !endsWithEOF(d.raw[:s.End]) {
		return errors.New("the byte range does not end with the end of a revision")
	}
	return nil
}

// endsWithEOF reports whether b ends with the end-of-file marker and at most white space after it.
func endsWithEOF(b []byte) bool {
	tail := b[max(0, len(b)-64):]
	return bytes.HasSuffix(bytes.TrimRight(tail, " \r\n\t\f\x00"), []byte("%%EOF"))
}

// CountByteRanges returns how many signature dictionaries the file seems to hold in any of its revisions: the larger of
// the times "/ByteRange" is written and the number of objects with such an entry, however spelled or compressed. The error
// tells of an object that cannot be read; the count is then of the others.
func (d *Document) CountByteRanges() (n int, unreadable error) {
	objects := 0
	for _, n := range d.Numbers() {
		s, err := d.survey(n)
		if err != nil && unreadable == nil {
			unreadable = err
		}
		if err == nil && s.byteRange {
			objects++
		}
	}
	return max(objects, bytes.Count(d.raw, []byte("/ByteRange"))), unreadable
}
