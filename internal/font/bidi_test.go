package font_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/font"
)

// TestReadingOrder: how lines stand from left to right. Capitals are Hebrew letters (A is alef), lower-case letters
// Latin, &… Arabic.
func TestReadingOrder(t *testing.T) {
	t.Parallel()
	hebrew := func(s string) string {
		out := []rune(s)
		for i, r := range out {
			switch {
			case r >= 'A' && r <= 'Z':
				out[i] = 'א' + r - 'A'
			case r == '&':
				out[i] = 'ع'
			}
		}
		return string(out)
	}
	for logical, want := range map[string]string{
		"":                 "",
		"dan":              "dan",
		"ABC":              "CBA",
		"dan ABC 42":       "dan 42 CBA",
		"dan ABC 42 DEF x": "dan FED 42 CBA x",
		"ABC 42 DEF":       "FED 42 CBA",
		"ABC 42 dan":       "dan 42 CBA",
		"&&& 42 (dan)":     ")dan( 42 &&&",
		"ABC (dan)":        ")dan( CBA",
		"ABC (DEF)":        ")FED( CBA",
		"dan (ABC) x":      "dan (CBA) x",
		"ABC 1,5-2 DEF":    "FED 1,5-2 CBA",
		"ABC -5":           "5- CBA",
		"ABC 5%":           "5% CBA",
		"ABC!":             "!CBA",
		"dan ABC!":         "dan CBA!",
		"42 ABC":           "CBA 42",
		"ABC\u05b8D x ":    " x D\u05b8CBA",
		"(]ABC[)":          ")[CBA](",
	} {
		if got := font.VisualOrder(hebrew(logical)); got != hebrew(want) {
			t.Errorf("%q stands as %q, want %q", logical, got, hebrew(want))
		}
	}
}
