// Package sqlstore keeps every engine's records in SQL through bun: SQLite and
// PostgreSQL today, MariaDB and MySQL kept possible by using neither RETURNING
// nor partial indexes nor a vendor's JSON operators.
//
//	db, err := sqlstore.New(bunDB)   // no I/O
//	err = db.Migrate(ctx)            // explicit, safe from several replicas at once
//	err = db.Check(ctx)              // storage.ErrSchema when Migrate is due
//	esign.New(esign.Config{Store: db.ESign(), …})
//
// Migrations has the same schema as SQL files, for a host that runs them with
// goose or by hand.
//
// # Transactions
//
// A store's InTx begins a transaction, runs the closure with a store bound to
// it, and commits. SQLITE_BUSY, serialization failures (40001), deadlocks
// (40P01) and lost races for a place in an event chain roll it back and run the
// closure again, a bounded number of times with growing, jittered pauses; so
// the closure is SQL only. A failed COMMIT is not repeated: its outcome is
// unknown.
//
// Join turns a transaction of the host into a storage.Tx, and a store's With
// binds the store to it: the host's rows and the engine's commit or roll back
// together. InTx of a bound store runs its closure once, inside a savepoint, so
// that a refused verb leaves nothing behind even when the host commits. Nothing
// is retried in there; an error that running again may cure wraps
// storage.ErrRetry, and the host should run its whole transaction again.
//
// # Shapes
//
// Tables begin with evault_. Times are UTC microseconds in both directions,
// digests lower-case hex, JSON is text. All types are safe for concurrent use,
// except a store bound to a transaction, which is as safe as that transaction.
//
// Stability: migrations are added, and from the first release on none is changed.
// Tables and columns are no interface: they may change with any version. The Go API may
// change until v1.
package sqlstore
