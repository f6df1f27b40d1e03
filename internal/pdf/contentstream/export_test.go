package contentstream

// Balanced reports whether decoded content leaves things as it found them.
func Balanced(content []byte) bool {
	open, ok := scanOperators(content)
	return ok && open == nesting{}
}
