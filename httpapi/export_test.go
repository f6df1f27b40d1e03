package httpapi

import "github.com/evaultlib/evault/scopes"

// RouteInfo is a row of the table, for tests.
type RouteInfo struct {
	Method, Pattern string
	Scopes          []scopes.Scope
	Media           []string
}

// Routes is the table, for tests.
func Routes() []RouteInfo {
	var out []RouteInfo
	for _, rt := range table() {
		m := media[rt.body]
		if rt.body == noBody && rt.method == "GET" {
			m = nil
		}
		out = append(out, RouteInfo{rt.method, rt.pattern, rt.scopes, m})
	}
	return out
}
