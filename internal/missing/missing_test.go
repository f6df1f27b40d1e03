package missing_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/missing"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	if err := missing.Settings("vault", map[string]bool{"Store": false}); err != nil {
		t.Errorf("nothing is missing: got %v", err)
	}
	err := missing.Settings("vault", map[string]bool{"Store": true, "Depot": true, "Log": false})
	if want := "vault: Config.Depot is required, Config.Store is required"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
