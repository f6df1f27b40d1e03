package esign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign/placement"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/validate"
)

// Anchor is a place beside a text of the document; see [placement.Anchor].
type Anchor = placement.Anchor

// placeFields gives fields with an anchor their place, and adds those that the document itself names.
func (e *Engine) placeFields(ctx context.Context, r *CreateRequest) error {
	anchored := slices.ContainsFunc(r.Fields, func(f FieldSpec) bool { return f.Anchor != nil })
	if len(r.Document) == 0 || !anchored && !r.FieldsFromTags && !r.FieldsFromForm {
		return nil
	}
	if int64(len(r.Document)) > e.cfg.Limits.Bytes {
		return &Refusal{Reason: pdf.ReasonTooLarge, Detail: fmt.Sprintf("%d bytes, at most %d are accepted", len(r.Document), e.cfg.Limits.Bytes)}
	}
	r.Fields = slices.Clone(r.Fields)
	if anchored || r.FieldsFromTags {
		if err := e.locateFields(ctx, r); err != nil {
			return err
		}
	}
	if r.FieldsFromForm {
		form, err := placement.ReadForm(ctx, r.Document, placement.Limits(e.cfg.Limits))
		if err != nil {
			return fmt.Errorf("create: %w", err)
		}
		for _, f := range form.Fields {
			r.Fields = append(r.Fields, FieldSpec{
				Name: f.Name, Kind: f.Kind, Role: r.roleOf(f.Name), Page: f.Box.Page, X: f.Box.X, Y: f.Box.Y, W: f.Box.W, H: f.Box.H,
				Optional: !f.Required, Label: f.Label, Options: f.Options, Value: f.Value, ReadOnly: f.ReadOnly,
			})
		}
	}
	if len(r.Fields) > maxFields {
		return validate.Fail("fields", "max", "must be at most %d entries, including those of the document", maxFields)
	}
	return nil
}

// locateFields looks for anchors and tags.
func (e *Engine) locateFields(ctx context.Context, r *CreateRequest) error {
	var p validate.Problems
	search := placement.Search{Tags: r.FieldsFromTags}
	var fields []int // of the anchors
	for i, f := range r.Fields {
		switch {
		case f.Anchor == nil:
			continue
		case strings.TrimSpace(f.Anchor.Text) == "" || len([]rune(f.Anchor.Text)) > placement.MaxAnchorText:
			p.Add(fmt.Sprintf("fields[%d].anchor.text", i), "text", "must have 1 to %d characters", placement.MaxAnchorText)
		case f.X != 0 || f.Y != 0:
			p.Add(fmt.Sprintf("fields[%d].anchor", i), ruleNotSupported, "must be absent if x and y are given")
		}
		a := *f.Anchor
		a.Page = f.Page
		search.Anchors, fields = append(search.Anchors, a), append(fields, i)
	}
	texts := map[string]bool{}
	for _, a := range search.Anchors {
		texts[a.Text] = true
	}
	if len(texts) > placement.MaxAnchorTexts {
		p.Add("fields", "max", "must have at most %d different texts of anchors", placement.MaxAnchorTexts)
	}
	if err := p.Err(); err != nil {
		return err
	}
	found, err := placement.Locate(ctx, r.Document, search, placement.Limits(e.cfg.Limits))
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	for n, i := range fields {
		f, at := &r.Fields[i], found.Anchors[n]
		if at == nil {
			p.Add(fmt.Sprintf("fields[%d].anchor.text", i), "anchor", "is not in the document, or does not occur that often")
			continue
		}
		b := search.Anchors[n].Place(*at, f.Kind, f.W, f.H, found.PageSizes[at.Page-1])
		f.Page, f.X, f.Y, f.W, f.H = b.Page, b.X, b.Y, b.W, b.H
	}
	for _, m := range found.Mistakes {
		p.Add("document", "tag", "%s", m)
	}
	for _, t := range found.Tags {
		r.Fields = append(r.Fields, FieldSpec{
			Name: t.Name, Kind: t.Kind, Role: t.Role, Page: t.Box.Page, X: t.Box.X, Y: t.Box.Y, W: t.Box.W, H: t.Box.H,
			Optional: t.Optional, Label: t.Label, Options: t.Options, Value: t.Value, ReadOnly: t.ReadOnly,
		})
	}
	return p.Err()
}

// roleOf returns the role that fills a form field: the one before the first dot of its name, where a signer has it, else
// that of the first signer.
func (r *CreateRequest) roleOf(name string) string {
	before, _, _ := strings.Cut(name, ".")
	for _, s := range r.Signers {
		if s.Role != "" && s.Role == before {
			return before
		}
	}
	if len(r.Signers) > 0 && r.Signers[0].Role != "" {
		return r.Signers[0].Role
	}
	return "signer"
}
