package esign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/validate"
)

// filled is what a signer's request puts on the pages.
type filled struct {
	marks  []overlay.Mark
	values []Field           // the signer's fields with their values
	detail map[string]string // field id → value, for the event
	shown  reading           // what the signer was handed before
}

// filler fills one signer's fields.
type filler struct {
	engine  *Engine
	pages   []PageSize
	signer  *Signer
	request *SignRequest
	now     time.Time
	zone    *time.Location
	given   map[string]FieldValue
	out     *filled
	bad     validate.Problems
}

// fill turns a request into marks and values; *InvalidError.
func (e *Engine) fill(env *Envelope, sg *Signer, r SignRequest) (*filled, error) {
	f := &filler{
		engine: e, pages: env.Document.PageSizes, signer: sg, request: &r, now: e.now(), zone: env.ZoneOf(sg), given: map[string]FieldValue{},
		out: &filled{detail: map[string]string{}},
	}
	own := env.fieldsOf(sg.ID)
	f.take(own)
	if r.Signature.Kind == SignatureTyped && len(r.Signature.PNG) == 0 {
		f.drawable("signature.text", r.Signature.Text)
	}
	for _, field := range own {
		f.field(field)
	}
	if err := f.bad.Err(); err != nil {
		return nil, err
	}
	return f.out, nil
}

// take reads the request's values and refuses those of no field of the signer.
func (f *filler) take(own []Field) {
	if len(f.request.Fields) > maxFields {
		f.bad.Add("fields", "max", "must be at most %d entries", maxFields)
		return
	}
	known := map[string]bool{}
	for _, o := range own {
		known[o.ID] = true
	}
	for i, v := range f.request.Fields {
		at := fmt.Sprintf("fields[%d].field_id", i)
		if _, twice := f.given[v.FieldID]; twice {
			f.bad.Add(at, "unique", "comes twice")
		} else if !known[v.FieldID] {
			f.bad.Add(at, "field", "names no field of this signer")
		}
		f.given[v.FieldID] = v
	}
}

// wrong returns the rule that a value of the field breaks, "" for none.
func (d *Field) wrong(v string) (rule, message string) {
	switch {
	case !plain(v, "") || utf8.RuneCountInString(v) > maxValue:
		return "text", fmt.Sprintf("must be one line of plain text of at most %d characters", maxValue)
	case d.Kind == FieldCheckbox && v != "" && v != "true" && v != "false":
		return "oneof", "must be true or false"
	case chooses(d.Kind) && v != "" && !slices.Contains(d.Options, v):
		return "oneof", "must be one of the field's options"
	}
	return "", ""
}

func (f *filler) field(d Field) {
	given, changed := f.given[d.ID]
	v := strings.TrimSpace(given.Value)
	if !changed {
		v = d.Preset
	}
	if !f.drawn(d, given.PNG) {
		return
	}
	if rule, message := d.wrong(v); rule != "" {
		f.bad.Add(at(d), rule, "%s", message)
		return
	}
	if d.ReadOnly && v != d.Preset {
		f.bad.Add(at(d), "read_only", "was filled in by the sender and cannot be changed")
		return
	}
	m := overlay.Mark{Page: d.Page, X: d.X, Y: d.Y, W: d.W, H: d.H}
	switch d.Kind {
	case FieldSignature, FieldInitials:
		if v == "" && given.PNG == nil && !d.Required {
			return
		}
		v = f.sign(&m, d, v)
	case FieldDate:
		v = f.date(d, v)
		m.Kind = overlay.MarkText
		for _, m.Text = range printedDay(v, f.now, f.zone) {
			if f.room(d, m) == nil {
				break
			}
		}
	case FieldText, FieldRadio, FieldDropdown:
		if v == "" {
			f.missing(d)
			return
		}
		f.drawable(at(d), v)
		m.Kind, m.Text = overlay.MarkText, v
	case FieldCheckbox:
		if v != "true" {
			f.missing(d)
			return
		}
		m.Kind = overlay.MarkCheck
	}
	f.fits(d, m)
	d.Value = v
	f.out.marks = append(f.out.marks, m)
	f.out.values = append(f.out.values, d)
	f.out.detail[d.ID] = v
}

// drawn judges a picture given for a field.
func (f *filler) drawn(d Field, png []byte) bool {
	problem := ""
	switch {
	case png == nil:
		return true
	case d.Kind != FieldInitials:
		problem = "is only for fields of kind initials"
	default:
		problem = pngProblem(png)
	}
	if problem != "" {
		f.bad.Add(at(d), "png", "%s", problem)
	}
	return problem == ""
}

// sign makes m a signature or initials and returns the value to keep.
func (f *filler) sign(m *overlay.Mark, d Field, v string) string {
	m.Kind = overlay.MarkSignature
	if d.Kind == FieldInitials {
		return f.initial(m, d, v)
	}
	s := f.request.Signature
	m.Caption = fmt.Sprintf("Signed %s · %s", printedTime(f.now, f.zone), f.signer.ID)
	if len(s.PNG) > 0 {
		m.PNG = s.PNG
		return s.Kind
	}
	m.Text = s.Text
	return m.Text
}

// initial makes m initials, which have a value of their own: as drawn, as typed,
// else the first letters of the name.
func (f *filler) initial(m *overlay.Mark, d Field, v string) string {
	s := f.request.Signature
	switch png := f.given[d.ID].PNG; {
	case png != nil:
		m.PNG = png
		return SignatureDrawn
	case v != "" && v != "true":
		m.Text = v
	case s.Kind == SignatureTyped && len(s.PNG) > 0: // in a script that no font has
		m.PNG = s.PNG
		return s.Kind
	case s.Kind == SignatureTyped:
		m.Text = Initials(s.Text)
	default:
		m.Text = Initials(f.signer.Name)
	}
	f.drawable(at(d), m.Text)
	return m.Text
}

// date is the day of signing: today by the signer's time zone, or the day that
// the signer gives, which must be today somewhere.
func (f *filler) date(d Field, v string) string {
	if v == "" {
		return f.now.In(f.zone).Format(dayLayout)
	}
	if !existing(v, f.now) {
		f.bad.Add(at(d), "date", "must be the day of signing in the form 2006-01-02: today's date where the signer is")
	}
	return v
}

func (f *filler) room(d Field, m overlay.Mark) error {
	return overlay.Fits(m, contentstream.PageSize(f.pages[d.Page-1]), f.engine.fonts)
}

// fits refuses what would be too small to be read.
func (f *filler) fits(d Field, m overlay.Mark) {
	var long *overlay.TooLongError
	if errors.As(f.room(d, m), &long) {
		f.bad.Add(at(d), ruleTooLong, "is too long for its box: it would be drawn at %.1f points, which is too small", long.Size)
	}
}

func (f *filler) missing(d Field) {
	if d.Required && !d.ReadOnly {
		f.bad.Add(at(d), "required", "is required")
	}
}

func at(d Field) string { return "fields[" + d.ID + "]" }

// drawable refuses text that no font can draw, naming the character.
func (f *filler) drawable(field, text string) { f.engine.drawable(&f.bad, field, text) }

func (e *Engine) drawable(p *validate.Problems, field, text string) {
	var missing *font.MissingGlyphError
	switch err := font.CheckText(text, e.fonts); {
	case errors.As(err, &missing):
		p.Add(field, "glyph_missing", "no configured font has the character %q (U+%04X)", missing.Char, missing.Char)
	case err != nil:
		p.Add(field, "glyph_missing", "cannot be drawn")
	}
}
