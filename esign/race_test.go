package esign_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// TestRacingEnds: the last signature, a decline, a void and reads come at once.
// One of the three ends the envelope, and its chain tells of that one alone.
func TestRacingEnds(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		ends := map[esign.Status]string{
			esign.StatusCompleted: event.EnvelopeCompleted, esign.StatusDeclined: event.EnvelopeDeclined, esign.StatusVoided: event.EnvelopeVoided,
		}
		for range 8 {
			env := b.create(func(r *createRequest) { r.Document, r.Signers, r.Fields = testpdf.Simple(1, "x"), nil, nil })
			token := b.link(env.ID, "ada@example.com")
			r := typed(token, "Ada Byron", b.read(token))
			calls := []func() error{
				func() error { _, err := b.Sign(t.Context(), r); return err },
				func() error {
					_, err := b.Decline(t.Context(), esign.DeclineRequest{Token: token, Reason: "no"})
					return err
				},
				func() error {
					_, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Actor: key, Reason: "no"})
					return err
				},
				func() error { _, err := b.Engine.Document(t.Context(), token, client); return err },
				func() error {
					_, err := b.Remind(t.Context(), esign.RemindRequest{OrgID: org, EnvelopeID: env.ID, Actor: key})
					return err
				},
			}
			var wg sync.WaitGroup
			errs := make([]error, len(calls))
			for i, call := range calls {
				wg.Go(func() { errs[i] = call() })
			}
			wg.Wait()
			won := 0
			for i, err := range errs {
				switch {
				case err == nil && i < 3:
					won++
				case err == nil, errors.Is(err, esign.ErrState), errors.Is(err, esign.ErrLinkGone), errors.Is(err, esign.ErrAlreadySigned):
				default:
					t.Errorf("call %d: %v", i, err)
				}
			}
			got := types(b.chain(env.ID))
			status := b.get(env.ID).Status
			if won != 1 || got[len(got)-1] != ends[status] && !slices.Contains(got, ends[status]) {
				t.Errorf("%d won, %s: %v", won, status, got)
			}
			for end, event := range ends {
				if slices.Contains(got, event) != (end == status) {
					t.Errorf("%s, but %v", status, got)
				}
			}
		}
	})
}

// FuzzLink: no token but the real one opens anything.
func FuzzLink(f *testing.F) {
	b := newFuzzBench(f)
	real := forge(1, "sgn_of_nobody")
	for _, seed := range []string{"", real, real[:len(real)-1], "AQJrMQAAAAE", "____"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := b.Session(t.Context(), token, client); !errors.Is(err, esign.ErrLink) {
			t.Errorf("%q: got %v, want ErrLink", token, err)
		}
	})
}

func newFuzzBench(f *testing.F) *esign.Engine {
	f.Helper()
	db := testdb.Open(f)
	id, err := testpki.SelfSigned("Test Seal", start)
	if err != nil {
		f.Fatal(err)
	}
	sealer, err := pades.New(pades.Config{Signer: id.Key, Chain: id.Chain})
	if err != nil {
		f.Fatal(err)
	}
	e, err := esign.New(esign.Config{
		Store: db.ESign(), Objects: &storage.Objects{Rows: db.BlobRows()}, Sealer: sealer,
		LinkKeys: []esign.LinkKey{{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}},
	})
	if err != nil {
		f.Fatal(err)
	}
	return e
}

// FuzzCursor: a cursor is one that was returned, or an error that names it.
func FuzzCursor(f *testing.F) {
	e := newFuzzBench(f)
	for _, seed := range []string{"", "MQ", "!", "MjAyNi0xMS0yM1QxMjowMDowMC4wMDAwMDBaIGVudl9h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if _, err := e.Envelopes(t.Context(), org, esign.Filter{}, storage.Page{Cursor: cursor}); err != nil && !slices.Equal(invalid(err), []string{"cursor cursor"}) {
			t.Errorf("%q: got %v", cursor, err)
		}
	})
}
