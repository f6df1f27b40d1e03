package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
)

// ESign runs the cases of esign.Store on s, which may hold other records.
func ESign(t *testing.T, s esign.Store) {
	t.Helper()
	cases := []struct {
		name string
		run  func(t *testing.T, s esign.Store)
	}{
		{"an envelope comes back as it was", esignRoundTrip},
		{"a bare paper envelope comes back as it was", esignPaper},
		{"absent", esignAbsent},
		{"external ids are unique in an organization", esignExternalID},
		{"a stale revision is refused", esignRevision},
		{"evaluations and disclosures are written beside the rows", esignBeside},
		{"one of many writers wins", esignRace},
		{"signers, values and parts", esignPieces},
		{"pages shown", esignShowings},
		{"copies of a document", esignCopies},
		{"a document is replaced", esignReplace},
		{"list, filter and count", esignList},
		{"due", esignDue},
		{"reminders", esignReminders},
		{"notices", esignNotices},
		{"a failed transaction leaves nothing", esignRollback},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, s)
		})
	}
}

func esignRoundTrip(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	esignCreate(t, s, e)
	if d := cmp.Diff(e, esignGet(t, s, e.ID), micro); d != "" {
		t.Error(d)
	}
	of, err := s.EnvelopeOfSigner(t.Context(), e.Signers[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, of, micro); d != "" {
		t.Error("by signer:", d)
	}
	sum, err := s.Status(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&e.Summary, sum, micro); d != "" {
		t.Error("status:", d)
	}
	if got := esignGet(t, s, e.ID).CreatedAt.Location(); got != time.UTC {
		t.Errorf("got location %v, want UTC", got)
	}
}

func esignPaper(t *testing.T, s esign.Store) {
	id := unique()
	e := esignMinimal(id("env"), id("org"), esignDay)
	esignCreate(t, s, e)
	if d := cmp.Diff(e, esignGet(t, s, e.ID), micro); d != "" {
		t.Error(d)
	}
}

func esignAbsent(t *testing.T, s esign.Store) {
	id := unique()
	esignCreate(t, s, esignMinimal(id("env"), id("org"), esignDay))
	calls := map[string]func() error{
		"Envelope":             func() error { _, err := s.Envelope(t.Context(), id("none")); return err },
		"EnvelopeOfSigner":     func() error { _, err := s.EnvelopeOfSigner(t.Context(), id("none")); return err },
		"EnvelopeByExternalID": func() error { _, err := s.EnvelopeByExternalID(t.Context(), id("org"), "none"); return err },
		"Status":               func() error { _, err := s.Status(t.Context(), id("none")); return err },
		"UpdateSigners":        func() error { return s.UpdateSigners(t.Context(), id("env"), esign.Signer{ID: id("none")}) },
		"SetValues":            func() error { return s.SetValues(t.Context(), id("env"), esign.Field{ID: id("none")}) },
		"PostponeNotice":       func() error { return s.PostponeNotice(t.Context(), id("none"), esignDay) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", name, err)
		}
	}
}

func esignExternalID(t *testing.T, s esign.Store) {
	id := unique()
	for i, c := range []struct {
		env, org, external string
		want               error
	}{
		{"a", "o1", "x", nil},
		{"b", "o1", "x", storage.ErrConflict},
		{"c", "o2", "x", nil},
		{"d", "o1", "y", nil},
		{"e", "o1", "", nil},
		{"f", "o1", "", nil},
	} {
		e := esignMinimal(id(c.env), id(c.org), esignDay)
		e.ExternalID = c.external
		if err := s.CreateEnvelope(t.Context(), e); !errors.Is(err, c.want) {
			t.Errorf("%d: got %v, want %v", i, err, c.want)
		}
	}
	if got, err := s.EnvelopeByExternalID(t.Context(), id("o1"), "x"); err != nil || got != id("a") {
		t.Errorf("got %q, %v, want the first", got, err)
	}
	holder := "a"
	for _, end := range []esign.Status{esign.StatusVoided, esign.StatusDeclined, esign.StatusExpired} {
		e := esignGet(t, s, id(holder))
		e.Status = end
		if err := s.UpdateEnvelope(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if got, err := s.EnvelopeByExternalID(t.Context(), id("o1"), "x"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: got %q, %v, want ErrNotFound", end, got, err)
		}
		holder = "after " + string(end)
		next := esignMinimal(id(holder), id("o1"), esignDay)
		next.ExternalID = "x"
		if err := s.CreateEnvelope(t.Context(), next); err != nil {
			t.Errorf("after %s: %v", end, err)
		}
		if got := esignGet(t, s, e.ID); got.ExternalID != "x" {
			t.Errorf("%s: the envelope lost its external id", end)
		}
	}
}

func esignRevision(t *testing.T, s esign.Store) {
	id := unique()
	e := esignMinimal(id("env"), id("org"), esignDay)
	esignCreate(t, s, e)
	change := *e
	change.Status, change.VoidReason, change.Message = esign.StatusVoided, "r", "frozen"
	if err := s.UpdateEnvelope(t.Context(), &change); err != nil {
		t.Fatal(err)
	}
	got := esignGet(t, s, e.ID)
	if got.Status != esign.StatusVoided || got.VoidReason != "r" || got.Revision != 2 || got.Message != "" || got.ExpiresInDays != 30 {
		t.Errorf("got %+v", got)
	}
	for _, revision := range []int64{1, 3} {
		change.Revision = revision
		if err := s.UpdateEnvelope(t.Context(), &change); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("revision %d: got %v, want ErrConflict", revision, err)
		}
	}
}

// esignBeside: evaluations and disclosures are written beside the rows that
// verbs write, and neither overwrites the other.
func esignBeside(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	e.Status = esign.StatusVaulted
	for i := range e.Signers {
		e.Signers[i].LinkDisclosedAt = nil
	}
	esignCreate(t, s, e)
	yes := true
	if err := s.SetEvaluation(t.Context(), e.ID, esign.StatusVaulted, &yes, esignAt(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkDisclosed(t.Context(), e.ID, *esignAt(time.Hour), e.Signers[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkDisclosed(t.Context(), e.ID, *esignAt(2 * time.Hour), e.Signers[0].ID); err != nil {
		t.Fatal(err)
	}
	got := esignGet(t, s, e.ID)
	if got.Revision != e.Revision || !got.UpdatedAt.Equal(e.UpdatedAt) || got.Compliant == nil || !*got.Compliant || !got.EvaluatedAt.Equal(*esignAt(time.Hour)) {
		t.Errorf("got %+v", got.Summary)
	}
	for _, sg := range e.Signers { // as they were read before
		sg.Status = esign.SignerSigned
		if err := s.UpdateSigners(t.Context(), e.ID, sg); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.UpdateEnvelope(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := s.SetEvaluation(t.Context(), e.ID, esign.StatusVaulted, nil, nil); err != nil {
		t.Fatal(err)
	}
	got = esignGet(t, s, e.ID)
	if got.Compliant != nil || got.EvaluatedAt == nil || !got.EvaluatedAt.Equal(*esignAt(time.Hour)) {
		t.Errorf("taken back: got %v at %v", got.Compliant, got.EvaluatedAt)
	}
	if d := got.Signers[0].LinkDisclosedAt; d == nil || !d.Equal(*esignAt(time.Hour)) || got.Signers[1].LinkDisclosedAt != nil {
		t.Errorf("disclosed: %v, %v", d, got.Signers[1].LinkDisclosedAt)
	}
	if err := s.SetEvaluation(t.Context(), e.ID, esign.StatusReleased, &yes, nil); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("with another status: got %v, want ErrConflict", err)
	}
}

func esignRace(t *testing.T, s esign.Store) {
	id := unique()
	e := esignMinimal(id("env"), id("org"), esignDay)
	esignCreate(t, s, e)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			err := s.InTx(t.Context(), func(ctx context.Context, s esign.Store) error {
				c := *e
				return s.UpdateEnvelope(ctx, &c)
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case !errors.Is(err, storage.ErrConflict):
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won != 1 || esignGet(t, s, e.ID).Revision != 2 {
		t.Errorf("%d writers of one revision won, want 1", won)
	}
}

func esignPieces(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	esignCreate(t, s, e)
	e.Signers[1].Status, e.Signers[1].ViewedAt = esign.SignerViewed, esignAt(time.Minute)
	e.Fields[1].Value = "written"
	e.Parts = append(e.Parts, esign.Part{Seq: 1, SignerID: e.Signers[1].ID, Object: e.Parts[0].Object, SHA256: storage.Sum([]byte("2")), Size: 2})
	for _, err := range []error{
		s.UpdateSigners(t.Context(), e.ID, e.Signers[1]), s.SetValues(t.Context(), e.ID, e.Fields[1]), s.AddPart(t.Context(), e.ID, e.Parts[1]),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(e, esignGet(t, s, e.ID), micro); d != "" {
		t.Error(d)
	}
	if err := s.AddPart(t.Context(), e.ID, e.Parts[1]); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("second part of a number: got %v, want ErrConflict", err)
	}
}

// esignCopies: one copy for each state of a document, found by its digest.
func esignCopies(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	esignCreate(t, s, e)
	var want []esign.SignerCopy
	for i, state := range []string{"first", "second"} {
		id := fmt.Sprintf("cpy_%d_%s", i, e.ID)
		sum := storage.Sum([]byte(id))
		c := esign.SignerCopy{
			ID: id, EnvelopeID: e.ID, Of: storage.Sum([]byte(state)), Object: storage.Object{Name: "signercopy/" + id, SHA256: sum, Size: 7},
			MadeAt: *esignAt(time.Duration(i) * time.Minute), GivenTo: esign.Actor{Kind: "signer", ID: "sgn_1"}, EventID: "evt_" + id,
		}
		if known, err := s.IsSignerCopy(t.Context(), sum); err != nil || known {
			t.Errorf("before it is added: got %t, %v", known, err)
		}
		if err := s.AddSignerCopy(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if known, err := s.IsSignerCopy(t.Context(), sum); err != nil || !known {
			t.Errorf("after it was added: got %t, %v", known, err)
		}
		want = append(want, c)
	}
	got, err := s.SignerCopies(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, micro); d != "" {
		t.Error(d)
	}
	other := want[0]
	other.ID += "x"
	if err := s.AddSignerCopy(t.Context(), other); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("a second copy of one state: got %v, want ErrConflict", err)
	}
	if got, err := s.SignerCopies(t.Context(), "env_absent"); err != nil || len(got) != 0 {
		t.Errorf("of no envelope: got %v, %v", got, err)
	}
}

// esignShowings: one row for each page, with the newest state and the time when
// that was first shown.
func esignShowings(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	esignCreate(t, s, e)
	a, b := e.Signers[0].ID, e.Signers[1].ID
	for _, of := range []esign.Showing{
		{Page: 2, Part: 1, At: *esignAt(time.Second)},
		{Page: 2, Part: 0, At: *esignAt(time.Minute)},
		{Page: 2, Part: 1, At: *esignAt(time.Hour)},
		{Page: 1, Part: 0, At: *esignAt(time.Second)},
		{Page: 1, Part: 3, At: *esignAt(2 * time.Second)},
		{Page: 0, Part: 0, At: *esignAt(0)},
	} {
		if err := s.AddShowing(t.Context(), a, of); err != nil {
			t.Fatal(err)
		}
	}
	want := []esign.Showing{
		{Page: 0, Part: 0, At: *esignAt(0)}, {Page: 1, Part: 3, At: *esignAt(2 * time.Second)}, {Page: 2, Part: 1, At: *esignAt(time.Second)},
	}
	got, err := s.Showings(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, micro); d != "" {
		t.Error(d)
	}
	if got, err := s.Showings(t.Context(), b); err != nil || len(got) != 0 {
		t.Errorf("another signer's: %v, %v", got, err)
	}
	if err := s.ForgetShowings(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Showings(t.Context(), a); err != nil || len(got) != len(want) {
		t.Errorf("after another signer's were deleted: %v, %v", got, err)
	}
	if err := s.ForgetShowings(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Showings(t.Context(), a); err != nil || len(got) != 0 {
		t.Errorf("after they were deleted: %v, %v", got, err)
	}
}
