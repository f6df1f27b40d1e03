package httpapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/pool"
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
	createBody            // JSON, or multipart with parts envelope (or template) and document
	fileBody              // multipart part file, or application/pdf
	depositBody           // optional JSON, or multipart with parts request and file
	listBody              // JSON, or a CSV file
	formBody              // JSON, or a form of the signing page
	onlyForm              // a form of the signing page
)

// route is one row of the table. The mux, the order of refusals, the check of
// openapi.yaml, the docs page and the tests use it.
type route struct {
	method  string
	pattern string // below the base path; {name} is one segment, {name}.ext one that ends so
	cred    credential
	scopes  []scopes.Scope // byKey: one of these is needed
	body    bodyKind
	limit   int64    // bytes of its body beside a document; default: sizeOrdinary, or sizeNone with noBody
	query   []string // parameters that it takes, where it is no GET
	values  int      // JSON values of its body; default: maxValues
	secret  bool     // the body holds a guessable secret: no idempotency key, which would keep its digest
	forever bool     // the first answer is kept for ever, else 24 h
	handle  func(*API, *call) (*rest.Reply, error)
	// refill puts the secrets back into a stored first answer, or refuses it when the
	// state that it speaks of has ended; nil: it has none and speaks of none.
	refill func(*API, *call, []byte) (*rest.Reply, error)
	after  string // the fragment of the signing page to which its form leads
	about  string // one line for the docs page
}

// bodyForms are the media types of each kind of body, and the refusal of an absent
// one; without a refusal it is read as {}.
var bodyForms = map[bodyKind]struct {
	media  []string
	absent *rest.RequestError
}{
	noBody:       {[]string{"application/json"}, nil},
	jsonBody:     {[]string{"application/json"}, noJSON},
	optionalJSON: {[]string{"application/json"}, nil},
	createBody:   {[]string{"application/json", "multipart/form-data"}, noJSON},
	fileBody:     {[]string{"application/pdf", "multipart/form-data"}, noFile},
	depositBody:  {[]string{"application/json", "multipart/form-data"}, nil},
	listBody:     {[]string{"application/json", "text/csv"}, noJSON},
	formBody:     {[]string{"application/json", "application/x-www-form-urlencoded"}, nil},
	onlyForm:     {[]string{"application/x-www-form-urlencoded"}, noForm},
}

var (
	noJSON = &rest.RequestError{Code: "body_required", Detail: "a JSON body is required"}
	noForm = &rest.RequestError{Code: "body_required", Detail: "a form is required"}
	noFile = &rest.RequestError{Code: "file_required", Detail: "the PDF is required: part file, or a body of type application/pdf"}
)

// accept is the body that a route reads: within its own limit, and a document
// where it may carry one, which inside JSON is base64, a third longer.
func (a *API) accept(rt *route) rest.Accept {
	limit := rt.limit
	switch {
	case limit == 0 && rt.body == noBody:
		limit = sizeNone
	case limit == 0:
		limit = sizeOrdinary
	}
	switch rt.body {
	case createBody:
		limit += a.cfg.BodyLimit / 3 * 4
	case fileBody, depositBody:
		limit += a.cfg.BodyLimit
	case noBody, jsonBody, optionalJSON, listBody, formBody, onlyForm:
	}
	form := bodyForms[rt.body]
	return rest.Accept{Media: form.media, Absent: form.absent, Limit: limit, Values: cmp.Or(rt.values, maxValues)}
}

// absent is the answer for an id that nothing can have.
func (rt *route) absent() error {
	if strings.HasPrefix(rt.pattern, "/partner/templates/") {
		return template.ErrNotFound
	}
	if strings.HasPrefix(rt.pattern, "/partner/approvals/") {
		return approval.ErrNotFound
	}
	if strings.HasPrefix(rt.pattern, "/partner/pools/") {
		return pool.ErrNotFound
	}
	if strings.HasPrefix(rt.pattern, "/partner/batches/") {
		return pool.ErrBatchNotFound
	}
	if rt.cred == byKey {
		return esign.ErrNotFound
	}
	return errNoRoute
}

// find returns the route of method and path, or the methods that path has.
func (a *API) find(method string, path []string) (rt *route, params map[string]string, allowed []string) {
	want := method
	if method == http.MethodHead {
		want = http.MethodGet
	}
	for i := range a.routes {
		rt := &a.routes[i]
		p, ok := a.paths[i].Match(path)
		if !ok {
			continue
		}
		if rt.method == want {
			return rt, p, nil
		}
		allowed = append(allowed, rt.method)
		if rt.method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	return nil, nil, slices.Compact(allowed)
}

// keyed reports whether an unknown path lies where a key is asked for first.
func keyed(path []string) bool {
	return len(path) > 0 && (path[0] == "partner" || len(path) == 2 && path[0] == "embed" && path[1] == "token")
}
