package scopes_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// registry opens a registry on a SQLite file in a temporary folder.
func registry() (r *scopes.Registry, cleanup func()) {
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		log.Fatal(err)
	}
	var db *sql.DB
	if db, err = sqlite.Open(filepath.Join(dir, "evault.db")); err != nil {
		log.Fatal(err)
	}
	stores, err := sqlstore.New(bun.NewDB(db, sqlitedialect.New()))
	if err != nil {
		log.Fatal(err)
	}
	if err = stores.Migrate(context.Background()); err != nil {
		log.Fatal(err)
	}
	if r, err = scopes.New(scopes.Config{Store: stores.Scopes()}); err != nil {
		log.Fatal(err)
	}
	return r, func() {
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}
}

func ExampleRegistry_Issue() {
	r, cleanup := registry()
	defer cleanup()
	ctx := context.Background()

	org, err := r.CreateOrganization(ctx, scopes.Organization{ID: "org_acme", LegalName: "Acme Finance LLC"})
	if err != nil {
		log.Fatal(err)
	}
	key, secret, err := r.Issue(ctx, scopes.IssueRequest{
		OrgID: org.ID, Name: "back office", Scopes: scopes.NewSet(scopes.EnvelopesRead, scopes.VaultRead),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Scopes, key.PerMinute, len(secret))

	found, err := r.Authenticate(ctx, secret)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.ID == key.ID, found.Scopes.Has(scopes.VaultRelease))
	// Output:
	// envelopes:read,vault:read 600 43
	// true false
}

func ExampleRegistry_Rotate() {
	r, cleanup := registry()
	defer cleanup()
	ctx := context.Background()

	org, err := r.CreateOrganization(ctx, scopes.Organization{LegalName: "Acme Finance LLC"})
	if err != nil {
		log.Fatal(err)
	}
	key, old, err := r.Issue(ctx, scopes.IssueRequest{OrgID: org.ID, Scopes: scopes.All()})
	if err != nil {
		log.Fatal(err)
	}
	next, fresh, err := r.Rotate(ctx, org.ID, key.ID, time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	_, errOld := r.Authenticate(ctx, old) // works for an hour more
	_, errFresh := r.Authenticate(ctx, fresh)
	fmt.Println(errOld, errFresh, next.Line == key.ID)

	if _, err := r.Disable(ctx, org.ID, next.ID); err != nil {
		log.Fatal(err)
	}
	_, err = r.Authenticate(ctx, fresh)
	fmt.Println(errors.Is(err, scopes.ErrDisabledKey))
	// Output:
	// <nil> <nil> true
	// true
}
