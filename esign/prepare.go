package esign

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// legend stands on each page of an e-sign document before anyone sees it. A
// release adds a page that says what the file is from then on.
const legend = copymark.LegendStart + "; every other file or print is a copy."

// prepared is an e-sign original that was checked, with the pages that signers see.
type prepared struct {
	inspection *Inspection
	info       *pdfinspect.Info // of content
	content    []byte
	blocks     []overlay.Block // on the signature page
	normalized bool
}

// prepareDocument inspects and prepares an e-sign original and stages what
// results into d.
func (e *Engine) prepareDocument(ctx context.Context, r *CreateRequest, d *Draft) error {
	p, err := e.layOut(ctx, r, d.env)
	if err != nil {
		return err
	}
	e.addFields(d.env, r.Fields, p.blocks)
	return e.stageDocument(ctx, r, d, p)
}

// layOut does what prepareDocument does, but for the staging: it judges the
// document and whether the fields of r have their places on it.
func (e *Engine) layOut(ctx context.Context, r *CreateRequest, env *Envelope) (*prepared, error) {
	in, err := e.inspect(ctx, r.Document)
	if err != nil {
		return nil, err
	}
	if len(in.OwnMarks) > 0 {
		return nil, &NotAnOriginalError{in.OwnMarks}
	}
	if err := e.checkPages(r, in.Pages); err != nil {
		return nil, err
	}
	for _, reason := range []string{pdfinspect.ActivePortfolio, pdfinspect.ActiveDynamicXFA} {
		if slices.Contains(in.ActiveContent, reason) {
			return nil, &NotSignableError{Reason: reason}
		}
	}
	sealable := in.Sealing.Mode == SealingEmbedded
	if sealable && len(in.Signatures) > 0 {
		return nil, &NotSignableError{Reason: reasonSigned}
	}
	p := overlay.Preparation{SignaturePage: env.signatories(r), Fonts: e.fonts, Limits: pdf.Limits(e.cfg.Limits)}
	if !r.WithoutLegend {
		p.Legend = legend
	}
	out := &prepared{inspection: in}
	out.content, out.blocks, out.normalized, err = e.prepare(ctx, r.Document, p, sealable)
	if long := (*overlay.TooLongError)(nil); errors.As(err, &long) {
		return nil, validate.Fail("signers", ruleTooLong, "a signer's role and name are too long for a signature block")
	}
	if err != nil {
		return nil, err
	}
	info, err := pdfinspect.Inspect(ctx, out.content, e.grown())
	if err != nil {
		return nil, fmt.Errorf("prepared document: %w", err)
	}
	if info.Sealing.Mode != SealingEmbedded {
		return nil, &NotSignableError{Reason: info.Sealing.Reason}
	}
	out.info = info
	if out.normalized {
		if in.Normalized, err = pdfinspect.TakenOut(r.Document, pdf.Limits(e.cfg.Limits)); err != nil {
			return nil, fmt.Errorf("parts removed from the document: %w", err)
		}
	}
	if err := e.checkRoom(r, info.Pages); err != nil {
		return nil, err
	}
	return out, nil
}

// checkPages judges what needs the document: pages of fields, and what the
// signature page must draw. (The certificate of completion writes characters that
// no font has as code points.)
func (e *Engine) checkPages(r *CreateRequest, pages int) error {
	var p validate.Problems
	for i, f := range r.Fields {
		if f.Page > pages {
			p.Add(fmt.Sprintf("fields[%d].page", i), "max", "the document has %d pages", pages)
		}
	}
	for i, s := range r.Signers {
		if !r.places(s.Role) {
			e.drawable(&p, fmt.Sprintf("signers[%d].name", i), s.Name)
			e.drawable(&p, fmt.Sprintf("signers[%d].role", i), s.Role)
		}
	}
	return p.Err()
}

// places reports whether a field says where that role must sign. A signature
// that may be left out is no such place.
func (r *CreateRequest) places(role string) bool {
	return slices.ContainsFunc(r.Fields, func(f FieldSpec) bool {
		return f.Role == role && f.Kind == FieldSignature && !f.Optional
	})
}

// samples are the shortest texts that fields are filled with.
var samples = map[string]overlay.Mark{
	FieldSignature: {Kind: overlay.MarkSignature, Text: "X", Caption: "Signed"},
	FieldInitials:  {Kind: overlay.MarkSignature, Text: "X"},
	FieldDate:      {Kind: overlay.MarkText, Text: "2006-01-02 +00:00"},
	FieldText:      {Kind: overlay.MarkText, Text: "X"},
	FieldRadio:     {Kind: overlay.MarkText, Text: "X"},
	FieldDropdown:  {Kind: overlay.MarkText, Text: "X"},
}

// checkRoom refuses fields in which nothing can be written that can be read.
func (e *Engine) checkRoom(r *CreateRequest, pages []contentstream.PageSize) error {
	var p validate.Problems
	for i, f := range r.Fields {
		m, known := samples[f.Kind]
		if !known {
			continue
		}
		m.X, m.Y, m.W, m.H = f.X, f.Y, f.W, f.H
		var small *overlay.TooLongError
		for j, text := range append(slices.Clone(f.Options), f.Value) {
			at := fmt.Sprintf("fields[%d].options[%d]", i, j)
			if j == len(f.Options) {
				at = fmt.Sprintf("fields[%d].value", i)
			}
			m.Text = text
			if text != "" {
				e.drawable(&p, at, text)
				if errors.As(overlay.Fits(m, pages[f.Page-1], e.fonts), &small) {
					p.Add(at, ruleTooLong, "is too long for its box: it would be drawn at %.1f points", small.Size)
				}
			}
		}
		m.Text = samples[f.Kind].Text
		if errors.As(overlay.Fits(m, pages[f.Page-1], e.fonts), &small) {
			p.Add(fmt.Sprintf("fields[%d].h", i), "too_small", "the box has no room for text that can be read: it would be %.1f points high", small.Size)
		}
	}
	return p.Err()
}

// prepare makes the file that the first signer sees. What cannot be extended or
// sealed as it came is normalized first; *NotSignableError if that does not help.
func (e *Engine) prepare(ctx context.Context, raw []byte, p overlay.Preparation, sealable bool) (out []byte, blocks []overlay.Block, normalized bool, err error) {
	var refused *Refusal
	if sealable {
		out, blocks, err = overlay.Prepare(ctx, raw, p)
		if err == nil || !errors.As(err, &refused) {
			return out, blocks, false, err
		}
	}
	clean, err := pdfinspect.Normalize(ctx, raw, pdf.Limits(e.cfg.Limits))
	if err == nil {
		out, blocks, err = overlay.Prepare(ctx, clean, p)
	}
	if errors.As(err, &refused) {
		return nil, nil, false, notSignable(refused)
	}
	return out, blocks, true, err
}

func notSignable(r *Refusal) *NotSignableError {
	if pdfinspect.IsSigned(r) {
		return &NotSignableError{Reason: reasonSigned}
	}
	return &NotSignableError{Reason: r.Reason, Detail: r.Detail}
}

// signatories are the signers who get a block on an appended page: those
// without a required signature field.
func (e *Envelope) signatories(r *CreateRequest) []overlay.Signatory {
	var out []overlay.Signatory
	for _, s := range e.Signers {
		if !r.places(s.Role) {
			out = append(out, overlay.Signatory{Role: s.Role, Name: s.Name})
		}
	}
	return out
}

func (e *Engine) addFields(env *Envelope, specs []FieldSpec, blocks []overlay.Block) {
	byRole := map[string]string{}
	for _, s := range env.Signers {
		byRole[s.Role] = s.ID
	}
	for _, f := range specs {
		env.Fields = append(env.Fields, Field{
			ID: e.cfg.NewID("fld"), SignerID: byRole[f.Role], Kind: f.Kind, Page: f.Page, X: f.X, Y: f.Y, W: f.W, H: f.H,
			Required: !f.Optional, Label: f.Label, Options: f.Options, Preset: f.Value, ReadOnly: f.ReadOnly,
		})
	}
	for _, b := range blocks {
		env.Fields = append(env.Fields, Field{
			ID: e.cfg.NewID("fld"), SignerID: byRole[b.Role], Kind: b.Kind, Page: b.Page, X: b.X, Y: b.Y, W: b.W, H: b.H, Required: true,
		})
	}
}

func (e *Engine) stageDocument(ctx context.Context, r *CreateRequest, d *Draft, p *prepared) error {
	doc := &Document{Filename: r.Filename, Pages: p.inspection.Pages, Inspection: p.inspection, Normalized: p.normalized}
	for _, size := range p.info.Pages {
		doc.PageSizes = append(doc.PageSizes, PageSize{size.Width, size.Height})
	}
	doc.Object = storage.Object{Size: int64(len(r.Document))}
	whole := storage.NewContent(p.content, len(r.Document))
	if !p.normalized { // what was handed in is where it begins
		doc.Object.SHA256 = whole.Begin(doc.Object.Size)
	}
	base, err := e.cfg.Objects.StageContent(ctx, storage.KindPart, e.cfg.NewID("prt"), whole)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	d.objects = append(d.objects, base)
	if p.normalized {
		if doc.Object, err = e.cfg.Objects.Stage(ctx, storage.KindUpload, e.cfg.NewID("upl"), r.Document); err != nil {
			return fmt.Errorf("create: %w", err)
		}
		d.objects = append(d.objects, doc.Object)
	}
	d.env.Document = doc
	d.env.Parts = []Part{{Seq: 0, Object: base, SHA256: base.SHA256, Size: base.Size}}
	return nil
}
