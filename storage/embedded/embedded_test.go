package embedded_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"gocloud.dev/blob/memblob"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// open opens an installation until the test ends.
func open(t testing.TB, o embedded.Options) *embedded.Embedded {
	t.Helper()
	return testworld.Open(t, o)
}

func operator() *vault.Custodian {
	return &vault.Custodian{Party: custody.Party{Name: "Vault Operator"}}
}

func keyFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode().Perm())
		}
		b, err := os.ReadFile(filepath.Join(dir, "keys", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

func TestConcurrentOpensMakeKeysOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	es := make([]*embedded.Embedded, 6)
	for i := range es { // processes that start together on a new folder
		wg.Go(func() {
			e, err := embedded.Open(t.Context(), embedded.Options{Dir: dir, Custodian: operator()})
			if err != nil {
				t.Error(err)
				return
			}
			es[i] = e
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	files := keyFiles(t, dir)
	if len(files) != 9 {
		t.Errorf("got %d key files, want 9", len(files))
	}
	for i, e := range es {
		if !bytes.Equal(e.TokenKeys[0].Secret, es[0].TokenKeys[0].Secret) || e.TokenKeys[0].ID != es[0].TokenKeys[0].ID ||
			!e.EmbedKey.Public().(ed25519.PublicKey).Equal(es[0].EmbedKey.Public()) || !e.Sealer.Certificate().Equal(es[0].Sealer.Certificate()) {
			t.Errorf("process %d has other keys", i)
		}
		secret, err := es[0].Keeper.Encrypt(t.Context(), []byte("whsec"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Keeper.Decrypt(t.Context(), secret); err != nil || string(got) != "whsec" {
			t.Errorf("process %d cannot decrypt: %q, %v", i, got, err)
		}
		secret[len(secret)-1] ^= 1
		if _, err := e.Keeper.Decrypt(t.Context(), secret); err == nil {
			t.Error("an altered secret decrypts")
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	open(t, embedded.Options{Dir: dir, Custodian: operator()})
	for name, b := range keyFiles(t, dir) {
		if files[name] != b {
			t.Errorf("%s changed", name)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	prepared := func(change func(dir string) error) string {
		dir := t.TempDir()
		open(t, embedded.Options{Dir: dir})
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, tt := range map[string]struct {
		o    embedded.Options
		want string
	}{
		"nothing":          {embedded.Options{}, "Options.Dir"},
		"no folder above":  {embedded.Options{Dir: filepath.Join(t.TempDir(), "a", "b")}, "no such file"},
		"no keys":          {embedded.Options{DB: testdb.Open(t).Bun(), Bucket: memblob.OpenBucket(nil)}, "Options.Keys"},
		"base URL":         {embedded.Options{Dir: t.TempDir(), BaseURL: "https://a.example/path"}, "Options.BaseURL"},
		"log origin":       {embedded.Options{Dir: t.TempDir(), LogOrigin: "a b"}, "Options.LogOrigin"},
		"schema":           {embedded.Options{Dir: t.TempDir(), NoMigrate: true}, storage.ErrSchema.Error()},
		"key others read":  {embedded.Options{Dir: prepared(func(d string) error { return os.Chmod(filepath.Join(d, "keys", "log.pem"), 0o644) })}, "readable by other users"},
		"key cut short":    {embedded.Options{Dir: prepared(func(d string) error { return os.Truncate(filepath.Join(d, "keys", "seal.pem"), 300) })}, "seal.pem"},
		"key of other use": {embedded.Options{Dir: prepared(func(d string) error { return copyKey(d, "tokens.key", "log.pem") })}, "log.pem"},
		"seal as log key":  {embedded.Options{Dir: prepared(func(d string) error { return copyKey(d, "seal.pem", "log.pem") })}, "want Ed25519"},
	} {
		e, err := embedded.Open(t.Context(), tt.o)
		if err == nil {
			_ = e.Close()
			t.Errorf("%s: opened", name)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want it to name %q", name, err, tt.want)
		}
	}
}

func copyKey(dir, from, to string) error {
	b, err := os.ReadFile(filepath.Join(dir, "keys", from))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "keys", to), b, 0o600)
}

func TestReady(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := open(t, embedded.Options{Dir: dir})
	if err := e.Ready(t.Context()); err != nil {
		t.Errorf("fresh: %v", err)
	}
	late := open(t, embedded.Options{Dir: dir, Env: storage.Env{Now: func() time.Time { return time.Now().AddDate(11, 0, 0) }}})
	if err := late.Ready(t.Context()); err == nil {
		t.Error("ready with a certificate that ended")
	}
	if _, err := e.Store.Bun().ExecContext(t.Context(), "DELETE FROM evault_migrations"); err != nil {
		t.Fatal(err)
	}
	if err := e.Ready(t.Context()); !errors.Is(err, storage.ErrSchema) {
		t.Errorf("without a schema: got %v, want ErrSchema", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Ready(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("closed: got %v, want ErrUnavailable", err)
	}
}

// TestConcurrentRun lets two replicas work on one database: the log is integrated, and
// both stop when their context ends.
func TestConcurrentRun(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		bucket := memblob.OpenBucket(nil)
		defer bucket.Close()
		var log bytes.Buffer
		o := embedded.Options{Dir: t.TempDir(), DB: db, Bucket: bucket, Env: storage.Env{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var wg sync.WaitGroup
		replicas := []*embedded.Embedded{open(t, o), open(t, o)}
		for _, e := range replicas {
			wg.Go(func() {
				if err := e.Run(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("Run: got %v", err)
				}
			})
		}
		env, err := replicas[0].ESign.Create(ctx, contract(lender(t, replicas[0]), me))
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			var waiting int
			err := db.NewRaw("SELECT COUNT(*) FROM evault_events WHERE envelope_id = ? AND log_index IS NULL", env.ID).Scan(ctx, &waiting)
			if err != nil {
				t.Fatal(err)
			}
			if waiting == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the log was not integrated")
			}
		}
		cancel()
		wg.Wait()
		if n, err := db.NewSelect().TableExpr("evault_leases").Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d leases left, %v", n, err)
		}
		if log.Len() > 0 {
			t.Errorf("logged: %s", log.String())
		}
	})
}

// TestHostKeepsItsOwn: what the host gave is not closed.
func TestHostKeepsItsOwn(t *testing.T) {
	t.Parallel()
	db := testdb.SQLite(t)
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	dir := t.TempDir()
	e, err := embedded.Open(t.Context(), embedded.Options{Dir: dir, DB: db, Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("database: %v", err)
	}
	if ok, err := bucket.IsAccessible(t.Context()); !ok || err != nil {
		t.Errorf("bucket: %v, %v", ok, err)
	}
	for _, name := range []string{"evault.db", "blobs"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was made: %v", name, err)
		}
	}
}
