package custody_test

import (
	"slices"
	"testing"

	"github.com/evaultlib/evault/vault/custody"
)

// TestLint: what would destroy the exclusive power of the controller is refused by name.
func TestLint(t *testing.T) {
	t.Parallel()
	const controller, transferor, operator, other = custody.RoleController, custody.RoleTransferor, custody.RoleOperator, custody.RoleOther
	own := [][]custody.Role{{controller}}
	for name, tc := range map[string]struct {
		assign, release [][]custody.Role
		want            []string
	}{
		"the vault's own":                  {own, own, nil},
		"the operator executes too":        {[][]custody.Role{{controller, operator}}, own, nil},
		"another way without transferor":   {[][]custody.Role{{controller, transferor}, {controller}}, own, nil},
		"the transferor approves":          {[][]custody.Role{{controller, transferor}}, own, []string{"assign transferor_co_approval"}},
		"the transferor releases with it":  {own, [][]custody.Role{{controller, transferor, operator}}, []string{"release transferor_co_approval"}},
		"the operator alone":               {[][]custody.Role{{controller}, {operator}}, own, []string{"assign solo_override"}},
		"operator and transferor":          {own, [][]custody.Role{{controller}, {operator, transferor}}, []string{"release solo_override"}},
		"another person":                   {own, [][]custody.Role{{other}}, []string{"release solo_override", "release controller_powerless"}},
		"no one":                           {own, nil, []string{"release controller_powerless"}},
		"nobody has to act":                {own, [][]custody.Role{{}}, []string{"release solo_override", "release controller_powerless"}},
		"with the transferor, or operator": {[][]custody.Role{{controller, transferor}, {operator}}, own, []string{"assign solo_override", "assign transferor_co_approval"}},
	} {
		var got []string
		for _, e := range (custody.Policy{Assign: tc.assign, Release: tc.release}).Lint() {
			got = append(got, e.Power+" "+e.Rule)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
	if got := custody.DefaultPolicy().Lint(); len(got) != 0 {
		t.Errorf("default: got %v", got)
	}
}
