package httpapi

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/translog"
)

// TokenKey is a key of the HMAC-SHA256 in download and embed session tokens. Its
// ID is 1 to 32 lower-case letters or digits.
type TokenKey = esign.LinkKey

// Config is what an API is made of. It is copied, never written.
type Config struct {
	ESign      *esign.Engine      // required
	Templates  *template.Engine   // default: none; the routes of templates do not exist
	Vault      *vault.Vault       // required
	Compliance *compliance.Engine // required
	Handover   *handover.Engine   // required
	Log        *translog.Log      // required
	Scopes     *scopes.Registry   // required

	Idempotency storage.Idempotency // required
	Tickets     storage.Tickets     // required
	Counters    storage.Counters    // required
	Outbox      storage.Outbox      // required
	Leases      storage.Leases      // one replica at a time fans webhooks out; default: each tries

	TokenKeys []TokenKey     // required; the first makes download tokens, all open them
	EmbedKey  crypto.Signer  // required; Ed25519, signs embed tokens and nothing else
	Keeper    webhook.Keeper // required; encrypts webhook secrets

	BaseURL  string // required; where clients reach us, scheme and host, such as https://sign.example
	BasePath string // default: /api/v2

	BodyLimit int64 // bytes of a document; default: 25 MiB
	// BodiesInFlight bounds the bytes of request bodies that this replica holds at a
	// time, half of them for one organization, signer or address; a body beyond is
	// refused with 503 and Retry-After. Answering one with a document takes two to
	// three times its size in memory. Default: 128 MiB; at least four documents.
	BodiesInFlight int64
	// BodyTimeout bounds the time in which a body arrives. One that arrives slower
	// than 8 KiB a second, or stops for 10 s, is refused with 408 before. That needs
	// a ResponseWriter with deadlines, as net/http's are, or one that unwraps to
	// such. With another the body is given up all the same, but only the host's own
	// http.Server.ReadTimeout frees every connection. Default: 5 min.
	BodyTimeout         time.Duration
	WebhookAllowPrivate bool   // send webhooks to private addresses too; default: no
	WebhookAllowHTTP    bool   // send webhooks to http addresses too; default: no
	WebhookPrefix       string // of three webhook headers; default: X-Evault
	VerifyOff           bool   // do not serve verify-by-hash; default: serve it
	// Timeout bounds the work on one request, from when its body is read: what then
	// still waits for a database, a bucket or an authority is 503 timeout, and its
	// effect is whole or not there. Default, and at most: 60 s, the lease of an
	// idempotency key, after which a repeat takes over.
	Timeout time.Duration
	// LinkScope is needed besides envelopes:read to read signing links. Who has a link
	// can sign as its signer, so with the default a key that may read can sign;
	// events and certificates say that the links were disclosed. A host whose signers
	// get their links by mail alone should set esign:write here, or refuse the links
	// (esign.Config.DisclosedLinks). Default: none, for partners that hand the links
	// to their signers themselves.
	LinkScope scopes.Scope
	// PublicPerMinute bounds requests of one address to public routes and, counted
	// apart, to routes that a token opens, in each replica. Default: 1200.
	PublicPerMinute int
	// VerifyPerMinute bounds verify-by-hash of one address over all replicas.
	// Default: 300.
	VerifyPerMinute int
	// IdempotencyKeys bounds the new idempotency keys of one organization on a day of
	// UTC, whose first answers are kept; beyond it a key is refused with 429.
	// Vault-in and vault-out, which an envelope has once, are not counted. Default:
	// 100,000.
	IdempotencyKeys int
	// Quotas bound what one organization does in a day. Default: no bound.
	Quotas Quotas
	// PagesPerMinute bounds the page images of one signer, in each replica; two at
	// a time are drawn, more wait. Default: 600.
	PagesPerMinute int
	// Theme gives the colors of an organization on signers' pages; it is asked at each
	// page. Name, contact and logo are those of esign.Config.Sender. Default: none.
	Theme func(ctx context.Context, orgID string) (web.Theme, error)
	// Languages are those that signers may read the pages in, beside English and
	// Spanish; one with the tag of those replaces it. Default: none.
	Languages []texts.Language
	// ClientIP is the address a request comes from. Behind a proxy give one that
	// reads the proxy's header. Default: the host of RemoteAddr.
	ClientIP func(*http.Request) string

	// Env: Now must be the engines' clock (embedded.Embedded.Now), so that tickets end
	// by the same time as links and leases.
	storage.Env
}

func (c *Config) check() error {
	if err := environ.Require("httpapi", map[string]bool{
		"ESign":       c.ESign == nil,
		"Vault":       c.Vault == nil,
		"Compliance":  c.Compliance == nil,
		"Handover":    c.Handover == nil,
		"Log":         c.Log == nil,
		"Scopes":      c.Scopes == nil,
		"Idempotency": c.Idempotency == nil,
		"Tickets":     c.Tickets == nil,
		"Counters":    c.Counters == nil,
		"Outbox":      c.Outbox == nil,
		"TokenKeys":   len(c.TokenKeys) == 0,
		"EmbedKey":    c.EmbedKey == nil,
		"Keeper":      c.Keeper == nil,
		"BaseURL":     c.BaseURL == "",
	}); err != nil {
		return err
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || u.Scheme+"://"+u.Host != c.BaseURL || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("httpapi: Config.BaseURL must be scheme and host, such as https://sign.example")
	}
	if p := c.BasePath; p != "" && (!strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || url.PathEscape(strings.ReplaceAll(p, "/", "")) != strings.ReplaceAll(p, "/", "")) {
		return errors.New("httpapi: Config.BasePath must begin with a slash, must not end with one, and must need no escapes")
	}
	seen := map[string]bool{}
	for _, k := range c.TokenKeys {
		if !isWord(k.ID) || len(k.Secret) < 32 || seen[k.ID] {
			return errors.New("httpapi: Config.TokenKeys: each needs a unique ID of 1 to 32 lower-case letters or digits and a secret of at least 32 bytes")
		}
		seen[k.ID] = true
	}
	return nil
}

func isWord(s string) bool {
	bad := strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return bad < 0 && len(s) >= 1 && len(s) <= 32
}

func (c *Config) setDefaults() {
	environ.Default(&c.BasePath, "/api/v2")
	environ.Positive(&c.BodyLimit, 25<<20)
	environ.Positive(&c.BodiesInFlight, 128<<20)
	c.BodiesInFlight = max(c.BodiesInFlight, 4*(c.BodyLimit/3*4+sizeEnvelope))
	environ.Positive(&c.BodyTimeout, 5*time.Minute)
	environ.Positive(&c.PublicPerMinute, 1200)
	if c.Timeout <= 0 || c.Timeout > claimLease {
		c.Timeout = claimLease
	}
	environ.Positive(&c.VerifyPerMinute, 300)
	environ.Positive(&c.IdempotencyKeys, 100_000)
	environ.Positive(&c.PagesPerMinute, 600)
	if c.ClientIP == nil {
		c.ClientIP = rest.RemoteIP
	}
	c.Env = c.Env.WithDefaults()
}
