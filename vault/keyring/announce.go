package keyring

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// ChainID is the id of the event chain with the history of keys.
const ChainID = "sys_keys"

// Store keeps the history of keys in a database. It may grow until v1.
type Store interface {
	event.Store
	// InTx runs fn in one transaction; fn may only execute SQL, and may run again.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// KeyEvents returns the whole chain ChainID, first event first.
	KeyEvents(ctx context.Context) ([]event.Event, error)
}

// Config is what Announce needs.
type Config struct {
	Store       Store // required
	storage.Env       // clock, ids, random bytes and log
}

// Holding is a key with its private half.
type Holding struct {
	Key    Key
	Signer crypto.Signer
}

// Announcement says which keys are in use from now on.
type Announcement struct {
	Keys []Holding // one for a purpose; a purpose that is not named keeps its key
	// Retired are earlier private keys, as far as available: they also sign the change.
	Retired []crypto.Signer
}

// Announce compares the keys with the history. If they differ, it records the
// change as an event signed by every key of the announcement. It returns all
// keys with their times, and the time of the newest change. A host calls it at
// startup, before it constructs its engines. Errors: ErrHistory, and those of
// signers and store.
func Announce(ctx context.Context, c Config, a Announcement) (Keys, time.Time, error) {
	if err := environ.Require("keyring", map[string]bool{"Store": c.Store == nil}); err != nil {
		return nil, time.Time{}, err
	}
	c.Env = c.Env.WithDefaults()
	st := eventlog.Writer{Env: c.Env}
	var h history
	err := storage.Retry(ctx, func() error {
		events, err := c.Store.KeyEvents(ctx)
		if err != nil {
			return err
		}
		if h, err = read(events); err != nil {
			return err
		}
		if !a.changes(h.inUse()) {
			return nil
		}
		next, err := a.sign(h, st.Now())
		if err != nil {
			return err
		}
		var added []event.Event
		err = c.Store.InTx(ctx, func(ctx context.Context, s Store) error {
			added, err = st.Append(ctx, s, eventlog.Draft{
				EnvelopeID: ChainID, Type: event.KeysChanged, Actor: event.Actor{Kind: "system", ID: "keyring"}, Data: next,
			})
			if err == nil && added[0].Seq != h.seq+1 {
				err = storage.ErrConflict // another replica was first
			}
			return err
		})
		if err != nil {
			return err
		}
		return h.add(added[0])
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("announce keys: %w", err)
	}
	return h.keys(), h.at, nil
}

// changes reports whether a key is not the one in use for its purpose.
func (a Announcement) changes(inUse Keys) bool {
	return slices.ContainsFunc(a.Keys, func(x Holding) bool { return !slices.ContainsFunc(inUse, x.Key.is) })
}

// sign makes the statement that follows h.
func (a Announcement) sign(h history, now time.Time) (change, error) {
	if !now.After(h.at) {
		now = h.at.Add(time.Microsecond)
	}
	c := change{Statement: statement{At: environ.Format(now), Keys: []keyJSON{}, Prev: h.last, Retired: []retired{}, V: statementVersion}}
	signers := slices.Clone(a.Keys)
	for _, x := range a.Keys {
		if again := slices.ContainsFunc(c.Statement.Keys, func(j keyJSON) bool { return j.Purpose == x.Key.Purpose }); again {
			return c, fmt.Errorf("two keys of purpose %s", x.Key.Purpose)
		}
		c.Statement.Keys = append(c.Statement.Keys, encode(x.Key))
		for _, old := range h.inUse().Of(x.Key.Purpose) {
			if old.is(x.Key) {
				continue
			}
			r := retired{KID: old.ID, Purpose: old.Purpose}
			if s := holder(a.Retired, old); s != nil {
				r.Signed, signers = true, append(signers, Holding{old, s})
			}
			c.Statement.Retired = append(c.Statement.Retired, r)
		}
	}
	message, err := c.Statement.message()
	if err != nil {
		return c, err
	}
	for _, x := range signers {
		sig, err := sign(x.Signer, message)
		if err == nil {
			err = verify(x.Key.public(), message, sig)
		}
		if err != nil {
			return c, fmt.Errorf("%s key: %w", x.Key.Purpose, err)
		}
		c.Signatures = append(c.Signatures, signature{x.Key.ID, x.Key.Purpose, sig})
	}
	return c, nil
}

// holder returns the private key of k, nil when it is not at hand.
func holder(list []crypto.Signer, k Key) crypto.Signer {
	for _, s := range list {
		if pub, ok := k.public().(interface{ Equal(x crypto.PublicKey) bool }); ok && pub.Equal(s.Public()) {
			return s
		}
	}
	return nil
}

// ErrRetired: a key of this process is no longer in use, because another
// process announced a new key. Its new signatures would not verify.
var ErrRetired = errors.New("keyring: a key of this process was retired")

// Load reads the history again, for a process that holds the keys mine: another
// replica may have changed some. The keys are nil where one that held none of mine
// changed any: only a restart judges such a change. Errors: ErrRetired beside the
// keys, ErrHistory, and those of the store.
func Load(ctx context.Context, s Store, mine Keys) (Keys, error) {
	events, err := s.KeyEvents(ctx)
	if err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	h, err := read(events)
	if err != nil {
		return nil, err
	}
	for _, k := range mine {
		if slices.ContainsFunc(h.inUse(), k.is) {
			continue
		}
		err = fmt.Errorf("%w: %s key %s", ErrRetired, k.Purpose, k.ID)
		if !slices.ContainsFunc(h.vouch(), func(o Key) bool { return slices.ContainsFunc(mine, o.is) }) {
			return nil, err
		}
		return h.keys(), err
	}
	return h.keys(), nil
}
