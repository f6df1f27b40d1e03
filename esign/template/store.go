package template

import (
	"context"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Store is what the engine keeps. storage/sqlstore implements it on SQL;
// storage/storagetest holds what every implementation must do.
type Store interface {
	event.Store

	// InTx runs fn in one transaction, again when the database asks for it; fn is SQL only.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// With binds the store to a transaction that someone else opened.
	With(tx storage.Tx) Store
	// Tx is the open transaction, nil outside of one.
	Tx() storage.Tx

	// LinkBlob gives a staged object its owner; storage.ErrBlobCondemned, storage.ErrNotFound.
	LinkBlob(ctx context.Context, name string, at time.Time) error
	// UnlinkBlob takes the owner away.
	UnlinkBlob(ctx context.Context, name string, at time.Time) error

	// CreateTemplate inserts the first version of a template.
	CreateTemplate(ctx context.Context, t *Template) error
	// AddVersion inserts t as the newest version if the newest is t.Version-1 and the template was not deleted;
	// storage.ErrConflict when not.
	AddVersion(ctx context.Context, t *Template) error
	// Template reads a version, 0 for the newest, also of a deleted template; storage.ErrNotFound.
	Template(ctx context.Context, templateID string, version int) (*Template, error)
	// Hold keeps the template from being deleted until the transaction has ended; storage.ErrNotFound when it was.
	Hold(ctx context.Context, templateID string) error
	// DeleteTemplate marks a template as deleted whose newest version is the given one, and makes its versions name no
	// object any more; it returns the names of those. storage.ErrConflict when the version is another, or it was deleted.
	DeleteTemplate(ctx context.Context, templateID string, version int, at time.Time) (objects []string, err error)
	// Templates returns the newest versions of an organization's templates that were not deleted, newest template first,
	// after skipping offset of them.
	Templates(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]Template, error)
	// CountTemplates counts what Templates would return without a position.
	CountTemplates(ctx context.Context, orgID string) (int, error)
}
