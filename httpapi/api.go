package httpapi

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/gate"
	"github.com/evaultlib/evault/internal/missing"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// TokenKey is a key of the HMAC-SHA256 in download and embed session tokens. Its
// ID is 1 to 32 lower-case letters or digits.
type TokenKey = esign.LinkKey

// Config is what an API is made of. It is copied, never written.
type Config struct {
	ESign      *esign.Engine        // required
	Vault      *vault.Vault         // required
	Compliance *compliance.Engine   // required
	Handover   *compliance.Handover // default: Compliance's
	Log        *translog.Log        // required
	Scopes     *scopes.Registry     // required

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
	// ClientIP is the address a request comes from. Behind a proxy give one that
	// reads the proxy's header. Default: the host of RemoteAddr.
	ClientIP func(*http.Request) string

	// Now must be the engines' clock (embedded.Embedded.Now), so that tickets end by
	// the same time as links and leases. Default: time.Now.
	Now    func() time.Time
	NewID  func(prefix string) string // default: prefix, "_" and 26 random alphanumerics
	Rand   io.Reader                  // default: crypto/rand
	Logger *slog.Logger               // default: silent
}

// API serves the routes of doc.go below its base path. It is safe for
// concurrent use.
type API struct {
	cfg      Config
	now      func() time.Time
	newID    func(string) string
	log      *slog.Logger
	routes   []compiled
	webhooks *webhook.Sender
	embedKey keyring.Key
	keys     limiter
	public   limiter
	tokens   limiter
	pages    limiter
	drawing  *gate.Gates // by signer
	blocked  windowSet
	busy     windowSet // signers over their limit
	room     *room
}

// New checks cfg and returns an API. It does no I/O and starts nothing; Run
// delivers webhooks.
func New(cfg Config) (*API, error) {
	cfg.TokenKeys = slices.Clone(cfg.TokenKeys)
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	sender, err := webhook.New(webhook.Config{
		Outbox: cfg.Outbox, Scopes: cfg.Scopes, Keeper: cfg.Keeper, Leases: cfg.Leases,
		AllowPrivate: cfg.WebhookAllowPrivate, AllowHTTP: cfg.WebhookAllowHTTP, Prefix: cfg.WebhookPrefix,
		Now: cfg.Now, NewID: cfg.NewID, Rand: cfg.Rand, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	embed, err := keyring.New(keyring.Embed, cfg.EmbedKey)
	if err != nil {
		return nil, fmt.Errorf("httpapi: Config.EmbedKey: %w", err)
	}
	return &API{
		cfg: cfg, now: stamp.Clock(cfg.Now), newID: cfg.NewID, log: cfg.Logger, routes: compile(table()), webhooks: sender, drawing: gate.New(atATime),
		room:     newRoom(cfg.BodiesInFlight),
		embedKey: embed,
	}, nil
}

func (c *Config) check() error {
	if err := missing.Settings("httpapi", map[string]bool{
		"ESign":       c.ESign == nil,
		"Vault":       c.Vault == nil,
		"Compliance":  c.Compliance == nil,
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
		return errors.New("httpapi: Config.BasePath must begin with a slash, not end with one, and need no escapes")
	}
	seen := map[string]bool{}
	for _, k := range c.TokenKeys {
		if !isWord(k.ID) || len(k.Secret) < 32 || seen[k.ID] {
			return errors.New("httpapi: Config.TokenKeys: each needs an ID of its own, 1 to 32 lower-case letters or digits, and a secret of at least 32 bytes")
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
	if c.Handover == nil {
		c.Handover = c.Compliance.Handover()
	}
	if c.BasePath == "" {
		c.BasePath = "/api/v2"
	}
	if c.BodyLimit <= 0 {
		c.BodyLimit = 25 << 20
	}
	if c.BodiesInFlight <= 0 {
		c.BodiesInFlight = 128 << 20
	}
	c.BodiesInFlight = max(c.BodiesInFlight, 4*(c.BodyLimit/3*4+sizeEnvelope))
	if c.BodyTimeout <= 0 {
		c.BodyTimeout = 5 * time.Minute
	}
	if c.PublicPerMinute <= 0 {
		c.PublicPerMinute = 1200
	}
	if c.Timeout <= 0 || c.Timeout > claimLease {
		c.Timeout = claimLease
	}
	if c.VerifyPerMinute <= 0 {
		c.VerifyPerMinute = 300
	}
	if c.IdempotencyKeys <= 0 {
		c.IdempotencyKeys = 100_000
	}
	if c.PagesPerMinute <= 0 {
		c.PagesPerMinute = 600
	}
	if c.ClientIP == nil {
		c.ClientIP = remoteIP
	}
	c.Rand = stamp.Rand(c.Rand)
	if c.NewID == nil {
		c.NewID = stamp.IDs(c.Rand)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// BasePath is where to mount the API: everything below it is its own.
func (a *API) BasePath() string { return a.cfg.BasePath }

// SigningURL is the address of a signing link's page, for esign.Config.
func SigningURL(baseURL, basePath, token string) string { return baseURL + basePath + "/sign/" + token }

// Webhooks delivers events; Run runs it.
func (a *API) Webhooks() *webhook.Sender { return a.webhooks }

// Run delivers webhooks and forgets what has run out, until ctx ends.
func (a *API) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Minute)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := a.Forget(ctx, 1000); err != nil && ctx.Err() == nil {
					a.log.ErrorContext(ctx, "httpapi: old rows not forgotten", "error", err)
				}
			}
		}
	}()
	err := a.webhooks.Run(ctx)
	<-done
	return err
}

// Forget deletes first answers whose time is over, counters of past windows, and
// download tickets and webhook deliveries that ended 30 days ago, at most limit
// rows of each.
func (a *API) Forget(ctx context.Context, limit int) error {
	now := a.now()
	if _, err := a.cfg.Idempotency.Forget(ctx, now, limit); err != nil {
		return err
	}
	if _, err := a.cfg.Counters.Forget(ctx, now.Add(-48*time.Hour), limit); err != nil {
		return err
	}
	if _, err := a.cfg.Tickets.Forget(ctx, now.Add(-30*24*time.Hour), limit); err != nil {
		return err
	}
	_, err := a.cfg.Outbox.ForgetDeliveries(ctx, now.Add(-30*24*time.Hour), limit)
	return err
}

// ServeHTTP implements http.Handler. The path is judged whole, base path
// included, so no router has to strip anything.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, now: a.now(), requestID: r.Header.Get("X-Request-Id")}
	if !saneRequestID(c.requestID) {
		c.requestID = a.newID("req")
	}
	w.Header().Set("X-Request-Id", c.requestID)
	secure(w.Header())
	c.limit(a.cfg.Timeout)
	defer func() {
		c.cancel()
		if p := recover(); p != nil {
			a.letGo(c)
			a.recovered(c, p)
		}
	}()
	rp, err := a.serve(c)
	a.letGo(c)
	if errors.Is(err, errSlowBody) && c.in.deaf && r.Context().Value(http.ServerContextKey) != nil {
		panic(http.ErrAbortHandler) // the server would wait for the body before it answers
	}
	a.send(c, rp, err)
}

// letGo gives back what the body held: an answer may take its time.
func (a *API) letGo(c *call) {
	switch {
	case c.in != nil:
		c.in.close()
		a.room.give(c.in.holder, c.in.n)
		c.in.n = 0
	case c.r.ContentLength != 0:
		(&incoming{control: http.NewResponseController(c.w)}).close()
	}
	c.body.json, c.body.parts = nil, nil
}

// recovered answers 500 for a panic; its value may hold anything and is not
// logged.
func (a *API) recovered(c *call, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
		panic(p)
	}
	a.log.ErrorContext(c.ctx, "httpapi: panic", "request_id", c.requestID, "route", c.where(), "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	a.refuse(c, errPanic)
}

// serve goes through the order of refusals: 401, 429, 404 and 405 of the route,
// 403, then the body; the handler does the rest.
func (a *API) serve(c *call) (*reply, error) {
	path, ours := a.below(c.r.URL)
	if !ours {
		return nil, errNoRoute
	}
	if keyed(path) {
		if err := a.authenticate(c); err != nil {
			return nil, err
		}
	}
	rt, params, allowed := a.find(c.r.Method, path)
	if rt == nil {
		if len(allowed) > 0 {
			return nil, &badMethod{allowed}
		}
		return nil, errNoRoute
	}
	c.route, c.params = rt, params
	switch rt.cred {
	case byKey:
		if err := authorize(c); err != nil {
			return nil, err
		}
	case byNobody:
		if err := a.limitAddress(c, &a.public); err != nil {
			return nil, err
		}
	case byToken:
		if err := a.limitAddress(c, &a.tokens); err != nil {
			return nil, err
		}
		if strings.Contains(c.r.URL.EscapedPath(), "%") { // only the spelling that was issued opens anything
			return nil, a.noSuchToken(c)
		}
		if err := a.admit(c); err != nil {
			return nil, err
		}
	}
	if id, has := params["id"]; has && !stamp.IsAnyID(id) {
		return nil, rt.absent()
	}
	if err := a.read(c); err != nil {
		return nil, err
	}
	if rt.body != noBody {
		c.limit(a.cfg.Timeout) // anew: the client took its time to send it
	}
	if rt.method != http.MethodGet { // an idempotency key does not stand for a query
		if _, err := c.query(); err != nil {
			return nil, err
		}
	}
	if rt.method == http.MethodPost || rt.method == http.MethodPatch {
		return a.once(c, c.scope())
	}
	return rt.handle(a, c)
}

// scope is whose idempotency keys these are.
func (c *call) scope() string {
	if c.key != nil {
		return c.key.OrgID
	}
	token := c.params["token"]
	if token == "" && c.body.kind == "json" { // the exchange has it in its body
		var in struct {
			Token string `json:"token"`
		}
		_ = json.Unmarshal(c.body.json, &in) // the handler says what is wrong with it
		token = in.Token
	}
	return "token:" + string(storage.Sum([]byte(token)))
}
