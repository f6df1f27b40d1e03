package scopes_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// clock is a hand that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open(t *testing.T) (*scopes.Registry, *clock, *sqlstore.DB) {
	t.Helper()
	c := &clock{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	db := testdb.Open(t)
	r, err := scopes.New(scopes.Config{Store: db.Scopes(), Env: storage.Env{Now: c.now}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CreateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "A"}); err != nil {
		t.Fatal(err)
	}
	return r, c, db
}

func issue(t *testing.T, r *scopes.Registry, expires *time.Time) (*scopes.Key, string) {
	t.Helper()
	k, secret, err := r.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All(), ExpiresAt: expires})
	if err != nil {
		t.Fatal(err)
	}
	return k, secret
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := scopes.New(scopes.Config{}); err == nil || !strings.Contains(err.Error(), "Config.Store") {
		t.Errorf("got %v, want an error naming Config.Store", err)
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	r, _, _ := open(t)
	_, secret := issue(t, r, nil)
	last := byte('0')
	if secret[len(secret)-1] == last {
		last = '1'
	}
	for _, s := range []string{
		"", "lk_", secret[3:], strings.ToUpper(secret), secret + " ", " " + secret, secret + "0", secret[:len(secret)-1],
		secret[:len(secret)-1] + string(last), "lk_" + strings.Repeat("0", 40), "lk_" + strings.Repeat("g", 40),
		strings.Replace(secret, "lk_", "pk_", 1), secret + "\x00", "lk_' OR 1=1 --",
	} {
		if _, err := r.Authenticate(t.Context(), s); !errors.Is(err, scopes.ErrUnknownKey) {
			t.Errorf("%q: got %v, want ErrUnknownKey", s, err)
		}
	}
	if _, err := r.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("the secret itself: %v", err)
	}
}

func TestExpiryIsTheMomentItself(t *testing.T) {
	t.Parallel()
	r, c, _ := open(t)
	expires := c.at.Add(time.Minute)
	_, secret := issue(t, r, &expires)
	c.at = expires.Add(-time.Microsecond)
	if _, err := r.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("just before: %v", err)
	}
	c.at = expires
	if _, err := r.Authenticate(t.Context(), secret); !errors.Is(err, scopes.ErrExpiredKey) {
		t.Errorf("at the moment: got %v, want ErrExpiredKey", err)
	}
}

func TestDisableEndsForGood(t *testing.T) {
	t.Parallel()
	r, c, _ := open(t)
	k, secret := issue(t, r, nil)
	first, err := r.Disable(t.Context(), "org_a", k.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(time.Hour)
	again, err := r.Disable(t.Context(), "org_a", k.ID)
	if err != nil || !again.DisabledAt.Equal(*first.DisabledAt) {
		t.Errorf("second disable: got %v, %v, want the first time kept", again, err)
	}
	c.at = c.at.Add(-48 * time.Hour) // a clock set back revives nothing
	if _, err := r.Authenticate(t.Context(), secret); !errors.Is(err, scopes.ErrDisabledKey) {
		t.Errorf("got %v, want ErrDisabledKey", err)
	}
	if _, _, err := r.Rotate(t.Context(), "org_a", k.ID, time.Hour); !errors.Is(err, scopes.ErrDisabledKey) {
		t.Errorf("rotate: got %v, want ErrDisabledKey", err)
	}
	for _, id := range []string{"key_none", ""} {
		if _, err := r.Disable(t.Context(), "org_a", id); !errors.Is(err, scopes.ErrKeyNotFound) {
			t.Errorf("disable %q: got %v, want ErrKeyNotFound", id, err)
		}
	}
	if _, err := r.Disable(t.Context(), "org_b", k.ID); !errors.Is(err, scopes.ErrKeyNotFound) {
		t.Errorf("by another organization: got %v, want ErrKeyNotFound", err)
	}
}

func TestRotateOverlap(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		life, overlap time.Duration // life 0: no expiry
		lastsFor      time.Duration
	}{
		{"none", 0, 0, 0},
		{"negative", 0, -time.Hour, 0},
		{"an hour", 0, time.Hour, time.Hour},
		{"not longer than before", time.Minute, time.Hour, time.Minute},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, c, _ := open(t)
			start := c.at
			var expires *time.Time
			if tc.life > 0 {
				at := start.Add(tc.life)
				expires = &at
			}
			old, oldSecret := issue(t, r, expires)
			next, secret, err := r.Rotate(t.Context(), "org_a", old.ID, tc.overlap)
			if err != nil {
				t.Fatal(err)
			}
			if next.ID == old.ID || next.Line != old.Line || secret == oldSecret || !next.Scopes.Has(scopes.VaultRelease) {
				t.Errorf("got %+v after %+v", next, old)
			}
			if tc.lastsFor > 0 {
				c.at = start.Add(tc.lastsFor - time.Microsecond)
				if _, err := r.Authenticate(t.Context(), oldSecret); err != nil {
					t.Errorf("within the overlap: %v", err)
				}
			}
			c.at = start.Add(tc.lastsFor)
			if _, err := r.Authenticate(t.Context(), oldSecret); !errors.Is(err, scopes.ErrExpiredKey) {
				t.Errorf("after the overlap: got %v, want ErrExpiredKey", err)
			}
			c.at = start
			if _, err := r.Authenticate(t.Context(), secret); err != nil {
				t.Errorf("new key: %v", err)
			}
		})
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	r, c, _ := open(t)
	agreement := scopes.Agreement{Reference: "A-1", Date: c.at, SHA256: storage.Sum(nil), NotTransferor: true}
	org := func(edit func(*scopes.Organization)) error {
		o := scopes.Organization{ID: "org_x", LegalName: "X"}
		edit(&o)
		_, err := r.CreateOrganization(t.Context(), o)
		return err
	}
	key := func(edit func(*scopes.IssueRequest)) error {
		q := scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All()}
		edit(&q)
		_, _, err := r.Issue(t.Context(), q)
		return err
	}
	cases := []struct {
		name, field string
		err         error
	}{
		{"id", "id", org(func(o *scopes.Organization) { o.ID = "org_A" })},
		{"id without prefix", "id", org(func(o *scopes.Organization) { o.ID = "acme" })},
		{"no name", "legal_name", org(func(o *scopes.Organization) { o.LegalName = "" })},
		{"long name", "legal_name", org(func(o *scopes.Organization) { o.LegalName = strings.Repeat("é", 201) })},
		{"name is not UTF-8", "legal_name", org(func(o *scopes.Organization) { o.LegalName = "\xff" })},
		{"capacity", "capacity", org(func(o *scopes.Organization) { o.Capacity = "owner" })},
		{"agent without agreement", "agreement", org(func(o *scopes.Organization) { o.Capacity = scopes.Agent })},
		{"agent is the transferor", "agreement.not_transferor", org(func(o *scopes.Organization) {
			a := agreement
			a.NotTransferor = false
			o.Capacity, o.Agreement = scopes.Agent, &a
		})},
		{"agreement digest", "agreement.sha256", org(func(o *scopes.Organization) {
			a := agreement
			a.SHA256 = "ABC"
			o.Agreement = &a
		})},
		{"agreement date", "agreement.date", org(func(o *scopes.Organization) {
			a := agreement
			a.Date = time.Time{}
			o.Agreement = &a
		})},
		{"no scopes", "scopes", key(func(q *scopes.IssueRequest) { q.Scopes = nil })},
		{"unknown scope", "scopes[0]", key(func(q *scopes.IssueRequest) { q.Scopes = scopes.Set{"admin"} })},
		{"limit", "per_minute", key(func(q *scopes.IssueRequest) { q.PerMinute = -1 })},
		{"great limit", "per_minute", key(func(q *scopes.IssueRequest) { q.PerMinute = 1_000_001 })},
		{"past expiry", "expires_at", key(func(q *scopes.IssueRequest) { q.ExpiresAt = &c.at })},
		{"key name", "name", key(func(q *scopes.IssueRequest) { q.Name = strings.Repeat("x", 201) })},
	}
	for _, origin := range []string{
		"http://app.example", "https://app.example/", "https://app.example/x", "https://App.example", "https://u@app.example",
		"https://", "null", "*", "https://app.example:443", "javascript:alert(1)", "https://app.example#x", "http://localhost.evil.example",
	} {
		cases = append(cases, struct {
			name, field string
			err         error
		}{"origin " + origin, "origins[0]", org(func(o *scopes.Organization) { o.Origins = []string{origin} })})
	}
	for _, tc := range cases {
		var invalid *scopes.InvalidError
		if !errors.As(tc.err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Field != tc.field {
			t.Errorf("%s: got %v, want an InvalidError of %s alone", tc.name, tc.err, tc.field)
		}
	}
	if err := org(func(o *scopes.Organization) {
		o.Capacity, o.Agreement = scopes.Agent, &agreement
		o.Origins = []string{"https://app.example:8443", "http://localhost:3000", "http://[::1]:3000"}
	}); err != nil {
		t.Errorf("a whole agent: %v", err)
	}
}

func TestOrganizationErrors(t *testing.T) {
	t.Parallel()
	r, _, _ := open(t)
	if _, err := r.CreateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "B"}); !errors.Is(err, scopes.ErrOrganizationExists) {
		t.Errorf("taken id: got %v", err)
	}
	if _, err := r.Organization(t.Context(), "org_none"); !errors.Is(err, scopes.ErrOrganizationNotFound) {
		t.Errorf("absent: got %v", err)
	}
	if _, err := r.UpdateOrganization(t.Context(), scopes.Organization{ID: "org_none", LegalName: "N"}); !errors.Is(err, scopes.ErrOrganizationNotFound) {
		t.Errorf("update of an absent one: got %v", err)
	}
	if _, _, err := r.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_none", Scopes: scopes.All()}); !errors.Is(err, scopes.ErrOrganizationNotFound) {
		t.Errorf("key for an absent one: got %v", err)
	}
	before, _ := r.Organization(t.Context(), "org_a")
	after, err := r.UpdateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "New"})
	if err != nil || after.LegalName != "New" || !after.CreatedAt.Equal(before.CreatedAt) {
		t.Errorf("update: got %+v, %v", after, err)
	}
}

// Also shares the fate of the key.
func TestAlso(t *testing.T) {
	t.Parallel()
	r, _, _ := open(t)
	stop := errors.New("stop")
	_, _, err := r.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All(), Also: func(_ context.Context, tx storage.Tx, k *scopes.Key) error {
		if sqlstore.Bun(tx) == nil || k.ID == "" {
			t.Error("no transaction or no key")
		}
		return stop
	}})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the callback's error", err)
	}
	if list, _ := r.Keys(t.Context(), "org_a"); len(list) != 0 {
		t.Errorf("got %d keys after a refusal, want none", len(list))
	}
}

func TestWithJoinsTheHost(t *testing.T) {
	t.Parallel()
	r, _, db := open(t)
	stop := errors.New("stop")
	err := db.Bun().RunInTx(t.Context(), nil, func(ctx context.Context, tx bun.Tx) error {
		if _, _, err := r.With(sqlstore.Join(tx)).Issue(ctx, scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All()}); err != nil {
			t.Errorf("issue: %v", err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if list, _ := r.Keys(t.Context(), "org_a"); len(list) != 0 {
		t.Errorf("got %d keys after the host rolled back, want none", len(list))
	}
}

func TestRandomSourceFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	r, err := scopes.New(scopes.Config{
		Store: testdb.Open(t).Scopes(),
		Env:   storage.Env{Rand: iotest.ErrReader(boom), NewID: func(p string) string { return p + "_1" }},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CreateOrganization(t.Context(), scopes.Organization{LegalName: "A"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_1", Scopes: scopes.All()}); !errors.Is(err, boom) {
		t.Errorf("got %v, want the source's error", err)
	}
}

// No byte of the database spells a secret (I19).
func TestSecretIsNotStored(t *testing.T) {
	t.Parallel()
	r, _, db := open(t)
	k, first := issue(t, r, nil)
	_, second, err := r.Rotate(t.Context(), "org_a", k.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/dump.db"
	if _, err := db.Bun().ExecContext(t.Context(), "VACUUM INTO ?", path); err != nil {
		t.Fatal(err)
	}
	dump, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(dump, []byte(storage.Sum([]byte(first)))) {
		t.Fatal("the dump does not hold the digest; the search below would prove nothing")
	}
	for _, secret := range []string{first, second} {
		if bytes.Contains(dump, []byte(secret)) || bytes.Contains(dump, []byte(secret[3:])) {
			t.Error("the database holds a secret")
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	set, err := scopes.ParseSet("vault:read, envelopes:read,vault:read")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(scopes.Set{scopes.EnvelopesRead, scopes.VaultRead}, set); diff != "" {
		t.Error(diff)
	}
	if again, err := scopes.ParseSet(set.String()); err != nil || !cmp.Equal(set, again) {
		t.Errorf("parse of String: got %v, %v", again, err)
	}
	if !set.HasAny(scopes.VaultRelease, scopes.VaultRead) || set.HasAny(scopes.VaultRelease) || set.Has("") {
		t.Error("Has or HasAny is wrong")
	}
	for _, bad := range []string{"", ",", "vault:read,", "vault:*", "VAULT:READ"} {
		if _, err := scopes.ParseSet(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if n := len(scopes.All()); n != 9 {
		t.Errorf("got %d scopes, want 9", n)
	}
}
