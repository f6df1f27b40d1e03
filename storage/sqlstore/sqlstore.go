package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

// DB makes the engines' stores on one database. It is safe for concurrent use.
type DB struct {
	bun    *bun.DB
	traits *traits
	idb    bun.IDB // runs single statements
	// writer has the one place of a writer on SQLite; nil on other databases. Waiting
	// for it is fair and holds no connection, unlike waiting in SQLite's busy handler.
	writer     chan struct{}
	statements statements
}

// New returns the stores of db, whose dialect must be SQLite or PostgreSQL. It
// does no I/O. The caller keeps db and closes it.
func New(db *bun.DB) (*DB, error) {
	if db == nil {
		return nil, errors.New("sqlstore: database is required")
	}
	name := db.Dialect().Name()
	t, err := traitsOf(func(t *traits) bool { return t.bun == name }, name)
	if err != nil {
		return nil, err
	}
	d := &DB{bun: db, traits: t, idb: db, statements: statements{traits: t}}
	if t.oneWriter {
		d.writer = make(chan struct{}, 1)
		d.idb = gated{db, d}
	}
	return d, nil
}

// Bun returns the database given to New.
func (d *DB) Bun() *bun.DB { return d.bun }

// Ping reports whether the database answers; storage.ErrUnavailable when not.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	if err := d.bun.NewSelect().ColumnExpr("1").Scan(ctx, &one); err != nil {
		return mapErr(err)
	}
	return nil
}

// transaction is what storage.Tx is here.
type transaction struct{ idb bun.IDB }

func (*transaction) StorageTx() {}

// Join makes a storage.Tx of the host's own transaction (a bun.Tx). The host
// commits or rolls back; while it is open on SQLite, use no engine that is not
// bound to it.
func Join(idb bun.IDB) storage.Tx { return &transaction{idb} }

// Bun returns what tx runs its SQL on, for a host that writes rows of its own
// in a verb's Also callback. It is nil for a storage.Tx of another backend.
func Bun(tx storage.Tx) bun.IDB {
	if t, ok := tx.(*transaction); ok && t != nil {
		return t.idb
	}
	return nil
}

// once runs fn in one transaction of its own.
func (d *DB) once(ctx context.Context, fn func(ctx context.Context, s session) error) (err error) {
	d.statements.prepareWanted(ctx, d.bun)
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	tx, err := d.bun.BeginTx(ctx, nil)
	if err != nil {
		return mapErr(err)
	}
	ended := false
	defer func() {
		if !ended {
			_ = tx.Rollback()
		}
	}()
	if err := fn(ctx, session{db: d, idb: tx, tx: &transaction{tx}, own: tx.Tx}); err != nil {
		return err
	}
	ended = true
	if err := tx.Commit(); err != nil {
		if !errors.Is(err, sql.ErrTxDone) {
			_ = tx.Rollback()
		}
		return fmt.Errorf("commit: %w", mapErr(err))
	}
	return nil
}
