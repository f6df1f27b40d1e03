package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

var me = esign.Actor{Kind: "operator", ID: "test"}

// member is a member of an organization, who acts for it; what me does is nobody's
// consent.
func member(org string) esign.Actor { return esign.Actor{Kind: "member", ID: "me", OrgID: org} }

// replicas opens n installations that share database, bucket and keys.
func replicas(t *testing.T, db *bun.DB, n int, o embedded.Options) []*embedded.Embedded {
	t.Helper()
	dir := t.TempDir()
	out := make([]*embedded.Embedded, n)
	for i := range out {
		bucket, err := blobstore.OpenFolder(filepath.Join(dir, "shared"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = bucket.Close() })
		o.Dir, o.DB, o.Bucket = dir, db, bucket
		out[i] = open(t, o)
	}
	return out
}

func lender(t *testing.T, v *embedded.Embedded) string {
	t.Helper()
	org, err := v.Scopes.CreateOrganization(t.Context(), scopes.Organization{LegalName: "First Lender LLC"})
	if err != nil {
		t.Fatal(err)
	}
	return org.ID
}

// TestReplicasVaultOnce: replicas that vault one envelope at the same moment
// agree on one copy, which each of them reads.
func TestReplicasVaultOnce(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		vs := replicas(t, db, 2, embedded.Options{Custodian: operator()})
		org := lender(t, vs[0])
		env, err := vs[0].ESign.Create(t.Context(), contract(org, member(org)))
		if err != nil {
			t.Fatal(err)
		}
		if status, err := signAll(t.Context(), vs[1], org, env.ID, member(org)); err != nil || status != esign.StatusCompleted {
			t.Fatalf("got %s, %v", status, err)
		}
		var created atomic.Int32
		copies := make([]*custody.Original, 8)
		var wg sync.WaitGroup
		for i := range copies {
			wg.Go(func() {
				v := vs[i%2]
				d, err := v.Depositor(t.Context(), org)
				if err != nil {
					t.Error(err)
					return
				}
				rec, isNew, err := v.Handover.VaultIn(t.Context(), handover.VaultInRequest{EnvelopeID: env.ID, Depositor: d, Actor: member(org)})
				if err != nil {
					t.Error(err)
					return
				}
				if isNew {
					created.Add(1)
				}
				copies[i] = rec.Original
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		if created.Load() != 1 {
			t.Errorf("%d calls created the copy", created.Load())
		}
		for _, c := range copies {
			if c.CopyID != copies[0].CopyID {
				t.Errorf("copies %s and %s", c.CopyID, copies[0].CopyID)
			}
		}
		var files [][]byte
		for _, v := range vs {
			f, err := v.Vault.ReadAuthoritative(t.Context(), vault.ReadRequest{OrgID: org, EnvelopeID: env.ID, Actor: member(org)})
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f.Content)
		}
		if !bytes.Equal(files[0], files[1]) || len(files[0]) == 0 {
			t.Errorf("replicas read %d and %d bytes", len(files[0]), len(files[1]))
		}
	})
}

// TestRunFinishes: what a call could not finish, the background does.
func TestRunFinishes(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		told := make(chan esign.Notice, 10)
		var log bytes.Buffer
		v := replicas(t, db, 1, embedded.Options{
			Notifier: notifier(func(n esign.Notice) error { told <- n; return nil }), BaseURL: "https://sign.example",
			Env: storage.Env{Logger: slog.New(slog.NewTextHandler(&log, nil))},
		})[0]
		org := lender(t, v)
		r := contract(org, member(org))
		r.AutoVault = true
		env, err := v.ESign.Create(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- v.Run(ctx) }()
		select {
		case n := <-told:
			if want := "https://sign.example/api/v2/sign/"; len(n.URL) <= len(want) || n.URL[:len(want)] != want {
				t.Errorf("got the address %q", n.URL)
			}
		case <-time.After(20 * time.Second):
			t.Error("the signer was not told")
		}
		if _, err := signAll(t.Context(), v, org, env.ID, member(org)); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			rec, err := v.Compliance.Record(t.Context(), org, env.ID)
			if err == nil && rec.CertificateID != "" && rec.Compliant != nil && *rec.Compliant {
				break
			}
			if err != nil && !errors.Is(err, vault.ErrNotVaulted) {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				t.Fatalf("not vaulted by itself: %+v, %v\n%s", rec, err, log.String())
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: got %v", err)
		}
		if err := v.Ready(t.Context()); err != nil {
			t.Errorf("ready: %v", err)
		}
	})
}

type notifier func(esign.Notice) error

func (f notifier) Notify(_ context.Context, n esign.Notice) error { return f(n) }

// TestLongTermLevels: with an Extender each seal on the way is of level B-LTA, and
// the released original can be verified with what it carries alone.
func TestLongTermLevels(t *testing.T) {
	t.Parallel()
	pki, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	extender, err := pades.NewExtender(pades.ExtenderConfig{Roots: pki.Roots(), Revocation: pki.Revocations(), Timestamper: pki.Timestamper()})
	if err != nil {
		t.Fatal(err)
	}
	v := open(t, embedded.Options{
		Dir: t.TempDir(), Keys: embedded.Keys{Seal: pki.Seal.Key, SealChain: pki.Seal.Chain, Roots: pki.Roots()},
		Timestamper: pki.Timestamper(), Seal: func(c *pades.Config) { c.Extender = extender },
	})
	org := lender(t, v)
	env, err := v.ESign.Create(t.Context(), contract(org, member(org)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signAll(t.Context(), v, org, env.ID, member(org)); err != nil {
		t.Fatal(err)
	}
	done, err := v.ESign.Completion(t.Context(), org, env.ID)
	if err != nil || done.Level != pades.LevelBLTA {
		t.Fatalf("completion: %+v, %v", done, err)
	}
	d, err := v.Depositor(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Handover.VaultIn(t.Context(), handover.VaultInRequest{EnvelopeID: env.ID, Depositor: d, Actor: member(org)}); err != nil {
		t.Fatal(err)
	}
	cert, err := v.Compliance.Certificate(t.Context(), org, env.ID, 0)
	if err != nil || cert.Seal.Level != pades.LevelBLTA || *cert.Compliance.Score != 100 {
		t.Errorf("certificate: %+v, %v", cert, err)
	}
	f, err := v.Vault.ReadAuthoritative(t.Context(), vault.ReadRequest{OrgID: org, EnvelopeID: env.ID, Actor: member(org)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := pades.Verify(t.Context(), f.Content, pades.Options{Roots: pki.Roots(), RequireRevocation: true})
	if err != nil || !r.OK() || len(r.Signatures) != 4 { // two seals, and a time-stamp over each
		t.Fatalf("authoritative copy: %+v, %v", r, err)
	}
	var levels []string
	for _, s := range r.Signatures {
		levels = append(levels, s.Level)
	}
	if want := []string{pades.LevelBLTA, pades.LevelNone, pades.LevelBLTA, pades.LevelNone}; !slices.Equal(levels, want) {
		t.Errorf("levels %v, want %v", levels, want)
	}
}

// TestRestart: an installation closed and opened again goes on with the same
// keys: links made before still open, and the log is extended.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := embedded.Open(t.Context(), embedded.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	org := lender(t, first)
	env, err := first.ESign.Create(t.Context(), contract(org, member(org)))
	if err != nil {
		t.Fatal(err)
	}
	links, err := first.ESign.SigningLinks(t.Context(), esign.LinksRequest{OrgID: org, EnvelopeID: env.ID, Actor: member(org)})
	if err != nil {
		t.Fatal(err)
	}
	before, err := first.Log.Integrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, embedded.Options{Dir: dir})
	if _, err := again.ESign.Session(t.Context(), links[0].Token, esign.Client{}); err != nil {
		t.Errorf("a link made before: %v", err)
	}
	if _, err := signAll(t.Context(), again, org, env.ID, member(org)); err != nil {
		t.Fatal(err)
	}
	after, err := again.Log.Integrate(t.Context())
	if err != nil || after.Origin != before.Origin || after.Size <= before.Size {
		t.Errorf("got %+v after %+v, %v", after, before, err)
	}
	if _, err := again.Depositor(t.Context(), "org_nobody"); !errors.Is(err, scopes.ErrOrganizationNotFound) || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("got %v, want ErrOrganizationNotFound", err)
	}
}
