package embedded

import (
	"context"
	"time"
)

// tasks is all background work. A task is named after its verb: "evaluate" is
// EvaluateDue.
func (e *Embedded) tasks() []task {
	return []task{
		{name: "notify", every: 2 * time.Second, idle: e.ESign.Idle, do: e.ESign.NotifyDue},
		{name: "remind", every: 30 * time.Second, idle: e.ESign.Idle, do: e.ESign.RemindDue},
		{name: "seal", every: 15 * time.Second, idle: e.ESign.Idle, do: e.ESign.SealDue},
		{name: "expire", every: 30 * time.Second, idle: e.ESign.Idle, do: e.ESign.ExpireDue},
		{name: "handover", every: 2 * time.Second, idle: e.Handover.Idle, do: e.Handover.HandoverDue},
		// An inspection takes the last evaluation back; seconds later there is another.
		{name: "evaluate", every: 2 * time.Second, idle: e.Compliance.Idle, do: e.Compliance.EvaluateDue},
		{name: "integrate", every: 10 * time.Second, idle: e.Log.Idle, do: func(ctx context.Context, _ int) (int, error) {
			_, err := e.Log.Integrate(ctx) // until nothing waits
			return 0, err
		}},
		{name: "integrity", every: time.Minute, idle: e.Vault.Idle, do: func(ctx context.Context, limit int) (int, error) {
			found, err := e.Vault.IntegrityDue(ctx, limit)
			return len(found), err
		}},
		{name: "pools", every: 2 * time.Second, idle: e.Pools.Idle, do: e.Pools.Due},
		{name: "offers", every: time.Minute, idle: e.Vault.Idle, do: e.Vault.OffersDue},
		{name: "delete", every: time.Minute, idle: e.Vault.Idle, do: e.Vault.DeleteDue},
		{name: "sweep", every: 10 * time.Minute, idle: e.Objects.Idle, do: func(ctx context.Context, limit int) (int, error) {
			if err := e.Log.Check(ctx); err != nil { // a database set back may not know what it owns
				return 0, err
			}
			return e.Objects.Sweep(ctx, limit)
		}},
		{name: "keys", every: time.Minute, all: true, do: func(ctx context.Context, _ int) (int, error) {
			return 0, e.refreshKeys(ctx)
		}},
		{name: "clock", every: time.Minute, all: true, do: func(ctx context.Context, _ int) (int, error) {
			return 0, e.clock.measure(ctx)
		}},
	}
}
