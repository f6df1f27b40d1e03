package environ_test

import (
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/environ"
)

func TestTimeRoundTrip(t *testing.T) {
	t.Parallel()
	in := time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.FixedZone("x", 3600))
	s := environ.Format(in)
	if s != "2026-11-23T11:00:00.123456Z" {
		t.Errorf("got %s", s)
	}
	back, err := environ.Parse(s)
	if err != nil || !back.Equal(environ.Micro(in)) {
		t.Errorf("got %v, %v", back, err)
	}
	for _, bad := range []string{"", "2026-11-23T11:00:00Z", "2026-11-23T11:00:00.123Z", "2026-11-23T11:00:00.123456+00:00"} {
		if _, err := environ.Parse(bad); err == nil {
			t.Errorf("Parse(%q) accepted", bad)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	newID := environ.IDs(nil)
	seen := map[string]bool{}
	for range 1000 {
		id := newID("env")
		if !environ.IsID(id, "env") || len(id) != 30 || seen[id] {
			t.Fatalf("bad id %q", id)
		}
		seen[id] = true
	}
	for _, bad := range []string{"", "env_", "env", "sgn_a", "env_A", "env_a/b", "env_é"} {
		if environ.IsID(bad, "env") {
			t.Errorf("IsID(%q)", bad)
		}
	}
}
