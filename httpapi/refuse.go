package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/storage"
)

// refuse writes the problem document of err.
func (a *API) refuse(c *call, err error) {
	d := judge(err)
	if d.Status >= 500 && errors.Is(c.R.Context().Err(), context.Canceled) {
		a.log.DebugContext(c.Ctx, "httpapi: client went away", "request_id", c.RequestID, "route", c.where())
	} else if d.Status >= 500 {
		a.log.ErrorContext(c.Ctx, "httpapi: request failed", "request_id", c.RequestID, "route", c.where(), "status", d.Status, "error", err)
	}
	h := c.W.Header()
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
	d.Type, d.Instance = a.cfg.BaseURL+a.cfg.BasePath+"/docs#"+d.Code, c.instance()
	c.Refuse(d)
}

// retryAfter is the seconds after which to try again, 0 for none.
func (c *call) retryAfter(err error, d rest.Document) int {
	now := c.Now
	switch {
	case d.Status == http.StatusTooManyRequests && !c.RetryAt.IsZero() && d.Code != "too_many_failures":
		return int(c.RetryAt.Sub(now)/time.Second) + 1
	case d.Code == "rate_limited":
		return 60
	case d.Status == http.StatusTooManyRequests:
		return int(now.Truncate(failureWindow).Add(failureWindow).Sub(now)/time.Second) + 1
	case errors.Is(err, storage.ErrInProgress), d.Status == http.StatusServiceUnavailable, d.Code == "certificate_pending":
		return 1
	}
	return 0
}

// instance is the path without a secret.
func (c *call) instance() string {
	if c.route == nil || c.Params["token"] == "" {
		return c.R.URL.EscapedPath()
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
