package sqlstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/storage"
)

type evaluationRow struct {
	bun.BaseModel `bun:"table:evault_evaluations"`

	EnvelopeID  string     `bun:"envelope_id,pk"`
	EvaluatedAt time.Time  `bun:"evaluated_at,notnull"`
	Compliant   *bool      `bun:"compliant"`
	Score       *int       `bun:"score"`
	Digest      string     `bun:"digest,notnull"`
	Result      string     `bun:"result,notnull"`
	DueAt       *time.Time `bun:"due_at"`
}

type certificateRow struct {
	bun.BaseModel `bun:"table:evault_certificates"`

	CertificateID string    `bun:"certificate_id,pk"`
	EnvelopeID    string    `bun:"envelope_id,notnull"`
	Serial        int       `bun:"serial,notnull"`
	CauseEventID  string    `bun:"cause_event_id,notnull"`
	IssuedAt      time.Time `bun:"issued_at,notnull"`
	SHA256        string    `bun:"sha256,notnull"`
	JWS           string    `bun:"jws,notnull"`
}

type certificateDueRow struct {
	bun.BaseModel `bun:"table:evault_certificates_due"`

	CauseEventID string    `bun:"cause_event_id,pk"`
	CauseType    string    `bun:"cause_type,notnull"`
	EnvelopeID   string    `bun:"envelope_id,notnull"`
	OrgID        string    `bun:"org_id,notnull"`
	CreatedAt    time.Time `bun:"created_at,notnull"`
	NextTry      time.Time `bun:"next_try,notnull"`
	Tries        int       `bun:"tries,notnull"`
}

type complianceStore struct{ session }

// Compliance returns the store of evaluations and certificates.
func (d *DB) Compliance() compliance.Store { return complianceStore{d.session()} }

func (s complianceStore) InTx(ctx context.Context, fn func(ctx context.Context, s compliance.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, complianceStore{s}) })
}

func (s complianceStore) With(tx storage.Tx) compliance.Store { return complianceStore{s.with(tx)} }

func (s complianceStore) LastEvaluation(ctx context.Context, envelopeID string) (compliance.StoredEvaluation, error) {
	var r evaluationRow
	if err := s.find(ctx, &r, "envelope_id = ?", "", envelopeID); err != nil {
		return compliance.StoredEvaluation{}, err
	}
	return compliance.StoredEvaluation{
		EnvelopeID: r.EnvelopeID, EvaluatedAt: utc(r.EvaluatedAt), Compliant: r.Compliant, Score: r.Score,
		Digest: storage.Digest(r.Digest), Result: []byte(r.Result), DueAt: utcp(r.DueAt),
	}, nil
}

func (s complianceStore) EvaluationsDue(ctx context.Context, now time.Time, limit int) ([]string, error) {
	var ids []string
	err := s.idb.NewSelect().Model((*evaluationRow)(nil)).Column("envelope_id").Where("due_at <= ?", utc(now)).
		OrderExpr("due_at, envelope_id").Limit(int64(limit)).Scan(ctx, &ids)
	return ids, mapErr(err)
}

func (s complianceStore) ExpireEvaluation(ctx context.Context, envelopeID string, at time.Time) error {
	_, err := s.idb.NewUpdate().Model((*evaluationRow)(nil)).Set("due_at = ?", utc(at)).Where("envelope_id = ?", envelopeID).Exec(ctx)
	return mapErr(err)
}

func (s complianceStore) PutEvaluation(ctx context.Context, e compliance.StoredEvaluation, before *compliance.StoredEvaluation) error {
	row := &evaluationRow{
		EnvelopeID: e.EnvelopeID, EvaluatedAt: utc(e.EvaluatedAt), Compliant: e.Compliant, Score: e.Score,
		Digest: string(e.Digest), Result: string(e.Result), DueAt: utcp(e.DueAt),
	}
	if before == nil {
		return s.put(ctx, row)
	}
	return change(ctx, s.idb.NewUpdate().Model(row).WherePK().
		Where("digest = ?", string(before.Digest)).Where("evaluated_at = ?", utc(before.EvaluatedAt)), storage.ErrConflict)
}

func (s complianceStore) InsertCertificate(ctx context.Context, c compliance.StoredCertificate) error {
	return s.put(ctx, &certificateRow{
		CertificateID: c.ID, EnvelopeID: c.EnvelopeID, Serial: c.Serial, CauseEventID: c.CauseID,
		IssuedAt: utc(c.IssuedAt), SHA256: string(c.SHA256), JWS: c.JWS,
	})
}

func (s complianceStore) CertificateBySerial(ctx context.Context, envelopeID string, serial int) (compliance.StoredCertificate, error) {
	q := s.idb.NewSelect().Where("envelope_id = ?", envelopeID).OrderExpr("serial DESC").Limit(1)
	if serial != 0 {
		q = q.Where("serial = ?", serial)
	}
	return s.certificate(ctx, q)
}

func (s complianceStore) CertificateByCause(ctx context.Context, envelopeID, causeID string) (compliance.StoredCertificate, error) {
	return s.certificate(ctx, s.idb.NewSelect().Where("envelope_id = ?", envelopeID).Where("cause_event_id = ?", causeID))
}

func (s complianceStore) CertificateByID(ctx context.Context, id string) (compliance.StoredCertificate, error) {
	return s.certificate(ctx, s.idb.NewSelect().Where("certificate_id = ?", id))
}

func (s complianceStore) certificate(ctx context.Context, q *bun.SelectQuery) (compliance.StoredCertificate, error) {
	var r certificateRow
	if err := q.Model(&r).Scan(ctx); err != nil {
		return compliance.StoredCertificate{}, mapErr(err)
	}
	return r.certificate(), nil
}

func (s complianceStore) Certificates(ctx context.Context, envelopeID string) ([]compliance.StoredCertificate, error) {
	var rs []certificateRow
	if err := s.find(ctx, &rs, "envelope_id = ?", "serial", envelopeID); err != nil {
		return nil, err
	}
	list := make([]compliance.StoredCertificate, len(rs))
	for i, r := range rs {
		list[i] = r.certificate()
	}
	return list, nil
}

func (r certificateRow) certificate() compliance.StoredCertificate {
	return compliance.StoredCertificate{
		ID: r.CertificateID, EnvelopeID: r.EnvelopeID, Serial: r.Serial, CauseID: r.CauseEventID,
		IssuedAt: utc(r.IssuedAt), SHA256: storage.Digest(r.SHA256), JWS: r.JWS,
	}
}

func (s complianceStore) InsertDue(ctx context.Context, d compliance.Due) error {
	_, err := s.idb.NewInsert().Model(&certificateDueRow{
		CauseEventID: d.CauseID, CauseType: d.CauseType, EnvelopeID: d.EnvelopeID, OrgID: d.OrgID,
		CreatedAt: utc(d.CreatedAt), NextTry: utc(d.NextTry), Tries: d.Tries,
	}).Ignore().Exec(ctx)
	return mapErr(err)
}

func (s complianceStore) DueBefore(ctx context.Context, now time.Time, limit int) ([]compliance.Due, error) {
	return s.due(ctx, s.idb.NewSelect().Where("next_try <= ?", utc(now)).OrderExpr("next_try, cause_event_id").Limit(int64(limit)))
}

func (s complianceStore) DueOf(ctx context.Context, envelopeID string) ([]compliance.Due, error) {
	return s.due(ctx, s.idb.NewSelect().Where("envelope_id = ?", envelopeID).OrderExpr("created_at, cause_event_id"))
}

func (s complianceStore) due(ctx context.Context, q *bun.SelectQuery) ([]compliance.Due, error) {
	var rs []certificateDueRow
	if err := q.Model(&rs).Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	list := make([]compliance.Due, len(rs))
	for i, r := range rs {
		list[i] = compliance.Due{
			CauseID: r.CauseEventID, CauseType: r.CauseType, EnvelopeID: r.EnvelopeID, OrgID: r.OrgID,
			CreatedAt: utc(r.CreatedAt), NextTry: utc(r.NextTry), Tries: r.Tries,
		}
	}
	return list, nil
}

func (s complianceStore) PostponeDue(ctx context.Context, causeID string, next time.Time) error {
	_, err := s.idb.NewUpdate().Model((*certificateDueRow)(nil)).Set("next_try = ?", utc(next)).Set("tries = tries + 1").
		Where("cause_event_id = ?", causeID).Exec(ctx)
	return mapErr(err)
}

func (s complianceStore) DeleteDue(ctx context.Context, causeID string) error {
	_, err := s.idb.NewDelete().Model((*certificateDueRow)(nil)).Where("cause_event_id = ?", causeID).Exec(ctx)
	return mapErr(err)
}
