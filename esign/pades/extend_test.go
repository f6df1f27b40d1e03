package pades_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

func extender(t testing.TB, change ...func(*pades.ExtenderConfig)) *pades.Extender {
	t.Helper()
	c := pades.ExtenderConfig{Roots: pki().Roots(), Revocation: pki().Revocations(), Timestamper: pki().Timestamper()}
	for _, f := range change {
		f(&c)
	}
	e, err := pades.NewExtender(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func extendFile(t testing.TB, e *pades.Extender, raw []byte) []byte {
	t.Helper()
	x, err := e.Extend(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	out := append(bytes.Clone(raw), x.Appended...)
	if x.SHA256 != sha256.Sum256(out) || x.Size != int64(len(out)) || x.Level != e.Level() {
		t.Errorf("the extension does not describe itself: %+v", x)
	}
	return out
}

func TestExtendEveryKind(t *testing.T) {
	t.Parallel()
	lt := extender(t, func(c *pades.ExtenderConfig) { c.Timestamper = nil })
	lta := extender(t)
	for name, raw := range files() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bt := seal(t, sealer(t, pki().Seal), raw)
			for _, tc := range []struct {
				raw        []byte
				signatures int
				level      string
			}{
				{bt, 1, pades.LevelBT},
				{extendFile(t, lt, bt), 1, pades.LevelBLT},
				{extendFile(t, lta, bt), 2, pades.LevelBLTA},
				{extendFile(t, lta, extendFile(t, lt, bt)), 2, pades.LevelBLTA},
				{extendFile(t, lta, extendFile(t, lta, bt)), 3, pades.LevelBLTA},
				{extendFile(t, lta, seal(t, sealer(t, pki().RSA()), extendFile(t, lta, bt))), 4, pades.LevelBLTA},
			} {
				r := wantOK(t, tc.raw, tc.signatures)
				if got := r.Signatures[0]; got.Level != tc.level {
					t.Errorf("level: got %s, want %s", got.Level, tc.level)
				}
				wantRevocation := pades.RevocationGood
				if tc.level == pades.LevelBT {
					wantRevocation = pades.RevocationUnknown
				}
				if got := r.Signatures[0].Revocation; got != wantRevocation {
					t.Errorf("revocation: got %s, want %s", got, wantRevocation)
				}
			}
			if prefixes, _, err := signedPrefixes(extendFile(t, lta, bt)); err != nil || len(prefixes) != 1 {
				t.Errorf("signed prefixes: got %v, %v, want that of the seal alone", prefixes, err)
			}
		})
	}
}

// TestExtendOutlivesAuthorities moves the clock: the seal's time-stamp authority expires, and the file still verifies
// because a younger document time-stamp covers it.
func TestExtendOutlivesAuthorities(t *testing.T) {
	t.Parallel()
	now := time.Now()
	clock := func() time.Time { return now }
	p, err := testpki.New(testpki.Options{Now: clock, Life: 30 * 365 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	year := 365 * 24 * time.Hour
	stamper := func(life time.Duration) *testpki.Stamper {
		id, err := p.NewTSA("Test TSA", life)
		if err != nil {
			t.Fatal(err)
		}
		s := p.Timestamper()
		s.ID = id
		return s
	}
	// All are issued now, for the library behind the test authority writes the true time into its tokens.
	short, longer, longest := stamper(2*year), stamper(4*year), stamper(10*year)
	s := sealer(t, p.Seal, func(c *pades.Config) { c.Timestamper, c.Now = short, clock })
	raw := seal(t, s, testpdf.New(testpdf.Options{}))
	extend := func(by *testpki.Stamper) {
		raw = extendFile(t, extender(t, func(c *pades.ExtenderConfig) {
			c.Roots, c.Revocation, c.Timestamper, c.Now = p.Roots(), p.Revocations(), by, clock
		}), raw)
	}
	check := func(raw []byte, want bool) {
		t.Helper()
		r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: p.Roots(), Now: now, RequireRevocation: false})
		if err != nil {
			t.Fatal(err)
		}
		if r.OK() != want {
			t.Errorf("in %d: OK is %v, want %v: %s", now.Year(), r.OK(), want, problems(r))
		}
	}
	bt := raw
	extend(longer)
	first := raw
	now = now.Add(3 * year) // the seal's authority has expired
	check(bt, false)
	check(first, true)
	extend(longest)
	now = now.Add(3 * year) // the first document time-stamp's too
	check(first, false)
	check(raw, true)
	r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: p.Roots(), Now: now})
	if err != nil || r.Signatures[0].Level != pades.LevelBLTA {
		t.Errorf("level: %s, %v", r.Signatures[0].Level, err)
	}
	// The file itself answers for all but the authority of the newest time-stamp.
	for i, want := range []string{pades.RevocationGood, pades.RevocationGood, pades.RevocationUnknown} {
		if got := r.Signatures[i].Revocation; got != want {
			t.Errorf("revocation %d: got %s, want %s", i+1, got, want)
		}
	}
	now = now.Add(20 * year)
	check(raw, false)
}

func TestSealAtOnceToBLTA(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{Structure: testpdf.ObjectStreams})
	s := sealer(t, pki().Seal, func(c *pades.Config) { c.Extender = extender(t) })
	got, err := s.Seal(context.Background(), pades.SealRequest{PDF: raw})
	if err != nil {
		t.Fatal(err)
	}
	full := append(bytes.Clone(raw), got.Appended...)
	if got.SHA256 != sha256.Sum256(full) || got.Size != int64(len(full)) || got.Level != pades.LevelBLTA {
		t.Errorf("the seal does not describe itself: %+v", got)
	}
	if r := wantOK(t, full, 2); r.Signatures[0].Level != pades.LevelBLTA {
		t.Errorf("level: got %s", r.Signatures[0].Level)
	}
	down := pki().Revocations()
	down.Down = true
	s = sealer(t, pki().Seal, func(c *pades.Config) {
		c.Extender = extender(t, func(c *pades.ExtenderConfig) { c.Revocation = down })
	})
	if _, err := s.Seal(
		context.Background(), pades.SealRequest{PDF: raw},
	); !errors.Is(err, pades.ErrRevocationUnavailable) {
		t.Errorf("a seal below its level: %v", err)
	}
}

func TestExtendRefuses(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{})
	good := seal(t, sealer(t, pki().Seal), raw)
	down := pki().Revocations()
	down.Down = true
	revoked := pki().Revocations()
	revoked.Revoke(pki().Seal.Leaf(), time.Now().Add(-time.Minute))
	for name, tc := range map[string]struct {
		raw    []byte
		change func(*pades.ExtenderConfig)
		want   error
	}{
		"no signature":       {raw: raw, want: pades.ErrNotValid},
		"changed afterwards": {raw: shadow(t, good), want: pades.ErrNotValid},
		"not a PDF":          {raw: []byte("x"), want: pades.ErrNotPDF},
		"revocation is down": {raw: good, change: func(c *pades.ExtenderConfig) {
			c.Revocation = down
		}, want: pades.ErrRevocationUnavailable},
		"certificate revoked": {raw: good, change: func(c *pades.ExtenderConfig) {
			c.Revocation = revoked
		}, want: pades.ErrNotValid},
		"time-stamp down": {raw: good, change: func(c *pades.ExtenderConfig) {
			c.Timestamper = failingStamper{}
		}, want: pades.ErrTimestampUnavailable},
		"answer is rubbish": {raw: good, change: func(c *pades.ExtenderConfig) {
			c.Revocation = rubbish{}
		}, want: pades.ErrRevocationUnavailable},
		"answer of another PKI": {raw: good, change: func(c *pades.ExtenderConfig) {
			c.Revocation = stranger(t)
		}, want: pades.ErrRevocationUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var changes []func(*pades.ExtenderConfig)
			if tc.change != nil {
				changes = append(changes, tc.change)
			}
			if _, err := extender(t, changes...).Extend(context.Background(), tc.raw); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	for _, c := range []pades.ExtenderConfig{{}, {Roots: pki().Roots()}, {Revocation: down}} {
		if _, err := pades.NewExtender(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

// TestRevocationIsJudged verifies with answers beside the file.
func TestRevocationIsJudged(t *testing.T) {
	t.Parallel()
	good := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}))
	list := func(change func(*testpki.Revocations)) [][]byte {
		r := pki().Revocations()
		change(r)
		out := [][]byte{}
		for _, issuer := range []*x509.Certificate{pki().Root, pki().CA} {
			der, err := r.CRL(issuer)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, der)
		}
		return out
	}
	before, after := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for name, tc := range map[string]struct {
		crls    [][]byte
		require bool
		ok      bool
		want    string
	}{
		"no answer":           {ok: true, want: pades.RevocationUnknown},
		"no answer, required": {require: true, want: pades.RevocationUnknown},
		"good": {
			crls: list(func(*testpki.Revocations) {}), require: true, ok: true, want: pades.RevocationGood,
		},
		"revoked before": {crls: list(func(r *testpki.Revocations) {
			r.Revoke(pki().Seal.Leaf(), before)
		}), want: pades.RevocationRevoked},
		"revoked after the time-stamp": {crls: list(func(r *testpki.Revocations) {
			r.Revoke(pki().Seal.Leaf(), after)
		}), ok: true, want: pades.RevocationGood},
		"authority revoked": {crls: list(func(r *testpki.Revocations) {
			r.Revoke(pki().TSA.Leaf(), before)
		}), want: pades.RevocationRevoked},
		"issuer revoked": {crls: list(func(r *testpki.Revocations) {
			r.Revoke(pki().CA, before)
		}), want: pades.RevocationRevoked},
	} {
		r, err := pades.Verify(context.Background(), good, pades.Options{
			Roots: pki().Roots(), Material: pades.Material{CRLs: tc.crls}, RequireRevocation: tc.require,
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.OK() != tc.ok || r.Signatures[0].Revocation != tc.want {
			t.Errorf("%s: got %v, %s, want %v, %s: %s", name, r.OK(), r.Signatures[0].Revocation, tc.ok, tc.want, problems(r))
		}
	}
}

// rubbish answers with something that is no answer.
type rubbish struct{}

func (rubbish) Revocation(context.Context, *x509.Certificate, *x509.Certificate) ([]byte, []byte, error) {
	return []byte("x"), []byte("y"), nil
}

// stranger answers for another PKI with the same names.
func stranger(t testing.TB) pades.RevocationSource {
	t.Helper()
	p, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &impostor{p.Revocations(), p}
}

type impostor struct {
	r *testpki.Revocations
	p *testpki.PKI
}

func (i *impostor) Revocation(ctx context.Context, cert, _ *x509.Certificate) ([]byte, []byte, error) {
	return i.r.Revocation(ctx, cert, i.p.CA)
}
