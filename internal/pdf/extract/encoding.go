package extract

import (
	"maps"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
)

// encoding returns what the codes of a simple font mean that has no /ToUnicode: WinAnsiEncoding, and instead of it the
// names of /Differences as far as they are of the characters of ASCII, or spell their character (ISO 32000-2 §9.6.5,
// Adobe Glyph List Specification §2).
func encoding(d *pdf.Document, o pdf.Object) map[int]string {
	runes := winAnsi()
	dict, err := d.Resolve(o)
	own, ok := dict.(pdf.Dict)
	if err != nil || !ok {
		return runes
	}
	list, _ := d.Array(own["Differences"])
	code := 0
	for _, o := range list[:min(len(list), 1024)] {
		switch v := o.(type) {
		case int64:
			code = int(v)
		case pdf.Name:
			if text := glyphText(string(v)); text != "" && code >= 0 && code < 256 {
				runes[code] = Unspaced(text)
			}
			code++
		}
	}
	return runes
}

// glyphText returns the text of a glyph with that name; "" when it tells none.
func glyphText(name string) string {
	if base, _, ok := strings.Cut(name, "."); ok {
		name = base
	}
	if len(name) == 1 {
		return name
	}
	if s, ok := glyphNames[name]; ok {
		return s
	}
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) == 4 {
		if r, err := strconv.ParseUint(hex, 16, 16); err == nil {
			return string(rune(r))
		}
	}
	return ""
}

// glyphNames has the names of the characters of ASCII that are no letters, and of common ligatures and quotation marks
// (Adobe Glyph List).
var glyphNames = map[string]string{
	"space": " ", "exclam": "!", "quotedbl": `"`, "numbersign": "#", "dollar": "$", "percent": "%", "ampersand": "&",
	"quotesingle": "'", "parenleft": "(", "parenright": ")", "asterisk": "*", "plus": "+", "comma": ",", "hyphen": "-",
	"period": ".", "slash": "/", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
	"seven": "7", "eight": "8", "nine": "9", "colon": ":", "semicolon": ";", "less": "<", "equal": "=", "greater": ">",
	"question": "?", "at": "@", "bracketleft": "[", "backslash": `\`, "bracketright": "]", "asciicircum": "^",
	"underscore": "_", "grave": "`", "braceleft": "{", "bar": "|", "braceright": "}", "asciitilde": "~",
	"ff": "ff", "fi": "fi", "fl": "fl", "ffi": "ffi", "ffl": "ffl", "quoteleft": "‘", "quoteright": "’",
	"quotedblleft": "“", "quotedblright": "”", "endash": "–", "emdash": "—",
}

// winAnsi is WinAnsiEncoding (annex D.2): Windows code page 1252.
func winAnsi() map[int]string { return maps.Clone(windows1252) }

var windows1252 = func() map[int]string {
	m := map[int]string{}
	for c := 0x20; c < 0x100; c++ {
		m[c] = Unspaced(string(rune(c)))
	}
	for i, r := range []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ") {
		m[0x80+i] = string(r)
	}
	return m
}()
