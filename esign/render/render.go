package render

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

var (
	// ErrPage: the document has no such page.
	ErrPage = errors.New("render: no such page")
	// ErrTooLarge: the image would have more pixels than Config.MaxPixels, the width is not within 1 to MaxWidth, or the
	// document is too large for the sandbox's memory.
	ErrTooLarge = errors.New("render: too large")
	// ErrTimeout: drawing took longer than Config.Deadline.
	ErrTimeout = errors.New("render: drawing takes too long")
	// ErrDocument: the document cannot be opened or drawn; it needs a password, is damaged, or asks for too much memory.
	ErrDocument = errors.New("render: the document cannot be drawn")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("render: closed")
)

// MaxWidth is the greatest width of an image in pixels.
const MaxWidth = 2000

const pageSize = 64 << 10 // of WebAssembly memory, in bytes

// Config is what a Renderer is made of. Its zero value is complete.
type Config struct {
	// CacheDir keeps PDFium compiled for this machine (22 MB). It is made with mode 0700 if it is not there; one that
	// others may write to is refused. Default: none, PDFium is compiled again by each New.
	CacheDir    string
	Instances   int           // drawings at a time, others wait; default and maximum: GOMAXPROCS
	Deadline    time.Duration // for one drawing, waiting not counted; default: 5 s
	MaxPixels   int           // of an image; default: 12 million (A0 at MaxWidth has 5.7 million)
	MemoryPages uint32        // memory of one sandbox in pages of 64 KiB, at most 65,536; default: 6,144, that is 384 MiB
	CacheBytes  int64         // bytes of images kept in memory, negative for none; default: 32 MiB
}

func (c Config) withDefaults() Config {
	cores := runtime.GOMAXPROCS(0)
	if c.Instances <= 0 || c.Instances > cores {
		c.Instances = cores
	}
	if c.Deadline <= 0 {
		c.Deadline = 5 * time.Second
	}
	if c.MaxPixels <= 0 {
		c.MaxPixels = 12_000_000
	}
	if c.MemoryPages == 0 {
		c.MemoryPages = 6144
	}
	c.MemoryPages = min(c.MemoryPages, 1<<16)
	if c.CacheBytes == 0 {
		c.CacheBytes = 32 << 20
	}
	return c
}

// Renderer draws pages. It is safe for concurrent use.
type Renderer struct {
	cfg     Config
	pool    pdfium.Pool
	compile wazero.CompilationCache // nil without Config.CacheDir
	ctx     context.Context         // the sandboxes' own; ends with Close
	stop    context.CancelFunc
	slots   chan struct{}
	images  *lru
	once    sync.Once
	closed  error
}

// New compiles PDFium or loads it compiled. It cannot be interrupted; ctx is only looked at before and after.
func New(ctx context.Context, cfg Config) (*Renderer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	r := &Renderer{cfg: cfg, slots: make(chan struct{}, cfg.Instances), images: newLRU(cfg.CacheBytes)}
	runtimeConfig := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling). // PDFium needs both
		WithMemoryLimitPages(cfg.MemoryPages).
		WithCloseOnContextDone(true) // without it a drawing cannot be stopped
	if cfg.CacheDir != "" {
		if err := ownDir(cfg.CacheDir); err != nil {
			return nil, err
		}
		var err error
		if r.compile, err = wazero.NewCompilationCacheWithDir(cfg.CacheDir); err != nil {
			return nil, fmt.Errorf("render: %w", err)
		}
		runtimeConfig = runtimeConfig.WithCompilationCache(r.compile)
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	var err error
	r.pool, err = webassembly.Init(webassembly.Config{
		Context: r.ctx, MaxIdle: cfg.Instances, MaxTotal: cfg.Instances,
		FSConfig:      wazero.NewFSConfig(), // empty: the default would mount / for writing
		RuntimeConfig: runtimeConfig,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("render: %w", err), r.Close())
	}
	return r, nil
}

// ownDir makes sure that nobody else can put machine code into dir.
func ownDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("render: Config.CacheDir: %w", err)
	}
	fi, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("render: Config.CacheDir: %w", err)
	}
	if runtime.GOOS != "windows" && fi.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("render: Config.CacheDir %s is writable by other users (mode %v)", dir, fi.Mode().Perm())
	}
	return nil
}

// Close stops all drawings and frees the sandboxes. Later calls of PNG return ErrClosed.
func (r *Renderer) Close() error {
	r.once.Do(func() {
		r.stop()
		for range cap(r.slots) {
			r.slots <- struct{}{} // taken for good: no drawing is left and none begins
		}
		if r.pool != nil {
			r.closed = r.pool.Close()
		}
		if r.compile != nil {
			r.closed = errors.Join(r.closed, r.compile.Close(context.Background()))
		}
	})
	return r.closed
}

// PNG draws one page of pdf, counted from 1, width pixels wide (1 to [MaxWidth]); the height follows from the page. The
// result is an opaque PNG that the caller may change. Errors: ErrPage, ErrTooLarge, ErrTimeout, ErrDocument, ErrClosed,
// and ctx's own.
func (r *Renderer) PNG(ctx context.Context, pdf []byte, page, width int) ([]byte, error) {
	if width < 1 || width > MaxWidth {
		return nil, fmt.Errorf("%w: width %d is not from 1 to %d", ErrTooLarge, width, MaxWidth)
	}
	if page < 1 {
		return nil, fmt.Errorf("%w: page %d", ErrPage, page)
	}
	if err := r.checkLength(pdf); err != nil {
		return nil, err
	}
	k := key{sha256.Sum256(pdf), page, width}
	if image := r.images.get(k); image != nil {
		return image, nil
	}
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer func() { <-r.slots }()
	image, err := r.draw(ctx, pdf, page, width)
	if err != nil {
		return nil, err
	}
	r.images.put(k, image)
	return image, nil
}

// checkLength refuses what does not fit into a sandbox.
func (r *Renderer) checkLength(pdf []byte) error {
	if most := int(r.cfg.MemoryPages) * pageSize / 4; len(pdf) > most {
		return fmt.Errorf("%w: the document has %d bytes, at most %d are allowed", ErrTooLarge, len(pdf), most)
	}
	return nil
}

// take waits for a slot.
func (r *Renderer) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-r.ctx.Done():
		return ErrClosed
	}
	if r.ctx.Err() != nil {
		<-r.slots
		return ErrClosed
	}
	return nil
}
