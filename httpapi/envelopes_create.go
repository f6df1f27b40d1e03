package httpapi

import (
	"net/http"
	"slices"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
)

type partyBody struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
	Email      string `json:"email"`
}

type createInput struct {
	CustomerEmail string            `json:"customer_email"`
	CustomerName  string            `json:"customer_name"`
	CustomerID    string            `json:"customer_id"`
	EnvelopeKind  string            `json:"envelope_kind"`
	EnvelopeName  string            `json:"envelope_name"`
	ExternalID    string            `json:"external_id"`
	Document      *documentInput    `json:"document"`
	Fields        []fieldInput      `json:"fields"`
	Signers       []signerInput     `json:"signers"`
	SigningOrder  string            `json:"signing_order"`
	Consent       string            `json:"consent"`
	Message       string            `json:"message"`
	Summary       []summaryRow      `json:"summary"`
	RedirectURL   string            `json:"redirect_url"`
	ExpiresInDays *int              `json:"expires_in_days"`
	Reminders     *remindersInput   `json:"reminders"`
	SecuredParty  *partyBody        `json:"secured_party"`
	Metadata      map[string]string `json:"metadata"`
	Legend        *bool             `json:"legend"`
	AutoVault     bool              `json:"auto_vault"`
	TimeZone      string            `json:"time_zone"`
	Send          *bool             `json:"send"`
	FromTags      bool              `json:"fields_from_tags"`
	FromForm      bool              `json:"fields_from_form"`

	TemplateID      string          `json:"template_id"`
	TemplateVersion *int            `json:"template_version"`
	TemplateValues  []templateValue `json:"template_values"`
}

type documentInput struct {
	Filename string      `json:"filename"`
	Content  rest.Base64 `json:"content_base64"`
}

type summaryRow struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// remindersInput is when signers who do not sign are reminded.
type remindersInput struct {
	AfterDays int `json:"after_days"`
	EveryDays int `json:"every_days"`
	Max       int `json:"max"`
}

type fieldInput struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Role     string   `json:"role"`
	Page     int      `json:"page"`
	X        float64  `json:"x"`
	Y        float64  `json:"y"`
	W        float64  `json:"w"`
	H        float64  `json:"h"`
	Required *bool    `json:"required"`
	Label    string   `json:"label"`
	Options  []string `json:"options"`
	Value    string   `json:"value"`
	ReadOnly bool     `json:"read_only"`

	Anchor *anchorInput `json:"anchor"`
}

type anchorInput struct {
	Text  string  `json:"text"`
	Nth   int     `json:"nth"`
	After bool    `json:"after"`
	DX    float64 `json:"dx"`
	DY    float64 `json:"dy"`
}

// anchor is nil when the field has coordinates.
func (a *anchorInput) anchor() *esign.Anchor {
	if a == nil {
		return nil
	}
	return &esign.Anchor{Text: a.Text, Nth: a.Nth, After: a.After, DX: a.DX, DY: a.DY}
}

type signerInput struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Order *int   `json:"order"`
	Auth  string `json:"auth"`
	Code  string `json:"access_code"`
	Zone  string `json:"time_zone"`

	Delegate bool `json:"delegate"`
}

func (a *API) createEnvelope(c *call) (*rest.Reply, error) {
	var in createInput
	document, filename, err := c.partsOf("envelope", &in, func() *documentInput { return in.Document })
	if err != nil {
		return nil, err
	}
	r := in.request()
	r.OrgID, r.Actor, r.Document, r.Filename = c.key.OrgID, c.actor(), document, filename
	if in.Reminders != nil && in.Reminders.AfterDays < 1 { // all zero is a schedule that reminds nobody
		return nil, validate.Fail("reminders.after_days", "min", "must be at least 1")
	}
	if in.ExpiresInDays != nil && *in.ExpiresInDays < 1 {
		return nil, validate.Fail("expires_in_days", "min", "must be at least 1")
	}
	if err := a.checkRedirect(c, in.RedirectURL); err != nil {
		return nil, err
	}
	render := func(e *esign.Envelope) *rest.Reply {
		rp := a.envelopeReply(e)
		rp.Status = http.StatusCreated
		return rp.With("Location", a.cfg.BaseURL+a.cfg.BasePath+"/partner/envelopes/"+e.ID)
	}
	r.Also = rest.Keep(c.Call, render)
	if r, err = a.ofTemplate(c, &in, r); err != nil {
		return nil, err
	}
	undo, err := a.bringIn(c, 1, len(r.Document))
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Create(c.Ctx, r)
	if err != nil {
		undo()
		return nil, err
	}
	return render(e), nil
}

// partsOf reads the request, which is the JSON or the part of that name, and the
// document from either form of body. inJSON is the document that in has once it is
// read.
func (c *call) partsOf(part string, in any, inJSON func() *documentInput) (document []byte, filename string, err error) {
	if c.Body.Kind == rest.Multipart {
		if err := c.OnlyParts(part, "document"); err != nil {
			return nil, "", err
		}
		if c.Body.Part(part) == nil {
			return nil, "", rest.BadRequest("part_required", "the part "+part+" is missing")
		}
		if err := c.DecodePart(part, in); err != nil {
			return nil, "", err
		}
		if p := c.Body.Part("document"); p != nil {
			document, filename = p.Content, p.Filename
		}
	} else if err := c.Decode(in); err != nil {
		return nil, "", err
	}
	d := inJSON()
	if d == nil {
		return document, filename, nil
	}
	if document != nil {
		return nil, "", validate.Fail("document", "once", "is given twice, as a part and in the JSON")
	}
	document, err = d.Content.Bytes("document.content_base64")
	return document, d.Filename, err
}

func (in *createInput) request() esign.CreateRequest {
	r := esign.CreateRequest{
		CustomerEmail: in.CustomerEmail, CustomerName: in.CustomerName, CustomerID: in.CustomerID, EnvelopeKind: in.EnvelopeKind,
		EnvelopeName: in.EnvelopeName, ExternalID: in.ExternalID, SigningOrder: in.SigningOrder, Consent: in.Consent,
		Message: in.Message, RedirectURL: in.RedirectURL, Metadata: in.Metadata, AutoVault: in.AutoVault, TimeZone: in.TimeZone,
		WithoutLegend: in.Legend != nil && !*in.Legend, Send: in.Send == nil || *in.Send,
		FieldsFromTags: in.FromTags, FieldsFromForm: in.FromForm,
	}
	for _, row := range in.Summary {
		r.Summary = append(r.Summary, esign.SummaryRow(row))
	}
	if in.ExpiresInDays != nil {
		r.ExpiresInDays = *in.ExpiresInDays
	}
	if m := in.Reminders; m != nil {
		r.Reminders = esign.ReminderSchedule(*m)
	}
	if p := in.SecuredParty; p != nil {
		r.SecuredParty = &esign.Party{Name: p.Name, Identifier: p.Identifier, Email: p.Email}
	}
	ordered := slices.ContainsFunc(in.Signers, func(s signerInput) bool { return s.Order != nil })
	for i, s := range in.Signers {
		spec := esign.SignerSpec{Email: s.Email, Name: s.Name, Role: s.Role, Auth: s.Auth, AccessCode: s.Code, TimeZone: s.Zone, Delegate: s.Delegate}
		if s.Order != nil {
			spec.Order = *s.Order
		} else if ordered { // others name theirs
			spec.Order = i + 1
		}
		r.Signers = append(r.Signers, spec)
	}
	r.Fields = fieldSpecs(in.Fields)
	return r
}

func fieldSpecs(fields []fieldInput) (specs []esign.FieldSpec) {
	for _, f := range fields {
		specs = append(specs, esign.FieldSpec{
			Name: f.Name, Kind: f.Kind, Role: f.Role, Page: f.Page, X: f.X, Y: f.Y, W: f.W, H: f.H,
			Optional: f.Required != nil && !*f.Required, Label: f.Label, Options: f.Options, Value: f.Value, ReadOnly: f.ReadOnly,
			Anchor: f.Anchor.anchor(),
		})
	}
	return specs
}
