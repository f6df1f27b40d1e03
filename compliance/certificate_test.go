package compliance_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/canon"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

var update = flag.Bool("update", false, "write golden files of the current format")

// golden is the released format 1.0: it must verify for ever. The file is only
// ever added to; -update writes it anew while nothing is released.
func TestGoldenCertificate(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "certificate-1.0.json")
	if *update {
		w := newWorld(t)
		id := w.completed()
		w.vaultIn(id)
		c, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
		check(t, err)
		doc, err := c.Document()
		check(t, err)
		check(t, os.MkdirAll("testdata", 0o755))
		check(t, os.WriteFile(path, doc, 0o644))
	}
	doc, err := os.ReadFile(path)
	check(t, err)
	c, err := compliance.VerifyDocument(doc, goldenKeys(t))
	check(t, err)
	if c.Version != "1.0" || c.Type != "ucc_9105_electronic_chattel_paper" || c.Serial != 1 || *c.Compliance.Score != 100 {
		t.Errorf("got %s %s, serial %d", c.Type, c.Version, c.Serial)
	}
	again, err := c.Document()
	check(t, err)
	if !bytes.Equal(again, doc) {
		t.Error("encoding what was read gives other bytes")
	}
}

func goldenKeys(t testing.TB) compliance.Keys {
	t.Helper()
	own, err := keyring.New(keyring.Certificate, key(4))
	check(t, err)
	vkey, err := translog.VerifierKey("vault.test/log", key(1).Public().(ed25519.PublicKey))
	check(t, err)
	return compliance.Keys{Certificate: keyring.Keys{own}, Log: []translog.Key{{Verifier: vkey}}}
}

// I32: a certificate with one byte changed verifies neither as JWS nor as
// document. With EVAULT_LONG, 200 bytes of each of 20 certificates are flipped.
func TestOneByteEditsFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.completed()
	w.vaultIn(id)
	keys := w.keys()
	for n := range testenv.Rounds(10) { // two documents of each: the JWS and the object
		if n > 0 { // another evaluation, another certificate
			w.clock.advance(time.Hour)
			_, err := w.vault.CheckIntegrity(t.Context(), id)
			check(t, err)
			_, err = w.log.Integrate(t.Context())
			check(t, err)
			events := w.events(id)
			_, err = w.engine.Issue(t.Context(), id, events[len(events)-1].ID)
			check(t, err)
		}
		c, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, n+1)
		check(t, err)
		doc, err := c.Document()
		check(t, err)
		_, err = compliance.VerifyDocument(doc, keys)
		check(t, err)
		for i := 0; i < 200; i += testenv.Step(4) {
			token, at := []byte(c.JWS), (i*len(c.JWS)+n*17)/200%len(c.JWS)
			token[at] ^= 1 << (i % 8)
			if _, err := compliance.VerifyCertificate(string(token), keys); !errors.Is(err, compliance.ErrInvalidCertificate) {
				t.Fatalf("JWS %d, byte %d: got %v", n, at, err)
			}
			edited, at := bytes.Clone(doc), (i*len(doc)+n*17)/200%len(doc)
			edited[at] ^= 1 << (i % 8)
			if _, err := compliance.VerifyDocument(edited, keys); !errors.Is(err, compliance.ErrInvalidCertificate) {
				t.Fatalf("document %d, byte %d: got %v", n, at, err)
			}
		}
	}
}

// resign signs an edited payload with the right key: what the form itself must
// refuse.
func TestVerifyRefusesNonsense(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("testdata", "certificate-1.0.json"))
	check(t, err)
	keys := goldenKeys(t)
	pub := key(4).Public().(ed25519.PublicKey)
	stranger, err := keyring.New(keyring.Certificate, key(9))
	check(t, err)
	edit := func(typ string, change func(map[string]any)) string {
		d := json.NewDecoder(bytes.NewReader(doc))
		d.UseNumber()
		var object map[string]any
		check(t, d.Decode(&object))
		delete(object, "jws")
		change(object)
		payload, err := canon.Marshal(object)
		check(t, err)
		token, err := jws.Sign(key(4), jws.Thumbprint(pub), typ, payload)
		check(t, err)
		return token
	}
	in := func(o map[string]any, key string) map[string]any { return o[key].(map[string]any) }
	const typ = "evault-certificate+jwt"
	if _, err := compliance.VerifyCertificate(edit(typ, func(map[string]any) {}), keys); err != nil {
		t.Fatalf("unedited: %v", err)
	}
	cases := map[string]string{
		"other typ":             edit("evault-custody+jwt", func(map[string]any) {}),
		"other version":         edit(typ, func(o map[string]any) { o["certificate_version"] = "1.1" }),
		"unknown field":         edit(typ, func(o map[string]any) { o["extra"] = 1 }),
		"missing field":         edit(typ, func(o map[string]any) { delete(o, "powers") }),
		"type":                  edit(typ, func(o map[string]any) { o["certificate_type"] = "transferable_record_7021" }),
		"regime":                edit(typ, func(o map[string]any) { o["regime"] = "ueta_16" }),
		"unknown regime":        edit(typ, func(o map[string]any) { o["regime"] = "ucc_12_105" }),
		"score":                 edit(typ, func(o map[string]any) { in(o, "compliance")["score"] = 99 }),
		"check fails":           edit(typ, func(o map[string]any) { check0(o)["satisfied"] = false }),
		"check renamed":         edit(typ, func(o map[string]any) { check0(o)["id"] = "other" }),
		"paragraph":             edit(typ, func(o map[string]any) { check0(o)["ucc_reference"] = "UCC § 1-101" }),
		"no checks":             edit(typ, func(o map[string]any) { in(o, "compliance")["checks"] = []any{} }),
		"serial 0":              edit(typ, func(o map[string]any) { o["serial"] = 0 }),
		"serial 2":              edit(typ, func(o map[string]any) { o["serial"] = 2 }),
		"no id":                 edit(typ, func(o map[string]any) { o["certificate_id"] = "" }),
		"held nowhere":          edit(typ, func(o map[string]any) { in(o, "authoritative_copy")["held_here"] = false }),
		"issued before":         edit(typ, func(o map[string]any) { o["issued_at"] = "2020-01-01T00:00:00.000000Z" }),
		"time":                  edit(typ, func(o map[string]any) { o["as_of"] = "2026-06-01T09:00:00Z" }),
		"other key":             edit(typ, func(o map[string]any) { in(o, "system")["keys"] = []any{} }),
		"tree size":             edit(typ, func(o map[string]any) { in(o, "log")["tree_size"] = 1 }),
		"root":                  edit(typ, func(o map[string]any) { in(o, "log")["root_hash"] = strings.Repeat("A", 43) + "=" }),
		"checkpoint":            edit(typ, func(o map[string]any) { in(o, "log")["checkpoint"] = "vault.test/log\n1\n" }),
		"no entries":            edit(typ, func(o map[string]any) { in(o, "log")["entries"] = []any{} }),
		"index":                 edit(typ, func(o map[string]any) { entry0(o)["index"] = 0 }),
		"leaf":                  edit(typ, func(o map[string]any) { entry0(o)["leaf_hash"] = strings.Repeat("A", 43) + "=" }),
		"proof":                 edit(typ, func(o map[string]any) { entry0(o)["inclusion_proof"] = []any{} }),
		"proof is no hash":      edit(typ, func(o map[string]any) { entry0(o)["inclusion_proof"] = []any{"?"} }),
		"cause not proved":      edit(typ, func(o map[string]any) { in(o, "cause")["event_id"] = "evt_other" }),
		"cause of another type": edit(typ, func(o map[string]any) { in(o, "cause")["type"] = "vault.released" }),
		"empty":                 "",
		"not a certificate":     "a.b.c",
	}
	for name, token := range cases {
		if _, err := compliance.VerifyCertificate(token, keys); !errors.Is(err, compliance.ErrInvalidCertificate) {
			t.Errorf("%s: got %v, want ErrInvalidCertificate", name, err)
		}
	}
	for name, k := range map[string]compliance.Keys{
		"no keys":            {},
		"no log key":         {Certificate: keys.Certificate},
		"no certificate key": {Log: keys.Log},
		"stranger's key":     {Certificate: keyring.Keys{stranger}, Log: keys.Log},
	} {
		if _, err := compliance.VerifyDocument(doc, k); !errors.Is(err, compliance.ErrInvalidCertificate) {
			t.Errorf("%s: got %v, want ErrInvalidCertificate", name, err)
		}
	}
	for name, text := range map[string]string{"empty": "", "array": "[]", "no jws": "{}", "two": string(doc) + string(doc), "jws is a number": `{"jws":1}`} {
		if _, err := compliance.VerifyDocument([]byte(text), keys); !errors.Is(err, compliance.ErrInvalidCertificate) {
			t.Errorf("document, %s: got %v, want ErrInvalidCertificate", name, err)
		}
	}
}

func check0(o map[string]any) map[string]any {
	return o["compliance"].(map[string]any)["checks"].([]any)[0].(map[string]any)
}

func entry0(o map[string]any) map[string]any {
	return o["log"].(map[string]any)["entries"].([]any)[0].(map[string]any)
}

func FuzzVerifyDocument(f *testing.F) {
	doc, err := os.ReadFile(filepath.Join("testdata", "certificate-1.0.json"))
	check(f, err)
	keys := goldenKeys(f)
	f.Add(doc)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := compliance.VerifyDocument(b, keys)
		if err != nil {
			return
		}
		if again, err := c.Document(); err != nil || !bytes.Equal(canonical(t, b), again) {
			t.Errorf("a document verifies that says something else: %v", err)
		}
	})
}

func canonical(t *testing.T, b []byte) []byte {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	check(t, d.Decode(&v))
	out, err := canon.Marshal(v)
	check(t, err)
	return out
}

func TestIssueOncePerCause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.completed()
	rec := w.vaultIn(id)
	stored := rec.Copy.StoredEventID
	for range 3 {
		c, err := w.engine.Issue(t.Context(), id, stored)
		check(t, err)
		if c.ID != rec.CertificateID || c.Serial != 1 {
			t.Errorf("got %s, serial %d, want the first", c.ID, c.Serial)
		}
	}
	if n := w.count(id, compliance.EventCertificateIssued); n != 1 {
		t.Errorf("got %d events of issue, want 1", n)
	}
	if _, err := w.engine.Issue(t.Context(), id, "evt_none"); err == nil {
		t.Error("an event of nobody: no error")
	}
	if _, err := w.engine.Issue(t.Context(), w.completed(), "evt_none"); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("not vaulted: got %v", err)
	}
	// The event of the issue commits to the JWS and is not in the log yet.
	events := w.events(id)
	last := events[len(events)-1]
	c, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if !strings.Contains(string(last.Data), string(storage.Sum([]byte(c.JWS)))) {
		t.Errorf("the event %s does not commit to the JWS: %s", last.Type, last.Data)
	}
	if _, err := w.engine.Issue(t.Context(), id, last.ID); !errors.Is(err, compliance.ErrCertificatePending) {
		t.Errorf("cause not in the log: got %v, want ErrCertificatePending", err)
	}
}

// Racing replicas issue one certificate for a cause.
func TestIssueRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.completed()
	w.vaultIn(id)
	_, err := w.vault.CheckIntegrity(t.Context(), id)
	check(t, err)
	_, err = w.log.Integrate(t.Context())
	check(t, err)
	events := w.events(id)
	cause := events[len(events)-1].ID
	ids := make(chan string, 8)
	for range cap(ids) {
		go func() {
			c, err := w.engine.Issue(t.Context(), id, cause)
			if err != nil {
				t.Error(err)
				ids <- ""
				return
			}
			ids <- c.ID
		}()
	}
	first := <-ids
	for range cap(ids) - 1 {
		if other := <-ids; other != first {
			t.Errorf("got certificates %s and %s for one cause", first, other)
		}
	}
	if n := w.count(id, compliance.EventCertificateIssued); n != 2 {
		t.Errorf("got %d events of issue, want 2", n)
	}
}

func TestCertificatesAreNeverOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.completed()
	w.vaultIn(id)
	first, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if s, err := w.engine.State(t.Context(), first.ID); err != nil || s != compliance.StateCurrent {
		t.Errorf("first: %s, %v", s, err)
	}

	// The result changes: the event tells it, and a new certificate is due.
	v := w.versions(id)[0]
	var whole []byte
	w.blob(v.Object, func(b []byte) []byte { whole = bytes.Clone(b); b[10] ^= 1; return b })
	w.evaluate(id)
	w.evaluate(id)
	if n := w.count(id, compliance.EventFailed); n != 1 {
		t.Errorf("got %d events of failure after two equal results, want 1", n)
	}
	w.due(t)
	second, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if second.Serial != 2 || second.Supersedes == nil || *second.Supersedes != first.ID || *second.Compliance.Compliant || second.Cause.Type != compliance.EventFailed {
		t.Errorf("second: serial %d, cause %s, %v", second.Serial, second.Cause.Type, second.Compliance.MissingRequirements)
	}
	if s, _ := w.engine.State(t.Context(), first.ID); s != compliance.StateSuperseded {
		t.Errorf("first: %s, want superseded", s)
	}

	// And back again.
	w.blob(v.Object, func([]byte) []byte { return whole })
	w.evaluate(id)
	w.due(t)
	third, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if third.Serial != 3 || !*third.Compliance.Compliant || third.Cause.Type != compliance.EventPassed {
		t.Errorf("third: serial %d, cause %s, %v", third.Serial, third.Cause.Type, failed(third.Compliance))
	}
	again, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 1)
	check(t, err)
	if again.JWS != first.JWS {
		t.Error("the first certificate is another one now")
	}
	for _, c := range []struct {
		org, id string
		serial  int
		want    error
	}{
		{dealer.OrgID, id, 4, compliance.ErrCertificateNotFound},
		{"org_other", id, 0, vault.ErrNotVaulted},
		{"org_other", id, 1, vault.ErrNotVaulted},
		{dealer.OrgID, "env_none", 0, vault.ErrNotVaulted},
	} {
		if _, err := w.engine.Certificate(t.Context(), c.org, c.id, c.serial); !errors.Is(err, c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	if s, err := w.engine.State(t.Context(), "crt_none"); err != nil || s != compliance.StateUnknown {
		t.Errorf("absent: %s, %v", s, err)
	}
}

// due lets the background work.
func (w *world) due(t *testing.T) int {
	t.Helper()
	w.clock.advance(time.Minute)
	n, err := w.handover.HandoverDue(t.Context(), 100)
	check(t, err)
	return n
}

func TestLegalNotice(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		edit func(*setup)
		in   func(*handover.VaultInRequest)
		want []string
	}{
		{"certified by nobody", func(*setup) {}, func(*handover.VaultInRequest) {}, []string{"evidence, not a legal opinion", "a key that is certified by nobody."}},
		{"certified", func(s *setup) { s.compliance.CertifiedBy = "Some CA" }, func(*handover.VaultInRequest) {}, []string{"a key that is certified by Some CA."}},
		{"remarks", func(s *setup) { s.compliance.Remarks = []string{"Demo."} }, func(*handover.VaultInRequest) {}, []string{"is certified by nobody. Demo."}},
		{"own", func(s *setup) { s.compliance.LegalNotice = "Mine." }, func(*handover.VaultInRequest) {}, []string{"Mine."}},
		{"nobody classified", func(*setup) {}, func(r *handover.VaultInRequest) { r.Regime = "" }, []string{"Nobody classified the record"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.edit)
			id := w.completed()
			w.vaultIn(id, tc.in)
			c, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
			check(t, err)
			for _, want := range tc.want {
				if !strings.Contains(c.LegalNotice, want) {
					t.Errorf("got %q, want %q in it", c.LegalNotice, want)
				}
			}
		})
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	if compliance.RulesSHA256() != storage.Sum([]byte(compliance.Rules())) || !strings.Contains(compliance.Rules(), "version "+compliance.RulesVersion) {
		t.Error("digest or version is not that of the text")
	}
	if strings.Contains(compliance.Rules(), "\r") {
		t.Error("line ends depend on the checkout")
	}
}
