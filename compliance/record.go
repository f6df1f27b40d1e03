package compliance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/internal/pages"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// VaultRecord is what is known of a vaulted document. Log, CertificateID and
// Compliant are empty while the log or the certificate is late.
type VaultRecord struct {
	Original      *custody.Original
	Log           *LogPosition
	CertificateID string
	Compliant     *bool
}

// LogPosition is where an event stands in the log, at one checkpoint.
type LogPosition struct {
	EventID  string
	Index    int64
	TreeSize int64
	RootHash string // base64
}

// Record returns the vault record of an envelope, live or released. Its Compliant is
// held against the checks that the evaluation keeps and against the event of the
// result; Engine.LastEvaluation, which a status is read by, compares the checks alone.
// vault.ErrNotVaulted; translog.ErrRewound while the database is behind the anchors
// of the log.
func (e *Engine) Record(ctx context.Context, orgID, envelopeID string) (*VaultRecord, error) {
	if err := e.c.Log.CheckRecent(ctx); err != nil {
		return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
	}
	c, err := e.c.Vault.Original(ctx, orgID, envelopeID)
	if err != nil {
		return nil, err
	}
	rec := &VaultRecord{Original: c}
	if rec.Log, err = e.LogPosition(ctx, c.StoredEventID); err != nil {
		return nil, err
	}
	cert, err := e.c.Store.CertificateBySerial(ctx, envelopeID, 0)
	if errors.Is(err, storage.ErrNotFound) {
		return rec, nil
	}
	if err != nil {
		return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
	}
	rec.CertificateID = cert.ID
	last, err := e.c.Store.LastEvaluation(ctx, envelopeID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
	case err != nil:
		return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
	case e.now().Sub(last.EvaluatedAt) <= e.c.MaxAge:
		if rec.Compliant, err = e.announced(ctx, last); err != nil {
			return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
		}
	}
	return rec, nil
}

// announced is what a stored evaluation found, nil where the newest event of a result
// says otherwise, or names another evaluation of the same time.
func (e *Engine) announced(ctx context.Context, s StoredEvaluation) (*bool, error) {
	found := s.found()
	if found == nil {
		return nil, nil
	}
	chain, err := e.c.ESign.Evidence(ctx, s.EnvelopeID)
	if err != nil {
		return nil, err
	}
	for _, row := range slices.Backward(chain.Events) {
		x := canonicalEvent(row)
		if x.Type != event.VaultCompliancePassed && x.Type != event.VaultComplianceFailed {
			continue
		}
		d := event.DataOf[event.ComplianceData](x)
		told := d.EvaluatedAt != environ.Format(s.EvaluatedAt) || d.EvaluationSHA256 == storage.Sum(s.Result)
		if *found != (x.Type == event.VaultCompliancePassed) || !told {
			return nil, nil
		}
		return found, nil
	}
	return nil, nil
}

// LogPosition returns where an event stands in the newest checkpoint, nil while
// it is pending.
func (e *Engine) LogPosition(ctx context.Context, eventID string) (*LogPosition, error) {
	entry, err := e.c.Log.Entry(ctx, eventID)
	if err != nil {
		return nil, fmt.Errorf("log position: %w", err)
	}
	cp, err := e.c.Log.Checkpoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("log position: %w", err)
	}
	if entry.Index < 0 || entry.Index >= cp.Size {
		return nil, nil
	}
	return &LogPosition{eventID, entry.Index, cp.Size, cp.Root.String()}, nil
}

// CustodyRecord returns a certificate as pages that can be read and filed: what
// was found, the custody chain, signatures, copies, powers, log entries and
// digests, with the verify address of the certificate, if any, as a QR code.
// The same certificate makes the same bytes.
func (e *Engine) CustodyRecord(ctx context.Context, c *certificate.Certificate) ([]byte, error) {
	b, err := typeset.PDF(ctx, pages.Report(c, e.fonts))
	if err != nil {
		return nil, fmt.Errorf("custody record of %s: %w", c.Subject.EnvelopeID, err)
	}
	return b, nil
}
