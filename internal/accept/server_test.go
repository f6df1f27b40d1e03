package accept_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// binary is examples/server, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv("EVAULT_CHILD_DIR") != "" {
		os.Exit(child())
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "evault-accept")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "server")
	build := exec.Command("go", "build", "-o", binary, "./examples/server")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build ./examples/server: %v\n%s", err, out)
		return 2
	}
	if code := m.Run(); code != 0 || !whole() {
		return code
	}
	missing, err := driven.missing()
	if err != nil || len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "openapi.yaml promises what no test was answered (%v):\n%s\n", err, strings.Join(missing, "\n"))
		return 1
	}
	return 0
}

// ready is the one line that the server prints.
type ready struct {
	Msg    string `json:"msg"`
	URL    string `json:"url"`
	OrgID  string `json:"org_id"`
	APIKey string `json:"api_key"`
}

// server is a running examples/server.
type server struct {
	ready
	dir, db string
	cmd     *exec.Cmd
	log     *bytes.Buffer
	exited  chan error
}

// start runs the server on a data folder and a database until the test ends.
func start(t testing.TB, dir, db string, args ...string) *server {
	t.Helper()
	return startIn(t, dir, db, nil, args...)
}

// startIn is start with more of an environment.
func startIn(t testing.TB, dir, db string, env []string, args ...string) *server {
	t.Helper()
	s := &server{dir: dir, db: db, log: &bytes.Buffer{}, exited: make(chan error, 1)}
	args = append([]string{"-addr", "127.0.0.1:0", "-data", dir, "-webhook-allow-private"}, args...)
	if db != "" {
		args = append(args, "-db", db)
	}
	s.cmd = exec.Command(binary, args...)
	s.cmd.Stderr, s.cmd.Env = s.log, append(os.Environ(), env...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stop(t)
		if t.Failed() {
			t.Logf("server log:\n%s", tail(s.log.Bytes(), 4000))
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("server said nothing: %v\n%s", err, s.log)
	}
	go func() { _, _ = io.Copy(io.Discard, out); s.exited <- s.cmd.Wait() }()
	if err := json.Unmarshal(line, &s.ready); err != nil || s.Msg != "ready" || s.URL == "" || s.OrgID == "" {
		t.Fatalf("ready line %q: %v", line, err)
	}
	return s
}

// stop sends SIGTERM and wants exit code 0.
func (s *server) stop(t testing.TB) {
	t.Helper()
	if s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.exited:
		s.exited <- err
		if err != nil && !killed(err) {
			t.Errorf("server exit: %v", err)
		}
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		t.Error("server did not drain within 20 s")
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	err := <-s.exited
	s.exited <- err
}

func killed(err error) bool {
	var ee *exec.ExitError
	if !errors.As(err, &ee) {
		return false
	}
	ws, ok := ee.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled() && ws.Signal() == syscall.SIGKILL
}

func tail(b []byte, n int) []byte {
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return b
}

// createKey runs `keys create` beside the running server.
func (s *server) createKey(t testing.TB, org, scopes string, more ...string) string {
	t.Helper()
	args := []string{"keys", "create", "-data", s.dir, "-org", org, "-scopes", scopes}
	if s.db != "" {
		args = append(args, "-db", s.db)
	}
	cmd := exec.Command(binary, append(args, more...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("keys create: %v\n%s", err, &stderr)
	}
	var k struct {
		KeyID  string `json:"key_id"`
		OrgID  string `json:"org_id"`
		APIKey string `json:"api_key"`
	}
	if err := json.Unmarshal(out, &k); err != nil || k.APIKey == "" || k.OrgID != org || k.KeyID == "" {
		t.Fatalf("keys create printed %q: %v", out, err)
	}
	return k.APIKey
}

var databases atomic.Int64

// postgres makes a database of its own for a test, or skips the test where no
// server is promised by EVAULT_POSTGRES.
func postgres(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("EVAULT_POSTGRES")
	if dsn == "" {
		t.Skip("EVAULT_POSTGRES is not set; .ci/run sets it")
	}
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("accept_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
		admin.Close()
	})
	return withDatabase(t, dsn, name)
}

// each runs fn against a fresh server on SQLite and on PostgreSQL.
func each(t *testing.T, fn func(t *testing.T, s *server)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, start(t, t.TempDir(), "")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); db := postgres(t); fn(t, start(t, t.TempDir(), db)) })
}
