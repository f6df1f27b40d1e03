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
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/pool"
	"github.com/evaultlib/evault/vault/translog"
)

// TokenKey is a key of the HMAC-SHA256 in download and embed session tokens. Its
// ID is 1 to 32 lower-case letters or digits.
type TokenKey = esign.LinkKey

// Config is the configuration of an API. It is copied and never changed.
type Config struct {
	ESign      *esign.Engine      // required
	Templates  *template.Engine   // default: none; the routes of templates do not exist
	Vault      *vault.Vault       // required
	Approvals  *approval.Desk     // default: none; organizations that require two keys are refused, 409
	Pools      *pool.Engine       // default: none; the routes of pools do not exist
	Compliance *compliance.Engine // required
	Handover   *handover.Engine   // required
	Log        *translog.Log      // required
	Scopes     *scopes.Registry   // required

	Idempotency storage.Idempotency // required
	Tickets     storage.Tickets     // required
	Counters    storage.Counters    // required
	Outbox      storage.Outbox      // required
	Leases      storage.Leases      // one replica at a time fans webhooks out; default: each tries

	TokenKeys []TokenKey     // required; the first makes download tokens, and all of them verify tokens
	EmbedKey  crypto.Signer  // required; Ed25519, signs only embed tokens
	Keeper    webhook.Keeper // required; encrypts webhook secrets

	BaseURL  string // required; public scheme and host, such as https://sign.example
	BasePath string // default: /api/v2

	BodyLimit int64 // bytes of a document; default: 25 MiB
	// BodiesInFlight limits the bytes of request bodies that this replica holds
	// at a time, half of them for one organization, signer or address; a
	// further body is refused with 503 and Retry-After. Handling a body with a
	// document takes two to three times its size in memory. Default: 128 MiB;
	// at least four documents.
	BodiesInFlight int64
	// BodyTimeout limits the time for receiving a body. A body that arrives
	// slower than 8 KiB a second, or stalls for 10 s, is refused with 408
	// earlier. This requires a ResponseWriter with deadlines, such as that of
	// net/http, or one that unwraps to it. With any other the body is abandoned
	// too, but only the host's http.Server.ReadTimeout frees every connection.
	// Default: 5 min.
	BodyTimeout         time.Duration
	WebhookAllowPrivate bool   // send webhooks to private addresses too; default: no
	WebhookAllowHTTP    bool   // send webhooks to http addresses too; default: no
	WebhookPrefix       string // of three webhook headers; default: X-Evault
	VerifyOff           bool   // do not serve verify-by-hash; default: serve it
	// Timeout limits the work on one request after its body was read: a request still waiting for a
	// database, a bucket or an authority then gets 503 timeout, and its effect is complete or
	// absent. Default, and at most: 60 s, the lease of an idempotency key, after which a repeat
	// takes over.
	Timeout time.Duration
	// LinkScope is required in addition to envelopes:read to read signing
	// links. Anyone with a link can sign as its signer, so with the default a
	// key with read access can sign; events and certificates say that the links
	// were disclosed. If signers get their links only by mail, the host should
	// set esign:write here, or refuse the links (esign.Config.DisclosedLinks).
	// Default: none, for partners that give the links to their signers
	// themselves.
	LinkScope scopes.Scope
	// PublicPerMinute limits requests from one address to public routes and,
	// counted separately, to routes authorized by a token, in each replica.
	// Default: 1200.
	PublicPerMinute int
	// VerifyPerMinute limits verify-by-hash requests from one address over all replicas.
	// Default: 300.
	VerifyPerMinute int
	// IdempotencyKeys limits the new idempotency keys of one organization in a day of UTC; a
	// further key is refused with 429. Vault-in and vault-out, which happen once for an envelope,
	// are not counted. Default: 100,000.
	IdempotencyKeys int
	// Quotas limit the daily use by one organization. Default: no limit.
	Quotas Quotas
	// PagesPerMinute limits the page images of one signer, in each replica; two
	// are drawn at a time, others wait. Default: 600.
	PagesPerMinute int
	// Theme returns the colors of an organization for its signing pages; it is
	// called for each page. Name, contact and logo are those of
	// esign.Config.Sender. Default: none.
	Theme func(ctx context.Context, orgID string) (web.Theme, error)
	// Languages are additional languages of the signing pages, besides English
	// and Spanish; a language with one of their tags replaces it. Default:
	// none.
	Languages []texts.Language
	// ClientIP is the address a request comes from. Behind a proxy give one that
	// reads the proxy's header. Default: the host of RemoteAddr.
	ClientIP func(*http.Request) string

	// Env: Now must be the engines' clock (embedded.Embedded.Now), so that
	// tickets, links and leases expire by the same clock.
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
