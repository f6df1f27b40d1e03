package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

type migrationRow struct {
	bun.BaseModel `bun:"table:evault_migrations"`

	Name string `bun:"name,pk"`
}

type migrationLockRow struct {
	bun.BaseModel `bun:"table:evault_migration_locks"`

	ID int64 `bun:"id,pk"`
}

// Migrate brings the schema up to this build: each file of Migrations, in order,
// in one transaction together with the row that says it is done. A migration
// killed half way leaves nothing and is run again by the next call. Replicas may
// call it at once: the lock is a row of evault_migration_locks held by that
// transaction, so it ends with its connection and is never stale.
func (d *DB) Migrate(ctx context.Context) error {
	if err := d.checkSettings(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	names, err := migrationNames()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := d.prepareMigrations(ctx, names[0]); err != nil {
		return fmt.Errorf("migrate %s: %w", names[0], err)
	}
	for _, name := range names[1:] {
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
	names, err := migrationNames()
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

func (d *DB) checkSettings(ctx context.Context) error {
	for _, s := range d.traits.settings {
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

// prepareMigrations runs the first file, which makes the tables that migrations
// need and may run again. Replicas that create a table at the same moment can
// still collide on PostgreSQL, in its catalog; the one that loses finds the table
// at its next attempt.
func (d *DB) prepareMigrations(ctx context.Context, first string) error {
	var err error
	for range attempts {
		err = d.session().inTx(ctx, func(ctx context.Context, s session) error { return s.runFile(ctx, first) })
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
	return s.runFile(ctx, name)
}

// runFile runs the statements of one file, the last of which records it.
func (s session) runFile(ctx context.Context, name string) error {
	text, err := s.db.traits.migration(name)
	if err != nil {
		return err
	}
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := s.idb.ExecContext(ctx, statement); err != nil {
			return mapErr(err)
		}
	}
	return nil
}
