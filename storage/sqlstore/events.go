package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

type eventRow struct {
	bun.BaseModel `bun:"table:evault_events,alias:e"`

	EventID      string     `bun:"event_id,pk"`
	EnvelopeID   string     `bun:"envelope_id,notnull"`
	Seq          int64      `bun:"seq,notnull"`
	Type         string     `bun:"type,notnull"`
	RecordedAt   time.Time  `bun:"recorded_at,notnull"`
	ActorKind    string     `bun:"actor_kind,notnull"`
	ActorID      string     `bun:"actor_id,notnull"`
	ActorOrgID   string     `bun:"actor_org_id,notnull"`
	Data         string     `bun:"data,notnull"`
	DetailSHA256 string     `bun:"detail_sha256,notnull"`
	PrevHash     string     `bun:"prev_hash,notnull"`
	Hash         string     `bun:"hash,notnull"`
	Canonical    []byte     `bun:"canonical,notnull"`
	LogIndex     *int64     `bun:"log_index"`
	DispatchedAt *time.Time `bun:"dispatched_at"`
}

// headRow is what the next event of a chain needs of the last.
type headRow struct {
	bun.BaseModel `bun:"table:evault_events,alias:e"`

	Seq        int64     `bun:"seq"`
	Hash       string    `bun:"hash"`
	RecordedAt time.Time `bun:"recorded_at"`
}

type eventDetailRow struct {
	bun.BaseModel `bun:"table:evault_event_details,alias:d"`

	EventID string `bun:"event_id,pk"`
	Salt    []byte `bun:"salt,notnull"`
	Detail  string `bun:"detail,notnull"`
}

// eventAndDetail is an event row joined with its detail, if that is there.
type eventAndDetail struct {
	eventRow `bun:",extend"`

	Salt   []byte  `bun:"salt,scanonly"`
	Detail *string `bun:"detail,scanonly"`
}

// ChainHead implements event.Store.
func (s session) ChainHead(ctx context.Context, envelopeID string) (event.Head, error) {
	var r headRow
	err := s.find(ctx, &r, "envelope_id = ?", "seq DESC", envelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		return event.Head{}, nil
	}
	if err != nil {
		return event.Head{}, err
	}
	return event.Head{Seq: r.Seq, Hash: storage.Digest(r.Hash), RecordedAt: utc(r.RecordedAt)}, nil
}

// AppendEvents implements event.Store. When it returns storage.ErrConflict and
// the closure fails with that, inTx runs the closure again.
func (s session) AppendEvents(ctx context.Context, events ...event.Event) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([]*eventRow, len(events))
	var details []*eventDetailRow
	for i, e := range events {
		rows[i] = &eventRow{
			EventID: e.ID, EnvelopeID: e.EnvelopeID, Seq: e.Seq, Type: e.Type, RecordedAt: utc(e.RecordedAt),
			ActorKind: e.Actor.Kind, ActorID: e.Actor.ID, ActorOrgID: e.Actor.OrgID, Data: string(e.Data), DetailSHA256: string(e.DetailSHA256),
			PrevHash: string(e.PrevHash), Hash: string(e.Hash), Canonical: e.Canonical, LogIndex: e.LogIndex,
		}
		if e.Detail != nil {
			details = append(details, &eventDetailRow{EventID: e.ID, Salt: e.Salt, Detail: string(e.Detail)})
		}
	}
	err := s.put(ctx, &rows)
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("%w: %w", errRace, err)
	}
	if err != nil || len(details) == 0 {
		return err
	}
	return s.put(ctx, &details)
}

// events returns the envelope's events with seq above after, in order, with
// their details; limit 0 is no limit.
func (s session) events(ctx context.Context, envelopeID string, after int64, limit int) ([]event.Event, error) {
	var rs []eventAndDetail
	q := s.selectEvents(&rs).Where("e.envelope_id = ?", envelopeID).Where("e.seq > ?", after).OrderExpr("e.seq")
	if limit > 0 {
		q = q.Limit(int64(limit))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	return eventsOf(rs), nil
}

// event returns one event with its detail, or storage.ErrNotFound.
func (s session) event(ctx context.Context, eventID string) (event.Event, error) {
	var r eventAndDetail
	if err := s.selectEvents(&r).Where("e.event_id = ?", eventID).Scan(ctx); err != nil {
		return event.Event{}, mapErr(err)
	}
	return r.event(), nil
}

// selectEvents begins a query for eventAndDetail: a row or a slice of rows.
func (s session) selectEvents(model any) *bun.SelectQuery {
	return s.idb.NewSelect().Model(model).ColumnExpr("e.*").ColumnExpr("d.salt, d.detail").
		Join("LEFT JOIN evault_event_details AS d ON d.event_id = e.event_id")
}

func eventsOf(rs []eventAndDetail) []event.Event {
	out := make([]event.Event, len(rs))
	for i := range rs {
		out[i] = rs[i].event()
	}
	return out
}

func (r *eventAndDetail) event() event.Event {
	e := r.eventRow.event()
	if r.Detail != nil {
		e.Detail, e.Salt = []byte(*r.Detail), r.Salt
	}
	return e
}

func (r *eventRow) event() event.Event {
	return event.Event{
		ID: r.EventID, EnvelopeID: r.EnvelopeID, Seq: r.Seq, Type: r.Type, RecordedAt: utc(r.RecordedAt),
		Actor: event.Actor{Kind: r.ActorKind, ID: r.ActorID, OrgID: r.ActorOrgID}, Data: []byte(r.Data),
		DetailSHA256: storage.Digest(r.DetailSHA256), PrevHash: storage.Digest(r.PrevHash), Hash: storage.Digest(r.Hash),
		Canonical: r.Canonical, LogIndex: r.LogIndex,
	}
}
