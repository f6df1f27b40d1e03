package webhook

import (
	"context"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

// Keeper encrypts secrets for storage; *secrets.Keeper of gocloud.dev fits.
type Keeper interface {
	Encrypt(ctx context.Context, plaintext []byte) ([]byte, error)
	Decrypt(ctx context.Context, ciphertext []byte) ([]byte, error)
}

// Config is the configuration of a Sender. It is copied and never changed.
type Config struct {
	Outbox storage.Outbox   // required
	Scopes *scopes.Registry // required; says which keys are valid and which events they may see
	Keeper Keeper           // required

	AllowPrivate bool   // connect to private addresses too; default: no
	AllowHTTP    bool   // accept http addresses too; default: no
	Prefix       string // of the three headers of our own; default: X-Evault

	Leases      storage.Leases // one replica at a time fans out; default: every replica tries
	Poll        time.Duration  // how often Run looks for work; default: 500 ms
	Timeout     time.Duration  // of one try; default: 15 s
	storage.Env                // clock, ids, random bytes and log
}

// Limits of concurrent deliveries in one replica: a receiver that hangs blocks
// only places of its own host and organization.
const (
	maxTotal   = 512
	maxPerOrg  = 8
	maxPerHost = 2
)

// Sender fans events out and delivers them.
type Sender struct {
	cfg    Config
	now    func() time.Time
	client *http.Client
	holder string
	places places
}

// New checks cfg and returns a Sender. It does no I/O and starts no goroutine.
func New(cfg Config) (*Sender, error) {
	if err := environ.Require("webhook", map[string]bool{
		"Outbox": cfg.Outbox == nil, "Scopes": cfg.Scopes == nil, "Keeper": cfg.Keeper == nil,
	}); err != nil {
		return nil, err
	}
	environ.Default(&cfg.Prefix, "X-Evault")
	environ.Positive(&cfg.Poll, 500*time.Millisecond)
	environ.Positive(&cfg.Timeout, 15*time.Second)
	cfg.Env = cfg.Env.WithDefaults()
	return &Sender{
		cfg: cfg, now: cfg.Now, client: newClient(cfg.AllowPrivate, cfg.Timeout), holder: cfg.NewID("hld"),
		places: places{org: map[string]int{}, host: map[string]int{}},
	}, nil
}

// Run fans out and delivers events until ctx ends, then waits for running
// attempts. Database failures are logged and retried.
func (s *Sender) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(s.cfg.Poll)
	defer tick.Stop()
	for {
		if err := s.round(ctx, &wg); err != nil && ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, "webhook: round failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Flush fans out committed events and makes every due attempt once. It is for
// hosts that do not call Run, and for tests.
func (s *Sender) Flush(ctx context.Context) error {
	var wg sync.WaitGroup
	err := s.round(ctx, &wg)
	wg.Wait()
	return err
}

func (s *Sender) round(ctx context.Context, wg *sync.WaitGroup) error {
	if err := s.dispatch(ctx); err != nil {
		return err
	}
	const page = 200
	now := s.now()
	for offset := 0; ; offset += page {
		due, err := s.cfg.Outbox.DueEndpoints(ctx, now, offset, page)
		if err != nil {
			return fmt.Errorf("due endpoints: %w", err)
		}
		for _, e := range due {
			leave, ok := s.places.enter(e.OrgID, host(e.URL))
			if !ok {
				continue
			}
			wg.Go(func() {
				defer leave()
				s.drain(ctx, e)
			})
		}
		if len(due) < page {
			return nil
		}
	}
}

// drain tries what is due at one endpoint, a bounded number of deliveries, so
// that others get the place too.
func (s *Sender) drain(ctx context.Context, e storage.Endpoint) {
	for range 50 {
		if ctx.Err() != nil {
			return
		}
		more, err := s.next(ctx, e)
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, "webhook: delivery failed", "key_id", e.KeyID, "error", err)
		}
		if err != nil || !more {
			return
		}
	}
}

// next makes one try; more tells whether the receiver keeps up.
func (s *Sender) next(ctx context.Context, e storage.Endpoint) (more bool, err error) {
	if alive, err := s.alive(ctx, e); err != nil || !alive {
		return false, err
	}
	d, err := s.cfg.Outbox.ClaimDelivery(ctx, e.KeyID, s.holder, s.now(), s.cfg.Timeout+30*time.Second)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	out := s.try(ctx, e, d)
	if ctx.Err() != nil && out.err != nil {
		return false, nil // we stop; the lease runs out and another try is made
	}
	return out.err == nil, s.settle(ctx, e, d, out)
}

// alive abandons what waits for an endpoint that was cleared or whose key ended.
func (s *Sender) alive(ctx context.Context, e storage.Endpoint) (bool, error) {
	k, err := s.liveKey(ctx, e)
	if err != nil {
		return false, err
	}
	if k != nil && e.URL != "" && e.DisabledAt == nil {
		return true, nil
	}
	return false, s.cfg.Outbox.AbandonPending(ctx, e.KeyID, s.now())
}

// liveKey is a working key of the endpoint's line, or nil.
func (s *Sender) liveKey(ctx context.Context, e storage.Endpoint) (*scopes.Key, error) {
	keys, err := s.cfg.Scopes.Keys(ctx, e.OrgID)
	if err != nil {
		return nil, err
	}
	return working(keys, e.KeyID, s.now()), nil
}

func working(keys []scopes.Key, line string, now time.Time) *scopes.Key {
	var found *scopes.Key
	for i := range keys {
		if keys[i].Line == line && keys[i].Check(now) == nil {
			found = &keys[i] // the newest, for they come oldest first
		}
	}
	return found
}

// schedule is when tries are made, counted from the first.
var schedule = []time.Duration{
	0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour,
	20 * time.Hour, 24 * time.Hour,
}

const maxRetryAfter = 24 * time.Hour

// settle records what came of a try.
func (s *Sender) settle(ctx context.Context, e storage.Endpoint, d storage.Delivery, out outcome) error {
	now := s.now()
	d.Attempts++
	d.LastStatus, d.UpdatedAt, d.LastError = out.status, now, ""
	switch {
	case out.err == nil:
		d.Status = storage.DeliveryDelivered
	case out.status == http.StatusGone:
		d.Status, d.LastError = storage.DeliveryAbandoned, out.err.Error()
	case d.Attempts >= len(schedule):
		d.Status, d.LastError = storage.DeliveryFailed, out.err.Error()
	default:
		d.LastError = out.err.Error()
		d.NextAt = nextTry(d, now, out.retryAfter)
	}
	if err := s.cfg.Outbox.Settle(ctx, d); err != nil && !errors.Is(err, storage.ErrConflict) {
		return err
	}
	if out.status == http.StatusGone {
		return s.cfg.Outbox.DisableEndpoint(ctx, e.KeyID, now)
	}
	return nil
}

// nextTry follows the schedule, up to a tenth of the pause later so that many
// deliveries do not come at once, and not before the receiver asked for it.
func nextTry(d storage.Delivery, now time.Time, retryAfter time.Duration) time.Time {
	pause := schedule[d.Attempts] - schedule[d.Attempts-1]
	next := d.CreatedAt.Add(schedule[d.Attempts])
	if earliest := now.Add(min(pause, 5*time.Second)); next.Before(earliest) {
		next = earliest // we were away, or the last try was late
	}
	if asked := now.Add(min(retryAfter, maxRetryAfter)); next.Before(asked) {
		next = asked
	}
	return next.Add(mrand.N(pause/10 + 1))
}

func host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// places bounds what goes on at once.
type places struct {
	mu        sync.Mutex
	total     int
	org, host map[string]int
}

func (p *places) enter(org, host string) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.total >= maxTotal || p.org[org] >= maxPerOrg || p.host[host] >= maxPerHost {
		return nil, false
	}
	p.total++
	p.org[org]++
	p.host[host]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.total--
		if p.org[org]--; p.org[org] == 0 {
			delete(p.org, org)
		}
		if p.host[host]--; p.host[host] == 0 {
			delete(p.host, host)
		}
	}, true
}
