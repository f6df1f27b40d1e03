package compliance

import (
	"context"
	"fmt"
	"time"
)

// HandoverDue finishes what calls have left: certificates that are due, packages
// that are being prepared, and envelopes with auto_vault. It does at most limit of
// each and returns how many it finished. What fails is tried again later, after
// growing pauses; an error is a store that does not answer.
func (h *Handover) HandoverDue(ctx context.Context, limit int) (int, error) {
	n, err := h.certificatesDue(ctx, limit)
	if err != nil {
		return n, err
	}
	packed, err := h.packagesDue(ctx, limit)
	if err != nil {
		return n + packed, err
	}
	vaulted, err := h.autoVaultDue(ctx, limit)
	return n + packed + vaulted, err
}

func (h *Handover) certificatesDue(ctx context.Context, limit int) (done int, err error) {
	e := h.e
	list, err := e.c.Store.DueBefore(ctx, e.now(), limit)
	if err != nil {
		return 0, fmt.Errorf("certificates due: %w", err)
	}
	for _, d := range list {
		err := e.finish(ctx, d.EnvelopeID, d.CauseID, system)
		if err == nil {
			err = e.c.Store.DeleteDue(ctx, d.CauseID) // the certificate was there already
			done++
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		e.c.Logger.WarnContext(ctx, "compliance: certificate is due", "envelope_id", d.EnvelopeID, "tries", d.Tries+1, "error", err)
		if err := e.c.Store.PostponeDue(ctx, d.CauseID, e.now().Add(min(pause(d.Tries), time.Hour))); err != nil {
			return done, fmt.Errorf("certificates due: %w", err)
		}
	}
	return done, nil
}

func (h *Handover) packagesDue(ctx context.Context, limit int) (done int, err error) {
	// A fresh release is left to the call that made it.
	list, err := h.e.c.Vault.PackagesDue(ctx, h.e.now().Add(-noteDelay), limit)
	if err != nil {
		return 0, fmt.Errorf("packages due: %w", err)
	}
	for _, r := range list {
		_, err := h.e.pack(ctx, r, system)
		if err == nil {
			done++
			continue
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		h.e.c.Logger.WarnContext(ctx, "compliance: package is due", "envelope_id", r.EnvelopeID, "error", err)
		if err := h.e.c.Vault.PostponePackage(ctx, r.EnvelopeID, later(h.e.now(), r.ReleasedAt, time.Hour)); err != nil {
			return done, fmt.Errorf("packages due: %w", err)
		}
	}
	return done, nil
}

// autoVault is the actor of a deposit that was ordered when the envelope was
// created.
var autoVault = Actor{Kind: "system", ID: "auto_vault"}

func (h *Handover) autoVaultDue(ctx context.Context, limit int) (done int, err error) {
	e := h.e
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
			_, _, err = h.VaultIn(ctx, VaultInRequest{EnvelopeID: w.EnvelopeID, Depositor: org, Actor: autoVault})
		}
		if err == nil {
			done++
			continue
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		e.c.Logger.WarnContext(ctx, "compliance: envelope could not be vaulted", "envelope_id", w.EnvelopeID, "error", err)
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

// pause grows from 1 s to 12 h.
func pause(tries int) time.Duration { return min(time.Second<<min(tries, 20), 12*time.Hour) }
