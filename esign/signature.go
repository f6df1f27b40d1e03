package esign

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/validate"
)

// Kinds of signatures.
const (
	SignatureTyped = "typed"
	SignatureDrawn = "drawn"
)

// Signature is a signer's signature. A typed one has a Text of at most 200
// characters, and may have a PNG of the same text for scripts that no
// configured font has; a drawn one has a PNG of at most 512 KiB and 2,000 ×
// 1,000 pixels.
type Signature struct {
	Kind string // SignatureTyped or SignatureDrawn
	Text string
	PNG  []byte
}

// check refuses what is wrong whatever the document.
func (r *SignRequest) check() error {
	var p validate.Problems
	switch r.Signature.Kind {
	case SignatureTyped:
		line(&p, "signature.text", r.Signature.Text)
		if r.Signature.Text == "" {
			p.Add("signature.text", "required", "is required")
		}
		if utf8.RuneCountInString(r.Signature.Text) > maxSigned {
			p.Add("signature.text", "max", "must be at most %d characters", maxSigned)
		}
	case SignatureDrawn:
		if r.Signature.Text != "" {
			p.Add("signature.text", "drawn", "is only for a typed signature")
		}
		if len(r.Signature.PNG) == 0 {
			p.Add("signature.png_base64", "required", "is required")
		}
	default:
		p.Add("signature.kind", "oneof", "must be typed or drawn")
	}
	if len(r.Signature.PNG) > 0 {
		if problem := pngProblem(r.Signature.PNG); problem != "" {
			p.Add("signature.png_base64", "png", "%s", problem)
		}
	}
	zone(&p, "time_zone", r.TimeZone)
	if len(r.Fields) > 500 {
		p.Add("fields", "max", "must be at most 500 entries")
	}
	return p.Err()
}

// pngProblem says what is wrong with a drawn signature, "" for nothing. Its size
// is judged before it is decoded.
func pngProblem(b []byte) string {
	if len(b) > maxPNG {
		return "must be at most 512 KiB"
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return "must be a PNG image"
	}
	if c.Width > maxPNGWidth || c.Height > maxPNGHeight {
		return "must be at most 2000 × 1000 pixels"
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return "must be a PNG image"
	}
	if !hasInk(m) {
		return "is blank"
	}
	return ""
}

// hasInk reports a pixel that is visible on white paper.
func hasInk(m image.Image) bool {
	const visible, light = 0x40, 0xd0
	r := m.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c, ok := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			if ok && c.A >= visible && min(c.R, c.G, c.B) <= light {
				return true
			}
		}
	}
	return false
}

// Initials are the first letters of the words of a name.
func Initials(name string) string {
	var b strings.Builder
	for _, word := range strings.Fields(name) {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(r) {
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	if b.Len() == 0 {
		r, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
		return string(r)
	}
	return b.String()
}
