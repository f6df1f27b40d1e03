package keyring

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// Ring holds the keys shared by the engines of one process. It is safe for
// concurrent use; the zero Ring is empty.
type Ring struct{ keys atomic.Pointer[Keys] }

// NewRing returns a ring of these keys.
func NewRing(keys ...Key) *Ring {
	r := &Ring{}
	r.Replace(keys)
	return r
}

// Keys returns the keys; they are not to be changed.
func (r *Ring) Keys() Keys {
	if ks := r.keys.Load(); ks != nil {
		return *ks
	}
	return nil
}

// Replace changes the keys for all that share the ring.
func (r *Ring) Replace(keys Keys) { r.keys.Store(&keys) }

// With returns the ring for an engine that signs with these keys: r itself, which
// must have them, or where r is nil a ring of them alone.
func (r *Ring) With(keys ...Key) (*Ring, error) {
	if r == nil {
		return NewRing(keys...), nil
	}
	for _, k := range keys {
		if !slices.ContainsFunc(r.Keys(), k.is) {
			return nil, fmt.Errorf("%w: the %s key %s, which is in use, is missing", ErrUnknownKey, k.Purpose, k.ID)
		}
	}
	return r, nil
}
