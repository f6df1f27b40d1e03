package accept_test

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

type keyLine struct {
	KeyID      string `json:"key_id"`
	APIKey     string `json:"api_key"`
	DisabledAt string `json:"disabled_at"`
}

// keys runs a keys command and returns its lines.
func (s *server) keys(t *testing.T, args ...string) []keyLine {
	t.Helper()
	out, err := exec.Command(binary, append(append([]string{"keys"}, args...), "-data", s.dir)...).Output()
	if err != nil {
		t.Fatalf("keys %v: %v", args, err)
	}
	var lines []keyLine
	for line := range strings.Lines(string(out)) {
		var k keyLine
		if err := json.Unmarshal([]byte(line), &k); err != nil {
			t.Fatalf("keys %v printed %q", args, line)
		}
		lines = append(lines, k)
	}
	return lines
}

// TestKeys: what the keys commands do works on the very next request.
func TestKeys(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	secret := s.createKey(t, "org_second", "envelopes:read")
	c := s.client(t, secret)
	c.get("/partner/envelopes").want(http.StatusOK)
	listed := s.keys(t, "list", "-org", "org_second")
	if len(listed) != 1 || listed[0].APIKey != "" {
		t.Fatalf("listed %+v, want one key without its secret", listed)
	}
	rotated := s.keys(t, "rotate", "-org", "org_second", "-key", listed[0].KeyID)
	next := c.with(rotated[0].APIKey)
	next.get("/partner/envelopes").want(http.StatusOK)
	c.get("/partner/envelopes").want(http.StatusOK) // the old one works on for a day
	s.keys(t, "disable", "-org", "org_second", "-key", rotated[0].KeyID)
	next.get("/partner/envelopes").problem(http.StatusUnauthorized, "key_disabled")
	if err := exec.Command(binary, "keys", "create", "-data", s.dir, "-org", "org_second", "-scopes", "everything").Run(); err == nil {
		t.Error("an unknown scope was granted")
	}
}

// TestRestart: what was made is there after a SIGTERM and a new start, and the
// first key is shown once.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, "")
	env := s.client(t, s.APIKey).post("/partner/envelopes", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "A"}).want(http.StatusCreated).str("data.envelope_id")
	s.stop(t)
	again := start(t, dir, "")
	if again.APIKey != "" || again.OrgID != s.OrgID {
		t.Errorf("second start says org %q, key shown %v", again.OrgID, again.APIKey != "")
	}
	again.client(t, s.APIKey).get("/partner/envelopes/" + env).want(http.StatusOK)
}
