package scopes

import (
	"context"
	"errors"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
)

var (
	// ErrUnknownKey: the secret belongs to no key, or does not have the form of one.
	ErrUnknownKey = errors.New("scopes: unknown key")
	// ErrExpiredKey: the key has expired.
	ErrExpiredKey = errors.New("scopes: key has expired")
	// ErrDisabledKey: the key was disabled.
	ErrDisabledKey = errors.New("scopes: key is disabled")
	// ErrKeyNotFound: the organization has no key with this id.
	ErrKeyNotFound = errors.New("scopes: no such key")
	// ErrOrganizationNotFound: there is no organization with this id.
	ErrOrganizationNotFound = errors.New("scopes: no such organization")
	// ErrOrganizationExists: the organization's id is already in use.
	ErrOrganizationExists = errors.New("scopes: organization exists")
)

// InvalidError lists the invalid fields of a request.
type InvalidError = storage.InvalidError

// DefaultPerMinute is the request limit of a key whose IssueRequest names none.
const DefaultPerMinute = 600

const (
	maxName    = 200 // characters of a name
	maxOrigins = 100 // of an organization
	maxOrigin  = 300 // characters of an origin
)

// Store keeps organizations and keys. It never sees a secret.
type Store interface {
	// InTx runs fn in one transaction, and again if the database requires a
	// retry; fn may only execute SQL.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// With binds the store to a transaction opened by the caller.
	With(tx storage.Tx) Store
	// Tx is the transaction the store is bound to, or nil.
	Tx() storage.Tx

	// InsertOrganization returns storage.ErrConflict when the id is taken.
	InsertOrganization(ctx context.Context, o Organization) error
	// UpdateOrganization replaces all but id and CreatedAt; storage.ErrNotFound.
	UpdateOrganization(ctx context.Context, o Organization) error
	// SetOrigins replaces the origins alone; storage.ErrNotFound.
	SetOrigins(ctx context.Context, id string, origins []string) error
	// Organization returns storage.ErrNotFound when there is none.
	Organization(ctx context.Context, id string) (Organization, error)
	// Organizations returns all, oldest first.
	Organizations(ctx context.Context) ([]Organization, error)

	// InsertKey returns storage.ErrConflict when the id or the digest is taken and
	// storage.ErrNotFound when the organization does not exist.
	InsertKey(ctx context.Context, k StoredKey) error
	// KeyBySecret finds a key by the digest of its secret, in one read of a unique
	// index; storage.ErrNotFound when there is none.
	KeyBySecret(ctx context.Context, secret storage.Digest) (StoredKey, error)
	// Key returns storage.ErrNotFound when the organization has no such key.
	Key(ctx context.Context, orgID, id string) (Key, error)
	// Keys returns the organization's keys, oldest first.
	Keys(ctx context.Context, orgID string) ([]Key, error)
	// EndKey sets the times from which the key no longer works, nil for none;
	// storage.ErrNotFound when the organization has no such key.
	EndKey(ctx context.Context, orgID, id string, expires, disabled *time.Time) error
}

// Config is the configuration of a Registry.
type Config struct {
	Store       Store
	storage.Env // clock, ids, random bytes and log
}

// Registry holds organizations and keys. It is safe for concurrent use if
// Config.Rand is.
type Registry struct {
	store Store
	env   storage.Env
}

// New returns a Registry. It does no I/O.
func New(c Config) (*Registry, error) {
	if err := environ.Require("scopes", map[string]bool{"Store": c.Store == nil}); err != nil {
		return nil, err
	}
	return &Registry{store: c.Store, env: c.Env.WithDefaults()}, nil
}

// With returns a Registry whose verbs run inside tx, a transaction opened by
// the host. All of them execute only SQL. Nothing is retried inside it.
func (r *Registry) With(tx storage.Tx) *Registry {
	bound := *r
	bound.store = r.store.With(tx)
	return &bound
}
