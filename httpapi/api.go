package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/gate"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/keyring"
)

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
