package esign

import (
	"context"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
)

// grown are the limits for a document that was accepted and has grown since.
func (e *Engine) grown() pdf.Limits {
	l := e.cfg.Limits
	return pdf.Limits{Bytes: 1 << 40, Pages: l.Pages + 10_000, Objects: l.Objects + 1_000_000, Depth: l.Depth, Decoded: l.Decoded}
}

// place appends marks to raw.
func (e *Engine) place(ctx context.Context, raw []byte, marks []overlay.Mark) ([]byte, error) {
	return overlay.Place(ctx, raw, marks, overlay.PlaceOptions{Fonts: e.fonts, Limits: e.grown()})
}
