package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/storage"
)

// refuse writes the problem document of err.
func (a *API) refuse(c *call, err error) {
	d := judge(err)
	if d.Status >= 500 {
		a.log.ErrorContext(c.ctx, "httpapi: request failed", "request_id", c.requestID, "route", c.where(), "status", d.Status, "error", err)
	}
	h := c.w.Header()
	var method *badMethod
	switch {
	case errors.As(err, &method):
		h.Set("Allow", strings.Join(method.allowed, ", "))
	case d.Status == http.StatusUnauthorized && c.route != nil && c.route.cred != byKey:
		h.Set("WWW-Authenticate", `EmbedToken realm="evault"`)
	case d.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `ApiKey realm="evault"`)
	}
	if s := c.retryAfter(err, d); s > 0 {
		h.Set("Retry-After", strconv.Itoa(s))
	}
	if c.page != nil {
		c.page(d)
		return
	}
	d.Type = fmt.Sprintf("%s%s/docs#%s", a.cfg.BaseURL, a.cfg.BasePath, d.Code)
	d.RequestID, d.Instance = c.requestID, c.instance()
	b := d.encode()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	c.writeBytes(d.Status, map[string]string{"Content-Type": "application/problem+json"}, b)
}

// Sizes of a refusal. A client's own text in it is cut, so that the whole stays
// far below 64 KiB: 100 details of at most 500 bytes.
const (
	maxDetail  = 4 << 10
	maxMessage = 300
)

// encode cuts what a client sent down to size and returns the JSON.
func (d *document) encode() []byte {
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

// retryAfter is the seconds after which trying again makes sense, 0 for never.
func (c *call) retryAfter(err error, d document) int {
	now := c.now
	switch {
	case d.Status == http.StatusTooManyRequests && !c.retryAt.IsZero() && d.Code != "too_many_failures":
		return int(c.retryAt.Sub(now)/time.Second) + 1
	case d.Code == "rate_limited":
		return 60
	case d.Status == http.StatusTooManyRequests:
		return int(now.Truncate(failureWindow).Add(failureWindow).Sub(now)/time.Second) + 1
	case errors.Is(err, storage.ErrInProgress), d.Status == http.StatusServiceUnavailable, d.Code == "certificate_pending":
		return 1
	}
	return 0
}

// instance is the path, without the secret that some paths hold.
func (c *call) instance() string {
	if c.route == nil || c.params["token"] == "" {
		return c.r.URL.EscapedPath()
	}
	return strings.ReplaceAll(c.route.pattern, "{token}", "-")
}

// where names the route for the log; a path may hold a secret.
func (c *call) where() string {
	if c.route == nil {
		return "none"
	}
	return c.route.method + " " + c.route.pattern
}

func asInvalid(err error) (*storage.InvalidError, bool) {
	var ie *storage.InvalidError
	return ie, errors.As(err, &ie)
}
