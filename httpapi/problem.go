package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/check"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

// Refusals of this package.
var (
	errNoKey         = errors.New("httpapi: no key")
	errTooManyBad    = errors.New("httpapi: too many failures from this address")
	errRate          = errors.New("httpapi: rate limit")
	errNoRoute       = errors.New("httpapi: no such route")
	errIfMatch       = errors.New("httpapi: If-Match failed")
	errTooLarge      = errors.New("httpapi: body too large")
	errMediaType     = errors.New("httpapi: media type")
	errTicket        = errors.New("httpapi: not a download address of ours")
	errTicketExpired = errors.New("httpapi: download address has expired")
	errTicketDead    = errors.New("httpapi: download address was withdrawn")
	errNotVaulted    = errors.New("httpapi: not vaulted")
	errEmbedToken    = errors.New("httpapi: not an embed token of ours")
	errEmbedGone     = errors.New("httpapi: embed token is no longer valid")
	errNotSignerTurn = errors.New("httpapi: not a signer whose turn it is")
	errOff           = errors.New("httpapi: turned off by the host")
	errPanic         = errors.New("httpapi: panic")
)

// badRequest is a 400 with its own code and sentence.
type badRequest struct{ code, detail string }

func (e *badRequest) Error() string { return "httpapi: " + e.detail }

// scopeMissing is a 403; it names what the key lacks.
type scopeMissing struct{ needed []scopes.Scope }

func (e *scopeMissing) Error() string { return "httpapi: scope missing" }

// badMethod is a 405 with what is allowed.
type badMethod struct{ allowed []string }

func (e *badMethod) Error() string { return "httpapi: method not allowed" }

// problem is the answer that an error means. Detail is a sentence for people;
// nothing internal and nothing of another organization is in it.
type problem struct {
	err    error
	status int
	code   string
	title  string
}

// problems is the one table from an error to its answer. The first row whose
// error is in the chain wins.
var problems = []problem{
	{errNoKey, 401, "key_missing", "The header X-API-Key is missing"},
	{scopes.ErrUnknownKey, 401, "key_unknown", "The API key is not known"},
	{scopes.ErrExpiredKey, 401, "key_expired", "The API key has expired"},
	{scopes.ErrDisabledKey, 401, "key_disabled", "The API key is disabled"},
	{errTooManyBad, 429, "too_many_failures", "Too many failed attempts from this address"},
	{errRate, 429, "rate_limited", "The rate limit is used up"},
	{errNoRoute, 404, "route_not_found", "There is no such route"},
	{errTooLarge, 413, "body_too_large", "The body is larger than the limit"},
	{errMediaType, 415, "media_type", "The body's media type is not one that this route reads"},
	{errIfMatch, 412, "precondition_failed", "The record is no longer the one that If-Match names"},
	{errTicket, 403, "token_invalid", "This is no download address of ours"},
	{errTicketExpired, 410, "token_expired", "The download address has expired"},
	{errTicketDead, 410, "token_withdrawn", "The download address is no longer valid"},
	{errNotVaulted, 404, "not_vaulted", "There is no authoritative copy of this envelope in the vault"},
	{errEmbedToken, 403, "embed_token_invalid", "This is no embed token of ours"},
	{errEmbedGone, 410, "embed_token_gone", "The embed token is used up or no longer valid"},
	{errNotSignerTurn, 409, "not_signers_turn", "The e-mail address is not that of a signer whose turn it is"},
	{errOff, 404, "route_not_found", "There is no such route"},

	{esign.ErrNotFound, 404, "envelope_not_found", "There is no such envelope"},
	{esign.ErrAlreadySigned, 409, "already_signed", "It is signed already"},
	{esign.ErrState, 409, "state_forbids", "The envelope's status forbids it"},
	{esign.ErrExternalID, 409, "external_id_taken", "The external id is taken"},
	{esign.ErrPrecondition, 412, "precondition_failed", "The envelope is no longer the one that If-Match names"},
	{esign.ErrNotSignable, 422, "not_signable", "The document cannot be signed"},
	{esign.ErrSignerNotFound, 404, "signer_not_found", "The envelope has no such signer"},
	{esign.ErrLink, 404, "link_unknown", "There is no such signing link"},
	{esign.ErrLinkGone, 410, "link_gone", "The signing link is no longer valid"},
	{esign.ErrNotYourTurn, 409, "not_your_turn", "Others sign first"},
	{esign.ErrNotViewed, 409, "not_viewed", "The document has not been read yet"},
	{esign.ErrConsentRequired, 409, "consent_required", "Consent to electronic records is required"},

	{scopes.ErrKeyNotFound, 404, "key_not_found", "There is no such key"},
	{scopes.ErrOrganizationNotFound, 404, "organization_not_found", "There is no such organization"},
	{scopes.ErrOrganizationExists, 409, "organization_exists", "The organization exists"},

	{storage.ErrMismatch, 422, "idempotency_mismatch", "The idempotency key was used with another request"},
	{storage.ErrInProgress, 409, "idempotency_in_progress", "A request with this idempotency key is still running"},
	{storage.ErrUsed, 410, "already_used", "The single-use address was used before"},
	{storage.ErrDigest, 409, "integrity_mismatch", "The stored bytes do not have the recorded digest"},
	{storage.ErrBlobMissing, 503, "storage_unavailable", "The document store does not answer as it should"},
	{storage.ErrBlobCondemned, 503, "storage_unavailable", "The document store asks to try again"},
	{storage.ErrSchema, 503, "schema_too_old", "The database schema is older than this build needs"},
	{storage.ErrUnavailable, 503, "unavailable", "A backend does not answer"},
	{storage.ErrRetry, 503, "unavailable", "The transaction has to be run again"},
	{storage.ErrConflict, 503, "contention", "Others changed the same record all the time"},
	{storage.ErrNotFound, 404, "not_found", "There is no such record"},
	{context.DeadlineExceeded, 503, "timeout", "The request took too long"},
	{context.Canceled, 503, "canceled", "The request was canceled"},
}

// document is RFC 9457's, with the fields that plain clients read.
type document struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail"`
	Instance  string        `json:"instance"`
	Code      string        `json:"code"`
	RequestID string        `json:"request_id"`
	Error     string        `json:"error"`
	Details   []check.Field `json:"details,omitempty"`
}

// judge turns an error into its document.
func judge(err error) document {
	var (
		bad     *badRequest
		scope   *scopeMissing
		method  *badMethod
		invalid *check.InvalidError
	)
	switch {
	case errors.As(err, &bad):
		return document{Status: 400, Code: bad.code, Title: "The request could not be read", Detail: bad.detail}
	case errors.As(err, &scope):
		return document{
			Status: 403, Code: "scope_missing", Title: "The key lacks a scope",
			Detail: "the key needs the scope " + strings.Join(words(scope.needed), " or "),
		}
	case errors.As(err, &method):
		return document{Status: 405, Code: "method_not_allowed", Title: "The route has no such method", Detail: "allowed: " + strings.Join(method.allowed, ", ")}
	case errors.As(err, &invalid):
		return document{Status: 422, Code: "invalid", Title: "The request breaks a rule", Detail: invalid.Error(), Details: invalid.Fields}
	}
	if d, ok := judgeEngine(err); ok {
		return d
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return document{Status: p.status, Code: p.code, Title: p.title, Detail: sentence(p.title)}
		}
	}
	return document{Status: 500, Code: "internal", Title: "Something went wrong here", Detail: "something went wrong here; the request id finds it in the log"}
}

func words(list []scopes.Scope) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func sentence(title string) string { return strings.ToLower(title[:1]) + title[1:] }

// refuse writes the problem document of err.
func (a *API) refuse(c *call, err error) {
	d := judge(err)
	if d.Status >= 500 {
		a.log.ErrorContext(c.ctx, "request failed", "request_id", c.requestID, "route", c.where(), "status", d.Status, "error", err)
	}
	h := c.w.Header()
	var method *badMethod
	switch {
	case errors.As(err, &method):
		h.Set("Allow", strings.Join(method.allowed, ", "))
	case d.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `ApiKey realm="evault"`)
	}
	if s := retryAfter(err, d, c.now); s > 0 {
		h.Set("Retry-After", strconv.Itoa(s))
	}
	if c.page != nil {
		c.page(d)
		return
	}
	d.Type = fmt.Sprintf("%s%s/docs#%s", a.cfg.BaseURL, a.cfg.BasePath, d.Code)
	d.Error, d.RequestID = d.Detail, c.requestID
	d.Instance = c.instance()
	b, err := json.Marshal(d)
	if err != nil {
		b = []byte(`{"status":500,"code":"internal"}`)
	}
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	c.writeBytes(d.Status, map[string]string{"Content-Type": "application/problem+json"}, b)
}

// retryAfter is the seconds after which trying again makes sense, 0 for never.
func retryAfter(err error, d document, now time.Time) int {
	switch {
	case d.Code == "rate_limited":
		return 60 - now.Second()
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
