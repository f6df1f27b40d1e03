// Package httpapi serves evault over HTTP: the routes of a partner, who holds an
// API key, of a signer, who holds a link, and of everybody (verification, log,
// keys), as one http.Handler below one base path.
//
//	401 key ─► 429 rate ─► 404, 405 route ─► 403 scope ─► 413, 415, 400, 422 body
//	        ─► 404 id ─► 412 If-Match ─► 410 ─► 409 state ─► 422 against the state
//
// That is the order of refusals, so that no step distinguishes an id of another organization from
// an absent one. Success is {"data": …}, a refusal is an application/problem+json document (RFC
// 9457). openapi.yaml, served at openapi.yaml below the base path, is the whole contract.
//
// Routes are one table {method, pattern, scope, handler}; the handler does five
// things: authenticate, check the scope, decode strictly, call one verb of an
// engine, encode. Every POST takes an Idempotency-Key: a claim commits first, and
// the verb's last transaction stores the answer together with the effect.
//
// An API looks at the whole path of a request, so it is mounted on any router
// without stripping a prefix:
//
//	mux.Handle(api.BasePath()+"/", api)
//
// New does no I/O and starts nothing. Run delivers webhooks; several replicas may
// run it. Request limits of keys and public routes are counted in each replica,
// failed keys, links and verify-by-hash in SQL over all of them. An API is safe
// for concurrent use. What openapi.yaml says is stable within /api/v2: routes and
// fields are added, never taken away.
//
// Stability: routes, fields and codes under /api/v2 are added and never taken away;
// openapi.yaml is the contract. Titles and details of problem documents, and the Go API
// until v1, may change.
package httpapi
