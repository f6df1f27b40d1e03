package custody_test

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// golden is a chain of custody as the first release with assignments wrote it: a
// deposit, a sale, a pledge, the way back, and a release. PREV is the digest of the
// statement before.
var golden = []string{
	`{"at":"2026-06-01T09:00:00.000000Z","consent":` + by("org_dealer") + `,"copy_id":"cpy_1","custody_id":"cust_1","envelope_id":"env_1","from":null,"jurisdiction":"","kind":"deposit","prev":"PREV","recipient":null,"seq":1,"sha256":"a1","to":` + dealer + `,"v":1,"version":1}`,
	`{"acceptance":` + by("org_bank") + `,"assignment_id":"asg_1","at":"2026-06-02T09:00:00.000000Z","consent":` + by("org_dealer") + `,"copy_id":"cpy_1","custody_id":"cust_2","envelope_id":"env_1","from":` + dealer + `,"jurisdiction":"","kind":"assignment","prev":"PREV","purpose":"sale","recipient":null,"seq":2,"sha256":"a2","to":` + bank + `,"v":2,"version":2}`,
	`{"acceptance":` + by("org_lender") + `,"assignment_id":"asg_2","at":"2026-06-03T09:00:00.000000Z","consent":` + by("org_bank") + `,"copy_id":"cpy_1","custody_id":"cust_3","envelope_id":"env_1","from":` + bank + `,"jurisdiction":"","kind":"assignment","prev":"PREV","purpose":"pledge","recipient":null,"seq":3,"sha256":"a3","to":` + lender + `,"v":2,"version":3}`,
	`{"acceptance":` + by("org_bank") + `,"assignment_id":"asg_3","at":"2026-06-04T09:00:00.000000Z","consent":` + by("org_lender") + `,"copy_id":"cpy_1","custody_id":"cust_4","envelope_id":"env_1","from":` + lender + `,"jurisdiction":"","kind":"assignment","prev":"PREV","purpose":"release_back","recipient":null,"seq":4,"sha256":"a4","to":` + bank + `,"v":2,"version":4}`,
	`{"at":"2026-06-05T09:00:00.000000Z","consent":` + by("org_bank") + `,"copy_id":"cpy_1","custody_id":"cust_5","envelope_id":"env_1","from":` + bank + `,"jurisdiction":"","kind":"release","prev":"PREV","recipient":{"name":"Cleo Smith"},"seq":5,"sha256":"a5","to":null,"v":2,"version":5}`,
}

const (
	dealer = `{"assignee":{"identifier":"org_dealer","name":"Dealer"},"controller":{"bound_by":"organization","org_id":"org_dealer","party":{"identifier":"org_dealer","name":"Dealer"}},"custodian":{"kind":"operator","party":{"name":"Operator"}}}`
	bank   = `{"assignee":{"identifier":"org_bank","name":"Bank"},"controller":{"bound_by":"organization","org_id":"org_bank","party":{"identifier":"org_bank","name":"Bank"}},"custodian":{"kind":"operator","party":{"name":"Operator"}},"interest":{"kind":"owner"}}`
	lender = `{"assignee":{"identifier":"org_lender","name":"Lender"},"controller":{"bound_by":"organization","org_id":"org_lender","party":{"identifier":"org_lender","name":"Lender"}},"custodian":{"kind":"operator","party":{"name":"Operator"}},"interest":{"kind":"pledgee","obligation":{"amount":"10.00","currency":"USD","reference":"Line 7"},"pledged_by":{"identifier":"org_bank","name":"Bank"}}}`
)

func by(org string) string {
	return `{"actor":{"id":"key_1","kind":"key","org_id":"` + org + `"},"kind":"attested","request_sha256":"b7"}`
}

var (
	private = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	keys    = keyring.Keys{{Purpose: keyring.Statement, ID: "k", Public: private.Public().(ed25519.PublicKey)}}
)

// chain signs payloads, each with the digest of the one before.
func chain(t testing.TB, payloads []string) (tokens []string) {
	t.Helper()
	prev := ""
	for _, p := range payloads {
		token, err := jws.Sign(private, "k", custody.TypCustody, []byte(strings.Replace(p, "PREV", prev, 1)))
		if err != nil {
			t.Fatal(err)
		}
		tokens, prev = append(tokens, token), string(storage.Sum([]byte(token)))
	}
	return tokens
}

func TestGoldenAssignments(t *testing.T) {
	t.Parallel()
	for i, p := range golden {
		if err := canonjson.Check([]byte(p)); err != nil {
			t.Errorf("statement %d: %v", i+1, err)
		}
	}
	said, err := custody.VerifyCustody(chain(t, golden), keys)
	if err != nil {
		t.Fatal(err)
	}
	pledge := said[2]
	want := custody.Interest{
		Kind: custody.InterestPledgee, PledgedBy: custody.Party{Name: "Bank", Identifier: "org_bank"},
		Obligation: custody.Obligation{Reference: "Line 7", Amount: "10.00", Currency: "USD"},
	}
	if pledge.To.Interest != want || !pledge.To.Interest.Pledged() || pledge.Purpose != custody.PurposePledge ||
		pledge.AssignmentID != "asg_2" || pledge.Acceptance.Actor.OrgID != "org_lender" || pledge.Consent.Actor.OrgID != "org_bank" {
		t.Errorf("the pledge: %+v", pledge)
	}
	if back := said[3]; back.To.Interest.Pledged() || *back.To != *said[1].To {
		t.Errorf("the way back: %+v", back)
	}
}

// TestStatementOf: an entry's statement is what was golden, byte by byte.
func TestStatementOf(t *testing.T) {
	t.Parallel()
	tokens := chain(t, golden)
	said, err := custody.VerifyCustody(tokens, keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range said {
		at, err := time.Parse(time.RFC3339Nano, s.At)
		if err != nil {
			t.Fatal(err)
		}
		again := custody.StatementOf(custody.Entry{
			ID: s.CustodyID, CopyID: s.CopyID, EnvelopeID: s.EnvelopeID, Seq: s.Seq, Kind: s.Kind, From: s.From, To: s.To, Recipient: s.Recipient,
			Version: s.Version, SHA256: s.SHA256, Consent: s.Consent, PreviousSHA256: s.Prev, RecordedAt: at,
			AssignmentID: s.AssignmentID, Purpose: s.Purpose, Reason: s.Reason, Acceptance: s.Acceptance,
		}, "")
		b, err := canonjson.Marshal(again)
		if want := strings.Replace(golden[i], "PREV", string(s.Prev), 1); err != nil || string(b) != want {
			t.Errorf("statement %d: %v\ngot  %s\nwant %s", i+1, err, b, want)
		}
	}
}

func TestAssignmentsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entry    int
		old, new string
	}{
		"an assignment of version 1":          {1, `"v":2`, `"v":1`},
		"a version to come":                   {1, `"v":2`, `"v":3`},
		"no acceptance":                       {1, `"acceptance":` + by("org_bank") + `,`, ``},
		"no assignment id":                    {1, `"assignment_id":"asg_1",`, ``},
		"no purpose":                          {1, `"purpose":"sale",`, ``},
		"a recipient":                         {1, `"recipient":null`, `"recipient":{"name":"Cleo Smith"}`},
		"nobody after it":                     {1, `"to":` + bank, `"to":null`},
		"a deposit with a purpose":            {0, `"prev":"PREV",`, `"prev":"PREV","purpose":"sale",`},
		"a deposit with an interest":          {0, `"party":{"name":"Operator"}}}`, `"party":{"name":"Operator"}},"interest":{"kind":"owner"}}`},
		"a release with an acceptance":        {4, `{"at"`, `{"acceptance":` + by("org_bank") + `,"at"`},
		"a release of version 1":              {4, `"v":2`, `"v":1`},
		"from one who is not the controller":  {2, `"from":` + bank, `"from":` + dealer},
		"from an owner who is only a pledgee": {3, `"from":` + lender, `"from":` + strings.Replace(lender, `pledgee`, `owner`, 1)},
		"another obligation":                  {3, `"from":` + lender, `"from":` + strings.Replace(lender, `Line 7`, `Line 8`, 1)},
	} {
		payloads := slices.Clone(golden)
		if payloads[c.entry] = strings.Replace(payloads[c.entry], c.old, c.new, 1); payloads[c.entry] == golden[c.entry] {
			t.Fatalf("%s: %q is not in the statement", name, c.old)
		}
		if _, err := custody.VerifyCustody(chain(t, payloads), keys); !errors.Is(err, custody.ErrStatement) {
			t.Errorf("%s: got %v, want ErrStatement", name, err)
		}
	}
}

// TestOfferStatusAt: an offer ends at its expiry whether or not a task has recorded
// it.
func TestOfferStatusAt(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		is   custody.OfferStatus
		at   time.Time
		want custody.OfferStatus
	}{
		{custody.OfferOpen, end.Add(-time.Microsecond), custody.OfferOpen},
		{custody.OfferOpen, end, custody.OfferExpired},
		{custody.OfferAccepted, end.Add(time.Hour), custody.OfferAccepted},
		{custody.OfferRejected, end.Add(time.Hour), custody.OfferRejected},
		{custody.OfferCancelled, end.Add(-time.Hour), custody.OfferCancelled},
	} {
		if got := (&custody.Offer{Status: c.is, ExpiresAt: end}).StatusAt(c.at); got != c.want {
			t.Errorf("%s at %s: got %s, want %s", c.is, c.at, got, c.want)
		}
	}
}
