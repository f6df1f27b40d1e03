package overlay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestPlaceRefuses(t *testing.T) {
	t.Parallel()
	raw := testpdf.Contract(1)
	good := overlay.Mark{Page: 1, X: 0.1, Y: 0.1, W: 0.2, H: 0.1, Kind: overlay.MarkText, Text: "x"}
	with := func(f func(*overlay.Mark)) []overlay.Mark { m := good; f(&m); return []overlay.Mark{good, m} }
	for name, marks := range map[string][]overlay.Mark{
		"page zero":          with(func(m *overlay.Mark) { m.Page = 0 }),
		"page beyond":        with(func(m *overlay.Mark) { m.Page = 2 }),
		"outside":            with(func(m *overlay.Mark) { m.X = 1.5 }),
		"negative":           with(func(m *overlay.Mark) { m.Y = -0.1 }),
		"not a number":       with(func(m *overlay.Mark) { m.W = math.NaN() }),
		"no area":            with(func(m *overlay.Mark) { m.H = 0 }),
		"unknown kind":       with(func(m *overlay.Mark) { m.Kind = "stamp" }),
		"empty signature":    with(func(m *overlay.Mark) { m.Kind, m.Text = overlay.MarkSignature, "" }),
		"image without data": with(func(m *overlay.Mark) { m.Kind = overlay.MarkImage }),
	} {
		if _, err := overlay.Place(t.Context(), raw, marks, overlay.PlaceOptions{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, raw := range map[string][]byte{"encrypted": testpdf.Encrypted(), "cut off": raw[:len(raw)-30]} {
		var r *pdf.Refusal
		if _, err := overlay.Place(t.Context(), raw, []overlay.Mark{good}, overlay.PlaceOptions{}); !errors.As(err, &r) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}

func TestPlaceNamesMissingGlyphs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		char rune
	}{
		{"张伟", '张'},
		{"Kim 김", '김'},
		{"ܫܠܡ", 'ܫ'},
		{"नमस्ते", 'न'},
		{"ไทย", 'ไ'},
		{"bell\a", '\a'},
		{"override\u202Etxt", '\u202E'},
	} {
		for _, kind := range []string{overlay.MarkText, overlay.MarkSignature} {
			_, err := overlay.Place(
				t.Context(), testpdf.Contract(1), []overlay.Mark{{Page: 1, W: 0.5, H: 0.1, Kind: kind, Text: c.text}},
				overlay.PlaceOptions{},
			)
			var missing *font.MissingGlyphError
			if !errors.As(err, &missing) || missing.Char != c.char {
				t.Errorf("%q as %s: got %v, want %q missing", c.text, kind, err, c.char)
			}
		}
		if err := font.CheckText(c.text, font.Fonts{}); err == nil {
			t.Errorf("CheckText(%q) found nothing", c.text)
		}
	}
}

func TestPlaceRefusesImages(t *testing.T) {
	t.Parallel()
	bomb := func(w, h int) []byte { return pdftest.PNG(image.NewGray(image.Rect(0, 0, w, h))) }
	whole := pdftest.Drawn()
	place := func(raw []byte) error {
		mark := overlay.Mark{Page: 1, W: 0.5, H: 0.1, Kind: overlay.MarkSignature, PNG: raw}
		_, err := overlay.Place(t.Context(), testpdf.Contract(1), []overlay.Mark{mark}, overlay.PlaceOptions{})
		return err
	}
	for name, raw := range map[string][]byte{
		"not a PNG": []byte("GIF89a"), "cut off": whole[:len(whole)-20],
		"nothing drawn":   pdftest.PNG(image.NewNRGBA(image.Rect(0, 0, 20, 20))),
		"too many pixels": bomb(4096, 1100), "too many bytes": append(bytes.Clone(whole), make([]byte, 1<<20)...),
		"huge claims": hugePNG(),
	} {
		var refused *overlay.ImageError
		if err := place(raw); !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want an ImageError", name, err)
		}
	}
	if err := place(whole); err != nil {
		t.Errorf("a good drawing: %v", err)
	}
}

// hugePNG says that it is two billion pixels wide.
func hugePNG() []byte {
	raw := pdftest.Drawn()
	copy(raw[16:], "\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF")
	return raw
}

var signerTexts = []string{
	"Łukasz Żółć", "Signed by Łukasz Żółć, 2026-11-23 10:00 UTC", "Signed by Ελένη, 2026-11-23 10:05 UTC",
	"Nguyễn Thị Hồng", "✓",
}

func TestPlaceOnEveryGeometry(t *testing.T) {
	t.Parallel()
	for name, raw := range pdftest.EveryGeometry() {
		before := bytes.Clone(raw)
		appended, err := overlay.Place(t.Context(), raw, pdftest.SignerMarks(1), overlay.PlaceOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(raw, before) {
			t.Errorf("%s: the input was changed", name)
		}
		again, err := overlay.Place(t.Context(), raw, pdftest.SignerMarks(1), overlay.PlaceOptions{})
		if err != nil || !bytes.Equal(appended, again) {
			t.Errorf("%s: two runs differ (%v)", name, err)
		}
		if len(appended) > 64<<10 {
			t.Errorf("%s: %d bytes appended", name, len(appended))
		}
		out := append(bytes.Clone(raw), appended...)
		want := signerTexts
		if name == "tiny" {
			want = []string{"Łukasz Żółć", "Nguyễn Thị Hồng", "✓"} // captions there are too small to read
		}
		pdftest.Shows(t, name, out, 1, want...)
		if info, err := pdfinspect.Inspect(t.Context(), out, pdf.Limits{}); err != nil ||
			info.Sealing.Mode != pdfinspect.SealingEmbedded {
			t.Errorf("%s: afterwards %+v, %v", name, info, err)
		}
	}
}

// TestPlaceOnUnrulyPages: content that leaves the graphics state changed neither moves nor hides what is placed.
func TestPlaceOnUnrulyPages(t *testing.T) {
	t.Parallel()
	raw := testpdf.Unruly()
	info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var marks []overlay.Mark
	for i := range info.Pages {
		marks = append(marks, pdftest.SignerMarks(i+1)...)
	}
	appended, err := overlay.Place(t.Context(), raw, marks, overlay.PlaceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := append(raw, appended...)
	for i := range info.Pages {
		pdftest.Shows(t, "unruly", out, i+1, append([]string{"UNRULY"}, signerTexts...)...)
	}
}

// TestPlaceOneAfterAnother: each signer's marks are an increment of their own, and the earlier ones stay.
func TestPlaceOneAfterAnother(t *testing.T) {
	t.Parallel()
	for name, raw := range pdftest.EveryGeometry() {
		out := bytes.Clone(raw)
		var want []string
		for i := range 5 {
			text := fmt.Sprintf("Signer number %d", i+1)
			want = append(want, text)
			appended, err := overlay.Place(
				t.Context(), out,
				[]overlay.Mark{{Page: 1, X: 0.1, Y: 0.1 * float64(i+1), W: 0.6, H: 0.09, Kind: overlay.MarkSignature, Text: text}},
				overlay.PlaceOptions{},
			)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			out = append(out, appended...)
			pdftest.Shows(t, name, out, 1, want...)
		}
	}
}

func TestPlaceEveryName(t *testing.T) {
	t.Parallel()
	names := []string{
		"Jane Doe", "Zażółć gęślą jaźń", "Ελένη Παπαδοπούλου", "Щербаков Юрий", "Nguyễn Thị Hồng Ánh", "Ґалаґан Їжак",
		"Արամ Խաչատրյան", "გიორგი",
		"O\u2019Brien-Smythe \u2013 \u00C6r\u00F8", "e\u0301clair (combining)",
	}
	for _, n := range names {
		appended, err := overlay.Place(
			t.Context(), testpdf.Contract(1),
			[]overlay.Mark{{Page: 1, X: 0.1, Y: 0.1, W: 0.6, H: 0.08, Kind: overlay.MarkSignature, Text: n}},
			overlay.PlaceOptions{},
		)
		if err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		want := strings.ReplaceAll(n, "e\u0301", "é")
		pdftest.Shows(t, n, append(testpdf.Contract(1), appended...), 1, want)
	}
}

func TestPlaceFillsTheBoxAndNoMore(t *testing.T) {
	pdftest.Tools(t)
	t.Parallel()
	for name, raw := range pdftest.EveryGeometry() {
		appended, err := overlay.Place(t.Context(), raw, pdftest.SignerMarks(1), overlay.PlaceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		out := append(bytes.Clone(raw), appended...)
		pdftest.Sound(t, name, out)
		words := wordsOf(t, out)
		for _, m := range pdftest.SignerMarks(1) {
			for _, want := range strings.Fields(m.Text + " " + m.Caption) {
				inside := slices.ContainsFunc(words, func(w word) bool {
					return w.text == want && w.x0 >= m.X-0.01 && w.y0 >= m.Y-0.02 && w.x1 <= m.X+m.W+0.01 && w.y1 <= m.Y+m.H+0.02
				})
				if !inside {
					t.Errorf("%s: %q does not stand in its box at %g, %g", name, want, m.X, m.Y)
				}
			}
		}
	}
}

// word is a word with its box in fractions of the page, as poppler sees it.
type word struct {
	text           string
	x0, y0, x1, y1 float64
}

var (
	pageTag = regexp.MustCompile(`<page width="([\d.]+)" height="([\d.]+)"`)
	wordTag = regexp.MustCompile(
		`<word xMin="(-?[\d.]+)" yMin="(-?[\d.]+)" xMax="(-?[\d.]+)" yMax="(-?[\d.]+)">([^<]*)</word>`,
	)
)

func wordsOf(t *testing.T, raw []byte) (words []word) {
	t.Helper()
	out, ok := pdftest.Run(t, raw, "pdftotext", "-q", "-bbox", "-cropbox", "-f", "1", "-l", "1", "FILE", "-")
	if !ok {
		t.Fatalf("pdftotext: %s", out)
	}
	size := floats(t, pageTag.FindStringSubmatch(out)[1:])
	info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p := info.Pages[0]; (p.Width < p.Height) != (size[0] < size[1]) {
		slices.Reverse(size) // poppler names the size before rotation
	}
	for _, m := range wordTag.FindAllStringSubmatch(out, -1) {
		b := floats(t, m[1:5])
		words = append(words, word{m[5], b[0] / size[0], b[1] / size[1], b[2] / size[0], b[3] / size[1]})
	}
	return words
}

func floats(t *testing.T, ss []string) (fs []float64) {
	t.Helper()
	for _, s := range ss {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		fs = append(fs, f)
	}
	return fs
}

func TestPlaceUsesHostFonts(t *testing.T) {
	t.Parallel()
	if _, err := font.NewFonts([]byte("not a font, not at all")); err == nil {
		t.Error("a font that is none was accepted")
	}
}

func ExamplePlace() {
	raw := testpdf.Contract(2)
	appended, err := overlay.Place(context.Background(), raw, []overlay.Mark{{
		Page: 2, X: 0.12, Y: 0.80, W: 0.35, H: 0.06, Kind: overlay.MarkSignature,
		Text: "Marisol Ibarra", Caption: "Signed by Marisol Ibarra, 2026-11-23 10:00 UTC",
	}}, overlay.PlaceOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	signed := append(raw, appended...)
	info, err := pdfinspect.Inspect(context.Background(), signed, pdf.Limits{})
	fmt.Println(len(info.Pages), info.Sealing.Mode, err)

	err = font.CheckText("张伟", font.Fonts{})
	fmt.Println(err)
	// Output:
	// 2 embedded <nil>
	// pdf: no font can draw '张' (U+5F20)
}
