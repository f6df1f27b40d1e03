package sqlstore

import (
	"context"
	"database/sql"
	"reflect"
	"strconv"
	"sync"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// find reads the one row of dest's table for which where holds; sql's
// placeholders in where take strings and integers only, whose spelling is the
// same in a statement and as an argument. Outside of a transaction the statement
// is prepared once per connection: these reads are most of what a poll costs, and
// bun writes the arguments into the text, which a database then parses anew.
func (s session) find(ctx context.Context, dest any, where string, args ...any) error {
	if s.tx != nil {
		return mapErr(s.idb.NewSelect().Model(dest).Where(where, args...).Scan(ctx))
	}
	stmt, err := s.db.statements.of(ctx, s.db.bun, dest, where, len(args))
	if err != nil {
		return mapErr(err)
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return mapErr(err)
	}
	defer rows.Close()
	if !rows.Next() {
		err := rows.Err()
		if err == nil {
			err = sql.ErrNoRows
		}
		return mapErr(err)
	}
	if err := s.db.bun.ScanRow(ctx, rows, dest); err != nil {
		return mapErr(err)
	}
	return mapErr(rows.Close())
}

// statements are prepared on first use and live as long as the database: there
// are as many as places that call find.
type statements struct {
	mu    sync.RWMutex
	known map[statement]*sql.Stmt
}

type statement struct {
	model reflect.Type
	where string
}

func (p *statements) of(ctx context.Context, db *bun.DB, dest any, where string, args int) (*sql.Stmt, error) {
	key := statement{reflect.TypeOf(dest), where}
	p.mu.RLock()
	stmt := p.known[key]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	placeholders := make([]any, args)
	for i := range placeholders {
		placeholders[i] = bun.Safe(placeholder(db.Dialect().Name(), i+1))
	}
	stmt, err := db.DB.PrepareContext(ctx, db.NewSelect().Model(dest).Where(where, placeholders...).String())
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.known[key]; first != nil {
		_ = stmt.Close() // another request prepared it meanwhile
		return first, nil
	}
	if p.known == nil {
		p.known = map[statement]*sql.Stmt{}
	}
	p.known[key] = stmt
	return stmt, nil
}

func placeholder(name dialect.Name, n int) string {
	if name == dialect.PG {
		return "$" + strconv.Itoa(n)
	}
	return "?" + strconv.Itoa(n)
}
