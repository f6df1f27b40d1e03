package accept_test

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"
)

// picture is a page in three bytes a pixel.
type picture struct {
	w, h int
	rgb  []byte
}

func readPPM(b []byte) (*picture, error) {
	p := &picture{}
	var most int
	var magic string
	n, err := fmt.Sscanf(string(b[:min(len(b), 64)]), "%2s\n%d %d\n%d", &magic, &p.w, &p.h, &most)
	if err != nil || n != 4 || magic != "P6" || len(b) < 3*p.w*p.h {
		return nil, fmt.Errorf("not a PPM: %.20q %w", b, err)
	}
	p.rgb = b[len(b)-3*p.w*p.h:]
	return p, nil
}

func readPNG(b []byte) (*picture, error) {
	im, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	r := im.Bounds()
	p := &picture{w: r.Dx(), h: r.Dy(), rgb: make([]byte, 0, 3*r.Dx()*r.Dy())}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			r, g, b, _ := im.At(x, y).RGBA()
			p.rgb = append(p.rgb, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return p, nil
}

// differs counts pixels that differ outside of boxes, in fractions of the page.
func (p *picture) differs(q *picture, boxes [][4]float64) int {
	if p.w != q.w || p.h != q.h {
		return max(p.w*p.h, q.w*q.h)
	}
	n := 0
	for y := range p.h {
		row := 3 * y * p.w
		if bytes.Equal(p.rgb[row:row+3*p.w], q.rgb[row:row+3*p.w]) {
			continue
		}
		for x := range p.w {
			i := row + 3*x
			if bytes.Equal(p.rgb[i:i+3], q.rgb[i:i+3]) {
				continue
			}
			fx, fy := (float64(x)+0.5)/float64(p.w), (float64(y)+0.5)/float64(p.h)
			if !slices.ContainsFunc(boxes, func(b [4]float64) bool { return fx >= b[0] && fy >= b[1] && fx <= b[2] && fy <= b[3] }) {
				n++
			}
		}
	}
	return n
}
