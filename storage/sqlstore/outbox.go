package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

type endpointRow struct {
	bun.BaseModel `bun:"table:evault_webhook_endpoints,alias:w"`

	KeyID      string     `bun:"key_id,pk"`
	OrgID      string     `bun:"org_id,notnull"`
	URL        string     `bun:"url,notnull"`
	Secret     []byte     `bun:"secret"`
	OldSecrets string     `bun:"old_secrets,notnull"`
	UpdatedAt  time.Time  `bun:"updated_at,notnull"`
	DisabledAt *time.Time `bun:"disabled_at"`
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:evault_webhook_deliveries,alias:d"`

	ID         string    `bun:"delivery_id,pk"`
	KeyID      string    `bun:"key_id,notnull"`
	OrgID      string    `bun:"org_id,notnull"`
	EnvelopeID string    `bun:"envelope_id,notnull"`
	Seq        int64     `bun:"seq,notnull"`
	EventID    string    `bun:"event_id,notnull"`
	EventType  string    `bun:"event_type,notnull"`
	Body       []byte    `bun:"body,notnull"`
	Status     string    `bun:"status,notnull"`
	Attempts   int       `bun:"attempts,notnull"`
	NextAt     time.Time `bun:"next_at,notnull"`
	LeaseUntil time.Time `bun:"lease_until,notnull"`
	LeaseBy    string    `bun:"lease_by,notnull"`
	LastStatus int       `bun:"last_status,notnull"`
	LastError  string    `bun:"last_error,notnull"`
	CreatedAt  time.Time `bun:"created_at,notnull"`
	UpdatedAt  time.Time `bun:"updated_at,notnull"`
}

type outbox struct{ session }

// Outbox returns the webhook endpoints and deliveries kept in this database.
func (d *DB) Outbox() storage.Outbox { return outbox{d.session()} }

func (o outbox) PutEndpoint(ctx context.Context, tx storage.Tx, e storage.Endpoint) error {
	return o.with(tx).inTx(ctx, func(ctx context.Context, s session) error {
		old, err := json.Marshal(append([]storage.OldSecret{}, e.OldSecrets...))
		if err != nil {
			return fmt.Errorf("endpoint %s: %w", e.KeyID, err)
		}
		row := &endpointRow{
			KeyID: e.KeyID, OrgID: e.OrgID, URL: e.URL, Secret: e.Secret, OldSecrets: string(old),
			UpdatedAt: utc(e.UpdatedAt), DisabledAt: utcp(e.DisabledAt),
		}
		err = s.put(ctx, row)
		if errors.Is(err, storage.ErrConflict) {
			err = change(ctx, s.idb.NewUpdate().Model(row).WherePK(), storage.ErrConflict)
		}
		return err
	})
}

func (r *endpointRow) endpoint() (storage.Endpoint, error) {
	e := storage.Endpoint{
		KeyID: r.KeyID, OrgID: r.OrgID, URL: r.URL, Secret: r.Secret, UpdatedAt: utc(r.UpdatedAt), DisabledAt: utcp(r.DisabledAt),
	}
	if err := json.Unmarshal([]byte(r.OldSecrets), &e.OldSecrets); err != nil {
		return e, fmt.Errorf("endpoint %s: %w", r.KeyID, err)
	}
	return e, nil
}

func (o outbox) Endpoint(ctx context.Context, keyID string) (storage.Endpoint, error) {
	var r endpointRow
	if err := o.find(ctx, &r, "key_id = ?", "", keyID); err != nil {
		return storage.Endpoint{}, err
	}
	return r.endpoint()
}

func (o outbox) Endpoints(ctx context.Context, orgID string) ([]storage.Endpoint, error) {
	var rs []endpointRow
	err := o.idb.NewSelect().Model(&rs).Where("org_id = ?", orgID).Where("url <> ''").Where("disabled_at IS NULL").OrderExpr("key_id").Scan(ctx)
	if err != nil {
		return nil, mapErr(err)
	}
	return endpointsOf(rs)
}

func endpointsOf(rs []endpointRow) ([]storage.Endpoint, error) {
	out := make([]storage.Endpoint, len(rs))
	for i := range rs {
		var err error
		if out[i], err = rs[i].endpoint(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o outbox) DisableEndpoint(ctx context.Context, keyID string, at time.Time) error {
	return o.inTx(ctx, func(ctx context.Context, s session) error {
		_, err := s.idb.NewUpdate().Model((*endpointRow)(nil)).Set("disabled_at = ?", utc(at)).
			Where("key_id = ?", keyID).Where("disabled_at IS NULL").Exec(ctx)
		if err != nil {
			return mapErr(err)
		}
		return s.abandon(ctx, keyID, at)
	})
}

func (o outbox) AbandonPending(ctx context.Context, keyID string, at time.Time) error {
	return o.abandon(ctx, keyID, at)
}

func (s session) abandon(ctx context.Context, keyID string, at time.Time) error {
	_, err := s.idb.NewUpdate().Model((*deliveryRow)(nil)).
		Set("status = ?", storage.DeliveryAbandoned).Set("updated_at = ?", utc(at)).Set("lease_by = ''").
		Where("key_id = ?", keyID).Where("status = ?", storage.DeliveryPending).Exec(ctx)
	return mapErr(err)
}

func (o outbox) Undispatched(ctx context.Context, limit int) ([]storage.OutboxEvent, error) {
	var rs []eventRow
	err := o.idb.NewSelect().Model(&rs).Column("event_id", "envelope_id", "seq", "type", "recorded_at", "data").
		Where("dispatched_at IS NULL").OrderExpr("recorded_at, envelope_id, seq").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, mapErr(err)
	}
	out := make([]storage.OutboxEvent, len(rs))
	for i := range rs {
		out[i] = rs[i].outbox()
	}
	return out, nil
}

func (o outbox) Followers(ctx context.Context, eventID string) ([]string, error) {
	return o.followers(ctx, eventID)
}

func (o outbox) Feed(ctx context.Context, q storage.FeedQuery, limit int) ([]storage.FeedEvent, error) {
	var rs []eventRow
	sel := may(o.idb.NewSelect().Model(&rs), standing.Follow, q.OrgID, "evault_events", "e.envelope_id").
		Where("e.log_index IS NOT NULL").OrderExpr("e.log_index").Limit(int64(limit))
	if q.After != nil {
		sel = sel.Where("e.log_index > ?", *q.After)
	}
	if q.EnvelopeID != "" {
		sel = sel.Where("e.envelope_id = ?", q.EnvelopeID)
	}
	if q.Type != "" {
		sel = sel.Where("e.type = ?", q.Type)
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	out := make([]storage.FeedEvent, len(rs))
	for i := range rs {
		r := &rs[i]
		out[i] = storage.FeedEvent{
			OutboxEvent: r.outbox(), ActorKind: r.ActorKind, ActorID: r.ActorID, ActorOrgID: r.ActorOrgID, Hash: storage.Digest(r.Hash), PrevHash: storage.Digest(r.PrevHash),
			Canonical: r.Canonical, LogIndex: *r.LogIndex,
		}
	}
	return out, nil
}

func (r *eventRow) outbox() storage.OutboxEvent {
	return storage.OutboxEvent{
		EventID: r.EventID, EnvelopeID: r.EnvelopeID, Seq: r.Seq, Type: r.Type, RecordedAt: utc(r.RecordedAt), Data: []byte(r.Data),
	}
}

func (o outbox) Dispatch(ctx context.Context, eventIDs []string, at time.Time, deliveries []storage.Delivery) error {
	return o.inTx(ctx, func(ctx context.Context, s session) error {
		res, err := s.idb.NewUpdate().TableExpr("evault_events").Set("dispatched_at = ?", utc(at)).
			Where("event_id IN (?)", bun.List(eventIDs)).Where("dispatched_at IS NULL").Exec(ctx)
		if err != nil {
			return mapErr(err)
		}
		if err := affected(res, int64(len(eventIDs)), storage.ErrConflict); err != nil || len(deliveries) == 0 {
			return err
		}
		rs := make([]deliveryRow, len(deliveries))
		for i, d := range deliveries {
			rs[i] = rowOfDelivery(d)
		}
		return s.put(ctx, &rs)
	})
}

func rowOfDelivery(d storage.Delivery) deliveryRow {
	return deliveryRow{
		ID: d.ID, KeyID: d.KeyID, OrgID: d.OrgID, EnvelopeID: d.EnvelopeID, Seq: d.Seq, EventID: d.EventID, EventType: d.EventType,
		Body: d.Body, Status: d.Status, Attempts: d.Attempts, NextAt: utc(d.NextAt), LeaseUntil: utc(d.LeaseUntil), LeaseBy: d.LeaseBy,
		LastStatus: d.LastStatus, LastError: d.LastError, CreatedAt: utc(d.CreatedAt), UpdatedAt: utc(d.UpdatedAt),
	}
}

func (r *deliveryRow) delivery() storage.Delivery {
	return storage.Delivery{
		ID: r.ID, KeyID: r.KeyID, OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Seq: r.Seq, EventID: r.EventID, EventType: r.EventType,
		Body: r.Body, Status: r.Status, Attempts: r.Attempts, NextAt: utc(r.NextAt), LeaseUntil: utc(r.LeaseUntil), LeaseBy: r.LeaseBy,
		LastStatus: r.LastStatus, LastError: r.LastError, CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt),
	}
}

func (o outbox) DueEndpoints(ctx context.Context, now time.Time, offset, limit int) ([]storage.Endpoint, error) {
	var rs []endpointRow
	due := o.idb.NewSelect().Model((*deliveryRow)(nil)).ColumnExpr("d.key_id, MIN(d.next_at) AS since").
		Where("d.status = ?", storage.DeliveryPending).Where("d.next_at <= ?", utc(now)).Where("d.lease_until <= ?", utc(now)).GroupExpr("d.key_id")
	err := o.idb.NewSelect().Model(&rs).Join("JOIN (?) AS due ON due.key_id = w.key_id", due).
		OrderExpr("due.since, w.key_id").Offset(int64(offset)).Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, mapErr(err)
	}
	return endpointsOf(rs)
}

func (o outbox) ClaimDelivery(ctx context.Context, keyID, holder string, now time.Time, ttl time.Duration) (storage.Delivery, error) {
	var r deliveryRow
	err := o.inTx(ctx, func(ctx context.Context, s session) error {
		r = deliveryRow{}
		earlier := s.idb.NewSelect().TableExpr("evault_webhook_deliveries AS p").ColumnExpr("1").
			Where("p.key_id = d.key_id").Where("p.envelope_id = d.envelope_id").Where("p.seq < d.seq").
			Where("p.status = ?", storage.DeliveryPending).Where("p.next_at <= ?", utc(now))
		err := s.idb.NewSelect().Model(&r).
			Where("d.key_id = ?", keyID).Where("d.status = ?", storage.DeliveryPending).
			Where("d.next_at <= ?", utc(now)).Where("d.lease_until <= ?", utc(now)).Where("NOT EXISTS (?)", earlier).
			OrderExpr("d.next_at, d.seq").Limit(1).Scan(ctx)
		if err != nil {
			return mapErr(err)
		}
		before := r.LeaseUntil
		r.LeaseBy, r.LeaseUntil = holder, utc(now.Add(ttl))
		return change(ctx, s.idb.NewUpdate().TableExpr("evault_webhook_deliveries").
			Set("lease_by = ?", holder).Set("lease_until = ?", r.LeaseUntil).
			Where("delivery_id = ?", r.ID).Where("status = ?", storage.DeliveryPending).Where("lease_until = ?", utc(before)),
			storage.ErrNotFound)
	})
	if err != nil {
		return storage.Delivery{}, err
	}
	return r.delivery(), nil
}

func (o outbox) Settle(ctx context.Context, d storage.Delivery) error {
	return change(ctx, o.idb.NewUpdate().TableExpr("evault_webhook_deliveries").
		Set("status = ?", d.Status).Set("attempts = ?", d.Attempts).Set("next_at = ?", utc(d.NextAt)).
		Set("last_status = ?", d.LastStatus).Set("last_error = ?", d.LastError).Set("updated_at = ?", utc(d.UpdatedAt)).
		Set("lease_by = ''").Set("lease_until = ?", utc(d.UpdatedAt)).
		Where("delivery_id = ?", d.ID).Where("lease_by = ?", d.LeaseBy).Where("status = ?", storage.DeliveryPending), storage.ErrConflict)
}

func (o outbox) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	due := o.idb.NewSelect().TableExpr("evault_webhook_deliveries").Column("delivery_id").
		Where("status <> ?", storage.DeliveryPending).Where("updated_at < ?", utc(before)).Limit(int64(limit))
	res, err := o.idb.NewDelete().TableExpr("evault_webhook_deliveries").Where("delivery_id IN (?)", due).Exec(ctx)
	return deleted(res, err)
}
