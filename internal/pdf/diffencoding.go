package pdf

import (
	"strconv"
	"strings"
	"sync"
)

// encodingOf returns what each code of a simple font shows, as far as its encoding tells (ISO 32000-2 §9.6.5, annex D).
func (d *Document) encodingOf(font Dict) (map[int]string, error) {
	encoding, err := d.Resolve(font["Encoding"])
	if err != nil {
		return nil, err
	}
	dict, _ := encoding.(Dict)
	name, _ := encoding.(Name)
	if dict != nil {
		name = d.Name(dict["BaseEncoding"])
	}
	runes := map[int]string{}
	if name != "" || standardFont(d.Name(font["BaseFont"])) {
		runes = baseEncoding(name)
	}
	list, err := d.Array(dict["Differences"])
	if err != nil {
		return nil, err
	}
	code := 0
	for _, o := range list {
		if o, err = d.Resolve(o); err != nil {
			return nil, err
		}
		switch v := o.(type) {
		case int64:
			code = int(v)
		case Name:
			if r, ok := glyphRune(v); ok {
				runes[code] = string(r)
			} else {
				delete(runes, code)
			}
			code++
		}
	}
	return runes, nil
}

// baseEncoding returns a named encoding, for no name that of the standard fonts themselves. Names that readers do not agree
// about have only the codes on which the candidates agree.
func baseEncoding(name Name) map[int]string {
	m := map[int]string{}
	for c := 0x20; c < 0x7F; c++ {
		m[c] = string(rune(c))
	}
	switch name {
	case "WinAnsiEncoding":
		for i, r := range []rune(winAnsiHigh) {
			if r != ' ' {
				m[0x80+i] = string(r)
			}
		}
		for c := 0xA0; c < 0x100; c++ {
			m[c] = string(rune(c))
		}
	case "", "StandardEncoding":
		m['\''], m['`'] = "’", "‘"
		for i, r := range []rune(standardHigh) {
			if r != ' ' {
				m[0xA1+i] = string(r)
			}
		}
	}
	return m
}

const (
	winAnsiHigh  = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ"                                                            // 0x80 on
	standardHigh = "¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—                Æ ª    ŁØŒº     æ   ı  łøœß" // 0xA1 on
)

// glyphs are the names of Latin characters (annex D.2 and D.3), in groups that begin with the code of their first.
var glyphs = sync.OnceValue(func() map[Name]rune {
	m := map[Name]rune{}
	add := func(r rune, names string) {
		for _, n := range strings.Fields(names) {
			m[Name(n)] = r
			r++
		}
	}
	add(' ', "space exclam quotedbl numbersign dollar percent ampersand quotesingle parenleft parenright asterisk plus comma hyphen period slash")
	add('0', "zero one two three four five six seven eight nine colon semicolon less equal greater question at")
	add('A', "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z bracketleft backslash bracketright asciicircum underscore grave")
	add('a', "a b c d e f g h i j k l m n o p q r s t u v w x y z braceleft bar braceright asciitilde")
	add('¡', "exclamdown cent sterling currency yen brokenbar section dieresis copyright ordfeminine guillemotleft logicalnot sfthyphen registered macron")
	add('°', "degree plusminus twosuperior threesuperior acute mu paragraph periodcentered cedilla onesuperior ordmasculine guillemotright onequarter onehalf threequarters questiondown")
	add('À', "Agrave Aacute Acircumflex Atilde Adieresis Aring AE Ccedilla Egrave Eacute Ecircumflex Edieresis Igrave Iacute Icircumflex Idieresis")
	add('Ð', "Eth Ntilde Ograve Oacute Ocircumflex Otilde Odieresis multiply Oslash Ugrave Uacute Ucircumflex Udieresis Yacute Thorn germandbls")
	add('à', "agrave aacute acircumflex atilde adieresis aring ae ccedilla egrave eacute ecircumflex edieresis igrave iacute icircumflex idieresis")
	add('ð', "eth ntilde ograve oacute ocircumflex otilde odieresis divide oslash ugrave uacute ucircumflex udieresis yacute thorn ydieresis")
	others := strings.Fields("breve caron circumflex dotaccent hungarumlaut ogonek ring tilde bullet dagger daggerdbl ellipsis emdash endash florin fraction guilsinglleft guilsinglright minus perthousand quotedblbase quotedblleft quotedblright quoteleft quoteright quotesinglbase trademark fi fl Lslash OE Scaron Ydieresis Zcaron dotlessi lslash oe scaron zcaron Euro")
	for i, r := range []rune("˘ˇˆ˙˝˛˚˜•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž€") {
		m[Name(others[i])] = r
	}
	return m
})

// glyphRune returns the character of a glyph name.
func glyphRune(n Name) (rune, bool) {
	if r, ok := glyphs()[n]; ok {
		return r, true
	}
	if hex, ok := strings.CutPrefix(string(n), "uni"); ok && len(hex) == 4 {
		v, err := strconv.ParseUint(hex, 16, 16)
		return rune(v), err == nil
	}
	return 0, false
}
