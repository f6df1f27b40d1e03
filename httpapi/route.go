package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/scopes"
)

// credential is what opens a route.
type credential int

const (
	byKey    credential = iota // X-API-Key with one of the route's scopes
	byToken                    // the token in the path
	byNobody                   // public, limited by address
)

// bodyKind is what a route reads.
type bodyKind int

const (
	noBody       bodyKind = iota
	jsonBody              // one JSON object, required
	optionalJSON          // one JSON object, {} when absent
	createBody            // JSON, or multipart with parts envelope and document
	fileBody              // multipart part file, or application/pdf
	depositBody           // optional JSON, or multipart with parts request and file
	formBody              // JSON, or a form of the signing page
)

// route is one row of the table. The mux, the order of refusals, the check of
// openapi.yaml, the docs page and the tests come from it.
type route struct {
	method  string
	pattern string // below the base path; {name} is one segment, {name}.ext one that ends so
	cred    credential
	scopes  []scopes.Scope // byKey: one of these is needed
	body    bodyKind
	limit   int64 // bytes of its body beside a document; default: sizeOrdinary, or sizeNone with noBody
	nodes   int   // JSON values in its body; default: maxNodes
	forever bool  // the first answer is kept for ever, else 24 h
	handle  func(*API, *call) (*reply, error)
	// refill puts the secrets back into a stored first answer, or refuses it when the
	// state that it speaks of has ended; nil: it has none and speaks of none.
	refill func(*API, *call, []byte) (*reply, error)
	about  string // one line for the docs page
}

// compiled is a route with its pattern cut up.
type compiled struct {
	route
	segments []string
}

// Sizes of bodies without a document.
const (
	sizeNone     = 4 << 10
	sizeSigner   = 4 << 10 // consent, withdrawal, decline
	sizeToken    = 8 << 10 // an embed token and an origin
	sizeOrdinary = 64 << 10
	sizeEnvelope = 1 << 20 // an envelope's fields, signers and metadata
	sizeDrawing  = 4 << 20 // a drawn signature
)

func compile(table []route) []compiled {
	out := make([]compiled, len(table))
	for i, rt := range table {
		if rt.limit == 0 {
			rt.limit = sizeOrdinary
			if rt.body == noBody {
				rt.limit = sizeNone
			}
		}
		if rt.nodes == 0 {
			rt.nodes = maxNodes
		}
		out[i] = compiled{rt, strings.Split(strings.TrimPrefix(rt.pattern, "/"), "/")}
	}
	return out
}

// match fits the segments of a path to the pattern.
func (c *compiled) match(path []string) (map[string]string, bool) {
	if len(path) != len(c.segments) {
		return nil, false
	}
	var params map[string]string
	for i, want := range c.segments {
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

// absent is the answer for an id that nothing can have.
func (c *compiled) absent() error {
	if c.cred == byKey {
		return esign.ErrNotFound
	}
	return errNoRoute
}

// find returns the route of method and path, or the methods that path has.
func (a *API) find(method string, path []string) (rt *compiled, params map[string]string, allowed []string) {
	want := method
	if method == http.MethodHead {
		want = http.MethodGet
	}
	for i := range a.routes {
		p, ok := a.routes[i].match(path)
		if !ok {
			continue
		}
		if a.routes[i].method == want {
			return &a.routes[i], p, nil
		}
		allowed = append(allowed, a.routes[i].method)
		if a.routes[i].method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	return nil, nil, slices.Compact(allowed)
}

// below returns the decoded segments of the path below the base path. It goes by
// the path that the client sent, whatever router stands before; an empty or
// undecodable segment is no path of ours.
func (a *API) below(u *url.URL) ([]string, bool) {
	rest, ok := strings.CutPrefix(u.EscapedPath(), a.cfg.BasePath+"/")
	if !ok {
		return nil, false
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil || plain == "" {
			return nil, false
		}
		segments[i] = plain
	}
	return segments, true
}

// keyed reports whether an unknown path lies where a key is asked for first.
func keyed(path []string) bool {
	return len(path) > 0 && (path[0] == "partner" || len(path) == 2 && path[0] == "embed" && path[1] == "token")
}
