package accept_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/accept"
)

const allScopes = "envelopes:read,envelopes:write,esign:write,vault:read,vault:write,vault:release,compliance:read,custody:read,custody:write"

// client speaks the contract with one key and holds every answer against
// openapi.yaml.
type client struct {
	t    testing.TB
	base string // up to and with /api/v2
	key  string
	http *http.Client
}

func (s *server) client(t testing.TB, key string) *client {
	t.Helper()
	doc, err := os.ReadFile("../../httpapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v, err := accept.NewValidator(doc, http.DefaultTransport, func(err error) { t.Errorf("openapi: %v", err) }, driven.saw)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, base: s.URL + "/api/v2", key: key, http: &http.Client{
		Transport: v, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// unchecked is a client for load: its answers are not held against openapi.yaml.
func (s *server) unchecked(t testing.TB, key string) *client {
	return &client{t: t, base: s.URL + "/api/v2", key: key, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}}
}

// with returns the client with another key.
func (c *client) with(key string) *client { d := *c; d.key = key; return &d }

// on returns the client for a subtest.
func (c *client) on(t testing.TB) *client { d := *c; d.t = t; return &d }

type answer struct {
	t      testing.TB
	what   string
	Status int
	Header http.Header
	Body   []byte
	JSON   any
}

type option func(*http.Request)

func header(k, v string) option { return func(r *http.Request) { r.Header.Set(k, v) } }

func idempotent(key string) option { return header("Idempotency-Key", key) }

// do sends a request. body is nil, raw ([]byte with a Content-Type option), or
// a value to be sent as JSON. path is below /api/v2 or an absolute URL.
func (c *client) do(method, path string, body any, opts ...option) *answer {
	c.t.Helper()
	u := path
	if !strings.HasPrefix(path, "http") {
		u = c.base + path
	}
	var r io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		r = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		r, contentType = bytes.NewReader(raw), "application/json"
	}
	req, err := http.NewRequest(method, u, r)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.key != "" {
		req.Header.Set("X-API-Key", c.key)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for _, o := range opts {
		o(req)
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	a := &answer{c.t, method + " " + path, res.StatusCode, res.Header, raw, nil}
	if strings.Contains(res.Header.Get("Content-Type"), "json") && len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.JSON); err != nil {
			c.t.Errorf("%s: body is no JSON: %v", a.what, err)
		}
	}
	if a.Header.Get("X-Request-Id") == "" {
		c.t.Errorf("%s: no X-Request-Id", a.what)
	}
	return a
}

func (c *client) get(path string, opts ...option) *answer {
	c.t.Helper()
	return c.do(http.MethodGet, path, nil, opts...)
}

func (c *client) post(path string, body any, opts ...option) *answer {
	c.t.Helper()
	return c.do(http.MethodPost, path, body, opts...)
}

// want ends the test unless the status is the one given.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.Status, status, tail(a.Body, 2000))
	}
	return a
}

// problem checks an RFC 9457 answer: status and code.
func (a *answer) problem(status int, code string) *answer {
	a.t.Helper()
	if a.Status != status || a.str("code") != code {
		a.t.Errorf("%s: %d %q, want %d %q\n%s", a.what, a.Status, a.try("code"), status, code, tail(a.Body, 600))
		return a
	}
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
		a.t.Errorf("%s: Content-Type %q", a.what, ct)
	}
	if a.str("error") != a.str("detail") || a.num("status") != float64(status) || a.str("request_id") != a.Header.Get("X-Request-Id") {
		a.t.Errorf("%s: problem document does not agree with itself: %s", a.what, a.Body)
	}
	return a
}

// try walks a dotted path (data.signers.0.email); nil when it is not there.
func (a *answer) try(path string) any {
	v := a.JSON
	for _, k := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[k]
		case []any:
			i, err := strconv.Atoi(k)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a *answer) str(path string) string {
	a.t.Helper()
	s, ok := a.try(path).(string)
	if !ok {
		a.t.Fatalf("%s: %s is %v, want a string\n%s", a.what, path, a.try(path), tail(a.Body, 2000))
	}
	return s
}

func (a *answer) num(path string) float64 {
	a.t.Helper()
	n, ok := a.try(path).(float64)
	if !ok {
		a.t.Fatalf("%s: %s is %v, want a number\n%s", a.what, path, a.try(path), tail(a.Body, 2000))
	}
	return n
}

func (a *answer) list(path string) []any {
	a.t.Helper()
	l, ok := a.try(path).([]any)
	if !ok {
		a.t.Fatalf("%s: %s is %v, want a list\n%s", a.what, path, a.try(path), tail(a.Body, 2000))
	}
	return l
}

// equal compares the value at a path.
func (a *answer) equal(path string, want any) *answer {
	a.t.Helper()
	if got := a.try(path); fmt.Sprint(got) != fmt.Sprint(want) {
		a.t.Errorf("%s: %s is %v, want %v", a.what, path, got, want)
	}
	return a
}

func sum(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }

type part struct {
	name, filename, contentType string
	content                     []byte
}

// form encodes multipart/form-data with a boundary of its own each time.
func form(t testing.TB, parts ...part) ([]byte, option) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		cd := fmt.Sprintf("form-data; name=%q", p.name)
		if p.filename != "" {
			cd += fmt.Sprintf("; filename=%q", p.filename)
		}
		h.Set("Content-Disposition", cd)
		h.Set("Content-Type", p.contentType)
		pw, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = pw.Write(p.content)
	}
	w.Close()
	return b.Bytes(), header("Content-Type", w.FormDataContentType())
}

func jsonPart(t testing.TB, name string, v any) part {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return part{name, "", "application/json", b}
}

func pdfPart(name string, pdf []byte) part {
	return part{name, "contract.pdf", "application/pdf", pdf}
}

func withDatabase(t testing.TB, dsn, name string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
