// Package font shapes text and embeds fonts in a PDF file.
//
// In go a text and a list of fonts, the bundled DejaVu faces first; out come
// glyphs in visual order ([Fonts], [Glyph]) and, once a file is drawn, the subsets
// of the fonts that it used ([Set]). A character that no font has is a
// [MissingGlyphError]. It reads no PDF content.
//
// Stability: internal; it may change with any version.
package font
