package esign_test

import (
	"testing"

	"github.com/evaultlib/evault/esign"
)

func TestSameAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"ann@example.com", "Ann@EXAMPLE.com", true},
		{" ann@example.com ", "ann@example.com", true},
		{"jos\u00e9@example.com", "jose\u0301@example.com", true},
		{"ann@b\u00fccher.example", "ann@xn--bcher-kva.example", true},
		{"ann@b\u00fccher.example", "ann@BU\u0308CHER.example", true},
		{"ann@example.com", "ann@example.org", false},
		{"ann@example.com", "anne@example.com", false},
		{"ann@bucher.example", "ann@b\u00fccher.example", false},
		{"ann", "ann@", true},
		{"", "ann@example.com", false},
	} {
		if got := esign.SameAddress(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: got %t, want %t", c.a, c.b, got, c.want)
		}
	}
}
