package sqlstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

type offerRow struct {
	bun.BaseModel `bun:"table:evault_offers,alias:o"`

	AssignmentID string     `bun:"assignment_id,pk"`
	EnvelopeID   string     `bun:"envelope_id,notnull"`
	CopyID       string     `bun:"copy_id,notnull"`
	FromOrgID    string     `bun:"from_org_id,notnull"`
	OrgID        string     `bun:"org_id,notnull"`
	Status       string     `bun:"status,notnull"`
	Purpose      string     `bun:"purpose,notnull"`
	Reason       string     `bun:"reason,notnull"`
	Note         string     `bun:"note,notnull"`
	Version      int        `bun:"version,notnull"`
	SHA256       string     `bun:"sha256,notnull"`
	Assignee     string     `bun:"assignee,notnull"`
	Interest     string     `bun:"interest,notnull"`
	Consent      string     `bun:"consent,notnull"`
	OfferedAt    time.Time  `bun:"offered_at,notnull"`
	ExpiresAt    time.Time  `bun:"expires_at,notnull"`
	EventID      string     `bun:"event_id,notnull"`
	EndedAt      *time.Time `bun:"ended_at"`
	EndedEventID string     `bun:"ended_event_id,notnull"`
	EndedSeq     int64      `bun:"ended_seq,notnull"`
	CustodyID    string     `bun:"custody_id,notnull"`
	Revision     int64      `bun:"revision,notnull"`
}

func offerToRow(o *custody.Offer) (*offerRow, error) {
	r := &offerRow{
		AssignmentID: o.ID, EnvelopeID: o.EnvelopeID, CopyID: o.CopyID, FromOrgID: o.FromOrgID, OrgID: o.OrgID, Status: string(o.Status),
		Purpose: string(o.Purpose), Reason: o.Reason, Note: o.Note, Version: o.Version, SHA256: string(o.SHA256),
		OfferedAt: utc(o.OfferedAt), ExpiresAt: utc(o.ExpiresAt), EventID: o.EventID,
		EndedAt: utcp(o.EndedAt), EndedEventID: o.EndedEventID, EndedSeq: o.EndedSeq, CustodyID: o.CustodyID, Revision: o.Revision,
	}
	return r, encodeColumns(column{&r.Assignee, o.Assignee}, column{&r.Interest, o.Interest}, column{&r.Consent, o.Consent})
}

func (r offerRow) offer() (custody.Offer, error) {
	o := custody.Offer{
		ID: r.AssignmentID, EnvelopeID: r.EnvelopeID, CopyID: r.CopyID, FromOrgID: r.FromOrgID, OrgID: r.OrgID, Status: custody.OfferStatus(r.Status),
		Purpose: custody.Purpose(r.Purpose), Reason: r.Reason, Note: r.Note, Version: r.Version, SHA256: storage.Digest(r.SHA256),
		OfferedAt: utc(r.OfferedAt), ExpiresAt: utc(r.ExpiresAt), EventID: r.EventID,
		EndedAt: utcp(r.EndedAt), EndedEventID: r.EndedEventID, EndedSeq: r.EndedSeq, CustodyID: r.CustodyID, Revision: r.Revision,
	}
	return o, decodeColumns(column{&r.Assignee, &o.Assignee}, column{&r.Interest, &o.Interest}, column{&r.Consent, &o.Consent})
}

type receivingCodeRow struct {
	bun.BaseModel `bun:"table:evault_receiving_codes,alias:c"`

	CodeSHA256    string    `bun:"code_sha256,pk"`
	BindingSHA256 string    `bun:"binding_sha256,notnull"`
	OrgID         string    `bun:"org_id,notnull"`
	Party         string    `bun:"party,notnull"`
	ActorKind     string    `bun:"actor_kind,notnull"`
	ActorID       string    `bun:"actor_id,notnull"`
	ActorOrgID    string    `bun:"actor_org_id,notnull"`
	CreatedAt     time.Time `bun:"created_at,notnull"`
	ExpiresAt     time.Time `bun:"expires_at,notnull"`
	UsedBy        string    `bun:"used_by,notnull"`
}

func (s vaultStore) AddReceivingCode(ctx context.Context, c custody.ReceivingCode) error {
	r := &receivingCodeRow{
		CodeSHA256: string(c.SHA256), BindingSHA256: string(c.Binding), OrgID: c.OrgID, ActorKind: c.Actor.Kind, ActorID: c.Actor.ID, ActorOrgID: c.Actor.OrgID,
		CreatedAt: utc(c.CreatedAt), ExpiresAt: utc(c.ExpiresAt), UsedBy: c.UsedBy,
	}
	if err := encodeColumns(column{&r.Party, c.Party}); err != nil {
		return err
	}
	return s.put(ctx, r)
}

func (s vaultStore) ReceivingCode(ctx context.Context, sha256 storage.Digest) (custody.ReceivingCode, error) {
	var r receivingCodeRow
	if err := s.find(ctx, &r, "code_sha256 = ?", "", string(sha256)); err != nil {
		return custody.ReceivingCode{}, err
	}
	return r.code()
}

func (r receivingCodeRow) code() (custody.ReceivingCode, error) {
	c := custody.ReceivingCode{
		SHA256: storage.Digest(r.CodeSHA256), Binding: storage.Digest(r.BindingSHA256), OrgID: r.OrgID,
		Actor:     event.Actor{Kind: r.ActorKind, ID: r.ActorID, OrgID: r.ActorOrgID},
		CreatedAt: utc(r.CreatedAt), ExpiresAt: utc(r.ExpiresAt), UsedBy: r.UsedBy,
	}
	return c, decodeColumns(column{&r.Party, &c.Party})
}

func (s vaultStore) BatchReceiver(ctx context.Context, batchID string) (custody.ReceivingCode, error) {
	var r receivingCodeRow
	if err := s.find(ctx, &r, "used_by = ?", "", batchID); err != nil {
		return custody.ReceivingCode{}, err
	}
	return r.code()
}

func (s vaultStore) UseReceivingCode(ctx context.Context, sha256 storage.Digest, offerID string) error {
	return change(ctx, s.idb.NewUpdate().Model((*receivingCodeRow)(nil)).Set("used_by = ?", offerID).
		Where("code_sha256 = ?", string(sha256)).Where("used_by = ''"), storage.ErrUsed)
}

func (s vaultStore) AddOffer(ctx context.Context, o *custody.Offer) error {
	r, err := offerToRow(o)
	if err != nil {
		return err
	}
	return s.put(ctx, r)
}

func (s vaultStore) UpdateOffer(ctx context.Context, o *custody.Offer) error {
	r, err := offerToRow(o)
	if err != nil {
		return err
	}
	r.Revision++
	if err := change(ctx, s.idb.NewUpdate().Model(r).WherePK().Where("revision = ?", o.Revision), storage.ErrConflict); err != nil {
		return err
	}
	o.Revision++
	return nil
}

func (s vaultStore) Offer(ctx context.Context, id string) (*custody.Offer, error) {
	var r offerRow
	if err := s.find(ctx, &r, "assignment_id = ?", "", id); err != nil {
		return nil, err
	}
	o, err := r.offer()
	return &o, err
}

func (s vaultStore) OffersOf(ctx context.Context, copyID string) ([]custody.Offer, error) {
	return scan(ctx, s.session, offerRow.offer, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("copy_id = ?", copyID).OrderExpr("offered_at, assignment_id")
	})
}

func (s vaultStore) OffersTo(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]custody.Offer, error) {
	return scan(ctx, s.session, offerRow.offer, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("org_id = ?", orgID)
		if after != nil {
			at := utc(after.At)
			q = q.Where("(offered_at < ? OR (offered_at = ? AND assignment_id < ?))", at, at, after.ID).Where("offered_at <= ?", at)
		}
		return q.OrderExpr("offered_at DESC, assignment_id DESC").Offset(int64(offset)).Limit(int64(limit))
	})
}

func (s vaultStore) CountOffersTo(ctx context.Context, orgID string) (int, error) {
	n, err := s.idb.NewSelect().Model((*offerRow)(nil)).Where("org_id = ?", orgID).Count(ctx)
	return int(n), mapErr(err)
}

func (s vaultStore) OffersToExpire(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return ids(ctx, s.idb.NewSelect().Model((*offerRow)(nil)).Column("assignment_id").
		Where("status = ?", string(custody.OfferOpen)).Where("expires_at <= ?", utc(now)).OrderExpr("expires_at, assignment_id"), limit)
}

func (s vaultStore) EventsSince(ctx context.Context, chainID string, t time.Time) ([]event.Event, error) {
	var rs []eventAndDetail
	if err := s.selectEvents(&rs).Where("e.envelope_id = ?", chainID).Where("e.recorded_at >= ?", utc(t)).OrderExpr("e.seq").Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	return eventsOf(rs), nil
}

// parties reads the organizations of a copy's offers: a copy that was deposited and
// no more has none.
func (s vaultStore) parties(ctx context.Context, c *custody.Original) error {
	if c.OfferID == "" && c.Version == 1 {
		return nil
	}
	var rs []offerRow
	if err := s.find(ctx, &rs, "copy_id = ?", "offered_at, assignment_id", c.CopyID); err != nil {
		return err
	}
	for _, r := range rs {
		switch custody.OfferStatus(r.Status) {
		case custody.OfferOpen:
			if r.AssignmentID == c.OfferID {
				c.Offeree = r.OrgID
			}
		case custody.OfferAccepted:
			c.Former = append(c.Former, r.FromOrgID)
		}
	}
	return nil
}
