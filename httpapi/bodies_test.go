package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
)

// signerWrites are the signer routes that read a body.
var signerWrites = []string{"/consent", "/consent/withdraw", "/sign", "/decline"}

// untouched is a body that nobody may read.
type untouched struct{ read bool }

func (u *untouched) Read([]byte) (int, error) {
	u.read = true
	return 0, errors.New("read")
}

func (*untouched) Close() error { return nil }

// TestTokenIsJudgedBeforeTheBody: no byte of a body is read, whatever its form
// and size, before the link's MAC verifies.
func TestTokenIsJudgedBeforeTheBody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, good, _ := strings.Cut(h.link(t, h.create(t, contract(nil))), "/sign/")
	tokens := []string{"nonsense", "AAAA", good[:len(good)-2] + "AA", good + "A", "tkt_a.a.a", strings.Repeat("A", 600), "%41" + good[1:]}
	for i, token := range tokens {
		for _, route := range signerWrites {
			for _, size := range []int64{10, 4 << 20, 1 << 40, -1} {
				for _, media := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain"} {
					body := &untouched{}
					a := ask(t, h.API, "POST", "/sign/"+token+route, nil, header("Content-Type", media), func(r *http.Request) {
						r.Body, r.ContentLength, r.RemoteAddr = body, size, fmt.Sprintf("198.51.100.%d:1", i)
					})
					if body.read || a.Status != 404 && a.Status != 403 {
						t.Errorf("%s%s of %d bytes: got %d, body read: %v", token, route, size, a.Status, body.read)
					}
				}
			}
		}
	}
}

// TestBodyLimits: each route has a limit of its own.
func TestBodyLimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	for _, tt := range []struct {
		path string
		most int
	}{
		{link + "/consent", 4 << 10},
		{link + "/consent/withdraw", 4 << 10},
		{link + "/decline", 4 << 10},
		{link + "/sign", 4 << 20},
		{"/embed/session", 8 << 10},
		{"/embed/token", 8 << 10},
		{"/partner/envelopes/" + env + "/send", 4 << 10},
		{"/partner/envelopes/" + env + "/void", 64 << 10},
		{"/partner/envelopes/" + env + "/remind", 64 << 10},
		{"/partner/envelopes/" + env + "/vault-in-signed", 64 << 10},
		{"/partner/envelopes/" + env + "/vault-out", 64 << 10},
	} {
		for _, announced := range []bool{true, false} {
			as := func(r *http.Request) {
				if !announced {
					r.ContentLength = -1
				}
			}
			spaces := func(n int) string { return `{"no":1}` + strings.Repeat(" ", n-8) }
			h.do(t, "POST", tt.path, spaces(tt.most+1), as).problem(413, "body_too_large")
			if a := h.do(t, "POST", tt.path, spaces(tt.most), as); a.Status != 400 {
				t.Errorf("%s: %d bytes: got %d, want 400\n%s", tt.path, tt.most, a.Status, a.Body)
			}
		}
	}
}

// TestListsAreJudgedByLength: what is too long is refused as a whole, and no
// refusal is long.
func TestListsAreJudgedByLength(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	many := func(name, element string, n int) string {
		return `{"` + name + `":[` + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + `]}`
	}
	var members strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&members, `,"k%d":"\u0000"`, i)
	}
	sign := h.link(t, h.create(t, contract(nil))) + "/sign"
	env := h.create(t, paper)
	for name, tt := range map[string]struct {
		path, body string
		status     int
		code       string
		details    int
		more       bool
	}{
		"more values than any request": {"/partner/envelopes", many("fields", "{}", 350_000), 400, "too_many_values", 0, false},
		"numbers":                      {"/partner/envelopes", many("fields", "1", 350_000), 400, "too_many_values", 0, false},
		"of a signature":               {sign, many("fields", "{}", 350_000), 400, "too_many_values", 0, false},
		"fields":                       {"/partner/envelopes", many("fields", "{}", 9000), 422, "invalid", 1, false},
		"signers":                      {"/partner/envelopes", many("signers", `{"order":-1}`, 4000), 422, "invalid", 1, false},
		"metadata":                     {"/partner/envelopes", `{"metadata":{` + members.String()[1:] + `}}`, 422, "invalid", 1, false},
		"values of a signature":        {sign, strings.Replace(many("fields", "{}", 9000), "{", `{"signature":{"kind":"typed","text":"A"},`, 1), 422, "invalid", 1, false},
		"signed_by":                    {"/partner/envelopes/" + env + "/vault-in-upload", `{"attestation":` + many("signed_by", `""`, 9000) + `}`, 409, "", 0, false},
		"a full list, all wrong":       {"/partner/envelopes", many("fields", `{"label":"`+strings.Repeat("x", 300)+`","x":7}`, 500), 422, "invalid", 100, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := h.do(t, "POST", tt.path, tt.body)
			if tt.code != "" {
				a.problem(tt.status, tt.code)
			} else if a.Status < 400 || a.Status >= 500 {
				t.Errorf("got %d", a.Status)
			}
			details, _ := a.get("details").([]any)
			if len(a.Body) > 64<<10 || tt.code != "" && len(details) != tt.details || (a.get("more") != nil) != tt.more {
				t.Errorf("%d bytes, %d details, more %v", len(a.Body), len(details), a.get("more"))
			}
		})
	}
}

// TestFormsAndQueriesAreBounded by how many values they have.
func TestFormsAndQueriesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.link(t, h.create(t, contract(nil)))
	form := header("Content-Type", "application/x-www-form-urlencoded")
	var distinct strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&distinct, "k%d&", i)
	}
	for _, body := range []string{distinct.String(), strings.Repeat("&", 3<<20), strings.Repeat("a=1&", 10_000)} {
		h.do(t, "POST", link+"/sign", body, key(""), form).problem(400, "too_many_values")
	}
	h.do(t, "GET", "/partner/envelopes?"+distinct.String()[:500_000], nil).problem(400, "bad_query")
	h.do(t, "GET", "/partner/envelopes?"+strings.Repeat("&", 500_000), nil).problem(400, "bad_query")
}

// TestRefusalsAreShort: whatever a client's own text is, it comes back cut.
func TestRefusalsAreShort(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	long := strings.Repeat("ü", 30_000)
	for name, body := range map[string]string{
		"unknown":         `{"` + long + `":1}`,
		"unknown, deep":   `{"document":{"` + long + `":1}}`,
		"twice":           `{"` + long + `":1,"` + long + `":1}`,
		"of another type": `{"metadata":{"` + long + `":1}}`,
		"key":             `{"metadata":{"` + long + `":"x"}}`,
	} {
		if a := h.do(t, "POST", "/partner/envelopes", body); a.Status >= 500 || a.Status < 400 || len(a.Body) > 64<<10 || !json.Valid(a.Body) {
			t.Errorf("%s: got %d of %d bytes", name, a.Status, len(a.Body))
		}
	}
	for _, path := range []string{"/partner/envelopes/" + long, "/partner/envelopes?" + long + "=1", "/partner/envelopes?status=" + long, "/" + long} {
		if a := h.do(t, "GET", path, nil); a.Status >= 500 || a.Status < 400 || len(a.Body) > 64<<10 || !json.Valid(a.Body) {
			t.Errorf("%.30s: got %d of %d bytes", path, a.Status, len(a.Body))
		}
	}
}

// TestSlowBodiesInParallel are refused in time, by a server whose host set no time-outs.
func TestSlowBodiesInParallel(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	api := h.replica(t, func(c *httpapi.Config) { c.BodyTimeout = 300 * time.Millisecond })
	body := func() io.Reader { // some bytes, then silence
		r, w := io.Pipe()
		go func() {
			_, _ = io.WriteString(w, `{"envelope_kind":`)
		}()
		t.Cleanup(func() { w.Close() })
		return r
	}
	for name, handler := range map[string]http.Handler{"deadlines": api, "a writer without deadlines": plainWriter{api}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /api/v2/partner/envelopes HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{", h.key)
			if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
				t.Fatal("neither answered nor cut")
			}
			if err == nil && resp.StatusCode != 408 {
				t.Errorf("got %d, want 408", resp.StatusCode)
			}
		})
	}
	t.Run("a recorder", func(t *testing.T) {
		t.Parallel()
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v2/partner/envelopes", body())
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-API-Key", h.key)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != 408 {
			t.Errorf("got %d, want 408", w.Code)
		}
	})
}

// plainWriter hides what else a ResponseWriter can do.
type plainWriter struct{ http.Handler }

func (p plainWriter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.Handler.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
}

// sleepy takes its time over a claim.
type sleepy struct{ storage.Idempotency }

func (s sleepy) Claim(ctx context.Context, c storage.Claim, now time.Time) (*storage.Answer, error) {
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.Idempotency.Claim(ctx, c, now)
}

// TestBodyDeadlineEndsWithTheBody: the work on a request may take longer than
// its body, and the connection serves the next request.
func TestBodyDeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	server := httptest.NewServer(h.replica(t, func(c *httpapi.Config) {
		c.BodyTimeout, c.Idempotency = 200*time.Millisecond, sleepy{h.e.Idempotency}
	}))
	defer server.Close()
	for i := range 2 {
		req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/api/v2/partner/envelopes", strings.NewReader(`{"envelope_kind":"paper","customer_email":"a@example.com","customer_name":"A"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-API-Key", h.key)
		req.Header.Set("Idempotency-Key", fmt.Sprint("k", i))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 201 {
			t.Errorf("got %d %s, want 201", resp.StatusCode, b)
		}
	}
}

// TestParallelBodiesAreBounded: by the bytes that came, with half of the room for
// one organization, and given back.
func TestParallelBodiesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	api := h.replica(t, func(c *httpapi.Config) { c.BodyLimit, c.BodiesInFlight = 1<<20, 1 })
	env := h.create(t, paper)
	at := "/partner/envelopes/" + env + "/upload"
	upload := testpdf.Simple(1, "x")
	const half = 4 * (1<<20/3*4 + 1<<20) / 2
	var held []*io.PipeWriter
	var ended []chan *answer
	hold := func(n int) {
		r, w := io.Pipe()
		done := make(chan *answer, 1)
		go func() {
			req := httptest.NewRequest("POST", "/api/v2"+at, r)
			req.Header.Set("Content-Type", "application/pdf")
			req.Header.Set("X-API-Key", h.key)
			rec := httptest.NewRecorder()
			api.ServeHTTP(rec, req)
			done <- &answer{t, "held", rec.Code, rec.Header(), rec.Body.Bytes()}
		}()
		if _, err := w.Write(make([]byte, n)); err != nil {
			t.Error(err)
		}
		held, ended = append(held, w), append(ended, done)
	}
	for left := half - 1000; left > 0; left -= 1 << 20 {
		hold(min(left, 1<<20))
	}
	for api.Held() != half-1000 {
		time.Sleep(time.Millisecond)
	}
	a := ask(t, api, "POST", at, append(upload, make([]byte, 2000)...), key(h.key)).problem(503, "busy")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	ask(t, api, "POST", "/partner/envelopes", paper, key(h.other)).want(201) // another organization has its half
	ask(t, api, "GET", at[:len(at)-len("/upload")], nil, key(h.key)).want(200)
	for i, w := range held {
		w.CloseWithError(errors.New("gone"))
		(<-ended[i]).problem(400, "body_unreadable")
	}
	ask(t, api, "POST", at, upload, key(h.key)).want(200)
	if n := api.Held(); n != 0 {
		t.Errorf("%d bytes are still held", n)
	}
}

// TestTokenRoutesAreLimitedByAddress as public ones are, and apart from them.
func TestTokenRoutesAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *httpapi.Config) { c.PublicPerMinute = 5 })
	link := h.link(t, h.create(t, contract(nil)))
	for range 5 {
		h.do(t, "GET", link+"/session", nil, key("")).want(200)
	}
	if a := h.do(t, "GET", link+"/session", nil, key("")).problem(429, "rate_limited"); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.do(t, "POST", link+"/consent", obj{}, key("")).problem(429, "rate_limited")
	h.do(t, "GET", "/download/nonsense", nil, key("")).problem(429, "rate_limited")
	h.do(t, "GET", "/docs", nil, key("")).want(200)
	h.do(t, "GET", link+"/session", nil, key(""), func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1" }).want(200)
}
