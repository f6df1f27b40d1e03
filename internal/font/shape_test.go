package font_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-fonts/dejavu/dejavusans"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestNamesThatAreShaped: what is placed can be read back. From right to left glyphs stand in visual order, as readers
// expect them, which turn them around.
func TestNamesThatAreShaped(t *testing.T) {
	t.Parallel()
	for name, visual := range map[string]string{
		"דוד בן־גוריון":        "ןוירוג־ןב דוד",
		"محمد علي":             "يلع دمحم",
		"الأمين":               "نيمأ" + "لا", // the ligature of lam and alef gives back both
		"Dan דוד 42 כהן Smith": "Dan ןהכ 42 דוד Smith",
		"علی (Ali)":            "(Ali) یلع",
		"می\u200Cخواهم":        "مهاوخ\u200Cیم",
	} {
		appended, err := overlay.Place(
			t.Context(), testpdf.Contract(1),
			[]overlay.Mark{{Page: 1, X: 0.1, Y: 0.1, W: 0.6, H: 0.08, Kind: overlay.MarkSignature, Text: name}},
			overlay.PlaceOptions{},
		)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		pdftest.Shows(t, name, append(testpdf.Contract(1), appended...), 1, visual)
	}
}

// TestMissingIsNamed: a character that cannot be drawn rightly is named, also in the midst of others.
func TestMissingIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rune{
		"محمد 张": '张', "नम": 'न', "दא": 'द', "A\u200DB": '\u200D', "\u200D": '\u200D', "A\u202E": '\u202E',
		"a\u2067b": '\u2067',
		"김민준":      '김', "A\uFE0F": '\uFE0F', "\U0001FAE0": '\U0001FAE0', "א\x00": 0, "สม": 'ส', "ܫ": 'ܫ',
		"a\U0010FFFF": '\U0010FFFF',
	} {
		var missing *font.MissingGlyphError
		if err := font.CheckText(text, font.Fonts{}); !errors.As(err, &missing) || missing.Char != want {
			t.Errorf("%+q: %v, want %q missing", text, err, want)
		}
	}
}

// TestFontsThatLie: a font with any byte changed is refused or draws something; it brings nothing down.
func TestFontsThatLie(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, raw := range [][]byte{
		{}, []byte("OTTO"), []byte("ttcf\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff"), dejavusans.TTF[:5000],
	} {
		if _, err := font.NewFonts(raw); err == nil {
			t.Errorf("%d bytes were taken for a font", len(raw))
		}
	}
	for range 40 {
		raw := bytes.Clone(dejavusans.TTF)
		for range 200 {
			raw[rnd.IntN(len(raw))] = byte(rnd.Uint32())
		}
		for range 3 {
			raw[rnd.IntN(400)] = byte(rnd.Uint32())
		}
		fonts, err := font.NewFonts(raw)
		if err != nil {
			continue
		}
		_, _ = overlay.Place(
			t.Context(), testpdf.Contract(1),
			[]overlay.Mark{{Page: 1, W: 0.5, H: 0.1, Kind: overlay.MarkText, Text: "☃ مرحبا ߊߋ ᚠ ⴰ 𝔸 ᏣᎳᎩ"}},
			overlay.PlaceOptions{Fonts: fonts},
		)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"Jane", "شَكْلٌ لا", "אב(1,2)ג", "x̂", "\u200C\u0301", "می\u200Cخ", strings.Repeat("ش", 300), "ກໍ່ຽ", "ߊ߬ߛߌ߬",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 || !utf8.ValidString(s) {
			return
		}
		raw := testpdf.Contract(1)
		appended, err := overlay.Place(
			t.Context(), raw, []overlay.Mark{{Page: 1, W: 0.5, H: 0.1, Kind: overlay.MarkText, Text: s}},
			overlay.PlaceOptions{},
		)
		var missing *font.MissingGlyphError
		switch {
		case errors.As(err, &missing):
			if !strings.ContainsRune(missing.Text, missing.Char) {
				t.Errorf("%q is missing, which is not in %q", missing.Char, missing.Text)
			}
		case err != nil:
			t.Errorf("%q: %v", s, err)
		default:
			if _, err := pdfinspect.Inspect(t.Context(), append(raw, appended...), pdf.Limits{}); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}
