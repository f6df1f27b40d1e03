package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		s := db.Session()
		storagetest.Events(t, storagetest.Chain{
			InTx: func(ctx context.Context, fn func(context.Context, event.Store) error) error {
				return s.InTx(ctx, func(ctx context.Context, s sqlstore.Session) error { return fn(ctx, s) })
			},
			Events: s.Events,
		})
	})
}

func TestBlobRows(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		// Each case needs empty rows; a database is cheap enough to make one for each.
		storagetest.BlobRows(t, func(t *testing.T) (storage.BlobRows, storagetest.InTx) {
			own := testdb.Like(t, db)
			return own.BlobRows(), func(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
				return own.Session().InTx(ctx, func(ctx context.Context, s sqlstore.Session) error { return fn(ctx, s.Tx()) })
			}
		})
	})
}

func TestLeases(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) { storagetest.Leases(t, db.Leases()) })
}

func appendOne(ctx context.Context, s sqlstore.Session, envelopeID string) error {
	st := eventlog.Writer{Env: storage.Env{}.WithDefaults()}
	_, err := st.Append(ctx, s, eventlog.Draft{EnvelopeID: envelopeID, Type: "t", Actor: event.Actor{Kind: "system"}})
	return err
}

func count(t *testing.T, db *sqlstore.DB, envelopeID string) int {
	t.Helper()
	es, err := db.Session().Events(t.Context(), envelopeID)
	if err != nil {
		t.Fatal(err)
	}
	return len(es)
}

var errRefused = errors.New("refused")

// A refused verb leaves nothing behind even when the host commits, and the
// host's own rows live or die with the verb's.
func TestJoin(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		for _, tt := range []struct {
			name               string
			verb               error
			commit             bool
			wantHost, wantVerb int
		}{
			{"both commit", nil, true, 1, 1},
			{"verb refused, host commits", errRefused, true, 1, 0},
			{"host rolls back", nil, false, 0, 0},
		} {
			tx, err := db.Bun().BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			host, env := "host "+tt.name, "verb "+tt.name
			joined := db.Session().With(sqlstore.Join(tx))
			if err := appendOne(t.Context(), joined, host); err != nil {
				t.Fatal(err)
			}
			runs := 0
			err = joined.InTx(t.Context(), func(ctx context.Context, s sqlstore.Session) error {
				runs++
				if err := appendOne(ctx, s, env); err != nil {
					return err
				}
				return tt.verb
			})
			if !errors.Is(err, tt.verb) || runs != 1 {
				t.Errorf("%s: got %v after %d runs, want %v after 1", tt.name, err, runs, tt.verb)
			}
			if tt.commit {
				err = tx.Commit()
			} else {
				err = tx.Rollback()
			}
			if err != nil {
				t.Fatal(err)
			}
			if h, v := count(t, db, host), count(t, db, env); h != tt.wantHost || v != tt.wantVerb {
				t.Errorf("%s: got %d and %d rows, want %d and %d", tt.name, h, v, tt.wantHost, tt.wantVerb)
			}
		}
	})
}

func TestJoinedRaceAsksTheHost(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		if err := appendOne(t.Context(), db.Session(), "env"); err != nil {
			t.Fatal(err)
		}
		es, err := db.Session().Events(t.Context(), "env")
		if err != nil {
			t.Fatal(err)
		}
		runs := 0
		again := func(ctx context.Context, s sqlstore.Session) error {
			runs++
			return s.AppendEvents(ctx, es[0])
		}
		tx, err := db.Bun().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Session().With(sqlstore.Join(tx)).InTx(t.Context(), again)
		if !errors.Is(err, storage.ErrRetry) || !errors.Is(err, storage.ErrConflict) || runs != 1 {
			t.Errorf("joined: got %v after %d runs, want ErrRetry after 1", err, runs)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		runs = 0
		if err = db.Session().InTx(t.Context(), again); !errors.Is(err, storage.ErrConflict) || runs != sqlstore.Attempts {
			t.Errorf("own: got %v after %d runs, want ErrConflict after %d", err, runs, sqlstore.Attempts)
		}
		runs = 0
		ctx, cancel := context.WithCancel(t.Context())
		err = db.Session().InTx(ctx, func(ctx context.Context, s sqlstore.Session) error {
			err := again(ctx, s)
			cancel()
			return err
		})
		if !errors.Is(err, context.Canceled) || runs != 1 {
			t.Errorf("cancelled: got %v after %d runs", err, runs)
		}
	})
}

type otherTx struct{}

func (otherTx) StorageTx() {}

func TestWithAnotherBackendsTransaction(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	for _, tx := range []storage.Tx{otherTx{}, sqlstore.Join(nil)} {
		s := db.Session().With(tx)
		if _, err := s.ChainHead(t.Context(), "env"); err == nil {
			t.Errorf("%T: a read succeeded", tx)
		}
		if err := s.InTx(t.Context(), func(context.Context, sqlstore.Session) error { return nil }); err == nil {
			t.Errorf("%T: a transaction succeeded", tx)
		}
	}
	if sqlstore.Bun(otherTx{}) != nil {
		t.Error("Bun of another backend's transaction")
	}
	if tx := db.Session().Tx(); tx != nil {
		t.Errorf("outside a transaction: got %v", tx)
	}
	if tx := db.Session().With(nil).Tx(); tx != nil {
		t.Errorf("bound to nil: got %v", tx)
	}
}

func TestPanicInClosureRollsBack(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not come through")
				}
			}()
			_ = db.Session().InTx(t.Context(), func(ctx context.Context, s sqlstore.Session) error {
				if err := appendOne(ctx, s, "env"); err != nil {
					t.Error(err)
				}
				panic("host callback")
			})
		}()
		if n := count(t, db, "env"); n != 0 {
			t.Errorf("got %d rows", n)
		}
		if err := appendOne(t.Context(), db.Session(), "env"); err != nil { // nobody holds the writer's place
			t.Error(err)
		}
	})
}

type coded int

func (c coded) Error() string { return fmt.Sprintf("code %d", int(c)) }
func (c coded) Code() int     { return int(c) }

type stated string

func (s stated) Error() string    { return "state " + string(s) }
func (s stated) SQLState() string { return string(s) }

func TestMapErr(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in         error
		want       error // nil: passes as it is
		repeatable bool
	}{
		{coded(5), storage.ErrUnavailable, true},   // SQLITE_BUSY
		{coded(517), storage.ErrUnavailable, true}, // SQLITE_BUSY_SNAPSHOT
		{coded(2067), storage.ErrConflict, false},  // SQLITE_CONSTRAINT_UNIQUE
		{coded(1555), storage.ErrConflict, false},  // SQLITE_CONSTRAINT_PRIMARYKEY
		{coded(787), nil, false},                   // SQLITE_CONSTRAINT_FOREIGNKEY
		{coded(10), storage.ErrUnavailable, false}, // SQLITE_IOERR
		{coded(13), storage.ErrUnavailable, false}, // SQLITE_FULL
		{stated("40001"), storage.ErrUnavailable, true},
		{stated("40P01"), storage.ErrUnavailable, true},
		{stated("23505"), storage.ErrConflict, false},
		{stated("23503"), nil, false},
		{stated("57P01"), storage.ErrUnavailable, false},
		{stated("53300"), storage.ErrUnavailable, false},
		{driver.ErrBadConn, storage.ErrUnavailable, false},
		{io.ErrUnexpectedEOF, storage.ErrUnavailable, false},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, storage.ErrUnavailable, false},
		{errors.New("UNIQUE constraint failed: a.b"), storage.ErrConflict, false},
		{context.Canceled, nil, false},
		{context.DeadlineExceeded, nil, false}, // which is a net.Error
		{errRefused, nil, false},
		{nil, nil, false},
	} {
		in := tt.in
		if in != nil {
			in = fmt.Errorf("wrapped: %w", in)
		}
		got := sqlstore.MapErr(in)
		if tt.want == nil && got != in || tt.want != nil && (!errors.Is(got, tt.want) || !errors.Is(got, tt.in)) {
			t.Errorf("%v: got %v, want %v", tt.in, got, tt.want)
		}
		if in != nil && sqlstore.Repeatable(in) != tt.repeatable {
			t.Errorf("%v: repeatable is %v", tt.in, !tt.repeatable)
		}
	}
}

func TestClosedDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		if err := db.Ping(t.Context()); err != nil {
			t.Errorf("open: %v", err)
		}
		if err := db.Bun().Close(); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"ping":    db.Ping(t.Context()),
			"check":   db.Check(t.Context()),
			"migrate": db.Migrate(t.Context()),
			"in tx":   db.Session().InTx(t.Context(), func(context.Context, sqlstore.Session) error { return nil }),
			"stage":   db.BlobRows().Stage(t.Context(), storage.Object{Name: "a"}, time.Now()),
		} {
			if !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", name, err)
			}
		}
	})
}
