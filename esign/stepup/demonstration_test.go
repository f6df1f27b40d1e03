package stepup_test

import (
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/stepup"
)

// TestDemonstration: each link and disclosure has a code of its own, which may be typed
// in either case, with or without its hyphen.
func TestDemonstration(t *testing.T) {
	t.Parallel()
	code := stepup.Demonstration([]byte("secret"), "sgn_a", 1, "d")
	if len(code) != 9 || code[4] != '-' {
		t.Errorf("got %q, want two groups of four", code)
	}
	for what, other := range map[string]string{
		"another key":        stepup.Demonstration([]byte("other"), "sgn_a", 1, "d"),
		"another signer":     stepup.Demonstration([]byte("secret"), "sgn_b", 1, "d"),
		"another link":       stepup.Demonstration([]byte("secret"), "sgn_a", 2, "d"),
		"another disclosure": stepup.Demonstration([]byte("secret"), "sgn_a", 1, "e"),
	} {
		if other == code || stepup.Demonstrated(code, other) {
			t.Errorf("%s has the same code", what)
		}
	}
	for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + " "} {
		if !stepup.Demonstrated(code, typed) {
			t.Errorf("%q is refused for %q", typed, code)
		}
	}
	for _, typed := range []string{"", code[:8], code + "2", strings.Repeat(code, 2)} {
		if stepup.Demonstrated(code, typed) {
			t.Errorf("%q is taken for %q", typed, code)
		}
	}
}
