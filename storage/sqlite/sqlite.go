// Package sqlite opens a SQLite file with the settings that evault rests on, by
// the driver modernc.org/sqlite, which needs no C compiler. It is the only
// package that imports that driver: a program that also links another driver
// registered as "sqlite" cannot start, and such a host opens its own *sql.DB
// instead, with the same settings.
//
// Stability: the Go API may change until v1; the settings may change with any version.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// BusyTimeout is how long a statement waits for another connection's lock.
const BusyTimeout = 5 * time.Second

// Open opens the SQLite file at path, which is made when it is not there; its
// folder must exist.
//
// The settings are part of the data source name, so that every pooled
// connection has them: journal mode WAL (readers and one writer go on side by
// side), synchronous FULL (a committed transaction survives a power cut),
// foreign keys on, a busy timeout, and BEGIN IMMEDIATE for every transaction (a
// transaction that reads first and writes later would otherwise fail under
// load, without waiting). The pool is open to several readers.
//
// ":memory:" and "" are refused: such a database belongs to one connection, and
// a pool would see a new, empty one in each.
func Open(path string) (*sql.DB, error) {
	c, err := Connector(path)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	n := max(8, 4*runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// Connector returns what Open hands to sql.OpenDB, for a host that wraps it, for
// instance to trace statements.
func Connector(path string) (driver.Connector, error) {
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, errors.New("sqlite: an in-memory database differs for each connection of the pool; use the path of a file")
	}
	if strings.ContainsRune(path, 0) {
		return nil, errors.New("sqlite: path contains a NUL")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return connector{dataSource(filepath.ToSlash(abs))}, nil
}

type connector struct{ dsn string }

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(c.dsn) }
func (connector) Driver() driver.Driver                          { return &sqlite.Driver{} }

func dataSource(path string) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: path}
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", BusyTimeout.Milliseconds()), // first: the others may have to wait
			"journal_mode(WAL)",
			"synchronous(FULL)",
			"foreign_keys(ON)",
		},
	}
	u.RawQuery = q.Encode()
	return u.String()
}
