package certificate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

const certificateTyp = "evault-certificate+jwt"

// forged is the golden certificate as change edits it, signed by the key of the seed,
// which it names as its own.
func forged(t testing.TB, seed byte, change func(o map[string]any)) string {
	t.Helper()
	return forgedAs(t, seed, certificateTyp, change)
}

// forgedAs is forged under another type of JWS.
func forgedAs(t testing.TB, seed byte, typ string, change func(o map[string]any)) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(golden(t, "certificate-1.0.json")))
	d.UseNumber()
	var o map[string]any
	check(t, d.Decode(&o))
	delete(o, "jws")
	k, err := keyring.New(keyring.Certificate, key(seed))
	check(t, err)
	for _, x := range o["system"].(map[string]any)["keys"].([]any) {
		if x := x.(map[string]any); x["use"] == "certificate" {
			x["kid"] = k.ID
		}
	}
	change(o)
	payload, err := canonjson.Marshal(o)
	check(t, err)
	token, err := jws.Sign(key(seed), k.ID, typ, payload)
	check(t, err)
	return token
}

func entries(o map[string]any) []any { return o["log"].(map[string]any)["entries"].([]any) }

// A certificate is taken from a certificate key only, whichever other key of the
// installation signed it, and only from the time in which that key was in use.
func TestCertificateNeedsACertificateKeyInItsTime(t *testing.T) {
	t.Parallel()
	same := func(map[string]any) {}
	trusted := goldenKeys(t)
	issued, err := certificate.Verify(forged(t, 4, same), trusted)
	check(t, err)
	for n, p := range []keyring.Purpose{keyring.Statement, keyring.Custodian, keyring.Log, keyring.Embed} {
		k, err := keyring.New(p, key(byte(20+n)))
		check(t, err)
		keys := trusted
		keys.Certificate = append(keyring.Keys{k}, trusted.Certificate...) // whoever fills it with the whole of jwks.json
		mallory := func(o map[string]any) { o["assignee"].(map[string]any)["name"] = "Mallory Capital" }
		if _, err := certificate.Verify(forged(t, byte(20+n), mallory), keys); !errors.Is(err, certificate.ErrInvalid) {
			t.Errorf("signed by the %s key: got %v, want ErrInvalid", p, err)
		}
	}
	at := issued.IssuedAt.Time
	for name, x := range map[string]struct {
		from  time.Time
		until time.Duration
		ok    bool
	}{
		"in use":         {at, 0, true},
		"retired since":  {at.Add(-time.Hour), time.Microsecond, true},
		"retired before": {at.Add(-time.Hour), -time.Microsecond, false},
		"retired then":   {at.Add(-time.Hour), time.Nanosecond, false},
		"made since":     {at.Add(time.Microsecond), 0, false},
	} {
		keys := trusted
		k := trusted.Certificate[0]
		if k.From = x.from; x.until != 0 {
			until := at.Add(x.until.Truncate(time.Microsecond))
			k.Until = &until
		}
		keys.Certificate = keyring.Keys{k}
		if _, err := certificate.Verify(issued.JWS, keys); (err == nil) != x.ok {
			t.Errorf("key %s: got %v", name, err)
		}
		// The same for the key of the log: it must have been in use after the newest
		// event that the checkpoint holds and before the evaluation.
		keys = trusted
		keys.Log = []translog.Key{{Verifier: trusted.Log[0].Verifier, From: x.from}}
		if name == "made since" {
			if _, err := certificate.Verify(issued.JWS, keys); !errors.Is(err, translog.ErrCheckpoint) {
				t.Errorf("log key %s: got %v", name, err)
			}
		}
	}
	early := issued.AuthoritativeCopy.VaultedAt.Time
	keys := trusted
	keys.Log = []translog.Key{{Verifier: trusted.Log[0].Verifier, Until: &early}}
	if _, err := certificate.Verify(issued.JWS, keys); !errors.Is(err, translog.ErrCheckpoint) {
		t.Errorf("a checkpoint by a key that was retired before its newest event: got %v", err)
	}
}

// Log entries prove the events that they name and no others, and what the
// certificate prints of an event is what the event says.
func TestCertificateSaysWhatItsEventsSay(t *testing.T) {
	t.Parallel()
	entry := func(o map[string]any, kind string) map[string]any {
		for _, e := range entries(o) {
			if e := e.(map[string]any); e["type"] == kind {
				return e
			}
		}
		t.Fatalf("no entry of %s", kind)
		return nil
	}
	without := func(o map[string]any, kind string) {
		var list []any
		for _, e := range entries(o) {
			if e.(map[string]any)["type"] != kind {
				list = append(list, e)
			}
		}
		o["log"].(map[string]any)["entries"] = list
	}
	in := func(o map[string]any, key string) map[string]any { return o[key].(map[string]any) }
	first := func(o map[string]any, key string) map[string]any { return o[key].([]any)[0].(map[string]any) }
	ones := strings.Repeat("1", 64)
	later := "2026-06-01T09:00:00.000001Z"
	cases := map[string]func(o map[string]any){
		"event of another id":   func(o map[string]any) { entry(o, "envelope.completed")["event_id"] = "evt_other" },
		"event of another type": func(o map[string]any) { entry(o, "envelope.completed")["type"] = "envelope.sent" },
		"canonical of another": func(o map[string]any) {
			entry(o, "envelope.completed")["canonical"] = entry(o, "vault.stored")["canonical"]
		},
		"no canonical":          func(o map[string]any) { entry(o, "envelope.completed")["canonical"] = "" },
		"canonical is no event": func(o map[string]any) { entry(o, "envelope.completed")["canonical"] = "e30=" },
		"proof of another": func(o map[string]any) {
			entry(o, "envelope.completed")["inclusion_proof"] = entry(o, "vault.stored")["inclusion_proof"]
		},
		"an entry twice": func(o map[string]any) {
			in(o, "log")["entries"] = append(entries(o), maps.Clone(entries(o)[0].(map[string]any)))
		},
		"other envelope":           func(o map[string]any) { in(o, "subject")["envelope_id"] = "env_other" },
		"deposit not proved":       func(o map[string]any) { without(o, "vault.stored") },
		"custody not proved":       func(o map[string]any) { without(o, "custody.assigned") },
		"acknowledgment":           func(o map[string]any) { without(o, "custody.acknowledged") },
		"signatures not proved":    func(o map[string]any) { without(o, "envelope.signed") },
		"digest of the copy":       func(o map[string]any) { in(o, "authoritative_copy")["sha256"] = ones },
		"deposited digest":         func(o map[string]any) { in(o, "authoritative_copy")["deposited_sha256"] = ones },
		"copy":                     func(o map[string]any) { in(o, "authoritative_copy")["copy_id"] = "cpy_other" },
		"time of the deposit":      func(o map[string]any) { in(o, "authoritative_copy")["vaulted_at"] = later },
		"jurisdiction":             func(o map[string]any) { o["jurisdiction"] = "US-CA" },
		"basis of the regime":      func(o map[string]any) { o["regime_basis"] = "classified" },
		"custody statement":        func(o map[string]any) { first(o, "custody")["statement_sha256"] = ones },
		"custody digest":           func(o map[string]any) { first(o, "custody")["sha256"] = ones },
		"custody version":          func(o map[string]any) { first(o, "custody")["version"] = 2 },
		"custody kind":             func(o map[string]any) { first(o, "custody")["kind"] = "release" },
		"custody consent":          func(o map[string]any) { first(o, "custody")["consent"] = "signed" },
		"custody id":               func(o map[string]any) { first(o, "custody")["custody_id"] = "cust_other" },
		"custody event":            func(o map[string]any) { first(o, "custody")["event_id"] = entry(o, "vault.stored")["event_id"] },
		"acknowledgment's digest":  func(o map[string]any) { first(o, "acknowledgments")["sha256"] = ones },
		"time of a signature":      func(o map[string]any) { first(o, "signatures")["signed_at"] = later },
		"what a signer saw":        func(o map[string]any) { first(o, "signatures")["presented_sha256"] = ones },
		"what a signer consented":  func(o map[string]any) { first(o, "signatures")["disclosure_sha256"] = ones },
		"signed by another signer": func(o map[string]any) { first(o, "signatures")["signer_id"] = "sgn_other" },
		"evaluated before":         func(o map[string]any) { o["as_of"] = later },
	}
	keys := goldenKeys(t)
	for name, change := range cases {
		if _, err := certificate.Verify(forged(t, 4, change), keys); !errors.Is(err, certificate.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	c, err := certificate.Verify(forged(t, 4, func(map[string]any) {}), keys)
	check(t, err)
	for _, e := range c.Log.Entries {
		if x, err := event.Parse(e.Canonical); err != nil || x.ID != e.EventID {
			t.Errorf("%s: got %s, %v", e.EventID, x.ID, err)
		}
	}
}

func TestVerifyFile(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("testdata", "certificate-1.0.json"))
	check(t, err)
	var c struct {
		JWS string `json:"jws"`
	}
	check(t, json.Unmarshal(doc, &c))
	keys := goldenKeys(t)
	for name, good := range map[string]string{
		"object": string(doc), "answer": `{"data":` + string(doc) + "}\n", "jws": c.JWS, "jws with a line end": c.JWS + "\n",
	} {
		if _, err := certificate.VerifyFile([]byte(good), keys); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := strings.Replace(string(doc), `"assignee":{`, `"assignee":{"email":"","identifier":"","name":"Mallory"},"assignee":{`, 1)
	deep := strings.Replace(string(doc), `"held_here":true`, `"held_here":false,"held_here":true`, 1)
	escaped := strings.Replace(string(doc), `"assignee":{`, `"\u0061ssignee":{"email":"","identifier":"","name":"Mallory"},"assignee":{`, 1)
	for name, bad := range map[string]string{
		"duplicate": twice, "duplicate within": deep, "duplicate in another spelling": escaped,
		"duplicate in the answer": `{"data":` + twice + `}`, "data twice": `{"data":{},"data":` + string(doc) + `}`,
		"text beside data": `{"data":` + string(doc) + `,"note":"compliant"}`, "text after": string(doc) + "x",
		"unknown member": strings.Replace(string(doc), `"assignee":{`, `"extra":1,"assignee":{`, 1),
		"other case":     strings.Replace(string(doc), `"assignee":{`, `"Assignee":{},"assignee":{`, 1),
		"answer within":  `{"data":{"data":` + string(doc) + `}}`, "nothing": "", "null": "null", "array": "[" + string(doc) + "]",
	} {
		if _, err := certificate.VerifyFile([]byte(bad), keys); !errors.Is(err, certificate.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	trusted := goldenKeys(t)
	embed, err := keyring.New(keyring.Embed, key(8))
	check(t, err)
	set, err := append(keyring.Keys{embed}, trusted.Certificate...).JWKS()
	check(t, err)
	log := trusted.Log[0].Verifier
	until := start.Add(time.Hour)
	timed := translog.Key{Verifier: log, From: start, Until: &until}
	keys, err := certificate.ParseKeys(set, []byte("# log\n\n"+log+"\n"+timed.String()+"\r\n"))
	check(t, err)
	if len(keys.Certificate) != 1 || keys.Certificate[0].ID != trusted.Certificate[0].ID || len(keys.Log) != 2 ||
		keys.Log[0].Until != nil || !keys.Log[1].From.Equal(start) || !keys.Log[1].Until.Equal(until) {
		t.Errorf("got %+v", keys)
	}
	onlyEmbed, err := keyring.Keys{embed}.JWKS()
	check(t, err)
	for name, x := range map[string][2]string{
		"no log key":            {string(set), "# none\n"},
		"no certificate key":    {string(onlyEmbed), log},
		"key without a purpose": {strings.ReplaceAll(string(set), "evault_purpose", "purpose"), log},
		"log key":               {string(set), "vault.test/log"},
		"log key and one time":  {string(set), log + " -"},
		"log key's time":        {string(set), log + " - yesterday"},
	} {
		if _, err := certificate.ParseKeys([]byte(x[0]), []byte(x[1])); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// How a recipient verifies a certificate with keys that it pinned.
func ExampleVerifyFile() {
	jwks := []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"ypOsFwUYcHHWe4PH_w7-gQjo7EUwV113JoeTM9vavnw","kid":"d8Me3uJ82jhdsCstWyVMr3_I2ueeTYG5agM1-2r1_bY",
		"use":"sig","evault_purpose":"certificate","evault_from":null,"evault_until":null}]}`)
	keys, err := certificate.ParseKeys(jwks, []byte("vault.test/log+a05e09ce+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	content, err := os.ReadFile(filepath.Join("testdata", "certificate-1.0.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := certificate.VerifyFile(content, keys)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Regime, *c.Compliance.Score, c.Compliance.Basis)
	// Output: ucc_9_105_2022 100 attested
}
