package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/evaultlib/evault/internal/pdf"
)

// CopyText is what every page of a marked copy says.
const CopyText = pdf.DefaultCopyText

// mark makes the marked copy of a version; nil when the file cannot be marked.
func (v *Vault) mark(ctx context.Context, d *deposit, file []byte) (*Registered, error) {
	id := v.c.NewID("cpy")
	marked, err := pdf.MarkCopy(ctx, file, pdf.CopyMark{
		Text: CopyText, EnvelopeID: d.EnvelopeID, CopyID: id, Version: 1, SHA256: string(d.version.Object.SHA256), At: d.at,
		Limits: pdf.Limits{Bytes: int64(len(file))},
	})
	var refusal *pdf.Refusal
	if errors.As(err, &refusal) {
		v.log.WarnContext(ctx, "vault: no marked copy", "envelope_id", d.EnvelopeID, "reason", refusal.Reason)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mark copy: %w", err)
	}
	o, err := v.keep(ctx, "marked", id, marked)
	if err != nil {
		return nil, err
	}
	return &Registered{
		ID: id, CopyID: d.copyID, EnvelopeID: d.EnvelopeID, Kind: CopyMarked, Version: 1, SHA256: o.SHA256, Size: o.Size,
		Object: o, MadeAt: d.at, GivenTo: d.Actor,
	}, nil
}
