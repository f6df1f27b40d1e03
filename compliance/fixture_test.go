package compliance_test

import (
	"context"
	"errors"
	"testing"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// world is all engines on a real database and a real folder.
type world struct {
	*testworld.World
	mail *outbox // of a host that mails signing links
}

type setup = testworld.Config

var (
	dealer    = testworld.Depositor()
	bank      = testworld.Bank()
	operator  = testworld.Operator()
	actor     = testworld.Actor()
	agreement = testworld.Agreement()
	start     = testworld.Start()
)

func newWorld(t testing.TB, edit ...func(*setup)) *world {
	t.Helper()
	return newWorldOn(testworld.NewBase(t, testworld.Options{}), edit...)
}

// worldOn is a world on a database.
func worldOn(t testing.TB, db *sqlstore.DB) *world {
	t.Helper()
	return newWorldOn(testworld.NewBase(t, testworld.Options{DB: db}))
}

func newWorldOn(b *testworld.Base, edit ...func(*setup)) *world {
	w := &world{}
	w.World = b.World(append(edit, func(c *setup) { w.mail, _ = c.ESign.Notifier.(*outbox) })...)
	return w
}

// touched is what a host gives to the vault as vault.Config.Touched.
func (w *world) touched(ctx context.Context, tx storage.Tx, id string) error {
	return compliance.Touched(w.DB.Compliance(), w.ESign, w.Clock.Now)(ctx, tx, id)
}

func check(t testing.TB, err error) {
	t.Helper()
	testworld.Check(t, err)
}

// signedByMail is an envelope whose signers had their links by mail alone.
func (w *world) signedByMail() string {
	w.T.Helper()
	env := w.Created()
	_, err := w.ESign.NotifyDue(w.T.Context(), 10)
	check(w.T, err)
	for _, n := range *w.mail {
		w.Sign(n.URL, n.Name)
	}
	return env.ID
}

// paper is an uploaded paper envelope.
func (w *world) paper() string {
	w.T.Helper()
	return w.Paper(testpdf.Simple(1, "Paper "+w.Clock.Now().String()))
}

// evaluate is for the dealer, or for who has control after it.
func (w *world) evaluate(id string) *compliance.Evaluation {
	w.T.Helper()
	e, err := w.Compliance.Evaluate(w.T.Context(), dealer.OrgID, id, actor)
	if errors.Is(err, vault.ErrNotController) {
		c, found := w.Vault.OriginalOf(w.T.Context(), id)
		check(w.T, found)
		e, err = w.Compliance.Evaluate(w.T.Context(), c.OrgID, id, actor)
	}
	check(w.T, err)
	return e
}

func (w *world) versions(id string) []custody.Version {
	w.T.Helper()
	v, err := w.Vault.Versions(w.T.Context(), dealer.OrgID, id)
	check(w.T, err)
	return v
}

func (w *world) count(id, kind string) (n int) {
	for _, e := range w.Events(id) {
		if e.Type == kind {
			n++
		}
	}
	return n
}

func (w *world) keys() certificate.Keys {
	w.T.Helper()
	k, err := w.Compliance.Keys(w.T.Context())
	check(w.T, err)
	return k
}

// failed returns the details of the checks that are not satisfied, by id.
func failed(r certificate.Result) map[string]string {
	out := map[string]string{}
	for _, c := range r.Checks {
		if c.Failed() {
			out[c.ID] = c.Detail
		}
	}
	return out
}
