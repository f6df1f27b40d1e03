package translog_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// anchors is a place outside the database.
type anchors struct {
	mu   sync.Mutex
	m    map[string][]byte
	fail error
	seen func(name string) // called before each Put
}

func (a *anchors) Put(_ context.Context, name string, content []byte) error {
	if a.seen != nil {
		a.seen(name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != nil {
		return a.fail
	}
	if a.m == nil {
		a.m = map[string][]byte{}
	}
	a.m[name] = bytes.Clone(content)
	return nil
}

func (a *anchors) Open(_ context.Context, name string) (io.ReadCloser, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != nil {
		return nil, a.fail
	}
	b, ok := a.m[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, storage.ErrBlobMissing)
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// journal appends events to envelopes of a database, as the engines do.
type journal struct {
	eventlog.Writer
	db    *sqlstore.DB
	name  string
	heads map[string]event.Head
}

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newJournal(db *sqlstore.DB, prefix string) *journal {
	at, n := epoch, 0
	return &journal{eventlog.Writer{Env: storage.Env{
		Now:   func() time.Time { at = at.Add(time.Second); return at },
		NewID: func(p string) string { n++; return fmt.Sprintf("%s_%s%06d", p, prefix, n) },
		Rand:  rand.Reader,
	}}, db, prefix, map[string]event.Head{}}
}

func (j *journal) ChainHead(_ context.Context, env string) (event.Head, error) {
	return j.heads[env], nil
}

func (j *journal) AppendEvents(ctx context.Context, events ...event.Event) error {
	for _, e := range events {
		if err := j.appendOne(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (j *journal) appendOne(ctx context.Context, e event.Event) error {
	_, err := j.db.Bun().ExecContext(ctx, `INSERT INTO evault_events
		(event_id, envelope_id, seq, type, recorded_at, actor_kind, actor_id, data, detail_sha256, prev_hash, hash, canonical)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.EnvelopeID, e.Seq, e.Type, e.RecordedAt, e.Actor.Kind, e.Actor.ID, string(e.Data), string(e.DetailSHA256),
		string(e.PrevHash), string(e.Hash), e.Canonical)
	j.heads[e.EnvelopeID] = event.Head{Seq: e.Seq, Hash: e.Hash, RecordedAt: e.RecordedAt}
	return err
}

func (j *journal) write(t testing.TB, n int) []event.Event {
	t.Helper()
	var all []event.Event
	for i := range n {
		es, err := j.Append(t.Context(), j, eventlog.Draft{
			EnvelopeID: fmt.Sprintf("env_%s%d", j.name, i%3), Type: "envelope.viewed",
			Actor: event.Actor{Kind: "system", ID: "test"}, Data: map[string]int{"n": i},
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, es...)
	}
	return all
}

func seed(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func open(t testing.TB, db *sqlstore.DB, a translog.Anchors) *translog.Log {
	t.Helper()
	l, err := translog.New(translog.Config{Store: db.Log(), Signer: seed(1), Origin: "vault.test/log", Anchors: a, Batch: 8})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func verify(t testing.TB, l *translog.Log, signed string) translog.Checkpoint {
	t.Helper()
	keys, err := l.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, err := translog.NewVerifier(keys[len(keys)-1].Verifier)
	if err != nil {
		t.Fatal(err)
	}
	c, err := translog.ParseCheckpoint(signed, v)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := translog.Config{Store: testdb.Open(t).Log(), Signer: seed(1), Origin: "o", Anchors: &anchors{}}
	for want, edit := range map[string]func(*translog.Config){
		"Config.Store":   func(c *translog.Config) { c.Store = nil },
		"Config.Signer":  func(c *translog.Config) { c.Signer = nil },
		"want Ed25519":   func(c *translog.Config) { c.Signer = ec },
		"Config.Origin":  func(c *translog.Config) { c.Origin = "" },
		"Config.Origin:": func(c *translog.Config) { c.Origin = "with space" },
		"Config.Anchors": func(c *translog.Config) { c.Anchors = nil },
	} {
		c := good
		edit(&c)
		if _, err := translog.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one that names %s", err, want)
		}
	}
}

func TestEveryEventIsProved(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		ctx, a := t.Context(), &anchors{}
		l, j := open(t, db, a), newJournal(db, "a")
		empty, err := l.Integrate(ctx)
		if err != nil || empty.Size != 0 {
			t.Fatalf("empty log: got size %d, %v", empty.Size, err)
		}
		verify(t, l, empty.Note)
		var old []translog.Checkpoint
		var events []event.Event
		for _, n := range []int{1, 2, 8, 9, 17} {
			events = append(events, j.write(t, n)...)
			c, err := l.Integrate(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if c.Size != int64(len(events)) {
				t.Fatalf("got size %d, want %d", c.Size, len(events))
			}
			if got := verify(t, l, c.Note); got != c {
				t.Fatalf("got %v from the note, want %v", got, c)
			}
			old = append(old, c)
		}
		last := old[len(old)-1]
		for i, e := range events {
			entry, err := l.Entry(ctx, e.ID)
			if err != nil || entry.Index != int64(i) {
				t.Fatalf("event %d: got index %d, %v", i, entry.Index, err)
			}
			proof, err := l.Inclusion(ctx, entry.Index, last.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := translog.VerifyInclusion(e.Canonical, entry.Index, last.Size, last.Root, proof); err != nil {
				t.Error(err)
			}
			other := append(bytes.Clone(e.Canonical), ' ')
			if translog.VerifyInclusion(other, entry.Index, last.Size, last.Root, proof) == nil {
				t.Errorf("event %d: an altered leaf verifies", i)
			}
		}
		for _, c := range append(old, empty) {
			proof, err := l.Consistency(ctx, c.Size, last.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := translog.VerifyConsistency(c.Size, c.Root, last.Size, last.Root, proof); err != nil {
				t.Error(err)
			}
			if c.Size > 0 && translog.VerifyConsistency(c.Size, translog.Hash{1}, last.Size, last.Root, proof) == nil {
				t.Errorf("another tree of size %d verifies", c.Size)
			}
		}
	})
}

func TestProofsOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	l, j := open(t, db, &anchors{}), newJournal(db, "a")
	j.write(t, 3)
	if _, err := l.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]int64{{-1, 3}, {3, 3}, {0, 4}, {0, 0}, {0, -1}} {
		if _, err := l.Inclusion(t.Context(), c[0], c[1]); !errors.Is(err, translog.ErrNotFound) {
			t.Errorf("inclusion %v: got %v, want ErrNotFound", c, err)
		}
	}
	for _, c := range [][2]int64{{-1, 3}, {2, 1}, {1, 4}} {
		if _, err := l.Consistency(t.Context(), c[0], c[1]); !errors.Is(err, translog.ErrNotFound) {
			t.Errorf("consistency %v: got %v, want ErrNotFound", c, err)
		}
	}
	if _, err := l.Entry(t.Context(), "evt_absent"); !errors.Is(err, translog.ErrNotFound) {
		t.Errorf("entry: got %v, want ErrNotFound", err)
	}
	if _, err := l.Wait(t.Context(), "evt_absent"); !errors.Is(err, translog.ErrNotFound) {
		t.Errorf("wait: got %v, want ErrNotFound", err)
	}
}

// Two logs on one database are two replicas: every event is sequenced once and
// every checkpoint that either returned extends the ones before.
func TestReplicasShareOneTree(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		const writers, each = 4, 12
		a := &anchors{}
		replicas := []*translog.Log{open(t, db, a), open(t, db, a)}
		var mu sync.Mutex
		var seen []translog.Checkpoint
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				j := newJournal(db, fmt.Sprint(w))
				for i := range each {
					es, err := j.Append(t.Context(), j, eventlog.Draft{EnvelopeID: fmt.Sprintf("env_w%d", w), Type: "x", Data: map[string]int{"i": i}})
					if err != nil {
						t.Error(err)
						return
					}
					c, err := replicas[(w+i)%2].Wait(t.Context(), es[0].ID)
					if err != nil {
						t.Errorf("wait: %v", err)
						return
					}
					mu.Lock()
					seen = append(seen, c)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		last, err := replicas[0].Checkpoint(t.Context())
		if err != nil || last.Size != writers*each {
			t.Fatalf("got size %d, %v; want %d", last.Size, err, writers*each)
		}
		for _, c := range seen {
			proof, err := replicas[1].Consistency(t.Context(), c.Size, last.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := translog.VerifyConsistency(c.Size, c.Root, last.Size, last.Root, proof); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestCheckpointIsAnchoredBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	a := &anchors{}
	l, j := open(t, db, a), newJournal(db, "a")
	e := j.write(t, 1)[0]
	down := fmt.Errorf("bucket: %w", storage.ErrUnavailable)
	a.fail = down
	if _, err := l.Integrate(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	a.fail = nil
	a.seen = func(name string) { // the process loses the bucket after its commit
		a.seen, a.fail = nil, down
	}
	if _, err := l.Integrate(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	if c, err := l.Checkpoint(t.Context()); err != nil || c.Size != 0 {
		t.Fatalf("a checkpoint without its anchor is used: size %d, %v", c.Size, err)
	}
	if _, err := l.Inclusion(t.Context(), 0, 1); !errors.Is(err, translog.ErrNotFound) {
		t.Fatalf("proof in a tree without anchor: got %v, want ErrNotFound", err)
	}
	a.fail = nil
	c, err := l.Wait(t.Context(), e.ID)
	if err != nil || c.Size != 1 {
		t.Fatalf("got size %d, %v", c.Size, err)
	}
	if got := string(a.m["checkpoints/1"]); got != c.Note {
		t.Errorf("anchor holds %q, want %q", got, c.Note)
	}
	if got := string(a.m["checkpoints/after-0"]); got != c.Note {
		t.Errorf("anchor of the predecessor holds %q, want %q", got, c.Note)
	}
}

func TestWaitGivesUp(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	a := &anchors{}
	l, err := translog.New(translog.Config{Store: db.Log(), Signer: seed(1), Origin: "o", Anchors: a, WaitLimit: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	e := newJournal(db, "a").write(t, 1)[0]
	if _, err := l.Wait(t.Context(), e.ID); !errors.Is(err, translog.ErrPending) {
		t.Errorf("got %v, want ErrPending", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Wait(ctx, e.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestOtherOriginIsRefused(t *testing.T) {
	t.Parallel()
	db, a := testdb.Open(t), &anchors{}
	newJournal(db, "a").write(t, 1)
	if _, err := open(t, db, a).Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := translog.New(translog.Config{Store: db.Log(), Signer: seed(1), Origin: "other.test/log", Anchors: a})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Integrate(t.Context()); err == nil || !strings.Contains(err.Error(), "Config.Origin") {
		t.Errorf("got %v, want one that names Config.Origin", err)
	}
}

func TestAlteredHashesAreFound(t *testing.T) {
	t.Parallel()
	db, a := testdb.Open(t), &anchors{}
	l, j := open(t, db, a), newJournal(db, "a")
	j.write(t, 4)
	if _, err := l.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Bun().ExecContext(t.Context(), "UPDATE evault_log_hashes SET hash = ? WHERE idx = ?", make([]byte, 32), 6); err != nil {
		t.Fatal(err)
	}
	j.write(t, 1)
	if _, err := l.Integrate(t.Context()); !errors.Is(err, translog.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}

// file is a SQLite database that a test can copy and put back.
type file struct{ path string }

func newFile(t *testing.T) file { return file{filepath.Join(t.TempDir(), "evault.db")} }

func (f file) open(t *testing.T) *sqlstore.DB {
	t.Helper()
	raw, err := sqlite.Open(f.path)
	if err != nil {
		t.Fatal(err)
	}
	b := bun.NewDB(raw, sqlitedialect.New())
	t.Cleanup(func() { _ = b.Close() })
	db, err := sqlstore.New(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// backup returns what a backup taken now would hold.
func (f file) backup(t *testing.T, db *sqlstore.DB) []byte {
	t.Helper()
	to := filepath.Join(t.TempDir(), "backup.db")
	if _, err := db.Bun().ExecContext(t.Context(), "VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func restored(t *testing.T, backup []byte) *sqlstore.DB {
	t.Helper()
	f := newFile(t)
	if err := os.WriteFile(f.path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	return f.open(t)
}

// A backlog of more batches than lost races are allowed is integrated by one call.
func TestIntegrateCountsOnlyLostRaces(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		const events = 130
		newJournal(db, "a").write(t, events)
		l, err := translog.New(translog.Config{
			Store: db.Log(), Signer: seed(1), Origin: "vault.test/log", Anchors: &anchors{}, Batch: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		if c, err := l.Integrate(t.Context()); err != nil || c.Size != events {
			t.Errorf("got size %d, %v; want %d", c.Size, err, events)
		}
	})
}

// lostRaces is a store on which the head always moves before Advance does.
type lostRaces struct {
	translog.Store
	tries *int
}

func (s lostRaces) InTx(ctx context.Context, fn func(ctx context.Context, s translog.Store) error) error {
	return s.Store.InTx(ctx, func(ctx context.Context, in translog.Store) error { return fn(ctx, lostRaces{in, s.tries}) })
}

func (s lostRaces) Advance(context.Context, translog.Head, translog.Head) error {
	*s.tries++
	return storage.ErrConflict
}

// Who loses every race gives up.
func TestIntegrateGivesUp(t *testing.T) {
	t.Parallel()
	db, tries := testdb.Open(t), 0
	newJournal(db, "a").write(t, 1)
	l, err := translog.New(translog.Config{
		Store: lostRaces{db.Log(), &tries}, Signer: seed(1), Origin: "vault.test/log", Anchors: &anchors{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Integrate(t.Context()); !errors.Is(err, storage.ErrConflict) || tries != 50 {
		t.Errorf("got %v after %d tries, want ErrConflict after 50", err, tries)
	}
}

// BenchmarkBacklog integrates 100,000 waiting events while another client goes on
// to write: events/s is the integrator's, the longest a writer waited is in ms.
func BenchmarkBacklog(b *testing.B) {
	const waiting = 100_000
	for b.Loop() {
		db := testdb.Open(b)
		_, err := db.Bun().ExecContext(b.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO evault_events (event_id, envelope_id, seq, type, recorded_at, actor_kind, actor_id, data, detail_sha256, prev_hash, hash, canonical)
SELECT 'evt_' || i, 'env_' || (i / 10), i % 10, 't', ?, 'system', 'test', '{}', '', '', '', ? FROM n`, waiting, epoch, make([]byte, 600))
		if err != nil {
			b.Fatal(err)
		}
		l, err := translog.New(translog.Config{Store: db.Log(), Signer: seed(1), Origin: "vault.test/log", Anchors: &anchors{}})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		longest := make(chan time.Duration)
		go func() {
			var most time.Duration
			for ctx.Err() == nil {
				began := time.Now()
				if err := db.BlobRows().Stage(ctx, storage.Object{Name: fmt.Sprint(began.UnixNano())}, began); err == nil {
					most = max(most, time.Since(began))
				}
			}
			longest <- most
		}()
		began := time.Now()
		if c, err := l.Integrate(b.Context()); err != nil || c.Size != waiting {
			b.Fatalf("got size %d, %v", c.Size, err)
		}
		b.ReportMetric(waiting/time.Since(began).Seconds(), "events/s")
		cancel()
		b.ReportMetric(float64((<-longest).Milliseconds()), "ms/longest-wait")
	}
}

// I9, I35: a database restored to any earlier point signs nothing.
func TestRestoredDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	f, a := newFile(t), &anchors{}
	db := f.open(t)
	l, j := open(t, db, a), newJournal(db, "a")
	backups := [][]byte{f.backup(t, db)}
	var saved translog.Checkpoint
	for i := range 10 {
		j.write(t, 1+i%11)
		backups = append(backups, f.backup(t, db)) // events written, not sequenced
		var err error
		if saved, err = l.Integrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i < 9 {
			backups = append(backups, f.backup(t, db))
		}
	}
	for i, b := range backups {
		before := len(a.m)
		db := restored(t, b)
		l := open(t, db, a)
		newJournal(db, "fork").write(t, 2)
		if err := l.Check(t.Context()); !errors.Is(err, translog.ErrRewound) {
			t.Fatalf("backup %d: Check: got %v, want ErrRewound", i, err)
		}
		if _, err := l.Integrate(t.Context()); !errors.Is(err, translog.ErrRewound) {
			t.Fatalf("backup %d: Integrate: got %v, want ErrRewound", i, err)
		}
		if len(a.m) != before {
			t.Fatalf("backup %d: an anchor was written", i)
		}
		if c, err := l.Checkpoint(t.Context()); err != nil || c.Size >= saved.Size {
			t.Fatalf("backup %d: reads do not go on: size %d, %v", i, c.Size, err)
		}
	}
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("the database itself: %v", err)
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	f, a := newFile(t), &anchors{}
	db := f.open(t)
	l, j := open(t, db, a), newJournal(db, "a")
	j.write(t, 3)
	if _, err := l.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Adopt(t.Context(), "why not"); !errors.Is(err, translog.ErrNotRewound) {
		t.Fatalf("got %v, want ErrNotRewound", err)
	}
	early := f.backup(t, db)
	var lost translog.Checkpoint
	for range 3 {
		j.write(t, 4)
		var err error
		if lost, err = l.Integrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	latest := f.backup(t, db) // holds the newest head before the adoption

	db = restored(t, early)
	l = open(t, db, a)
	var invalid *translog.InvalidError
	for _, reason := range []string{"", " ", "two\nlines", strings.Repeat("x", 501)} {
		if _, err := l.Adopt(t.Context(), reason); !errors.As(err, &invalid) {
			t.Errorf("reason %q: got %v, want InvalidError", reason, err)
		}
	}
	c, err := l.Adopt(t.Context(), "disk lost, restored last night's backup")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("vault.test/log/1-%d-%x", lost.Size, lost.Root[:8])
	if c.Origin != want || c.Size != 3 {
		t.Errorf("got %s size %d, want %s size 3", c.Origin, c.Size, want)
	}
	verify(t, l, c.Note)
	as, err := l.Adoptions(t.Context())
	if err != nil || len(as) != 1 || !strings.Contains(as[0].Note, "restored last night") || !strings.Contains(as[0].Note, lost.Root.String()) {
		t.Errorf("got adoptions %v, %v", as, err)
	}
	afterAdoption := f.backup(t, db)
	newJournal(db, "new").write(t, 2)
	if c, err = l.Integrate(t.Context()); err != nil || c.Size != 5 || c.Origin != want {
		t.Fatalf("got %s size %d, %v", c.Origin, c.Size, err)
	}

	// Set back again: before the adoption, after it, and to what it gave up.
	for i, b := range [][]byte{early, afterAdoption, latest} {
		db = restored(t, b)
		l = open(t, db, a)
		if _, err := l.Integrate(t.Context()); !errors.Is(err, translog.ErrRewound) {
			t.Fatalf("got %v, want ErrRewound", err)
		}
		c, err := l.Adopt(t.Context(), "again")
		if err != nil || !strings.HasPrefix(c.Origin, fmt.Sprintf("vault.test/log/%d-", i+2)) || c.Size != []int64{3, 3, lost.Size}[i] {
			t.Fatalf("got %s size %d, %v", c.Origin, c.Size, err)
		}
		if _, err := l.Integrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// reads counts what is read from the anchors.
type reads struct {
	*anchors
	n int
}

func (r *reads) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	r.n++
	return r.anchors.Open(ctx, name)
}

// CheckRecent reads no anchors while the head stays, and finds a restored database
// in a process that starts.
func TestCheckRecent(t *testing.T) {
	t.Parallel()
	f, a := newFile(t), &reads{anchors: &anchors{}}
	db := f.open(t)
	l, j := open(t, db, a), newJournal(db, "a")
	j.write(t, 3)
	if _, err := l.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	backup := f.backup(t, db)
	check := func(l *translog.Log, want error) {
		t.Helper()
		if err := l.CheckRecent(t.Context()); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	check(l, nil)
	first := a.n
	for range 5 {
		time.Sleep(60 * time.Millisecond)
		check(l, nil)
	}
	if a.n != first {
		t.Errorf("read %d anchors while the head stayed", a.n-first)
	}
	j.write(t, 3)
	if _, err := l.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(l, nil)
	old := open(t, restored(t, backup), a)
	for range 3 {
		check(old, translog.ErrRewound)
	}
}

// Anchors that are lost, or not those of this log, are no witness.
func TestLostAnchorsAreFound(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	l, j := open(t, db, &anchors{}), newJournal(db, "a")
	j.write(t, 3)
	if _, err := l.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	moved := open(t, db, &anchors{})
	if err := moved.Check(t.Context()); !errors.Is(err, translog.ErrRewound) {
		t.Errorf("got %v, want ErrRewound", err)
	}
	if _, err := moved.Adopt(t.Context(), "the anchors were lost"); err != nil {
		t.Fatal(err)
	}
	if err := moved.Check(t.Context()); err != nil {
		t.Errorf("adopted: %v", err)
	}
}

func TestAnchorPlace(t *testing.T) {
	t.Parallel()
	c := translog.Config{Store: testdb.Open(t).Log(), Signer: seed(1), Origin: "vault.test/log", Anchors: &anchors{}}
	for given, want := range map[string]string{"": translog.AnchorsBeside, translog.AnchorsSeparate: translog.AnchorsSeparate} {
		c.AnchorPlace = given
		if l, err := translog.New(c); err != nil || l.AnchorPlace() != want {
			t.Errorf("%q: got %v, want %s", given, err, want)
		}
	}
	c.AnchorPlace = "elsewhere"
	if _, err := translog.New(c); err == nil {
		t.Error("an unknown place was accepted")
	}
}

// TestAdoptAfterTheKeyChanged: what the anchors of a retired key hold is known, and
// what it signed stays verifiable.
func TestAdoptAfterTheKeyChanged(t *testing.T) {
	t.Parallel()
	f, a := newFile(t), &anchors{}
	db := f.open(t)
	l, j := open(t, db, a), newJournal(db, "a")
	j.write(t, 3)
	first, err := l.Integrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	early := f.backup(t, db)
	j.write(t, 4)
	lost, err := l.Integrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	old, err := keyring.New(keyring.Log, seed(1))
	if err != nil {
		t.Fatal(err)
	}
	old.Until = &epoch
	own, err := keyring.New(keyring.Log, seed(2))
	if err != nil {
		t.Fatal(err)
	}
	own.From = epoch
	changed := func(db *sqlstore.DB, keys ...keyring.Key) (*translog.Log, error) {
		return translog.New(translog.Config{
			Store: db.Log(), Signer: seed(2), Keys: keyring.NewRing(keys...), Origin: "vault.test/log", Anchors: a, Batch: 8,
		})
	}
	if _, err := changed(db, old); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("a ring without the key that signs: got %v", err)
	}
	restoredDB := restored(t, early)
	if l, err = changed(restoredDB, old, own); err != nil {
		t.Fatal(err)
	}
	c, err := l.Adopt(t.Context(), "restored after the key was changed")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("vault.test/log/1-%d-%x", lost.Size, lost.Root[:8]); c.Origin != want {
		t.Errorf("got the origin %s, want %s", c.Origin, want)
	}
	newJournal(restoredDB, "new").write(t, 2)
	next, err := l.Integrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := l.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, signed := range map[string]string{"first": first.Note, "lost": lost.Note, "adopted": c.Note, "next": next.Note} {
		ok := false
		for _, k := range keys {
			v, err := translog.NewVerifier(k.Verifier)
			if err != nil {
				t.Fatal(err)
			}
			_, err = translog.ParseCheckpoint(signed, v)
			ok = ok || err == nil
			if again, err := translog.ParseKey(k.String()); err != nil || again.Verifier != k.Verifier || !again.From.Equal(k.From) || (again.Until == nil) != (k.Until == nil) {
				t.Errorf("%s is read as %v, %v", k, again, err)
			}
		}
		if !ok {
			t.Errorf("the %s checkpoint does not verify by a key of %v", name, keys)
		}
	}
	if _, err := l.Adopt(t.Context(), "again"); !errors.Is(err, translog.ErrNotRewound) {
		t.Errorf("got %v, want ErrNotRewound", err)
	}
}
