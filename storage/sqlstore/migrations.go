package sqlstore

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// sources are the migrations. {{time}} and {{bytes}} in them are the types that
// differ between databases.
//
//go:embed migrations/*.sql
var sources embed.FS

const (
	sourceSuffix = ".sql"
	suffix       = ".up.sql" // of the files of Migrations

	annotation = "-- +goose Up\n"
	// record is the last statement of a file; the first file may run again.
	record = `
INSERT INTO evault_migrations (name, migrated_at)
  SELECT '%[1]s', CURRENT_TIMESTAMP WHERE NOT EXISTS (SELECT 1 FROM evault_migrations WHERE name = '%[1]s');
`
)

// Migrations returns the schema as SQL files for d, for a host that runs
// migrations with a tool of its own, or hands them to a database administrator,
// instead of calling DB.Migrate. The files are named 0001_migrations.up.sql and so
// on and only go up; each is applied once, in the order of the names, in a
// transaction. They are plain SQL with the annotation of goose. Each records
// itself in evault_migrations, so that DB.Check accepts the schema and DB.Migrate
// has nothing to do.
func Migrations(d Dialect) (fs.FS, error) {
	t, err := traitsOf(func(t *traits) bool { return t.dialect == d }, d)
	if err != nil {
		return nil, err
	}
	names, err := migrationNames()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer // a zip file is the standard library's fs.FS of bytes
	w := zip.NewWriter(&b)
	for _, name := range names {
		text, err := t.migration(name)
		if err != nil {
			return nil, err
		}
		f, err := w.Create(name + suffix)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write([]byte(text)); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}

// migrationNames returns the names of the migrations, in order.
func migrationNames() ([]string, error) {
	entries, err := fs.ReadDir(sources, "migrations")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries { // ReadDir sorts
		names[i] = strings.TrimSuffix(e.Name(), sourceSuffix)
	}
	return names, nil
}

// migration returns the SQL of one migration for this database.
func (t *traits) migration(name string) (string, error) {
	b, err := sources.ReadFile("migrations/" + name + sourceSuffix)
	if err != nil {
		return "", err
	}
	return annotation + t.types.Replace(string(b)) + fmt.Sprintf(record, name), nil
}
