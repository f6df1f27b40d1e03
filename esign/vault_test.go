package esign_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
)

func (b *bench) paper() *esign.Envelope {
	b.T.Helper()
	env, err := b.Create(b.T.Context(), esign.CreateRequest{
		OrgID: org, Actor: key, CustomerEmail: "a@example.com", CustomerName: "Alan", EnvelopeKind: esign.KindPaper, Send: true,
		SecuredParty: &esign.Party{Name: "Lender", Identifier: org},
	})
	if err != nil {
		b.T.Fatal(err)
	}
	return env
}

func TestPaper(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.paper()
	if env.Status != esign.StatusPending || env.Document != nil || env.SignersTotal != 0 {
		t.Fatalf("created: %+v", env)
	}
	upload := func(document []byte, match string) (*esign.Envelope, *esign.Inspection, error) {
		return b.Upload(t.Context(), esign.UploadRequest{OrgID: org, EnvelopeID: env.ID, Actor: key, Filename: "scan.pdf", Document: document, IfMatch: match})
	}
	if _, err := b.Completion(t.Context(), org, env.ID); !errors.Is(err, esign.ErrState) {
		t.Errorf("completion without a PDF: %v", err)
	}
	if _, err := b.Send(t.Context(), esign.SendRequest{OrgID: org, EnvelopeID: env.ID}); !errors.Is(err, esign.ErrState) {
		t.Errorf("send: %v", err)
	}
	if _, _, err := upload(nil, ""); !slices.Equal(invalid(err), []string{"file document_required"}) {
		t.Errorf("nothing: %v", err)
	}
	var refused *esign.Refusal
	if _, _, err := upload([]byte("hello"), ""); !errors.As(err, &refused) || refused.Reason != "not_pdf" {
		t.Errorf("no PDF: %v", err)
	}
	first, second := testpdf.Simple(1, "First"), testpdf.Simple(2, "Second")
	up, in, err := upload(first, env.ETag())
	if err != nil || up.Status != esign.StatusUploaded || in.Pages != 1 || in.Sealing.Mode != esign.SealingEmbedded || in.Encrypted != "no" {
		t.Fatalf("got %+v, %+v, %v", up, in, err)
	}
	if _, _, err := upload(second, env.ETag()); !errors.Is(err, esign.ErrPrecondition) {
		t.Errorf("If-Match: got %v", err)
	}
	if _, _, err := upload(second, up.ETag()); err != nil {
		t.Fatal(err)
	}
	c, err := b.Completion(t.Context(), org, env.ID)
	if err != nil || c.Kind != esign.KindPaper || c.Pages != 2 || c.Object.SHA256 != storage.Sum(second) || c.Level != "" || c.SecuredParty.Name != "Lender" {
		t.Fatalf("got %+v, %v", c, err)
	}
	if string(mustRead(t, b, c)) != string(second) {
		t.Error("the bytes were changed")
	}
	events := b.chain(env.ID)
	if got := types(events); !slices.Equal(got, []string{"envelope.created", "envelope.document_uploaded", "envelope.document_uploaded"}) {
		t.Errorf("got %v", got)
	}
	if data := string(events[2].Data); !strings.Contains(data, string(storage.Sum(first))) || !strings.Contains(data, string(storage.Sum(second))) || c.ChainHead.Seq != 3 {
		t.Errorf("the second upload does not name both: %s", data)
	}
	at := c.CompletedAt.Add(time.Second)
	vault := func() error {
		return b.inTx(func(ctx context.Context, tx storage.Tx) error {
			return b.With(tx).Vaulted(ctx, esign.Vaulting{EnvelopeID: env.ID, At: at, Deposited: storage.Sum(second), DocumentHash: storage.Sum([]byte("v1"))})
		})
	}
	if err := vault(); err != nil {
		t.Fatal(err)
	}
	if err := vault(); !errors.Is(err, esign.ErrState) {
		t.Errorf("vaulted twice: %v", err)
	}
	if _, _, err := upload(first, ""); !errors.Is(err, esign.ErrState) {
		t.Errorf("upload after vaulting: %v", err)
	}
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Reason: "r"}); !errors.Is(err, esign.ErrState) {
		t.Errorf("void after vaulting: %v", err)
	}
}

// inTx runs fn in a transaction of the database, as another engine would.
func (b *bench) inTx(fn func(ctx context.Context, tx storage.Tx) error) error {
	return b.DB.ESign().InTx(b.T.Context(), func(ctx context.Context, s esign.Store) error { return fn(ctx, s.Tx()) })
}

// TestVaultsReports: what other engines record shows in the row.
func TestVaultsReports(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	yes, at := true, start.Add(time.Hour)
	sealed := func() storage.Digest {
		if s, err := b.Status(t.Context(), org, env.ID); err == nil && s.Sealed != nil {
			return s.Sealed.Object.SHA256
		}
		return ""
	}
	calls := []struct {
		name string
		do   func(ctx context.Context, j *esign.Joined) error
		want func(s *esign.Summary) bool
	}{
		{"vaulted", func(ctx context.Context, j *esign.Joined) error {
			return j.Vaulted(ctx, esign.Vaulting{EnvelopeID: env.ID, At: at, Deposited: sealed(), DocumentHash: "v1"})
		}, func(s *esign.Summary) bool {
			return s.Status == esign.StatusVaulted && s.Vaulted() && s.DocumentHash == "v1"
		}},
		{"evaluated", func(ctx context.Context, j *esign.Joined) error {
			return j.Evaluated(ctx, esign.Evaluating{EnvelopeID: env.ID, At: at, Compliant: &yes})
		}, func(s *esign.Summary) bool {
			return *s.Compliant && s.EvaluatedAt.Equal(at)
		}},
		{"new version", func(ctx context.Context, j *esign.Joined) error { return j.DocumentHash(ctx, env.ID, "v2") }, func(s *esign.Summary) bool {
			return s.DocumentHash == "v2" && s.Compliant == nil
		}},
		{"released", func(ctx context.Context, j *esign.Joined) error {
			return j.Released(ctx, esign.Releasing{EnvelopeID: env.ID, At: at})
		}, func(s *esign.Summary) bool {
			return s.Status == esign.StatusReleased && !s.Vaulted() && !*s.Compliant
		}},
	}
	for _, c := range calls {
		if err := b.inTx(func(ctx context.Context, tx storage.Tx) error { return c.do(ctx, b.With(tx)) }); !errors.Is(err, esign.ErrState) {
			t.Errorf("%s of what is not completed: got %v, want ErrState", c.name, err)
		}
	}
	b.complete(env.ID)
	for _, c := range calls {
		if err := b.inTx(func(ctx context.Context, tx storage.Tx) error { return c.do(ctx, b.With(tx)) }); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		s, err := b.Status(t.Context(), org, env.ID)
		if err != nil || !c.want(s) {
			t.Errorf("%s: got %+v, %v", c.name, s, err)
		}
	}
	if err := b.inTx(func(ctx context.Context, tx storage.Tx) error {
		return b.With(tx).Released(ctx, esign.Releasing{EnvelopeID: env.ID, At: at})
	}); !errors.Is(err, esign.ErrState) {
		t.Errorf("released twice: %v", err)
	}
}

// TestJoin: verbs inside a host's transaction live and die with it.
func TestJoin(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		draft, err := b.Prepare(t.Context(), request())
		if err != nil {
			t.Fatal(err)
		}
		create := func(ctx context.Context, tx storage.Tx) error {
			_, err := b.With(tx).Create(ctx, draft)
			return err
		}
		rollback := errors.New("rollback")
		err = b.inTx(func(ctx context.Context, tx storage.Tx) error {
			if err := create(ctx, tx); err != nil {
				return err
			}
			return rollback
		})
		if !errors.Is(err, rollback) {
			t.Fatalf("got %v", err)
		}
		if _, err := b.Envelope(t.Context(), org, draft.EnvelopeID()); !errors.Is(err, esign.ErrNotFound) {
			t.Errorf("rolled back, but there: %v", err)
		}
		if err := b.inTx(create); err != nil {
			t.Fatal(err)
		}
		if got := b.get(draft.EnvelopeID()); got.Status != esign.StatusSent {
			t.Errorf("got %s", got.Status)
		}
		err = b.inTx(func(ctx context.Context, tx storage.Tx) error {
			j := b.With(tx)
			if _, err := j.Remind(ctx, esign.RemindRequest{OrgID: org, EnvelopeID: draft.EnvelopeID(), Actor: key}); err != nil {
				return err
			}
			_, err := j.Void(ctx, esign.VoidRequest{OrgID: org, EnvelopeID: draft.EnvelopeID(), Actor: key, Reason: "r"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		// A refused verb leaves the host's transaction usable.
		other := b.create(func(r *createRequest) { r.Send = false })
		err = b.inTx(func(ctx context.Context, tx storage.Tx) error {
			j := b.With(tx)
			if _, err := j.Send(ctx, esign.SendRequest{OrgID: org, EnvelopeID: draft.EnvelopeID()}); !errors.Is(err, esign.ErrState) {
				t.Errorf("send of a voided envelope: %v", err)
			}
			_, err := j.Send(ctx, esign.SendRequest{OrgID: org, EnvelopeID: other.ID, Actor: key})
			return err
		})
		if err != nil || b.get(other.ID).Status != esign.StatusSent || b.get(draft.EnvelopeID()).Status != esign.StatusVoided {
			t.Errorf("got %v, %s, %s", err, b.get(other.ID).Status, b.get(draft.EnvelopeID()).Status)
		}
	})
}
