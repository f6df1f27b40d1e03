package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Call is one request on its way through.
type Call struct {
	Ctx       context.Context // ends when the work has taken too long
	W         http.ResponseWriter
	R         *http.Request
	RequestID string
	Now       time.Time         // when the request came
	Params    map[string]string // of the path, by their names in the Pattern
	Body      Body              // empty before Bodies.Read and after Bodies.Release
	RetryAt   time.Time         // when the limit that refused the call ends

	cancel context.CancelFunc
	in     *arrival // the body, once it is read
	values int      // that the body may have
	claim  *claim   // of the Idempotency-Key
}

// New returns the call of a request. Its id is the client's X-Request-Id, or
// newID("req") where that is missing or does not fit into a log line.
func New(w http.ResponseWriter, r *http.Request, now time.Time, newID func(prefix string) string) *Call {
	c := &Call{W: w, R: r, Now: now, RequestID: r.Header.Get("X-Request-Id")}
	if !saneRequestID(c.RequestID) {
		c.RequestID = newID("req")
	}
	h := w.Header()
	h.Set("X-Request-Id", c.RequestID)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox") // a page sets its own
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	return c
}

// saneRequestID accepts what a log line and a header can carry.
func saneRequestID(s string) bool {
	if len(s) == 0 || len(s) > maxRequestID {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:", r)
	}) < 0
}

// Limit makes Ctx end d from now.
func (c *Call) Limit(d time.Duration) {
	c.End()
	c.Ctx, c.cancel = context.WithTimeout(c.R.Context(), d)
}

// End ends Ctx.
func (c *Call) End() {
	if c.cancel != nil {
		c.cancel()
	}
}

// Aside returns a context of a few seconds for records about a call that must
// be stored even if the client has gone.
func (c *Call) Aside() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.Ctx), asideTime)
}

// WantsPage reports whether the client is a browser that shows pages to people.
func (c *Call) WantsPage() bool { return strings.Contains(c.R.Header.Get("Accept"), "text/html") }

// Write writes a response. A header with the value "" is removed; a body that is
// not nil is application/json unless header says otherwise.
func (c *Call) Write(status int, header map[string]string, body []byte) {
	h := c.W.Header()
	if body != nil {
		h.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		if v == "" {
			h.Del(k)
			continue
		}
		h.Set(k, v)
	}
	if status != http.StatusNotModified && status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.W.WriteHeader(status)
	if c.R.Method != http.MethodHead && status != http.StatusNotModified {
		_, _ = c.W.Write(body) // an error means that the client has gone
	}
}

// Send writes rp. On an error nothing was written.
func (c *Call) Send(rp *Reply) error {
	if rp.Stream != nil {
		for k, v := range rp.Header {
			c.W.Header().Set(k, v)
		}
		rp.Stream(c.W, c.R)
		return nil
	}
	b, err := rp.encode()
	if err != nil {
		return err
	}
	b, err = c.compress(rp, b)
	if err != nil {
		return err
	}
	c.Write(rp.Status, rp.Header, b)
	return nil
}

// Refuse writes the document of a problem.
func (c *Call) Refuse(d Document) {
	d.RequestID = c.RequestID
	h := c.W.Header()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	c.Write(d.Status, map[string]string{"Content-Type": "application/problem+json"}, d.encode())
}
