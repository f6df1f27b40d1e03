package httpapi

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
)

func sortedKeys(v url.Values) []string { return slices.Sorted(maps.Keys(v)) }

// signPage is the signing page. Opening it is no read of the document.
func (a *API) signPage(c *call) (*rest.Reply, error) {
	p, s, err := a.openSession(c)
	if errors.Is(err, esign.ErrLinkGone) {
		if _, unreadable := a.cfg.ESign.Readable(c.Ctx, p.link); unreadable == nil {
			return a.endedPage(c, p)
		}
	}
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	return a.signingPage(c, http.StatusOK, p, s, "")
}

// endedPage is for a signer whose envelope ended without completion.
func (a *API) endedPage(c *call, p pass) (*rest.Reply, error) {
	page, err := web.RenderMessage(web.Message{
		Title: "This document was not completed",
		Text:  "After you signed it, the document was declined or withdrawn, or it expired. You can still read a copy of what you signed.",
		Link:  a.cfg.BasePath + "/sign/" + c.Params["token"] + "/document.pdf", LinkText: "Open what you signed (PDF)",
	}, p.frame)
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusGone, page), nil
}

func (a *API) signingPage(c *call, status int, p pass, s *esign.Session, alert string) (*rest.Reply, error) {
	d := a.cfg.ESign.Disclosure()
	v := web.Signing{
		Action: a.cfg.BasePath + "/sign/" + c.Params["token"], Alert: alert, Done: doneText(s),
		EnvelopeName: s.EnvelopeName, Message: s.Message, SignerName: s.Signer.Name, SignerEmail: s.Signer.Email,
		Consented: s.ConsentedAt != nil, Completed: completed(s.EnvelopeStatus),
		DisclosureTitle: d.Title, Disclosure: strings.Split(d.Text, "\n\n"), DisclosureSHA256: string(s.DisclosureSHA256),
		Pages: len(s.Pages), Unread: unread(s), Signature: s.Signer.Name, ContinueURL: s.RedirectURL,
	}
	if s.ExpiresAt != nil {
		v.ExpiresAt = s.ExpiresAt.UTC().Format("2 January 2006, 15:04 UTC")
	}
	if s.PageImages {
		for i, p := range s.Pages[:min(len(s.Pages), maxImages)] {
			v.Images = append(v.Images, web.Image{Page: i + 1, Width: points(p.Width), Height: points(p.Height)})
		}
	}
	v.TimeZones = timeZones(fallback(c.Body.Form.Get("time_zone"), s.TimeZone))
	if t := c.Body.Form.Get("signature"); t != "" {
		v.Signature = t
	}
	for _, f := range s.Fields {
		if in, shown := inputOf(f); shown {
			if typed, sent := c.Body.Form[fieldPrefix+f.ID]; sent {
				in.Value = typed[0]
			}
			if in.Kind == esign.FieldDate && in.Value == "" {
				in.Value = s.Today
			}
			v.Fields = append(v.Fields, in)
		}
	}
	page, err := web.RenderSigning(v, p.frame)
	if err != nil {
		return nil, err
	}
	return pageReply(status, page), nil
}

// unread names the pages that the signer was not handed, such as "page 2" or
// "pages 1–3", "" for none.
func unread(s *esign.Session) string {
	var pages []int
	for n := range s.Pages {
		if !slices.Contains(s.PagesShown, n+1) {
			pages = append(pages, n+1)
		}
	}
	switch len(pages) {
	case 0:
		return ""
	case 1:
		return "page " + esign.PageRanges(pages)
	}
	return "pages " + esign.PageRanges(pages)
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

func points(length float64) int { return max(1, int(math.Round(min(length, 1e6)))) }

// inputOf is the input that a field needs on the page: required signatures are
// placed without one.
func inputOf(f esign.Field) (web.Field, bool) {
	in := web.Field{ID: f.ID, Kind: f.Kind, Label: f.Label, Value: f.Shown(), Page: f.Page, Required: f.Required, Options: f.Options, ReadOnly: f.ReadOnly}
	switch f.Kind {
	case esign.FieldDate:
		in.Label = fallback(f.Label, "Date")
	case esign.FieldSignature:
		in.Label = fallback(f.Label, "Signature")
		return in, !f.Required
	case esign.FieldInitials:
		in.Required = false // made from the name when left empty
		in.Label = fallback(f.Label, "Initials")
		return in, true
	case esign.FieldCheckbox:
		in.Label = fallback(f.Label, "Tick this box")
	case esign.FieldRadio, esign.FieldDropdown:
		in.Label = fallback(f.Label, "Choose one")
	default:
		in.Label = fallback(f.Label, "Text")
	}
	return in, true
}

func fallback(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func completed(s esign.Status) bool {
	return s == esign.StatusCompleted || s == esign.StatusVaulted || s == esign.StatusReleased
}

func doneText(s *esign.Session) string {
	switch {
	case completed(s.EnvelopeStatus):
		return "The document is complete: everybody has signed it."
	case s.Signer.Status == esign.SignerSigned:
		return "You have signed the document. Thank you. This page shows the completed rest.Document once everybody has signed."
	}
	return ""
}

// formRefused shows the signing page again with what was wrong, or a page that
// says so when there is no signing page any more.
func (a *API) formRefused(c *call, refused error) (*rest.Reply, error) {
	p, err := a.signerPass(c)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	a.asPage(c, p)
	s, err := a.cfg.ESign.Session(c.Ctx, p.link, a.client(c))
	if err != nil {
		return nil, a.guard(c, errors.Join(refused, err))
	}
	d := judge(refused)
	if d.Status >= 500 {
		return nil, refused
	}
	// The claim of an idempotency key is given up by an error only.
	rp, err := a.signingPage(c, d.Status, p, s, pageText(d, s))
	if err != nil {
		return nil, err
	}
	return nil, &shown{refused, rp}
}

// shown is a refusal with its own page.
type shown struct {
	error
	page *rest.Reply
}

func (s *shown) Unwrap() error { return s.error }

// pageText is a problem in words for a signer.
func pageText(d rest.Document, s *esign.Session) string {
	switch d.Code {
	case "not_viewed":
		return "Please open the document first (step 1), then sign: " + d.Detail + "."
	case "consent_required":
		return "Please agree to sign electronically first (step 2)."
	case "invalid":
		text := make([]string, len(d.Details))
		for i, f := range d.Details {
			text[i] = inputName(f.Field, s) + f.Message
		}
		return "Please check what you entered: " + strings.Join(text, "; ") + "."
	}
	return d.Title + "."
}

// inputName is how the page names the input of a field of a problem, with a colon;
// "" for one that it has no name for.
func inputName(field string, s *esign.Session) string {
	switch field {
	case "signature.text":
		return "Your signature: "
	case "time_zone":
		return "Your time zone: "
	case "reason":
		return "Reason: "
	}
	for _, f := range s.Fields {
		if field == "fields["+f.ID+"]" {
			in, _ := inputOf(f)
			return fmt.Sprintf("%s (page %d): ", in.Label, in.Page)
		}
	}
	return ""
}

// asPage makes refusals of this call pages for people, where the client is a
// browser that shows them.
func (a *API) asPage(c *call, p pass) {
	if c.Body.Kind != rest.Form && rest.MediaType(c.R.Header) != "application/x-www-form-urlencoded" && !c.WantsPage() && c.route.pattern != "/sign/{token}" {
		return
	}
	c.refuseByPage(p.frame)
}

// refuseByPage makes refusals of this call pages for people.
func (c *call) refuseByPage(f web.Frame) {
	c.page = func(d rest.Document) {
		title, text := "This page cannot be shown", d.Title+"."
		if w, known := linkWords[d.Code]; known {
			title, text = w[0], w[1]
		}
		page, err := web.RenderMessage(web.Message{Title: title, Text: text, Reference: c.RequestID}, f)
		if err != nil {
			c.Write(d.Status, nil, nil)
			return
		}
		rp := pageReply(d.Status, page)
		c.Write(rp.Status, rp.Header, rp.Raw)
	}
}

var linkWords = map[string][2]string{
	"link_unknown":      {"This link does not work", "Please check that you copied the whole link from your message."},
	"link_gone":         {"This link is no longer valid", "The document was declined, withdrawn or has expired, or the link was replaced. Please ask the sender."},
	"not_your_turn":     {"It is not your turn yet", "Others sign first. You will be told when it is your turn."},
	"token_invalid":     {"This link does not work", "Please reload the page that led here."},
	"token_expired":     {"This page has expired", "Please reload the page that led here."},
	"token_withdrawn":   {"This page is no longer valid", "Please reload the page that led here."},
	"rate_limited":      {"Too many attempts", "Please wait a minute and try again."},
	"too_many_failures": {"Too many attempts", "Please wait a few minutes and try again."},
}

func pageReply(status int, p web.Page) *rest.Reply {
	rp := &rest.Reply{Status: status, Raw: p.HTML, Header: map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": p.Policy, "Cross-Origin-Opener-Policy": "same-origin",
	}}
	if !strings.Contains(p.Policy, "frame-ancestors 'none'") {
		rp.Header["X-Frame-Options"] = ""
	}
	return rp
}
