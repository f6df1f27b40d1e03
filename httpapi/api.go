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

	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/semaphore"
	"github.com/evaultlib/evault/vault/keyring"
)

// API serves the routes of doc.go below its base path. It is safe for
// concurrent use.
type API struct {
	texts    *texts.Catalog
	cfg      Config
	now      func() time.Time
	newID    func(string) string
	log      *slog.Logger
	routes   []route
	paths    []rest.Pattern // of the routes
	webhooks *webhook.Sender
	embedKey keyring.Key
	keys     rest.Limiter
	public   rest.Limiter
	tokens   rest.Limiter
	pages    rest.Limiter
	drawing  *semaphore.Keyed // by signer
	blocked  rest.Window      // addresses with too many failures
	busy     rest.Window      // signers over their limit
	bodies   *rest.Bodies
	once     *rest.Idempotency
}

// New checks cfg and returns an API. It does no I/O and starts no goroutine; Run delivers webhooks.
func New(cfg Config) (*API, error) {
	cfg.TokenKeys = slices.Clone(cfg.TokenKeys)
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	sender, err := webhook.New(webhook.Config{
		Outbox: cfg.Outbox, Scopes: cfg.Scopes, Keeper: cfg.Keeper, Leases: cfg.Leases,
		AllowPrivate: cfg.WebhookAllowPrivate, AllowHTTP: cfg.WebhookAllowHTTP, Prefix: cfg.WebhookPrefix,
		Env: cfg.Env,
	})
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	embed, err := keyring.New(keyring.Embed, cfg.EmbedKey)
	if err != nil {
		return nil, fmt.Errorf("httpapi: Config.EmbedKey: %w", err)
	}
	languages, err := texts.New(cfg.Languages...)
	if err != nil {
		return nil, fmt.Errorf("httpapi: Config.Languages: %w", err)
	}
	a := &API{
		texts: languages, cfg: cfg, now: cfg.Now, newID: cfg.NewID, log: cfg.Logger, routes: table(), webhooks: sender, drawing: semaphore.NewKeyed(atATime),
		bodies:   rest.NewBodies(cfg.BodiesInFlight, cfg.BodyTimeout),
		once:     &rest.Idempotency{Store: cfg.Idempotency, NewID: cfg.NewID, Lease: claimLease, Keep: keepAnswer},
		embedKey: embed,
	}
	for _, rt := range a.routes {
		a.paths = append(a.paths, rest.ParsePattern(rt.pattern))
	}
	return a, nil
}

// BasePath is the path at which to mount the API, which serves everything below it.
func (a *API) BasePath() string { return a.cfg.BasePath }

// SigningURL is the URL of the page of a signing link, for esign.Config.
func SigningURL(baseURL, basePath, token string) string { return baseURL + basePath + "/sign/" + token }

// Webhooks delivers events; Run runs it.
func (a *API) Webhooks() *webhook.Sender { return a.webhooks }

// Run delivers webhooks and deletes expired rows until ctx ends.
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
					a.log.ErrorContext(ctx, "httpapi: old rows not deleted", "error", err)
				}
			}
		}
	}()
	err := a.webhooks.Run(ctx)
	<-done
	return err
}

// Forget deletes expired first responses, counters of past windows, and
// download tickets and webhook deliveries that ended 30 days ago, at most limit
// rows of each.
func (a *API) Forget(ctx context.Context, limit int) error {
	now := a.now()
	if _, err := a.cfg.Idempotency.Forget(ctx, now, limit); err != nil {
		return err
	}
	if _, err := a.cfg.Counters.Forget(ctx, now.Add(-keepCounters), limit); err != nil {
		return err
	}
	if _, err := a.cfg.Tickets.Forget(ctx, now.Add(-keepTickets), limit); err != nil {
		return err
	}
	_, err := a.cfg.Outbox.ForgetDeliveries(ctx, now.Add(-keepSent), limit)
	return err
}

// ServeHTTP implements http.Handler. It expects the whole path, including the
// base path, so no router has to strip a prefix.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Call: rest.New(w, r, a.now(), a.newID)}
	c.Limit(a.cfg.Timeout)
	defer func() {
		c.End()
		if p := recover(); p != nil {
			a.bodies.Release(c.Call)
			a.recovered(c, p)
		}
	}()
	rp, err := a.serve(c)
	a.bodies.Release(c.Call)
	if c.Stuck() && r.Context().Value(http.ServerContextKey) != nil {
		panic(http.ErrAbortHandler) // the server would wait for the body before it answers
	}
	a.send(c, rp, err)
}

// send writes rp, or the problem that err means.
func (a *API) send(c *call, rp *rest.Reply, err error) {
	if own := (*shown)(nil); errors.As(err, &own) {
		rp, err = own.page, nil
	}
	if err == nil {
		err = c.Send(rp)
	}
	if err != nil {
		a.refuse(c, err)
	}
}

// recovered sends 500 after a panic; the panic's value is not logged, because
// it may contain secrets.
func (a *API) recovered(c *call, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
		panic(p)
	}
	a.log.ErrorContext(c.Ctx, "httpapi: panic", "request_id", c.RequestID, "route", c.where(), "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	a.refuse(c, errPanic)
}

// serve makes the checks in the order of refusals: 401, 429, 404 and 405 of the
// route, 403, then the body; the handler does the rest.
func (a *API) serve(c *call) (*rest.Reply, error) {
	path, ours := rest.Segments(c.R.URL, a.cfg.BasePath)
	if !ours {
		return nil, errNoRoute
	}
	if keyed(path) {
		if err := a.authenticate(c); err != nil {
			return nil, err
		}
	}
	rt, params, allowed := a.find(c.R.Method, path)
	if rt == nil {
		if len(allowed) > 0 {
			return nil, &badMethod{allowed}
		}
		return nil, errNoRoute
	}
	c.route, c.Params = rt, params
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
		if strings.Contains(c.R.URL.EscapedPath(), "%") { // only the spelling that was issued opens anything
			return nil, a.noSuchToken(c)
		}
		if err := a.admit(c); err != nil {
			return nil, err
		}
	}
	if id, has := params["id"]; has && !environ.IsAnyID(id) {
		return nil, rt.absent()
	}
	if err := a.bodies.Read(c.Call, a.accept(rt), a.holder(c)); err != nil {
		return nil, err
	}
	if rt.body != noBody {
		c.Limit(a.cfg.Timeout) // anew: the client took its time to send it
	}
	if rt.method != http.MethodGet {
		if _, err := c.Query(rt.query...); err != nil {
			return nil, err
		}
	}
	if !rt.secret && (rt.method == http.MethodPost || rt.method == http.MethodPatch) {
		return a.runOnce(c)
	}
	return rt.handle(a, c)
}

// runOnce runs the handler of a POST under the request's idempotency key.
func (a *API) runOnce(c *call) (*rest.Reply, error) {
	o := rest.Once{
		Scope: c.scope(), Most: a.cfg.IdempotencyKeys, Forever: c.route.forever,
		Do: func() (*rest.Reply, error) { return c.route.handle(a, c) },
	}
	if c.key == nil {
		o.Most = tokenKeys
	}
	if c.route.refill != nil {
		o.Refill = func(first []byte) (*rest.Reply, error) { return c.route.refill(a, c, first) }
	}
	return a.once.Run(c.Call, o)
}
