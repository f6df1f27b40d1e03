package custody

import (
	"fmt"
	"slices"
)

// Role is who may have to act for a power over a copy to be exercised.
type Role string

// Roles in a policy.
const (
	RoleController Role = "controller" // the purchaser, by its key, its organization or its agent
	RoleTransferor Role = "transferor" // who assigned the copy to it
	RoleOperator   Role = "operator"   // who runs the installation
	RoleOther      Role = "other"      // anyone else
)

// Policy says who can exercise the controller's powers: for each, the sets of roles that together
// suffice. Approval by a second key of the controller's own organization needs no second role.
type Policy struct {
	Assign  [][]Role `json:"assign"`  // add or change an assignee, and transfer control
	Release [][]Role `json:"release"` // let the original leave the vault
}

// DefaultPolicy is that of the vault itself: the controller acts, and no one else.
func DefaultPolicy() Policy {
	return Policy{Assign: [][]Role{{RoleController}}, Release: [][]Role{{RoleController}}}
}

// Rules that a policy may break.
const (
	// RuleTransferor: the controller can act only if its transferor acts too (UCC 9-105(e)(2)).
	RuleTransferor = "transferor_co_approval"
	// RuleOverride: others can act without the controller (UCC 9-105(c)(3), (e)(1)).
	RuleOverride = "solo_override"
	// RulePowerless: the controller cannot act in any way, so that it has no power (UCC 9-105(c)(3)).
	RulePowerless = "controller_powerless"
)

// PolicyError is a rule that a policy breaks.
type PolicyError struct {
	Rule   string // RuleTransferor, RuleOverride or RulePowerless
	Power  string // "assign" or "release"
	Detail string
}

func (e *PolicyError) Error() string {
	return fmt.Sprintf("custody: policy refused by the rule %s: %s: %s", e.Rule, e.Power, e.Detail)
}

// Lint returns the rules under which the controller's power would not be exclusive, none for a policy
// that may be used: a power that needs the transferor's co-approval, and one that others have
// without the controller (UCC 9-105(d) and (e), as amended in 2022).
func (p Policy) Lint() []*PolicyError {
	var list []*PolicyError
	for _, x := range []struct {
		power string
		sets  [][]Role
	}{{"assign", p.Assign}, {"release", p.Release}} {
		own, free := false, false
		for _, set := range x.sets {
			if !slices.Contains(set, RoleController) {
				list = append(list, &PolicyError{RuleOverride, x.power, fmt.Sprintf("%q can act without the controller", set)})
				continue
			}
			own, free = true, free || !slices.Contains(set, RoleTransferor)
		}
		switch {
		case !own:
			list = append(list, &PolicyError{RulePowerless, x.power, "the controller cannot act"})
		case !free:
			list = append(list, &PolicyError{RuleTransferor, x.power, "the controller can act only together with its transferor"})
		}
	}
	return list
}
