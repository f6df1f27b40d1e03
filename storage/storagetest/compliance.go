package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Compliance runs the cases of compliance.Store on s, which may hold other
// records.
func Compliance(t *testing.T, s compliance.Store) {
	t.Helper()
	cases := []struct {
		name string
		run  func(t *testing.T, s compliance.Store)
	}{
		{"evaluations", evaluations},
		{"certificates", certificates},
		{"due", certificatesDue},
		{"transaction", complianceTx},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, s)
		})
	}
}

func evaluations(t *testing.T, s compliance.Store) {
	ctx, id := t.Context(), unique()
	env := id("env")
	if _, err := s.LastEvaluation(ctx, env); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	yes, score := true, 100
	first := compliance.StoredEvaluation{
		EnvelopeID: env, EvaluatedAt: scopesDay, Compliant: &yes, Score: &score, Digest: storage.Sum(nil), Result: []byte(`{"a":1}`),
	}
	second := compliance.StoredEvaluation{EnvelopeID: env, EvaluatedAt: scopesDay.Add(time.Second), Digest: storage.Sum([]byte("x")), Result: []byte(`{}`)}
	due := scopesDay.AddDate(-50, 0, 0) // before whatever else is due in the store
	first.DueAt = &due
	var before *compliance.StoredEvaluation
	for i, want := range []compliance.StoredEvaluation{first, second} {
		if err := s.PutEvaluation(ctx, want, before); err != nil {
			t.Fatal(err)
		}
		for _, stale := range []*compliance.StoredEvaluation{nil, before, {EvaluatedAt: scopesDay.Add(time.Hour), Digest: want.Digest}} {
			if err := s.PutEvaluation(ctx, want, stale); !errors.Is(err, storage.ErrConflict) {
				t.Errorf("replacing what is not the newest: got %v, want ErrConflict", err)
			}
		}
		before = &want
		got, err := s.LastEvaluation(ctx, env)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("evaluation: %v\n%s", err, diff)
		}
		ids, err := s.EvaluationsDue(ctx, due, 100)
		if err != nil || slices.Contains(ids, env) != (i == 0) {
			t.Errorf("due after evaluation %d: got %v, %v", i+1, ids, err)
		}
		if ids, err = s.EvaluationsDue(ctx, due.Add(-time.Second), 100); err != nil || slices.Contains(ids, env) {
			t.Errorf("due too early: got %v, %v", ids, err)
		}
	}
	if err := s.ExpireEvaluation(ctx, id("env_none"), due); err != nil {
		t.Errorf("expire an absent one: %v", err)
	}
	if ids, err := s.EvaluationsDue(ctx, due, 100); err != nil || slices.Contains(ids, env) {
		t.Errorf("due before it expired: got %v, %v", ids, err)
	}
	if err := s.ExpireEvaluation(ctx, env, due); err != nil {
		t.Fatal(err)
	}
	if ids, err := s.EvaluationsDue(ctx, due, 100); err != nil || !slices.Contains(ids, env) {
		t.Errorf("due after it expired: got %v, %v", ids, err)
	}
}

func certificates(t *testing.T, s compliance.Store) {
	ctx, id := t.Context(), unique()
	env := id("env")
	build := func(name string, serial int) compliance.StoredCertificate {
		return compliance.StoredCertificate{
			ID: id("crt_" + name), EnvelopeID: env, Serial: serial, CauseID: id("evt_" + name),
			IssuedAt: scopesDay, SHA256: storage.Sum([]byte(name)), JWS: "a.b." + name,
		}
	}
	if _, err := s.CertificateBySerial(ctx, env, 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	one, two := build("one", 1), build("two", 2)
	for _, c := range []compliance.StoredCertificate{one, two} {
		if err := s.InsertCertificate(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	for name, edit := range map[string]func(*compliance.StoredCertificate){
		"serial": func(c *compliance.StoredCertificate) { c.Serial = 2 },
		"cause":  func(c *compliance.StoredCertificate) { c.CauseID = two.CauseID },
		"id":     func(c *compliance.StoredCertificate) { c.ID = two.ID },
	} {
		c := build("three", 3)
		edit(&c)
		if err := s.InsertCertificate(ctx, c); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("%s taken: got %v, want ErrConflict", name, err)
		}
	}
	certificateReads(t, s, id, one, two)
	list, err := s.Certificates(ctx, env)
	if diff := cmp.Diff([]compliance.StoredCertificate{one, two}, list); diff != "" || err != nil {
		t.Errorf("list: %v\n%s", err, diff)
	}
}

// certificateReads finds each of two certificates of one envelope in every way, and
// nothing where there is none.
func certificateReads(t *testing.T, s compliance.Store, id func(string) string, one, two compliance.StoredCertificate) {
	ctx, env := t.Context(), one.EnvelopeID
	type read func() (compliance.StoredCertificate, error)
	for name, r := range map[string]struct {
		read read
		want compliance.StoredCertificate
	}{
		"newest":    {func() (compliance.StoredCertificate, error) { return s.CertificateBySerial(ctx, env, 0) }, two},
		"by serial": {func() (compliance.StoredCertificate, error) { return s.CertificateBySerial(ctx, env, 1) }, one},
		"by cause":  {func() (compliance.StoredCertificate, error) { return s.CertificateByCause(ctx, env, one.CauseID) }, one},
		"by id":     {func() (compliance.StoredCertificate, error) { return s.CertificateByID(ctx, two.ID) }, two},
	} {
		got, err := r.read()
		if diff := cmp.Diff(r.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	for name, r := range map[string]read{
		"serial": func() (compliance.StoredCertificate, error) { return s.CertificateBySerial(ctx, env, 3) },
		"cause of another": func() (compliance.StoredCertificate, error) {
			return s.CertificateByCause(ctx, id("env_x"), one.CauseID)
		},
		"id":                    func() (compliance.StoredCertificate, error) { return s.CertificateByID(ctx, id("crt_x")) },
		"serial of another one": func() (compliance.StoredCertificate, error) { return s.CertificateBySerial(ctx, id("env_x"), 1) },
	} {
		if _, err := r(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("absent %s: got %v, want ErrNotFound", name, err)
		}
	}
}

func certificatesDue(t *testing.T, s compliance.Store) {
	ctx, id := t.Context(), unique()
	day := scopesDay.AddDate(-50, 0, 0) // before whatever else is due in the store
	build := func(name string, after time.Duration) compliance.Due {
		return compliance.Due{
			CauseID: id("evt_" + name), CauseType: event.VaultStored, EnvelopeID: id("env"), OrgID: id("org"),
			CreatedAt: day.Add(after), NextTry: day.Add(after),
		}
	}
	first, second := build("a", 0), build("b", time.Second)
	for _, d := range []compliance.Due{second, first, first} {
		if err := s.InsertDue(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.DueBefore(ctx, day.Add(time.Second), 10)
	if diff := cmp.Diff([]compliance.Due{first, second}, got); diff != "" || err != nil {
		t.Errorf("due: %v\n%s", err, diff)
	}
	got, err = s.DueBefore(ctx, day, 10)
	if diff := cmp.Diff([]compliance.Due{first}, got); diff != "" || err != nil {
		t.Errorf("due earlier: %v\n%s", err, diff)
	}
	if err := s.PostponeDue(ctx, first.CauseID, day.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	got, err = s.DueOf(ctx, id("env"))
	first.NextTry, first.Tries = day.Add(time.Minute), 1
	if diff := cmp.Diff([]compliance.Due{first, second}, got); diff != "" || err != nil {
		t.Errorf("after postponing: %v\n%s", err, diff)
	}
	for range 2 {
		if err := s.DeleteDue(ctx, second.CauseID); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if got, err := s.DueOf(ctx, id("env")); err != nil || len(got) != 1 {
		t.Errorf("after deleting one: got %v, %v", got, err)
	}
}

func complianceTx(t *testing.T, s compliance.Store) {
	ctx, id, stop := t.Context(), unique(), errors.New("stop")
	e := compliance.StoredEvaluation{EnvelopeID: id("env"), EvaluatedAt: scopesDay, Digest: storage.Sum(nil), Result: []byte(`{}`)}
	err := s.InTx(ctx, func(ctx context.Context, s compliance.Store) error {
		if s.Tx() == nil {
			t.Error("Tx is nil inside a transaction")
		}
		if err := s.With(s.Tx()).PutEvaluation(ctx, e, nil); err != nil {
			return err
		}
		if _, err := s.LastEvaluation(ctx, e.EnvelopeID); err != nil {
			t.Errorf("own write: %v", err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the closure's error", err)
	}
	if _, err := s.LastEvaluation(ctx, e.EnvelopeID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("after rollback: got %v, want ErrNotFound", err)
	}
}
