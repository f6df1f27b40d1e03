package contentstream

import (
	"github.com/evaultlib/evault/internal/pdf"
)

// Matrix is a PDF transformation [a b c d e f] (ISO 32000-2 §8.3.4).
type Matrix [6]float64

// Times returns the transformation that does m, then n.
func (m Matrix) Times(n Matrix) Matrix {
	return Matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3], m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// Size returns the width and height of the page as a reader displays it, in points: crop box, rotation and user unit
// applied (ISO 32000-2 §7.7.3.3).
func Size(p pdf.Page) (w, h float64) {
	w, h = p.CropBox.Width()*p.UserUnit, p.CropBox.Height()*p.UserUnit
	if p.Rotate == 90 || p.Rotate == 270 {
		return h, w
	}
	return w, h
}

// AtLeast returns the crop box, with a margin around it if the page is displayed smaller than w by h points.
func AtLeast(p pdf.Page, w, h float64) pdf.Rect {
	if p.Rotate == 90 || p.Rotate == 270 {
		w, h = h, w
	}
	b := p.CropBox
	x, y := max(0, w/p.UserUnit-b.Width())/2, max(0, h/p.UserUnit-b.Height())/2
	return pdf.NewRect(b.X0-x, b.Y0-y, b.X1+x, b.Y1+y)
}

// Display returns the matrix that takes points on the displayed page, measured from its bottom-left corner, to default
// user space.
func Display(p pdf.Page) [6]float64 {
	s, b := 1/p.UserUnit, p.CropBox
	switch p.Rotate {
	case 90:
		return [6]float64{0, s, -s, 0, b.X1, b.Y0}
	case 180:
		return [6]float64{-s, 0, 0, -s, b.X1, b.Y1}
	case 270:
		return [6]float64{0, -s, s, 0, b.X0, b.Y1}
	}
	return [6]float64{s, 0, 0, s, b.X0, b.Y0}
}

// Inverse returns the transformation that undoes m; the zero matrix when nothing does.
func Inverse(m Matrix) Matrix {
	det := m[0]*m[3] - m[1]*m[2]
	if det == 0 {
		return Matrix{}
	}
	return Matrix{
		m[3] / det, -m[1] / det, -m[2] / det, m[0] / det,
		(m[2]*m[5] - m[3]*m[4]) / det, (m[1]*m[4] - m[0]*m[5]) / det,
	}
}

// Geometry is what the look of an overlay depends on; pages of one geometry share the overlay.
type Geometry struct {
	box    pdf.Rect
	rotate int
	unit   float64
}

// GeometryOf returns the geometry of p.
func GeometryOf(p pdf.Page) Geometry { return Geometry{p.CropBox, p.Rotate, p.UserUnit} }

// MatrixOf resolves o as a transformation matrix; it is the identity when o is none.
func MatrixOf(d *pdf.Document, o pdf.Object) Matrix {
	m := Matrix{1, 0, 0, 1, 0, 0}
	a, err := d.Array(o)
	if err != nil || len(a) != 6 {
		return m
	}
	for i := range m {
		if v, ok := d.Number(a[i]); ok {
			m[i] = v
		}
	}
	return m
}

// PageSize is the size of a page as displayed, rotation, crop box and user unit applied, in points.
type PageSize struct{ Width, Height float64 }
