package scopes

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is one right of an API key.
type Scope string

// The scopes, as spelled in the HTTP API.
const (
	EnvelopesRead  Scope = "envelopes:read"
	EnvelopesWrite Scope = "envelopes:write"
	ESignWrite     Scope = "esign:write"
	VaultRead      Scope = "vault:read"
	VaultWrite     Scope = "vault:write"
	VaultRelease   Scope = "vault:release"
	ComplianceRead Scope = "compliance:read"
	CustodyRead    Scope = "custody:read"
	CustodyWrite   Scope = "custody:write"
)

// All returns every scope.
func All() Set {
	return NewSet(
		EnvelopesRead, EnvelopesWrite, ESignWrite, VaultRead, VaultWrite, VaultRelease,
		ComplianceRead, CustodyRead, CustodyWrite,
	)
}

// Valid reports whether s is one of the scopes above.
func (s Scope) Valid() bool { return slices.Contains(All(), s) }

// Set is a sorted list of scopes without duplicates, made by NewSet or ParseSet.
type Set []Scope

// NewSet sorts scopes and drops repetitions.
func NewSet(list ...Scope) Set {
	s := Set(slices.Clone(list))
	slices.Sort(s)
	return slices.Compact(s)
}

// ParseSet reads a comma-separated list, as String writes it. Spaces around a
// scope are ignored. An unknown or empty scope is an error, and so is an empty
// text.
func ParseSet(text string) (Set, error) {
	var list []Scope
	for word := range strings.SplitSeq(text, ",") {
		s := Scope(strings.TrimSpace(word))
		if !s.Valid() {
			return nil, fmt.Errorf("scopes: %q is not a scope", string(s))
		}
		list = append(list, s)
	}
	return NewSet(list...), nil
}

// Has reports whether s is in the set.
func (set Set) Has(s Scope) bool { return slices.Contains(set, s) }

// HasAny reports whether at least one of list is in the set.
func (set Set) HasAny(list ...Scope) bool { return slices.ContainsFunc(list, set.Has) }

// String returns the scopes in order, separated by commas.
func (set Set) String() string {
	words := make([]string, len(set))
	for i, s := range set {
		words[i] = string(s)
	}
	return strings.Join(words, ",")
}
