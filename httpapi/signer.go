package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// pass is the credential of a signer route: the token of a link, or an embed session for it.
type pass struct {
	link  string    // the signing link's token
	frame web.Frame // who may frame the pages: the embed token's origin
}

// noSuchToken refuses and counts a token that was never issued.
func (a *API) noSuchToken(c *call) error {
	if strings.HasPrefix(c.route.pattern, "/sign/") {
		a.asPage(c, pass{})
		return a.guard(c, esign.ErrLink)
	}
	return a.guard(c, errTicket)
}

// admit checks the token of a signer route before its body is read: the MAC of
// a link, which needs no database, or the row of an embed session.
func (a *API) admit(c *call) error {
	if c.route.body == noBody {
		return nil // the handler judges it
	}
	p, err := a.signerPass(c)
	if err != nil {
		a.asPage(c, p)
		return a.guard(c, err)
	}
	c.pass = &p
	if err := a.limitSigner(c); err != nil {
		a.asPage(c, p)
		return err
	}
	return nil
}

// signerPass opens the token in the path. An invalid token counts as a failure of the address.
func (a *API) signerPass(c *call) (pass, error) {
	if c.pass != nil {
		return *c.pass, nil
	}
	token := c.Params["token"]
	if !strings.Contains(token, ".") {
		id, err := a.cfg.ESign.SignerOf(token)
		c.signer = id
		return pass{link: token}, err
	}
	t, err := a.openEmbedded(c, token, ticketSession)
	if err != nil {
		return pass{frame: t.frame}, err
	}
	link, err := a.cfg.ESign.SignerToken(c.Ctx, t.OrgID, t.EnvelopeID, t.Target)
	if err != nil {
		return pass{frame: t.frame}, err
	}
	c.signer = t.Target
	return pass{link: link, frame: t.frame}, nil
}

// guard counts tokens that were guessed.
func (a *API) guard(c *call, err error) error {
	if errors.Is(err, esign.ErrLink) || errors.Is(err, errTicket) {
		return a.failed(c, "link", err)
	}
	return err
}

func (a *API) client(c *call) esign.Client {
	ua := c.R.UserAgent()
	if len(ua) > maxUserAgent {
		ua = ua[:maxUserAgent]
	}
	return esign.Client{Addr: a.cfg.ClientIP(c.R), UserAgent: strings.ToValidUTF8(ua, "�")}
}

type sessionBody struct {
	EnvelopeName string             `json:"envelope_name"`
	Message      *string            `json:"message"`
	Summary      []summaryRow       `json:"summary"`
	Signer       sessionSigner      `json:"signer"`
	Status       esign.SignerStatus `json:"status"`
	AuthRequired bool               `json:"auth_required"`
	AuthMethod   string             `json:"auth_method"`
	CodeUntil    *string            `json:"code_expires_at"`
	Consent      sessionConsent     `json:"consent"`
	Pages        []sessionPage      `json:"pages"`
	PagesShown   []int              `json:"pages_shown"` // that the signer was handed
	Fields       []sessionField     `json:"fields"`
	ExpiresAt    *string            `json:"expires_at"`
	TimeZone     string             `json:"time_zone"` // by which the signer's days are counted
}

type sessionSigner struct {
	SignerID string `json:"signer_id"`
	Email    string `json:"email"`
	Name     string `json:"name"`
	Role     string `json:"role"`
}

type sessionConsent struct {
	Mode             string         `json:"mode"`
	DisclosureSHA256 storage.Digest `json:"disclosure_sha256"`
	GivenAt          *string        `json:"given_at"`
}

type sessionPage struct {
	Page   int     `json:"page"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

type sessionField struct {
	FieldID  string   `json:"field_id"`
	Kind     string   `json:"kind"`
	Page     int      `json:"page"`
	X        float64  `json:"x"`
	Y        float64  `json:"y"`
	W        float64  `json:"w"`
	H        float64  `json:"h"`
	Required bool     `json:"required"`
	Label    string   `json:"label"`
	Value    string   `json:"value"`
	Options  []string `json:"options"`
	ReadOnly bool     `json:"read_only"`
}

func sessionOf(s *esign.Session) *sessionBody {
	b := &sessionBody{
		EnvelopeName: s.EnvelopeName, Message: orNull(s.Message), Status: s.Signer.Status, AuthRequired: s.AuthRequired, AuthMethod: s.AuthMethod, CodeUntil: atp(s.CodeUntil),
		Signer:     sessionSigner{s.Signer.ID, s.Signer.Email, s.Signer.Name, s.Signer.Role},
		Consent:    sessionConsent{s.ConsentMode, s.DisclosureSHA256, atp(s.ConsentedAt)},
		PagesShown: list(s.PagesShown),
		Pages:      make([]sessionPage, len(s.Pages)), Fields: make([]sessionField, len(s.Fields)), ExpiresAt: atp(s.ExpiresAt), TimeZone: s.TimeZone,
	}
	b.Summary = make([]summaryRow, len(s.Summary))
	for i, row := range s.Summary {
		b.Summary[i] = summaryRow(row)
	}
	for i, p := range s.Pages {
		b.Pages[i] = sessionPage{i + 1, p.Width, p.Height}
	}
	for i, f := range s.Fields {
		b.Fields[i] = sessionField{f.ID, f.Kind, f.Page, f.X, f.Y, f.W, f.H, f.Required, f.Label, f.Shown(), list(f.Options), f.ReadOnly}
	}
	return b
}

func (a *API) signerSession(c *call) (*rest.Reply, error) {
	_, s, err := a.openSession(c)
	if err != nil {
		return nil, a.guard(c, err)
	}
	return rest.OK(sessionOf(s)), nil
}

// openSession opens the session of a route that takes the named query parameters.
func (a *API) openSession(c *call, query ...string) (pass, *esign.Session, error) {
	if _, err := c.Query(query...); err != nil {
		return pass{}, nil, err
	}
	p, err := a.signerPass(c)
	if err != nil {
		return p, nil, err
	}
	s, err := a.cfg.ESign.Session(c.Ctx, p.link, a.client(c))
	return p, s, err
}

func (a *API) signerDocument(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	p, err := a.signerPass(c)
	var link *esign.LinkState
	if err == nil {
		link, err = a.cfg.ESign.Readable(c.Ctx, p.link) // also after an end, when there is no session
	}
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	if c.R.Method == http.MethodHead { // a HEAD is no read of the document
		return &rest.Reply{Status: 200, Raw: []byte{}, Header: map[string]string{"Content-Type": "application/pdf"}}, nil
	}
	h, err := a.cfg.ESign.OpenDocument(c.Ctx, p.link, a.client(c))
	if err != nil {
		a.asPage(c, p)
		return nil, err
	}
	f := rest.File{Name: link.EnvelopeName + " (copy).pdf", ContentType: "application/pdf", ETag: string(h.SHA256), Content: h.Content, Inline: true}
	if h.Counts() {
		return a.handedOut(c, h, f.Whole()), nil
	}
	return f.Ranged(), nil
}

// handedOut makes rp, which holds the whole of h, record that the signer was
// handed h: after its last byte, and before the end of the answer, so that a
// client that has all of it may sign. Without a Content-Length only that end
// says that the answer is whole; where the record fails, it does not come.
func (a *API) handedOut(c *call, h *esign.Handout, rp *rest.Reply) *rest.Reply {
	if !h.Counts() {
		return rp
	}
	rp.Stream = func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write(h.Content); err != nil {
			return // the client went away
		}
		if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return
		}
		if r.Context().Err() != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), a.cfg.Timeout)
		defer cancel()
		if err := h.HandedOut(ctx); err != nil {
			a.log.ErrorContext(ctx, "httpapi: reading not recorded", "request_id", c.RequestID, "error", err)
			panic(http.ErrAbortHandler)
		}
	}
	return rp
}

func (a *API) signerDisclosure(c *call) (*rest.Reply, error) {
	p, _, err := a.openSession(c, lang)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	f, err := a.cfg.ESign.DisclosurePDF(c.Ctx, p.link, a.words(c))
	if err != nil {
		return nil, err
	}
	return rest.File{Name: "disclosure.pdf", ContentType: "application/pdf", ETag: string(f.SHA256), Content: f.Content, Inline: true}.Ranged(), nil
}

type signerResult struct {
	Status         esign.SignerStatus `json:"status"`
	EnvelopeStatus esign.Status       `json:"envelope_status"`
	RedirectURL    *string            `json:"redirect_url"`
}

func signerReply(r *esign.SignerResult) *rest.Reply {
	return rest.OK(signerResult{r.Status, r.EnvelopeStatus, orNull(withOutcome(r.RedirectURL, r.EnvelopeID, r.SignerID, r.Status))})
}

type consentInput struct {
	DisclosureSHA256  storage.Digest `json:"disclosure_sha256"`
	DemonstrationCode string         `json:"demonstration_code"`
}

func (a *API) signerConsent(c *call) (*rest.Reply, error) {
	var in consentInput
	if c.Body.Kind == rest.Form {
		if c.Body.Form.Get("agree") != "true" {
			return a.formRefused(c, validate.Fail("agree", "required", "must be true"))
		}
		in.DisclosureSHA256 = storage.Digest(c.Body.Form.Get("disclosure_sha256"))
		in.DemonstrationCode = c.Body.Form.Get("demonstration_code")
	} else if err := c.Decode(&in); err != nil {
		return nil, err
	}
	return a.signerVerb(c, func(p pass) (*esign.SignerResult, error) {
		return a.cfg.ESign.Consent(c.Ctx, esign.ConsentRequest{
			Token: p.link, DisclosureSHA256: in.DisclosureSHA256, DemonstrationCode: in.DemonstrationCode,
			Client: a.client(c), Also: rest.Keep(c.Call, signerReply),
		})
	})
}

func (a *API) signerWithdraw(c *call) (*rest.Reply, error) {
	reason, err := c.reason()
	if err != nil {
		return nil, err
	}
	return a.signerVerb(c, func(p pass) (*esign.SignerResult, error) {
		return a.cfg.ESign.WithdrawConsent(c.Ctx, esign.WithdrawRequest{Token: p.link, Reason: reason, Client: a.client(c), Also: rest.Keep(c.Call, signerReply)})
	})
}

func (a *API) signerDecline(c *call) (*rest.Reply, error) {
	reason, err := c.reason()
	if err != nil {
		return nil, err
	}
	return a.signerVerb(c, func(p pass) (*esign.SignerResult, error) {
		return a.cfg.ESign.Decline(c.Ctx, esign.DeclineRequest{Token: p.link, Reason: reason, Client: a.client(c), Also: rest.Keep(c.Call, signerReply)})
	})
}

func (c *call) reason() (string, error) {
	if c.Body.Kind == rest.Form {
		return strings.ReplaceAll(c.Body.Form.Get("reason"), "\r\n", "\n"), nil
	}
	var in reasonInput
	err := c.Decode(&in)
	return in.Reason, err
}

type signInput struct {
	Signature struct {
		Kind string      `json:"kind"`
		Text string      `json:"text"`
		PNG  rest.Base64 `json:"png_base64"`
	} `json:"signature"`
	Fields []struct {
		FieldID string      `json:"field_id"`
		Value   string      `json:"value"`
		PNG     rest.Base64 `json:"png_base64"`
	} `json:"fields"`
	TimeZone string `json:"time_zone"`
}

func (a *API) signerSign(c *call) (*rest.Reply, error) {
	r := esign.SignRequest{Client: a.client(c), Also: rest.Keep(c.Call, signerReply)}
	if c.Body.Kind != rest.Form {
		if err := c.signature(&r); err != nil {
			return nil, err
		}
	}
	return a.signerVerb(c, func(p pass) (*esign.SignerResult, error) {
		r.Token = p.link
		if c.Body.Kind == rest.Form {
			s, err := a.cfg.ESign.Session(c.Ctx, p.link, r.Client)
			if err == nil {
				err = c.signForm(&r, s.Fields)
			}
			if err != nil {
				return nil, err
			}
		}
		return a.cfg.ESign.Sign(c.Ctx, r)
	})
}

func (c *call) signature(r *esign.SignRequest) error {
	var in signInput
	if err := c.Decode(&in); err != nil {
		return err
	}
	png, err := in.Signature.PNG.Bytes("signature.png_base64")
	if err != nil {
		return err
	}
	r.Signature = esign.Signature{Kind: in.Signature.Kind, Text: in.Signature.Text, PNG: png}
	r.TimeZone = in.TimeZone
	for i, f := range in.Fields {
		png, err := f.PNG.Bytes(fmt.Sprintf("fields[%d].png_base64", i))
		if err != nil {
			return err
		}
		v := esign.FieldValue{FieldID: f.FieldID, Value: f.Value}
		if len(png) > 0 {
			v.PNG = png
		}
		r.Fields = append(r.Fields, v)
	}
	return nil
}

// signerVerb runs a signer's verb and answers in the form of the request: JSON,
// or for the page's forms a redirect back to the page.
func (a *API) signerVerb(c *call, verb func(pass) (*esign.SignerResult, error)) (*rest.Reply, error) {
	p, err := a.signerPass(c)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	r, err := verb(p)
	switch {
	case err != nil && c.Body.Kind == rest.Form:
		return a.formRefused(c, err)
	case err != nil:
		return nil, a.guard(c, err)
	case c.Body.Kind == rest.Form:
		return a.back(c, c.route.after), nil
	}
	return signerReply(r), nil
}
