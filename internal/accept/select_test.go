package accept_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/storage/sqlite"
)

// bareSelect serves one indexed SELECT through bun on the same database and
// nothing else: what polling cannot be faster than here.
func bareSelect(b *testing.B, path, env string) string {
	b.Helper()
	db, err := sqlite.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	handle := bun.NewDB(db, sqlitedialect.New())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status string
		if err := handle.NewSelect().Table("evault_envelopes").Column("status").Where("envelope_id = ?", env).Scan(r.Context(), &status); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(status))
	}))
	b.Cleanup(func() { srv.Close(); db.Close() })
	return srv.URL
}
