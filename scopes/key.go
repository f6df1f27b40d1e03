package scopes

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

const (
	secretPrefix = "lk_"
	secretBytes  = 20
	maxPerMinute = 1_000_000
)

// Key is an API key without its secret.
type Key struct {
	ID        string // key_…
	OrgID     string
	Name      string
	Scopes    Set
	PerMinute int // requests per minute, counted by httpapi
	CreatedAt time.Time
	ExpiresAt *time.Time // the key does not work from then on
	// DisabledAt is when Disable was called.
	DisabledAt *time.Time
	// Line is the id of the first key in a series of rotations, or the key's
	// own id if it was never rotated. Records that outlive a rotation, such as
	// a webhook endpoint, are stored under Line.
	Line string
}

// StoredKey is a key as a Store keeps it: with the digest of its secret.
type StoredKey struct {
	Key
	Secret storage.Digest
}

// Check returns ErrDisabledKey or ErrExpiredKey if the key does not work at now.
func (k Key) Check(now time.Time) error {
	switch {
	case k.DisabledAt != nil:
		return ErrDisabledKey
	case k.ExpiresAt != nil && !now.Before(*k.ExpiresAt):
		return ErrExpiredKey
	}
	return nil
}

// IssueRequest asks for a new key.
type IssueRequest struct {
	OrgID     string
	Name      string // at most 200 characters; may be empty
	Scopes    Set    // at least one
	PerMinute int    // 0 is DefaultPerMinute
	ExpiresAt *time.Time
	// Also runs in the transaction that stores the key. It may run again.
	Also func(ctx context.Context, tx storage.Tx, k *Key) error
}

// Issue makes a key and returns it with its secret, which is not stored.
// Errors: *InvalidError, ErrOrganizationNotFound.
func (r *Registry) Issue(ctx context.Context, req IssueRequest) (k *Key, secret string, err error) {
	key, err := r.newKey(req)
	if err != nil {
		return nil, "", err
	}
	stored, secret, err := r.withSecret(key)
	if err != nil {
		return nil, "", err
	}
	err = r.store.InTx(ctx, func(ctx context.Context, s Store) error {
		if err := insert(ctx, s, stored); err != nil {
			return err
		}
		if req.Also != nil {
			return req.Also(ctx, s.Tx(), &key)
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("issue key: %w", err)
	}
	return &key, secret, nil
}

func (r *Registry) newKey(req IssueRequest) (Key, error) {
	now := r.env.Now()
	k := Key{ID: r.env.NewID("key"), OrgID: req.OrgID, Name: req.Name, Scopes: NewSet(req.Scopes...), PerMinute: req.PerMinute, CreatedAt: now}
	k.Line = k.ID
	if k.PerMinute == 0 {
		k.PerMinute = DefaultPerMinute
	}
	var p validate.Problems
	text(&p, "name", k.Name, 0, maxName)
	if len(k.Scopes) == 0 {
		p.Add("scopes", "required", "is required")
	}
	for i, s := range k.Scopes {
		if !s.Valid() {
			p.Add(fmt.Sprintf("scopes[%d]", i), "oneof", "must be one of %s", All())
		}
	}
	if k.PerMinute < 1 || k.PerMinute > maxPerMinute {
		p.Add("per_minute", "range", "must be from 1 to %d", maxPerMinute)
	}
	if req.ExpiresAt != nil {
		at := environ.Micro(*req.ExpiresAt)
		if !at.After(now) {
			p.Add("expires_at", "future", "must be in the future")
		}
		k.ExpiresAt = &at
	}
	return k, p.Err()
}

func (r *Registry) withSecret(k Key) (StoredKey, string, error) {
	var b [secretBytes]byte
	if _, err := io.ReadFull(r.env.Rand, b[:]); err != nil {
		return StoredKey{}, "", fmt.Errorf("issue key: random source: %w", err)
	}
	secret := secretPrefix + hex.EncodeToString(b[:])
	return StoredKey{Key: k, Secret: storage.Sum([]byte(secret))}, secret, nil
}

func insert(ctx context.Context, s Store, k StoredKey) error {
	if _, err := s.Organization(ctx, k.OrgID); err != nil {
		if errors.Is(err, storage.ErrNotFound) {
			return ErrOrganizationNotFound
		}
		return err
	}
	return s.InsertKey(ctx, k)
}

// Authenticate returns the key that has the secret, if it works now. It costs
// one read of a unique index for any secret. Errors: ErrUnknownKey,
// ErrExpiredKey, ErrDisabledKey; the store's error when it is unavailable.
func (r *Registry) Authenticate(ctx context.Context, secret string) (*Key, error) {
	if !IsSecret(secret) {
		return nil, ErrUnknownKey
	}
	sum := storage.Sum([]byte(secret))
	k, err := r.store.KeyBySecret(ctx, sum)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrUnknownKey
	}
	if err != nil {
		return nil, fmt.Errorf("authenticate: %w", err)
	}
	// The index is searched for a digest, not for the secret, so its timing
	// reveals nothing about a secret. The comparison makes the result
	// independent of the database's collation.
	if subtle.ConstantTimeCompare([]byte(k.Secret), []byte(sum)) != 1 {
		return nil, ErrUnknownKey
	}
	if err := k.Check(r.env.Now()); err != nil {
		return nil, err
	}
	return &k.Key, nil
}

// IsSecret reports whether s has the form of a secret: "lk_" and 40 lower-case
// hex digits.
func IsSecret(s string) bool {
	digits, ok := strings.CutPrefix(s, secretPrefix)
	if !ok || len(digits) != 2*secretBytes {
		return false
	}
	for _, c := range []byte(digits) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Key returns one key of the organization, or ErrKeyNotFound.
func (r *Registry) Key(ctx context.Context, orgID, id string) (*Key, error) {
	k, err := keyOf(ctx, r.store, orgID, id)
	if err != nil {
		return nil, err
	}
	return &k, nil
}

func keyOf(ctx context.Context, s Store, orgID, id string) (Key, error) {
	k, err := s.Key(ctx, orgID, id)
	if errors.Is(err, storage.ErrNotFound) {
		return Key{}, ErrKeyNotFound
	}
	if err != nil {
		return Key{}, fmt.Errorf("key %s: %w", id, err)
	}
	return k, nil
}

// Keys returns the organization's keys, oldest first.
func (r *Registry) Keys(ctx context.Context, orgID string) ([]Key, error) {
	list, err := r.store.Keys(ctx, orgID)
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", orgID, err)
	}
	return list, nil
}

// Disable ends a key at once, on every replica. Disabling it again keeps the
// first time. Errors: ErrKeyNotFound.
func (r *Registry) Disable(ctx context.Context, orgID, id string) (*Key, error) {
	var k Key
	err := r.store.InTx(ctx, func(ctx context.Context, s Store) (err error) {
		if k, err = keyOf(ctx, s, orgID, id); err != nil || k.DisabledAt != nil {
			return err
		}
		now := r.env.Now()
		k.DisabledAt = &now
		return s.EndKey(ctx, orgID, id, k.ExpiresAt, k.DisabledAt)
	})
	if err != nil {
		return nil, fmt.Errorf("disable key: %w", err)
	}
	return &k, nil
}

// Rotate makes a new key with the name, scopes, limit, expiry and Line of key
// id. The old key keeps working for the duration overlap, but not longer than
// before. A negative overlap means none. Errors: ErrKeyNotFound,
// ErrDisabledKey, ErrExpiredKey.
func (r *Registry) Rotate(ctx context.Context, orgID, id string, overlap time.Duration) (k *Key, secret string, err error) {
	var next StoredKey
	err = r.store.InTx(ctx, func(ctx context.Context, s Store) error {
		old, err := keyOf(ctx, s, orgID, id)
		if err != nil {
			return err
		}
		now := r.env.Now()
		if err := old.Check(now); err != nil {
			return err
		}
		fresh := old
		fresh.ID, fresh.CreatedAt = r.env.NewID("key"), now
		if next, secret, err = r.withSecret(fresh); err != nil {
			return err
		}
		if err := s.InsertKey(ctx, next); err != nil {
			return err
		}
		end := environ.Micro(now.Add(max(overlap, 0)))
		if old.ExpiresAt != nil && old.ExpiresAt.Before(end) {
			end = *old.ExpiresAt
		}
		return s.EndKey(ctx, orgID, id, &end, nil)
	})
	if err != nil {
		return nil, "", fmt.Errorf("rotate key: %w", err)
	}
	return &next.Key, secret, nil
}
