package releasemark_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/releasemark"
)

// golden is a mark as version 1 spells it.
const golden = `{"v":1,"release":"r.s.t","custody":"c.u.s","object":{"Name":"version/cpy_1/2","SHA256":"ab","Size":7},` +
	`"seal":{"mode":"detached","level":"B-T","time_source":"host","sha256":"cd"},"cms":"AQI="}`

func TestMarkIsSpelledAsEver(t *testing.T) {
	t.Parallel()
	b, err := releasemark.Encode("r.s.t", custody.Entry{Statement: "c.u.s"}, custody.Version{
		Object:    storage.Object{Name: "version/cpy_1/2", SHA256: "ab", Size: 7},
		Seal:      custody.Seal{Mode: custody.SealingDetached, Level: "B-T", TimeSource: "host", SHA256: "cd"},
		Statement: []byte{1, 2},
	})
	if err != nil || string(b) != golden {
		t.Errorf("got %s, %v, want %s", b, err, golden)
	}
	if got := releasemark.Name("cpy_1"); got != "released/cpy_1" {
		t.Errorf("name: got %s", got)
	}
}

// TestOtherMarksAreRefused: what has another version, or statements that no key signed,
// is not taken for a release.
func TestOtherMarksAreRefused(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{"", "{", "{}", strings.Replace(golden, `"v":1`, `"v":2`, 1), golden} {
		if r, err := releasemark.Open([]byte(mark), &custody.Original{}, custody.Version{}, nil); !errors.Is(err, custody.ErrStatement) {
			t.Errorf("%.20q: got %v, %v, want ErrStatement", mark, r, err)
		}
	}
}

// TestOtherMarksEndEveryVersion: what is not a verified mark of this copy counts as the
// release of every version, so that nothing is handed out beside it.
func TestOtherMarksEndEveryVersion(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{"", "{", "{}", golden} {
		if n := releasemark.Ends([]byte(mark), &custody.Original{CopyID: "cpy_1", Version: 1 << 30}, nil); n < 1<<30 {
			t.Errorf("%.20q: ends version %d only", mark, n)
		}
	}
}
