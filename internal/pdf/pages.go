package pdf

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Rect is a rectangle in default user space, normalized so that X0 ≤ X1 and Y0 ≤ Y1.
type Rect struct{ X0, Y0, X1, Y1 float64 }

// NewRect returns the rectangle with these corners, which must be in order.
func NewRect(x0, y0, x1, y1 float64) Rect { return Rect{X0: x0, Y0: y0, X1: x1, Y1: y1} }

// Array returns the rectangle as a PDF array.
func (r Rect) Array() Array { return Array{r.X0, r.Y0, r.X1, r.Y1} }

// Width of the rectangle.
func (r Rect) Width() float64 { return r.X1 - r.X0 }

// Height of the rectangle.
func (r Rect) Height() float64 { return r.Y1 - r.Y0 }

// A Page is one page with its inheritable attributes resolved (ISO 32000-2 §7.7.3.4).
type Page struct {
	Number    int // from 1
	Ref       Ref
	Dict      Dict   // the page's own dictionary, as it stands in the file
	Resources Object // its own or the inherited entry, often a Ref; nil when there is none
	MediaBox  Rect   // US Letter when the file names none
	CropBox   Rect   // MediaBox when the file names none; always within MediaBox
	Rotate    int    // 0, 90, 180 or 270
	UserUnit  float64
}

// Letter returns the size of a page that names none: US Letter.
func Letter() Rect { return Rect{X1: 612, Y1: 792} }

// A4 returns the size of ISO 216 A4, in points.
func A4() Rect { return Rect{X1: 595.28, Y1: 841.89} }

// PagesRoot returns the reference of the root of the page tree.
func (d *Document) PagesRoot() (Ref, error) {
	c, err := d.Catalog()
	if err != nil {
		return Ref{}, err
	}
	ref, ok := c["Pages"].(Ref)
	if !ok {
		return Ref{}, Damaged("no page tree")
	}
	node, err := d.Dict(ref)
	if err != nil {
		return Ref{}, err
	}
	if node == nil {
		return Ref{}, Damaged("no page tree")
	}
	if node["Kids"] == nil && node["Type"] != Name("Page") {
		return Ref{}, &Refusal{Reason: ReasonNoPages}
	}
	return ref, nil
}

// Pages returns all pages in order. It fails with a [*Refusal] when there are none, too many, or the tree is damaged.
func (d *Document) Pages() (_ []Page, err error) {
	defer Guard(&err)
	if d.pages != nil {
		return d.pages, nil
	}
	root, err := d.PagesRoot()
	if err != nil {
		return nil, err
	}
	pages, err := d.WalkPages(root, 0)
	if err != nil {
		return nil, err
	}
	d.pages = pages
	return d.pages, nil
}

// WalkPages returns the pages below root, or only as many as until says when it is not 0. With an error come those
// before the damage.
func (d *Document) WalkPages(root Ref, until int) ([]Page, error) {
	w := pageWalk{d: d, seen: map[Ref]bool{}, until: until}
	if err := w.node(root, Page{MediaBox: Letter(), CropBox: Letter()}, inherited{}, 0); err != nil &&
		!errors.Is(err, errFound) {
		return w.pages, err
	}
	if len(w.pages) == 0 {
		return nil, &Refusal{Reason: ReasonNoPages}
	}
	return w.pages, nil
}

// FirstPage returns page 1 without reading the others.
func (d *Document) FirstPage() (_ Page, err error) {
	defer Guard(&err)
	if d.pages != nil {
		return d.pages[0], nil
	}
	root, err := d.PagesRoot()
	if err != nil {
		return Page{}, err
	}
	pages, err := d.WalkPages(root, 1)
	if err != nil {
		return Page{}, err
	}
	return pages[0], nil
}

// Page returns page n, counted from 1.
func (d *Document) Page(n int) (Page, error) {
	pages, err := d.Pages()
	if err != nil {
		return Page{}, err
	}
	if n < 1 || n > len(pages) {
		return Page{}, fmt.Errorf("pdf: page %d of %d does not exist", n, len(pages))
	}
	return pages[n-1], nil
}

type pageWalk struct {
	d     *Document
	seen  map[Ref]bool
	pages []Page
	until int
}

// errFound ends a walk early.
var errFound = errors.New("found")

type inherited struct{ crop bool }

func (w *pageWalk) node(ref Ref, p Page, inh inherited, depth int) error {
	if depth > w.d.limits.Depth {
		return &Refusal{Reason: ReasonTooDeep, Detail: "page tree"}
	}
	if w.seen[ref] {
		return Damaged("the page tree names node " + strconv.Itoa(ref.Num) + " twice")
	}
	w.seen[ref] = true
	dict, err := w.d.Dict(ref)
	if err != nil {
		return err
	}
	if dict == nil {
		return nil
	}
	w.d.inherit(dict, &p, &inh)
	if dict["Type"] == Name("Page") || dict["Kids"] == nil {
		return w.page(ref, dict, p, inh)
	}
	kids, err := w.d.Array(dict["Kids"])
	if err != nil {
		return err
	}
	before := len(w.pages)
	for _, k := range kids {
		kid, ok := k.(Ref)
		if !ok {
			return Damaged("a page is not an indirect object")
		}
		if err := w.node(kid, p, inh, depth+1); err != nil {
			return err
		}
	}
	if n, ok := w.d.Int(dict["Count"]); !ok || n != int64(len(w.pages)-before) {
		// readers believe the count, or the tree
		w.d.odd[ref.Num] = "a node of the page tree has a wrong page count"
	}
	return nil
}

func (w *pageWalk) page(ref Ref, dict Dict, p Page, inh inherited) error {
	if len(w.pages) >= w.d.limits.Pages {
		return &Refusal{Reason: ReasonTooManyPages, Detail: "more than " + strconv.Itoa(w.d.limits.Pages)}
	}
	p.Number, p.Ref, p.Dict = len(w.pages)+1, ref, dict
	if !inh.crop {
		p.CropBox = p.MediaBox
	}
	p.CropBox = p.CropBox.within(p.MediaBox)
	p.UserUnit = 1
	if u, ok := w.d.Number(dict["UserUnit"]); ok && u > 0 {
		p.UserUnit = u
	}
	w.pages = append(w.pages, p)
	if len(w.pages) == w.until {
		return errFound
	}
	return nil
}

func (d *Document) inherit(dict Dict, p *Page, inh *inherited) {
	if r, ok := dict["Resources"]; ok {
		p.Resources = r
	}
	if r, ok := d.Rect(dict["MediaBox"]); ok {
		p.MediaBox = r
	}
	if r, ok := d.Rect(dict["CropBox"]); ok {
		p.CropBox, inh.crop = r, true
	}
	if r, ok := d.Number(dict["Rotate"]); ok && math.Abs(r) < 1<<20 {
		p.Rotate = ((int(r)/90*90)%360 + 360) % 360
	}
}

// within cuts r to box; a crop box that leaves nothing counts as absent, as in common readers.
func (r Rect) within(box Rect) Rect {
	c := Rect{max(r.X0, box.X0), max(r.Y0, box.Y0), min(r.X1, box.X1), min(r.Y1, box.Y1)}
	if c.X0 >= c.X1 || c.Y0 >= c.Y1 {
		return box
	}
	return c
}

// Number resolves o as a number; false when it is none.
func (d *Document) Number(o Object) (float64, bool) {
	v, err := d.Resolve(o)
	if err != nil {
		return 0, false
	}
	return Number(v)
}

// Rect resolves o as a rectangle of positive area.
func (d *Document) Rect(o Object) (Rect, bool) {
	a, err := d.Array(o)
	if err != nil || len(a) != 4 {
		return Rect{}, false
	}
	var v [4]float64
	for i := range v {
		n, ok := d.Number(a[i])
		if !ok || math.Abs(n) > 1e9 {
			return Rect{}, false
		}
		v[i] = n
	}
	r := Rect{min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])}
	return r, r.X0 < r.X1 && r.Y0 < r.Y1
}

// Annotation flags (§12.5.3).
const (
	FlagHidden = 1 << 1
	FlagPrint  = 1 << 2
	FlagNoView = 1 << 5
)
