package font

import "slices"

// VisualOrder is a line as it stands from left to right.
func VisualOrder(s string) string {
	rs := []rune(s)
	var out []rune
	for _, run := range VisualRuns(rs) {
		part := slices.Clone(rs[run.from:run.to])
		if run.Level%2 == 1 {
			slices.Reverse(part)
		}
		out = append(out, part...)
	}
	return string(out)
}
