package rest

import (
	"net/url"
	"strings"
)

// Pattern is a path cut into its segments: {name} matches one segment, {name}.ext
// one that ends so.
type Pattern []string

// ParsePattern cuts a path such as /sign/{token}/pages/{n}.png.
func ParsePattern(path string) Pattern { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

// Match fits the segments of a path to the pattern.
func (p Pattern) Match(path []string) (params map[string]string, ok bool) {
	if len(path) != len(p) {
		return nil, false
	}
	for i, want := range p {
		name, isParam := strings.CutPrefix(want, "{")
		if !isParam {
			if want != path[i] {
				return nil, false
			}
			continue
		}
		name, suffix, _ := strings.Cut(name, "}")
		value, fits := strings.CutSuffix(path[i], suffix)
		if !fits || value == "" {
			return nil, false
		}
		if params == nil {
			params = make(map[string]string, 2)
		}
		params[name] = value
	}
	return params, true
}

// Segments returns the decoded segments of the path below base. It goes by the
// path that the client sent, whatever router stands before; an empty segment or
// one that cannot be decoded makes it not ok.
func Segments(u *url.URL, base string) (path []string, ok bool) {
	below, ok := strings.CutPrefix(u.EscapedPath(), base+"/")
	if !ok {
		return nil, false
	}
	path = strings.Split(below, "/")
	for i, s := range path {
		plain, err := url.PathUnescape(s)
		if err != nil || plain == "" {
			return nil, false
		}
		path[i] = plain
	}
	return path, true
}
