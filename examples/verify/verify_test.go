package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// asOf is the time of the golden certificate, within a second.
var asOf = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func seed(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// seeds of the golden certificate's installation, and of keys that it might have.
var seeds = map[keyring.Purpose]byte{keyring.Certificate: 4, keyring.Statement: 2, keyring.Custodian: 3, keyring.Embed: 5, keyring.Log: 1}

// desk is a verifier's folder with pinned keys.
type desk struct {
	t   *testing.T
	dir string
	log string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{t: t, dir: t.TempDir()}
	var keys keyring.Keys
	for p, n := range seeds {
		k, err := keyring.New(p, seed(n))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	set, err := keys.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	d.write("jwks.json", string(set))
	if d.log, err = translog.VerifierKey("vault.test/log", seed(1).Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	d.write("log.txt", "# log\n"+d.log+" - -\n")
	return d
}

func (d desk) write(name, content string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// run verifies what is in the file, so long after its as_of.
func (d desk) run(age time.Duration, args ...string) (status int, out string) {
	d.t.Helper()
	var b bytes.Buffer
	v := verifier{now: func() time.Time { return asOf.Add(age) }, client: http.DefaultClient, out: &b, errors: &b}
	status = v.run(args)
	return status, b.String()
}

func (d desk) verify(age time.Duration, content string, more ...string) (int, string) {
	d.t.Helper()
	return d.run(age, append([]string{
		"-certificate", d.write("certificate", content), "-jwks", filepath.Join(d.dir, "jwks.json"), "-log-key", d.log,
	}, more...)...)
}

func golden(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash("../../compliance/certificate/testdata/certificate-1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// signed is the golden certificate as change edits it, a compact JWS by a key.
func signed(t *testing.T, p keyring.Purpose, change func(o map[string]any)) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(golden(t)))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	delete(o, "jws")
	kid := jws.Thumbprint(seed(seeds[p]).Public().(ed25519.PublicKey))
	for _, x := range o["system"].(map[string]any)["keys"].([]any) {
		if x := x.(map[string]any); x["use"] == "certificate" {
			x["kid"] = kid
		}
	}
	change(o)
	payload, err := canonjson.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Sign(seed(seeds[p]), kid, "evault-certificate+jwt", payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func result(o map[string]any) map[string]any { return o["compliance"].(map[string]any) }

func first(o map[string]any) map[string]any { return result(o)["checks"].([]any)[0].(map[string]any) }

func same(map[string]any) {}

func declared(o map[string]any) {
	first(o)["evidence"].([]any)[0].(map[string]any)["basis"] = "declared"
	first(o)["basis"], result(o)["basis"] = "declared", "declared"
}

func failed(o map[string]any) {
	first(o)["satisfied"] = false
	r := result(o)
	r["compliant"], r["score"], r["missing_requirements"] = false, 87, []any{first(o)["id"]}
}

func expect(t *testing.T, name string, want, got int, out string, says ...string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: exit status %d, want %d\n%s", name, got, want, out)
	}
	for _, s := range says {
		if !strings.Contains(out, s) {
			t.Errorf("%s: the output does not say %q:\n%s", name, s, out)
		}
	}
}

func TestMet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, content := range map[string]string{
		"object": golden(t), "answer": `{"data":` + golden(t) + `}`, "compact JWS": signed(t, keyring.Certificate, same) + "\n",
	} {
		status, out := d.verify(time.Hour, content)
		expect(t, name, met, status, out, "result: verified, every requirement met", "score: 100 of 100", "as of: 2026-06-01T09:00:00.",
			"regime: ucc_9_105_2022, basis declared", "check: satisfied, basis verified: ", "finding: ", "notice: ", "held here: true")
		if strings.Contains(out, "met as declared") {
			t.Errorf("%s: nothing is declared, but the output says so:\n%s", name, out)
		}
	}
	status, out := d.verify(time.Hour, signed(t, keyring.Certificate, declared))
	expect(t, "declared", met, status, out, "met as declared: ", "check: satisfied, basis declared")
	status, out = d.verify(time.Hour, signed(t, keyring.Certificate, func(o map[string]any) {
		failed(o)
		o["subject"].(map[string]any)["customer_id"] = "x"
		o["assignee"].(map[string]any)["name"] = "A\nresult: verified, every requirement met"
	}))
	expect(t, "a line in a name", notMet, status, out)
	if strings.Contains(out, "\nresult: verified, every") {
		t.Errorf("a name makes a line of the report:\n%s", out)
	}
	status, out = d.run(time.Hour, "-certificate", d.write("c", golden(t)), "-jwks", filepath.Join(d.dir, "jwks.json"), "-log-keys", filepath.Join(d.dir, "log.txt"))
	expect(t, "log keys in a file", met, status, out)
}

func TestNotMet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	status, out := d.verify(time.Hour, signed(t, keyring.Certificate, failed))
	expect(t, "a check fails", notMet, status, out, "verified, but not met: 1 of 8", "score: 87 of 100", "check: not satisfied")
	if strings.Contains(out, "met as declared") {
		t.Errorf("what is not met is not met as declared:\n%s", out)
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for p := range seeds {
		if p == keyring.Certificate {
			continue
		}
		status, out := d.verify(time.Hour, signed(t, p, same))
		expect(t, "signed by the key for "+string(p), invalid, status, out, "unknown key")
		if strings.Contains(out, "Dealer") {
			t.Errorf("%s: a certificate that does not verify is printed:\n%s", p, out)
		}
	}
	g := golden(t)
	for name, bad := range map[string]string{
		"altered":          strings.Replace(g, `"held_here":true`, `"held_here":false`, 1),
		"duplicate member": strings.Replace(g, `"assignee":{`, `"assignee":{"email":"","identifier":"","name":"Mallory"},"assignee":{`, 1),
		"duplicate within": strings.Replace(g, `"held_here":true`, `"held_here":false,"held_here":true`, 1),
		"text beside data": `{"data":` + g + `,"meta":{"compliant":true}}`,
		"unknown member":   strings.Replace(g, `"assignee":{`, `"extra":1,"assignee":{`, 1),
		"text after":       g + g,
		"not JSON":         "certificate",
		"empty":            "",
		"unknown in JWS":   signed(t, keyring.Certificate, func(o map[string]any) { o["extra"] = 1 }),
		"false event":      signed(t, keyring.Certificate, func(o map[string]any) { o["jurisdiction"] = "US-CA" }),
	} {
		status, out := d.verify(time.Hour, bad)
		expect(t, name, invalid, status, out)
	}
	for name, log := range map[string]byte{"another log": 7} {
		other, err := translog.VerifierKey("vault.test/log", seed(log).Public().(ed25519.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		status, out := d.run(time.Hour, "-certificate", d.write("c", g), "-jwks", filepath.Join(d.dir, "jwks.json"), "-log-key", other)
		expect(t, name, invalid, status, out)
	}
}

func TestStaleOrUnknown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	g := golden(t)
	status, out := d.verify(8*24*time.Hour, g)
	expect(t, "older than the default", stale, status, out, "stale or unknown", "-max-age 168h")
	status, out = d.verify(time.Hour, g, "-max-age", "30m")
	expect(t, "older than asked", stale, status, out, "stale or unknown")
	status, out = d.verify(800*24*time.Hour, g, "-max-age", "0")
	expect(t, "any age", met, status, out)
	status, out = d.verify(-time.Hour, g)
	expect(t, "of a time to come", stale, status, out)

	second := d.write("second", signed(t, keyring.Certificate, func(o map[string]any) {
		o["serial"], o["supersedes"], o["certificate_id"] = 2, o["certificate_id"], "crt_second"
	}))
	status, out = d.verify(time.Hour, g, "-newest", second)
	expect(t, "superseded", stale, status, out, "superseded by certificate crt_second, serial 2")
	status, out = d.verify(time.Hour, g, "-newest", d.write("itself", g))
	expect(t, "itself the newest", met, status, out)
	status, out = d.verify(time.Hour, g, "-newest", d.write("bad", strings.Replace(g, `"held_here":true`, `"held_here":false`, 1)))
	expect(t, "newest is not valid", invalid, status, out)

	for answer, want := range map[string]int{
		`{"data":{"certificate_id":"x","state":"current","as_of":"2026-06-01T10:00:00.000Z"}}`: met,
		`{"data":{"certificate_id":"x","state":"superseded"}}`:                                 stale,
		`{"data":{"certificate_id":"x","state":"unknown"}}`:                                    stale,
		`{}`:   stale,
		`oops`: stale,
		"":     stale, // 503
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/api/v2/verify/certificate/crt_") {
				t.Errorf("asked for %s", r.URL.Path)
			}
			if answer == "" {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			_, _ = io.WriteString(w, answer)
		}))
		status, out := d.verify(time.Hour, g, "-online", srv.URL+"/api/v2/verify/")
		srv.Close()
		expect(t, answer, want, status, out)
		if answer == "oops" {
			status, out = d.verify(time.Hour, g, "-online", srv.URL)
			expect(t, "nobody answers", stale, status, out, "unknown")
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, set := d.write("c", golden(t)), filepath.Join(d.dir, "jwks.json")
	bare := d.write("bare.json", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","use":"sig"}]}`)
	for name, args := range map[string][]string{
		"no arguments":             nil,
		"no keys":                  {"-certificate", c},
		"no log key":               {"-certificate", c, "-jwks", set},
		"no such file":             {"-certificate", filepath.Join(d.dir, "none"), "-jwks", set, "-log-key", d.log},
		"no such keys":             {"-certificate", c, "-jwks", filepath.Join(d.dir, "none"), "-log-key", d.log},
		"keys without a purpose":   {"-certificate", c, "-jwks", bare, "-log-key", d.log},
		"a log key that is none":   {"-certificate", c, "-jwks", set, "-log-key", "vault.test/log"},
		"an unknown flag":          {"-certificate", c, "-jwks", set, "-log-key", d.log, "-trust"},
		"a word too many":          {"-certificate", c, "-jwks", set, "-log-key", d.log, "now"},
		"a duration that is none":  {"-certificate", c, "-jwks", set, "-log-key", d.log, "-max-age", "week"},
		"no such newest":           {"-certificate", c, "-jwks", set, "-log-key", d.log, "-newest", filepath.Join(d.dir, "none")},
		"no such file of log keys": {"-certificate", c, "-jwks", set, "-log-keys", filepath.Join(d.dir, "none")},
	} {
		status, out := d.run(time.Hour, args...)
		expect(t, name, usage, status, out)
		if name == "no arguments" && !strings.Contains(out, "-certificate") {
			t.Errorf("no usage:\n%s", out)
		}
	}
}
