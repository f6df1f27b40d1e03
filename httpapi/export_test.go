package httpapi

import (
	"github.com/evaultlib/evault/scopes"
)

// RouteInfo is a row of the table, for tests.
type RouteInfo struct {
	Method, Pattern string
	Scopes          []scopes.Scope
	Media           []string
	Secret          bool
}

// Routes is the table, for tests.
func Routes() []RouteInfo {
	var out []RouteInfo
	for _, rt := range table() {
		m := bodyForms[rt.body].media
		if rt.body == noBody && (rt.method == "GET" || rt.method == "DELETE") {
			m = nil
		}
		out = append(out, RouteInfo{rt.method, rt.pattern, rt.scopes, m, rt.secret})
	}
	return out
}

// Judge is the table of problems, for tests.
func Judge(err error) (status int, code, detail string) {
	d := judge(err)
	return d.Status, d.Code, d.Detail
}

// Codes are all words of the table, for tests.
func Codes() []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.code)
	}
	return out
}

// Held is how many bytes of bodies a holds, for tests.
func (a *API) Held() int64 { return a.bodies.Held() }
