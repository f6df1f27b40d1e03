package pdf

// VisibleText is what page p shows as text, without white space.
func VisibleText(d *Document, p Page) (string, error) {
	return (&textSource{d: d, fonts: map[Ref]*textFont{}}).visibleText(p)
}

// Balanced reports whether decoded content leaves things as it found them.
func Balanced(content []byte) bool {
	open, ok := scanOperators(content)
	return ok && open == nesting{}
}
