package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// maxOffset is how far this machine's clock may be from the database's before
// Ready fails.
const maxOffset = 5 * time.Minute

// ErrClock: this machine's clock and the database's are too far apart.
var ErrClock = errors.New("embedded: clock differs from the database's by more than 5 min")

// clock is this machine's time, corrected by the offset to the database's, so
// that all replicas on one PostgreSQL have one clock. On SQLite, which has no
// clock of its own, and with a clock of the host, nothing is corrected.
type clock struct {
	now    func() time.Time
	db     *bun.DB // nil when nothing is measured
	offset atomic.Int64
	floor  atomic.Int64 // microseconds since 1970; no time before it is given
}

func newClock(now func() time.Time, db *sqlstore.DB) *clock {
	c := &clock{now: now}
	if now == nil {
		c.now = time.Now
		if db.HasClock() {
			c.db = db.Bun()
		}
	}
	return c
}

// Now is UTC, truncated to microseconds.
func (c *clock) Now() time.Time {
	now := environ.Micro(c.now().Add(time.Duration(c.offset.Load())))
	if floor := time.UnixMicro(c.floor.Load()).UTC(); now.Before(floor) {
		return floor
	}
	return now
}

// notBefore keeps the clock from going back behind the last change of keys: a key
// that signs before it is in use signs nothing that verifies.
func (c *clock) notBefore(t time.Time) { c.floor.Store(t.UnixMicro()) }

// measure asks the database for its time. An answer is taken to be of the middle
// of the time that it took.
func (c *clock) measure(ctx context.Context) error {
	if c.db == nil {
		return nil
	}
	var theirs time.Time
	before := c.now()
	if err := c.db.NewSelect().ColumnExpr("CURRENT_TIMESTAMP").Scan(ctx, &theirs); err != nil {
		return fmt.Errorf("embedded: measure clock: %w", err)
	}
	after := c.now()
	c.offset.Store(int64(theirs.Sub(before.Add(after.Sub(before) / 2))))
	return nil
}

// check measures anew and fails when the offset is too large.
func (c *clock) check(ctx context.Context) error {
	if err := c.measure(ctx); err != nil {
		return err
	}
	if d := time.Duration(c.offset.Load()).Abs(); d > maxOffset {
		return fmt.Errorf("%w: %v", ErrClock, d.Round(time.Second))
	}
	return nil
}
