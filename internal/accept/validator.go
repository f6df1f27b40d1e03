package accept

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	verrors "github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/paths"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// basePath is that of the document's server.
const basePath = "/api/v2"

// transport validates what passes through it.
type transport struct {
	next   http.RoundTripper
	report func(error)
	saw    func(method, path string, status int)

	mu sync.Mutex // the validator's caches are not ours to trust with threads
	v  validator.Validator
	d  *v3.Document
}

// NewValidator returns next, with every answer held against the OpenAPI document
// doc: status, content type, headers that must be there, body. A request that was
// accepted (2xx) is held against it, too. What differs is reported; nothing is
// changed. Requests to paths outside of the base path pass unseen. saw is told of
// each answer of a documented operation, by its path in the document.
func NewValidator(doc []byte, next http.RoundTripper, report func(error), saw func(method, path string, status int)) (http.RoundTripper, error) {
	document, err := libopenapi.NewDocument(doc)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, fmt.Errorf("openapi: %w", errors.Join(errs...))
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return &transport{next: next, report: report, saw: saw, v: v, d: &model.Model}, nil
}

// ValidateDocument holds the document itself against the OpenAPI 3.1 schema.
func ValidateDocument(doc []byte) error {
	document, err := libopenapi.NewDocument(doc)
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return fmt.Errorf("openapi: %w", errors.Join(errs...))
	}
	if ok, found := v.ValidateDocument(); !ok {
		return describe("document", found)
	}
	return nil
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	res, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if strings.HasPrefix(req.URL.Path, basePath+"/") {
		t.judge(req, sent, res, body)
		res.Body = io.NopCloser(bytes.NewReader(body))
	}
	return res, nil
}

func (t *transport) judge(req *http.Request, sent []byte, res *http.Response, body []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what := fmt.Sprintf("%s %s → %d", req.Method, req.URL.Path, res.StatusCode)
	seen := req.Clone(req.Context())
	seen.URL.Fragment, seen.URL.RawFragment = "", "" // never sent
	if seen.Method == http.MethodHead {
		seen.Method = http.MethodGet
	}
	seen.Body = io.NopCloser(bytes.NewReader(sent))
	_, found, path := paths.FindPath(seen, t.d, nil)
	if len(found) > 0 {
		t.undocumented(what, res)
		return
	}
	t.saw(seen.Method, path, res.StatusCode)
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		if ok, found := t.v.ValidateHttpRequestSync(seen); !ok {
			t.report(describe("request of "+what, found))
		}
		seen.Body = io.NopCloser(bytes.NewReader(sent))
	}
	if req.Method == http.MethodHead || res.StatusCode == http.StatusNotModified {
		if len(body) > 0 {
			t.report(fmt.Errorf("%s has a body", what))
		}
		return
	}
	if ok, found := t.v.ValidateHttpResponse(seen, res); !ok {
		t.report(fmt.Errorf("%w\n%.600s", describe(what, found), body))
	}
}

// undocumented judges answers on paths and methods that the document lacks:
// refusals, and nothing else.
func (t *transport) undocumented(what string, res *http.Response) {
	switch {
	case res.StatusCode < 400:
		t.report(fmt.Errorf("%s: not in the document", what))
	case !strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json"):
		t.report(fmt.Errorf("%s: Content-Type %q", what, res.Header.Get("Content-Type")))
	}
}

func describe(what string, found []*verrors.ValidationError) error {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "\n  %s: %s", f.Message, f.Reason)
		for _, s := range f.SchemaValidationErrors {
			fmt.Fprintf(&b, "\n    at %s: %s", s.FieldPath, s.Reason)
		}
	}
	return fmt.Errorf("%s:%s", what, b.String())
}
