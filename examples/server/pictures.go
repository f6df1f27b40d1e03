package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/evaultlib/evault/esign/render"
)

// pictures draws pages for the signing page. Making the renderer takes seconds
// once, afterwards its folder has it compiled; warm does so before anyone asks.
type pictures struct {
	dir string

	mu       sync.Mutex
	renderer *render.Renderer
	closed   bool
}

// PNG implements esign.Renderer.
func (p *pictures) PNG(ctx context.Context, pdf []byte, page, width int) ([]byte, error) {
	r, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.PNG(ctx, pdf, page, width)
}

// Text implements esign.TextReader.
func (p *pictures) Text(ctx context.Context, pdf []byte) ([]string, error) {
	r, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.Text(ctx, pdf)
}

// warm makes the renderer.
func (p *pictures) warm(ctx context.Context) error {
	_, err := p.open(ctx)
	if errors.Is(err, render.ErrClosed) {
		return nil
	}
	return err
}

func (p *pictures) open(ctx context.Context) (*render.Renderer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, render.ErrClosed
	}
	if p.renderer == nil {
		// Whoever asked first may go away; those who wait still want it.
		r, err := render.New(context.WithoutCancel(ctx), render.Config{CacheDir: p.dir})
		if err != nil {
			return nil, err
		}
		p.renderer = r
	}
	return p.renderer, nil
}

func (p *pictures) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed = true; p.renderer != nil {
		_ = p.renderer.Close() // nothing is drawn any more, and the folder stays as it is
	}
}

// renderDir is where the compiled renderer is kept: the user's cache folder, which
// all data folders share, else the data folder.
func renderDir(data string) string {
	if cache, err := os.UserCacheDir(); err == nil && os.MkdirAll(cache, 0o700) == nil {
		return filepath.Join(cache, "evault-render")
	}
	return filepath.Join(data, "render")
}
