package placement

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/evaultlib/evault/esign/intake"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/extract"
)

// Limits bound the work for one file; see esign.Limits.
type Limits struct {
	Bytes   int64
	Pages   int
	Objects int
	Depth   int
	Decoded int64
}

// Limits of a search.
const (
	MaxAnchorText  = 200 // characters of an anchor's text
	MaxAnchorTexts = 100 // different texts in one search
	maxTags        = 1000
)

// Box is a place: fractions of the displayed page from its top-left corner. Page counts from 1.
type Box struct {
	Page       int
	X, Y, W, H float64
}

// Anchor is a place beside a text of the document. White space does not count; case does.
type Anchor struct {
	Text string // at most MaxAnchorText characters
	Page int    // where to look; 0: on every page
	Nth  int    // which occurrence of the text, from 1, in the order of pages and of their content; 0: the first
	// After places the field at the end of the text; otherwise it begins where the text begins.
	After bool
	// DX and DY move the field to the right and down, in fractions of the page.
	DX, DY float64
}

// Search describes what to find.
type Search struct {
	Anchors []Anchor
	Tags    bool
}

// Found is the result of a search.
type Found struct {
	// Anchors has, for each anchor of the search, the box of the text, or nil
	// if the text does not occur that often.
	Anchors []*Box
	Tags    []Tag
	// NotTags are texts in double braces that are not tags. Mistakes are texts
	// that look like a tag but do not follow the grammar. Both are sentences
	// for people, by page.
	NotTags, Mistakes []string
	PageSizes         []PageSize
}

// PageSize is the displayed size of a page in points (1/72 inch).
type PageSize struct{ Width, Height float64 }

// Locate looks for texts and tags on the pages of raw. Text is searched in the
// order in which the pages draw it; hidden text, such as text recognized by a
// scanner, is included. Errors: *intake.Refusal, and ctx's own.
func Locate(ctx context.Context, raw []byte, s Search, l Limits) (_ *Found, err error) {
	defer pdf.Guard(&err)
	if texts := anchorTexts(s.Anchors); len(texts) > MaxAnchorTexts {
		return nil, &intake.Refusal{Reason: pdf.ReasonTooLarge, Detail: fmt.Sprintf("more than %d texts to look for", MaxAnchorTexts)}
	}
	d, err := pdf.Read(raw, pdf.Limits(l))
	if err != nil {
		return nil, err
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, err
	}
	f := &finder{search: s, out: &Found{Anchors: make([]*Box, len(s.Anchors))}, seen: make([]int, len(s.Anchors))}
	src := extract.NewSource(d)
	for _, p := range pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		w, h := contentstream.Size(p)
		f.out.PageSizes = append(f.out.PageSizes, PageSize{w, h})
		if !f.wants(p.Number) {
			continue
		}
		glyphs, err := src.Glyphs(p)
		if pdf.Fatal(err) {
			return nil, err
		}
		if err != nil {
			continue // readers show nothing of a page that is damaged
		}
		f.page(newText(p.Number, glyphs))
	}
	return f.out, nil
}

func anchorTexts(anchors []Anchor) map[string]bool {
	texts := map[string]bool{}
	for _, a := range anchors {
		texts[a.Text] = true
	}
	return texts
}

// finder goes from page to page.
type finder struct {
	search Search
	out    *Found
	seen   []int // places of each anchor's text so far
}

// wants reports whether anything is still to be looked for on a page.
func (f *finder) wants(page int) bool {
	if f.search.Tags {
		return true
	}
	for i, a := range f.search.Anchors {
		if f.out.Anchors[i] == nil && (a.Page == 0 || a.Page == page) {
			return true
		}
	}
	return false
}

func (f *finder) page(t *text) {
	if f.search.Tags {
		f.tags(t)
	}
	found := map[string][]Box{}
	for i, a := range f.search.Anchors {
		if f.out.Anchors[i] != nil || a.Page != 0 && a.Page != t.page {
			continue
		}
		key := extract.Unspaced(a.Text)
		boxes, looked := found[key]
		if !looked {
			boxes = t.find(key)
			found[key] = boxes
		}
		nth := max(a.Nth, 1) - f.seen[i]
		if nth <= len(boxes) {
			f.out.Anchors[i] = &boxes[nth-1]
		}
		f.seen[i] += len(boxes)
	}
}

// text is the text of a page without white space, and where it is.
type text struct {
	page   int
	glyphs []extract.Glyph
	all    string
	begins []int // of each glyph in all
}

func newText(page int, glyphs []extract.Glyph) *text {
	t := &text{page: page, glyphs: glyphs, begins: make([]int, len(glyphs))}
	var b strings.Builder
	for i, g := range glyphs {
		t.begins[i] = b.Len()
		b.WriteString(g.Text)
	}
	t.all = b.String()
	return t
}

// find returns the places of a text, which do not overlap.
func (t *text) find(s string) (boxes []Box) {
	if s == "" {
		return nil
	}
	for at := 0; len(boxes) < maxTags; {
		i := strings.Index(t.all[at:], s)
		if i < 0 {
			break
		}
		box := t.box(t.span(at+i, at+i+len(s)))
		if n := len(boxes); n == 0 || !boxes[n-1].near(box) { // bold type may be text drawn twice
			boxes = append(boxes, box)
		}
		at += i + len(s)
	}
	return boxes
}

// span returns the glyphs that show all[from:to].
func (t *text) span(from, to int) (first, last int) {
	first = sort.Search(len(t.begins), func(i int) bool { return t.begins[i] > from }) - 1
	last = sort.Search(len(t.begins), func(i int) bool { return t.begins[i] >= to }) - 1
	return first, last
}

// box returns where the glyphs are that stand on the line of the first.
func (t *text) box(first, last int) Box {
	g := t.glyphs[first]
	x0, y0, x1, y1 := g.X, g.Y, g.X+g.W, g.Y+g.H
	for _, o := range t.glyphs[first+1 : last+1] {
		if mid := o.Y + o.H/2; mid < g.Y || mid > g.Y+g.H || o.X+o.W < g.X {
			break
		}
		x0, y0, x1, y1 = min(x0, o.X), min(y0, o.Y), max(x1, o.X+o.W), max(y1, o.Y+o.H)
	}
	return Box{t.page, x0, y0, x1 - x0, y1 - y0}
}

// near reports whether two boxes are the same to the eye.
func (b Box) near(o Box) bool {
	const slack = 0.004
	return b.Page == o.Page && math.Abs(b.X-o.X) < slack && math.Abs(b.Y-o.Y) < slack
}

// Place returns the box of a field of that kind beside text: its bottom-left corner is the text's, moved as the anchor
// says. Sides w and h of 0 are those of the kind. It may leave the page.
func (a Anchor) Place(at Box, kind string, w, h float64, page PageSize) Box {
	b := sized(Box{at.Page, at.X, at.Y + at.H, w, h}, kind, page)
	if a.After {
		b.X += at.W
	}
	b.X, b.Y = b.X+a.DX, b.Y-b.H+a.DY
	return b
}

// Default sizes of fields, in points.
var sizes = map[string]PageSize{
	"signature": {150, 36},
	"initials":  {60, 24},
	"date":      {110, 16},
	"text":      {150, 16},
	"checkbox":  {12, 12},
	"radio":     {150, 16},
	"dropdown":  {150, 16},
}

// sized gives sides of 0 the size of the kind.
func sized(b Box, kind string, page PageSize) Box {
	usual, ok := sizes[kind]
	if !ok {
		usual = sizes["text"]
	}
	if b.W == 0 {
		b.W = min(1, usual.Width/page.Width)
	}
	if b.H == 0 {
		b.H = min(1, usual.Height/page.Height)
	}
	return b
}

// within moves a box into its page.
func (b Box) within() Box {
	b.X, b.Y = max(0, min(b.X, 1-b.W)), max(0, min(b.Y, 1-b.H))
	return b
}
