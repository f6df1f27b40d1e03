package httpapi

import (
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/internal/signview"
	"github.com/evaultlib/evault/httpapi/web"
)

// asPage turns refusals of this call into HTML pages if the client is a browser.
func (a *API) asPage(c *call, p pass) {
	if c.Body.Kind != rest.Form && rest.MediaType(c.R.Header) != "application/x-www-form-urlencoded" && !c.WantsPage() && c.route.pattern != "/sign/{token}" {
		return
	}
	a.refuseByPage(c, p)
}

// refuseByPage turns refusals of this call into HTML pages.
func (a *API) refuseByPage(c *call, p pass) {
	c.page = func(d rest.Document) {
		page, err := web.RenderNotice(a.notice(c, p, d), p.frame)
		if err != nil {
			c.Write(d.Status, nil, nil)
			return
		}
		rp := pageReply(d.Status, page)
		c.Write(rp.Status, rp.Header, rp.Raw)
	}
}

// noticeKeys are the texts of refusals that a signer can meet.
var noticeKeys = map[string]string{
	"link_unknown": "unknown", "token_invalid": "unknown", "token_expired": "embed", "token_withdrawn": "embed",
	"embed_token_gone": "embed", "embed_token_invalid": "embed", "rate_limited": "many", "too_many_failures": "many",
}

// notice explains why a page is not available, and what to do.
func (a *API) notice(c *call, p pass, d rest.Document) web.Notice {
	if d.Code == "link_gone" || d.Code == "not_your_turn" {
		if s, err := a.cfg.ESign.LinkState(c.Ctx, p.link); err == nil {
			n := a.endedNotice(c, s)
			n.Code = d.Code
			return n
		}
	}
	sh := a.shell(c, "")
	key, known := noticeKeys[d.Code]
	if !known {
		key = "failed"
	}
	sh.Title, sh.Event, sh.Code, sh.Reference = sh.Say(key+".title"), "error", d.Code, c.RequestID
	return web.Notice{Shell: sh, Paragraphs: []string{sh.Say(key + ".what")}}
}

// endedNotice is the page of a link that is not valid now.
func (a *API) endedNotice(c *call, s *esign.LinkState) web.Notice {
	sh := a.shell(c, s.OrgID)
	sh.Event, sh.Signer, sh.Reference = "error", s.Signer.ID, c.RequestID
	v := web.Notice{}
	moment := func(t *time.Time) string { return signview.Moment(sh, t, s.Zone) }
	key, what := "closed", sh.Say("closed.what")
	switch {
	case s.Replaced:
		key, what = "replaced", sh.Say("replaced.what")
	case s.Status == esign.StatusDeclined && s.Signer.Status == esign.SignerDeclined:
		key, what, sh.Event = "declined.you", sh.Say("declined.you.what"), "declined"
		if to, err := a.continueURL(c.Ctx, s.OrgID, s.RedirectURL, s.EnvelopeID, &s.Signer); err == nil {
			v.ContinueURL = to
		}
	case s.Status == esign.StatusDeclined:
		key, what = "declined", sh.Say("declined.what")
	case s.Status == esign.StatusVoided:
		key, what = "voided", sh.Say("voided.what")
	case s.Status == esign.StatusExpired:
		key, what = "expired", sh.Say("expired.what", "time", moment(s.EndedAt))
	case s.Signer.Status == esign.SignerWaiting:
		key, what = "early", sh.Count("early.what", s.Before)
	}
	sh.Title = sh.Say(key + ".title")
	v.Paragraphs = []string{what}
	if !s.Replaced {
		rows := [][2]string{{"ended.document", s.EnvelopeName}, {"ended.sender", sh.Sender.Name}, {"ended.when", moment(s.EndedAt)}, {"ended.reason", s.Reason}}
		for _, r := range rows {
			if r[1] != "" {
				v.Facts = append(v.Facts, web.Row{Label: sh.Say(r[0]), Value: r[1]})
			}
		}
	}
	if s.EndedAt != nil && s.ReadableUntil != nil && c.Now.Before(*s.ReadableUntil) {
		v.Link, v.LinkText = a.self(c)+"/document.pdf", sh.Say("ended.copy")
		v.Note = sh.Say("ended.copy.note", "time", moment(s.ReadableUntil))
	}
	v.Shell = sh
	return v
}
