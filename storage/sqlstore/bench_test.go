package sqlstore_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// BenchmarkChainHead is one indexed read through bun, what polling a status
// costs below HTTP.
func BenchmarkChainHead(b *testing.B) {
	db := testdb.Open(b)
	if err := appendOne(b.Context(), db.Session(), "env"); err != nil {
		b.Fatal(err)
	}
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.Session().ChainHead(b.Context(), "env"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := db.Session().ChainHead(b.Context(), "env"); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkCommit is a transaction like that of a vault-in: a blob row staged
// before, then six events on one chain and a link.
func BenchmarkCommit(b *testing.B) {
	run := func(db *sqlstore.DB, n int64) error {
		env := fmt.Sprintf("env_%d", n)
		rows := db.BlobRows()
		o := storage.Object{Name: "k/" + env, SHA256: storage.Sum([]byte(env)), Size: 1}
		ctx := b.Context()
		if err := rows.Stage(ctx, o, environ.Clock(nil)()); err != nil {
			return err
		}
		st := eventlog.Writer{Env: storage.Env{}.WithDefaults()}
		return db.Session().InTx(ctx, func(ctx context.Context, s sqlstore.Session) error {
			for range 6 {
				if _, err := st.Append(ctx, s, eventlog.Draft{EnvelopeID: env, Type: "t", Detail: map[string]string{"reason": "r"}}); err != nil {
					return err
				}
			}
			return s.LinkBlob(ctx, o.Name, st.Now())
		})
	}
	var n atomic.Int64
	b.Run("alone", func(b *testing.B) {
		db := testdb.Open(b)
		for b.Loop() {
			if err := run(db, n.Add(1)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		db := testdb.Open(b)
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := run(db, n.Add(1)); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
