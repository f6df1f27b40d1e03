package vault_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

// world is a vault on a real database and a real folder.
type world struct {
	*vault.Vault
	*testworld.Base
	log    *translog.Log
	config vault.Config
}

var (
	org       = testworld.Dealer()
	bank      = testworld.Bank()
	operator  = testworld.Operator()
	agreement = testworld.Agreement()
	keyActor  = vault.Actor{Kind: "key", ID: "key_1"}
)

func newWorld(t testing.TB, edit ...func(*vault.Config)) *world {
	t.Helper()
	return newWorldOn(t, nil, edit...)
}

// newWorldOn is a vault on a database, nil for one of its own.
func newWorldOn(t testing.TB, db *sqlstore.DB, edit ...func(*vault.Config)) *world {
	t.Helper()
	return newFaultyWorld(t, db, &storagetest.Faults{}, edit...)
}

// newFaultyWorld is a vault whose blob store fails as f says.
func newFaultyWorld(t testing.TB, db *sqlstore.DB, f *storagetest.Faults, edit ...func(*vault.Config)) *world {
	t.Helper()
	w := &world{Base: testworld.NewBase(t, testworld.Options{DB: db, Wrap: f.Blobs})}
	var err error
	w.log, err = translog.New(w.LogConfig())
	testworld.Check(t, err)
	w.config = w.VaultConfig(w.log)
	for _, e := range edit {
		e(&w.config)
	}
	w.Vault, err = vault.New(w.config)
	testworld.Check(t, err)
	return w
}

// completed is a contract as esign seals it.
func (w *world) completed(env string) (document, completion []byte) {
	w.T.Helper()
	document = testpdf.Simple(2, "Contract of "+env)
	s, err := w.Sealer.Seal(w.T.Context(), pades.SealRequest{PDF: document, Reason: "Completed", At: w.Clock.Now()})
	if err != nil {
		w.T.Fatal(err)
	}
	return document, slices.Concat(document, s.Appended)
}

// request deposits what esign completed, for the organization itself.
func (w *world) request(env string) vault.DepositRequest {
	w.T.Helper()
	document, completion := w.completed(env)
	return w.requestFor(env, document, completion)
}

func (w *world) requestFor(env string, document, completion []byte) vault.DepositRequest {
	w.T.Helper()
	return vault.DepositRequest{
		EnvelopeID: env, OrgID: org.Identifier, OrgName: org.Name,
		Source: custody.Source{
			Kind: custody.SourceESign, Object: w.Stored("completion", env, completion), DocumentSHA256: storage.Sum(document),
			Sealing: custody.Sealing{Mode: custody.SealingEmbedded}, Level: pades.LevelBB, Name: "Contract " + env,
		},
		Regime: "ucc_9_105_2022", RegimeBasis: "declared", Jurisdiction: "US-NY",
		Actor: keyActor, RequestID: "req_1", RequestSHA256: storage.Sum([]byte("request")),
	}
}

func (w *world) paper(env string, content []byte) vault.DepositRequest {
	w.T.Helper()
	r := w.requestFor(env, content, content)
	r.Source.Kind, r.Source.Level = custody.SourcePaper, ""
	r.Attestation = testworld.Attestation()
	return r
}

func (w *world) deposit(r vault.DepositRequest) *custody.Original {
	w.T.Helper()
	c, created, err := w.Deposit(w.T.Context(), r)
	if err != nil || !created {
		w.T.Fatalf("deposit %s: created %t, %v", r.EnvelopeID, created, err)
	}
	return c
}

func (w *world) versions(env string) []custody.Version {
	w.T.Helper()
	vs, err := w.Versions(w.T.Context(), org.Identifier, env)
	if err != nil {
		w.T.Fatal(err)
	}
	return vs
}

func count(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

func read(env string) vault.ReadRequest {
	return vault.ReadRequest{OrgID: org.Identifier, EnvelopeID: env, Actor: keyActor, RemoteAddr: "192.0.2.1"}
}

func release(env string) vault.ReleaseRequest {
	return vault.ReleaseRequest{
		OrgID: org.Identifier, EnvelopeID: env, Reason: "payoff", Note: "paid in full",
		Recipient: testworld.Cleo(), Actor: keyActor,
	}
}

func failing[T any](context.Context, storage.Tx, *T) error { return errAlso }

var errAlso = fmt.Errorf("the host's own row")

func sumOf(s string) string { return string(storage.Sum([]byte(s))) }

// flip alters one byte.
func flip(b []byte) []byte {
	b[len(b)/2] ^= 1
	return b
}
