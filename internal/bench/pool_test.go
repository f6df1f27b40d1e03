package bench_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/pool"
)

// BenchmarkPool offers a pool of one-page contracts and accepts it, on SQLite and a
// folder. For each step it reports the time of an item, of the last tenth of the items
// beside the first, and, as the limit of the run, one vault-in. EVAULT_POOL sets the
// size of the pool; default 100.
func BenchmarkPool(b *testing.B) {
	n := 100
	if v := os.Getenv("EVAULT_POOL"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil || n < 10 {
			b.Fatal("EVAULT_POOL must be a number from 10")
		}
	}
	for b.Loop() {
		w := newPooled(b, n)
		batch := w.start()
		w.step("offer", batch, pool.Offered)
		if _, err := w.Pools.Accept(b.Context(), pool.AnswerRequest{OrgID: "org_bank", BatchID: batch, Actor: bank}); err != nil {
			b.Fatal(err)
		}
		w.step("switch", batch, pool.Accepted)
		b.ReportMetric(float64(w.deposit.Microseconds())/1000, "vault-in_ms")
	}
}

var bank = esign.Actor{Kind: "member", ID: "bench", OrgID: "org_bank"}

// pooled is an installation with a pool.
type pooled struct {
	*embedded.Embedded
	b       *testing.B
	ids     []string
	deposit time.Duration // of one contract
}

func newPooled(b *testing.B, n int) *pooled {
	b.Helper()
	v, err := embedded.Open(b.Context(), embedded.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { v.Close() })
	w := &pooled{Embedded: v, b: b}
	for _, org := range []string{"org_bench", "org_bank"} {
		if _, err := v.Scopes.CreateOrganization(b.Context(), scopes.Organization{ID: org, LegalName: org}); err != nil {
			b.Fatal(err)
		}
	}
	depositor, err := v.Depositor(b.Context(), "org_bench")
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		id := uploaded(b, v, testpdf.Simple(1, fmt.Sprintf("Contract %d of the pool", i)))
		begin := time.Now()
		if _, _, err := v.Handover.VaultIn(b.Context(), handover.VaultInRequest{EnvelopeID: id, Depositor: depositor, Actor: actor}); err != nil {
			b.Fatal(err)
		}
		w.deposit += time.Since(begin) / time.Duration(n)
		w.ids = append(w.ids, id)
	}
	return w
}

func (w *pooled) start() string {
	w.b.Helper()
	ctx := w.b.Context()
	p, err := w.Pools.Create(ctx, pool.CreateRequest{OrgID: "org_bench", Name: "bench", EnvelopeIDs: w.ids})
	if err != nil {
		w.b.Fatal(err)
	}
	code, _, err := w.Vault.MakeReceivingCode(ctx, vault.ReceivingCodeRequest{OrgID: "org_bank", OrgName: "Bank", Actor: bank})
	if err != nil {
		w.b.Fatal(err)
	}
	b, err := w.Pools.Start(ctx, pool.StartRequest{OrgID: "org_bench", PoolID: p.ID, ReceivingCode: code, Mode: pool.BestEffort, Actor: actor})
	if err != nil {
		w.b.Fatal(err)
	}
	return b.ID
}

// step takes a step of a batch, a tenth of its items at a time.
func (w *pooled) step(name, batch string, want pool.Status) {
	w.b.Helper()
	tenth := len(w.ids) / 10
	var took []time.Duration
	for {
		begin := time.Now()
		n, err := w.Pools.Due(w.b.Context(), tenth)
		if err != nil {
			w.b.Fatal(err)
		}
		if n < tenth {
			break
		}
		took = append(took, time.Since(begin))
	}
	if got, err := w.Pools.Batch(w.b.Context(), "org_bench", batch); err != nil || got.Status != want || got.Failed > 0 {
		w.b.Fatalf("the batch is %+v, %v, want %s", got, err, want)
	}
	var all time.Duration
	for _, d := range took {
		all += d
	}
	w.b.ReportMetric(float64(all.Microseconds())/1000/float64(len(took)*tenth), name+"_ms/item")
	w.b.ReportMetric(float64(took[len(took)-1])/float64(took[0]), name+"_last/first")
}
