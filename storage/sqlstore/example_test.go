package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// A host brings the schema up to date itself. How an engine joins a transaction
// of the host is shown in storage/embedded.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file, err := sqlite.Open(filepath.Join(dir, "app.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	db, err := sqlstore.New(bun.NewDB(file, sqlitedialect.New()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("schema is too old:", errors.Is(db.Check(ctx), storage.ErrSchema))
	if err := db.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("after Migrate:", db.Check(ctx))
	// Output:
	// schema is too old: true
	// after Migrate: <nil>
}

// A host whose database administrators run every migration gets the files.
func ExampleMigrations() {
	files, err := sqlstore.Migrations(sqlstore.PostgreSQL)
	if err != nil {
		log.Fatal(err)
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(names) > 1, names[0])
	// Output: true 0001_migrations.up.sql
}
