package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// house is a whole installation behind its API, with two organizations.
type house struct {
	*httpapi.API
	e     *embedded.Embedded
	clock *testworld.Clock
	key   string // org_a, every scope
	other string // org_b, every scope
	dir   string
}

const baseURL = "https://sign.example"

func newHouse(t testing.TB, change ...func(*httpapi.Config)) *house {
	t.Helper()
	return newHouseOn(t, embedded.Options{}, change...)
}

// newHouseOn is newHouse with more of embedded's options.
func newHouseOn(t testing.TB, o embedded.Options, change ...func(*httpapi.Config)) *house {
	t.Helper()
	h := &house{clock: testworld.NewClock(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)), dir: t.TempDir()}
	h.open(t, o)
	h.API = h.replica(t, change...)
	for _, org := range []string{"org_a", "org_b"} {
		_, err := h.e.Scopes.CreateOrganization(t.Context(), scopes.Organization{ID: org, LegalName: "Name of " + org, Origins: []string{"https://app." + org[4:] + ".example"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	h.key, h.other = h.issue(t, "org_a", scopes.All()...), h.issue(t, "org_b", scopes.All()...)
	return h
}

// open opens the installation of the house.
func (h *house) open(t testing.TB, o embedded.Options) {
	t.Helper()
	o.Dir, o.BaseURL, o.Now = h.dir, baseURL, h.clock.Now
	o.Custodian = &vault.Custodian{Party: custody.Party{Name: "Vault Operator"}}
	h.e = testworld.Open(t, o)
}

// replica is another API on the same installation.
func (h *house) replica(t testing.TB, change ...func(*httpapi.Config)) *httpapi.API {
	t.Helper()
	cfg := httpapi.Config{
		ESign: h.e.ESign, Templates: h.e.Templates, Vault: h.e.Vault, Approvals: h.e.Approvals, Pools: h.e.Pools, Compliance: h.e.Compliance, Handover: h.e.Handover, Log: h.e.Log, Scopes: h.e.Scopes,
		Idempotency: h.e.Idempotency, Tickets: h.e.Tickets, Counters: h.e.Counters, Leases: h.e.Leases, Outbox: h.e.Outbox,
		TokenKeys: h.e.TokenKeys, EmbedKey: h.e.EmbedKey, Keeper: h.e.Keeper, BaseURL: h.e.BaseURL, Env: storage.Env{Now: h.clock.Now},
	}
	for _, f := range change {
		f(&cfg)
	}
	api, err := httpapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func (h *house) issue(t testing.TB, org string, s ...scopes.Scope) string {
	t.Helper()
	_, secret, err := h.e.Scopes.Issue(t.Context(), scopes.IssueRequest{OrgID: org, Scopes: scopes.NewSet(s...), PerMinute: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// answer is a response read whole.
type answer struct {
	t      testing.TB
	what   string
	Status int
	Header http.Header
	Body   []byte
}

type option func(*http.Request)

func header(name, value string) option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func key(secret string) option {
	return func(r *http.Request) {
		r.Header.Del("X-API-Key")
		if secret != "" {
			r.Header.Set("X-API-Key", secret)
		}
	}
}

func idem(k string) option { return header("Idempotency-Key", k) }

// do sends a request straight into the handler. path is below the base path, or
// one of our absolute addresses; body is nil, []byte, url.Values or a value for
// JSON.
func (h *house) do(t testing.TB, method, path string, body any, opts ...option) *answer {
	t.Helper()
	return ask(t, h.API, method, path, body, append([]option{key(h.key)}, opts...)...)
}

func ask(t testing.TB, handler http.Handler, method, path string, body any, opts ...option) *answer {
	t.Helper()
	target := "/api/v2" + path
	if strings.HasPrefix(path, baseURL) {
		target, _, _ = strings.Cut(strings.TrimPrefix(path, baseURL), "#")
	}
	var r io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		r, contentType = bytes.NewReader(b), "application/pdf"
	case url.Values:
		r, contentType = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	case string:
		r, contentType = strings.NewReader(b), "application/json"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		r, contentType = bytes.NewReader(raw), "application/json"
	}
	req := httptest.NewRequestWithContext(t.Context(), method, target, r)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for _, o := range opts {
		o(req)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	return &answer{t, method + " " + path, w.Code, w.Header(), w.Body.Bytes()}
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: got %d, want %d\n%.1500s", a.what, a.Status, status, a.Body)
	}
	return a
}

func (a *answer) problem(status int, code string) *answer {
	a.t.Helper()
	if got := a.get("code"); a.Status != status || got != code {
		a.t.Errorf("%s: got %d %v, want %d %s\n%.800s", a.what, a.Status, got, status, code, a.Body)
	}
	return a
}

// get walks a dotted path; nil when it is not there.
func (a *answer) get(path string) any {
	var v any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		return nil
	}
	for k := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[k]
		case []any:
			i, err := strconv.Atoi(k)
			if err != nil || i >= len(x) {
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
	s, ok := a.get(path).(string)
	if !ok {
		a.t.Fatalf("%s: %s is %v, want text\n%.1500s", a.what, path, a.get(path), a.Body)
	}
	return s
}

func (a *answer) equal(path string, want any) *answer {
	a.t.Helper()
	if got := a.get(path); fmt.Sprint(got) != fmt.Sprint(want) {
		a.t.Errorf("%s: %s is %v, want %v", a.what, path, got, want)
	}
	return a
}

type obj = map[string]any

// contract is a request for an envelope with one signer and one text field.
func contract(more obj) obj {
	o := obj{
		"customer_email": "ada@example.com", "customer_name": "Ada Byron", "envelope_name": "Truck 42",
		"signers":  []any{obj{"email": "ada@example.com", "name": "Ada Byron", "role": "buyer"}},
		"fields":   []any{obj{"kind": "text", "role": "buyer", "page": 1, "x": 0.1, "y": 0.1, "w": 0.3, "h": 0.03, "label": "VIN"}},
		"document": obj{"filename": "contract.pdf", "content_base64": base64.StdEncoding.EncodeToString(testpdf.Contract(1))},
	}
	for k, v := range more {
		o[k] = v
	}
	return o
}

var paper = obj{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "Alan"}

func (h *house) create(t testing.TB, body obj, opts ...option) string {
	t.Helper()
	return h.do(t, "POST", "/partner/envelopes", body, opts...).want(201).str("data.envelope_id")
}

// link is the signing link of the only signer.
func (h *house) link(t testing.TB, env string, opts ...option) string {
	t.Helper()
	return h.do(t, "GET", "/partner/envelopes/"+env+"/signing-links", nil, opts...).want(200).str("data.0.signing_url")
}

// sign walks the only signer through read, consent and signature.
func (h *house) sign(t testing.TB, link string) *answer {
	t.Helper()
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200)
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	h.do(t, "POST", link+"/consent", obj{"disclosure_sha256": s.str("data.consent.disclosure_sha256")}, key("")).want(200)
	return h.do(t, "POST", link+"/sign", obj{
		"signature": obj{"kind": "typed", "text": "Ada Byron"},
		"fields":    []any{obj{"field_id": s.str("data.fields.0.field_id"), "value": "VIN1"}},
	}, key("")).want(200)
}

func (h *house) completed(t testing.TB, opts ...option) string {
	t.Helper()
	env := h.create(t, contract(nil), opts...)
	h.sign(t, h.link(t, env, opts...)).equal("data.envelope_status", "completed")
	return env
}

func (h *house) vaulted(t testing.TB, opts ...option) string {
	t.Helper()
	env := h.completed(t, opts...)
	h.do(t, "POST", "/partner/envelopes/"+env+"/vault-in-signed", obj{}, opts...).want(201)
	return env
}
