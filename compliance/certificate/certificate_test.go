package certificate_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

var start = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// goldens are certificates of every released version, which must verify for ever: file,
// type, state and score. A file is never changed; the test of the same name in package
// compliance writes those that are not there.
var goldens = []struct{ name, want string }{
	{"certificate-1.0.json", "ucc_9105_electronic_chattel_paper live 100"},
	{"certificate-1.0-released.json", "ucc_9105_electronic_chattel_paper released null"},
	{"certificate-1.0-paper.json", "ucc_7106_electronic_document_of_title live 100"},
	{"certificate-1.0-none.json", "custody_record live null"},
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", name))
	check(t, err)
	return doc
}

func TestGoldenCertificates(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/certificate-*.json")
	check(t, err)
	if len(files) != len(goldens) {
		t.Errorf("got %d files, want the %d of the list", len(files), len(goldens))
	}
	for _, g := range goldens {
		doc := golden(t, g.name)
		c, err := certificate.VerifyDocument(doc, goldenKeys(t))
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

func goldenKeys(t testing.TB) certificate.Keys {
	t.Helper()
	own, err := keyring.New(keyring.Certificate, key(4))
	check(t, err)
	vkey, err := translog.VerifierKey("vault.test/log", key(1).Public().(ed25519.PublicKey))
	check(t, err)
	return certificate.Keys{Certificate: keyring.Keys{own}, Log: []translog.Key{{Verifier: vkey}}}
}

// TestOldCertificatesStayReadable: a release that knows one more check and one more
// regime holds a certificate against the requirements of the certificate's version.
func TestOldCertificatesStayReadable(t *testing.T) {
	t.Parallel()
	later, keys := certificate.Later(), goldenKeys(t)
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
			ninth["id"], ninth["ucc_reference"] = certificate.NinthCheck, "UCC § 9-105(b)(7)"
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
		if _, err := certificate.Verify(token, keys); (err == nil) != tc.today {
			t.Errorf("version %s with %d checks, today: %v", tc.version, tc.checks, err)
		}
		if _, err := later.Verify(token, keys); (err == nil) != tc.later {
			t.Errorf("version %s with %d checks, later: %v", tc.version, tc.checks, err)
		}
	}
	for version, want := range map[string]bool{"1.0": false, "1.1": true} {
		if got := later.Knows(version, certificate.LaterRegime); got != want {
			t.Errorf("version %s knows the new regime: got %t", version, got)
		}
	}
}

// TestVersions: the newest format is the one that is issued.
func TestVersions(t *testing.T) {
	t.Parallel()
	if got := certificate.Versions(); got[len(got)-1] != certificate.Version {
		t.Errorf("got %v, want %s last", got, certificate.Version)
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
	if _, err := certificate.Verify(edit(certificateTyp, func(map[string]any) {}), keys); err != nil {
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
		if _, err := certificate.Verify(token, keys); !errors.Is(err, certificate.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	for name, k := range map[string]certificate.Keys{
		"no keys":            {},
		"no log key":         {Certificate: keys.Certificate},
		"no certificate key": {Log: keys.Log},
		"stranger's key":     {Certificate: keyring.Keys{stranger}, Log: keys.Log},
	} {
		if _, err := certificate.VerifyDocument(doc, k); !errors.Is(err, certificate.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	for name, text := range map[string]string{"empty": "", "array": "[]", "no jws": "{}", "two": string(doc) + string(doc), "jws is a number": `{"jws":1}`} {
		if _, err := certificate.VerifyDocument([]byte(text), keys); !errors.Is(err, certificate.ErrInvalid) {
			t.Errorf("document, %s: got %v, want ErrInvalid", name, err)
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
		c, err := certificate.VerifyDocument(b, keys)
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

func BenchmarkVerifyDocument(b *testing.B) {
	doc, keys := golden(b, "certificate-1.0.json"), goldenKeys(b)
	for b.Loop() {
		if _, err := certificate.VerifyDocument(doc, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	if certificate.RulesSHA256() != storage.Sum([]byte(certificate.Rules())) || !strings.Contains(certificate.Rules(), "version "+certificate.RulesVersion) {
		t.Error("digest or version is not that of the text")
	}
	if strings.Contains(certificate.Rules(), "\r") {
		t.Error("line ends depend on the checkout")
	}
}
