package httpapi

import (
	"time"

	"github.com/evaultlib/evault/scopes"
)

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

// CheckJSON is the strict reader, for tests.
func CheckJSON(b []byte) error { return checkJSON(b, maxNodes) }

// Judge is the table of problems, for tests.
func Judge(err error) (status int, code, detail string) {
	d := judge(err)
	return d.Status, d.Code, d.Detail
}

// Codes are all words of the table, for tests.
func Codes() []string {
	var out []string
	for _, p := range append(problems[:len(problems):len(problems)], inline...) {
		out = append(out, p.code)
	}
	return out
}

// Held is how many bytes of bodies a holds, for tests.
func (a *API) Held() int64 {
	a.room.mu.Lock()
	defer a.room.mu.Unlock()
	return a.room.held
}

// BodyDeadline is how long a body may take of which n bytes have come, for tests.
func BodyDeadline(n int64, timeout time.Duration) time.Duration {
	start := time.Now()
	in := &incoming{start: start, end: start.Add(timeout), n: n}
	return in.deadline(start.Add(timeout)).Sub(start)
}
