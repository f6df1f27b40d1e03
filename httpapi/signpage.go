package httpapi

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/internal/signview"
	"github.com/evaultlib/evault/httpapi/web"
)

// signPage is the signing page. Opening it does not count as reading the document.
func (a *API) signPage(c *call) (*rest.Reply, error) {
	p, s, err := a.openSession(c, lang)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	return a.signingPage(c, http.StatusOK, p, s, nil)
}

// self is the address of the call's signing page.
func (a *API) self(c *call) string { return a.cfg.BasePath + "/sign/" + c.Params["token"] }

// signingPage is the page as the session is: to be signed, or signed already.
func (a *API) signingPage(c *call, status int, p pass, s *esign.Session, problems []web.Problem) (*rest.Reply, error) {
	sh := a.shell(c, s.OrgID)
	sh.Signer = s.Signer.ID
	if len(problems) > 0 {
		sh.Reference = c.RequestID
	}
	if s.AuthRequired {
		return a.authPage(c, status, p, s, sh, refused(problems))
	}
	if s.Signer.Status == esign.SignerSigned || completed(s.EnvelopeStatus) {
		return a.donePage(c, status, p, s, sh)
	}
	page, err := web.RenderSigning(signview.Signing(s, signview.Request{
		Shell: sh, Action: a.self(c), Form: c.Body.Form, Problems: problems, Disclosure: a.cfg.ESign.DisclosureIn(sh.Words.Tag), MaxPages: maxImages,
		HasText: a.cfg.ESign.HasText(), CanPreview: true,
	}), p.frame)
	if err != nil {
		return nil, err
	}
	return pageReply(status, page), nil
}

// refused is the code of a refusal that has no problems of its own.
func refused(problems []web.Problem) string {
	if len(problems) == 0 {
		return ""
	}
	return problems[0].Rule
}

func completed(s esign.Status) bool {
	return s == esign.StatusCompleted || s == esign.StatusVaulted || s == esign.StatusReleased
}

// formRefused shows the signing page again with what was wrong, or a page that
// says so when there is no signing page any more.
func (a *API) formRefused(c *call, refused error) (*rest.Reply, error) {
	p, err := a.signerPass(c)
	a.asPage(c, p)
	if err != nil {
		return nil, a.guard(c, err)
	}
	s, err := a.cfg.ESign.Session(c.Ctx, p.link, a.client(c))
	if err != nil {
		return nil, a.guard(c, errors.Join(refused, err))
	}
	d := judge(refused)
	if d.Status >= 500 {
		return nil, refused
	}
	problems := signview.Problems(d, s, a.shell(c, ""))
	var rp *rest.Reply
	if ask, is := asks[c.route.pattern]; is && !s.AuthRequired {
		rp, err = a.askPage(c, d.Status, p, s, ask, problems)
	} else {
		rp, err = a.signingPage(c, d.Status, p, s, problems)
	}
	if err != nil {
		return nil, err
	}
	// The claim of an idempotency key is given up by an error only.
	return nil, &shown{refused, rp}
}

// shown is a refusal with its own page.
type shown struct {
	error
	page *rest.Reply
}

func (s *shown) Unwrap() error { return s.error }

// back leads to the signing page, in the language that the form was read in.
func (a *API) back(c *call, fragment string) *rest.Reply {
	to := a.self(c)
	if l := c.Body.Form.Get(lang); l != "" {
		to += "?" + lang + "=" + url.QueryEscape(l)
	}
	return (&rest.Reply{Status: http.StatusSeeOther, Raw: []byte{}}).With("Location", to+fragment)
}

// signAgain is for the address of a form that a browser opens again: the page is
// where the form was.
func (a *API) signAgain(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	p, err := a.signerPass(c)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	return a.back(c, ""), nil
}

// ask is a page that asks for confirmation.
type ask struct {
	name, path string
	paragraphs []string
	required   bool
	person     bool // asks for a name and an address, not for a reason
	has        func(*esign.Session) bool
}

// asks are the pages by the pattern of their route.
var asks = map[string]ask{
	"/sign/{token}/decline": {
		name: "decline", path: "/decline", paragraphs: []string{"decline.what", "decline.instead"}, required: true,
		has: func(s *esign.Session) bool { return s.Signer.Status != esign.SignerSigned },
	},
	"/sign/{token}/delegate": {
		name: "delegate", path: "/delegate", paragraphs: []string{"delegate.what"}, required: true, person: true,
		has: func(s *esign.Session) bool { return s.Signer.Delegate && s.Signer.Status != esign.SignerSigned },
	},
	"/sign/{token}/consent/withdraw": {
		name: "withdraw", path: "/consent/withdraw", paragraphs: []string{"withdraw.what", "withdraw.paper"},
		has: func(s *esign.Session) bool { return s.ConsentedAt != nil },
	},
}

// signerAsk is the page before a signer declines, or withdraws the consent.
func (a *API) signerAsk(c *call) (*rest.Reply, error) {
	p, s, err := a.openSession(c, lang)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	what := asks[c.route.pattern]
	if s.AuthRequired || !what.has(s) {
		return a.back(c, ""), nil // there is nothing to decline, withdraw or hand over
	}
	return a.askPage(c, http.StatusOK, p, s, what, nil)
}

func (a *API) askPage(c *call, status int, p pass, s *esign.Session, what ask, problems []web.Problem) (*rest.Reply, error) {
	sh := a.shell(c, s.OrgID)
	sh.Title, sh.Event, sh.Signer = sh.Say(what.name+".title"), "ready", s.Signer.ID
	v := web.Ask{
		Shell: sh, Action: a.self(c) + what.path, Back: a.self(c) + "?" + lang + "=" + url.QueryEscape(sh.Words.Tag),
		BackText: sh.Say("decline.back"), Button: sh.Say(what.name + ".button"),
		Reason: c.Body.Form.Get("reason"), Required: what.required, Problem: problems,
	}
	if what.person {
		v.Person, v.Name, v.Email = true, c.Body.Form.Get("name"), c.Body.Form.Get("email")
	} else {
		v.Label = sh.Say(what.name + ".reason")
	}
	for _, key := range what.paragraphs {
		v.Paragraphs = append(v.Paragraphs, sh.Say(key, "envelope", s.EnvelopeName, "contact", sh.Contact()))
	}
	page, err := web.RenderAsk(v, p.frame)
	if err != nil {
		return nil, err
	}
	return pageReply(status, page), nil
}

func pageReply(status int, p web.Page) *rest.Reply {
	rp := &rest.Reply{Status: status, Raw: p.HTML, Header: map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": p.Policy, "Cross-Origin-Opener-Policy": "same-origin",
		"Vary": "Accept, Accept-Language",
	}}
	if !strings.Contains(p.Policy, "frame-ancestors 'none'") {
		rp.Header["X-Frame-Options"] = ""
	}
	return rp
}
