package accept_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
)

var operator = esign.Actor{Kind: "member", ID: "accept", OrgID: "org_a"}

// vaultIn deposits an envelope of org_a.
func vaultIn(ctx context.Context, v *embedded.Embedded, env string) (*compliance.VaultRecord, bool, error) {
	d, err := v.Depositor(ctx, "org_a")
	if err != nil {
		return nil, false, err
	}
	return v.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: env, Depositor: d, Actor: operator})
}

// site is an installation: a folder, and the PostgreSQL database beside it if dsn
// says so.
type site struct{ dir, dsn string }

func (s site) open(ctx context.Context) (*embedded.Embedded, error) {
	o := embedded.Options{Dir: s.dir}
	if s.dsn != "" {
		db, err := sql.Open("pgx", s.dsn)
		if err != nil {
			return nil, err
		}
		db.SetConnMaxIdleTime(time.Second) // nobody closes it here
		o.DB = bun.NewDB(db, pgdialect.New())
	}
	return embedded.Open(ctx, o)
}

// child is the process that is killed: it vaults an envelope in and says so.
func child() int {
	v, err := site{os.Getenv("EVAULT_CHILD_DIR"), os.Getenv("EVAULT_CHILD_DSN")}.open(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	rec, _, err := vaultIn(context.Background(), v, os.Getenv("EVAULT_CHILD_ENVELOPE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 4
	}
	fmt.Println("acknowledged", rec.Original.DocumentHash)
	return 0
}

// killed at: the calls through which anything becomes durable.
var calls = []string{"openat", "write", "pwrite64", "fsync", "fdatasync", "renameat", "linkat", "unlinkat"}

// TestKillAtEverySyscall kills a vault-in at the K-th call of each kind, for
// every K until it comes through, and looks at what is left: what was
// acknowledged is there and byte-equal, what was not is there whole or not at
// all, and the vault-in can be repeated (I2).
func TestKillAtEverySyscall(t *testing.T) {
	t.Parallel()
	needsStrace(t)
	master := t.TempDir()
	env := prepared(t, site{dir: master})
	trials, kills, acknowledged := 0, 0, 0
	for _, call := range calls {
		for k := 1; ; k++ {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(master)); err != nil {
				t.Fatal(err)
			}
			chmodKeys(t, dir)
			s := site{dir: dir}
			out, dead := kill(t, s, env, call, k)
			trials++
			if dead {
				kills++
			}
			if strings.HasPrefix(out, "acknowledged") {
				acknowledged++
			}
			survives(t, s, env, strings.TrimSpace(strings.TrimPrefix(out, "acknowledged")), fmt.Sprintf("%s %d", call, k))
			os.RemoveAll(dir)
			if !dead || t.Failed() {
				break
			}
		}
	}
	if kills < 50 {
		t.Errorf("only %d of %d trials were killed; strace does not do what the test needs", kills, trials)
	}
	t.Logf("%d trials, %d killed, %d acknowledged", trials, kills, acknowledged)
}

// TestKillTalkingToPostgres kills a vault-in at the K-th write, which is how it
// talks to PostgreSQL: every 5th K, or every one with EVAULT_ACCEPT.
func TestKillTalkingToPostgres(t *testing.T) {
	t.Parallel()
	needsStrace(t)
	s := site{t.TempDir(), postgres(t)}
	prepared(t, s)
	kills, acknowledged := 0, 0
	for k := 1; ; k += figure(5, 1) {
		v, err := s.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		env := paper(t, v, testpdf.Simple(2, fmt.Sprintf("Kill me at %d", k)))
		v.Close()
		out, dead := kill(t, s, env, "write", k)
		if strings.HasPrefix(out, "acknowledged") {
			acknowledged++
		}
		survives(t, s, env, strings.TrimSpace(strings.TrimPrefix(out, "acknowledged")), fmt.Sprintf("write %d", k))
		if !dead || t.Failed() {
			break
		}
		kills++
	}
	if kills < 10 {
		t.Errorf("only %d trials were killed; strace does not do what the test needs", kills)
	}
	t.Logf("%d killed, %d acknowledged", kills, acknowledged)
}

func needsStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		if os.Getenv("EVAULT_TOOLS") != "" {
			t.Fatal(err)
		}
		t.Skip("no strace")
	}
}

// prepared makes an installation with a paper document ready to be vaulted.
func prepared(t *testing.T, s site) string {
	t.Helper()
	v, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if _, err := v.Scopes.CreateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "A", Capacity: scopes.Principal}); err != nil {
		t.Fatal(err)
	}
	return paper(t, v, testpdf.Simple(2, "Kill me"))
}

// paper makes a paper envelope of org_a with its PDF.
func paper(t testing.TB, v *embedded.Embedded, pdf []byte) string {
	t.Helper()
	env, err := v.ESign.Create(t.Context(), esign.CreateRequest{
		OrgID: "org_a", Actor: operator, EnvelopeKind: esign.KindPaper, CustomerName: "A", CustomerEmail: "a@example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.ESign.Upload(t.Context(), esign.UploadRequest{OrgID: "org_a", EnvelopeID: env.ID, Actor: operator, Document: pdf}); err != nil {
		t.Fatal(err)
	}
	return env.ID
}

// chmodKeys gives copied keys back the mode that embedded insists on.
func chmodKeys(t *testing.T, dir string) {
	t.Helper()
	keys, err := filepath.Glob(filepath.Join(dir, "keys", "*"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("no keys: %v", err)
	}
	for _, k := range keys {
		if err := os.Chmod(k, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// kill runs the child under strace, which kills it at the k-th such call of any
// of its threads.
func kill(t *testing.T, s site, env, call string, k int) (out string, dead bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, k), self)
	cmd.Env = append(os.Environ(), "EVAULT_CHILD_DIR="+s.dir, "EVAULT_CHILD_DSN="+s.dsn, "EVAULT_CHILD_ENVELOPE="+env, "GOMAXPROCS=1")
	b, err := cmd.Output()
	var ee *exec.ExitError
	switch {
	case err == nil:
		return string(b), false
	case errors.As(err, &ee) && signaled(ee):
		return string(b), true
	}
	t.Fatalf("%s %d: %v\n%s", call, k, err, ee.Stderr)
	return "", false
}

func signaled(ee *exec.ExitError) bool {
	ws, ok := ee.Sys().(syscall.WaitStatus)
	return ok && (ws.Signaled() || ws.ExitStatus() == 128+int(syscall.SIGKILL))
}

// survives opens what a kill left.
func survives(t *testing.T, s site, env, acknowledged, when string) {
	t.Helper()
	ctx := t.Context()
	v, err := s.open(ctx)
	if err != nil {
		t.Errorf("%s: open after the kill: %v", when, err)
		return
	}
	defer v.Close()
	before, err := v.Vault.Original(ctx, "org_a", env)
	switch {
	case errors.Is(err, vault.ErrNotVaulted):
		if acknowledged != "" {
			t.Errorf("%s: the acknowledged copy %s is gone", when, acknowledged)
		}
	case err != nil:
		t.Errorf("%s: %v", when, err)
		return
	case acknowledged != "" && string(before.DocumentHash) != acknowledged:
		t.Errorf("%s: copy is %s, acknowledged was %s", when, before.DocumentHash, acknowledged)
	}
	rec, created, err := vaultIn(ctx, v, env)
	if err != nil {
		t.Errorf("%s: vault-in after the kill: %v", when, err)
		return
	}
	if created != (before == nil) {
		t.Errorf("%s: a copy was there: %v, another was made: %v", when, before != nil, created)
	}
	file, err := v.Vault.ReadAuthoritative(ctx, vault.ReadRequest{OrgID: "org_a", EnvelopeID: env, Actor: operator})
	if err != nil {
		t.Errorf("%s: read after the kill: %v", when, err)
		return
	}
	if storage.Sum(file.Content) != rec.Original.DocumentHash {
		t.Errorf("%s: bytes are not those of the record", when)
	}
	evaluation, err := v.Compliance.Evaluate(ctx, "org_a", env, operator)
	if err != nil {
		t.Errorf("%s: evaluate: %v", when, err)
		return
	}
	for _, c := range evaluation.Result.Checks {
		if c.Failed() && c.ID != "required_signatures" { // nobody attested the paper
			t.Errorf("%s: %s: %s", when, c.ID, c.Detail)
		}
	}
}
