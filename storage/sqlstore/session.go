package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

// The closure of inTx runs at most attempts times, pausing a random part of
// firstPause, doubled each time up to lastPause.
const (
	attempts   = 10
	firstPause = 4 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// session is what every engine's store embeds: the database, or one
// transaction on it.
type session struct {
	db  *DB
	idb bun.IDB      // runs the SQL; never nil
	tx  *transaction // nil outside a transaction
	own *sql.Tx      // of a transaction that once began
}

func (d *DB) session() session { return session{db: d, idb: d.idb} }

// Tx returns the transaction the store is bound to, or nil.
func (s session) Tx() storage.Tx {
	if s.tx == nil {
		return nil // not a *transaction that is nil: callers compare with nil
	}
	return s.tx
}

// with returns s bound to tx; bound to nil, it is outside any transaction.
// Every statement on a transaction of another backend fails.
func (s session) with(tx storage.Tx) session {
	if tx == nil {
		return s.db.session()
	}
	t, ok := tx.(*transaction)
	if !ok || t == nil || t.idb == nil {
		t = &transaction{bun.NewDB(sql.OpenDB(foreign{}), s.db.bun.Dialect())}
	}
	return session{db: s.db, idb: t.idb, tx: t}
}

// inTx runs fn in a transaction, and again when the database asks for it; in a
// session that is bound to a transaction, once and within a savepoint.
func (s session) inTx(ctx context.Context, fn func(ctx context.Context, s session) error) error {
	if s.tx != nil {
		return s.nested(ctx, fn)
	}
	pause := firstPause
	for n := 1; ; n++ {
		err := s.db.once(ctx, fn)
		if err == nil || n == attempts || !repeatable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(rand.N(pause) + pause/4):
		}
		pause = min(2*pause, lastPause)
	}
}

func (s session) nested(ctx context.Context, fn func(ctx context.Context, s session) error) error {
	tx, err := s.idb.BeginTx(ctx, nil)
	if err != nil {
		return again(mapErr(err))
	}
	ended := false
	defer func() {
		if !ended {
			_ = tx.Rollback()
		}
	}()
	if err := fn(ctx, session{db: s.db, idb: tx, tx: &transaction{tx}, own: s.own}); err != nil {
		return again(err)
	}
	ended = true
	if err := tx.Commit(); err != nil {
		return again(mapErr(err))
	}
	return nil
}

// again marks what running the whole transaction again may cure.
func again(err error) error {
	if errors.Is(err, storage.ErrRetry) || !repeatable(err) {
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrRetry, err)
}

// put inserts model, a row or a slice of rows, unless a unique key is taken:
// storage.ErrConflict then. Unlike a refused INSERT it leaves a PostgreSQL
// transaction usable.
func (s session) put(ctx context.Context, model any) error {
	want := rows(model)
	res, err := s.idb.NewInsert().Model(model).Ignore().Returning("NULL").Exec(ctx)
	if err != nil {
		return mapErr(err)
	}
	return affected(res, want, storage.ErrConflict)
}

// change runs a compare-and-set UPDATE or DELETE; otherwise is returned when it
// touches no row.
func change(ctx context.Context, q interface {
	Exec(ctx context.Context, dest ...any) (sql.Result, error)
}, otherwise error,
) error {
	res, err := q.Exec(ctx)
	if err != nil {
		return mapErr(err)
	}
	return affected(res, 1, otherwise)
}

func affected(res sql.Result, want int64, otherwise error) error {
	n, err := res.RowsAffected()
	if err != nil {
		return mapErr(err)
	}
	if n < want {
		return otherwise
	}
	return nil
}
