package environ_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/environ"
)

func TestRequire(t *testing.T) {
	t.Parallel()
	if err := environ.Require("vault", map[string]bool{"Store": false}); err != nil {
		t.Errorf("nothing is missing: got %v", err)
	}
	err := environ.Require("vault", map[string]bool{"Store": true, "Objects": true, "Log": false})
	if want := "vault: Config.Objects is required, Config.Store is required"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
