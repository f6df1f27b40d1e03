package inspect

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/pdf"
)

const (
	marker    = "EVAULT_INSPECT_CHILD" // environment variable with a random token that the first frame repeats
	maxHello  = 16 << 20
	maxStderr = 4 << 10
	startup   = 20 * time.Second // for the host's package initialization too
	// lifetime is the processor time that a child may use over its files before it is replaced. With Config.CPU on top
	// it is the child's RLIMIT_CPU, so that the kernel ends one that nobody watches any more.
	lifetime = 20 * time.Second
)

// hello is the first frame to a child.
type hello struct {
	Token  string
	Limits esign.Limits
	Roots  [][]byte // DER
	CPU    time.Duration
	Memory int64
}

// ready is a child's first frame: it is confined now.
type ready struct {
	Confined []string // what the system enforces on it
}

// answer is a child's frame for one file; exactly one of the first three is set.
type answer struct {
	Inspection *esign.Inspection `json:",omitempty"`
	Refusal    *esign.Refusal    `json:",omitempty"`
	Error      string            `json:",omitempty"`
	Spent      time.Duration     // processor time of the child since it began
	Grown      int64             // bytes by which it grew since it was idle, given back to the system or not
}

func (a *answer) result() (*esign.Inspection, error) {
	switch {
	case a.Refusal != nil:
		return nil, a.Refusal
	case a.Error != "":
		return nil, errors.New(a.Error)
	case a.Inspection != nil:
		return a.Inspection, nil
	}
	return nil, &esign.Refusal{Reason: ReasonCrashed, Detail: "the process sent an empty response"}
}

// errLost: the child died of something that its file did not do.
var errLost = errors.New("inspect: child lost")

// child is a running process and the parent's ends of its pipes. It is used by one goroutine at a time; only kill may be
// called beside.
type child struct {
	cfg      Config
	cmd      *exec.Cmd
	in       *os.File // requests
	out, err *os.File // answers, last words
	confined []string
	files    int
	spent    time.Duration
	grown    int64

	mu     sync.Mutex
	reaped bool
}

// start runs the host's own binary and returns when the child is confined and waits for its first file.
func start(ctx context.Context, cfg Config) (*child, error) {
	token := rand.Text()
	c := &child{cfg: cfg}
	if err := c.spawn(token); err != nil {
		return nil, err
	}
	h := hello{Token: token, Limits: cfg.Limits, CPU: cfg.CPU, Memory: cfg.Memory}
	for _, r := range cfg.Roots {
		h.Roots = append(h.Roots, r.Raw)
	}
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	var r ready
	err := c.during(ctx, func() error {
		if err := writeJSON(c.in, h); err != nil {
			return err
		}
		return readJSON(c.out, maxAnswer, &r)
	})
	if err != nil {
		return nil, fmt.Errorf("start a child: %w%s", err, ofRuntime(c.end()))
	}
	c.confined = r.Confined
	return c, nil
}

// spawn starts the process with an empty environment, no open file but three pipes, and a process group of its own.
func (c *child) spawn(token string) error {
	exe, err := executable()
	if err != nil {
		return err
	}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	inR, inW := pipe()
	outR, outW := pipe()
	errR, errW := pipe()
	theirs = []*os.File{inR, outW, errW}
	c.in, c.out, c.err = inW, outR, errR
	if err != nil {
		c.close()
		return err
	}
	widen(inW)
	c.cmd = &exec.Cmd{
		Path: exe, Args: []string{"evault-inspect"}, Dir: workDir,
		Env:   []string{marker + "=" + token, "GOMAXPROCS=1", "GOTRACEBACK=none"},
		Stdin: inR, Stdout: outW, Stderr: errW,
		SysProcAttr: ownGroup(),
	}
	if err = c.cmd.Start(); err != nil {
		c.close()
	}
	return err
}

// executable names this process's binary; on Linux the very file that runs, even if it was replaced on disk.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if runtime.GOOS == "linux" {
		if _, err := os.Stat(self); err == nil {
			return self, nil
		}
	}
	return os.Executable()
}

// during runs talk and kills the child when ctx ends first.
func (c *child) during(ctx context.Context, talk func() error) error {
	stop := context.AfterFunc(ctx, c.kill)
	err := talk()
	if !stop() && err == nil {
		err = ctx.Err() // the answer came together with the end: the child is dead
	}
	return err
}

// ask has the child examine raw. Every error means that the child is lost.
func (c *child) ask(ctx context.Context, raw []byte) (*answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.cfg.Deadline)
	defer cancel()
	var a answer
	err := c.during(limited, func() error {
		if err := writeFrame(c.in, raw); err != nil {
			return err
		}
		return readJSON(c.out, maxAnswer, &a)
	})
	if err == nil {
		c.files++
		c.spent, c.grown = a.Spent, a.Grown
		return &a, nil
	}
	last := c.end()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case limited.Err() != nil:
		return nil, &esign.Refusal{Reason: ReasonTime, Detail: fmt.Sprintf("no response within %s", c.cfg.Deadline)}
	}
	return nil, c.verdict(err, last)
}

// worn reports whether the child has done enough. RLIMIT_DATA counts what the Go runtime has mapped, and it never unmaps:
// the next file would have less than Config.Memory.
func (c *child) worn() bool {
	return c.files >= c.cfg.Files || c.spent > lifetime || c.grown > c.cfg.Memory/4
}

// kill ends the process and all others of its group. The process is not reaped before end, so its id cannot be another's.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		killGroup(c.cmd.Process)
	}
}

// end kills and reaps the process and returns its last words. It may be called again.
func (c *child) end() string {
	c.kill()
	c.mu.Lock()
	first := !c.reaped
	c.reaped = true
	c.mu.Unlock()
	if !first {
		return ""
	}
	_ = c.cmd.Wait() // the state tells more than the error
	_ = c.err.SetReadDeadline(time.Now().Add(time.Second))
	words, _ := io.ReadAll(io.LimitReader(c.err, maxStderr))
	c.close()
	return string(words)
}

func (c *child) close() {
	for _, f := range []*os.File{c.in, c.out, c.err} {
		if f != nil {
			f.Close()
		}
	}
}

// Exit statuses by which a child says what its file did.
const (
	exitCPU      = 81
	exitMemory   = 82
	exitProtocol = 83
	exitCrash    = 2 // the Go runtime's, after a panic or a fatal error
)

// noMemory is what the Go runtime says when the system gives it none: its garbage collector does not look what it got and
// crashes. A nil pointer in ordinary code reads otherwise ("panic: runtime error: invalid memory address").
var noMemory = []string{"out of memory", "cannot allocate memory", "failed to create new OS thread", "SIGSEGV: segmentation violation\nPC="}

// verdict says why a child ended before its answer was complete.
func (c *child) verdict(err error, last string) error {
	state := c.cmd.ProcessState
	spent := state.UserTime() + state.SystemTime()
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(last, w) {
				return true
			}
		}
		return false
	}
	crash := &esign.Refusal{Reason: ReasonCrashed, Detail: "the inspector process ended unexpectedly" + ofRuntime(last)}
	switch code := state.ExitCode(); {
	case code == exitCPU || spent >= lifetime+c.cfg.CPU:
		return &esign.Refusal{Reason: ReasonTime, Detail: fmt.Sprintf("more than %s of processor time", c.cfg.CPU)}
	case code == exitMemory || has(noMemory...):
		return &esign.Refusal{Reason: ReasonMemory, Detail: fmt.Sprintf("more than %d MiB of memory", c.cfg.Memory>>20)}
	case code == exitCrash && has("stack exceeds", "stack overflow"):
		return &esign.Refusal{Reason: pdf.ReasonTooDeep, Detail: "the stack overflowed"}
	case code == exitCrash:
		return crash
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%w: %s", errLost, state)
	}
	return &esign.Refusal{Reason: ReasonCrashed, Detail: "malformed response from the inspector process"}
}

// ofRuntime is the line in which the Go runtime says what happened. Other lines could repeat what stands in the file.
func ofRuntime(last string) string {
	for line := range strings.Lines(last) {
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: runtime error: ") {
			return ": " + strings.TrimSpace(line)
		}
	}
	return ""
}
