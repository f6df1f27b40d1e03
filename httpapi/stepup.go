package httpapi

import (
	"net/http"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/internal/signview"
	"github.com/evaultlib/evault/httpapi/web"
)

type codeSent struct {
	SentTo    string `json:"sent_to"` // masked
	ExpiresAt string `json:"expires_at"`
}

type authInput struct {
	Code string `json:"code"`
}

// signerCode sends a one-time code.
func (a *API) signerCode(c *call) (*rest.Reply, error) {
	var in struct{}
	if c.Body.Kind != rest.Form {
		if err := c.Decode(&in); err != nil {
			return nil, err
		}
	}
	p, err := a.signerPass(c)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	sent, err := a.cfg.ESign.SendCode(c.Ctx, esign.CodeRequest{Token: p.link, Client: a.client(c)})
	switch {
	case err != nil && c.Body.Kind == rest.Form:
		return a.formRefused(c, err)
	case err != nil:
		return nil, a.guard(c, err)
	case c.Body.Kind == rest.Form:
		return a.back(c, "#code"), nil
	}
	return &rest.Reply{Status: http.StatusAccepted, Data: codeSent{masked(sent.Email), at(sent.ExpiresAt)}}, nil
}

// signerAuth judges a one-time code or an access code.
func (a *API) signerAuth(c *call) (*rest.Reply, error) {
	var in authInput
	if c.Body.Kind == rest.Form {
		in.Code = c.Body.Form.Get("code")
	} else if err := c.Decode(&in); err != nil {
		return nil, err
	}
	return a.signerVerb(c, func(p pass) (*esign.SignerResult, error) {
		return a.cfg.ESign.Authenticate(c.Ctx, esign.AuthRequest{Token: p.link, Code: in.Code, Client: a.client(c)})
	})
}

// masked is an address of which whoever has the link may know that it is theirs.
func masked(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	first := []rune(local)
	if len(first) > 1 {
		first = first[:1]
	}
	return string(first) + "•••@" + domain
}

// authProblems are the texts of refused codes.
var authProblems = map[string]string{
	"wrong_code": "problem.wrong_code", "code_expired": "problem.code_expired", "auth_locked": "problem.auth_locked",
}

// authPage asks for a code before the document opens. refused is the code of the
// problem document, "" for none.
func (a *API) authPage(c *call, status int, p pass, s *esign.Session, sh web.Shell, refused string) (*rest.Reply, error) {
	say := func(key string) string {
		return sh.Say(key, "envelope", s.EnvelopeName, "email", masked(s.Signer.Email), "contact", sh.Contact(),
			"time", signview.Moment(sh, s.CodeUntil, signview.Zone(s)))
	}
	sh.Title, sh.Event = say("auth.title"), "ready"
	v := web.Auth{Shell: sh, Action: a.self(c), Button: say("auth.button")}
	switch {
	case s.AuthMethod == esign.AuthAccessCode:
		v.Paragraphs, v.Label = []string{say("auth.access.what")}, say("auth.access")
	case s.CodeUntil == nil:
		v.Paragraphs, v.Send = []string{say("auth.mail")}, say("auth.send")
	default:
		v.Paragraphs, v.Label, v.Digits, v.Send = []string{say("auth.sent")}, say("auth.code"), true, say("auth.again")
	}
	if key, known := authProblems[refused]; known {
		v.Problem = []web.Problem{{Href: "#code", Input: "code", Text: say(key), Rule: refused}}
		if v.Label == "" {
			v.Problem[0].Href = "#main"
		}
	}
	page, err := web.RenderAuth(v, p.frame)
	if err != nil {
		return nil, err
	}
	return pageReply(status, page), nil
}
