package compliance_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

var update = flag.Bool("update", false, "write golden files of the current format")

// goldens are certificates of every released version, which must verify for ever. A
// file is never changed; -update writes those that are not there.
var goldens = []struct {
	name  string
	story func(w *world) (envelopeID string)
	want  string // type, state, score
}{
	{"certificate-1.0.json", func(w *world) string {
		id := w.completed()
		w.vaultIn(id)
		return id
	}, "ucc_9105_electronic_chattel_paper live 100"},
	{"certificate-1.0-released.json", func(w *world) string {
		id := w.completed()
		w.vaultIn(id)
		w.release(id)
		return id
	}, "ucc_9105_electronic_chattel_paper released null"},
	{"certificate-1.0-paper.json", func(w *world) string {
		id := w.paper()
		w.vaultIn(id, func(r *handover.VaultInRequest) {
			r.Regime, r.Classification, r.Attestation = compliance.UCC7106, &vault.Classification{DocumentOfTitle: true}, attestation()
		})
		return id
	}, "ucc_7106_electronic_document_of_title live 100"},
	{"certificate-1.0-none.json", func(w *world) string {
		id := w.completed()
		w.vaultIn(id, func(r *handover.VaultInRequest) { r.Regime = compliance.NoRegime })
		return id
	}, "custody_record live null"},
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", name))
	check(t, err)
	return doc
}

func TestGoldenCertificates(t *testing.T) {
	t.Parallel()
	for _, g := range goldens {
		path := filepath.Join("testdata", g.name)
		if _, err := os.Stat(path); *update && errors.Is(err, os.ErrNotExist) {
			w := newWorld(t)
			c, err := w.engine.Certificate(t.Context(), dealer.OrgID, g.story(w), 0)
			check(t, err)
			doc, err := c.Document()
			check(t, err)
			check(t, os.WriteFile(path, doc, 0o644))
		}
		doc := golden(t, g.name)
		c, err := compliance.VerifyDocument(doc, goldenKeys(t))
		check(t, err)
		score := "null"
		if c.Compliance.Score != nil {
			score = strconv.Itoa(*c.Compliance.Score)
		}
		if got := c.Type + " " + c.Compliance.State + " " + score; c.Version != "1.0" || got != g.want {
			t.Errorf("%s: got %s %s, want 1.0 %s", g.name, c.Version, got, g.want)
		}
		again, err := c.Document()
		check(t, err)
		if !bytes.Equal(again, doc) {
			t.Errorf("%s: encoding what was read gives other bytes", g.name)
		}
	}
}

// TestOldCertificatesStayReadable: a release that knows one more check and one more
// regime holds a certificate against the requirements of the certificate's version.
func TestOldCertificatesStayReadable(t *testing.T) {
	t.Parallel()
	later, keys := compliance.Later(), goldenKeys(t)
	for _, g := range goldens {
		var object struct{ JWS string }
		check(t, json.Unmarshal(golden(t, g.name), &object))
		if _, err := later.Verify(object.JWS, keys); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
	made := func(version string, checks int) string {
		return forged(t, 4, func(o map[string]any) {
			o["certificate_version"] = version
			result := o["compliance"].(map[string]any)
			ninth := maps.Clone(check0(o))
			ninth["id"], ninth["ucc_reference"] = compliance.NinthCheck, "UCC § 9-105(b)(7)"
			result["checks"] = append(result["checks"].([]any), ninth)[:checks]
		})
	}
	for _, tc := range []struct {
		version string
		checks  int
		today   bool
		later   bool
	}{
		{"1.0", 8, true, true},
		{"1.0", 9, false, false},
		{"1.1", 8, false, false},
		{"1.1", 9, false, true},
		{"1.2", 9, false, false},
	} {
		token := made(tc.version, tc.checks)
		if _, err := compliance.VerifyCertificate(token, keys); (err == nil) != tc.today {
			t.Errorf("version %s with %d checks, today: %v", tc.version, tc.checks, err)
		}
		if _, err := later.Verify(token, keys); (err == nil) != tc.later {
			t.Errorf("version %s with %d checks, later: %v", tc.version, tc.checks, err)
		}
	}
	for version, want := range map[string]bool{"1.0": false, "1.1": true} {
		if got := later.Knows(version, compliance.LaterRegime); got != want {
			t.Errorf("version %s knows the new regime: got %t", version, got)
		}
	}
}

// TestEveryRequirementHasACheck: every regime asks for all checks that there are,
// and NoRegime for none.
func TestEveryRequirementHasACheck(t *testing.T) {
	t.Parallel()
	for _, r := range compliance.Regimes() {
		var ids []string
		for _, q := range r.Requirements {
			ids = append(ids, q.ID)
		}
		slices.Sort(ids)
		want := compliance.Checked()
		if r.ID == compliance.NoRegime {
			want = nil
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: got requirements %v, want %v", r.ID, ids, want)
		}
	}
}

// TestVersions: the newest format is the one that is issued.
func TestVersions(t *testing.T) {
	t.Parallel()
	if got := compliance.Versions(); got[len(got)-1] != compliance.CertificateVersion {
		t.Errorf("got %v, want %s last", got, compliance.CertificateVersion)
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
	w, id := vaultedWorld(t)
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

// TestVerifyRefusesNonsense: an edited payload under the right signature.
func TestVerifyRefusesNonsense(t *testing.T) {
	t.Parallel()
	doc, keys := golden(t, "certificate-1.0.json"), goldenKeys(t)
	stranger, err := keyring.New(keyring.Certificate, key(9))
	check(t, err)
	edit := func(typ string, change func(map[string]any)) string { return forgedAs(t, 4, typ, change) }
	in := func(o map[string]any, key string) map[string]any { return o[key].(map[string]any) }
	if _, err := compliance.VerifyCertificate(edit(certificateTyp, func(map[string]any) {}), keys); err != nil {
		t.Fatalf("unedited: %v", err)
	}
	cases := map[string]string{
		"other typ":             edit("evault-custody+jwt", func(map[string]any) {}),
		"other version":         edit(certificateTyp, func(o map[string]any) { o["certificate_version"] = "1.1" }),
		"unknown field":         edit(certificateTyp, func(o map[string]any) { o["extra"] = 1 }),
		"missing field":         edit(certificateTyp, func(o map[string]any) { delete(o, "powers") }),
		"type":                  edit(certificateTyp, func(o map[string]any) { o["certificate_type"] = "transferable_record_7021" }),
		"regime":                edit(certificateTyp, func(o map[string]any) { o["regime"] = "ueta_16" }),
		"unknown regime":        edit(certificateTyp, func(o map[string]any) { o["regime"] = "ucc_12_105" }),
		"score":                 edit(certificateTyp, func(o map[string]any) { in(o, "compliance")["score"] = 99 }),
		"check fails":           edit(certificateTyp, func(o map[string]any) { check0(o)["satisfied"] = false }),
		"check renamed":         edit(certificateTyp, func(o map[string]any) { check0(o)["id"] = "other" }),
		"paragraph":             edit(certificateTyp, func(o map[string]any) { check0(o)["ucc_reference"] = "UCC § 1-101" }),
		"no checks":             edit(certificateTyp, func(o map[string]any) { in(o, "compliance")["checks"] = []any{} }),
		"serial 0":              edit(certificateTyp, func(o map[string]any) { o["serial"] = 0 }),
		"serial 2":              edit(certificateTyp, func(o map[string]any) { o["serial"] = 2 }),
		"no id":                 edit(certificateTyp, func(o map[string]any) { o["certificate_id"] = "" }),
		"held nowhere":          edit(certificateTyp, func(o map[string]any) { in(o, "authoritative_copy")["held_here"] = false }),
		"issued before":         edit(certificateTyp, func(o map[string]any) { o["issued_at"] = "2020-01-01T00:00:00.000000Z" }),
		"time":                  edit(certificateTyp, func(o map[string]any) { o["as_of"] = "2026-06-01T09:00:00Z" }),
		"other key":             edit(certificateTyp, func(o map[string]any) { in(o, "system")["keys"] = []any{} }),
		"tree size":             edit(certificateTyp, func(o map[string]any) { in(o, "log")["tree_size"] = 1 }),
		"root":                  edit(certificateTyp, func(o map[string]any) { in(o, "log")["root_hash"] = strings.Repeat("A", 43) + "=" }),
		"checkpoint":            edit(certificateTyp, func(o map[string]any) { in(o, "log")["checkpoint"] = "vault.test/log\n1\n" }),
		"no entries":            edit(certificateTyp, func(o map[string]any) { in(o, "log")["entries"] = []any{} }),
		"index":                 edit(certificateTyp, func(o map[string]any) { entry0(o)["index"] = 0 }),
		"leaf":                  edit(certificateTyp, func(o map[string]any) { entry0(o)["leaf_hash"] = strings.Repeat("A", 43) + "=" }),
		"proof":                 edit(certificateTyp, func(o map[string]any) { entry0(o)["inclusion_proof"] = []any{} }),
		"proof is no hash":      edit(certificateTyp, func(o map[string]any) { entry0(o)["inclusion_proof"] = []any{"?"} }),
		"cause not proved":      edit(certificateTyp, func(o map[string]any) { in(o, "cause")["event_id"] = "evt_other" }),
		"cause of another type": edit(certificateTyp, func(o map[string]any) { in(o, "cause")["type"] = "vault.released" }),
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
	doc, keys := golden(f, "certificate-1.0.json"), goldenKeys(f)
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
	out, err := canonjson.Marshal(v)
	check(t, err)
	return out
}

func TestIssueOncePerCause(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
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
	w, id := vaultedWorld(t)
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
	w, id := vaultedWorld(t)
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
		{"certified by nobody", func(*setup) {}, func(*handover.VaultInRequest) {}, []string{"evidence, not a legal opinion", "a key that no one has certified."}},
		{"certified", func(s *setup) { s.compliance.CertifiedBy = "Some CA" }, func(*handover.VaultInRequest) {}, []string{"a key that is certified by Some CA."}},
		{"remarks", func(s *setup) { s.compliance.Remarks = []string{"Demo."} }, func(*handover.VaultInRequest) {}, []string{"no one has certified. Demo."}},
		{"own", func(s *setup) { s.compliance.LegalNotice = "Mine." }, func(*handover.VaultInRequest) {}, []string{"Mine."}},
		{"nobody classified", func(*setup) {}, func(r *handover.VaultInRequest) { r.Regime = "" }, []string{"The record was not classified"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, id := completedWorld(t, tc.edit)
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
