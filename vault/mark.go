package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// CopyText is the mark on every page of a marked copy.
const CopyText = copymark.DefaultText

// marking is the input of a marked copy, besides its file.
type marking struct {
	envelopeID string
	version    custody.Version
	by         Actor
}

// mark makes the marked copy of a version, which shows what the file under its seal
// shows: the seal is nothing to be seen, and no copy has signatures. nil when the file
// cannot be marked.
func (v *Vault) mark(ctx context.Context, m marking, file *document) (*custody.RegisteredCopy, error) {
	id, marked, err := v.c.NewID("cpy"), []byte(nil), file.unreadErr
	if err == nil {
		marked, err = copymark.MarkCopyOf(ctx, file.readable, copymark.Mark{
			Text: CopyText, EnvelopeID: m.envelopeID, CopyID: id, Version: m.version.Version, SHA256: string(m.version.Object.SHA256), At: m.version.CreatedAt,
		})
	}
	var refusal *pdf.Refusal
	if errors.As(err, &refusal) {
		v.log.WarnContext(ctx, "vault: no marked copy", "envelope_id", m.envelopeID, "reason", refusal.Reason)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mark copy: %w", err)
	}
	o, err := v.keep(ctx, storage.KindMarked, id, storage.NewContent(marked))
	if err != nil {
		return nil, err
	}
	return &custody.RegisteredCopy{
		ID: id, CopyID: m.version.CopyID, EnvelopeID: m.envelopeID, Kind: custody.CopyMarked, Version: m.version.Version, SHA256: o.SHA256, Size: o.Size,
		Object: o, MadeAt: m.version.CreatedAt, GivenTo: m.by,
	}, nil
}

// claimCopies claims the marked copies that were given to signers before the deposit.
func (d *deposit) claimCopies() {
	for _, c := range d.Source.Copies {
		d.claim(custody.ClaimCopy, c.Object.SHA256, 0)
	}
}

// registered are the rows of the register for them.
func (d *deposit) registered() []custody.RegisteredCopy {
	rows := make([]custody.RegisteredCopy, len(d.Source.Copies))
	for i, c := range d.Source.Copies {
		rows[i] = custody.RegisteredCopy{
			ID: c.ID, CopyID: d.copyID, EnvelopeID: d.EnvelopeID, Kind: custody.CopySigner, SHA256: c.Object.SHA256, Size: c.Object.Size,
			Object: c.Object, MadeAt: c.MadeAt, GivenTo: c.GivenTo, EventID: c.EventID,
		}
	}
	return rows
}
