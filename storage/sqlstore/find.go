package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"sync"

	"github.com/uptrace/bun"
)

// find reads the row of dest's table for which where holds: dest points to a
// struct, or to a slice of them, which order sorts. Arguments are strings and
// integers only, whose spelling in a statement is that of an argument.
//
// These reads are most of what requests cost. bun writes arguments into the
// text, which a database then parses anew; here the text is the same each time
// and is prepared once per connection.
func (s session) find(ctx context.Context, dest any, where, order string, args ...any) error {
	key := statement{reflect.TypeOf(dest), where, order}
	stmt, err := s.prepared(ctx, key, len(args))
	if err != nil {
		return mapErr(err)
	}
	if stmt == nil {
		return mapErr(key.query(s.idb, args).Model(dest).Scan(ctx))
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return mapErr(err)
	}
	defer rows.Close()
	if reflect.TypeOf(dest).Elem().Kind() == reflect.Slice {
		return mapErr(s.db.bun.ScanRows(ctx, rows, dest))
	}
	if !rows.Next() {
		return mapErr(errors.Join(rows.Err(), sql.ErrNoRows))
	}
	if err := s.db.bun.ScanRow(ctx, rows, dest); err != nil {
		return mapErr(err)
	}
	return mapErr(rows.Close())
}

// prepared returns the statement of key for this session; nil where there is none:
// in a transaction that is not ours, whose database may be another, and in one of
// ours until the next transaction, for preparing takes a second connection.
func (s session) prepared(ctx context.Context, key statement, args int) (*sql.Stmt, error) {
	switch {
	case s.tx == nil:
		return s.db.statements.prepare(ctx, s.db.bun, key, args)
	case s.own == nil:
		return nil, nil
	}
	stmt := s.db.statements.known(key, args)
	if stmt == nil {
		return nil, nil
	}
	return s.own.StmtContext(ctx, stmt), nil
}

// statement is the text of a read.
type statement struct {
	model        reflect.Type
	where, order string
}

func (k statement) query(db bun.IDB, args []any) *bun.SelectQuery {
	q := db.NewSelect().Where(k.where, args...)
	if k.order != "" {
		q = q.OrderExpr(k.order)
	}
	if k.model.Elem().Kind() != reflect.Slice {
		q = q.Limit(1)
	}
	return q
}

// statements are prepared on first use and live as long as the database: there
// are as many as places that call find.
type statements struct {
	traits *traits
	mu     sync.RWMutex
	ready  map[statement]*sql.Stmt
	wanted map[statement]int // arguments, of those that a transaction missed
}

// known returns the statement if it is ready, else sees to it that it will be.
func (p *statements) known(key statement, args int) *sql.Stmt {
	p.mu.RLock()
	stmt := p.ready[key]
	p.mu.RUnlock()
	if stmt == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.wanted == nil {
			p.wanted = map[statement]int{}
		}
		p.wanted[key] = args
	}
	return stmt
}

// prepareWanted is for a moment in which the caller holds no connection. What
// fails will be wanted again.
func (p *statements) prepareWanted(ctx context.Context, db *bun.DB) {
	p.mu.RLock()
	n := len(p.wanted)
	p.mu.RUnlock()
	if n == 0 {
		return
	}
	p.mu.Lock()
	wanted := p.wanted
	p.wanted = nil
	p.mu.Unlock()
	for key, args := range wanted {
		_, _ = p.prepare(ctx, db, key, args)
	}
}

func (p *statements) prepare(ctx context.Context, db *bun.DB, key statement, args int) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt := p.ready[key]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	placeholders := make([]any, args)
	for i := range placeholders {
		placeholders[i] = bun.Safe(p.traits.argument(i + 1))
	}
	model := reflect.New(key.model.Elem()).Interface()
	stmt, err := db.DB.PrepareContext(ctx, key.query(db, placeholders).Model(model).String())
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.ready[key]; first != nil {
		_ = stmt.Close() // another request prepared it meanwhile
		return first, nil
	}
	if p.ready == nil {
		p.ready = map[statement]*sql.Stmt{}
	}
	p.ready[key] = stmt
	return stmt, nil
}
