package render

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"sync"
)

// buffers keeps the compressor's working memory, about 1 MB, from one image to the next.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() *png.EncoderBuffer  { e, _ := b.pool.Get().(*png.EncoderBuffer); return e }
func (b *buffers) Put(e *png.EncoderBuffer) { b.pool.Put(e) }

var encoder = png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &buffers{}}

// encode lays img on white, in place, and compresses it: most pages are gray, and gray takes a third of the time.
// PDFium leaves the background of a page with transparency empty and does not multiply colors with alpha, as
// [image.RGBA] would.
func encode(img *image.RGBA, transparent bool) ([]byte, error) {
	if transparent {
		overWhite(img.Pix)
	}
	var out bytes.Buffer
	var err error
	if gray := asGray(img); gray != nil {
		err = encoder.Encode(&out, gray)
	} else {
		err = encoder.Encode(&out, img)
	}
	if err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	return out.Bytes(), nil
}

func overWhite(pix []byte) {
	for i := 0; i+3 < len(pix); i += 4 {
		a := uint32(pix[i+3])
		if a == 255 {
			continue
		}
		for c := i; c < i+3; c++ {
			pix[c] = byte((uint32(pix[c])*a + 255*(255-a) + 127) / 255)
		}
		pix[i+3] = 255
	}
}

// asGray returns img without color, or nil when it has any.
func asGray(img *image.RGBA) *image.Gray {
	pix := img.Pix
	for i := 0; i+3 < len(pix); i += 4 {
		if pix[i] != pix[i+1] || pix[i] != pix[i+2] {
			return nil
		}
	}
	gray := image.NewGray(img.Rect)
	for i := range gray.Pix {
		gray.Pix[i] = pix[4*i]
	}
	return gray
}
