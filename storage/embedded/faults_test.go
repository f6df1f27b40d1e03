package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault/custody"
)

// everyFaultEnv set makes TestFaults fail every call in both ways, instead of a
// few of them in turns.
const everyFaultEnv = "EVAULT_EVERY_FAULT"

// faulty is an installation whose every SQL statement and blob call can fail.
type faulty struct {
	*embedded.Embedded
	*storagetest.Faults
	t   *testing.T
	org string
	n   int
}

func newFaulty(t *testing.T, openDB testdb.OpenWrapped) *faulty {
	t.Helper()
	dir := t.TempDir()
	folder, err := blobstore.OpenFolder(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	f := &faulty{Faults: &storagetest.Faults{}, t: t}
	f.Embedded = open(t, embedded.Options{
		Dir: dir, DB: openDB(t, f.Connector), Bucket: testdb.Bucket(folder, f.Do), Custodian: operator(),
	})
	f.org = lender(t, f.Embedded)
	return f
}

// job is a verb, on an envelope that was brought to where it can run.
type job struct {
	envelopeID func() string
	run        func(ctx context.Context) error
}

func (f *faulty) creation(ctx context.Context) (job, error) {
	f.n++
	external, id := fmt.Sprintf("external %d", f.n), ""
	r := contract(f.org, me)
	r.ExternalID = external
	return job{func() string { return id }, func(ctx context.Context) error {
		env, err := f.ESign.Create(ctx, r)
		var taken *esign.ExternalIDError
		switch {
		case errors.As(err, &taken): // the commit's answer was lost
			id = taken.EnvelopeID
			return nil
		case err == nil:
			id = env.ID
		}
		return err
	}}, nil
}

func (f *faulty) signing(ctx context.Context) (job, error) {
	env, err := f.ESign.Create(ctx, contract(f.org, me))
	if err != nil {
		return job{}, err
	}
	return job{func() string { return env.ID }, func(ctx context.Context) error {
		status, err := signAll(ctx, f.Embedded, f.org, env.ID, me)
		if err == nil && status != esign.StatusCompleted {
			_, err = f.ESign.Seal(ctx, env.ID) // it was signed, and the seal waits
		}
		return err
	}}, nil
}

func (f *faulty) vaulting(ctx context.Context) (job, error) {
	j, err := f.signing(ctx)
	if err == nil {
		err = j.run(ctx)
	}
	return job{j.envelopeID, func(ctx context.Context) error {
		d, err := f.Depositor(ctx, f.org)
		if err != nil {
			return err
		}
		_, _, err = f.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: j.envelopeID(), Depositor: d, Actor: me})
		return err
	}}, err
}

func (f *faulty) release(ctx context.Context) (job, error) {
	j, err := f.vaulting(ctx)
	if err == nil {
		err = j.run(ctx)
	}
	return job{j.envelopeID, func(ctx context.Context) error {
		_, err := f.Handover.VaultOut(ctx, handover.VaultOutRequest{
			OrgID: f.org, EnvelopeID: j.envelopeID(), Reason: "assignment", Recipient: custody.Recipient{Name: "Second Lender Inc."}, Actor: me,
		})
		return err
	}}, err
}

// TestFaults makes the k-th SQL statement or blob call of a verb fail, before or
// after its effect. The verb's error is typed, or none where the background
// finishes; called again, the verb succeeds; the chain is whole, every object
// that a row names is there, and nothing leaks.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*faulty, context.Context) (job, error){
		"create": (*faulty).creation, "sign": (*faulty).signing, "vault in": (*faulty).vaulting, "vault out": (*faulty).release,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
				newFaulty(t, open).every(prepare)
			})
		})
	}
}

func (f *faulty) every(prepare func(*faulty, context.Context) (job, error)) {
	ctx, t := f.t.Context(), f.t
	ready := func() job {
		f.Arm(nil)
		j, err := prepare(f, ctx)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := ready()
	f.Arm(nil)
	if err := j.run(ctx); err != nil {
		t.Fatal(err)
	}
	calls := f.Calls()
	step, ways := len(calls)/12*testenv.Step(4)+1, 1
	if os.Getenv(everyFaultEnv) != "" {
		step, ways = 1, 2
	}
	trials := 0
	for k := 1; k <= len(calls); k += step {
		for way := range ways {
			how := storagetest.How((k/step + way) % 2)
			j := ready()
			f.Arm(map[int]storagetest.How{k: how})
			err := j.run(ctx)
			f.Arm(nil)
			trials++
			what := fmt.Sprintf("call %d of %d (%.60s), how %d", k, len(calls), calls[k-1], how)
			if err != nil && !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", what, err)
			}
			if err := j.run(ctx); err != nil {
				t.Errorf("%s: repeated: %v", what, err)
				continue
			}
			f.whole(what, j.envelopeID())
		}
	}
	f.named()
	if n := f.Store.Bun().Stats().InUse; n != 0 {
		t.Errorf("%d connections leaked", n)
	}
	if err := f.Ready(ctx); err != nil {
		t.Errorf("ready: %v", err)
	}
	t.Logf("%d calls, %d trials", len(calls), trials)
}

// whole checks what must hold in every state.
func (f *faulty) whole(what, envelopeID string) {
	f.t.Helper()
	ev, err := f.ESign.Evidence(f.t.Context(), envelopeID)
	if err != nil {
		f.t.Errorf("%s: %v", what, err)
		return
	}
	if _, err := event.Verify(envelopeID, ev.Events); err != nil {
		f.t.Errorf("%s: %v", what, err)
	}
}

// named checks that every object that a row names is there.
func (f *faulty) named() {
	var linked []string
	if err := f.Store.Bun().NewSelect().TableExpr("evault_blobs").Column("name").Where("state = 'linked'").Scan(f.t.Context(), &linked); err != nil {
		f.t.Fatal(err)
	}
	for _, name := range linked {
		r, err := f.Objects.Blobs.Open(f.t.Context(), name)
		if err != nil {
			f.t.Errorf("a row names %s: %v", name, err)
			continue
		}
		_ = r.Close()
	}
}
