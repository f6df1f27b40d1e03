package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

// writerWait bounds how long a writer waits for its turn on SQLite.
const writerWait = 10 * time.Second

// enter waits for the turn to write and returns how to give it back.
func (d *DB) enter(ctx context.Context) (leave func(), err error) {
	if d.writer == nil {
		return func() {}, nil
	}
	select {
	case d.writer <- struct{}{}:
		return func() { <-d.writer }, nil
	default:
	}
	timer := time.NewTimer(writerWait)
	defer timer.Stop()
	select {
	case d.writer <- struct{}{}:
		return func() { <-d.writer }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("sqlstore: %w: another transaction has been writing for %v", storage.ErrUnavailable, writerWait)
	}
}

// gated is a SQLite database on which a statement that writes waits for its
// turn, as transactions do.
type gated struct {
	*bun.DB
	db *DB
}

func (g gated) NewInsert() *bun.InsertQuery { return g.DB.NewInsert().Conn(g) }
func (g gated) NewUpdate() *bun.UpdateQuery { return g.DB.NewUpdate().Conn(g) }
func (g gated) NewDelete() *bun.DeleteQuery { return g.DB.NewDelete().Conn(g) }

func (g gated) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	leave, err := g.db.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return g.DB.ExecContext(ctx, query, args...)
}
