package accept_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
)

var operator = esign.Actor{Kind: "operator", ID: "accept"}

// vaultIn deposits an envelope of org_a.
func vaultIn(ctx context.Context, v *embedded.Embedded, env string) (*compliance.VaultRecord, bool, error) {
	d, err := v.Depositor(ctx, "org_a")
	if err != nil {
		return nil, false, err
	}
	return v.Handover.VaultIn(ctx, compliance.VaultInRequest{EnvelopeID: env, Depositor: d, Actor: operator})
}

// child is the process that is killed: it vaults an envelope in and says so.
func child() int {
	v, err := embedded.Open(context.Background(), embedded.Options{Dir: os.Getenv("EVAULT_CHILD_DIR")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	rec, _, err := vaultIn(context.Background(), v, os.Getenv("EVAULT_CHILD_ENVELOPE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 4
	}
	fmt.Println("acknowledged", rec.Copy.DocumentHash)
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
	if _, err := exec.LookPath("strace"); err != nil {
		if os.Getenv("EVAULT_TOOLS") != "" {
			t.Fatal(err)
		}
		t.Skip("no strace")
	}
	master := t.TempDir()
	env := uploaded(t, master)
	trials, kills, acknowledged := 0, 0, 0
	for _, call := range calls {
		for k := 1; ; k++ {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(master)); err != nil {
				t.Fatal(err)
			}
			chmodKeys(t, dir)
			out, dead := kill(t, dir, env, call, k)
			trials++
			if dead {
				kills++
			}
			if strings.HasPrefix(out, "acknowledged") {
				acknowledged++
			}
			survives(t, dir, env, strings.TrimSpace(strings.TrimPrefix(out, "acknowledged")), fmt.Sprintf("%s %d", call, k))
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

// uploaded prepares an installation with a paper document ready to be vaulted.
func uploaded(t *testing.T, dir string) string {
	t.Helper()
	v, err := embedded.Open(t.Context(), embedded.Options{Dir: dir})
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
func kill(t *testing.T, dir, env, call string, k int) (out string, dead bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, k), self)
	cmd.Env = append(os.Environ(), "EVAULT_CHILD_DIR="+dir, "EVAULT_CHILD_ENVELOPE="+env, "GOMAXPROCS=1")
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
func survives(t *testing.T, dir, env, acknowledged, when string) {
	t.Helper()
	ctx := t.Context()
	v, err := embedded.Open(ctx, embedded.Options{Dir: dir})
	if err != nil {
		t.Errorf("%s: open after the kill: %v", when, err)
		return
	}
	defer v.Close()
	before, err := v.Vault.Copy(ctx, "org_a", env)
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
	if storage.Sum(file.Content) != rec.Copy.DocumentHash {
		t.Errorf("%s: bytes are not those of the record", when)
	}
	evaluation, err := v.Compliance.Evaluate(ctx, "org_a", env, operator)
	if err != nil {
		t.Errorf("%s: evaluate: %v", when, err)
		return
	}
	for _, c := range evaluation.Result.Checks {
		if !c.Satisfied && c.ID != "required_signatures" { // nobody attested the paper
			t.Errorf("%s: %s: %s", when, c.ID, c.Detail)
		}
	}
}
