package sqlstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/approval"
)

type approvalRow struct {
	bun.BaseModel `bun:"table:evault_approvals,alias:ap"`

	ApprovalID    string     `bun:"approval_id,pk"`
	OrgID         string     `bun:"org_id,notnull"`
	EnvelopeID    string     `bun:"envelope_id,notnull"`
	Verb          string     `bun:"verb,notnull"`
	Status        string     `bun:"status,notnull"`
	Request       string     `bun:"request,notnull"`
	RequestID     string     `bun:"request_id,notnull"`
	RequestSHA256 string     `bun:"request_sha256,notnull"`
	AskedBy       string     `bun:"asked_by,notnull"` // JSON
	AskedAt       time.Time  `bun:"asked_at,notnull"`
	ExpiresAt     time.Time  `bun:"expires_at,notnull"`
	ApprovedBy    string     `bun:"approved_by,notnull"` // JSON, null until then
	ApprovedAt    *time.Time `bun:"approved_at"`
	EndedAt       *time.Time `bun:"ended_at"`
	Revision      int64      `bun:"revision,notnull"`
}

func approvalToRow(a *approval.Approval) (*approvalRow, error) {
	r := &approvalRow{
		ApprovalID: a.ID, OrgID: a.OrgID, EnvelopeID: a.EnvelopeID, Verb: string(a.Verb), Status: string(a.Status), Request: string(a.Request),
		RequestID: a.RequestID, RequestSHA256: string(a.RequestSHA256), AskedAt: utc(a.AskedAt), ExpiresAt: utc(a.ExpiresAt),
		ApprovedAt: utcp(a.ApprovedAt), EndedAt: utcp(a.EndedAt), Revision: a.Revision,
	}
	return r, encodeColumns(column{&r.AskedBy, a.AskedBy}, column{&r.ApprovedBy, a.ApprovedBy})
}

func (r approvalRow) approval() (approval.Approval, error) {
	a := approval.Approval{
		ID: r.ApprovalID, OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Verb: approval.Verb(r.Verb), Status: approval.Status(r.Status),
		Request: []byte(r.Request), RequestID: r.RequestID, RequestSHA256: storage.Digest(r.RequestSHA256),
		AskedAt: utc(r.AskedAt), ExpiresAt: utc(r.ExpiresAt), ApprovedAt: utcp(r.ApprovedAt), EndedAt: utcp(r.EndedAt), Revision: r.Revision,
	}
	return a, decodeColumns(column{&r.AskedBy, &a.AskedBy}, column{&r.ApprovedBy, &a.ApprovedBy})
}

// TwoKeys reads the organization's setting.
func (s session) TwoKeys(ctx context.Context, orgID string) (bool, error) {
	n, err := s.idb.NewSelect().Model((*organizationRow)(nil)).Where("org_id = ?", orgID).Where("two_keys").Count(ctx)
	return n > 0, mapErr(err)
}

// Approval reads one approval.
func (s session) Approval(ctx context.Context, id string) (*approval.Approval, error) {
	var r approvalRow
	if err := s.find(ctx, &r, "approval_id = ?", "", id); err != nil {
		return nil, err
	}
	a, err := r.approval()
	return &a, err
}

// UpdateApproval writes one approval if its revision is the one that was read.
func (s session) UpdateApproval(ctx context.Context, a *approval.Approval) error {
	r, err := approvalToRow(a)
	if err != nil {
		return err
	}
	r.Revision++
	if err := change(ctx, s.idb.NewUpdate().Model(r).WherePK().Where("revision = ?", a.Revision), storage.ErrConflict); err != nil {
		return err
	}
	a.Revision++
	return nil
}

type approvalStore struct{ session }

// Approvals returns the store of approvals by a second key.
func (d *DB) Approvals() approval.Store { return approvalStore{d.session()} }

func (s approvalStore) InTx(ctx context.Context, fn func(ctx context.Context, s approval.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, approvalStore{s}) })
}

func (s approvalStore) With(tx storage.Tx) approval.Store { return approvalStore{s.with(tx)} }

func (s approvalStore) Events(ctx context.Context, envelopeID string) ([]event.Event, error) {
	return vaultStore(s).Events(ctx, envelopeID)
}

func (s approvalStore) AddApproval(ctx context.Context, a *approval.Approval) error {
	r, err := approvalToRow(a)
	if err != nil {
		return err
	}
	return s.put(ctx, r)
}

func (s approvalStore) Approvals(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]approval.Approval, error) {
	return scan(ctx, s.session, approvalRow.approval, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("org_id = ?", orgID)
		if after != nil {
			at := utc(after.At)
			q = q.Where("(asked_at < ? OR (asked_at = ? AND approval_id < ?))", at, at, after.ID).Where("asked_at <= ?", at)
		}
		return q.OrderExpr("asked_at DESC, approval_id DESC").Offset(int64(offset)).Limit(int64(limit))
	})
}

func (s approvalStore) CountApprovals(ctx context.Context, orgID string) (int, error) {
	n, err := s.idb.NewSelect().Model((*approvalRow)(nil)).Where("org_id = ?", orgID).Count(ctx)
	return int(n), mapErr(err)
}
