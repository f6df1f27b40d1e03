package embedded_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/storagetest"
)

// TestIdleServerWritesNothing: rounds of all tasks that find nothing to do begin
// no transaction and change no row, for leases either.
func TestIdleServerWritesNothing(t *testing.T) {
	t.Parallel()
	testdb.EachFaulty(t, func(t *testing.T, openDB testdb.OpenWrapped) {
		at, faults := time.Now(), &storagetest.Faults{}
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: openDB(t, faults.Connector), Env: storage.Env{Now: func() time.Time { return at }}})
		org := lender(t, v)
		id := vaulted(t, v, org)
		at = at.Add(time.Minute)
		v.RunOnce(t.Context()) // what the vault-in left
		writes := regexp.MustCompile(`(?i)\b(begin|commit|insert|update|delete)\b`)
		count := func(rounds int) (n int) {
			faults.Arm(nil)
			for range rounds {
				at = at.Add(2 * time.Second)
				v.RunOnce(t.Context())
			}
			for _, call := range faults.Calls() {
				if writes.MatchString(call) {
					n++
				}
			}
			return n
		}
		if n := count(20); n != 0 {
			t.Errorf("20 idle rounds made %d writes: %q", n, faults.Calls())
		}
		inspect(t, v, org, id)
		if n := count(1); n == 0 {
			t.Errorf("a round with work made no writes: %q", faults.Calls())
		}
	})
}
