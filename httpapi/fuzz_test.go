package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/evaultlib/evault/httpapi"
)

// FuzzStrict: the strict reader accepts what encoding/json does, less names that
// come twice and what is nested too deep.
func FuzzStrict(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,2.5e3,null]},"c":"\u0041"}`, `{"a":1,"a":2}`, `[1]`, `{} {}`, `{"a":{"a":1}}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := httpapi.ParseJSON(b)
		if err != nil {
			if msg := err.Error(); json.Valid(b) && utf8.Valid(b) && !strings.Contains(msg, "twice") && !strings.Contains(msg, "deep") {
				t.Errorf("refused %q: %v", b, err)
			}
			return
		}
		if !json.Valid(b) {
			t.Fatalf("accepted %q, which is not JSON", b)
		}
		again, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := httpapi.ParseJSON(again); err != nil {
			t.Errorf("%q was accepted, its own encoding %q was not: %v", b, again, err)
		}
	})
}
