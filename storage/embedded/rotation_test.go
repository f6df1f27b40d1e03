package embedded_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// signingFiles are the key files and the purposes of the keys in them.
var signingFiles = map[string]keyring.Purpose{
	"certificates.pem": keyring.Certificate, "statements.pem": keyring.Statement, "custodian.pem": keyring.Custodian,
	"seal.pem": keyring.Seal, "log.pem": keyring.Log, "embed.pem": keyring.Embed,
}

// kept is an installation that was closed, with two vaulted envelopes.
type kept struct {
	dir, org  string
	envelopes []string
	keys      keyring.Keys
}

func keep(t *testing.T) kept {
	t.Helper()
	k := kept{dir: t.TempDir()}
	v, err := embedded.Open(t.Context(), embedded.Options{Dir: k.dir, Custodian: operator()})
	if err != nil {
		t.Fatal(err)
	}
	k.org = lender(t, v)
	k.envelopes = []string{vaulted(t, v, k.org), vaulted(t, v, k.org)}
	k.keys = v.Compliance.PublicKeys()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	return k
}

// copied is a copy of the closed installation.
func (k kept) copied(t *testing.T) kept {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(k.dir)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "keys", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files { // CopyFS opens them to all
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k.dir = dir
	return k
}

func (k kept) move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(k.dir, "keys", from), filepath.Join(k.dir, "keys", to)); err != nil {
		t.Fatal(err)
	}
}

func (k kept) open(t *testing.T) *embedded.Embedded {
	t.Helper()
	return open(t, embedded.Options{Dir: k.dir, Custodian: operator()})
}

// published are the keys as a verifier has them.
func published(t *testing.T, v *embedded.Embedded) certificate.Keys {
	t.Helper()
	set, err := v.Compliance.PublicKeys().JWKS()
	if err != nil {
		t.Fatal(err)
	}
	log, err := v.Log.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, k := range log {
		lines = append(lines, k.String())
	}
	keys, err := certificate.ParseKeys(set, []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// passes asks of an envelope what a vault owes: it is compliant, its certificates and
// its custody verify, by the engine and offline.
func passes(t *testing.T, v *embedded.Embedded, org, id string) {
	t.Helper()
	ctx := t.Context()
	r, err := v.Compliance.Evaluate(ctx, org, id, me)
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Result.Compliant; c == nil || !*c {
		for _, x := range r.Result.Checks {
			if x.Failed() {
				t.Errorf("%s: %s: %s", id, x.ID, x.Detail)
			}
		}
		t.Fatalf("%s is not compliant", id)
	}
	keys := published(t, v)
	newest, err := v.Compliance.Certificate(ctx, org, id, 0)
	if err != nil {
		t.Fatal(err)
	}
	for serial := 1; serial <= newest.Serial; serial++ {
		c, err := v.Compliance.Certificate(ctx, org, id, serial)
		if err != nil {
			t.Fatal(err)
		}
		document, err := c.Document()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := certificate.VerifyFile(document, keys); err != nil {
			t.Errorf("certificate %d of %s: %v", serial, id, err)
		}
	}
	entries, err := v.Vault.Custody(ctx, org, id)
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for _, e := range entries {
		statements = append(statements, e.Statement)
	}
	if _, err := custody.VerifyCustody(statements, v.Vault.StatementKeys()); err != nil {
		t.Error(err)
	}
	if _, err := v.Vault.CheckIntegrity(ctx, id); err != nil {
		t.Error(err)
	}
}

// TestVaultPassesWithEveryKeyChanged moves key files away, one at a time, all at once
// and one after another, and puts them back: what was vaulted stays compliant and
// verifies, new work is done with the new key, and the old one is published for ever.
func TestVaultPassesWithEveryKeyChanged(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	before := keep(t)
	cases := map[string][]string{"all": {}}
	for file := range signingFiles {
		cases[file] = []string{file}
		cases["all"] = append(cases["all"], file)
	}
	for name, files := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := before.copied(t)
			for _, f := range files {
				k.move(t, f, f+".away")
			}
			v := k.open(t)
			passes(t, v, k.org, k.envelopes[0])
			added := vaulted(t, v, k.org)
			passes(t, v, k.org, added)
			k.changed(t, v, files)
			hand(t, v, k.org, k.envelopes[0], true)
			k.handed(t, v, k.envelopes[0])
			if err := v.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("one after another and back", func(t *testing.T) {
		t.Parallel()
		k := before.copied(t)
		added := k.envelopes[1]
		reopen := func() {
			v, err := embedded.Open(t.Context(), embedded.Options{Dir: k.dir, Custodian: operator()})
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			passes(t, v, k.org, k.envelopes[0])
			passes(t, v, k.org, added)
			added = vaulted(t, v, k.org)
		}
		for f := range signingFiles {
			k.move(t, f, f+".away")
			reopen()
		}
		k.move(t, "seal.pem.away", "seal.pem")
		k.move(t, "certificates.pem.away", "certificates.pem")
		reopen()
		reopen()
	})
}

// changed checks that each changed key is retired, published and in the log.
func (k kept) changed(t *testing.T, v *embedded.Embedded, files []string) {
	t.Helper()
	now := v.Compliance.PublicKeys()
	set, err := now.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	read, err := keyring.ParseJWKS(set)
	if err != nil {
		t.Fatal(err)
	}
	for file, p := range signingFiles {
		old, err := k.keys.Current(p)
		if err != nil {
			t.Fatal(err)
		}
		current, err := now.Current(p)
		if err != nil {
			t.Fatal(err)
		}
		retired := slices.Contains(files, file)
		if (old.ID != current.ID) != retired {
			t.Errorf("%s: key %s, now %s", p, old.ID, current.ID)
		}
		listed := slices.ContainsFunc(read.Of(p), func(x keyring.Key) bool {
			return x.ID == old.ID && (x.Until != nil) == retired && x.From.Equal(old.From)
		})
		if p != keyring.Log && !listed {
			t.Errorf("%s: jwks.json does not list %s and its time", p, old.ID)
		}
	}
	if _, err := v.Log.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	events, err := v.Store.Keys().KeyEvents(t.Context())
	if err != nil || len(events) != 2 {
		t.Fatalf("got %d changes of keys, %v", len(events), err)
	}
	for _, e := range events {
		if e.Type != event.KeysChanged || e.LogIndex == nil {
			t.Errorf("event %s (%s) is not in the log", e.ID, e.Type)
		}
	}
	log, err := v.Log.Keys(t.Context())
	if want := len(now.Of(keyring.Log)); err != nil || len(log) != want {
		t.Errorf("got %d log keys, %v, want %d", len(log), err, want)
	}
}

// handed checks a release package by the keys that are in it.
func (k kept) handed(t *testing.T, v *embedded.Embedded, id string) {
	t.Helper()
	rel, err := v.Vault.Released(t.Context(), k.org, id)
	if err != nil {
		t.Fatal(err)
	}
	content, err := v.Objects.Read(t.Context(), *rel.Package)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) []byte {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(f); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	keys, err := certificate.ParseKeys(file("keys/jwks.json"), file("keys/log.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if f.Name != "certificate.json" && !strings.HasPrefix(f.Name, "certificates/") {
			continue
		}
		if _, err := certificate.VerifyFile(file(f.Name), keys); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if want := len(v.Compliance.PublicKeys().Of(keyring.Seal)); bytes.Count(file("keys/seal-root.pem"), []byte("BEGIN CERTIFICATE")) != want {
		t.Errorf("keys/seal-root.pem has other roots than those of %d seals", want)
	}
	set, err := keyring.ParseJWKS(file("keys/jwks.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := custody.VerifyRelease(string(file("release-statement.jws")), set); err != nil {
		t.Error(err)
	}
}

// TestRetiredKeySignsNoMore: a replica whose key another one changed is not ready,
// and what its retired key signs after that time verifies nowhere.
func TestRetiredKeySignsNoMore(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"certificates.pem", "statements.pem"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			k := keep(t)
			stays := k.open(t)
			k.move(t, file, file+".away")
			other := k.open(t)
			if err := stays.Ready(t.Context()); !errors.Is(err, keyring.ErrRetired) {
				t.Errorf("ready: got %v, want ErrRetired", err)
			}
			if err := other.Ready(t.Context()); err != nil {
				t.Error(err)
			}
			env, err := stays.ESign.Create(t.Context(), contract(k.org, member(k.org)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := signAll(t.Context(), stays, k.org, env.ID, member(k.org)); err != nil {
				t.Fatal(err)
			}
			d, err := stays.Depositor(t.Context(), k.org)
			if err != nil {
				t.Fatal(err)
			}
			rec, _, err := stays.Handover.VaultIn(t.Context(), handover.VaultInRequest{EnvelopeID: env.ID, Depositor: d, Actor: member(k.org)})
			if err == nil && rec.CertificateID != "" || err != nil && !errors.Is(err, keyring.ErrKeyTime) {
				t.Errorf("vault in with a retired key: got %+v, %v, want ErrKeyTime or no certificate yet", rec, err)
			}
			if _, _, err := other.Handover.VaultIn(t.Context(), handover.VaultInRequest{EnvelopeID: env.ID, Depositor: d, Actor: member(k.org)}); err != nil {
				t.Error(err)
			}
			passes(t, other, k.org, env.ID)
			passes(t, other, k.org, k.envelopes[0])
		})
	}
}

// TestOldKeyFileSignsTheChange: a key renamed to end in .old.pem signs the change.
func TestOldKeyFileSignsTheChange(t *testing.T) {
	t.Parallel()
	k := keep(t)
	k.move(t, "seal.pem", "seal.old.pem")
	k.move(t, "embed.pem", "embed.old.pem")
	k.move(t, "log.pem", "log.away")
	v := k.open(t)
	events, err := v.Store.Keys().KeyEvents(t.Context())
	if err != nil || len(events) != 2 {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	data := string(events[1].Data)
	for p, signed := range map[keyring.Purpose]string{keyring.Seal: "true", keyring.Embed: "true", keyring.Log: "false"} {
		old, err := k.keys.Current(p)
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"kid":"` + old.ID + `","purpose":"` + string(p) + `","signed":` + signed + `}`; !strings.Contains(data, want) {
			t.Errorf("%s is not in %s", want, data)
		}
	}
}

// TestCertificateSaysWhoseEachKeyIs: every key is named with its purpose, its holder
// and who certifies it; a seal of our own making is called that, one of an authority
// is not.
func TestCertificateSaysWhoseEachKeyIs(t *testing.T) {
	t.Parallel()
	pki, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const selfMade = "leads to a root that this system made itself"
	for name, o := range map[string]embedded.Options{
		"made on first use": {},
		"of the host": {
			Keys:        embedded.Keys{Seal: pki.Seal.Key, SealChain: pki.Seal.Chain, Roots: pki.Roots()},
			CertifiedBy: "Trust Services Ltd.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.Dir, o.Custodian = t.TempDir(), operator()
			v := open(t, o)
			org := lender(t, v)
			c, err := v.Compliance.Certificate(t.Context(), org, vaulted(t, v, org), 0)
			if err != nil {
				t.Fatal(err)
			}
			keys := map[string]certificate.SystemKey{}
			for _, k := range c.System.Keys {
				if keys[k.Use] = k; k.Holder == "" || k.KID == "" {
					t.Errorf("%+v names no key or no holder", k)
				}
			}
			if len(keys) != 5 || len(c.System.Keys) != 5 || keys["custodian"].Holder != operator().Party.Name {
				t.Errorf("got %+v", c.System.Keys)
			}
			for _, use := range []string{"statement", "custodian", "log"} {
				if k := keys[use]; k.CertifiedBy != nil || k.SelfSigned {
					t.Errorf("a bare key is certified by nobody, not even itself: %+v", k)
				}
			}
			own := name == "made on first use"
			if seal := keys["seal"]; seal.SelfSigned != own || (seal.CertifiedBy == nil) != own {
				t.Errorf("got %+v", seal)
			}
			if by := keys["certificate"].CertifiedBy; own != (by == nil) || by != nil && *by != o.CertifiedBy {
				t.Errorf("got %+v", keys["certificate"])
			}
			if strings.Contains(c.LegalNotice, selfMade) != own || strings.Contains(c.LegalNotice, "a key that no one has certified") != own {
				t.Errorf("the notice is %q", c.LegalNotice)
			}
		})
	}
}
