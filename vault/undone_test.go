package vault_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
)

// onMark calls do once, after the mark of a release was first opened.
type onMark struct {
	storage.Blobs
	do func()
}

func (m onMark) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	r, err := m.Blobs.Open(ctx, name)
	if err == nil && strings.HasPrefix(name, "released/") {
		m.do()
	}
	return r, err
}

// TestRacingUndoneRelease: whoever goes on with a release by its mark, while the
// one who wrote the mark takes it back, makes a release of its own.
func TestRacingUndoneRelease(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		read, undone, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		with := func(do func()) *vault.Vault {
			config, objects := w.config, *w.config.Objects
			objects.Blobs = onMark{objects.Blobs, sync.OnceFunc(do)}
			config.Objects = &objects
			v, err := vault.New(config)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		second := with(func() {
			close(read)
			<-undone
		})
		first := with(func() {
			go func() { done <- thirdOf(second.Release(t.Context(), releaseAs("env_1", org))) }()
			<-read
		})
		w.deposit(w.request("env_1"))
		refused := errors.New("refused by the host")
		r := releaseAs("env_1", org)
		r.Also = func(context.Context, storage.Tx, *vault.Release) error { return refused }
		if err := thirdOf(first.Release(t.Context(), r)); !errors.Is(err, refused) {
			t.Fatalf("got %v, want the host's refusal", err)
		}
		close(undone)
		if err := <-done; err != nil {
			t.Errorf("the release that went on by the mark: got %v, want a release of its own", err)
		}
	})
}
