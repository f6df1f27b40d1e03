package vault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// I4, I5: whichever call of database or blob store fails, before or after its
// effect, the error is typed, the state is the old or the new one, and the same
// request repeated succeeds with one effect.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]storagetest.How{"before": storagetest.Before, "after": storagetest.After} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
				f := &storagetest.Faults{}
				w := newFaultyWorld(t, testdb.Stores(t, open(t, f.Connector)), f)
				for _, verb := range faultVerbs(w) {
					everyFault(t, w, f, how, verb)
				}
			})
		})
	}
}

// faultVerb is a verb, what must be before it, and the event that says it is done.
type faultVerb struct {
	name   string
	before func(env string)
	do     func(env string) error
	event  string // "" for a verb that may be done again and again
}

func faultVerbs(w *world) []faultVerb {
	ctx := w.T.Context()
	requests := map[string]vault.DepositRequest{}
	request := func(env string) { requests[env] = w.request(env) }
	deposit := func(env string) { w.deposit(w.request(env)) }
	released := func(env string) {
		deposit(env)
		if _, _, err := w.Release(ctx, release(env)); err != nil {
			w.T.Fatal(err)
		}
	}
	packed := func(env string) {
		released(env)
		if _, err := w.BuildPackage(ctx, org.Identifier, env, nil); err != nil {
			w.T.Fatal(err)
		}
	}
	return []faultVerb{
		{"deposit", request, func(env string) error { return second(w.Deposit(ctx, requests[env])) }, "vault.stored"},
		{"read", deposit, func(env string) error { return errOf(w.ReadAuthoritative(ctx, read(env))) }, ""},
		{"check", deposit, func(env string) error { return errOf(w.CheckIntegrity(ctx, env)) }, ""},
		{"release", deposit, func(env string) error { return second(w.Release(ctx, release(env))) }, "vault.released"},
		{"package", released, func(env string) error { return errOf(w.BuildPackage(ctx, org.Identifier, env, nil)) }, "vault.released"},
		{"fetch", packed, func(env string) error { return errOf(w.ReadPackage(ctx, read(env))) }, ""},
	}
}

func everyFault(t *testing.T, w *world, f *storagetest.Faults, how storagetest.How, verb faultVerb) {
	t.Helper()
	f.Arm(nil)
	env := "env_count_" + verb.name
	verb.before(env)
	f.Arm(nil)
	if err := verb.do(env); err != nil {
		t.Fatalf("%s: %v", verb.name, err)
	}
	calls := f.Calls()
	for k := 0; k < len(calls); k += testenv.Step(7) {
		f.Arm(nil)
		if verb.event != "" {
			env = fmt.Sprintf("env_%s_%d", verb.name, k+1)
			verb.before(env)
		}
		f.Arm(map[int]storagetest.How{k + 1: how})
		err := verb.do(env)
		f.Arm(nil)
		if err != nil && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s, call %d, %s: got %v, want ErrUnavailable", verb.name, k+1, calls[k], err)
		}
		wantOldOrNew(t, w, env)
		if err := verb.do(env); err != nil {
			t.Errorf("%s, call %d, %s: repeated: %v", verb.name, k+1, calls[k], err)
		}
		wantOldOrNew(t, w, env)
		if n := count(w.Types(env), verb.event); verb.event != "" && n != 1 {
			t.Errorf("%s, call %d, %s: %d times %s", verb.name, k+1, calls[k], n, verb.event)
		}
	}
}

// wantOldOrNew checks that the chain is whole and that a copy is there, with
// every object that it names, exactly when the chain says so.
func wantOldOrNew(t *testing.T, w *world, env string) {
	t.Helper()
	if _, err := event.Verify(env, w.Events(env)); err != nil {
		t.Error(err)
	}
	c, err := w.Original(t.Context(), org.Identifier, env)
	if stored := count(w.Types(env), "vault.stored") == 1; stored != (err == nil) {
		t.Errorf("%s: stored %t, copy %v", env, stored, err)
	}
	if err != nil {
		return
	}
	if released := count(w.Types(env), "vault.released") == 1; released != (c.Status == custody.StatusReleased) {
		t.Errorf("%s: released %t, status %s", env, released, c.Status)
	}
	for _, v := range w.versions(env) {
		if b := w.Bytes(v.Object); storage.Sum(b) != v.Object.SHA256 {
			t.Errorf("%s: version %d is not what was recorded", env, v.Version)
		}
	}
}
