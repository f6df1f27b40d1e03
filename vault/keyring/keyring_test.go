package keyring_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault/keyring"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func signer(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func holding(t testing.TB, p keyring.Purpose, n byte) keyring.Holding {
	t.Helper()
	k, err := keyring.New(p, signer(n))
	if err != nil {
		t.Fatal(err)
	}
	return keyring.Holding{Key: k, Signer: signer(n)}
}

// seal is a sealing key with a certificate by itself.
func seal(t testing.TB, key crypto.Signer, name string) keyring.Holding {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: start, NotAfter: start.AddDate(9, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	k, err := keyring.NewSeal([]*x509.Certificate{c}, true)
	if err != nil {
		t.Fatal(err)
	}
	return keyring.Holding{Key: k, Signer: key}
}

// installation announces keys to one database, a minute later each time.
type installation struct {
	t   *testing.T
	db  *sqlstore.DB
	now time.Time
}

func (i *installation) config() keyring.Config {
	return keyring.Config{Store: i.db.Keys(), Env: storage.Env{Now: func() time.Time { return i.now }}}
}

func (i *installation) announce(retired []crypto.Signer, keys ...keyring.Holding) keyring.Keys {
	i.t.Helper()
	i.now = i.now.Add(time.Minute)
	out, _, err := keyring.Announce(i.t.Context(), i.config(), keyring.Announcement{Keys: keys, Retired: retired})
	if err != nil {
		i.t.Fatal(err)
	}
	return out
}

func each(t *testing.T, test func(t *testing.T, i *installation)) {
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) { test(t, &installation{t, db, start}) })
}

func (i *installation) at(minutes int) time.Time {
	return start.Add(time.Duration(minutes) * time.Minute)
}

// times writes the periods of a purpose in minutes.
func (i *installation) times(keys keyring.Keys, p keyring.Purpose) string {
	var out []string
	for _, k := range keys.Of(p) {
		until := "now"
		if k.Until != nil {
			until = fmt.Sprint(k.Until.Sub(start).Minutes())
		}
		out = append(out, fmt.Sprintf("%s %v-%s", k.ID[:4], k.From.Sub(start).Minutes(), until))
	}
	return strings.Join(out, ", ")
}

func TestHistory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i *installation) {
		c1, c2 := holding(t, keyring.Certificate, 1), holding(t, keyring.Certificate, 2)
		s1, s2 := holding(t, keyring.Statement, 3), holding(t, keyring.Statement, 4)
		ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		e1, e2 := seal(t, ecKey, "one"), seal(t, rsaKey, "two")

		i.announce(nil, c1, s1, e1) // 1
		again := i.announce(nil, c1, s1, e1)
		if events, err := i.db.Keys().KeyEvents(t.Context()); err != nil || len(events) != 1 {
			t.Fatalf("keys that did not change made %d events, %v", len(events), err)
		}
		if got, want := i.times(again, keyring.Certificate), c1.Key.ID[:4]+" 1-now"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		i.announce([]crypto.Signer{ecKey}, c2, s1, e2) // 3
		i.announce(nil, c2)                            // the others are as they were
		keys := i.announce(nil, c1, s2, e2)            // 5: c1 is back
		for p, want := range map[keyring.Purpose]string{
			keyring.Certificate: fmt.Sprintf("%s 1-3, %s 3-5, %s 5-now", c1.Key.ID[:4], c2.Key.ID[:4], c1.Key.ID[:4]),
			keyring.Statement:   fmt.Sprintf("%s 1-5, %s 5-now", s1.Key.ID[:4], s2.Key.ID[:4]),
			keyring.Seal:        fmt.Sprintf("%s 1-3, %s 3-now", e1.Key.ID[:4], e2.Key.ID[:4]),
		} {
			if got := i.times(keys, p); got != want {
				t.Errorf("%s: got %s, want %s", p, got, want)
			}
		}
		for _, x := range []struct {
			id   string
			p    keyring.Purpose
			at   time.Time
			want error
		}{
			{c1.Key.ID, keyring.Certificate, i.at(1), nil},
			{c1.Key.ID, keyring.Certificate, i.at(3).Add(-time.Microsecond), nil},
			{c1.Key.ID, keyring.Certificate, i.at(3), keyring.ErrKeyTime},
			{c1.Key.ID, keyring.Certificate, i.at(4), keyring.ErrKeyTime},
			{c1.Key.ID, keyring.Certificate, i.at(500), nil},
			{c1.Key.ID, keyring.Certificate, start, keyring.ErrKeyTime},
			{c1.Key.ID, keyring.Statement, i.at(1), keyring.ErrUnknownKey},
			{s1.Key.ID, keyring.Certificate, i.at(1), keyring.ErrUnknownKey},
			{"?", keyring.Certificate, i.at(1), keyring.ErrUnknownKey},
		} {
			if err := keys.Check(x.p, x.id, x.at); !errors.Is(err, x.want) {
				t.Errorf("%s %s at %v: got %v, want %v", x.p, x.id, x.at, err, x.want)
			}
		}
		// Roots of a seal count in its time only.
		for at, want := range map[int]*x509.Certificate{2: e1.Key.Chain[0], 4: e2.Key.Chain[0]} {
			pool := x509.NewCertPool()
			pool.AddCert(want)
			if !keys.Roots(nil, i.at(at)).Equal(pool) {
				t.Errorf("at %d min. the roots are not that of the seal in use", at)
			}
		}
		loaded, err := keyring.Load(t.Context(), i.db.Keys(), keyring.Keys{c1.Key, s2.Key, e2.Key})
		if err != nil || len(loaded) != len(keys) {
			t.Errorf("load: %d keys, %v, want %d", len(loaded), err, len(keys))
		}
		if loaded, err = keyring.Load(t.Context(), i.db.Keys(), keyring.Keys{c2.Key, s2.Key}); loaded == nil || !errors.Is(err, keyring.ErrRetired) {
			t.Errorf("load with a retired key: %d keys, %v", len(loaded), err)
		}
		if loaded, err = keyring.Load(t.Context(), i.db.Keys(), keyring.Keys{c2.Key, s1.Key}); loaded != nil || !errors.Is(err, keyring.ErrRetired) {
			t.Errorf("load without a key in use: %d keys, %v", len(loaded), err)
		}
	})
}

// TestReplicasAnnounceOnce: many that start at the same moment write one event.
func TestReplicasAnnounceOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i *installation) {
		done := make(chan error)
		const n = 8
		a := keyring.Announcement{Keys: []keyring.Holding{holding(t, keyring.Certificate, 1), holding(t, keyring.Statement, 2)}}
		for range n {
			go func() {
				_, _, err := keyring.Announce(context.WithoutCancel(t.Context()), i.config(), a)
				done <- err
			}()
		}
		for range n {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if events, err := i.db.Keys().KeyEvents(t.Context()); err != nil || len(events) != 1 {
			t.Errorf("got %d events, %v", len(events), err)
		}
	})
}

// forge appends an event to the chain of keys as one with the database could.
func (i *installation) forge(change func(data []byte) []byte, keys ...keyring.Holding) {
	i.t.Helper()
	other := &installation{i.t, testdb.Open(i.t), i.now}
	events, err := i.db.Keys().KeyEvents(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	err = other.db.Keys().InTx(i.t.Context(), func(ctx context.Context, s keyring.Store) error {
		for n := range events {
			events[n].LogIndex = nil
		}
		return s.AppendEvents(ctx, events...)
	})
	if err != nil {
		i.t.Fatal(err)
	}
	other.announce(nil, keys...)
	i.now = other.now
	if events, err = other.db.Keys().KeyEvents(i.t.Context()); err != nil {
		i.t.Fatal(err)
	}
	last := events[len(events)-1]
	st := eventlog.Writer{Env: storage.Env{Now: func() time.Time { return i.now }}.WithDefaults()}
	err = i.db.Keys().InTx(i.t.Context(), func(ctx context.Context, s keyring.Store) error {
		_, err := st.Append(ctx, s, eventlog.Draft{EnvelopeID: keyring.ChainID, Type: last.Type, Actor: last.Actor, Data: raw(change(last.Data))})
		return err
	})
	if err != nil {
		i.t.Fatal(err)
	}
}

type raw []byte

func (r raw) MarshalJSON() ([]byte, error) { return r, nil }

// TestForgedChangeIsVoid: whoever can write the database but has none of the keys
// makes no key of the installation, whatever is announced.
func TestForgedChangeIsVoid(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i *installation) {
		c, s := holding(t, keyring.Certificate, 1), holding(t, keyring.Statement, 2)
		evil := holding(t, keyring.Certificate, 9)
		i.announce(nil, c, s)
		same := func(data []byte) []byte { return data }
		i.forge(same, evil)
		i.forge(same, evil, holding(t, keyring.Embed, 8)) // goes on from the forgery
		if ks, err := keyring.Load(t.Context(), i.db.Keys(), keyring.Keys{c.Key, s.Key}); ks != nil || !errors.Is(err, keyring.ErrRetired) {
			t.Errorf("a running replica takes up %d keys, %v, want none and ErrRetired", len(ks), err)
		}
		keys := i.announce(nil, c, s)
		for _, k := range keys {
			if k.ID != c.Key.ID && k.ID != s.Key.ID {
				t.Errorf("the forged key is in the ring: %+v", k)
			}
		}
		if err := keys.Check(keyring.Certificate, c.Key.ID, i.now.Add(-30*time.Second)); err != nil {
			t.Errorf("the true key between forgery and restart: %v", err)
		}
		// One who has a key of the installation rotates in earnest, and later too.
		next := holding(t, keyring.Certificate, 5)
		if keys = i.announce(nil, next, s); keys.Check(keyring.Certificate, next.Key.ID, i.now) != nil {
			t.Error("a true change does not count after a forged one")
		}
	})
}

// TestAllKeysLost: when every private key is gone, new ones take over and the old
// ones verify for their time.
func TestAllKeysLost(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i *installation) {
		i.announce(nil, holding(t, keyring.Certificate, 1), holding(t, keyring.Statement, 2))
		keys := i.announce(nil, holding(t, keyring.Certificate, 3), holding(t, keyring.Statement, 4))
		if len(keys.Of(keyring.Certificate)) != 2 || len(keys.Of(keyring.Statement)) != 2 {
			t.Errorf("got %v", keys)
		}
	})
}

// TestAlteredHistoryIsFound alters the newest event in every way that keeps its chain.
func TestAlteredHistoryIsFound(t *testing.T) {
	t.Parallel()
	c, s := holding(t, keyring.Certificate, 1), holding(t, keyring.Statement, 2)
	next := holding(t, keyring.Certificate, 3)
	replace := func(old, by string) func([]byte) []byte {
		return func(data []byte) []byte {
			out := bytes.ReplaceAll(data, []byte(old), []byte(by))
			if bytes.Equal(out, data) {
				t.Errorf("%q is not in the event", old)
			}
			return out
		}
	}
	for name, change := range map[string]func([]byte) []byte{
		"time":           replace(`"at":"2026`, `"at":"2027`),
		"predecessor":    replace(`"prev":"`, `"prev":"0`),
		"self-made":      replace(`"purpose":"certificate"}],"prev"`, `"purpose":"certificate","self_made":true}],"prev"`),
		"purpose":        replace(`"purpose":"statement"`, `"purpose":"embed"`),
		"version":        replace(`"v":1`, `"v":2`),
		"old key signed": replace(`"signed":false`, `"signed":true`),
		"signatures": func(data []byte) []byte {
			_, rest, _ := bytes.Cut(data, []byte(`],"statement"`))
			return append([]byte(`{"signatures":[],"statement"`), rest...)
		},
		"member": replace(`"v":1}`, `"v":1,"x":1}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := &installation{t, testdb.Open(t), start}
			i.announce(nil, s, c)
			i.forge(change, s, next)
			if _, _, err := keyring.Announce(t.Context(), i.config(), keyring.Announcement{Keys: []keyring.Holding{c, s}}); !errors.Is(err, keyring.ErrHistory) {
				t.Errorf("got %v, want ErrHistory", err)
			}
		})
	}
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	until := start.Add(time.Hour)
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := keyring.Keys{
		holding(t, keyring.Certificate, 1).Key, holding(t, keyring.Statement, 2).Key, holding(t, keyring.Custodian, 3).Key,
		holding(t, keyring.Embed, 4).Key, seal(t, ecKey, "ec").Key, seal(t, rsaKey, "rsa").Key, holding(t, keyring.Log, 5).Key,
	}
	for i := range keys {
		keys[i].From = start
	}
	keys[0].Until = &until
	keys[1].From = time.Time{}
	set, err := keys.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	read, err := keyring.ParseJWKS(set)
	if err != nil {
		t.Fatal(err)
	}
	if len(read) != len(keys)-1 {
		t.Fatalf("got %d keys, want all but the log's", len(read))
	}
	for i, k := range read {
		want := keys[i]
		if k.Purpose != want.Purpose || k.ID != want.ID || !k.Public.Equal(want.Public) && want.Public != nil || !k.From.Equal(want.From) ||
			(k.Until == nil) != (want.Until == nil) || len(k.Chain) != len(want.Chain) || k.SelfMade != want.SelfMade {
			t.Errorf("got %+v, want %+v", k, want)
		}
	}
	// Another implementation reads it too, and sees the same keys.
	var theirs jose.JSONWebKeySet
	if err := json.Unmarshal(set, &theirs); err != nil {
		t.Fatal(err)
	}
	for i, k := range theirs.Keys {
		if k.KeyID != keys[i].ID || !k.Valid() || k.Use != "sig" {
			t.Errorf("go-jose reads key %d as %q, use %q", i, k.KeyID, k.Use)
		}
	}
	change := func(old, by string) []byte {
		out := strings.Replace(string(set), old, by, 1)
		if out == string(set) {
			t.Errorf("%q is not in the set", old)
		}
		return []byte(out)
	}
	for name, bad := range map[string][]byte{
		"no purpose":        change(`"evault_purpose": "certificate",`, ``),
		"null purpose":      change(`"evault_purpose": "certificate"`, `"evault_purpose": null`),
		"unknown purpose":   change(`"evault_purpose": "certificate"`, `"evault_purpose": "certificates"`),
		"other spelling":    change(`"evault_purpose": "certificate"`, `"Evault_Purpose": "certificate"`),
		"two purposes":      change(`"evault_purpose": "certificate"`, `"evault_purpose": "embed", "evault_purpose": "certificate"`),
		"id of another":     change(keys[0].ID, keys[1].ID),
		"seal's purpose":    change(`"evault_purpose": "seal"`, `"evault_purpose": "certificate"`),
		"purpose of seal":   change(`"evault_purpose": "certificate"`, `"evault_purpose": "seal"`),
		"time":              change(`"evault_from": "2026-03-04T05:06:07.000000Z"`, `"evault_from": "2026-03-04"`),
		"end":               change(`"evault_until": "2026-03-04T06:06:07.000000Z"`, `"evault_until": 5`),
		"two sets":          append(slices.Clone(set), set...),
		"keys twice":        []byte(`{"keys":[],"keys":[]}`),
		"no keys":           []byte(`{}`),
		"array":             []byte(`[]`),
		"nothing":           nil,
		"not a key":         []byte(`{"keys":[5]}`),
		"key without curve": []byte(`{"keys":[{"kid":"a","x":"AAAA","evault_purpose":"certificate"}]}`),
	} {
		if ks, err := keyring.ParseJWKS(bad); err == nil {
			t.Errorf("%s: got %d keys and no error", name, len(ks))
		}
	}
}

func TestRingNeedsTheKeyThatSigns(t *testing.T) {
	t.Parallel()
	own, other := holding(t, keyring.Certificate, 1).Key, holding(t, keyring.Certificate, 2).Key
	if _, err := keyring.NewRing(other).With(own); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("got %v, want ErrUnknownKey", err)
	}
	r, err := keyring.NewRing(own).With(own)
	if err != nil {
		t.Fatal(err)
	}
	r.Replace(keyring.Keys{other})
	if len(r.Keys()) != 1 || r.Keys()[0].ID != other.ID {
		t.Errorf("got %v", r.Keys())
	}
	if none, err := (*keyring.Ring)(nil).With(own); err != nil || len(none.Keys()) != 1 {
		t.Errorf("got %v, %v", none, err)
	}
}

func FuzzParseJWKS(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"","kid":"","use":"sig","evault_purpose":"seal","evault_from":null,"evault_until":null,"x5c":["AA=="]}]}`))
	set, err := keyring.Keys{holding(f, keyring.Certificate, 1).Key}.JWKS()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set)
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := keyring.ParseJWKS(b)
		if err != nil {
			return
		}
		again, err := keys.JWKS()
		if err != nil {
			return // a seal of a kind that has no JSON form
		}
		read, err := keyring.ParseJWKS(again)
		if err != nil || len(read) != len(keys)-len(keys.Of(keyring.Log)) {
			t.Errorf("what was written reads as %d keys, %v", len(read), err)
		}
	})
}
