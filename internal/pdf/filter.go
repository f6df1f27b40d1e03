package pdf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"errors"
	"io"
	"sync"

	"golang.org/x/image/tiff/lzw"
)

// Decode returns the data of s after its filters (ISO 32000-2 §7.4). It fails with reason "unsupported" for image
// codecs and for /Crypt, and with "decode_limit" when [Limits].Decoded is used up. Data that breaks off is returned as
// far as it goes, as readers do.
func (d *Document) Decode(s *Stream) (_ []byte, err error) {
	defer Guard(&err)
	r, err := d.decoder(s)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if len(r.stages) == 0 {
		return s.Raw, nil
	}
	return readAll(r, len(s.Raw))
}

// AppendDecoded appends what Decode returns to b.
func (d *Document) AppendDecoded(b *bytes.Buffer, s *Stream) (err error) {
	defer Guard(&err)
	r, err := d.decoder(s)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = b.ReadFrom(r)
	return err
}

// readAll is io.ReadAll for what may be large: it holds the data at most twice while it reads, and once after.
func readAll(r io.Reader, guess int) ([]byte, error) {
	size := min(max(4*guess, 512), 64<<10)
	var full [][]byte
	chunk := make([]byte, 0, size)
	for n := 0; ; {
		if len(chunk) == cap(chunk) {
			n += len(chunk)
			full, chunk = append(full, chunk), make([]byte, 0, min(max(n, size), 4<<20))
		}
		m, err := r.Read(chunk[len(chunk):cap(chunk)])
		chunk = chunk[:len(chunk)+m]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if full == nil && len(chunk) >= cap(chunk)/2 {
		return chunk, nil
	}
	return bytes.Join(append(full, chunk), nil), nil
}

// decoder reads a stream through its filters, one after another, so that what comes out of the inner ones is never
// held.
type decoder struct {
	io.Reader
	stages   []*stage
	inflater []io.ReadCloser
}

// inflaters are kept for reuse: a new one takes 40 KB.
var inflaters sync.Pool

// Close gives back what reading took.
func (r *decoder) Close() error {
	for _, z := range r.inflater {
		inflaters.Put(z)
	}
	r.inflater = nil
	return nil
}

// Reader reads the data of s after its filters, as [Document.Decode] does. The caller closes it.
func (d *Document) Reader(s *Stream) (io.ReadCloser, error) {
	r, err := d.decoder(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// decoder begins to read s. The caller closes it.
func (d *Document) decoder(s *Stream) (_ *decoder, err error) {
	filters, err := d.List(s.Dict["Filter"], s.Dict["F"])
	if err != nil {
		return nil, err
	}
	parms, err := d.List(s.Dict["DecodeParms"], s.Dict["DP"])
	if err != nil {
		return nil, err
	}
	if len(filters) > 8 {
		return nil, Damaged("a stream with more than eight filters")
	}
	r := &decoder{Reader: bytes.NewReader(s.Raw)}
	for i, f := range filters {
		var parm Dict
		if i < len(parms) {
			parm, err = d.Dict(parms[i])
		}
		if err == nil {
			err = d.filter(r, d.Name(f), parm)
		}
		if err != nil {
			r.Close()
			return nil, err
		}
	}
	return r, nil
}

// List returns a filter entry, which may be one object or an array of them. The abbreviated key counts only in inline
// images; in a stream dictionary /F is a file specification, which is not followed.
func (d *Document) List(o, file Object) (Array, error) {
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

// filter puts one more filter behind r.
func (d *Document) filter(r *decoder, name Name, parm Dict) error {
	switch name {
	case "FlateDecode", "Fl":
		z, err := inflate(r.Reader)
		if err != nil {
			return orLimit(err, Damaged("malformed Flate stream"))
		}
		r.inflater = append(r.inflater, z)
		d.stage(r, z)
		return d.predict(r, parm)
	case "LZWDecode", "LZW":
		if early, ok := parm["EarlyChange"].(int64); ok && early == 0 {
			return &Refusal{Reason: ReasonUnsupported, Detail: "LZW without early change"}
		}
		d.stage(r, lzw.NewReader(r.Reader, lzw.MSB, 8))
		return d.predict(r, parm)
	case "ASCIIHexDecode", "AHx":
		d.stage(r, &hexReader{in: bufio.NewReader(r.Reader)})
	case "ASCII85Decode", "A85":
		d.stage(r, ascii85.NewDecoder(&armorReader{in: bufio.NewReader(r.Reader)}))
	case "RunLengthDecode", "RL":
		d.stage(r, &runLengthReader{in: bufio.NewReader(r.Reader)})
	default:
		return &Refusal{Reason: ReasonUnsupported, Detail: "stream filter"}
	}
	return nil
}

func inflate(in io.Reader) (io.ReadCloser, error) {
	if z, ok := inflaters.Get().(io.ReadCloser); ok {
		if err := z.(zlib.Resetter).Reset(in, nil); err != nil {
			inflaters.Put(z)
			return nil, err
		}
		return z, nil
	}
	return zlib.NewReader(in)
}

var errDecodeLimit = &Refusal{Reason: ReasonDecodeLimit, Detail: "streams decode to more than the limit"}

// orLimit returns err where it says that a limit was met, else instead.
func orLimit(err, instead error) error {
	if errors.Is(err, errDecodeLimit) {
		return errDecodeLimit
	}
	return instead
}

// stage is the output of one filter. It charges what passes to the document's budget. Damage after the first byte is
// the end of the data.
type stage struct {
	d   *Document
	in  io.Reader
	any bool
	err error
}

func (d *Document) stage(r *decoder, in io.Reader) {
	s := &stage{d: d, in: in}
	r.Reader, r.stages = s, append(r.stages, s)
}

func (s *stage) Read(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.in.Read(b)
	s.any = s.any || n > 0
	switch {
	case s.d.Charge(n) != nil:
		err = errDecodeLimit
	case err == nil || err == io.EOF:
	case s.any || errors.Is(err, io.ErrUnexpectedEOF):
		err = orLimit(err, io.EOF)
	default:
		err = orLimit(err, Damaged("malformed stream"))
	}
	s.err = err
	return n, err
}

// DecodeApart lets up to limit bytes be decoded that do not count as [Limits].Decoded, until the function that it
// returns is called.
func (d *Document) DecodeApart(limit int64) (done func()) {
	decoded, was := d.decoded, d.limits.Decoded
	d.decoded, d.limits.Decoded = 0, limit
	return func() { d.decoded, d.limits.Decoded = decoded, was }
}

// Charge counts n bytes as decoded. It fails when [Limits].Decoded is used up.
func (d *Document) Charge(n int) error {
	if d.decoded += int64(n); d.decoded > d.limits.Decoded {
		return errDecodeLimit
	}
	return nil
}

// compressors are kept for reuse: a new one takes most of a megabyte.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

// Deflate compresses data and returns a stream with dict and /Filter /FlateDecode.
func Deflate(dict Dict, data []byte) *Stream {
	var b bytes.Buffer
	w := compressors.Get().(*zlib.Writer)
	defer compressors.Put(w)
	w.Reset(&b)
	w.Write(data) // a bytes.Buffer takes everything
	w.Close()
	dict = dict.Clone()
	dict["Filter"] = Name("FlateDecode")
	return &Stream{Dict: dict, Raw: b.Bytes()}
}

// DecodeMost is Decode for a stream that has no more than so many bytes, and nil for one that has more.
func (d *Document) DecodeMost(s *Stream, most int64) ([]byte, error) {
	r, err := d.decoder(s)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := readAll(io.LimitReader(r, most+1), len(s.Raw))
	if int64(len(data)) > most {
		data = nil
	}
	return data, err
}
