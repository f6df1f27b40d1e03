package sqlstore

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/internal/chain"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage/sqlite"
)

// The events helpers are unexported, so their test is inside.
func TestEvents(t *testing.T) {
	t.Parallel()
	raw, err := sqlite.Open(filepath.Join(t.TempDir(), "a ?#%.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	d, err := New(bun.NewDB(raw, sqlitedialect.New()))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := chain.Stamper{Now: stamp.Clock(nil), NewID: stamp.IDs(nil), Rand: stamp.Rand(nil)}
	for range 3 {
		if err := d.session().inTx(t.Context(), func(ctx context.Context, s session) error {
			_, err := st.Append(ctx, s, chain.Draft{EnvelopeID: "env_a", Type: "t", Detail: map[string]string{"name": "Łukasz"}}, chain.Draft{EnvelopeID: "env_a", Type: "u"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	es, err := d.session().events(t.Context(), "env_a", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := chain.Verify("env_a", es); err != nil || n != 0 || len(es) != 6 {
		t.Errorf("got %d events, %d redacted, %v", len(es), n, err)
	}
	if es[0].RecordedAt.Location() != time.UTC {
		t.Errorf("got location %v", es[0].RecordedAt.Location())
	}
	e, err := d.session().event(t.Context(), es[3].ID)
	if err != nil || e.Seq != 4 || e.Detail != nil {
		t.Errorf("got %+v, %v", e, err)
	}
	if again := d.session().AppendEvent(t.Context(), es[5]); !errors.Is(again, errRace) {
		t.Errorf("got %v, want a lost race", again)
	}
}
