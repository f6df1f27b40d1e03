package main

import (
	"context"
	"sync"

	"github.com/evaultlib/evault/esign/render"
)

// pictures draws pages for the signing page. The renderer is made when the first
// page is asked for: compiling it takes 3 s once, afterwards its folder has it.
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
