// Command hosttx shows an engine inside the host's own transaction: a loan of
// the host and its envelope come to be together, or not at all.
//
//	go run ./examples/hosttx
//
// Stability: an example to read and copy; flags and output may change with any version.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"codeberg.org/go-pdf/fpdf"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
)

func main() {
	inspect.Main() // documents are examined in limited children of this program
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "hosttx:", err)
		os.Exit(1)
	}
}

const org = "org_lender"

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "evault-hosttx-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	// The host has a database of its own and a table in it.
	conn, err := sqlite.Open(filepath.Join(dir, "host.db"))
	if err != nil {
		return err
	}
	defer conn.Close()
	db := bun.NewDB(conn, sqlitedialect.New())
	if _, err := db.ExecContext(ctx, "CREATE TABLE loans (id TEXT PRIMARY KEY, envelope_id TEXT NOT NULL)"); err != nil {
		return err
	}
	v, err := embedded.Open(ctx, embedded.Options{Dir: dir, DB: db})
	if err != nil {
		return err
	}
	defer v.Close()

	errRefused := errors.New("underwriting refused the loan")
	for _, verdict := range []error{errRefused, nil} {
		if err := lend(ctx, db, v, verdict); err != nil && !errors.Is(err, errRefused) {
			return err
		}
		loans, err := db.NewSelect().Table("loans").Count(ctx)
		if err != nil {
			return err
		}
		envelopes, err := db.NewSelect().Table("evault_envelopes").Count(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("verdict %v: %d loans, %d envelopes\n", verdict, loans, envelopes)
	}
	return nil
}

// lend inserts a loan together with its envelope.
func lend(ctx context.Context, db *bun.DB, v *embedded.Embedded, verdict error) error {
	pdf, err := page()
	if err != nil {
		return err
	}
	// What is not SQL comes first: the document is checked and its file staged.
	draft, err := v.ESign.Prepare(ctx, esign.CreateRequest{
		OrgID: org, Actor: esign.Actor{Kind: "system", ID: "loans"},
		CustomerName: "Ada Byron", CustomerEmail: "ada@example.com", Document: pdf,
	})
	if err != nil {
		return err
	}
	return db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		env, err := v.ESign.With(sqlstore.Join(tx)).Create(ctx, draft)
		if err != nil {
			return err // storage.ErrRetry asks for the whole transaction again
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO loans VALUES (?, ?)", "loan 42", env.ID); err != nil {
			return err
		}
		return verdict
	})
}

func page() ([]byte, error) {
	p := fpdf.New("P", "pt", "Letter", "")
	p.AddPage()
	p.SetFont("Times", "", 12)
	p.MultiCell(0, 16, "Buyer promises to pay 48 installments of $1,250.00.", "", "L", false)
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
