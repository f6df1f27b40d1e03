package sqlstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

type esignStore struct{ session }

// ESign returns the store of envelopes.
func (d *DB) ESign() esign.Store { return esignStore{d.session()} }

func (s esignStore) InTx(ctx context.Context, fn func(ctx context.Context, s esign.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, esignStore{s}) })
}

func (s esignStore) With(tx storage.Tx) esign.Store { return esignStore{s.with(tx)} }

func (s esignStore) CreateEnvelope(ctx context.Context, e *esign.Envelope) error {
	row, err := envelopeToRow(e)
	if err != nil {
		return err
	}
	if err := s.put(ctx, row); err != nil {
		return err
	}
	if e.Document != nil {
		if err := s.PutDocument(ctx, e.ID, e.Document); err != nil {
			return err
		}
	}
	for _, p := range e.Parts {
		if err := s.AddPart(ctx, e.ID, p); err != nil {
			return err
		}
	}
	signers := make([]*signerRow, len(e.Signers))
	for i := range e.Signers {
		signers[i] = signerToRow(e.ID, i, &e.Signers[i])
	}
	fields := make([]*fieldRow, len(e.Fields))
	for i := range e.Fields {
		if fields[i], err = fieldToRow(e.ID, i, &e.Fields[i]); err != nil {
			return err
		}
	}
	if len(signers) > 0 {
		if err := s.put(ctx, &signers); err != nil {
			return err
		}
	}
	if len(fields) > 0 {
		return s.put(ctx, &fields)
	}
	return nil
}

func (s esignStore) Envelope(ctx context.Context, envelopeID string) (*esign.Envelope, error) {
	var r envelopeRow
	if err := s.find(ctx, &r, "envelope_id = ?", "", envelopeID); err != nil {
		return nil, err
	}
	e, err := r.envelope()
	if err != nil || e.Status == esign.StatusPending {
		return e, err
	}
	return e, s.load(ctx, e)
}

// load reads what hangs on the row of e.
func (s esignStore) load(ctx context.Context, e *esign.Envelope) error {
	var d documentRow
	err := s.find(ctx, &d, "envelope_id = ?", "", e.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound): // voided while pending
	case err != nil:
		return err
	default:
		if e.Document, err = d.document(); err != nil {
			return err
		}
	}
	if e.Kind == esign.KindPaper {
		return nil
	}
	var parts []partRow
	if err := s.find(ctx, &parts, "envelope_id = ?", "seq", e.ID); err != nil {
		return err
	}
	for i := range parts {
		e.Parts = append(e.Parts, parts[i].part())
	}
	var signers []signerRow
	if err := s.find(ctx, &signers, "envelope_id = ?", "signing_order, position", e.ID); err != nil {
		return err
	}
	for i := range signers {
		e.Signers = append(e.Signers, signers[i].signer())
	}
	var fields []fieldRow
	if err := s.find(ctx, &fields, "envelope_id = ?", "position", e.ID); err != nil {
		return err
	}
	for i := range fields {
		f, err := fields[i].field()
		if err != nil {
			return err
		}
		e.Fields = append(e.Fields, f)
	}
	return nil
}

func (s esignStore) EnvelopeOfSigner(ctx context.Context, signerID string) (*esign.Envelope, error) {
	var id string
	if err := s.idb.NewSelect().Model((*signerRow)(nil)).Column("envelope_id").Where("signer_id = ?", signerID).Scan(ctx, &id); err != nil {
		return nil, mapErr(err)
	}
	return s.Envelope(ctx, id)
}

func (s esignStore) EnvelopeByExternalID(ctx context.Context, orgID, externalID string) (string, error) {
	var id string
	err := s.idb.NewSelect().Model((*summaryRow)(nil)).Column("envelope_id").
		Where("org_id = ?", orgID).Where("external_key = ?", externalID).Scan(ctx, &id)
	return id, mapErr(err)
}

// frozen are the columns that never change after the insert.
var frozen = []string{
	"org_id", "name", "kind", "customer_id", "customer_email", "customer_name", "external_id", "created_at",
	"signing_order", "consent", "expires_in_days", "remind_after_days", "remind_every_days", "remind_max",
	"auto_vault", "time_zone", "redirect_url", "secured_party", "message", "metadata",
}

func (s esignStore) UpdateEnvelope(ctx context.Context, e *esign.Envelope) error {
	row := &envelopeRow{
		summaryRow: summaryToRow(&e.Summary), SealAttempts: e.SealAttempts, SealAfter: utcp(e.SealAfter), ExternalKey: externalKey(&e.Summary),
	}
	row.Revision++
	// From its completion until it is vaulted an envelope with auto_vault waits for
	// the background; PostponeVault may have moved the time.
	return change(ctx, s.idb.NewUpdate().Model(row).ExcludeColumn(frozen...).ExcludeColumn("compliant", "compliance_evaluated_at").
		Value("vault_due_at", "CASE WHEN auto_vault AND ? = ? THEN COALESCE(vault_due_at, ?) END",
			row.Status, string(esign.StatusCompleted), row.CompletedAt).
		Where("envelope_id = ?", e.ID).Where("revision = ?", e.Revision), storage.ErrConflict)
}

func (s esignStore) SetEvaluation(ctx context.Context, envelopeID string, status esign.Status, compliant *bool, at *time.Time) error {
	q := s.idb.NewUpdate().Model((*envelopeRow)(nil)).Set("compliant = ?", compliant)
	if at != nil {
		q = q.Set("compliance_evaluated_at = ?", utc(*at))
	}
	return change(ctx, q.Where("envelope_id = ?", envelopeID).Where("status = ?", string(status)), storage.ErrConflict)
}

func (s esignStore) MarkDisclosed(ctx context.Context, envelopeID string, at time.Time, signerIDs ...string) error {
	if len(signerIDs) == 0 {
		return nil
	}
	_, err := s.idb.NewUpdate().Model((*signerRow)(nil)).Set("link_disclosed_at = ?", utc(at)).
		Where("envelope_id = ?", envelopeID).Where("signer_id IN (?)", bun.List(signerIDs)).Where("link_disclosed_at IS NULL").Exec(ctx)
	return mapErr(err)
}

func (s esignStore) UpdateSigners(ctx context.Context, envelopeID string, signers ...esign.Signer) error {
	for i := range signers {
		row := signerToRow(envelopeID, 0, &signers[i])
		if err := change(ctx, s.idb.NewUpdate().Model(row).ExcludeColumn("envelope_id", "position", "link_disclosed_at").
			Where("signer_id = ?", row.ID).Where("envelope_id = ?", envelopeID), storage.ErrNotFound); err != nil {
			return err
		}
	}
	return nil
}

func (s esignStore) AddShowing(ctx context.Context, signerID string, of esign.Showing) error {
	err := s.put(ctx, &showingRow{SignerID: signerID, Page: of.Page, Part: of.Part, ShownAt: utc(of.At)})
	if !errors.Is(err, storage.ErrConflict) {
		return err
	}
	_, err = s.idb.NewUpdate().Model((*showingRow)(nil)).Set("part = ?", of.Part).Set("shown_at = ?", utc(of.At)).
		Where("signer_id = ?", signerID).Where("page = ?", of.Page).Where("part < ?", of.Part).Exec(ctx)
	return mapErr(err)
}

func (s esignStore) Showings(ctx context.Context, signerID string) ([]esign.Showing, error) {
	var rows []showingRow
	if err := s.find(ctx, &rows, "signer_id = ?", "page", signerID); err != nil {
		return nil, err
	}
	list := make([]esign.Showing, len(rows))
	for i, r := range rows {
		list[i] = esign.Showing{Page: r.Page, Part: r.Part, At: utc(r.ShownAt)}
	}
	return list, nil
}

func (s esignStore) ForgetShowings(ctx context.Context, signerID string) error {
	_, err := s.idb.NewDelete().Model((*showingRow)(nil)).Where("signer_id = ?", signerID).Exec(ctx)
	return mapErr(err)
}

func (s esignStore) SetValues(ctx context.Context, envelopeID string, fields ...esign.Field) error {
	for _, f := range fields {
		if err := change(ctx, s.idb.NewUpdate().Model((*fieldRow)(nil)).Set("value = ?", f.Value).
			Where("field_id = ?", f.ID).Where("envelope_id = ?", envelopeID), storage.ErrNotFound); err != nil {
			return err
		}
	}
	return nil
}

func (s esignStore) PutDocument(ctx context.Context, envelopeID string, d *esign.Document) error {
	row, err := documentToRow(envelopeID, d)
	if err != nil {
		return err
	}
	err = s.put(ctx, row)
	if errors.Is(err, storage.ErrConflict) {
		return change(ctx, s.idb.NewUpdate().Model(row).WherePK(), storage.ErrConflict)
	}
	return err
}

func (s esignStore) ForgetObjects(ctx context.Context, envelopeID string) error {
	for _, model := range []any{(*documentRow)(nil), (*partRow)(nil)} {
		_, err := s.idb.NewUpdate().Model(model).Set("object = ''").Where("envelope_id = ?", envelopeID).Exec(ctx)
		if err != nil {
			return mapErr(err)
		}
	}
	return nil
}

func (s esignStore) AddPart(ctx context.Context, envelopeID string, p esign.Part) error {
	return s.put(ctx, partToRow(envelopeID, p))
}

func (s esignStore) Status(ctx context.Context, envelopeID string) (*esign.Summary, error) {
	var r summaryRow
	if err := s.find(ctx, &r, "envelope_id = ?", "", envelopeID); err != nil {
		return nil, err
	}
	sum := r.summary()
	return &sum, nil
}

func (s esignStore) Envelopes(ctx context.Context, orgID string, f esign.Filter, offset, limit int) ([]esign.Summary, error) {
	var rs []summaryRow
	q := filterEnvelopes(s.idb.NewSelect().Model(&rs), orgID, f)
	if a := f.After; a != nil {
		at := utc(a.CreatedAt)
		q = q.Where("(created_at < ? OR (created_at = ? AND envelope_id < ?))", at, at, a.ID).Where("created_at <= ?", at)
	}
	if err := q.OrderExpr("created_at DESC, envelope_id DESC").Offset(int64(offset)).Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	list := make([]esign.Summary, len(rs))
	for i := range rs {
		list[i] = rs[i].summary()
	}
	return list, nil
}

func (s esignStore) CountEnvelopes(ctx context.Context, orgID string, f esign.Filter) (int, error) {
	n, err := filterEnvelopes(s.idb.NewSelect().Model((*summaryRow)(nil)), orgID, f).Count(ctx)
	return int(n), mapErr(err)
}

func filterEnvelopes(q *bun.SelectQuery, orgID string, f esign.Filter) *bun.SelectQuery {
	q = may(q, standing.SeeEnvelope, orgID, "evault_envelopes", "envelope_id")
	for _, c := range [][2]string{{"customer_id", f.CustomerID}, {"external_id", f.ExternalID}, {"kind", f.Kind}} {
		if c[1] != "" {
			q = q.Where("? = ?", bun.Ident(c[0]), c[1])
		}
	}
	if f.CreatedAfter != nil {
		q = q.Where("created_at > ?", utc(*f.CreatedAfter))
	}
	if f.CreatedBefore != nil {
		q = q.Where("created_at < ?", utc(*f.CreatedBefore))
	}
	switch f.Status {
	case "":
	case esign.StatusExpired:
		q = q.Where("(status = ? OR (status IN (?) AND expires_at <= ?))", string(f.Status), bun.List(expirable), utc(f.Now))
	default:
		q = q.Where("status = ?", string(f.Status))
		if slices.Contains(expirable, string(f.Status)) {
			q = q.Where("(expires_at IS NULL OR expires_at > ?)", utc(f.Now))
		}
	}
	return q
}

var expirable = []string{string(esign.StatusSent), string(esign.StatusViewed)}

func (s esignStore) Due(ctx context.Context, status esign.Status, now time.Time, limit int) ([]string, error) {
	due := func() *bun.SelectQuery {
		return s.idb.NewSelect().Model((*envelopeRow)(nil)).Column("envelope_id")
	}
	if status == esign.StatusExpired {
		return ids(ctx, due().Where("status IN (?)", bun.List(expirable)).Where("expires_at <= ?", utc(now)).OrderExpr("expires_at"), limit)
	}
	// One statement for each, because OR would read all that wait.
	first, err := ids(ctx, due().Where("status = ?", string(status)).Where("seal_after IS NULL").OrderExpr("updated_at"), limit)
	if err != nil || len(first) >= limit {
		return first, err
	}
	again, err := ids(ctx, due().Where("status = ?", string(status)).Where("seal_after <= ?", utc(now)).OrderExpr("seal_after"), limit-len(first))
	return append(first, again...), err
}

func (s esignStore) RemindersDue(ctx context.Context, now time.Time, limit int) ([]string, error) {
	all, err := ids(ctx, s.idb.NewSelect().Model((*signerRow)(nil)).Column("envelope_id").
		Where("remind_at <= ?", utc(now)).OrderExpr("remind_at"), limit)
	var list []string
	for _, id := range all {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list, err
}

// ids reads at most limit ids.
func ids(ctx context.Context, q *bun.SelectQuery, limit int) (list []string, err error) {
	return list, mapErr(q.Limit(int64(limit)).Scan(ctx, &list))
}

func (s esignStore) Events(ctx context.Context, envelopeID string, after int64, limit int) ([]esign.Event, error) {
	return s.events(ctx, envelopeID, after, limit)
}

func (s esignStore) AddNotices(ctx context.Context, notices ...esign.QueuedNotice) error {
	rows := make([]*noticeRow, len(notices))
	for i, n := range notices {
		rows[i] = &noticeRow{
			ID: n.ID, EnvelopeID: n.EnvelopeID, SignerID: n.SignerID, Kind: n.Kind, Message: n.Message,
			CreatedAt: utc(n.CreatedAt), NextTry: utc(n.NextTry), Tries: n.Tries,
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return s.put(ctx, &rows)
}

func (s esignStore) TakeNotices(ctx context.Context, now, until time.Time, limit int) ([]esign.QueuedNotice, error) {
	var rows []noticeRow
	if err := s.idb.NewSelect().Model(&rows).Where("next_try <= ?", utc(now)).OrderExpr("next_try, notice_id").
		Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	var taken []esign.QueuedNotice
	for i := range rows {
		r := &rows[i]
		err := change(ctx, s.idb.NewUpdate().Model((*noticeRow)(nil)).Set("next_try = ?", utc(until)).Set("tries = tries + 1").
			Where("notice_id = ?", r.ID).Where("tries = ?", r.Tries).Where("next_try <= ?", utc(now)), storage.ErrConflict)
		if errors.Is(err, storage.ErrConflict) {
			continue // another replica has it
		}
		if err != nil {
			return taken, err
		}
		r.Tries++
		r.NextTry = until
		taken = append(taken, r.notice())
	}
	return taken, nil
}

func (s esignStore) NoticesWait(ctx context.Context, now time.Time) (bool, error) {
	due, err := ids(ctx, s.idb.NewSelect().Model((*noticeRow)(nil)).Column("notice_id").Where("next_try <= ?", utc(now)), 1)
	return len(due) > 0, err
}

func (s esignStore) PostponeNotice(ctx context.Context, id string, next time.Time) error {
	return change(ctx, s.idb.NewUpdate().Model((*noticeRow)(nil)).Set("next_try = ?", utc(next)).
		Where("notice_id = ?", id), storage.ErrNotFound)
}

func (s esignStore) CloseNotice(ctx context.Context, id string) error {
	_, err := s.idb.NewDelete().Model((*noticeRow)(nil)).Where("notice_id = ?", id).Exec(ctx)
	return mapErr(err)
}
