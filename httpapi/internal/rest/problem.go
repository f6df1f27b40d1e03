package rest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/evaultlib/evault/storage"
)

// Refusals of a body that was not read. The message is for logs only.
var (
	ErrTooLarge  = errors.New("rest: body too large")
	ErrSlowBody  = errors.New("rest: body too slow")
	ErrBusy      = errors.New("rest: too many request bodies in flight")
	ErrMediaType = errors.New("rest: media type not accepted")
)

// RequestError is a 400: the request could not be read. Code is the code of the problem.
type RequestError struct{ Code, Detail string }

func (e *RequestError) Error() string { return "rest: " + e.Detail }

// BadRequest returns a RequestError.
func BadRequest(code, detail string) error { return &RequestError{code, detail} }

// BadQuery returns the RequestError of a query.
func BadQuery(detail string) error { return &RequestError{"bad_query", detail} }

// QueryError is the 400 of an InvalidError, for what an engine refuses of values
// that came in the query; any other error as it is.
func QueryError(err error) error {
	var invalid *storage.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	text := make([]string, len(invalid.Fields))
	for i, f := range invalid.Fields {
		text[i] = f.Field + " " + f.Message
	}
	return BadQuery(strings.Join(text, "; "))
}

// Document is a problem document (RFC 9457) with additional fields for simple clients.
type Document struct {
	Type      string                 `json:"type"`
	Title     string                 `json:"title"`
	Status    int                    `json:"status"`
	Detail    string                 `json:"detail"`
	Instance  string                 `json:"instance"`
	Code      string                 `json:"code"`
	RequestID string                 `json:"request_id"`
	Error     string                 `json:"error"` // the detail again
	Details   []storage.InvalidField `json:"details,omitempty"`
	// More is the number of omitted details: a refusal has at most 100.
	More int `json:"more,omitempty"`
}

// encode cuts what a client sent down to size and returns the JSON.
func (d *Document) encode() []byte {
	d.Detail, d.Instance = clip(d.Detail, maxDetail), clip(d.Instance, maxDetail)
	d.Error = d.Detail
	d.Details = slices.Clone(d.Details[:min(len(d.Details), storage.MaxInvalidFields)])
	for i := range d.Details {
		f := &d.Details[i]
		f.Field, f.Message = clip(f.Field, maxEcho), clip(f.Message, maxMessage)
	}
	b, err := json.Marshal(d)
	if err != nil {
		return []byte(`{"status":500,"code":"internal"}`)
	}
	return b
}

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
