package pool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/keyset"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

const readAtOnce = 1000 // contracts that All reads by one query

// Handover makes and accepts the offers of items; a *handover.Engine is one.
type Handover interface {
	Offer(ctx context.Context, r vault.OfferRequest) (*custody.Offer, error)
	Accept(ctx context.Context, r vault.AcceptRequest) (a *vault.Assignment, created bool, err error)
	AcceptAll(ctx context.Context, rs []vault.AcceptRequest) ([]*vault.Assignment, error)
}

// Config makes an Engine.
type Config struct {
	Store       Store        // required
	Vault       *vault.Vault // required
	Handover    Handover     // required
	storage.Env              // clock, ids, random bytes and log
}

// Engine keeps pools and moves batches. It is safe for concurrent use and keeps nothing.
type Engine struct {
	c     Config
	log   *slog.Logger
	chain eventlog.Writer
}

// New checks c. It does no I/O.
func New(c Config) (*Engine, error) {
	if err := environ.Require("pool", map[string]bool{
		"Store": c.Store == nil, "Vault": c.Vault == nil, "Handover": c.Handover == nil,
	}); err != nil {
		return nil, err
	}
	c.Env = c.Env.WithDefaults()
	return &Engine{c, c.Logger, eventlog.Writer{Env: c.Env}}, nil
}

// CreateRequest asks for a new pool.
type CreateRequest struct {
	OrgID       string   // who controls the contracts
	Name        string   `validate:"required,max=200,text"`
	EnvelopeIDs []string // at most MaxContracts; one that is named twice counts once

	// Also runs in the transaction.
	Also func(ctx context.Context, tx storage.Tx, p *Pool) error
}

// Create makes a pool. The organization must control a live copy of each contract.
// *storage.InvalidError, storage.ErrUnavailable.
func (e *Engine) Create(ctx context.Context, r CreateRequest) (*Pool, error) {
	if err := validate.Struct(r); err != nil {
		return nil, err
	}
	var p *Pool
	err := e.update(ctx, func(ctx context.Context, s Store) error {
		now := environ.Micro(e.c.Now())
		p = &Pool{ID: e.c.NewID("pol"), OrgID: r.OrgID, Name: r.Name, CreatedAt: now, UpdatedAt: now}
		if err := add(ctx, s, p, "envelope_ids", r.EnvelopeIDs); err != nil {
			return err
		}
		if err := s.AddPool(ctx, p); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, s.Tx(), p)
	})
	if err != nil {
		return nil, fmt.Errorf("create pool: %w", err)
	}
	return p, nil
}

// ChangeRequest adds contracts to a pool and takes others out.
type ChangeRequest struct {
	OrgID, PoolID string
	Add           []string // envelope ids; those that are in the pool stay as they are
	Remove        []string // envelope ids; those that are not in the pool are passed over

	// Also runs in the transaction.
	Also func(ctx context.Context, tx storage.Tx, p *Pool) error
}

// Change adds and removes, all or nothing. The organization must control a live copy of
// each contract that it adds. Repeated, it changes nothing. ErrNotFound,
// *storage.InvalidError, storage.ErrUnavailable.
func (e *Engine) Change(ctx context.Context, r ChangeRequest) (*Pool, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var p *Pool
	err := e.update(ctx, func(ctx context.Context, s Store) (err error) {
		if p, err = owned(ctx, s, r.OrgID, r.PoolID); err != nil {
			return err
		}
		was := p.UpdatedAt
		p.UpdatedAt = environ.Micro(e.c.Now())
		out, err := s.RemoveContracts(ctx, p.ID, r.Remove)
		if err != nil {
			return err
		}
		p.Count -= out
		before := p.Count
		if err := add(ctx, s, p, "add", r.Add); err != nil {
			return err
		}
		if out == 0 && p.Count == before {
			p.UpdatedAt = was
		} else if err := s.UpdatePool(ctx, p); err != nil {
			return err
		}
		if r.Also == nil {
			return nil
		}
		return r.Also(ctx, s.Tx(), p)
	})
	if err != nil {
		return nil, fmt.Errorf("change pool %s: %w", r.PoolID, err)
	}
	return p, nil
}

// check judges the request by itself.
func (r *ChangeRequest) check() error {
	var p validate.Problems
	if len(r.Add) == 0 && len(r.Remove) == 0 {
		p.Add("add", "required", "must name a contract, or remove must")
	}
	if len(r.Remove) > MaxContracts {
		p.Add("remove", "max", "must have at most %d entries", MaxContracts)
	}
	gone := make(map[string]bool, len(r.Remove))
	for i, id := range r.Remove {
		if !environ.IsAnyID(id) {
			p.Add(fmt.Sprintf("remove[%d]", i), "id", "must be the id of an envelope")
		}
		gone[id] = true
	}
	for i, id := range r.Add {
		if gone[id] {
			p.Add(fmt.Sprintf("add[%d]", i), "excluded", "is also to be removed")
		}
	}
	return p.Err()
}

// add puts contracts into a pool, in a transaction. field names where they come from.
func add(ctx context.Context, s Store, p *Pool, field string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	// Before anything is asked of the database: the same again count once below.
	if len(ids) > 2*MaxContracts {
		return tooMany(field)
	}
	held, err := s.Controlled(ctx, p.OrgID, ids)
	if err != nil {
		return err
	}
	may := make(map[string]bool, len(held))
	for _, id := range held {
		may[id] = true
	}
	var problems validate.Problems
	for i, id := range ids {
		if !may[id] { // an unknown id like that of another's contract
			problems.Add(fmt.Sprintf("%s[%d]", field, i), "controlled", "must be a contract in the vault that you control")
		}
	}
	if err := problems.Err(); err != nil {
		return err
	}
	n, err := s.AddContracts(ctx, p.ID, held, p.UpdatedAt)
	if p.Count += n; err == nil && p.Count > MaxContracts {
		err = tooMany(field)
	}
	return err
}

func tooMany(field string) error {
	return validate.Fail(field, "max", "must leave the pool with at most %d contracts", MaxContracts)
}

// owned is a pool of the organization.
func owned(ctx context.Context, s Store, orgID, id string) (*Pool, error) {
	p, err := s.Pool(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !p.parties().Of(orgID).May(standing.Control) {
		return nil, ErrNotFound
	}
	return p, err
}

// Pool returns a pool of the organization. ErrNotFound.
func (e *Engine) Pool(ctx context.Context, orgID, id string) (*Pool, error) {
	return owned(ctx, e.c.Store, orgID, id)
}

// Pools lists the pools of an organization, newest first. *storage.InvalidError for an
// invalid page.
func (e *Engine) Pools(ctx context.Context, orgID string, p storage.Page) (storage.List[Pool], error) {
	return keyset.Page(p, keyset.Source[Pool]{
		Read: func(after *storage.Place, offset, limit int) ([]Pool, error) {
			return e.c.Store.Pools(ctx, orgID, after, offset, limit)
		},
		Count: func() (int, error) { return e.c.Store.CountPools(ctx, orgID) },
		Place: func(p Pool) storage.Place { return storage.Place{At: p.CreatedAt, ID: p.ID} },
	})
}

// Contracts lists what is in a pool of the organization, the last added first.
// ErrNotFound; *storage.InvalidError for an invalid page.
func (e *Engine) Contracts(ctx context.Context, orgID, id string, p storage.Page) (storage.List[Contract], error) {
	of, err := owned(ctx, e.c.Store, orgID, id)
	if err != nil {
		return storage.List[Contract]{}, err
	}
	return keyset.Page(p, keyset.Source[Contract]{
		Read: func(after *storage.Place, offset, limit int) ([]Contract, error) {
			return e.c.Store.Contracts(ctx, of.ID, after, offset, limit)
		},
		Count: func() (int, error) { return of.Count, nil },
		Place: place,
	})
}

func place(c Contract) storage.Place { return storage.Place{At: c.AddedAt, ID: c.EnvelopeID} }

// All returns the whole list of a pool of the organization, the last added first.
// ErrNotFound.
func (e *Engine) All(ctx context.Context, orgID, id string) ([]Contract, error) {
	p, err := owned(ctx, e.c.Store, orgID, id)
	if err != nil {
		return nil, err
	}
	all := make([]Contract, 0, p.Count)
	var after *storage.Place
	for {
		list, err := e.c.Store.Contracts(ctx, p.ID, after, 0, readAtOnce)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(list) < readAtOnce {
			return all, nil
		}
		last := place(list[len(list)-1])
		after = &last
	}
}

// update runs fn in one transaction, again when another one was first.
func (e *Engine) update(ctx context.Context, fn func(ctx context.Context, s Store) error) error {
	return storage.Retry(ctx, func() error { return e.c.Store.InTx(ctx, fn) })
}

// The life of a batch's offers.
const (
	defaultLife = 14 * 24 * time.Hour
	maxLife     = 90 * 24 * time.Hour
)
