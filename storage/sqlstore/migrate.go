package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
)

//go:embed migrations
var migrations embed.FS

const suffix = ".up.sql"

type migrationRow struct {
	bun.BaseModel `bun:"table:evault_migrations"`

	Name       string    `bun:"name,pk"`
	MigratedAt time.Time `bun:"migrated_at,notnull"`
}

type migrationLockRow struct {
	bun.BaseModel `bun:"table:evault_migration_locks"`

	ID   int   `bun:"id,pk"`
	Runs int64 `bun:"runs,notnull"`
}

// Migrate brings the schema up to this build: each file of
// migrations/<dialect>/, in order of name, in one transaction together with the
// row that says it is done. A migration killed half way leaves nothing and is
// run again by the next call. Replicas may call it at once: the lock is a row
// of evault_migration_locks held by that transaction, so it ends with its
// connection and is never stale.
func (d *DB) Migrate(ctx context.Context) error {
	if err := d.checkSettings(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	names, err := d.files()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := d.prepareMigrations(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, name := range names {
		if err := d.session().inTx(ctx, func(ctx context.Context, s session) error {
			return s.migrate(ctx, name)
		}); err != nil {
			return fmt.Errorf("migrate %s: %w", name, err)
		}
	}
	return nil
}

// Check compares the schema with what this build needs: storage.ErrSchema when
// a migration is missing. A schema that is newer is accepted; within a minor
// series migrations only add.
//
// On PostgreSQL it refuses a session whose settings make text of a statement mean
// something else than was written: standard_conforming_strings must be on, and
// client_encoding UTF8, as they are by default. Call it at start and with each
// probe of readiness, for a database's defaults can be altered while it runs.
func (d *DB) Check(ctx context.Context) error {
	if err := d.checkSettings(ctx); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	names, err := d.files()
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	var done []string
	err = d.bun.NewSelect().Model((*migrationRow)(nil)).Column("name").Scan(ctx, &done)
	if err != nil && diagnose(err) == noTable {
		return fmt.Errorf("check schema: %w: it is empty", storage.ErrSchema)
	}
	if err != nil {
		return fmt.Errorf("check schema: %w", mapErr(err))
	}
	for _, name := range names {
		if !slices.Contains(done, name) {
			return fmt.Errorf("check schema: %w: %s is missing", storage.ErrSchema, name)
		}
	}
	return nil
}

// settings are those of PostgreSQL that quoting rests on: bun writes values into
// the text of a statement (docs/adr/0006).
var settings = []struct{ name, want string }{
	{"standard_conforming_strings", "on"}, // else a backslash before a quote ends nothing
	{"client_encoding", "UTF8"},
}

func (d *DB) checkSettings(ctx context.Context) error {
	if d.bun.Dialect().Name() != dialect.PG {
		return nil
	}
	for _, s := range settings {
		var got string
		if err := d.bun.NewRaw("SHOW ?", bun.Ident(s.name)).Scan(ctx, &got); err != nil {
			return mapErr(err)
		}
		if got != s.want {
			return fmt.Errorf("sqlstore: %s is %s, must be %s: see ALTER DATABASE and ALTER ROLE … RESET", s.name, got, s.want)
		}
	}
	return nil
}

func (d *DB) directory() string {
	if d.bun.Dialect().Name() == dialect.PG {
		return "migrations/postgres"
	}
	return "migrations/sqlite"
}

// files returns the migrations' names, without suffix, in order.
func (d *DB) files() ([]string, error) {
	entries, err := fs.ReadDir(migrations, d.directory())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), suffix); ok {
			names = append(names, name)
		}
	}
	return names, nil // ReadDir sorts
}

// prepareMigrations makes the two tables and the lock's row. Replicas that
// create a table at the same moment can still collide on PostgreSQL, in its
// catalog; whoever loses finds it made the next time.
func (d *DB) prepareMigrations(ctx context.Context) error {
	var err error
	for range attempts {
		err = d.session().inTx(ctx, func(ctx context.Context, s session) error {
			for _, m := range []any{(*migrationRow)(nil), (*migrationLockRow)(nil)} {
				if _, err := s.idb.NewCreateTable().Model(m).IfNotExists().Exec(ctx); err != nil {
					return mapErr(err)
				}
			}
			_, err := s.idb.NewInsert().Model(&migrationLockRow{ID: 1}).Ignore().Exec(ctx)
			return mapErr(err)
		})
		if diagnoseAny(err) != taken {
			return err
		}
	}
	return err
}

func diagnoseAny(err error) trouble {
	if err == nil {
		return unknown
	}
	return diagnose(err)
}

// migrate runs one file in the session's transaction, unless it was run.
func (s session) migrate(ctx context.Context, name string) error {
	if _, err := s.idb.NewUpdate().Model((*migrationLockRow)(nil)).Set("runs = runs + 1").Where("id = 1").Exec(ctx); err != nil {
		return mapErr(err)
	}
	done, err := s.idb.NewSelect().Model((*migrationRow)(nil)).Where("name = ?", name).Exists(ctx)
	if err != nil || done {
		return mapErr(err)
	}
	b, err := migrations.ReadFile(path.Join(s.db.directory(), name+suffix))
	if err != nil {
		return err
	}
	for _, statement := range strings.Split(string(b), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := s.idb.ExecContext(ctx, statement); err != nil {
			return mapErr(err)
		}
	}
	return s.put(ctx, &migrationRow{Name: name, MigratedAt: stamp.Micro(time.Now())})
}
