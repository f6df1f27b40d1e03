package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

type ticketRow struct {
	bun.BaseModel `bun:"table:evault_tickets"`

	ID         string     `bun:"ticket_id,pk"`
	Kind       string     `bun:"kind,notnull"`
	EnvelopeID string     `bun:"envelope_id,notnull"`
	OrgID      string     `bun:"org_id,notnull"`
	KeyID      string     `bun:"key_id,notnull"`
	Target     string     `bun:"target,notnull"`
	Version    int        `bun:"version,notnull"`
	SingleUse  bool       `bun:"single_use,notnull"`
	Filename   string     `bun:"filename,notnull"`
	CreatedAt  time.Time  `bun:"created_at,notnull"`
	ExpiresAt  time.Time  `bun:"expires_at,notnull"`
	UsedAt     *time.Time `bun:"used_at"`
}

type tickets struct{ session }

// Tickets returns the download tickets kept in this database.
func (d *DB) Tickets() storage.Tickets { return tickets{d.session()} }

func (t tickets) Issue(ctx context.Context, tx storage.Tx, k storage.Ticket) error {
	return t.with(tx).put(ctx, &ticketRow{
		ID: k.ID, Kind: k.Kind, EnvelopeID: k.EnvelopeID, OrgID: k.OrgID, KeyID: k.KeyID, Target: k.Target, Version: k.Version,
		SingleUse: k.SingleUse, Filename: k.Filename, CreatedAt: utc(k.CreatedAt), ExpiresAt: utc(k.ExpiresAt), UsedAt: utcp(k.UsedAt),
	})
}

func (t tickets) Ticket(ctx context.Context, id string) (storage.Ticket, error) {
	var r ticketRow
	if err := t.find(ctx, &r, "ticket_id = ?", "", id); err != nil {
		return storage.Ticket{}, err
	}
	return storage.Ticket{
		ID: r.ID, Kind: r.Kind, EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, KeyID: r.KeyID, Target: r.Target, Version: r.Version,
		SingleUse: r.SingleUse, Filename: r.Filename, CreatedAt: utc(r.CreatedAt), ExpiresAt: utc(r.ExpiresAt), UsedAt: utcp(r.UsedAt),
	}, nil
}

func (t tickets) Take(ctx context.Context, tx storage.Tx, id string, at time.Time) error {
	return change(ctx, t.with(tx).idb.NewUpdate().Model((*ticketRow)(nil)).Set("used_at = ?", utc(at)).
		Where("ticket_id = ?", id).Where("used_at IS NULL"), storage.ErrUsed)
}

func (t tickets) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	due := t.idb.NewSelect().Model((*ticketRow)(nil)).Column("ticket_id").Where("expires_at < ?", utc(before)).Limit(int64(limit))
	res, err := t.idb.NewDelete().Model((*ticketRow)(nil)).Where("ticket_id IN (?)", due).Exec(ctx)
	return deleted(res, err)
}

func deleted(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, mapErr(err)
	}
	n, err := res.RowsAffected()
	return int(n), mapErr(err)
}
