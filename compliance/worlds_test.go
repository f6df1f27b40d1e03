package compliance_test

import (
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/testworld"
)

// TestMain lets garbage wait: the many small worlds of these tests leave much of it.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// completedWorld is a world with an envelope that both have signed, and its id.
func completedWorld(t testing.TB, edit ...func(*setup)) (*world, string) {
	t.Helper()
	return once.completed.world(t, edit, func() (*world, string) {
		w := newWorld(t)
		return w, w.Completed()
	})
}

// vaultedWorld is a world with one that is in the vault too.
func vaultedWorld(t testing.TB, edit ...func(*setup)) (*world, string) {
	t.Helper()
	return once.vaulted.world(t, edit, func() (*world, string) {
		w, id := completedWorld(t)
		w.VaultIn(id)
		return w, id
	})
}

// twoWorld is a world with one that both have signed, and another that is in the vault.
func twoWorld(t testing.TB) (w *world, completed, vaulted string) {
	t.Helper()
	w, ids := once.two.world(t, nil, func() (*world, string) {
		w, vaulted := vaultedWorld(t)
		return w, w.Completed() + " " + vaulted
	})
	completed, vaulted, _ = strings.Cut(ids, " ")
	return w, completed, vaulted
}

// once are worlds that many tests begin with: made by the first of them, and
// copied for each.
var once struct{ completed, vaulted, two beginning }

type beginning struct {
	made  sync.Once
	id    string
	image testworld.Image
}

func (b *beginning) world(t testing.TB, edit []func(*setup), begin func() (*world, string)) (*world, string) {
	t.Helper()
	b.made.Do(func() {
		w, id := begin()
		b.id, b.image = id, w.Image()
	})
	return copied(t, b.image, edit...), b.id
}

// copied is a world that has stored the same as another.
func copied(t testing.TB, i testworld.Image, edit ...func(*setup)) *world {
	t.Helper()
	return newWorldOn(i.Base(t), edit...)
}
