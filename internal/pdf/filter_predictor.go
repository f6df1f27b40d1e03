package pdf

import (
	"errors"
	"io"
)

// maxRow bounds the rows of predictors, which are held.
const maxRow = 1 << 20

// predict undoes a PNG or TIFF predictor (ISO 32000-2 §7.4.4.4).
func (d *Document) predict(r *decoder, parm Dict) error {
	num := func(k Name, def int64) int {
		if n, ok := d.Int(parm[k]); ok && n > 0 && n < 1<<20 {
			return int(n)
		}
		return int(def)
	}
	predictor, colors, bits, columns := num("Predictor", 1), num("Colors", 1), num("BitsPerComponent", 8),
		num("Columns", 1)
	if predictor < 2 {
		return nil
	}
	row := (colors*bits*columns + 7) / 8
	if row > maxRow {
		return Damaged("malformed predictor")
	}
	if predictor == 2 && bits != 8 {
		return &Refusal{Reason: ReasonUnsupported, Detail: "TIFF predictor"}
	}
	r.Reader = &predictorReader{in: r.Reader, png: predictor != 2, bpp: max(1, colors*bits/8), row: row}
	return nil
}

type predictorReader struct {
	in   io.Reader
	png  bool
	bpp  int // bytes of a pixel
	row  int // bytes of a row, without its tag
	line []byte
	// prior is the row before, of PNG.
	prior []byte
	out   []byte // of line, not yet read
	err   error
}

func (r *predictorReader) Read(b []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.next()
	}
	n := copy(b, r.out)
	r.out = r.out[n:]
	return n, nil
}

// next reads one row. A last row that breaks off is kept as far as it goes.
func (r *predictorReader) next() {
	tag := 0
	if r.png {
		tag = 1
	}
	if r.line == nil {
		r.line, r.prior = make([]byte, tag+r.row), make([]byte, r.row)
	}
	n, err := io.ReadFull(r.in, r.line)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if r.err = err; n <= tag {
		return
	}
	r.out = r.line[tag:n]
	if !r.png {
		for i := r.bpp; i < len(r.out); i++ {
			r.out[i] += r.out[i-r.bpp]
		}
		return
	}
	unfilterPNG(r.line[0], r.out, r.prior, r.bpp)
	copy(r.prior, r.out)
}

// unfilterPNG undoes the filter of one row in place.
func unfilterPNG(kind byte, line, prior []byte, bpp int) {
	for i := range line {
		var left, corner byte
		up := prior[i]
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
