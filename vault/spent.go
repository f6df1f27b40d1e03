package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// spentSeal is the mark that a release leaves beside the database, version 1: the
// object released/<copy id> of the blob store, JSON. It is written durably before the
// release's transaction commits and never deleted after that, and no row names
// it, so that no sweep removes it and no restored or edited database hides it: a
// copy with this mark is handed out by nobody again. It holds the whole release,
// so that one which a crash interrupted goes on as it was decided, with the same
// bytes and statements; no other can follow it.
type spentSeal struct {
	V       int            `json:"v"`
	Release string         `json:"release"` // release statement, JWS
	Custody string         `json:"custody"` // statement of the last custody entry, JWS
	Object  storage.Object `json:"object"`  // the release version
	Seal    custody.Seal   `json:"seal"`
	CMS     []byte         `json:"cms,omitempty"` // of a detached seal
}

const (
	spentVersion = 1
	maxSpent     = 1 << 20
)

func spentName(copyID string) string { return "released/" + copyID }

func (h *releasing) spent() ([]byte, error) {
	return json.Marshal(spentSeal{spentVersion, h.rel.Statement, h.entry.Statement, h.version.Object, h.version.Seal, h.version.Statement})
}

// spent returns the mark of a copy's release, nil when there is none.
func (v *Vault) spent(ctx context.Context, copyID string) ([]byte, error) {
	r, err := v.c.Objects.Blobs.Open(ctx, spentName(copyID))
	if errors.Is(err, storage.ErrBlobMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mark of the release of %s: %w", copyID, errors.Join(storage.ErrUnavailable, err))
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxSpent))
	if err != nil {
		return nil, fmt.Errorf("mark of the release of %s: %w: %w", copyID, storage.ErrUnavailable, err)
	}
	return b, nil
}

// spend writes the mark of h, unless another release was first: errTaken. The
// release version is linked before, so that it lasts as long as the mark.
func (v *Vault) spend(ctx context.Context, h *releasing) error {
	mark, err := h.spent()
	if err != nil {
		return err
	}
	if there, err := v.spent(ctx, h.rel.CopyID); err != nil || there != nil {
		return errors.Join(err, errTaken)
	}
	err = v.update(ctx, func(ctx context.Context, s Store) error { return s.LinkBlob(ctx, h.version.Object.Name, v.now()) })
	if err != nil {
		return err
	}
	if err := v.c.Objects.Blobs.Put(ctx, spentName(h.rel.CopyID), mark); err != nil {
		return fmt.Errorf("mark of the release of %s: %w", h.rel.CopyID, err)
	}
	there, err := v.spent(ctx, h.rel.CopyID)
	if err == nil && !bytes.Equal(there, mark) {
		err = errTaken
	}
	return err
}

// unspend takes the mark of h away: its transaction was refused before its commit,
// so that nothing was released. What cannot be taken away lets the same release be
// asked for again.
func (v *Vault) unspend(ctx context.Context, h *releasing) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	mark, err := h.spent()
	if err == nil {
		var there []byte
		if there, err = v.spent(ctx, h.rel.CopyID); err == nil && bytes.Equal(there, mark) {
			err = v.c.Objects.Blobs.Delete(ctx, spentName(h.rel.CopyID))
		}
	}
	if err == nil {
		err = v.update(ctx, func(ctx context.Context, s Store) error { return s.UnlinkBlob(ctx, h.version.Object.Name, v.now()) })
	}
	if err != nil {
		v.log.WarnContext(ctx, "vault: the mark of a refused release was left behind", "copy_id", h.rel.CopyID, "error", err)
	}
}

// remark makes the mark of a release that the database has say the same: two that
// raced may have written one after the other. Nothing leaves the vault before.
func (v *Vault) remark(ctx context.Context, r *Release, last custody.Version, entry custody.Entry) error {
	mark, err := (&releasing{rel: r, version: last, entry: entry}).spent()
	if err != nil {
		return err
	}
	there, err := v.spent(ctx, r.CopyID)
	if err != nil || bytes.Equal(there, mark) {
		return err
	}
	return v.c.Objects.Blobs.Put(ctx, spentName(r.CopyID), mark)
}

// begun returns the release that the mark of a copy holds, nil without a mark.
// ErrAlreadyReleased when it is not what r asks for; ErrRecordAltered when it does
// not go on from the copy as it is.
func (v *Vault) begun(ctx context.Context, r ReleaseRequest, c *custody.Original, last custody.Version) (*releasing, error) {
	b, err := v.spent(ctx, c.CopyID)
	if err != nil || b == nil {
		return nil, err
	}
	h, err := v.opened(b, c, last)
	if err != nil {
		return nil, fmt.Errorf("mark of the release of %s: %w: %w", c.CopyID, ErrRecordAltered, err)
	}
	if h.rel.Reason != r.Reason || h.rel.Recipient != r.Recipient {
		return nil, ErrAlreadyReleased
	}
	h.ReleaseRequest = r
	if _, err := v.source(ctx, h.version.Object); err != nil {
		return nil, err
	}
	return h, v.c.Objects.Rows.Stage(ctx, h.version.Object, v.now()) // a restored database does not know it
}

// opened reads a mark back into the release that wrote it.
func (v *Vault) opened(b []byte, c *custody.Original, last custody.Version) (*releasing, error) {
	var m spentSeal
	if err := json.Unmarshal(b, &m); err != nil || m.V != spentVersion {
		return nil, fmt.Errorf("its version %d is unknown: %w", m.V, errors.Join(err, custody.ErrStatement))
	}
	rs, err := custody.VerifyRelease(m.Release, v.StatementKeys())
	if err != nil {
		return nil, err
	}
	cs, err := custody.VerifyStatement(m.Custody, v.StatementKeys())
	if err != nil {
		return nil, err
	}
	at, err := environ.Parse(rs.At)
	if err != nil {
		return nil, err
	}
	moved, err := environ.Parse(cs.At)
	if err != nil {
		return nil, err
	}
	if rs.CopyID != c.CopyID || rs.EnvelopeID != c.EnvelopeID || rs.EndsVersion != c.Version || rs.EndsSHA256 != c.DocumentHash ||
		rs.SHA256 != m.Object.SHA256 || cs.CopyID != c.CopyID || cs.Kind != custody.EntryRelease || cs.SHA256 != rs.SHA256 || cs.Version != rs.Version {
		return nil, fmt.Errorf("%w: it is about another version", custody.ErrStatement)
	}
	return &releasing{
		rel: &Release{
			ReleaseID: rs.ReleaseID, EnvelopeID: c.EnvelopeID, CopyID: c.CopyID, OrgID: c.OrgID, Reason: rs.Reason, Note: rs.Note,
			Recipient: rs.Recipient, ReleasedAt: at, Version: rs.Version, SHA256: rs.SHA256, Size: m.Object.Size,
			EndsVersion: rs.EndsVersion, Statement: m.Release,
		},
		version: custody.Version{
			CopyID: c.CopyID, Version: rs.Version, Kind: custody.VersionRelease, Object: m.Object, Seal: m.Seal, Statement: m.CMS, CreatedAt: at,
			Prefix: storage.Object{SHA256: last.Object.SHA256, Size: last.Object.Size},
		},
		entry: custody.Entry{
			ID: cs.CustodyID, CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Seq: cs.Seq, Kind: cs.Kind, From: cs.From, Recipient: cs.Recipient,
			Version: cs.Version, SHA256: cs.SHA256, Consent: cs.Consent, Statement: m.Custody, StatementSHA256: storage.Sum([]byte(m.Custody)),
			PreviousSHA256: cs.Prev, RecordedAt: moved,
		},
	}, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
