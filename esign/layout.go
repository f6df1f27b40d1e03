package esign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"slices"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/validate"
)

// LayoutRequest asks whether envelopes can be made of a document with these roles
// and fields. Limits are those of CreateRequest.
type LayoutRequest struct {
	Document []byte // the PDF
	Filename string // default: document.pdf
	// Roles sign; at most 50, distinct. Default: those that fields and tags name, in their order.
	Roles          []string
	Fields         []FieldSpec // one that is ReadOnly may be without a Value, which each envelope then gives
	FieldsFromTags bool
	FieldsFromForm bool
}

// Layout is a document with its fields in their places.
type Layout struct {
	Filename  string
	Roles     []string
	Fields    []FieldSpec // by coordinates
	PageSizes []PageSize  // of the document, without signature pages
}

// Layout judges a document and its fields as Create would, and finds the places
// of the fields. It stores nothing. Errors: *InvalidError, *Refusal,
// *NotSignableError, *NotAnOriginalError.
func (e *Engine) Layout(ctx context.Context, l LayoutRequest) (*Layout, error) {
	r := CreateRequest{
		OrgID: "org_layout", CustomerEmail: "signer@example.com", CustomerName: "Signer", Document: l.Document, Filename: l.Filename,
		Fields: l.Fields, FieldsFromTags: l.FieldsFromTags, FieldsFromForm: l.FieldsFromForm,
	}
	if err := r.checkLengths(); err != nil {
		return nil, err
	}
	if err := r.play(l.Roles); err != nil {
		return nil, err
	}
	if err := e.placeFields(ctx, &r); err != nil {
		return nil, err
	}
	if len(l.Roles) == 0 {
		if err := r.play(rolesOf(r.Fields)); err != nil {
			return nil, err
		}
	}
	r.setDefaults()
	open := make([]bool, len(r.Fields)) // whose value each envelope gives
	for i := range r.Fields {
		if f := &r.Fields[i]; f.ReadOnly && f.Value == "" {
			open[i], f.ReadOnly = true, false
		}
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	p, err := e.layOut(ctx, &r, e.newEnvelope(&r, nil))
	if err != nil {
		return nil, err
	}
	out := &Layout{Filename: r.Filename, Fields: r.Fields}
	for i := range out.Fields {
		out.Fields[i].ReadOnly = out.Fields[i].ReadOnly || open[i]
		out.Fields[i].Anchor = nil
	}
	for _, s := range r.Signers {
		out.Roles = append(out.Roles, s.Role)
	}
	for _, size := range p.info.Pages[:p.inspection.Pages] {
		out.PageSizes = append(out.PageSizes, PageSize{size.Width, size.Height})
	}
	return out, nil
}

// play gives each role a signer, whose address and name never matter.
func (r *CreateRequest) play(roles []string) error {
	var p validate.Problems
	if len(roles) > maxSigners {
		p.Add("roles", "max", "must be at most %d entries", maxSigners)
	}
	r.Signers = nil
	for i, role := range roles {
		at := fmt.Sprintf("roles[%d]", i)
		line(&p, at, role)
		switch {
		case role == "":
			p.Add(at, "required", "is required")
		case len([]rune(role)) > 200:
			p.Add(at, "max", "must be at most 200 characters")
		case slices.Contains(roles[:i], role):
			p.Add(at, "unique", "comes twice")
		}
		r.Signers = append(r.Signers, SignerSpec{Email: "signer@example.com", Name: "Signer", Role: role})
	}
	return p.Err()
}

func rolesOf(fields []FieldSpec) (roles []string) {
	for _, f := range fields {
		if f.Role != "" && !slices.Contains(roles, f.Role) {
			roles = append(roles, f.Role)
		}
	}
	return roles
}

// DrawLayout draws page (from 1) of a document, a PNG width pixels wide, with a
// colored frame for each field, which names its role and kind. Fields of one role
// have one color. Errors: ErrNoRenderer, ErrNoPage, ErrNotDrawn, *InvalidError for
// the width.
func (e *Engine) DrawLayout(ctx context.Context, document []byte, l *Layout, page, width int) ([]byte, error) {
	switch {
	case e.cfg.Renderer == nil:
		return nil, ErrNoRenderer
	case width < MinPageWidth || width > MaxPageWidth:
		return nil, validate.Fail("w", "range", "must be %d to %d", MinPageWidth, MaxPageWidth)
	case page < 1 || page > len(l.PageSizes):
		return nil, ErrNoPage
	}
	var marks []overlay.Mark
	for _, f := range l.Fields {
		if f.Page == page {
			if m, ok := e.caption(f, l.PageSizes[page-1]); ok {
				marks = append(marks, m)
			}
		}
	}
	shown := document
	if len(marks) > 0 {
		added, err := e.place(ctx, document, marks)
		if err == nil {
			shown = slices.Concat(document, added)
		} else if refused := (*Refusal)(nil); !errors.As(err, &refused) { // such as an encrypted file, which is not extended
			return nil, fmt.Errorf("layout: %w", err)
		}
	}
	raw, err := e.cfg.Renderer.PNG(ctx, shown, page, width)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: page %d of a template: %w", ErrNotDrawn, page, err)
	}
	return frame(raw, l, page)
}

// caption is what stands in the frame of a field; false where the frame has no room.
func (e *Engine) caption(f FieldSpec, size PageSize) (overlay.Mark, bool) {
	for _, text := range []string{f.Value, f.Role + ": " + f.Kind, f.Role} {
		m := overlay.Mark{Page: f.Page, X: f.X, Y: f.Y, W: f.W, H: f.H, Kind: overlay.MarkText, Text: text}
		if text == "" || f.Kind == FieldCheckbox {
			continue
		}
		if font.CheckText(text, e.fonts) == nil && overlay.Fits(m, contentstream.PageSize(size), e.fonts) == nil {
			return m, true
		}
	}
	return overlay.Mark{}, false
}

// frame draws the fields of a page over its picture.
func frame(raw []byte, l *Layout, page int) ([]byte, error) {
	src, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotDrawn, err)
	}
	out := image.NewRGBA(src.Bounds())
	draw.Draw(out, out.Bounds(), src, src.Bounds().Min, draw.Src)
	w, h := float64(out.Bounds().Dx()), float64(out.Bounds().Dy())
	for _, f := range l.Fields {
		if f.Page != page {
			continue
		}
		box := image.Rect(int(f.X*w), int(f.Y*h), int((f.X+f.W)*w), int((f.Y+f.H)*h))
		c := colorOf(l.Roles, f.Role)
		fill := image.NewUniform(color.NRGBA{c.R, c.G, c.B, 48})
		edge := image.NewUniform(c)
		draw.Draw(out, box, fill, image.Point{}, draw.Over)
		for _, side := range []image.Rectangle{
			{box.Min, image.Pt(box.Max.X, box.Min.Y+2)},
			{image.Pt(box.Min.X, box.Max.Y-2), box.Max},
			{box.Min, image.Pt(box.Min.X+2, box.Max.Y)},
			{image.Pt(box.Max.X-2, box.Min.Y), box.Max},
		} {
			draw.Draw(out, side.Intersect(box), edge, image.Point{}, draw.Src)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, out); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// hues of the first roles; further ones repeat them.
var hues = []color.NRGBA{{0, 90, 200, 255}, {190, 70, 0, 255}, {0, 120, 70, 255}, {140, 40, 160, 255}, {150, 30, 60, 255}, {90, 90, 0, 255}}

func colorOf(roles []string, role string) color.NRGBA {
	return hues[max(0, slices.Index(roles, role))%len(hues)]
}
