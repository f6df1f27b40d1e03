package esign

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// UploadRequest brings the PDF of a paper envelope.
type UploadRequest struct {
	OrgID, EnvelopeID string
	Actor             Actor
	Filename          string // default: document.pdf
	Document          []byte
	IfMatch           string // an ETag; "" for any
	Also              func(ctx context.Context, tx storage.Tx, env *Envelope) error
}

// Upload inspects a paper envelope's PDF and keeps it byte for byte. Until the
// envelope is vaulted another upload replaces it; both are events. Errors:
// *InvalidError, *Refusal, ErrNotFound, ErrPrecondition, *StateError.
func (e *Engine) Upload(ctx context.Context, r UploadRequest) (*Envelope, *Inspection, error) {
	environ.Default(&r.Filename, "document.pdf")
	var p validate.Problems
	filename(&p, "filename", r.Filename)
	if len([]rune(r.Filename)) > 200 {
		p.Add("filename", "max", "must be at most 200 characters")
	}
	if len(r.Document) == 0 {
		p.Add("file", ruleDocumentRequired, "is required")
	}
	if err := p.Err(); err != nil {
		return nil, nil, err
	}
	if err := e.uploadable(ctx, r); err != nil {
		return nil, nil, err
	}
	in, err := e.inspect(ctx, r.Document)
	if err != nil {
		return nil, nil, err
	}
	object, err := e.cfg.Objects.Stage(ctx, storage.KindUpload, e.cfg.NewID("upl"), r.Document)
	if err != nil {
		return nil, nil, fmt.Errorf("upload: %w", err)
	}
	env, err := e.update(ctx, e.cfg.Store, r.EnvelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if err := env.allow(r.OrgID, r.IfMatch, VerbUpload); err != nil {
			return err
		}
		if err := e.attach(ctx, s, env, r, &Document{Filename: r.Filename, Object: object, Pages: in.Pages, Inspection: in}); err != nil {
			return err
		}
		return also(ctx, s, r.Also, env)
	})
	if err != nil {
		return nil, nil, err
	}
	return env, in, nil
}

// uploadable refuses before the file is looked at what would be refused after.
func (e *Engine) uploadable(ctx context.Context, r UploadRequest) error {
	env, err := e.Envelope(ctx, r.OrgID, r.EnvelopeID)
	if err != nil {
		return err
	}
	return env.allow(r.OrgID, r.IfMatch, VerbUpload)
}

func (e *Engine) attach(ctx context.Context, s Store, env *Envelope, r UploadRequest, d *Document) error {
	now := e.now()
	if err := s.LinkBlob(ctx, d.Object.Name, now); err != nil {
		return fmt.Errorf("link %s: %w", d.Object.Name, err)
	}
	data := event.DocumentUploadedData{DocumentSHA256: d.Object.SHA256, DocumentSize: d.Object.Size, Pages: d.Pages}
	if old := env.Document; old != nil {
		data.ReplacesSHA256 = old.Object.SHA256
		if err := s.UnlinkBlob(ctx, old.Object.Name, now); err != nil {
			return err
		}
	}
	to, err := env.Status.After(VerbUpload)
	if err != nil {
		return err
	}
	env.Status, env.Document = to, d
	events, err := e.save(ctx, s, env, eventlog.Draft{
		EnvelopeID: env.ID, Type: event.EnvelopeDocumentUploaded, Actor: r.Actor, Data: data, Detail: event.DocumentUploadedDetail{Filename: d.Filename},
	})
	if err != nil {
		return err
	}
	d.UploadedAt, d.Head = events[0].RecordedAt, headOf(events[0])
	return s.PutDocument(ctx, env.ID, d)
}
