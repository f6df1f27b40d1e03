package overlay

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"

	"github.com/evaultlib/evault/internal/pdf"
)

// Limits of a PNG.
const (
	maxPNGBytes  = 1 << 20
	maxPNGPixels = 4 << 20
)

// An ImageError says why a PNG cannot be placed.
type ImageError struct{ Reason string }

func (e *ImageError) Error() string { return "pdf: image: " + e.Reason }

// pixels is a decoded picture: samples of three bytes, and opacity if any pixel is not opaque.
type pixels struct {
	w, h  int
	rgb   []byte
	alpha []byte
}

func decodePNG(raw []byte) (*pixels, error) {
	if len(raw) > maxPNGBytes {
		return nil, &ImageError{Reason: "larger than 1 MiB"}
	}
	conf, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, &ImageError{Reason: "not a PNG"}
	}
	if conf.Width <= 0 || conf.Height <= 0 || conf.Width > maxPNGPixels/conf.Height {
		return nil, &ImageError{Reason: "more than 4 megapixels"}
	}
	src, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, &ImageError{Reason: "a damaged PNG"}
	}
	im := image.NewNRGBA(image.Rect(0, 0, conf.Width, conf.Height))
	draw.Draw(im, im.Bounds(), src, src.Bounds().Min, draw.Src)
	p := &pixels{
		w: conf.Width, h: conf.Height, rgb: make([]byte, 0, 3*conf.Width*conf.Height),
		alpha: make([]byte, 0, conf.Width*conf.Height),
	}
	clear, opaque := true, true
	for i := 0; i < len(im.Pix); i += 4 {
		a := im.Pix[i+3]
		clear, opaque = clear && a == 0, opaque && a == 0xFF
		if a == 0 {
			p.rgb = append(p.rgb, 0xFF, 0xFF, 0xFF)
		} else {
			p.rgb = append(p.rgb, im.Pix[i:i+3]...)
		}
		p.alpha = append(p.alpha, a)
	}
	if clear {
		return nil, &ImageError{Reason: "nothing is drawn on it"}
	}
	if opaque {
		p.alpha = nil
	}
	return p, nil
}

// add writes the picture as an image XObject with its soft mask (ISO 32000-2 §8.9.5, §11.6.5.2).
func (p *pixels) add(u *pdf.Update) pdf.Ref {
	dict := func(space pdf.Name) pdf.Dict {
		return pdf.Dict{
			"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Image"), "Width": int64(p.w), "Height": int64(p.h),
			"ColorSpace": space, "BitsPerComponent": int64(8),
		}
	}
	im := dict("DeviceRGB")
	if p.alpha != nil {
		im["SMask"] = u.Add(pdf.Deflate(dict("DeviceGray"), p.alpha))
	}
	return u.Add(pdf.Deflate(im, p.rgb))
}
