package embedded

import (
	"context"
	"crypto"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/vault/keyring"
)

// openRing announces the keys in use and loads the history of keys.
func (e *Embedded) openRing(ctx context.Context, k Keys) error {
	a, err := k.announcement(e.custodianSigner(k))
	if err != nil {
		return err
	}
	for _, x := range a.Keys {
		e.own = append(e.own, x.Key)
	}
	keys, changed, err := keyring.Announce(ctx, keyring.Config{Store: e.Store.Keys(), Env: e.env()}, a)
	if err != nil {
		return err
	}
	e.clock.notBefore(changed)
	e.ring = keyring.NewRing(keys...)
	return nil
}

// custodianSigner is who signs acknowledgments, nil for nobody.
func (e *Embedded) custodianSigner(k Keys) crypto.Signer {
	switch c := e.o.Custodian; {
	case c == nil:
		return nil
	case c.Signer != nil:
		return c.Signer
	}
	return k.Custodian
}

// announcement names every key and its purpose.
func (k Keys) announcement(custodian crypto.Signer) (keyring.Announcement, error) {
	a := keyring.Announcement{Retired: k.Retired}
	for _, x := range []struct {
		p keyring.Purpose
		s crypto.Signer
	}{
		{keyring.Certificate, k.Certificates},
		{keyring.Statement, k.Statements},
		{keyring.Custodian, custodian},
		{keyring.Log, k.Log},
		{keyring.Embed, k.Embed},
	} {
		if x.s == nil {
			continue
		}
		key, err := keyring.New(x.p, x.s)
		if err != nil {
			return a, err
		}
		if i := slices.IndexFunc(a.Keys, func(o keyring.Holding) bool { return o.Key.ID == key.ID }); i >= 0 {
			return a, fmt.Errorf("one key is given for two purposes, %s and %s; each purpose needs its own key", a.Keys[i].Key.Purpose, x.p)
		}
		a.Keys = append(a.Keys, keyring.Holding{Key: key, Signer: x.s})
	}
	chain := k.SealChain
	if k.root != nil {
		chain = append(slices.Clone(chain), k.root)
	}
	seal, err := keyring.NewSeal(chain, k.root != nil)
	a.Keys = append(a.Keys, keyring.Holding{Key: seal, Signer: k.Seal})
	return a, err
}

// refreshKeys takes up what another replica changed; keyring.ErrRetired when that
// was a key of this one.
func (e *Embedded) refreshKeys(ctx context.Context) error {
	keys, err := keyring.Load(ctx, e.Store.Keys(), e.own)
	if keys != nil {
		e.ring.Replace(keys)
	}
	return err
}
