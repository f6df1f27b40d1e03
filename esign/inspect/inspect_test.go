package inspect_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/storage"
)

func open(t testing.TB, cfg inspect.Config) *inspect.Inspector {
	t.Helper()
	i, err := inspect.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

// good fails unless the inspector still works.
func good(t *testing.T, i *inspect.Inspector) {
	t.Helper()
	in, err := i.Inspect(t.Context(), []byte("good"))
	if err != nil || in.Pages != 1 {
		t.Fatalf("a good file gives %+v, %v", in, err)
	}
}

func TestMisbehaviorIsRefusedByName(t *testing.T) {
	t.Parallel()
	memory := int64(160 << 20)
	if raceDetector {
		memory = 2 << 30 // its shadow memory counts
	}
	patient := open(t, inspect.Config{Children: 1, CPU: 500 * time.Millisecond, Deadline: time.Hour, Memory: memory})
	// Filling memory takes processor time, more of it on a busy machine.
	hungry := open(t, inspect.Config{Children: 1, CPU: time.Minute, Deadline: time.Hour, Memory: memory})
	impatient := open(t, inspect.Config{Children: 1, CPU: time.Hour, Deadline: 300 * time.Millisecond})
	for _, tc := range []struct {
		i            *inspect.Inspector
		file, reason string
	}{
		{patient, "spin", inspect.ReasonTime},
		{hungry, "grow", inspect.ReasonMemory},
		{hungry, "leap", inspect.ReasonMemory},
		{patient, "panic", inspect.ReasonCrashed},
		{patient, "quit", inspect.ReasonCrashed},
		{patient, "babble", inspect.ReasonCrashed},
		{patient, "talk", "unsupported"},
		{patient, "refuse", "damaged"},
		{patient, "deep", "too_deep"},
		{impatient, "hang", inspect.ReasonTime},
		{impatient, "spin", inspect.ReasonTime},
	} {
		if raceDetector && tc.reason == inspect.ReasonMemory {
			continue
		}
		_, err := tc.i.Inspect(t.Context(), []byte(tc.file))
		var r *esign.Refusal
		if !errors.As(err, &r) || r.Reason != tc.reason {
			t.Errorf("%s: got %v, want a refusal with reason %s", tc.file, err, tc.reason)
		}
		if tc.i != impatient {
			good(t, tc.i)
		}
	}
}

func TestChildCanReachNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("other systems bound less, as the package comment says")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	reached := make(chan struct{}, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Close()
			reached <- struct{}{}
		}
	}()
	f := filepath.Join(t.TempDir(), "f")
	i := open(t, inspect.Config{Children: 1, Deadline: time.Hour})
	for _, order := range []string{"open", "write " + f, "dial " + l.Addr().String(), "run"} {
		in, err := i.Inspect(t.Context(), []byte(order))
		if err != nil {
			t.Errorf("%s: %v", order, err)
			continue
		}
		if !strings.Contains(in.Warnings[0], syscall.EMFILE.Error()) {
			t.Errorf("%s: got %q, want %q", order, in.Warnings[0], syscall.EMFILE)
		}
	}
	if _, err := os.Stat(f); err == nil {
		t.Error("a child wrote a file")
	}
	select {
	case <-reached:
		t.Error("a child made a connection")
	default:
	}
	in, err := i.Inspect(t.Context(), []byte("env"))
	if err != nil || !slices.Equal(in.Warnings, []string{"/"}) {
		t.Errorf("environment and directory: got %+v, %v, want no variables and /", in, err)
	}
	for _, want := range []string{"core", "cpu", "file_size", "memory", "no_new_privileges", "open_files"} {
		if !slices.Contains(i.Confined(), want) {
			t.Errorf("a child is confined by %v: %s is missing", i.Confined(), want)
		}
	}
}

func TestChildKilledFromOutside(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 1, Deadline: time.Hour})
	kill := func(pid int) {
		t.Helper()
		p, err := os.FindProcess(pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	kill(i.Pid())
	good(t, i) // a waiting one: the next serves

	pid := i.Pid()
	time.AfterFunc(50*time.Millisecond, func() { kill(pid) })
	if in, err := i.Inspect(t.Context(), []byte("slow")); err != nil || in.Pages != 1 {
		t.Errorf("killed once in the middle: got %+v, %v, want the answer of a second child", in, err)
	}
	if i.Pid() == pid {
		t.Error("the killed child is still in use")
	}

	var r *esign.Refusal
	if _, err := i.Inspect(t.Context(), []byte("suicide")); !errors.As(err, &r) || r.Reason != inspect.ReasonCrashed {
		t.Errorf("killed each time: got %v, want a refusal with reason %s", err, inspect.ReasonCrashed)
	}
	good(t, i)
}

func TestReplacedAfterFiles(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 1, Files: 3, Deadline: time.Hour})
	pids := map[int]int{}
	for range 9 {
		pids[i.Pid()]++
		good(t, i)
	}
	if len(pids) != 3 {
		t.Errorf("nine files were read by processes %v, want three by each of three", pids)
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 3, Files: 7, CPU: 500 * time.Millisecond, Deadline: time.Hour})
	reasons := map[string]string{"good": "", "panic": inspect.ReasonCrashed, "spin": inspect.ReasonTime, "refuse": "damaged", "env": ""}
	var wg sync.WaitGroup
	for n := range 60 {
		file := []string{"good", "good", "refuse", "env", "panic", "good"}[n%6]
		if n == 30 {
			file = "spin"
		}
		wg.Go(func() {
			_, err := i.Inspect(t.Context(), []byte(file))
			var r *esign.Refusal
			reason := ""
			if errors.As(err, &r) {
				reason = r.Reason
			} else if err != nil {
				t.Error(err)
			}
			if reason != reasons[file] {
				t.Errorf("%s: got %v, want reason %q", file, err, reasons[file])
			}
		})
	}
	wg.Wait()
}

func TestContext(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 1, Deadline: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := i.Inspect(ctx, []byte("hang")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled in the middle: got %v, want %v", err, context.Canceled)
	}
	good(t, i)
	if _, err := i.Inspect(ctx, []byte("good")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: got %v, want %v", err, context.Canceled)
	}
	pid := i.Pid()
	good(t, i)
	if i.Pid() != pid {
		t.Error("a canceled context cost a child that never saw the file")
	}
}

func TestNoChildCanBeStarted(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 1, Deadline: time.Hour})
	feed := i.Starve()
	var r *esign.Refusal
	if _, err := i.Inspect(t.Context(), []byte("panic")); !errors.As(err, &r) || r.Reason != inspect.ReasonCrashed {
		t.Errorf("the last child: got %v, want a refusal with reason %s", err, inspect.ReasonCrashed)
	}
	for range 2 {
		_, err := i.Inspect(t.Context(), []byte("good"))
		if !errors.Is(err, inspect.ErrUnavailable) || !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("without a child: got %v, want %v and %v", err, inspect.ErrUnavailable, storage.ErrUnavailable)
		}
	}
	feed()
	good(t, i)
}

func TestTooLargeIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 1, Limits: esign.Limits{Bytes: 10}})
	var r *esign.Refusal
	if _, err := i.Inspect(t.Context(), []byte("good and too long")); !errors.As(err, &r) || r.Reason != "too_large" {
		t.Errorf("got %v, want a refusal with reason too_large", err)
	}
}

func TestConcurrentClose(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 2, Deadline: time.Hour})
	pid := i.Pid()
	running := make(chan error, 1)
	go func() {
		_, err := i.Inspect(t.Context(), []byte("hang"))
		running <- err
	}()
	time.Sleep(50 * time.Millisecond)
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-running; !errors.Is(err, inspect.ErrClosed) {
		t.Errorf("running: got %v, want %v", err, inspect.ErrClosed)
	}
	if _, err := i.Inspect(t.Context(), []byte("good")); !errors.Is(err, inspect.ErrClosed) {
		t.Errorf("after Close: got %v, want %v", err, inspect.ErrClosed)
	}
	if p, err := os.FindProcess(pid); err == nil && p.Signal(syscall.Signal(0)) == nil {
		t.Errorf("process %d outlives Close", pid)
	}
}
