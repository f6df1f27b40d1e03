package pdf

// VisibleText is what page p shows as text, without white space.
func VisibleText(d *Document, p Page) (string, error) {
	return newTextSource(d).visibleText(p)
}

// Balanced reports whether decoded content leaves things as it found them.
func Balanced(content []byte) bool {
	open, ok := scanOperators(content)
	return ok && open == nesting{}
}

// Work returns how many bytes were parsed, and how many came out of filters.
func (d *Document) Work() (parsed, decoded int64) { return d.work, d.decoded }

// PasswordHash is algorithm 2.B for the empty user password.
func PasswordHash(salt []byte, revision int64) []byte { return passwordHash(salt, revision) }
