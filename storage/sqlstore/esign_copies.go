package sqlstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
)

type signerCopyRow struct {
	bun.BaseModel `bun:"table:evault_signer_copies"`

	ID          string    `bun:"copy_id,pk"`
	EnvelopeID  string    `bun:"envelope_id"`
	Of          string    `bun:"document_sha256"`
	Object      string    `bun:"object"`
	SHA256      string    `bun:"sha256"`
	Size        int64     `bun:"size"`
	MadeAt      time.Time `bun:"made_at"`
	GivenToKind string    `bun:"given_to_kind"`
	GivenToID   string    `bun:"given_to_id"`
	EventID     string    `bun:"event_id"`
}

func (r signerCopyRow) signerCopy() (esign.SignerCopy, error) {
	return esign.SignerCopy{
		ID: r.ID, EnvelopeID: r.EnvelopeID, Of: storage.Digest(r.Of), MadeAt: utc(r.MadeAt),
		Object:  storage.Object{Name: r.Object, SHA256: storage.Digest(r.SHA256), Size: r.Size},
		GivenTo: esign.Actor{Kind: r.GivenToKind, ID: r.GivenToID}, EventID: r.EventID,
	}, nil
}

func (s esignStore) AddSignerCopy(ctx context.Context, c esign.SignerCopy) error {
	return s.put(ctx, &signerCopyRow{
		ID: c.ID, EnvelopeID: c.EnvelopeID, Of: string(c.Of), Object: c.Object.Name, SHA256: string(c.Object.SHA256), Size: c.Object.Size,
		MadeAt: utc(c.MadeAt), GivenToKind: c.GivenTo.Kind, GivenToID: c.GivenTo.ID, EventID: c.EventID,
	})
}

func (s esignStore) SignerCopies(ctx context.Context, envelopeID string) ([]esign.SignerCopy, error) {
	return scan(ctx, s.session, signerCopyRow.signerCopy, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("envelope_id = ?", envelopeID).OrderExpr("made_at, copy_id")
	})
}

func (s esignStore) IsSignerCopy(ctx context.Context, sha256 storage.Digest) (bool, error) {
	ok, err := s.idb.NewSelect().Model((*signerCopyRow)(nil)).Where("sha256 = ?", string(sha256)).Exists(ctx)
	return ok, mapErr(err)
}
