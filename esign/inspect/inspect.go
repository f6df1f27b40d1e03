package inspect

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/storage"
)

// Reasons of an [esign.Refusal] that only a limited child can give; all others are those of an inspection in process.
const (
	ReasonTime    = "time_limit"   // Config.CPU or Config.Deadline was reached
	ReasonMemory  = "memory_limit" // Config.Memory was reached
	ReasonCrashed = "crashed"      // the file ended the process that read it
)

var (
	// ErrNoMain: the host's main function does not begin with Main, so no child can be made of its binary.
	ErrNoMain = errors.New("inspect: Main must be called first thing in main (in tests: in TestMain)")
	// ErrUnavailable: no child could be started; nothing is known about the file, and a later try may succeed. It comes
	// together with storage.ErrUnavailable, so that whoever answers for a backend that is away answers for this too.
	ErrUnavailable = errors.New("inspect: no child process could be started")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("inspect: closed")
)

// Config is what an Inspector is made of. Its zero value is complete.
type Config struct {
	Limits   esign.Limits        // counted limits, as in process; default: see esign.Limits
	Roots    []*x509.Certificate // trust anchors by which signatures are called trusted; default: none
	Children int                 // processes kept ready, and files examined at once; default: GOMAXPROCS, at most 4
	Files    int                 // after as many files a child is replaced; default: 500
	CPU      time.Duration       // processor time for one file; default: 2 s
	Deadline time.Duration       // wall time for one file; default: 10 s, for the machine may be busy with other things
	Memory   int64               // bytes for one file over what the idle child holds; default: 256 MiB
}

func (c Config) withDefaults() Config {
	environ.Positive(&c.Limits.Bytes, 25<<20)
	environ.Positive(&c.Children, min(runtime.GOMAXPROCS(0), 4))
	environ.Positive(&c.Files, 500)
	environ.Positive(&c.CPU, 2*time.Second)
	environ.Positive(&c.Deadline, 10*time.Second)
	environ.Positive(&c.Memory, 256<<20)
	return c
}

// called is set by Main: without it New would start the host a second time instead of a child.
var called atomic.Bool

// Inspector examines files in child processes. It implements [esign.Inspector] and is safe for concurrent use.
type Inspector struct {
	cfg   Config
	start func(context.Context, Config) (*child, error)
	ctx   context.Context // ends with Close
	stop  context.CancelFunc
	once  sync.Once
	// slots holds Config.Children tokens, of which each is a waiting child, or nil where one must be started first.
	slots chan *child
}

var _ esign.Inspector = (*Inspector)(nil)

// New starts the children: it returns when the first is ready. Errors: ErrNoMain, ErrUnavailable.
func New(cfg Config) (*Inspector, error) {
	if !called.Load() {
		return nil, ErrNoMain
	}
	cfg = cfg.withDefaults()
	i := &Inspector{cfg: cfg, start: start, slots: make(chan *child, cfg.Children)}
	i.ctx, i.stop = context.WithCancel(context.Background())
	first, err := start(i.ctx, cfg)
	if err != nil {
		i.stop()
		return nil, unavailable(err)
	}
	i.slots <- first
	for range cfg.Children - 1 {
		go i.refill()
	}
	return i, nil
}

func unavailable(err error) error {
	return fmt.Errorf("%w: %w: %w", ErrUnavailable, storage.ErrUnavailable, err)
}

// refill fills a slot while nobody waits for it.
func (i *Inspector) refill() {
	c, err := i.start(i.ctx, i.cfg)
	if err != nil {
		c = nil // whoever takes the slot tries again and gets the error
	}
	i.slots <- c
}

// Close ends all children and the inspections that still run, and returns when they are gone.
func (i *Inspector) Close() error {
	i.once.Do(func() {
		i.stop()
		for range i.cfg.Children {
			if c := <-i.slots; c != nil {
				c.end()
			}
		}
	})
	return nil
}

// Inspect examines raw in a child. It waits for a free one as long as ctx allows. Errors: *esign.Refusal with a reason of
// internal inspection or ReasonTime, ReasonMemory or ReasonCrashed; ErrUnavailable; ErrClosed; the error of ctx.
func (i *Inspector) Inspect(ctx context.Context, raw []byte) (*esign.Inspection, error) {
	if n := int64(len(raw)); n > i.cfg.Limits.Bytes {
		return nil, &esign.Refusal{Reason: pdf.ReasonTooLarge, Detail: fmt.Sprintf("%d bytes, at most %d are accepted", n, i.cfg.Limits.Bytes)}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(i.ctx, func() { cancel(ErrClosed) })()

	in, err := i.try(ctx, raw)
	if errors.Is(err, errLost) {
		// Somebody killed the child, perhaps before it saw this file: the file gets one more.
		in, err = i.try(ctx, raw)
	}
	if errors.Is(err, errLost) {
		err = &esign.Refusal{Reason: ReasonCrashed, Detail: "the process was killed from outside, twice"}
	}
	return in, err
}

func (i *Inspector) try(ctx context.Context, raw []byte) (*esign.Inspection, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var c *child
	select {
	case c = <-i.slots:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if c == nil {
		var err error
		if c, err = i.start(ctx, i.cfg); err != nil {
			i.slots <- nil
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, unavailable(err)
		}
	}
	a, err := c.ask(ctx, raw)
	if err == nil && !c.worn() {
		i.slots <- c
	} else {
		c.end()
		go i.refill()
	}
	if err != nil {
		return nil, err
	}
	return a.result()
}
