package sqlstore

import (
	"testing"

	"github.com/evaultlib/evault/storage/standing"
)

// TestEveryActHasATable: a role that may see envelopes in a list or feed must be
// recorded where SQL finds it.
func TestEveryActHasATable(t *testing.T) {
	t.Parallel()
	for _, act := range []standing.Act{standing.SeeEnvelope, standing.Follow} {
		asked := 0
		for role := range standing.Who(act) {
			if asked++; roles[role].table == "" {
				t.Errorf("role %b may do act %d, but no table records it", role, act)
			}
		}
		if asked == 0 {
			t.Errorf("nobody may do act %d", act)
		}
	}
}
