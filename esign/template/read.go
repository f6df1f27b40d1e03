package template

import (
	"context"
	"errors"
	"fmt"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/keyset"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

// Get reads a version of a template, 0 for the newest. Errors: ErrNotFound.
func (e *Engine) Get(ctx context.Context, orgID, templateID string, version int) (*Template, error) {
	return e.template(ctx, e.cfg.Store, orgID, templateID, version, standing.SeeEnvelope)
}

// List returns the newest versions of an organization's templates, newest template
// first, 20 a page and 100 at most; *esign.InvalidError for a page or cursor that
// makes no sense.
func (e *Engine) List(ctx context.Context, orgID string, p storage.Page) (storage.List[Template], error) {
	list, err := keyset.Page(p, keyset.Source[Template]{
		Read: func(after *storage.Place, offset, limit int) ([]Template, error) {
			return e.cfg.Store.Templates(ctx, orgID, after, offset, limit)
		},
		Count: func() (int, error) { return e.cfg.Store.CountTemplates(ctx, orgID) },
		Place: func(t Template) storage.Place { return storage.Place{At: t.CreatedAt, ID: t.ID} },
	})
	if err != nil {
		return storage.List[Template]{}, fmt.Errorf("list templates: %w", err)
	}
	return list, nil
}

// PreviewRequest asks for a picture of a page with the places of its fields.
type PreviewRequest struct {
	OrgID, TemplateID string
	Version           int // 0: the newest
	Page, Width       int // from 1; pixels, esign.MinPageWidth to esign.MaxPageWidth
}

// Preview draws a page of a template with a frame for each field, a PNG. Errors:
// ErrNotFound, those of esign.Engine.DrawLayout.
func (e *Engine) Preview(ctx context.Context, r PreviewRequest) ([]byte, error) {
	t, document, err := e.read(ctx, r.OrgID, r.TemplateID, r.Version)
	if err != nil {
		return nil, err
	}
	return e.cfg.ESign.DrawLayout(ctx, document, &t.Layout, r.Page, r.Width)
}

// read returns a version and its PDF.
func (e *Engine) read(ctx context.Context, orgID, id string, version int) (*Template, []byte, error) {
	t, err := e.template(ctx, e.cfg.Store, orgID, id, version, standing.SeeEnvelope)
	if err != nil {
		return nil, nil, err
	}
	document, err := e.cfg.Objects.Read(ctx, t.Object)
	if err != nil {
		if _, gone := e.template(ctx, e.cfg.Store, orgID, id, version, standing.SeeEnvelope); errors.Is(gone, ErrNotFound) {
			return nil, nil, ErrNotFound // deleted while it was read
		}
		return nil, nil, fmt.Errorf("template %s: %w", id, err)
	}
	return t, document, nil
}

// Use says which template an envelope is made of, and what the sender fills in.
type Use struct {
	TemplateID string
	Version    int     // 0: the newest
	Values     []Value // by the names of fields
}

// Use completes a request for an envelope by document and fields of a template. The
// signers of r have the roles of the template, each role one; a template with one
// role takes a signer without a role, or the customer where r has no signers. r has
// no document and no fields. The template must still be there when the envelope is
// created. Errors, also of the create: *esign.InvalidError.
func (e *Engine) Use(ctx context.Context, u Use, r esign.CreateRequest) (esign.CreateRequest, error) {
	var p validate.Problems
	if r.EnvelopeKind == esign.KindPaper {
		p.Add("template_id", "not_supported", "a paper envelope is made without")
	}
	if len(r.Document) > 0 {
		p.Add("template_id", "once", "must be left out where a document is given")
	}
	if len(r.Fields) > 0 || r.FieldsFromTags || r.FieldsFromForm {
		p.Add("fields", "not_supported", "must be left out: the template has the fields")
	}
	if err := p.Err(); err != nil {
		return r, err
	}
	t, document, err := e.read(ctx, r.OrgID, u.TemplateID, u.Version)
	if errors.Is(err, ErrNotFound) {
		return r, unknown()
	}
	if err != nil {
		return r, err
	}
	p.Take(t.cast(r.Signers))
	fields, err := t.fill(u.Values)
	p.Take(err)
	if err := p.Err(); err != nil {
		return r, err
	}
	r.Document, r.Fields, r.TemplateID, r.TemplateVersion = document, fields, t.ID, t.Version
	if r.Filename == "" {
		r.Filename = t.Filename
	}
	if r.EnvelopeName == "" {
		r.EnvelopeName = t.Name
	}
	then := r.Also
	r.Also = func(ctx context.Context, tx storage.Tx, env *esign.Envelope) error {
		if err := e.cfg.Store.With(tx).Hold(ctx, t.ID); errors.Is(err, storage.ErrNotFound) {
			return unknown()
		} else if err != nil {
			return err
		}
		if then == nil {
			return nil
		}
		return then(ctx, tx, env)
	}
	return r, nil
}

func unknown() error {
	return validate.Fail("template_id", "template", "names no template or version of the organization")
}
