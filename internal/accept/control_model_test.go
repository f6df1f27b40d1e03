package accept_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

// act is one call about control, by one organization; offer is the id of the offer that
// it is about.
type act struct{ verb, org, offer string }

// outcome is how a call ended. One whose context ended may have had its effect.
type outcome struct {
	done, unknown bool
	offer         string // that was made
	to            string // to whom
}

// held is the state that the model keeps of one copy: who has control, which offer is
// open and to whom, and whether the copy was released.
type held struct {
	controller, open, to string
	released             bool
}

// next is the state after the effect of a call; false where the call may not have one.
func (h held) next(a act, o outcome) (held, bool) {
	switch a.verb {
	case "offer":
		ok := !h.released && h.open == "" && h.controller == a.org
		h.open, h.to = o.offer, o.to
		return h, ok
	case "accept":
		ok := h.open == a.offer && h.to == a.org
		h.controller, h.open, h.to = a.org, "", ""
		return h, ok
	case "cancel", "reject":
		ok := h.open == a.offer && (a.verb == "cancel" && h.controller == a.org || a.verb == "reject" && h.to == a.org)
		h.open, h.to = "", ""
		return h, ok
	case "release":
		ok := !h.released && h.open == "" && h.controller == a.org
		h.released = true
		return h, ok
	}
	return h, !h.released && h.controller == a.org // a read
}

// oneController is the model: a call that was refused changes nothing.
func oneController(first string) porcupine.Model {
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{held{controller: first}} },
		Step: func(state, input, output any) []any {
			o := output.(outcome)
			next, ok := state.(held).next(input.(act), o)
			switch {
			case o.unknown && ok:
				return []any{state, next}
			case o.unknown, !o.done:
				return []any{state}
			case ok:
				return []any{next}
			}
			return nil
		},
	}).ToModel()
}

// controlled is two vaults of one database and bucket.
type controlled struct {
	*testworld.Base
	vaults [2]*vault.Vault

	mu      sync.Mutex
	offers  []string
	history []porcupine.Operation
}

var traders = []custody.Party{testworld.Dealer(), testworld.Buyer(), testworld.Lender()}

func newControlled(t *testing.T, db *sqlstore.DB) *controlled {
	t.Helper()
	w := &controlled{Base: testworld.NewBase(t, testworld.Options{DB: db, Memory: true})}
	for i := range w.vaults {
		log, err := translog.New(w.LogConfig())
		testworld.Check(t, err)
		w.vaults[i], err = vault.New(w.VaultConfig(log))
		testworld.Check(t, err)
	}
	return w
}

func (w *controlled) deposit(env string) {
	w.T.Helper()
	document := testpdf.Simple(1, "Contract of "+env)
	s, err := w.Sealer.Seal(w.T.Context(), pades.SealRequest{PDF: document, Reason: "Completed", At: w.Clock.Now()})
	testworld.Check(w.T, err)
	d := testworld.Dealer()
	_, _, err = w.vaults[0].Deposit(w.T.Context(), vault.DepositRequest{
		EnvelopeID: env, OrgID: d.Identifier, OrgName: d.Name, Actor: testworld.KeyOf(d),
		Source: custody.Source{
			Kind: custody.SourceESign, Object: w.Stored("completion", env, append(document, s.Appended...)), DocumentSHA256: storage.Sum(document),
			Sealing: custody.Sealing{Mode: custody.SealingEmbedded}, Level: pades.LevelBB, Name: env,
		},
		Regime: "ucc_9_105_2022", RegimeBasis: "declared",
	})
	testworld.Check(w.T, err)
}

// call makes one call of a random organization on one of the vaults, sometimes with a
// context that ends in the middle of it.
func (w *controlled) call(r *rand.Rand, client int, env string) {
	v, p := w.vaults[r.IntN(2)], traders[r.IntN(len(traders))]
	a := act{verb: []string{"offer", "offer", "accept", "accept", "accept", "cancel", "reject", "read", "release"}[r.IntN(9)], org: p.Identifier}
	if a.verb == "release" && r.IntN(6) > 0 { // it ends the history
		a.verb = "read"
	}
	w.mu.Lock()
	if n := len(w.offers); n > 0 {
		a.offer = w.offers[n-1-r.IntN(min(n, 2))]
	}
	w.mu.Unlock()
	ctx, cut := w.T.Context(), false
	if a.verb != "offer" && r.IntN(4) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(1+r.IntN(30))*time.Millisecond)
		defer cancel()
		cut = true
	}
	to := traders[r.IntN(len(traders))]
	started := time.Now().UnixNano()
	o, err := w.do(ctx, v, p, to, a, env)
	op := porcupine.Operation{ClientId: client, Input: a, Call: started, Return: time.Now().UnixNano()}
	if err != nil && cut && ctx.Err() != nil {
		o.unknown = true
		op.Return = 1 << 62 // it may still have its effect
	}
	op.Output = o
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.offer != "" {
		w.offers = append(w.offers, o.offer)
	}
	w.history = append(w.history, op)
}

func (w *controlled) do(ctx context.Context, v *vault.Vault, p, to custody.Party, a act, env string) (o outcome, err error) {
	actor := testworld.KeyOf(p)
	end := vault.EndOfferRequest{OrgID: p.Identifier, AssignmentID: a.offer, Actor: actor}
	switch a.verb {
	case "offer":
		var code string
		if code, _, err = v.MakeReceivingCode(ctx, vault.ReceivingCodeRequest{OrgID: to.Identifier, OrgName: to.Name}); err != nil {
			return o, err
		}
		made, err := v.Offer(ctx, vault.OfferRequest{OrgID: p.Identifier, EnvelopeID: env, ReceivingCode: code, Actor: actor})
		if err == nil {
			o = outcome{done: true, offer: made.ID, to: to.Identifier}
		}
		return o, err
	case "accept":
		_, o.done, err = v.AcceptOffer(ctx, vault.AcceptRequest{OrgID: p.Identifier, AssignmentID: a.offer, Actor: actor})
	case "cancel", "reject":
		// A repeat of the same end is answered, too: it is one only where the state was open.
		var before *custody.Offer
		if before, err = v.OfferByID(ctx, p.Identifier, a.offer); err != nil || before.Status != custody.OfferOpen {
			return o, err
		}
		did := false
		end.Also = func(context.Context, storage.Tx, *custody.Offer) error { did = true; return nil }
		if a.verb == "cancel" {
			_, err = v.CancelOffer(ctx, end)
		} else {
			_, err = v.RejectOffer(ctx, end)
		}
		o.done = err == nil && did
	case "release":
		_, o.done, err = v.Release(ctx, vault.ReleaseRequest{
			OrgID: p.Identifier, EnvelopeID: env, Reason: "payoff", Recipient: custody.Recipient{Name: p.Name}, Actor: actor,
		})
	default:
		_, err = v.ReadAuthoritative(ctx, vault.ReadRequest{OrgID: p.Identifier, EnvelopeID: env, Actor: actor})
		o.done = err == nil
	}
	return o, err
}

// TestOneControllerAtEveryInstant: whatever offers, acceptances, ends, releases and reads
// run at once on two vaults, some broken off in the middle, there is an order of their
// effects in which one organization has control at every instant (I1, I6, I7).
func TestOneControllerAtEveryInstant(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newControlled(t, db)
		seed := uint64(time.Now().UnixNano())
		operations, effects := 0, map[string]int{}
		for round := range 4 * testenv.Rounds(20) {
			env := fmt.Sprintf("env_%d", round)
			w.deposit(env)
			w.offers, w.history = nil, nil
			var wg sync.WaitGroup
			for client := range 6 {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, uint64(round*100+client)))
					for range 10 {
						w.call(r, client, env)
					}
				})
			}
			wg.Wait()
			operations += len(w.history)
			for _, op := range w.history {
				if op.Output.(outcome).done {
					effects[op.Input.(act).verb]++
				}
			}
			model := oneController(testworld.Dealer().Identifier)
			if result := porcupine.CheckOperationsTimeout(model, w.history, 20*time.Second); result != porcupine.Ok {
				t.Fatalf("seed %d, round %d: %s\n%s", seed, round, result, w.said())
			}
		}
		t.Logf("%d operations; effects: %v", operations, effects)
		if effects["accept"] == 0 || effects["read"] == 0 {
			t.Errorf("nothing was accepted or read: %v", effects)
		}
	})
}

// said is the history, for a failure.
func (w *controlled) said() string {
	var b strings.Builder
	for _, op := range w.history {
		fmt.Fprintf(&b, "%d %d-%d %+v %+v\n", op.ClientId, op.Call, op.Return, op.Input, op.Output)
	}
	return b.String()
}
