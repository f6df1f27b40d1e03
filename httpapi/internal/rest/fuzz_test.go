package rest_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/evaultlib/evault/httpapi/internal/rest"
)

// FuzzStrict: the strict reader accepts what encoding/json does, less duplicated
// names and values that are nested too deep.
func FuzzStrict(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,2.5e3,null]},"c":"\u0041"}`, `{"a":1,"a":2}`, `[1]`, `{} {}`, `{"a":{"a":1}}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := rest.CheckJSON(b, 10_000)
		if err != nil {
			known := func(word string) bool { return strings.Contains(err.Error(), word) }
			if json.Valid(b) && utf8.Valid(b) && !known("duplicated") && !known("deep") && !known("more than") && !lone(b) {
				t.Errorf("refused %q: %v", b, err)
			}
			return
		}
		if !json.Valid(b) {
			t.Fatalf("accepted %q, which is not JSON", b)
		}
	})
}

// lone reports whether b has an escape that may be half of a surrogate pair,
// which encoding/json accepts and RFC 8259 does not define.
func lone(b []byte) bool {
	lower := bytes.ToLower(b)
	return bytes.Contains(lower, []byte(`\ud8`)) || bytes.Contains(lower, []byte(`\ud9`)) || bytes.Contains(lower, []byte(`\uda`)) ||
		bytes.Contains(lower, []byte(`\udb`)) || bytes.Contains(lower, []byte(`\udc`)) || bytes.Contains(lower, []byte(`\udd`)) ||
		bytes.Contains(lower, []byte(`\ude`)) || bytes.Contains(lower, []byte(`\udf`))
}
