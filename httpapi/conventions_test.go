package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

const absent = "env_aaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestOrderOfRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.completed(t)
	weak := key(h.issue(t, "org_a", scopes.CustodyRead))
	void := "/partner/envelopes/" + env + "/void"
	huge := strings.Repeat(" ", 2<<20)
	steps := []struct {
		name, method, path string
		body               any
		opts               []option
		status             int
		code               string
	}{
		{"401 before all", "POST", "/partner/nothing", huge, []option{key("")}, 401, "key_missing"},
		{"401 unknown", "POST", "/partner/nothing", nil, []option{key("lk_" + strings.Repeat("0", 40))}, 401, "key_unknown"},
		{"404 of the route before 403", "GET", "/partner/nothing", nil, []option{weak}, 404, "route_not_found"},
		{"405 before 403", "DELETE", void, nil, []option{weak}, 405, "method_not_allowed"},
		{"403 before 413", "POST", void, huge, []option{weak}, 403, "scope_missing"},
		{"413 before 415", "POST", void, huge, []option{header("Content-Type", "text/plain")}, 413, "body_too_large"},
		{"415 before 400", "POST", void, "{", []option{header("Content-Type", "text/plain")}, 415, "media_type"},
		{"400 before 422", "POST", void, `{"reason":"","x":1}`, nil, 400, "unknown_field"},
		{"422 of the body before 404", "POST", "/partner/envelopes/" + absent + "/void", `{"reason":""}`, nil, 422, "invalid"},
		{"404 of the id before 412", "POST", "/partner/envelopes/" + absent + "/void", `{"reason":"x"}`, []option{header("If-Match", `"no"`)}, 404, "envelope_not_found"},
		{"412 before 409", "POST", void, `{"reason":"x"}`, []option{header("If-Match", `"no"`)}, 412, "precondition_failed"},
		{"409", "POST", void, `{"reason":"x"}`, []option{header("If-Match", "*")}, 409, "already_signed"},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			a := h.do(t, s.method, s.path, s.body, s.opts...).problem(s.status, s.code)
			if a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", a.Header)
			}
			for _, f := range []string{"type", "title", "detail", "instance", "request_id"} {
				if a.str(f) == "" {
					t.Errorf("no %s: %s", f, a.Body)
				}
			}
			if a.str("error") != a.str("detail") || a.str("request_id") != a.Header.Get("X-Request-Id") {
				t.Errorf("it contradicts itself: %s", a.Body)
			}
		})
	}
}

func TestStrictBodies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, tt := range map[string]struct{ body, code string }{
		"empty":            {``, "body_required"},
		"not JSON":         {`{`, "bad_json"},
		"two values":       {`{}{}`, "bad_json"},
		"a list":           {`[]`, "bad_json"},
		"null":             {`null`, "bad_json"},
		"unknown":          {`{"surprise":1}`, "unknown_field"},
		"other case":       {`{"Customer_Email":"a@example.com"}`, "unknown_field"},
		"unknown, nested":  {`{"signers":[{"email":"a@example.com","nme":"A"}]}`, "unknown_field"},
		"twice":            {`{"customer_name":"A","customer_name":"B"}`, "duplicate_field"},
		"twice, nested":    {`{"metadata":{"a":"1","a":"2"}}`, "duplicate_field"},
		"wrong type":       {`{"customer_email":1}`, "bad_type"},
		"not UTF-8":        {"{\"customer_name\":\"\xff\"}", "bad_json"},
		"too deep":         {strings.Repeat(`{"metadata":`, 40) + "1" + strings.Repeat("}", 40), "bad_json"},
		"a number, spoilt": {`{"expires_in_days":1.5}`, "bad_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h.do(t, "POST", "/partner/envelopes", tt.body, header("Content-Type", "application/json")).problem(400, tt.code)
		})
	}
	a := h.do(t, "POST", "/partner/envelopes", `{}`).problem(422, "invalid")
	if a.get("details.0.field") == nil || a.get("details.0.rule") == nil || a.get("details.0.message") == nil {
		t.Errorf("details: %s", a.Body)
	}
	for _, q := range []string{"page=0", "page=01", "limit=101", "limit=x", "cursor=", "cursor=%00", "page=1&cursor=x", "page=1&page=2", "status=lost", "created_after=yesterday", "nothing=1", "a=%zz"} {
		h.do(t, "GET", "/partner/envelopes?"+q, nil).problem(400, "bad_query")
	}
}

func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *httpapi.Config) { c.BodyLimit = 1 << 20 })
	at := "/partner/envelopes/" + h.create(t, paper) + "/upload"
	h.do(t, "POST", at, make([]byte, 3<<20)).problem(413, "body_too_large")
	h.do(t, "POST", at, make([]byte, 3<<20), func(r *http.Request) { r.ContentLength = -1 }).problem(413, "body_too_large")
	for _, ct := range []string{"text/plain", "", "application/json", "multipart/form-data", "application/pdf; charset=latin1", "nonsense/;"} {
		h.do(t, "POST", at, []byte("x"), header("Content-Type", ct)).problem(415, "media_type")
	}
	h.do(t, "POST", at, []byte("x"), header("Content-Encoding", "gzip")).problem(415, "media_type")
	for name, second := range map[string]string{"Content-Type": "text/plain", "Content-Encoding": "gzip"} {
		first := map[string]string{"Content-Type": "application/pdf", "Content-Encoding": "identity"}[name]
		twice := func(r *http.Request) { r.Header[name] = []string{first, second} }
		h.do(t, "POST", at, []byte("x"), header("Content-Type", "application/pdf"), twice).problem(415, "media_type")
	}
	h.do(t, "POST", at, nil).problem(400, "file_required")
	h.do(t, "POST", at+"?x=1", testpdf.Simple(1, "x")).problem(400, "bad_query")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, paper)
	at := "/partner/envelopes/" + env
	a := h.do(t, "GET", at, nil, header("X-Request-Id", "mine-1")).want(200)
	for name, want := range map[string]string{
		"X-Request-Id": "mine-1", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-RateLimit-Limit": "1000000", "Content-Type": "application/json",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if id := h.do(t, "GET", at, nil, header("X-Request-Id", "not\tsane")).Header.Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
		t.Errorf("X-Request-Id %q, want a new one", id)
	}
	etag := a.Header.Get("ETag")
	if n := h.do(t, "GET", at, nil, header("If-None-Match", `"x", W/`+etag)).want(304); len(n.Body) != 0 || n.Header.Get("ETag") != etag {
		t.Errorf("304 with body %q, ETag %q", n.Body, n.Header.Get("ETag"))
	}
	st := h.do(t, "GET", at+"/status", nil).want(200)
	h.do(t, "GET", at+"/status", nil, header("If-None-Match", st.Header.Get("ETag"))).want(304)
	if hd := h.do(t, "HEAD", at, nil).want(200); len(hd.Body) != 0 || hd.Header.Get("ETag") != etag || hd.Header.Get("Content-Length") != fmt.Sprint(len(a.Body)) {
		t.Errorf("HEAD: %v %q", hd.Header, hd.Body)
	}
	if no := h.do(t, "PUT", at, nil).problem(405, "method_not_allowed"); no.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow %q", no.Header.Get("Allow"))
	}
	h.do(t, "POST", at+"/upload", testpdf.Simple(1, "x"), header("If-Match", etag)).want(200)
	h.do(t, "POST", at+"/upload", testpdf.Simple(1, "x"), header("If-Match", etag)).problem(412, "precondition_failed")
	h.do(t, "GET", at+"/status", nil, header("If-None-Match", st.Header.Get("ETag"))).want(200)
}

func TestPathIsJudgedWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, target := range []string{"/", "/api/v2", "/api/v2/", "/api/v20/docs", "/docs", "/api/v2//docs", "/api/v2/docs/", "/api/v2/%2e%2e/docs", "/x/api/v2/docs"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://x"+target, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 404 {
			t.Errorf("%s: got %d, want 404", target, w.Code)
		}
	}
	other := h.replica(t, func(c *httpapi.Config) { c.BasePath = "/legal/sign" })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/legal/sign/docs", nil)
	w := httptest.NewRecorder()
	other.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("another base path: got %d", w.Code)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, secret, err := h.e.Scopes.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All(), PerMinute: 2})
	if err != nil {
		t.Fatal(err)
	}
	for left := range 2 {
		a := h.do(t, "GET", "/partner/envelopes", nil, key(secret)).want(200)
		if got := a.Header.Get("X-RateLimit-Remaining"); got != fmt.Sprint(1-left) {
			t.Errorf("remaining %s, want %d", got, 1-left)
		}
	}
	a := h.do(t, "GET", "/partner/envelopes", nil, key(secret)).problem(429, "rate_limited")
	if a.Header.Get("Retry-After") == "" || a.Header.Get("X-RateLimit-Reset") == "" || a.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("headers %v", a.Header)
	}
	h.clock.Advance(time.Minute)
	h.do(t, "GET", "/partner/envelopes", nil, key(secret)).want(200)
}

// TestGuessingIsCounted: over two replicas, and only for what is wrong.
func TestGuessingIsCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.replica(t)
	guess := func(api http.Handler, secret string) int {
		return ask(t, api, "GET", "/partner/envelopes", nil, key(secret)).Status
	}
	for i := range 300 {
		api := http.Handler(h.API)
		if i%2 == 1 {
			api = second
		}
		if got := guess(api, fmt.Sprintf("lk_%040x", i)); got != 401 {
			t.Fatalf("guess %d: got %d", i, got)
		}
	}
	for _, api := range []http.Handler{h.API, second} {
		if got := guess(api, "lk_"+strings.Repeat("f", 40)); got != 429 {
			t.Errorf("guess 301: got %d, want 429", got)
		}
		if got := guess(api, h.key); got != 200 {
			t.Errorf("a good key: got %d, want 200", got)
		}
	}
	if _, err := h.e.Counters.Add(t.Context(), "link:192.0.2.1", h.clock.Now().Truncate(5*time.Minute), 300); err != nil {
		t.Fatal(err)
	}
	a := ask(t, second, "GET", "/sign/"+strings.Repeat("A", 60)+"/session", nil)
	if a.Status != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("guessed links: got %d", a.Status)
	}
	h.clock.Advance(5 * time.Minute)
	if got := guess(h.API, "lk_"+strings.Repeat("f", 40)); got != 401 {
		t.Errorf("in the next window: got %d", got)
	}
}

func TestDisabledKeyStopsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k, secret, err := h.e.Scopes.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All()})
	if err != nil {
		t.Fatal(err)
	}
	at := "/partner/envelopes/" + h.vaulted(t)
	u := h.do(t, "GET", at+"/vault/signed-url", nil, key(secret)).want(200).str("data.signed_url")
	if _, err := h.e.Scopes.Disable(t.Context(), "org_a", k.ID); err != nil {
		t.Fatal(err)
	}
	h.do(t, "GET", at, nil, key(secret)).problem(401, "key_disabled")
	h.do(t, "GET", u, nil, key("")).problem(410, "token_withdrawn")
}

func multi(t *testing.T, boundary string, parts map[string][]byte) ([]byte, option) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"envelope", "document", "request", "file"} {
		content, has := parts[name]
		if !has {
			continue
		}
		ct := "application/pdf"
		if name == "envelope" || name == "request" {
			ct = "application/json"
		}
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename="f.pdf"`, name)}, "Content-Type": {ct}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return b.Bytes(), header("Content-Type", w.FormDataContentType())
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pdf := testpdf.Contract(2)
	body, ct := multi(t, "one", map[string][]byte{"envelope": []byte(`{"customer_email":"a@example.com","customer_name":"A"}`), "document": pdf})
	h.do(t, "POST", "/partner/envelopes", body, ct, idem("k")).want(201).equal("data.document.sha256", sum(pdf)).equal("data.status", "sent")
	body2, ct2 := multi(t, "two", map[string][]byte{"envelope": []byte(`{"customer_email":"a@example.com","customer_name":"A"}`), "document": pdf})
	if a := h.do(t, "POST", "/partner/envelopes", body2, ct2, idem("k")).want(201); a.Header.Get("Idempotent-Replayed") != "true" {
		t.Error("another boundary is taken for another request")
	}
	missing, ct3 := multi(t, "three", map[string][]byte{"document": pdf})
	h.do(t, "POST", "/partner/envelopes", missing, ct3).problem(400, "part_required")
	wrong, ct4 := multi(t, "four", map[string][]byte{"file": pdf})
	h.do(t, "POST", "/partner/envelopes", wrong, ct4).problem(400, "unknown_part")
	h.do(t, "POST", "/partner/envelopes", []byte("--x\r\nnonsense"), header("Content-Type", "multipart/form-data; boundary=x")).problem(400, "bad_multipart")
	at := "/partner/envelopes/" + h.create(t, paper)
	both, ct5 := multi(t, "five", map[string][]byte{"request": []byte(`{"jurisdiction":"US-NY"}`), "file": pdf})
	h.do(t, "POST", at+"/vault-in-upload", both, ct5).want(201).equal("data.jurisdiction", "US-NY").equal("data.deposited_sha256", sum(pdf))
	h.do(t, "POST", at+"/vault-in-upload", both, ct5).want(200)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 5 {
		h.create(t, paper)
	}
	seen := map[string]bool{}
	cursor := ""
	for pages := 1; ; pages++ {
		a := h.do(t, "GET", "/partner/envelopes?limit=2"+cursor, nil).want(200)
		var list struct {
			Data []struct {
				ID string `json:"envelope_id"`
			} `json:"data"`
			Meta struct {
				Page, Total *int
				NextCursor  *string `json:"next_cursor"`
			} `json:"meta"`
		}
		if err := json.Unmarshal(a.Body, &list); err != nil {
			t.Fatal(err)
		}
		if cursored := cursor != ""; cursored != (list.Meta.Page == nil) || cursored != (list.Meta.Total == nil) {
			t.Errorf("page %d: meta %s", pages, a.Body)
		}
		for _, e := range list.Data {
			if seen[e.ID] {
				t.Errorf("%s comes twice", e.ID)
			}
			seen[e.ID] = true
		}
		if list.Meta.NextCursor == nil {
			if pages != 3 || len(seen) != 5 {
				t.Errorf("%d pages, %d rows", pages, len(seen))
			}
			return
		}
		cursor = "&cursor=" + url.QueryEscape(*list.Meta.NextCursor)
	}
}

// broken is a database that does not answer.
type broken struct{ storage.Counters }

func (broken) Add(context.Context, string, time.Time, int) (int, error) {
	return 0, fmt.Errorf("dial 10.0.0.1: %w", storage.ErrUnavailable)
}

// hanging is a database that takes a question and never answers.
type hanging struct{ storage.Counters }

func (hanging) Add(ctx context.Context, _ string, _ time.Time, _ int) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	api := h.replica(t, func(c *httpapi.Config) { c.Counters, c.Timeout = hanging{}, 50*time.Millisecond })
	ask(t, api, "GET", "/verify/"+strings.Repeat("0", 64), nil).problem(503, "timeout")
}

func TestTroubleTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	api := h.replica(t, func(c *httpapi.Config) { c.Counters = broken{} })
	a := ask(t, api, "GET", "/verify/"+strings.Repeat("0", 64), nil)
	a.problem(503, "unavailable")
	if a.Header.Get("Retry-After") == "" || strings.Contains(string(a.Body), "10.0.0.1") {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	api = h.replica(t, func(c *httpapi.Config) { c.ClientIP = func(*http.Request) string { panic("secret words") } })
	a = ask(t, api, "GET", "/docs", nil)
	a.problem(500, "internal")
	if strings.Contains(string(a.Body), "secret words") {
		t.Errorf("%s", a.Body)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := httpapi.New(httpapi.Config{})
	if err == nil || !strings.Contains(err.Error(), "Config.ESign is required") {
		t.Errorf("got %v", err)
	}
}

// TestIfMatchIsTakenByEveryVerb that changes an envelope: another state is 412
// before the verb looks at the status, "*" and the right one are none.
func TestIfMatchIsTakenByEveryVerb(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	signed, onPaper := h.completed(t), h.create(t, paper)
	file, kind := multi(t, "b", map[string][]byte{"file": testpdf.Simple(1, "multipart")})
	verbs := []struct {
		env, path string
		body      any
		opts      []option
	}{
		{signed, "/send", nil, nil},
		{signed, "/void", obj{"reason": "x"}, nil},
		{signed, "/remind", nil, nil},
		{signed, "/vault-in-signed", nil, nil},
		{signed, "/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}, nil},
		{onPaper, "/upload", testpdf.Simple(1, "x"), nil},
		{onPaper, "/vault-in-upload", nil, nil},
		{onPaper, "/vault-in-upload", file, []option{kind}},
	}
	for _, v := range verbs {
		h.do(t, "POST", "/partner/envelopes/"+v.env+v.path, v.body, append(v.opts, header("If-Match", `"no"`))...).problem(412, "precondition_failed")
	}
	etag := func() option {
		return header("If-Match", h.do(t, "GET", "/partner/envelopes/"+onPaper, nil).want(200).Header.Get("ETag"))
	}
	h.do(t, "POST", "/partner/envelopes/"+onPaper+"/upload", testpdf.Simple(1, "x"), header("If-Match", "*")).want(200)
	h.do(t, "POST", "/partner/envelopes/"+onPaper+"/vault-in-upload", file, kind, etag()).want(201)
	h.do(t, "POST", "/partner/envelopes/"+signed+"/vault-in-signed", nil, header("If-Match", "*")).want(201)
}
