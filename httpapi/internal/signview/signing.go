package signview

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/web"
)

// FieldPrefix begins the names of a form's inputs for fields.
const FieldPrefix = "field:"

// Request is what the page shows beside the session.
type Request struct {
	Shell      web.Shell
	Action     string           // the page's address
	Form       url.Values       // what was sent and refused; nil for a fresh page
	Problems   []web.Problem    // what was wrong with it
	Disclosure esign.Disclosure // in the page's language
	MaxPages   int              // pages shown as pictures
	HasText    bool
	CanPreview bool
}

// Signing is the page of a signer who may still sign.
func Signing(s *esign.Session, r Request) web.Signing {
	v := web.Signing{
		Shell: r.Shell, Action: r.Action, Problem: r.Problems,
		EnvelopeName: s.EnvelopeName, Message: s.Message, SignerName: s.Signer.Name, SignerEmail: s.Signer.Email,
		Disclosure: web.Disclosure{Title: r.Disclosure.Title, SHA256: string(r.Disclosure.SHA256()), Paragraphs: strings.Split(r.Disclosure.Text, "\n\n")},
		PageCount:  len(s.Pages), Unread: Unread(s), HasText: r.HasText, CanPreview: r.CanPreview && s.PageImages,
	}
	if s.ConsentMode == esign.ConsentDemonstrated {
		v.Disclosure.Code, v.Disclosure.Typed, v.Disclosure.CodeError = true, r.Form.Get(codeInput), r.failed(codeInput)
	}
	v.Disclosure.Agreed = r.Form.Get("agree") == "true"
	for _, row := range s.Summary {
		v.Summary = append(v.Summary, web.Row(row))
	}
	v.Title = s.EnvelopeName
	if len(r.Problems) > 0 {
		v.Title = v.Say("error.title", "title", s.EnvelopeName)
	}
	v.UnreadRange = esign.PageRanges(v.Unread)
	zone := Zone(s)
	v.ExpiresAt, v.Consented = Moment(v.Shell, s.ExpiresAt, zone), Moment(v.Shell, s.ConsentedAt, zone)
	v.CanDelegate = s.Signer.Delegate
	if s.ConsentedAt == nil {
		v.Withdrawn = Moment(v.Shell, s.Signer.WithdrawnAt, zone)
	}
	v.Event = "ready"
	if v.Consented != "" {
		v.Event = "consented"
	}
	v.TimeZones = timeZones(cmp.Or(r.Form.Get("time_zone"), s.TimeZone))
	fields := ordered(s.Fields)
	if s.PageImages {
		v.Pages = pictures(s, fields, r)
	}
	return viewFields(marks(v, s, fields, r), s, fields, r)
}

func (r Request) failed(input string) string {
	for _, p := range r.Problems {
		if p.Input == input && input != "" {
			return p.Text
		}
	}
	return ""
}

// ordered are fields as they are read: by page, from top to bottom.
func ordered(fields []esign.Field) []esign.Field {
	fields = slices.Clone(fields)
	slices.SortStableFunc(fields, func(a, b esign.Field) int {
		return cmp.Or(cmp.Compare(a.Page, b.Page), cmp.Compare(math.Round(a.Y*100), math.Round(b.Y*100)), cmp.Compare(a.X, b.X))
	})
	return fields
}

// adopted reports whether the signature or the initials, once given, fill a field.
func adopted(f esign.Field) bool {
	return f.Required && (f.Kind == esign.FieldSignature || f.Kind == esign.FieldInitials)
}

// entered is what was sent for a field, else what it holds.
func (r Request) entered(f esign.Field) string {
	if typed, sent := r.Form[FieldPrefix+f.ID]; sent {
		return typed[0]
	}
	return f.Shown()
}

func pictures(s *esign.Session, fields []esign.Field, r Request) []web.PagePicture {
	n := min(len(s.Pages), r.MaxPages)
	out := make([]web.PagePicture, n)
	for i, p := range s.Pages[:n] {
		out[i] = web.PagePicture{Page: i + 1, Width: points(p.Width), Height: points(p.Height), Shown: slices.Contains(s.PagesShown, i+1)}
	}
	for _, f := range fields {
		if f.Page > n {
			continue
		}
		at := web.Spot{
			ID: f.ID, For: f.ID, Kind: f.Kind, Label: Label(r.Shell, f), Value: value(r.Shell, f, r.entered(f)),
			X: f.X, Y: f.Y, W: f.W, H: f.H, ReadOnly: f.ReadOnly, Optional: !f.Required,
		}
		switch {
		case adopted(f):
			at.For, at.Value = f.Kind, ""
		case f.Kind == esign.FieldSignature, f.Kind == esign.FieldInitials:
			at.Value = ""
		case f.Kind == esign.FieldDate:
			at.For, at.Value = "fields", today(r.Shell, s)
		}
		out[f.Page-1].Spots = append(out[f.Page-1].Spots, at)
	}
	return out
}

func points(length float64) int { return max(1, int(math.Round(min(length, 1e6)))) }

// value is a field's value as people read it.
func value(sh web.Shell, f esign.Field, v string) string {
	if f.Kind != esign.FieldCheckbox {
		return v
	}
	switch {
	case v == "true":
		return "✓"
	case f.ReadOnly:
		return sh.Say("field.no")
	}
	return ""
}

// Label names a field: by the sender's label, else by its kind.
func Label(sh web.Shell, f esign.Field) string {
	if f.Label != "" {
		return f.Label
	}
	switch f.Kind {
	case esign.FieldDate, esign.FieldSignature, esign.FieldInitials, esign.FieldCheckbox:
		return sh.Say("field." + f.Kind)
	case esign.FieldRadio, esign.FieldDropdown:
		return sh.Say("field.choose")
	}
	return sh.Say("field.text")
}

func today(sh web.Shell, s *esign.Session) string {
	day, err := time.Parse(time.DateOnly, s.Today)
	if err != nil {
		return s.Today
	}
	return sh.Words.Day(day)
}

// viewFields adds what the signer fills in, beside the signature and the initials.
func viewFields(v web.Signing, s *esign.Session, fields []esign.Field, r Request) web.Signing {
	for _, f := range fields {
		if adopted(f) {
			continue
		}
		in := web.Field{
			ID: f.ID, Kind: f.Kind, Label: Label(r.Shell, f), Value: r.entered(f), Page: f.Page, Required: f.Required,
			Options: f.Options, Error: r.failed(f.ID),
		}
		switch {
		case f.ReadOnly:
			in.Kind, in.Value = "value", value(r.Shell, f, f.Shown())
			if f.Kind == esign.FieldCheckbox && f.Shown() == "true" {
				in.Value = r.Shell.Say("field.yes")
			}
		case f.Kind == esign.FieldDate:
			in.Value = today(r.Shell, s)
		}
		v.Fields = append(v.Fields, in)
	}
	return v
}

// Unread are the pages that the signer was not handed.
func Unread(s *esign.Session) []int {
	var pages []int
	for n := range s.Pages {
		if !slices.Contains(s.PagesShown, n+1) {
			pages = append(pages, n+1)
		}
	}
	return pages
}

// Zone is the time zone of a session.
func Zone(s *esign.Session) *time.Location {
	if loc, err := time.LoadLocation(s.TimeZone); err == nil {
		return loc
	}
	return time.UTC
}

// Moment is a time in words, in a zone; "" for none.
func Moment(sh web.Shell, t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return sh.Words.Moment(t.In(zone))
}

// commonZones are offered to a signer beside the one that is set.
var commonZones = []string{
	"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
	"Pacific/Honolulu", "America/Puerto_Rico", "America/Halifax", "America/St_Johns", "America/Toronto", "America/Winnipeg",
	"America/Vancouver", "America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "America/Argentina/Buenos_Aires",
	"Europe/London", "Europe/Paris", "Europe/Athens", "Africa/Lagos", "Africa/Johannesburg", "Africa/Nairobi", "Asia/Dubai",
	"Asia/Karachi", "Asia/Kolkata", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Asia/Seoul", "Australia/Perth",
	"Australia/Sydney", "Pacific/Auckland", "UTC",
}

// timeZones are the zones that a signer may choose from, the one that is set
// first.
func timeZones(set string) []string {
	return append([]string{set}, slices.DeleteFunc(slices.Clone(commonZones), func(z string) bool { return z == set })...)
}
