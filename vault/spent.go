package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/releasemark"
)

// spent is the mark that h leaves beside the database.
func (h *releasing) spent() ([]byte, error) {
	return releasemark.Encode(h.rel.Statement, h.entry, h.version)
}

// errMoved: control was assigned while a release was being made.
var errMoved = errors.New("vault: control has moved in the meantime")

// errUndone: the release that a mark began was refused after the mark had been read.
var errUndone = errors.New("vault: the release begun by the mark was undone")

// spent returns the mark of a release of the copy, nil when there is none. A mark that
// ends a version before the live copy's own is that of a release that an assignment
// overtook: it never was true, and counts for nothing.
func (v *Vault) spent(ctx context.Context, c *custody.Original) ([]byte, error) {
	b, err := v.marked(ctx, c.CopyID)
	if err != nil || b == nil || c.Status == custody.StatusReleased || releasemark.Ends(b, c, v.StatementKeys()) >= c.Version {
		return b, err
	}
	return nil, nil
}

// marked returns the mark beside the database, nil when there is none.
func (v *Vault) marked(ctx context.Context, copyID string) ([]byte, error) {
	r, err := v.c.Objects.Blobs.Open(ctx, releasemark.Name(copyID))
	if errors.Is(err, storage.ErrBlobMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mark of the release of %s: %w", copyID, errors.Join(storage.ErrUnavailable, err))
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, releasemark.MaxBytes))
	if err != nil {
		return nil, fmt.Errorf("mark of the release of %s: %w: %w", copyID, storage.ErrUnavailable, err)
	}
	return b, nil
}

// spend writes the mark of h, unless another release was first: errTaken. The
// release version is linked before, so that it lasts as long as the mark.
func (v *Vault) spend(ctx context.Context, h *releasing, c *custody.Original) error {
	mark, err := h.spent()
	if err != nil {
		return err
	}
	if there, err := v.spent(ctx, c); err != nil || there != nil {
		return errors.Join(err, errTaken)
	}
	err = v.update(ctx, func(ctx context.Context, s Store) error { return s.LinkBlob(ctx, h.version.Object.Name, v.now()) })
	if err != nil {
		return err
	}
	if err := v.c.Objects.Blobs.Put(ctx, releasemark.Name(h.rel.CopyID), mark); err != nil {
		return fmt.Errorf("mark of the release of %s: %w", h.rel.CopyID, err)
	}
	there, err := v.marked(ctx, h.rel.CopyID)
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
		if there, err = v.marked(ctx, h.rel.CopyID); err == nil && bytes.Equal(there, mark) {
			err = v.c.Objects.Blobs.Delete(ctx, releasemark.Name(h.rel.CopyID))
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
	there, err := v.marked(ctx, r.CopyID)
	if err != nil || bytes.Equal(there, mark) {
		return err
	}
	return v.c.Objects.Blobs.Put(ctx, releasemark.Name(r.CopyID), mark)
}

// begun returns the release that the mark of a copy holds, nil without a mark;
// errUndone when whoever wrote the mark has taken it back in the meantime.
// ErrAlreadyReleased when it is not what r asks for; ErrRecordAltered when it does
// not go on from the copy as it is.
func (v *Vault) begun(ctx context.Context, r ReleaseRequest, c *custody.Original, last custody.Version) (*releasing, error) {
	b, err := v.spent(ctx, c)
	if err != nil || b == nil {
		return nil, err
	}
	m, err := releasemark.Open(b, c, last, v.StatementKeys())
	if err != nil {
		return nil, fmt.Errorf("mark of the release of %s: %w: %w", c.CopyID, ErrRecordAltered, err)
	}
	if m.Statement.Reason != r.Reason || m.Statement.Recipient != r.Recipient {
		return nil, ErrAlreadyReleased
	}
	if err := undone(v.c.Objects.Rows.Stage(ctx, m.Version.Object, v.now())); err != nil { // a restored database does not know it
		return nil, err
	}
	if _, err := v.source(ctx, m.Version.Object); err != nil {
		return nil, err
	}
	rel := &Release{
		ReleaseID: m.Statement.ReleaseID, EnvelopeID: c.EnvelopeID, CopyID: c.CopyID, OrgID: c.OrgID, Reason: r.Reason, Note: m.Statement.Note,
		Recipient: r.Recipient, ReleasedAt: m.At, Version: m.Version.Version, SHA256: m.Version.Object.SHA256, Size: m.Version.Object.Size,
		EndsVersion: m.Statement.EndsVersion, Statement: m.JWS,
	}
	return &releasing{ReleaseRequest: r, rel: rel, version: m.Version, entry: m.Entry}, nil
}

// undone tells by err that the release version of a mark was given up.
func undone(err error) error {
	if errors.Is(err, storage.ErrBlobCondemned) {
		return errUndone
	}
	return err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
