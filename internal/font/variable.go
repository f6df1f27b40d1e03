package font

import (
	"encoding/binary"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/font/sfnt"
)

// regularWeight is the weight that contracts are written in (OpenType, axis wght).
const regularWeight = 400

// regular returns the variation that makes a variable font one of regular weight, and nil when it is that by default:
// the default of some is their thinnest, of others their blackest instance.
func (f *Face) regular() []font.Variation {
	fvar := f.tables["fvar"]
	if len(fvar) < 16 {
		return nil
	}
	axes, count, size := int(binary.BigEndian.Uint16(fvar[4:])), int(binary.BigEndian.Uint16(fvar[8:])),
		int(binary.BigEndian.Uint16(fvar[10:]))
	for i := range count {
		at := axes + i*size
		if size < 20 || at+20 > len(fvar) {
			return nil
		}
		if string(fvar[at:at+4]) != "wght" {
			continue
		}
		value := func(at int) float64 { return float64(int32(binary.BigEndian.Uint32(fvar[at:]))) / 65536 }
		least, usual, most := value(at+4), value(at+8), value(at+12)
		if want := min(max(regularWeight, least), most); want != usual {
			return []font.Variation{{Tag: opentype.MustNewTag("wght"), Value: float32(want)}}
		}
	}
	return nil
}

// variedUnits is the advance of a glyph in the instance that is drawn.
func (f *Face) variedUnits(id sfnt.GlyphIndex) (units int) {
	defer func() {
		if recover() != nil { // a font that lies about its variations
			units = 0
		}
	}()
	t := f.typeset()
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(min(max(math.Round(float64(t.hb.Face().HorizontalAdvance(font.GID(id)))), 0), math.MaxUint16))
}
