package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"errors"
	"io"

	"golang.org/x/image/tiff/lzw"
)

// Decode returns the data of s after its filters (ISO 32000-2 §7.4). It fails with reason "unsupported" for image codecs
// and for /Crypt, and with "decode_limit" when [Limits].Decoded is used up. Data that breaks off is returned as far as it
// goes, as readers do.
func (d *Document) Decode(s *Stream) (_ []byte, err error) {
	defer guard(&err)
	filters, err := d.list(s.Dict["Filter"], s.Dict["F"])
	if err != nil {
		return nil, err
	}
	parms, err := d.list(s.Dict["DecodeParms"], s.Dict["DP"])
	if err != nil {
		return nil, err
	}
	if len(filters) > 8 {
		return nil, damaged("a stream with more than eight filters")
	}
	data := s.Raw
	for i, f := range filters {
		var parm Dict
		if i < len(parms) {
			if parm, err = d.Dict(parms[i]); err != nil {
				return nil, err
			}
		}
		if data, err = d.filter(d.Name(f), data, parm); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// list returns a filter entry, which may be one object or an array of them. The abbreviated key counts only in inline
// images; in a stream dictionary /F is a file specification, which is not followed.
func (d *Document) list(o, file Object) (Array, error) {
	if file != nil {
		if _, err := d.Resolve(file); err != nil {
			return nil, err
		}
	}
	o, err := d.Resolve(o)
	switch v := o.(type) {
	case nil:
		return nil, err
	case Array:
		return v, err
	}
	return Array{o}, err
}

func (d *Document) filter(name Name, data []byte, parm Dict) ([]byte, error) {
	switch name {
	case "FlateDecode", "Fl":
		r, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, damaged("malformed Flate stream")
		}
		return d.predicted(r, parm)
	case "LZWDecode", "LZW":
		if early, ok := parm["EarlyChange"].(int64); ok && early == 0 {
			return nil, &Refusal{Reason: ReasonUnsupported, Detail: "LZW without early change"}
		}
		return d.predicted(lzw.NewReader(bytes.NewReader(data), lzw.MSB, 8), parm)
	case "ASCIIHexDecode", "AHx":
		return d.asciiHex(data)
	case "ASCII85Decode", "A85":
		if i := bytes.Index(data, []byte("~>")); i >= 0 {
			data = data[:i]
		}
		return d.readAll(ascii85.NewDecoder(bytes.NewReader(bytes.TrimPrefix(bytes.TrimSpace(data), []byte("<~")))))
	case "RunLengthDecode", "RL":
		return d.runLength(data)
	}
	return nil, &Refusal{Reason: ReasonUnsupported, Detail: "stream filter"}
}

var errDecodeLimit = &Refusal{Reason: ReasonDecodeLimit, Detail: "streams decode to more than the limit"}

// readAll reads r within what is left of the document's budget and charges it.
func (d *Document) readAll(r io.Reader) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, d.limits.Decoded-d.decoded+1))
	d.decoded += n
	if d.decoded > d.limits.Decoded {
		return nil, errDecodeLimit
	}
	if err != nil && n == 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, damaged("malformed stream")
	}
	return out.Bytes(), nil
}

func (d *Document) asciiHex(data []byte) ([]byte, error) {
	if i := bytes.IndexByte(data, '>'); i >= 0 {
		data = data[:i]
	}
	p := &parser{b: append(append([]byte{'<'}, data...), '>')}
	o, err := p.hexadecimal()
	if err != nil {
		return nil, err
	}
	return d.readAll(bytes.NewReader([]byte(o.(String))))
}

func (d *Document) runLength(data []byte) ([]byte, error) {
	var out []byte
	for len(data) > 0 && data[0] != 128 {
		n := int(data[0])
		data = data[1:]
		switch {
		case n < 128 && len(data) > n:
			out, data = append(out, data[:n+1]...), data[n+1:]
		case n > 128 && len(data) > 0:
			out, data = append(out, bytes.Repeat(data[:1], 257-n)...), data[1:]
		default:
			data = nil
		}
		if int64(len(out)) > d.limits.Decoded-d.decoded {
			return nil, errDecodeLimit
		}
	}
	d.decoded += int64(len(out))
	return out, nil
}

// predicted reads r and undoes a PNG or TIFF predictor (§7.4.4.4).
func (d *Document) predicted(r io.Reader, parm Dict) ([]byte, error) {
	data, err := d.readAll(r)
	if err != nil {
		return nil, err
	}
	num := func(k Name, def int64) int {
		if n, ok := d.Int(parm[k]); ok && n > 0 && n < 1<<20 {
			return int(n)
		}
		return int(def)
	}
	predictor, colors, bits, columns := num("Predictor", 1), num("Colors", 1), num("BitsPerComponent", 8), num("Columns", 1)
	if predictor < 2 {
		return data, nil
	}
	bpp := max(1, colors*bits/8)
	row := (colors*bits*columns + 7) / 8
	if row > 1<<24 {
		return nil, damaged("malformed predictor")
	}
	if predictor == 2 {
		if bits != 8 {
			return nil, &Refusal{Reason: ReasonUnsupported, Detail: "TIFF predictor"}
		}
		for at := 0; at < len(data); at += row {
			line := data[at:min(at+row, len(data))]
			for i := bpp; i < len(line); i++ {
				line[i] += line[i-bpp]
			}
		}
		return data, nil
	}
	return unfilterPNG(data, row, bpp), nil
}

func unfilterPNG(data []byte, row, bpp int) []byte {
	out := make([]byte, 0, len(data))
	prior := make([]byte, row)
	for len(data) > 1 {
		kind, line := data[0], data[1:min(1+row, len(data))]
		data = data[1+len(line):]
		for i := range line {
			var left, up, corner byte
			up = prior[i]
			if i >= bpp {
				left, corner = line[i-bpp], prior[i-bpp]
			}
			switch kind {
			case 1:
				line[i] += left
			case 2:
				line[i] += up
			case 3:
				line[i] += byte((int(left) + int(up)) / 2)
			case 4:
				line[i] += paeth(left, up, corner)
			}
		}
		out = append(out, line...)
		copy(prior, line)
	}
	return out
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
