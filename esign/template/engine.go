package template

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
)

// Config is what an Engine is made of.
type Config struct {
	Store       Store            // required
	Objects     *storage.Objects // required; where PDFs are kept
	ESign       *esign.Engine    // required; it judges documents and fields, and draws pages
	storage.Env                  // clock, ids, random bytes and log
}

// Engine runs templates. It is safe for concurrent use.
type Engine struct {
	cfg   Config
	chain eventlog.Writer
}

// New checks cfg and returns an Engine. It does no I/O.
func New(cfg Config) (*Engine, error) {
	if err := environ.Require("template", map[string]bool{
		"Store": cfg.Store == nil, "Objects": cfg.Objects == nil, "ESign": cfg.ESign == nil,
	}); err != nil {
		return nil, err
	}
	cfg.Env = cfg.Env.WithDefaults()
	return &Engine{cfg: cfg, chain: eventlog.Writer{Env: cfg.Env}}, nil
}

// CreateRequest asks for a template.
type CreateRequest struct {
	OrgID string
	Actor event.Actor
	Name  string // at most 200 characters; default: the file's name without .pdf
	esign.LayoutRequest

	// Also runs in the transaction that creates the template.
	Also func(ctx context.Context, tx storage.Tx, t *Template) error
}

// Create makes a template. Fields without a name are called field_1, field_2 and so
// on. Errors: those of esign.Engine.Layout.
func (e *Engine) Create(ctx context.Context, r CreateRequest) (*Template, error) {
	t := &Template{ID: e.cfg.NewID("tmpl"), OrgID: r.OrgID, Version: 1}
	if err := e.layOut(ctx, t, r.Name, r.LayoutRequest); err != nil {
		return nil, err
	}
	object, err := e.cfg.Objects.Stage(ctx, storage.KindTemplate, e.cfg.NewID("tpd"), r.Document)
	if err != nil {
		return nil, fmt.Errorf("create template: %w", err)
	}
	t.Object = object
	err = e.inTx(ctx, func(ctx context.Context, s Store) error {
		if err := s.LinkBlob(ctx, object.Name, e.cfg.Now()); err != nil {
			return err
		}
		if err := e.stamp(ctx, s, t, event.TemplateCreated, r.Actor); err != nil {
			return err
		}
		t.CreatedAt = t.UpdatedAt
		if err := s.CreateTemplate(ctx, t); err != nil {
			return err
		}
		return also(ctx, s, r.Also, t)
	})
	if err != nil {
		return nil, fmt.Errorf("create template: %w", err)
	}
	return t, nil
}

// layOut judges the PDF and fields of a version and puts them into t.
func (e *Engine) layOut(ctx context.Context, t *Template, name string, r esign.LayoutRequest) error {
	if name = strings.TrimSpace(name); utf8.RuneCountInString(name) > 200 || !validate.Plain(name, "") {
		return validate.Fail("name", "max", "must be one line of at most 200 characters")
	}
	l, err := e.cfg.ESign.Layout(ctx, r)
	if err != nil {
		return err
	}
	if err := named(l.Fields); err != nil {
		return err
	}
	environ.Default(&name, strings.TrimSuffix(l.Filename, ".pdf"))
	t.Name, t.Filename, t.Layout = name, l.Filename, *l
	return nil
}

// stamp appends the event of a verb; t gets its time.
func (e *Engine) stamp(ctx context.Context, s Store, t *Template, kind string, actor event.Actor) error {
	data := event.TemplateData{TemplateID: t.ID, Version: t.Version}
	if kind != event.TemplateDeleted {
		data.DocumentSHA256, data.Roles, data.Fields = t.Object.SHA256, len(t.Layout.Roles), len(t.Layout.Fields)
	}
	events, err := e.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: t.ID, Type: kind, Actor: actor, Data: data})
	if err != nil {
		return err
	}
	t.UpdatedAt = events[0].RecordedAt
	return nil
}

// UpdateRequest asks for a new version of a template.
type UpdateRequest struct {
	OrgID      string
	Actor      event.Actor
	TemplateID string
	IfMatch    string // the template's ETag; "" for any
	Name       string // default: the name that it has
	// LayoutRequest is that of the new version. Without a Document the PDF stays; roles and fields are always replaced.
	esign.LayoutRequest

	// Also runs in the transaction that adds the version.
	Also func(ctx context.Context, tx storage.Tx, t *Template) error
}

// Update makes a new version. Of two updates of one version at once, the second
// with IfMatch is refused, and without is a version after the first. Errors:
// ErrNotFound, ErrPrecondition, those of Create.
func (e *Engine) Update(ctx context.Context, r UpdateRequest) (*Template, error) {
	was, err := e.template(ctx, e.cfg.Store, r.OrgID, r.TemplateID, 0, standing.ManageEnvelope)
	if err != nil {
		return nil, err
	}
	if err := was.match(r.IfMatch); err != nil {
		return nil, err
	}
	t := *was
	replaced := len(r.Document) > 0
	if !replaced {
		if r.Document, err = e.cfg.Objects.Read(ctx, was.Object); err != nil {
			return nil, fmt.Errorf("update template: %w", err)
		}
		environ.Default(&r.Filename, was.Filename)
	}
	environ.Default(&r.Name, was.Name)
	if err := e.layOut(ctx, &t, r.Name, r.LayoutRequest); err != nil {
		return nil, err
	}
	if replaced {
		if t.Object, err = e.cfg.Objects.Stage(ctx, storage.KindTemplate, e.cfg.NewID("tpd"), r.Document); err != nil {
			return nil, fmt.Errorf("update template: %w", err)
		}
	}
	err = e.inTx(ctx, func(ctx context.Context, s Store) error {
		now, err := e.template(ctx, s, r.OrgID, r.TemplateID, 0, standing.ManageEnvelope)
		if err != nil {
			return err
		}
		if err := now.match(r.IfMatch); err != nil {
			return err
		}
		if !replaced && now.Object != was.Object {
			return ErrPrecondition // fields were placed on another document
		}
		t.Version = now.Version + 1
		if replaced {
			if err := s.LinkBlob(ctx, t.Object.Name, e.cfg.Now()); err != nil {
				return err
			}
		}
		if err := e.stamp(ctx, s, &t, event.TemplateUpdated, r.Actor); err != nil {
			return err
		}
		if err := s.AddVersion(ctx, &t); err != nil {
			return err
		}
		return also(ctx, s, r.Also, &t)
	})
	if err != nil {
		return nil, fmt.Errorf("update template: %w", err)
	}
	return &t, nil
}

func (t *Template) match(ifMatch string) error {
	if ifMatch != "" && ifMatch != t.ETag() {
		return ErrPrecondition
	}
	return nil
}

// DeleteRequest asks for the end of a template.
type DeleteRequest struct {
	OrgID      string
	Actor      event.Actor
	TemplateID string
	IfMatch    string // the template's ETag; "" for any
}

// Delete ends a template with all its versions and gives up their PDFs. Envelopes
// made of it stay as they are. Errors: ErrNotFound, ErrPrecondition.
func (e *Engine) Delete(ctx context.Context, r DeleteRequest) error {
	err := e.inTx(ctx, func(ctx context.Context, s Store) error {
		t, err := e.template(ctx, s, r.OrgID, r.TemplateID, 0, standing.ManageEnvelope)
		if err != nil {
			return err
		}
		if err := t.match(r.IfMatch); err != nil {
			return err
		}
		if err := e.stamp(ctx, s, t, event.TemplateDeleted, r.Actor); err != nil {
			return err
		}
		objects, err := s.DeleteTemplate(ctx, t.ID, t.Version, t.UpdatedAt)
		if err != nil {
			return err
		}
		for _, name := range objects {
			if err := s.UnlinkBlob(ctx, name, t.UpdatedAt); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete template: %w", err)
	}
	return nil
}

// inTx is Store.InTx, repeated on conflict.
func (e *Engine) inTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error {
	return storage.Retry(ctx, func() error { return e.cfg.Store.InTx(ctx, fn) })
}

// template reads a version, 0 for the newest, for an organization.
func (e *Engine) template(ctx context.Context, s Store, orgID, id string, version int, act standing.Act) (*Template, error) {
	t, err := s.Template(ctx, id, version)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !t.may(orgID, act) {
		return nil, ErrNotFound
	}
	return t, err
}

func also(ctx context.Context, s Store, fn func(context.Context, storage.Tx, *Template) error, t *Template) error {
	if fn == nil {
		return nil
	}
	return fn(ctx, s.Tx(), t)
}
