package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

type idempotencyRow struct {
	bun.BaseModel `bun:"table:evault_idempotency"`

	Scope      string     `bun:"scope,pk"`
	Key        string     `bun:"idem_key,pk"`
	Request    string     `bun:"request,notnull"`
	Holder     string     `bun:"holder,notnull"`
	LeaseUntil time.Time  `bun:"lease_until,notnull"` // ended once the answer is final
	KeepUntil  *time.Time `bun:"keep_until"`
	Status     int        `bun:"status,notnull"` // 0 while running
	Header     string     `bun:"header,notnull"`
	Body       []byte     `bun:"body"`
}

// ended is the lease of an answer that is final.
var ended = time.Unix(0, 0).UTC()

type idempotency struct{ session }

// Idempotency returns the first answers kept in this database.
func (d *DB) Idempotency() storage.Idempotency { return idempotency{d.session()} }

func (i idempotency) Claim(ctx context.Context, c storage.Claim, now time.Time) (*storage.Answer, error) {
	var answer *storage.Answer
	err := i.inTx(ctx, func(ctx context.Context, s session) error {
		row := &idempotencyRow{
			Scope: c.Scope, Key: c.Key, Request: string(c.Request), Holder: c.Holder, LeaseUntil: utc(c.LeaseUntil), Header: "{}",
		}
		if !c.KeepUntil.IsZero() {
			row.KeepUntil = utcp(&c.KeepUntil)
		}
		answer = nil
		err := s.put(ctx, row)
		if err == nil && c.Most > 0 {
			var n int
			if n, err = s.count(ctx, "idempotency:"+c.Scope, now.UTC().Truncate(24*time.Hour), 1); err == nil && n > c.Most {
				err = storage.ErrTooMany
			}
		}
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
		answer, err = s.repeat(ctx, row, now)
		return err
	})
	return answer, err
}

// repeat answers a claim whose key is known: with the stored answer, or by
// taking over what has expired.
func (s session) repeat(ctx context.Context, want *idempotencyRow, now time.Time) (*storage.Answer, error) {
	var have idempotencyRow
	if err := s.find(ctx, &have, "scope = ? AND idem_key = ?", "", want.Scope, want.Key); err != nil {
		return nil, err
	}
	kept := have.Status != 0 && (have.KeepUntil == nil || have.KeepUntil.After(now))
	running := have.LeaseUntil.After(now)
	switch {
	case (kept || running) && have.Request != want.Request:
		return nil, storage.ErrMismatch
	case running:
		return nil, storage.ErrInProgress
	case kept && have.LeaseUntil.Equal(ended):
		return have.answer()
	}
	takeover := s.idb.NewUpdate().Model(want).WherePK().Where("holder = ?", have.Holder).Where("status = ?", have.Status)
	if !kept {
		return nil, change(ctx, takeover, storage.ErrInProgress)
	}
	begun, err := have.answer()
	if err != nil {
		return nil, err
	}
	return begun, change(ctx, takeover.Column("holder", "lease_until"), storage.ErrInProgress)
}

func (r *idempotencyRow) answer() (*storage.Answer, error) {
	a := &storage.Answer{Status: r.Status, Body: r.Body, Provisional: !r.LeaseUntil.Equal(ended)}
	if err := json.Unmarshal([]byte(r.Header), &a.Header); err != nil {
		return nil, fmt.Errorf("idempotency %s: %w", r.Key, err)
	}
	return a, nil
}

func (i idempotency) Finish(ctx context.Context, tx storage.Tx, c storage.Claim, a storage.Answer) error {
	header, err := json.Marshal(a.Header)
	if err != nil {
		return fmt.Errorf("idempotency %s: %w", c.Key, err)
	}
	q := i.with(tx).idb.NewUpdate().Model((*idempotencyRow)(nil)).
		Set("status = ?", a.Status).Set("header = ?", string(header)).Set("body = ?", a.Body).
		Where("scope = ?", c.Scope).Where("idem_key = ?", c.Key).Where("holder = ?", c.Holder)
	if !a.Provisional {
		q = q.Set("lease_until = ?", ended)
	}
	return change(ctx, q, storage.ErrInProgress)
}

func (i idempotency) Abandon(ctx context.Context, c storage.Claim) error {
	_, err := i.idb.NewDelete().Model((*idempotencyRow)(nil)).
		Where("scope = ?", c.Scope).Where("idem_key = ?", c.Key).Where("holder = ?", c.Holder).Where("status = 0").Exec(ctx)
	if err != nil {
		return mapErr(err)
	}
	_, err = i.idb.NewUpdate().Model((*idempotencyRow)(nil)).Set("lease_until = ?", ended.Add(time.Second)).
		Where("scope = ?", c.Scope).Where("idem_key = ?", c.Key).Where("holder = ?", c.Holder).Where("lease_until > ?", ended).Exec(ctx)
	return mapErr(err)
}

func (i idempotency) Forget(ctx context.Context, now time.Time, limit int) (int, error) {
	due := i.idb.NewSelect().Model((*idempotencyRow)(nil)).Column("scope", "idem_key").
		Where("keep_until <= ?", utc(now)).Where("lease_until <= ?", utc(now)).Limit(int64(limit))
	res, err := i.idb.NewDelete().Model((*idempotencyRow)(nil)).Where("(scope, idem_key) IN (?)", due).Exec(ctx)
	return deleted(res, err)
}
