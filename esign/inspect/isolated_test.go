package inspect_test

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/internal/testpdf"
)

// unshared is set in the process that has a network namespace of its own.
const unshared = "EVAULT_UNSHARED"

// TestHostileFilesReachNothing gives 400 hostile files to children without a network, traced by strace: each is inspected
// or refused within the default bounds, and no child opens a file, starts a program or makes a socket after it said that it
// is ready (I21). EVAULT_SWEEP asks for it; it wants Linux, unshare and strace, and the right to use them.
func TestHostileFilesReachNothing(t *testing.T) {
	if os.Getenv("EVAULT_SWEEP") == "" {
		t.Skip("EVAULT_SWEEP is not set")
	}
	if os.Getenv(unshared) == "" {
		cmd := exec.Command("unshare", "-n", "--", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=30m")
		cmd.Env = append(os.Environ(), unshared+"=1")
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Error(err)
		}
		return
	}
	if c, err := net.DialTimeout("tcp", "192.0.2.1:80", time.Second); err == nil {
		c.Close()
		t.Fatal("there is a network")
	}
	i := open(t, inspect.Config{Children: 1, Deadline: time.Hour})
	files := hostileFiles(400)
	counts := map[string]int{}
	w := watcher{}
	none := func(calls []string) {
		for _, call := range calls {
			t.Errorf("a child called %s", call)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		none(w.on(t, i.Pid()))
		reason, err := refusal(i, t.Context(), files[name])
		if err != nil || bounds(reason) {
			t.Errorf("%s: %s %v", name, reason, err)
		}
		counts[reason]++
	}
	none(w.off(t))
	w.on(t, i.Pid())
	if _, err := i.Inspect(t.Context(), []byte("open")); err != nil {
		t.Error(err)
	}
	if calls := w.off(t); len(calls) != 1 || !strings.Contains(calls[0], "EMFILE") {
		t.Errorf("of a child that tries to open a file strace saw %q", calls)
	}
	for reason, n := range counts {
		t.Logf("%5d %s", n, cmp.Or(reason, "accepted"))
	}
	t.Logf("%d files, %d children traced", len(files), w.children)
}

// watcher traces one child at a time.
type watcher struct {
	pid, children int
	cmd           *exec.Cmd
	log           string
}

// on traces the child pid, and says what the one before did.
func (w *watcher) on(t *testing.T, pid int) (calls []string) {
	t.Helper()
	if w.pid == pid && w.cmd != nil {
		return nil
	}
	calls = w.off(t)
	w.pid, w.log = pid, filepath.Join(t.TempDir(), "trace")
	w.cmd = exec.Command("strace", "-f", "-p", strconv.Itoa(pid), "-e", "trace=%file,%network,execve,execveat,fork,vfork", "-e", "signal=none", "-o", w.log)
	stderr, err := w.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil || !strings.Contains(line, "attached") {
		t.Fatalf("strace: %q, %v", line, err)
	}
	w.children++
	return calls
}

// off ends the trace and returns the calls that the child must not make.
func (w *watcher) off(t *testing.T) (calls []string) {
	t.Helper()
	if w.cmd == nil {
		return nil
	}
	_ = w.cmd.Process.Signal(os.Interrupt)
	_ = w.cmd.Wait() // ended by the signal, or with the child
	w.cmd = nil
	out, err := os.ReadFile(w.log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		call := line[strings.Index(line, " ")+1:]
		harmless := strings.HasPrefix(call, "+++") || strings.HasPrefix(strings.TrimSpace(call), "exit")
		if !harmless && !strings.Contains(call, "resumed") {
			calls = append(calls, strings.TrimSpace(call))
		}
	}
	return calls
}

// hostileFiles are n: those made by hand, and others altered at random, the same in every run.
func hostileFiles(n int) map[string][]byte {
	files := hostile()
	for name, raw := range testpdf.Hostile() {
		files["corpus: "+name] = raw
	}
	bases := testpdf.Active()
	maps.Copy(bases, files)
	for name, raw := range map[string][]byte{
		"form": testpdf.Form(), "encrypted": testpdf.Encrypted(), "hybrid": testpdf.Hybrid(2), "object streams": testpdf.ObjectStream(2),
		"xref stream": testpdf.XRefStream(2), "contract": testpdf.Contract(2), "unruly": testpdf.Unruly(),
	} {
		bases[name] = raw
	}
	maps.DeleteFunc(bases, func(_ string, raw []byte) bool { return len(raw) < 100 || len(raw) > 300<<10 })
	names := slices.Sorted(maps.Keys(bases))
	r := rand.New(rand.NewPCG(20, 26))
	for len(files) < n {
		name, other := names[r.IntN(len(names))], names[r.IntN(len(names))]
		kind, raw := altered(r, bases[name], bases[other])
		files[fmt.Sprintf("%s, %s (%d)", name, kind, len(files))] = raw
	}
	return files
}

// altered is raw with one kind of damage.
func altered(r *rand.Rand, raw, other []byte) (kind string, out []byte) {
	out = bytes.Clone(raw)
	a, b := r.IntN(len(out)), r.IntN(len(out))
	a, b = min(a, b), max(a, b)
	switch r.IntN(6) {
	case 0:
		for range 1 + r.IntN(50) {
			out[r.IntN(len(out))] = byte(r.Uint32())
		}
		return "bytes altered", out
	case 1:
		return "cut off", out[:a]
	case 2:
		return "a piece cut out", append(out[:a], raw[b:]...)
	case 3:
		return "a piece repeated", append(append(out[:b], bytes.Repeat(raw[a:b], 1+r.IntN(8))...), raw[b:]...)
	case 4:
		for i, c := range out {
			if c >= '0' && c <= '9' && r.IntN(20) == 0 {
				out[i] = '9'
			}
		}
		return "numbers altered", out
	}
	return "spliced", append(out[:a], other[min(b, len(other)-1):]...)
}
