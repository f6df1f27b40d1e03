package sqlstore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun/dialect"
)

// Dialect is a kind of database.
type Dialect string

// The databases that evault runs on.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
)

// traits are the respects in which the databases differ.
type traits struct {
	dialect Dialect
	bun     dialect.Name
	types   *strings.Replacer // fills in the types of a migration
	// placeholder precedes the number of a prepared statement's argument.
	placeholder string
	// oneWriter: writers exclude each other for the whole database.
	oneWriter bool
	// settings of a session that quoting rests on: bun writes values into the text of
	// a statement (docs/adr/0006).
	settings []setting
	// clock: the database is a machine of its own, with a clock that replicas share.
	clock bool
}

type setting struct{ name, want string }

// databases is the one list of them. A database without a row is refused.
var databases = []traits{
	{
		dialect: SQLite, bun: dialect.SQLite, types: strings.NewReplacer("{{time}}", "TIMESTAMP", "{{bytes}}", "BLOB"),
		placeholder: "?", oneWriter: true,
	},
	{
		dialect: PostgreSQL, bun: dialect.PG, types: strings.NewReplacer("{{time}}", "TIMESTAMPTZ", "{{bytes}}", "BYTEA"),
		placeholder: "$", clock: true,
		settings: []setting{
			{"standard_conforming_strings", "on"}, // else a backslash escapes the quote after it
			{"client_encoding", "UTF8"},
		},
	},
}

// traitsOf returns the row that is.
func traitsOf(is func(*traits) bool, name any) (*traits, error) {
	i := slices.IndexFunc(databases, func(t traits) bool { return is(&t) })
	if i < 0 {
		return nil, fmt.Errorf("sqlstore: dialect %v is not supported; SQLite and PostgreSQL are", name)
	}
	return &databases[i], nil
}

func (t *traits) argument(n int) string { return t.placeholder + strconv.Itoa(n) }

// Dialect returns the kind of database that was given to New.
func (d *DB) Dialect() Dialect { return d.traits.dialect }

// HasClock reports whether the database has a clock of its own, which replicas
// on several machines share.
func (d *DB) HasClock() bool { return d.traits.clock }
