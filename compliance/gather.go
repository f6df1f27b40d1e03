package compliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

// gather reads everything the checks compute from. What does not verify is a
// fact, not an error; an error is a store that does not answer.
func (e *Engine) gather(ctx context.Context, envelopeID string) (*evidence, error) {
	r, err := e.read(ctx, envelopeID)
	if err != nil {
		return nil, err
	}
	ev := &evidence{
		envelope: r.esign.Envelope, events: r.esign.Events, byID: map[string]event.Event{},
		keys: e.c.Vault.StatementKeys(), mergeDelay: e.c.Log.MaxMergeDelay(), integrityAge: e.c.IntegrityAge,
	}
	ev.redacted, ev.chainErr = event.Verify(envelopeID, ev.events)
	for i, x := range ev.events {
		ev.events[i] = canonicalEvent(x)
		ev.byID[x.ID] = ev.events[i]
	}
	if err := e.gatherCopy(ctx, ev, r); err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", envelopeID, err)
	}
	if err := e.gatherCompletion(ctx, ev); err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", envelopeID, err)
	}
	if err := e.gatherLog(ctx, ev); err != nil {
		return nil, fmt.Errorf("log of %s: %w", envelopeID, err)
	}
	if err := e.gatherIssued(ctx, ev, r.issued); err != nil {
		return nil, fmt.Errorf("certificates of %s: %w", envelopeID, err)
	}
	ev.at = e.now() // after the last read: nothing in the evidence is younger
	if n := len(ev.events); n > 0 && ev.at.Before(ev.events[n-1].RecordedAt) {
		ev.at = ev.events[n-1].RecordedAt
	}
	return ev, e.gatherRegime(ev)
}

// canonicalEvent is what the canonical bytes of an event say, whose hash the log
// proves, with the detail that they commit to. Bytes that are no event leave the row,
// which the chain does not verify.
func canonicalEvent(row event.Event) event.Event {
	e, err := event.Parse(row.Canonical)
	if err != nil {
		return row
	}
	if row.Detail != nil && event.Commit(row.Salt, row.Detail) == e.DetailSHA256 {
		e.Detail, e.Salt = row.Detail, row.Salt
	}
	e.LogIndex = row.LogIndex
	return e
}

// gatherRegime takes the regime that the event of the deposit froze, or the default.
func (e *Engine) gatherRegime(ev *evidence) (err error) {
	ev.basis = certificate.BasisDefault
	if stored := ev.stored(); stored != nil {
		d := event.DataOf[event.StoredData](*stored)
		if ev.regime, err = regimeByID(d.Regime); err == nil {
			ev.basis = d.RegimeBasis
			return nil
		}
	}
	ev.regime, err = regimeByID(e.c.Regime)
	return err
}

// gatherRelease verifies the release statement, which the event of the release
// names.
func (ev *evidence) gatherRelease() {
	if ev.release == nil {
		return
	}
	s, err := custody.VerifyRelease(ev.release.Statement, ev.keys)
	switch sum := storage.Sum([]byte(ev.release.Statement)); {
	case err != nil:
		ev.releaseErr = err
	case len(about(ev, event.VaultReleased, func(d event.ReleasedData) bool { return d.StatementSHA256 == sum })) != 1:
		ev.releaseErr = errors.New("no event names it")
	default:
		ev.releaseStatement = &s
	}
}

func (e *Engine) gatherCopy(ctx context.Context, ev *evidence, r *records) error {
	kept := r.vault
	if kept == nil {
		return nil
	}
	ev.original, ev.claims, ev.custody, ev.acks, ev.release, ev.spent = kept.Original, kept.Claims, kept.Custody, kept.Acknowledgments, kept.Release, kept.Spent
	ev.witnesses, ev.rivals, ev.offers = kept.Witnesses, kept.Rivals, kept.Offers
	statements := make([]string, len(ev.custody))
	for i, c := range ev.custody {
		statements[i] = c.Statement
	}
	ev.chain, ev.custodyErr = custody.VerifyCustody(statements, ev.keys)
	ev.gatherRelease()
	if err := e.gatherVersions(ctx, ev, kept.Versions); err != nil {
		return err
	}
	return e.gatherRegister(ctx, ev, r.register)
}

// sameDetached holds what detached statements say against the records.
func (ev *evidence) sameDetached() error {
	for i, s := range ev.statements {
		if v := ev.versions[i]; s.CopyID != v.CopyID || s.EnvelopeID != ev.envelope.ID || s.Kind != v.Kind || v.Seal.SHA256 != storage.Sum(v.Statement) {
			return fmt.Errorf("statement %d is about another version", i+1)
		}
	}
	return nil
}

// recorded is the time at which a certificate must have been valid: that of the
// event, which the log proves.
func (ev *evidence) recorded(eventID string, otherwise time.Time) time.Time {
	if e, ok := ev.byID[eventID]; ok {
		return e.RecordedAt
	}
	return otherwise
}

func (e *Engine) options(at time.Time) pades.Options {
	return pades.Options{Roots: e.c.Keys.Keys().Roots(e.c.Roots, at), Now: at, Limits: pades.Limits{Bytes: 1 << 32}}
}

func (ev *evidence) recordedLast(kind string) time.Time {
	list := ev.ofType(kind)
	if len(list) == 0 {
		return ev.envelope.CreatedAt
	}
	return list[len(list)-1].RecordedAt
}

// gatherLog proves every event against the newest checkpoint.
func (e *Engine) gatherLog(ctx context.Context, ev *evidence) error {
	ev.log = logEvidence{proofs: map[string]certificate.LogEntry{}, missing: map[string]error{}}
	err := e.c.Log.Check(ctx)
	if errors.Is(err, translog.ErrRewound) || errors.Is(err, translog.ErrCorrupt) || errors.Is(err, translog.ErrCheckpoint) {
		ev.log.err = err
		return nil
	}
	if err != nil {
		return err
	}
	newest, err := e.c.Log.Checkpoint(ctx)
	if err != nil {
		return err
	}
	keys, err := e.c.Log.Keys(ctx)
	if err != nil {
		return err
	}
	if ev.log.checkpoint, ev.log.key, ev.log.err = translog.OpenCheckpoint(newest.Note, keys); ev.log.err != nil {
		return nil
	}
	prover, err := e.c.Log.Prover(ctx, ev.log.checkpoint.Size)
	if err != nil {
		return err
	}
	for _, x := range ev.events {
		if x.LogIndex == nil || *x.LogIndex >= ev.log.checkpoint.Size {
			continue
		}
		if err := ev.prove(ctx, prover, x); err != nil {
			return err
		}
		if !restsOn(x.Type) {
			continue
		}
		switch displaced, err := e.c.Log.Displaced(ctx, translog.Entry{RecordedAt: x.RecordedAt, Index: *x.LogIndex}); {
		case err != nil:
			return err
		case displaced:
			delete(ev.log.proofs, x.ID)
			ev.log.missing[x.ID] = translog.ErrDisplaced
		}
	}
	return nil
}

func (ev *evidence) prove(ctx context.Context, prover *translog.Prover, x event.Event) error {
	cp := ev.log.checkpoint
	proof, err := prover.Inclusion(ctx, *x.LogIndex)
	if errors.Is(err, storage.ErrUnavailable) || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	if err == nil {
		err = translog.VerifyInclusion(x.Canonical, *x.LogIndex, cp.Size, cp.Root, proof)
	}
	if err != nil {
		ev.log.missing[x.ID] = err
		return nil
	}
	entry := certificate.LogEntry{EventID: x.ID, Type: x.Type, Canonical: x.Canonical, LeafHash: tlog.RecordHash(x.Canonical).String(), Index: *x.LogIndex, InclusionProof: []string{}}
	for _, h := range proof {
		entry.InclusionProof = append(entry.InclusionProof, h.String())
	}
	ev.log.proofs[x.ID] = entry
	return nil
}

// Keys returns what certificates of this engine verify against.
func (e *Engine) Keys(ctx context.Context) (certificate.Keys, error) {
	log, err := e.c.Log.Keys(ctx)
	return certificate.Keys{Certificate: e.CertificateKeys(), Log: log}, err
}

// gatherIssued reads what earlier certificates prove.
func (e *Engine) gatherIssued(ctx context.Context, ev *evidence, list []StoredCertificate) error {
	keys, err := e.Keys(ctx)
	if err != nil {
		return err
	}
	for i, s := range list {
		c, err := s.open(keys)
		switch {
		case err == nil && c.Serial != i+1:
			err = fmt.Errorf("serial %d is missing", i+1)
		case err == nil && len(about(ev, event.CertificateIssued, func(d event.CertificateIssuedData) bool { return d.CertificateSHA256 == s.SHA256 })) != 1:
			err = errors.New("its issue has no event")
		}
		if err != nil {
			ev.issueErr = fmt.Errorf("%s: %w", s.ID, err)
			continue
		}
		for _, x := range c.Log.Entries {
			ev.issued = append(ev.issued, provenEvent{c.ID, x})
		}
	}
	if n := len(ev.ofType(event.CertificateIssued)); n != len(list) && ev.issueErr == nil {
		ev.issueErr = fmt.Errorf("%d were issued, %d are on record", n, len(list))
	}
	return nil
}

// open verifies a stored certificate and holds it against its record.
func (s StoredCertificate) open(keys certificate.Keys) (*certificate.Certificate, error) {
	c, err := certificate.Verify(s.JWS, keys)
	if err != nil {
		return nil, err
	}
	if c.ID != s.ID || c.Serial != s.Serial || c.Subject.EnvelopeID != s.EnvelopeID || c.Cause.EventID != s.CauseID ||
		storage.Sum([]byte(s.JWS)) != s.SHA256 || environ.Format(c.IssuedAt.Time) != environ.Format(s.IssuedAt) {
		return nil, fmt.Errorf("%w: its record differs", certificate.ErrInvalid)
	}
	return c, nil
}
