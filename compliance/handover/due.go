package handover

import (
	"context"
	"fmt"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/storage/event"
)

// HandoverDue finishes what calls have left: certificates that are due, packages
// that are being prepared, and envelopes with AutoVault. It takes at most limit of
// each and returns how many it finished. What fails is tried again after growing
// pauses; an error is a store that does not answer.
func (e *Engine) HandoverDue(ctx context.Context, limit int) (int, error) {
	n, err := e.c.Compliance.CertifyDue(ctx, limit)
	if err != nil {
		return n, err
	}
	packed, err := e.packagesDue(ctx, limit)
	if err != nil {
		return n + packed, err
	}
	vaulted, err := e.autoVaultDue(ctx, limit)
	return n + packed + vaulted, err
}

func (e *Engine) packagesDue(ctx context.Context, limit int) (done int, err error) {
	// A fresh release is left to the call that made it.
	list, err := e.c.Vault.PackagesDue(ctx, e.now().Add(-headStart), limit)
	if err != nil {
		return 0, fmt.Errorf("packages due: %w", err)
	}
	for _, r := range list {
		_, err := e.pack(ctx, r, system)
		if err == nil {
			done++
			continue
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		e.c.Logger.WarnContext(ctx, "handover: package is due", "envelope_id", r.EnvelopeID, "error", err)
		if err := e.c.Vault.PostponePackage(ctx, r.EnvelopeID, later(e.now(), r.ReleasedAt, time.Hour)); err != nil {
			return done, fmt.Errorf("packages due: %w", err)
		}
	}
	return done, nil
}

// The actors of work that no request asks for: a package, and a deposit that was
// ordered when the envelope was created.
var (
	system    = event.Actor{Kind: "system", ID: "compliance"}
	autoVault = event.Actor{Kind: "system", ID: compliance.AutoVault}
)

func (e *Engine) autoVaultDue(ctx context.Context, limit int) (done int, err error) {
	if e.c.Depositor == nil {
		return 0, nil
	}
	list, err := e.c.Store.AutoVaultDue(ctx, e.now(), limit)
	if err != nil {
		return 0, fmt.Errorf("envelopes to vault: %w", err)
	}
	for _, w := range list {
		org, err := e.c.Depositor(ctx, w.OrgID)
		if err == nil {
			_, _, err = e.VaultIn(ctx, VaultInRequest{EnvelopeID: w.EnvelopeID, Depositor: org, Actor: autoVault})
		}
		if err == nil {
			done++
			continue
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		e.c.Logger.WarnContext(ctx, "handover: envelope could not be vaulted", "envelope_id", w.EnvelopeID, "error", err)
		if err := e.c.Store.PostponeVault(ctx, w.EnvelopeID, later(e.now(), w.Since, 12*time.Hour)); err != nil {
			return done, fmt.Errorf("envelopes to vault: %w", err)
		}
	}
	return done, nil
}

// later is when to try again what has waited since a time: after as long again, at
// least a second and at most limit.
func later(now, since time.Time, limit time.Duration) time.Time {
	return now.Add(min(max(now.Sub(since), time.Second), limit))
}

// Idle reports whether HandoverDue has nothing to do now. It reads one row for each
// kind of work and writes nothing.
func (e *Engine) Idle(ctx context.Context) (bool, error) {
	if idle, err := e.c.Compliance.Idle(ctx); err != nil || !idle {
		return false, err
	}
	packages, err := e.c.Vault.PackagesDue(ctx, e.now().Add(-headStart), 1)
	if err != nil || len(packages) > 0 {
		return false, err
	}
	if e.c.Depositor == nil {
		return true, nil
	}
	waiting, err := e.c.Store.AutoVaultDue(ctx, e.now(), 1)
	return len(waiting) == 0, err
}
