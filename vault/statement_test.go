package vault_test

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// golden statements were written by the first release; every later one must
// read them.
const (
	goldenCustody = `{"at":"2026-06-01T09:00:00.002000Z","consent":{"actor":{"id":"key_1","kind":"key"},"kind":"attested","request_id":"req_1","request_sha256":"b7"},"copy_id":"cpy_1","custody_id":"cust_1","envelope_id":"env_1","from":null,"jurisdiction":"US-NY is the jurisdiction","kind":"deposit","prev":"","recipient":null,"seq":1,"sha256":"a1","to":{"assignee":{"email":"vault@bank.test","identifier":"lei:549300","name":"First Bank of Łódź"},"controller":{"bound_by":"agent","org_id":"org_dealer","party":{"identifier":"org_dealer","name":"Dealer Finance LLC"}},"custodian":{"kind":"operator","party":{"identifier":"operator","name":"Vault Operator Inc."}}},"v":1,"version":1}`
	goldenRelease = `{"at":"2026-06-02T09:00:00.002000Z","consent":{"actor":{"id":"key_1","kind":"key"},"kind":"attested"},"copy_id":"cpy_1","custody_id":"cust_2","envelope_id":"env_1","from":{"assignee":{"email":"vault@bank.test","identifier":"lei:549300","name":"First Bank of Łódź"},"controller":{"bound_by":"agent","org_id":"org_dealer","party":{"identifier":"org_dealer","name":"Dealer Finance LLC"}},"custodian":{"kind":"operator","party":{"identifier":"operator","name":"Vault Operator Inc."}}},"jurisdiction":"","kind":"release","prev":"PREV","recipient":{"name":"Cleo Smith"},"seq":2,"sha256":"a2","to":null,"v":1,"version":2}`

	goldenAcknowledgment   = `{"acknowledgment_id":"ack_1","assignee":{"name":"First Bank"},"at":"2026-06-01T09:00:00.002000Z","controller":{"bound_by":"organization","org_id":"org_1","party":{"name":"First Bank"}},"copy_id":"cpy_1","custodian":{"name":"Vault Operator Inc."},"custody_id":"cust_1","envelope_id":"env_1","sha256":"a1","standing_acknowledgment_sha256":"c3","statement":"The custodian named here acknowledges that it maintains the authoritative copy named here, and holds it for the assignee named here under the control of the controller named here.","v":1,"version":1}`
	goldenReleaseStatement = `{"at":"2026-06-02T09:00:00.002000Z","copy_id":"cpy_1","ends_sha256":"a1","ends_version":1,"envelope_id":"env_1","note":"paid","reason":"payoff","recipient":{"email":"c@bank.test","name":"Cleo Smith","organization":"First Bank"},"release_id":"rel_1","sha256":"a2","v":1,"version":2}`
)

var statementKeys = keyring.Keys{
	{Purpose: keyring.Statement, ID: "k", Public: testworld.Key(2).Public().(ed25519.PublicKey)},
	{Purpose: keyring.Custodian, ID: "k", Public: testworld.Key(2).Public().(ed25519.PublicKey)},
}

func signed(t testing.TB, typ, payload string) string {
	t.Helper()
	token, err := jws.Sign(testworld.Key(2), "k", typ, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func custodyTokens(t testing.TB) []string {
	t.Helper()
	first := signed(t, "evault-custody+jwt", goldenCustody)
	return []string{first, signed(t, "evault-custody+jwt", strings.Replace(goldenRelease, "PREV", sumOf(first), 1))}
}

func TestGoldenStatements(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"custody": goldenCustody, "release entry": goldenRelease, "acknowledgment": goldenAcknowledgment, "release": goldenReleaseStatement,
	} {
		if err := canonjson.Check([]byte(s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	chain, err := custody.VerifyCustody(custodyTokens(t), statementKeys)
	if err != nil || len(chain) != 2 || chain[0].To.Assignee != bank || chain[1].Recipient.Name != "Cleo Smith" || chain[1].From.Custodian.Party != operator {
		t.Errorf("custody: %+v, %v", chain, err)
	}
	a, err := custody.VerifyAcknowledgment(signed(t, "evault-acknowledgment+jwt", goldenAcknowledgment), statementKeys)
	if err != nil || a.Standing != "c3" || a.Custodian.Name != operator.Name || a.Controller.BoundBy != "organization" {
		t.Errorf("acknowledgment: %+v, %v", a, err)
	}
	r, err := custody.VerifyRelease(signed(t, "evault-release+jwt", goldenReleaseStatement), statementKeys)
	if err != nil || r.EndsVersion != 1 || r.Recipient.Organization != "First Bank" || r.Note != "paid" {
		t.Errorf("release: %+v, %v", r, err)
	}
}

func TestVerifyCustodyRefuses(t *testing.T) {
	t.Parallel()
	good := custodyTokens(t)
	entry := func(s string) string { return signed(t, "evault-custody+jwt", s) }
	next := func(old, replacement string) []string {
		s := strings.Replace(goldenRelease, "PREV", sumOf(good[0]), 1)
		changed := strings.Replace(s, old, replacement, 1)
		if changed == s {
			t.Fatalf("%q is not in the statement", old)
		}
		return []string{good[0], entry(changed)}
	}
	for name, tokens := range map[string][]string{
		"gap":            {good[1]},
		"order":          {good[1], good[0]},
		"twice":          {good[0], good[0]},
		"other type":     {signed(t, "evault-release+jwt", goldenCustody)},
		"not a token":    {"x"},
		"not canonical":  {entry(goldenCustody + " ")},
		"unknown field":  {entry(strings.Replace(goldenCustody, `{"at"`, `{"a":1,"at"`, 1))},
		"missing field":  {entry(strings.Replace(goldenCustody, `"seq":1,`, ``, 1))},
		"version":        {entry(strings.Replace(goldenCustody, `"v":1`, `"v":2`, 1))},
		"no predecessor": next(sumOf(good[0]), strings.Repeat("0", 64)),
		"other copy":     next(`"copy_id":"cpy_1"`, `"copy_id":"cpy_2"`),
		"other envelope": next(`"envelope_id":"env_1"`, `"envelope_id":"env_2"`),
		"other holder":   next(`"name":"Vault Operator Inc."`, `"name":"Other"`),
		"older version":  next(`"version":2`, `"version":0`),
		"older":          next("2026-06-02", "2026-05-31"),
		"after the end":  append(slices.Clone(good), entry(strings.Replace(strings.Replace(goldenRelease, `"seq":2`, `"seq":3`, 1), "PREV", sumOf(good[1]), 1))),
	} {
		if _, err := custody.VerifyCustody(tokens, statementKeys); !errors.Is(err, custody.ErrStatement) {
			t.Errorf("%s: got %v, want ErrStatement", name, err)
		}
	}
	if _, err := custody.VerifyCustody(good, keyring.Keys{{Purpose: keyring.Statement, ID: "k", Public: testworld.Key(9).Public().(ed25519.PublicKey)}}); !errors.Is(err, custody.ErrStatement) {
		t.Errorf("other key: got %v, want ErrStatement", err)
	}
	if _, err := custody.VerifyRelease(signed(t, "evault-release+jwt", strings.Replace(goldenReleaseStatement, `"v":1`, `"v":2`, 1)), statementKeys); !errors.Is(err, custody.ErrStatement) {
		t.Errorf("unknown version: got %v, want ErrStatement", err)
	}
	if _, err := custody.VerifyAcknowledgment(signed(t, "evault-custody+jwt", goldenAcknowledgment), statementKeys); !errors.Is(err, custody.ErrStatement) {
		t.Errorf("other type: got %v, want ErrStatement", err)
	}
}

func FuzzVerifyCustody(f *testing.F) {
	for _, s := range []string{goldenCustody, goldenRelease, "{}", `{"v":1,"seq":1}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		chain, err := custody.VerifyCustody([]string{signed(t, "evault-custody+jwt", payload)}, statementKeys)
		if err != nil && !errors.Is(err, custody.ErrStatement) {
			t.Errorf("got %v, want ErrStatement", err)
		}
		if err == nil {
			if b, err := canonjson.Marshal(chain[0]); err != nil || string(b) != payload {
				t.Errorf("%s is read as %s, %v", payload, b, err)
			}
		}
	})
}

// A statement is taken only from a key of its own purpose, and only from the time
// in which that key was in use.
func TestStatementsNeedTheirOwnKeyInItsTime(t *testing.T) {
	t.Parallel()
	signedAt, err := environ.Parse("2026-06-01T09:00:00.002000Z")
	if err != nil {
		t.Fatal(err)
	}
	with := func(p keyring.Purpose, from, until time.Duration) keyring.Keys {
		k := keyring.Key{Purpose: p, ID: "k", Public: statementKeys[0].Public, From: signedAt.Add(from)}
		if until != 0 {
			end := signedAt.Add(until)
			k.Until = &end
		}
		return keyring.Keys{k}
	}
	entry, acknowledgment := signed(t, "evault-custody+jwt", goldenCustody), signed(t, "evault-acknowledgment+jwt", goldenAcknowledgment)
	verify := map[keyring.Purpose]func(keyring.Keys) error{
		keyring.Statement: func(ks keyring.Keys) error {
			_, err := custody.VerifyCustody([]string{entry}, ks)
			return err
		},
		keyring.Custodian: func(ks keyring.Keys) error {
			_, err := custody.VerifyAcknowledgment(acknowledgment, ks)
			return err
		},
	}
	purposes := []keyring.Purpose{keyring.Certificate, keyring.Statement, keyring.Custodian, keyring.Log, keyring.Embed}
	for own, do := range verify {
		for _, p := range purposes {
			if err := do(with(p, 0, 0)); (err == nil) != (p == own) {
				t.Errorf("a statement for a %s key, by a %s key: %v", own, p, err)
			}
		}
		for _, x := range []struct {
			name        string
			from, until time.Duration
			ok          bool
		}{
			{"from that time on", 0, 0, true},
			{"retired later", -time.Hour, time.Microsecond, true},
			{"retired before", -time.Hour, -time.Microsecond, false},
			{"made later", time.Microsecond, 0, false},
		} {
			err := do(with(own, x.from, x.until))
			if x.ok && err != nil || !x.ok && (!errors.Is(err, keyring.ErrKeyTime) || !errors.Is(err, custody.ErrStatement)) {
				t.Errorf("%s, %s: got %v", own, x.name, err)
			}
		}
	}
	back := append(with(keyring.Statement, -2*time.Hour, -time.Hour), with(keyring.Statement, -time.Minute, 0)...)
	if err := verify[keyring.Statement](back); err != nil {
		t.Errorf("a key that came back: %v", err)
	}
}
