package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"

	"github.com/evaultlib/evault/storage"
)

// errRace marks a lost race for a place in an event chain, which a new run of
// the transaction cures.
var errRace = errors.New("sqlstore: another transaction extended the chain")

var errForeign = errors.New("sqlstore: the transaction was made by another backend")

// trouble is what a driver's error means to us.
type trouble int

const (
	unknown trouble = iota
	busy            // another transaction is in the way; run again
	taken           // unique key
	gone            // the database does not answer, or cannot
	noTable
)

// mapErr turns a driver's error into the sentinel of storage it means, and
// keeps it inside. Errors of a context, and what it does not know, pass as they
// are.
func mapErr(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return storage.ErrNotFound
	case errors.Is(err, storage.ErrConflict), errors.Is(err, storage.ErrUnavailable):
		return err
	}
	switch diagnose(err) {
	case taken:
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	case busy, gone:
		return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
	}
	return err
}

func repeatable(err error) bool {
	if errors.Is(err, storage.ErrRetry) || errors.Is(err, errRace) {
		return true
	}
	return diagnose(err) == busy
}

func diagnose(err error) trouble {
	var (
		state interface{ SQLState() string } // pgx, lib/pq
		field interface{ Field(byte) string }
		code  interface{ Code() int } // modernc.org/sqlite
		netw  net.Error
	)
	switch {
	case errors.As(err, &state):
		return sqlState(state.SQLState())
	case errors.As(err, &field): // bun's pgdriver
		return sqlState(field.Field('C'))
	case errors.As(err, &code):
		return sqliteCode(code.Code(), err)
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.As(err, &netw),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return gone
	}
	for _, m := range messages {
		if strings.Contains(err.Error(), m.part) {
			return m.means
		}
	}
	return unknown
}

// messages are those of drivers and of database/sql that carry no code.
var messages = []struct {
	part  string
	means trouble
}{
	{"sql: database is closed", gone},
	{"database is locked", busy},
	{"UNIQUE constraint failed", taken},
	{"no such table", noTable},
}

// sqlState reads a SQLSTATE, PostgreSQL 15 appendix A.
func sqlState(state string) trouble {
	switch state {
	case "40001", "40P01":
		return busy
	case "23505", "42710", "42P07": // unique violation, and its like in the catalog
		return taken
	case "42P01":
		return noTable
	case "55P03", "25P03", "57014": // lock not available, idle too long, statement timeout
		return gone
	}
	for _, class := range []string{"08", "28", "53", "57", "58"} { // connection, authorization, resources, operator, system
		if strings.HasPrefix(state, class) {
			return gone
		}
	}
	return unknown
}

// sqliteCode reads a result code, https://sqlite.org/rescode.html; the low byte is
// the primary one.
func sqliteCode(code int, err error) trouble {
	switch code {
	case 1555, 2067, 2579: // PRIMARYKEY, UNIQUE, ROWID
		return taken
	}
	switch code & 0xff {
	case 5, 6: // BUSY, LOCKED
		return busy
	case 7, 8, 10, 11, 13, 14, 15, 26: // NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB
		return gone
	case 9: // INTERRUPT: only a context does that
		return unknown
	case 1:
		if strings.Contains(err.Error(), "no such table") {
			return noTable
		}
	}
	return unknown
}

// foreign is a database on which everything fails.
type foreign struct{}

func (foreign) Connect(context.Context) (driver.Conn, error) { return nil, errForeign }
func (foreign) Driver() driver.Driver                        { return foreign{} }
func (foreign) Open(string) (driver.Conn, error)             { return nil, errForeign }

// rows counts what a bun model inserts.
func rows(model any) int64 {
	v := reflect.Indirect(reflect.ValueOf(model))
	if v.Kind() == reflect.Slice {
		return int64(v.Len())
	}
	return 1
}
