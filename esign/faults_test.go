package esign_test

import (
	"slices"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage/storagetest"
)

// TestEveryFault breaks the last signature at each SQL statement and blob call,
// before or after it has its effect. What is left is the old state or the new
// one, and the same request again, with SealDue, brings it to its end.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]storagetest.How{"before": storagetest.Before, "after": storagetest.After} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
				f := &storagetest.Faults{}
				b := benchOn(t, testdb.Stores(t, open(t, f.Connector)), func(c *esign.Config) { c.Objects.Blobs = f.Blobs(c.Objects.Blobs) })
				whole := b.lastSignature()
				f.Arm(nil)
				if _, err := b.Sign(t.Context(), whole); err != nil {
					t.Fatal(err)
				}
				calls := f.Calls()
				if len(calls) < 30 {
					t.Fatalf("only %d calls: %q", len(calls), calls)
				}
				for k := 1; k <= len(calls); k += testenv.Step(7) {
					r := b.lastSignature()
					f.Arm(map[int]storagetest.How{k: how})
					_, err := b.Sign(t.Context(), r)
					f.Arm(nil)
					b.afterFault(calls[k-1], r, err)
				}
			})
		})
	}
}

// lastSignature makes an envelope and the request that completes it.
func (b *bench) lastSignature() esign.SignRequest {
	b.T.Helper()
	env := b.create(func(r *createRequest) {
		r.Document, r.Signers, r.Fields = testpdf.Simple(1, "x"), nil, nil
	})
	token := b.link(env.ID, "ada@example.com")
	return typed(token, "Ada Byron", b.read(token))
}

func (b *bench) afterFault(call string, r esign.SignRequest, fault error) {
	b.T.Helper()
	s, err := b.Session(b.T.Context(), r.Token, client)
	if err != nil {
		b.T.Fatal(err)
	}
	env := b.get(s.EnvelopeID)
	switch n := len(env.Parts); {
	case env.Status == esign.StatusViewed && n == 1 && env.SignersSigned == 0 && fault != nil:
	case env.Status == esign.StatusSigned && n == 2 && env.SignersSigned == 1 && env.Sealed == nil:
	case env.Status == esign.StatusCompleted && n == 2 && env.Sealed != nil:
	default:
		b.T.Errorf("%s: %s with %d parts after %v", call, env.Status, n, fault)
	}
	out, err := b.Sign(b.T.Context(), r)
	if err != nil || out.EnvelopeStatus != esign.StatusCompleted {
		b.T.Fatalf("%s: the repeat answers %+v, %v", call, out, err)
	}
	want := []string{
		"envelope.created", "envelope.sent", "envelope.links_disclosed", "envelope.copy_made", "envelope.viewed", "envelope.consented",
		"envelope.signed", "envelope.completed",
	}
	if got := types(b.chain(env.ID)); !slices.Equal(got, want) {
		b.T.Errorf("%s: events %v", call, got)
	}
	c, err := b.Completion(b.T.Context(), org, env.ID)
	if err != nil {
		b.T.Fatal(err)
	}
	b.prefixes(c, mustRead(b.T, b, c), testpdf.Simple(1, "x"))
}
