package extstore

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/translog"
)

// records are what a Memory holds.
type records struct {
	orgs        map[string]scopes.Organization
	keys        map[string]scopes.StoredKey
	events      []event.Event
	head        translog.Head
	hashes      map[int64]translog.Hash
	checkpoints map[int]translog.Checkpoint // newest, by epoch
	adoptions   []translog.Adoption
}

func (r *records) clone() *records {
	c := *r
	c.orgs, c.keys = maps.Clone(r.orgs), maps.Clone(r.keys)
	c.events, c.adoptions = slices.Clone(r.events), slices.Clone(r.adoptions)
	c.hashes, c.checkpoints = maps.Clone(r.hashes), maps.Clone(r.checkpoints)
	return &c
}

// Memory keeps records in memory. One transaction runs at a time.
type Memory struct {
	mu      sync.Mutex
	records *records
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{records: &records{
		orgs: map[string]scopes.Organization{}, keys: map[string]scopes.StoredKey{},
		hashes: map[int64]translog.Hash{}, checkpoints: map[int]translog.Checkpoint{},
	}}
}

// tx is an open transaction: a copy of the records.
type tx struct{ records *records }

// StorageTx implements storage.Tx.
func (*tx) StorageTx() {}

// do runs fn in t, or in a transaction of its own that an error undoes.
func (m *Memory) do(t *tx, fn func(t *tx) error) error {
	if t != nil {
		return fn(t)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	own := &tx{m.records.clone()}
	if err := fn(own); err != nil {
		return err
	}
	m.records = own.records
	return nil
}

// Scopes returns the store of organizations and keys.
func (m *Memory) Scopes() scopes.Store { return scopesStore{m, nil} }

type scopesStore struct {
	m *Memory
	t *tx
}

func (s scopesStore) InTx(ctx context.Context, fn func(ctx context.Context, s scopes.Store) error) error {
	return s.m.do(s.t, func(t *tx) error { return fn(ctx, scopesStore{s.m, t}) })
}

func (s scopesStore) With(of storage.Tx) scopes.Store { return scopesStore{s.m, of.(*tx)} }

func (s scopesStore) Tx() storage.Tx {
	if s.t == nil {
		return nil
	}
	return s.t
}

func (s scopesStore) InsertOrganization(_ context.Context, o scopes.Organization) error {
	return s.m.do(s.t, func(t *tx) error {
		if _, taken := t.records.orgs[o.ID]; taken {
			return storage.ErrConflict
		}
		t.records.orgs[o.ID] = o
		return nil
	})
}

func (s scopesStore) UpdateOrganization(_ context.Context, o scopes.Organization) error {
	return s.m.do(s.t, func(t *tx) error {
		old, ok := t.records.orgs[o.ID]
		if !ok {
			return storage.ErrNotFound
		}
		o.CreatedAt = old.CreatedAt
		t.records.orgs[o.ID] = o
		return nil
	})
}

func (s scopesStore) SetOrigins(_ context.Context, id string, origins []string) error {
	return s.m.do(s.t, func(t *tx) error {
		o, ok := t.records.orgs[id]
		if !ok {
			return storage.ErrNotFound
		}
		o.Origins = slices.Clone(origins)
		t.records.orgs[id] = o
		return nil
	})
}

func (s scopesStore) Organization(_ context.Context, id string) (o scopes.Organization, err error) {
	return o, s.m.do(s.t, func(t *tx) (err error) {
		o, err = found(t.records.orgs, id)
		return err
	})
}

func (s scopesStore) Organizations(context.Context) (list []scopes.Organization, err error) {
	return list, s.m.do(s.t, func(t *tx) error {
		list = slices.SortedFunc(maps.Values(t.records.orgs), func(a, b scopes.Organization) int { return a.CreatedAt.Compare(b.CreatedAt) })
		return nil
	})
}

func (s scopesStore) InsertKey(_ context.Context, k scopes.StoredKey) error {
	return s.m.do(s.t, func(t *tx) error {
		if _, ok := t.records.orgs[k.OrgID]; !ok {
			return storage.ErrNotFound
		}
		for _, other := range t.records.keys {
			if other.ID == k.ID || other.Secret == k.Secret {
				return storage.ErrConflict
			}
		}
		t.records.keys[k.ID] = k
		return nil
	})
}

func (s scopesStore) KeyBySecret(_ context.Context, secret storage.Digest) (k scopes.StoredKey, err error) {
	return k, s.m.do(s.t, func(t *tx) error {
		for _, k = range t.records.keys {
			if k.Secret == secret {
				return nil
			}
		}
		k = scopes.StoredKey{}
		return storage.ErrNotFound
	})
}

func (s scopesStore) Key(_ context.Context, orgID, id string) (k scopes.Key, err error) {
	return k, s.m.do(s.t, func(t *tx) error {
		stored, err := found(t.records.keys, id)
		if err != nil || stored.OrgID != orgID {
			return storage.ErrNotFound
		}
		k = stored.Key
		return nil
	})
}

func (s scopesStore) Keys(_ context.Context, orgID string) (list []scopes.Key, err error) {
	return list, s.m.do(s.t, func(t *tx) error {
		for _, k := range t.records.keys {
			if k.OrgID == orgID {
				list = append(list, k.Key)
			}
		}
		slices.SortFunc(list, func(a, b scopes.Key) int { return a.CreatedAt.Compare(b.CreatedAt) })
		return nil
	})
}

func (s scopesStore) EndKey(_ context.Context, orgID, id string, expires, disabled *time.Time) error {
	return s.m.do(s.t, func(t *tx) error {
		k, err := found(t.records.keys, id)
		if err != nil || k.OrgID != orgID {
			return storage.ErrNotFound
		}
		k.ExpiresAt, k.DisabledAt = expires, disabled
		t.records.keys[id] = k
		return nil
	})
}

func found[T any](of map[string]T, id string) (T, error) {
	v, ok := of[id]
	if !ok {
		return v, storage.ErrNotFound
	}
	return v, nil
}
