package accept_test

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
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

// TestOrigins: the command and the route set the same list, and a token is made for
// what is in it.
func TestOrigins(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		command := func(args ...string) string {
			t.Helper()
			more := []string{"-data", s.dir, "-org", s.OrgID}
			if s.db != "" {
				more = append(more, "-db", s.db)
			}
			out, err := exec.Command(binary, slices.Concat([]string{"origins", args[0]}, more, args[1:])...).Output()
			if err != nil {
				t.Fatalf("origins %v: %v", args, err)
			}
			return string(out)
		}
		const one, two = "https://app.example.com", "https://two.example.com"
		c.get("/partner/origins").want(http.StatusOK).equal("data.origins", []string{})
		if got, want := command("set", one, two), `{"org_id":"`+s.OrgID+`","origins":["`+one+`","`+two+`"]}`+"\n"; got != want {
			t.Errorf("origins set printed %q, want %q", got, want)
		}
		c.get("/partner/origins").want(http.StatusOK).equal("data.origins", []string{one, two})
		env := c.post("/partner/envelopes", envelope(map[string]any{"document": document(testpdf.Contract(3))})).want(http.StatusCreated).str("data.envelope_id")
		token := map[string]any{"envelope_id": env, "user_email": "ada@example.com", "widget_type": "sign", "origin": two}
		c.post("/embed/token", token).want(http.StatusOK)
		c.do(http.MethodPut, "/partner/origins", map[string]any{"origins": []string{one}}).want(http.StatusOK).equal("data.origins", []string{one})
		c.do(http.MethodPut, "/partner/origins", map[string]any{"origins": []string{one + "/page"}}).problem(http.StatusUnprocessableEntity, "invalid")
		c.post("/embed/token", token).problem(http.StatusUnprocessableEntity, "invalid")
		if got, want := command("list"), `{"org_id":"`+s.OrgID+`","origins":["`+one+`"]}`+"\n"; got != want {
			t.Errorf("origins list printed %q, want %q", got, want)
		}
		if err := exec.Command(binary, "origins", "set", "-data", s.dir, "-org", s.OrgID, "http://app.example.com").Run(); err == nil {
			t.Error("an origin without https was set")
		}
	})
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
