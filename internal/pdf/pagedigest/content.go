package pagedigest

import (
	"bytes"
	"io"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// stream hashes a stream: of what is drawn by an interpreter its operators, of all else its data.
func (p *pageHasher) stream(v *pdf.Stream, in *resourceScope) (hashed, error) {
	s := newSink("stream")
	if err := p.entries(s, v.Dict); err != nil {
		return hashed{}, err
	}
	if p.d.Name(v.Dict["Subtype"]) != "Form" && v.Dict["PatternType"] == nil {
		err := p.data(s, v)
		return s.done(true), err
	}
	content, err := p.d.DecodeMost(v, contentstream.MaxScan)
	if pdf.Fatal(err) {
		return hashed{}, err
	}
	if err != nil || content == nil {
		err := p.data(s, v)
		return s.done(true), err
	}
	if own := v.Dict["Resources"]; own != nil || in == nil {
		in = newScope(own)
	}
	shown, err := p.content(content, in)
	if err != nil {
		return hashed{}, err
	}
	s.Write(shown.sum[:])
	return s.done(shown.drawn), nil
}

// lossless are the filters that programs put on and take off when they save a file.
var lossless = map[pdf.Name]bool{
	"FlateDecode": true, "Fl": true, "LZWDecode": true, "LZW": true, "ASCIIHexDecode": true, "AHx": true,
	"ASCII85Decode": true, "A85": true, "RunLengthDecode": true, "RL": true,
}

// data writes the data of a stream after its lossless filters; behind a codec of images as it is encoded, with the
// codec.
func (p *pageHasher) data(s *sink, v *pdf.Stream) error {
	filters, err := p.d.List(v.Dict["Filter"], nil)
	if err != nil {
		return only(err)
	}
	parms, err := p.d.List(v.Dict["DecodeParms"], nil)
	if err != nil {
		return only(err)
	}
	n := 0
	for n < len(filters) && lossless[p.d.Name(filters[n])] {
		n++
	}
	plain := &pdf.Stream{Dict: pdf.Dict{"Filter": filters[:n:n], "DecodeParms": parms[:min(n, len(parms))]}, Raw: v.Raw}
	s.text('D', "")
	r, err := p.d.Reader(plain)
	switch {
	case pdf.Fatal(err):
		return err
	case err != nil: // not to be decoded: as it is
		s.Write(v.Raw)
		n = 0
	default:
		_, err := io.Copy(s, r)
		r.Close()
		if err != nil {
			return err
		}
	}
	s.text('F', "")
	for i := n; i < len(filters); i++ {
		s.text('N', string(p.d.Name(filters[i])))
		if i < len(parms) {
			if err := p.operand(s, parms[i], nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// resourceKinds says of which kind the resource is that the last operand of an operator names; of Tf it is the first.
var resourceKinds = map[string]pdf.Name{
	"Do": "XObject", "Tf": "Font", "gs": "ExtGState", "cs": "ColorSpace", "CS": "ColorSpace", "scn": "Pattern",
	"SCN": "Pattern",
	"sh":  "Shading",
}

// unseen are operators that leave nothing on the page: marked content and compatibility.
var unseen = map[string]bool{
	"BMC": true, "BDC": true, "EMC": true, "MP": true, "DP": true, "BX": true, "EX": true, "BI": true,
}

// painting are operators that leave something on the page.
var painting = map[string]bool{
	"S": true, "s": true, "f": true, "F": true, "f*": true, "B": true, "B*": true, "b": true, "b*": true, "sh": true,
	"Tj": true, "TJ": true, "'": true, "\"": true, "ID": true,
}

// content hashes content by its operators and operands, so that white space and the spelling of strings, names and
// numbers do not count. The name of a resource counts as what it names.
func (p *pageHasher) content(data []byte, in *resourceScope) (hashed, error) {
	if err := p.d.Charge((contentWeight-1)*len(data) + contentCost); err != nil {
		return hashed{}, err
	}
	res, err := p.d.Dict(in.resources)
	if pdf.Fatal(err) {
		return hashed{}, err
	}
	s, drawn := newSink("content"), false
	var w wrapping
	c := contentstream.NewReader(data, p.d.Limits().Depth)
	for op, ok := c.Next(); ok; op, ok = c.Next() {
		name := string(op)
		if unseen[name] || w.passes(s, name) {
			continue
		}
		named, err := p.resource(name, c, res, in)
		if err != nil {
			return hashed{}, err
		}
		at := len(c.Args) - 1
		if name == "Tf" {
			at = 0
		}
		for i := range c.Args {
			substitute := named
			if i != at {
				substitute = nil
			}
			if err := p.operand(s, c.Object(i), substitute); err != nil {
				return hashed{}, err
			}
		}
		s.text('O', name)
		if name == "ID" {
			s.text('I', string(inlineImage(c)))
		}
		drawn = drawn || painting[name] || name == "Do" && named != nil && named.drawn
	}
	w.end(s)
	return s.done(drawn), nil
}

// wrapping takes the pairs of q and Q off that programs put around all of the content before they draw more.
type wrapping struct {
	before, after int // q at the beginning; Q since the last other operator
	depth, least  int // of states saved: now, and the fewest since the beginning
	begun         bool
}

// passes reports whether the operator is one that is written later, or at the end.
func (w *wrapping) passes(s *sink, op string) bool {
	switch {
	case op == "Q" && w.begun:
		w.after++
		return true
	case op == "q" && !w.begun:
		w.before++
		return true
	case !w.begun:
		w.begun, w.depth, w.least = true, w.before, w.before
	}
	for ; w.after > 0; w.after-- {
		s.text('O', "Q")
		w.depth--
	}
	w.least = min(w.least, w.depth)
	if op == "q" {
		w.depth++
	}
	return false
}

func (w *wrapping) end(s *sink) {
	around := max(0, min(w.before, w.least, w.after))
	s.number(float64(w.before - around))
	s.number(float64(w.after - around))
}

// resource hashes what the operand of an operator names; nil when it names no resource.
func (p *pageHasher) resource(op string, c *contentstream.Reader, res pdf.Dict, in *resourceScope) (*hashed, error) {
	kind, ok := resourceKinds[op]
	if !ok || len(c.Args) == 0 {
		return nil, nil
	}
	at := len(c.Args) - 1
	if op == "Tf" {
		at = 0
	}
	name, ok := c.Object(at).(pdf.Name)
	if !ok {
		return nil, nil
	}
	if h, ok := in.named[resourceName{kind, name}]; ok {
		return h, nil
	}
	list, err := p.d.Dict(res[kind])
	if err != nil || list[name] == nil {
		return nil, only(err)
	}
	h, err := p.value(list[name], in)
	if err == nil {
		in.named[resourceName{kind, name}] = &h
	}
	return &h, err
}

// inlineImage passes the data of an inline image after its operator ID and returns it (§8.9.7).
func inlineImage(c *contentstream.Reader) []byte {
	start := min(c.Parser.Pos+1, len(c.Parser.Bytes)) // one white-space character
	c.SkipInlineImage()
	return bytes.TrimRight(bytes.TrimSuffix(c.Parser.Bytes[start:max(start, c.Parser.Pos)], []byte("EI")), " \r\n")
}
