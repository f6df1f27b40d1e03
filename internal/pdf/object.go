package pdf

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// An Object is one PDF object (ISO 32000-2 §7.3): nil (null), bool, int64, float64, [Name], [String], [Ref], [Array],
// [Dict] or *[Stream]. Objects got from a [Document] are shared: clone before changing them.
type Object any

// Name is a name object with its #xx escapes resolved and without the leading slash.
type Name string

// String is a string object as bytes; whether it was written literally or in hexadecimal is not kept.
type String string

// Array is an array object.
type Array []Object

// Dict is a dictionary object. A key whose value is null is absent.
type Dict map[Name]Object

// Ref names an indirect object by number and generation.
type Ref struct{ Num, Gen int }

// Stream is a stream object. Raw holds the bytes as they stand in the file, still encoded by /Filter.
type Stream struct {
	Dict Dict
	Raw  []byte
}

// Clone returns a copy whose top level may be changed.
func (a Array) Clone() Array { return slices.Clone(a) }

// Clone returns a copy whose top level may be changed; it is never nil.
func (d Dict) Clone() Dict {
	c := make(Dict, len(d)+2)
	for k, v := range d {
		c[k] = v
	}
	return c
}

// Without returns a copy that lacks the given keys.
func (d Dict) Without(keys ...Name) Dict {
	c := d.Clone()
	for _, k := range keys {
		delete(c, k)
	}
	return c
}

// String returns the reference as it is written in a file: "12 0 R".
func (r Ref) String() string { return strconv.Itoa(r.Num) + " " + strconv.Itoa(r.Gen) + " R" }

// Number returns the value of an integer or real object.
func Number(o Object) (float64, bool) {
	switch v := o.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// TextString encodes s as a text string (ISO 32000-2 §7.9.2.2): ASCII as it is, anything else as UTF-16BE with its
// mark.
func TextString(s string) String {
	ascii := true
	for _, r := range s {
		if r < 32 || r > 126 {
			ascii = false
		}
	}
	if ascii {
		return String(s)
	}
	out := []byte{0xFE, 0xFF}
	for _, r := range s {
		if r > 0xFFFF {
			r -= 0x10000
			hi, lo := 0xD800+(r>>10), 0xDC00+(r&0x3FF)
			out = append(out, byte(hi>>8), byte(hi), byte(lo>>8), byte(lo))
			continue
		}
		out = append(out, byte(r>>8), byte(r))
	}
	return String(out)
}

// Text decodes a text string: UTF-16BE or UTF-8 by its mark, else PDFDocEncoding read as Latin-1.
func (s String) Text() string {
	switch {
	case len(s) >= 2 && s[0] == 0xFE && s[1] == 0xFF:
		var out []rune
		for i := 2; i+1 < len(s); i += 2 {
			r := rune(s[i])<<8 | rune(s[i+1])
			if r >= 0xD800 && r < 0xDC00 && i+3 < len(s) {
				if lo := rune(s[i+2])<<8 | rune(s[i+3]); lo >= 0xDC00 && lo < 0xE000 {
					r, i = 0x10000+(r-0xD800)<<10+(lo-0xDC00), i+2
				}
			}
			out = append(out, r)
		}
		return string(out)
	case len(s) >= 3 && s[:3] == "\xEF\xBB\xBF":
		return string(bytes.ToValidUTF8([]byte(s[3:]), []byte("\uFFFD")))
	}
	out := make([]rune, len(s))
	for i := range len(s) {
		out[i] = rune(s[i])
	}
	return string(out)
}

// Append appends the PDF syntax of o to b. Dictionary keys are sorted, so equal objects have equal syntax.
// A stream is written with /Length set to the length of Raw.
func Append(b []byte, o Object) []byte {
	switch v := o.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendReal(b, v)
	case Name:
		return appendName(b, v)
	case String:
		return appendString(b, v)
	case Ref:
		return append(b, v.String()...)
	case Array:
		b = append(b, '[')
		for i, x := range v {
			if i > 0 {
				b = append(b, ' ')
			}
			b = Append(b, x)
		}
		return append(b, ']')
	case Dict:
		return appendDict(b, v)
	case *Stream:
		d := v.Dict.Clone()
		d["Length"] = int64(len(v.Raw))
		b = append(appendDict(b, d), "\nstream\n"...)
		b = append(b, v.Raw...)
		return append(b, "\nendstream"...)
	case Verbatim:
		return append(b, v...)
	}
	return append(b, "null"...)
}

// Verbatim is syntax that is written as it stands; it never comes from the parser.
type Verbatim []byte

func appendReal(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, '0')
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

func appendName(b []byte, n Name) []byte {
	const hexDigits = "0123456789ABCDEF"
	b = append(b, '/')
	for i := range len(n) {
		c := n[i]
		if c <= ' ' || c > '~' || c == '#' || isDelimiter(c) {
			b = append(b, '#', hexDigits[c>>4], hexDigits[c&15])
			continue
		}
		b = append(b, c)
	}
	return b
}

func appendString(b []byte, s String) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return fmt.Appendf(b, "<%X>", string(s))
		}
	}
	b = append(b, '(')
	for i := range len(s) {
		if c := s[i]; c == '(' || c == ')' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, ')')
}

func appendDict(b []byte, d Dict) []byte {
	b = append(b, "<<"...)
	for i, k := range d.SortedKeys() {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(appendName(b, k), ' ')
		b = Append(b, d[k])
	}
	return append(b, ">>"...)
}

// SortedKeys returns the keys of d in ascending order.
func (d Dict) SortedKeys() []Name {
	keys := make([]Name, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Equal reports whether two objects have the same syntax once normalized.
func Equal(a, b Object) bool { return bytes.Equal(Append(nil, a), Append(nil, b)) }

// Minus returns the members of a that b lacks.
func (a Array) Minus(b Array) Array {
	var out Array
	have := map[string]bool{}
	for _, x := range b {
		have[string(Append(nil, x))] = true
	}
	for _, x := range a {
		if !have[string(Append(nil, x))] {
			out = append(out, x)
		}
	}
	return out
}
