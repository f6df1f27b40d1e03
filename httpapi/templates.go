package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
)

type templateInput struct {
	Name     string         `json:"name"`
	Document *documentInput `json:"document"`
	Roles    []string       `json:"roles"`
	Fields   []fieldInput   `json:"fields"`
	FromTags bool           `json:"fields_from_tags"`
	FromForm bool           `json:"fields_from_form"`
}

type templateRow struct {
	TemplateID string `json:"template_id"`
	Name       string `json:"name"`
	Version    int    `json:"version"`
	CreatedAt  string `json:"created_at"`
	UpdatedAt  string `json:"updated_at"`
}

type templateBody struct {
	templateRow
	Document documentBody        `json:"document"`
	Roles    []string            `json:"roles"`
	Fields   []templateFieldBody `json:"fields"`
}

type templateFieldBody struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Role     string   `json:"role"`
	Page     int      `json:"page"`
	X        float64  `json:"x"`
	Y        float64  `json:"y"`
	W        float64  `json:"w"`
	H        float64  `json:"h"`
	Required bool     `json:"required"`
	Label    *string  `json:"label"`
	Options  []string `json:"options"`
	Value    *string  `json:"value"`
	ReadOnly bool     `json:"read_only"`
}

func templateRowOf(t *template.Template) templateRow {
	return templateRow{TemplateID: t.ID, Name: t.Name, Version: t.Version, CreatedAt: at(t.CreatedAt), UpdatedAt: at(t.UpdatedAt)}
}

// templateReply is the answer of the verbs that return the template.
func templateReply(t *template.Template) *rest.Reply {
	b := templateBody{
		templateRow: templateRowOf(t), Roles: t.Layout.Roles, Fields: make([]templateFieldBody, len(t.Layout.Fields)),
		Document: documentBody{t.Object.SHA256, t.Object.Size, len(t.Layout.PageSizes), t.Filename},
	}
	for i, f := range t.Layout.Fields {
		b.Fields[i] = templateFieldBody{
			Name: f.Name, Kind: f.Kind, Role: f.Role, Page: f.Page, X: f.X, Y: f.Y, W: f.W, H: f.H, Required: !f.Optional,
			Label: orNull(f.Label), Options: append([]string{}, f.Options...), Value: orNull(f.Value), ReadOnly: f.ReadOnly,
		}
	}
	return rest.OK(b).With("ETag", `"`+t.ETag()+`"`)
}

func (a *API) listTemplates(c *call) (*rest.Reply, error) {
	q, err := c.Query("page", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	page, err := rest.Page(q)
	if err != nil {
		return nil, err
	}
	l, err := a.cfg.Templates.List(c.Ctx, c.key.OrgID, page)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	rows := make([]templateRow, len(l.Items))
	for i := range l.Items {
		rows[i] = templateRowOf(&l.Items[i])
	}
	return &rest.Reply{Status: http.StatusOK, Data: rows, Meta: rest.MetaOf(page, l.Total, l.Next)}, nil
}

// layoutRequest reads what a version of a template is made of.
func (c *call) layoutRequest() (name string, r esign.LayoutRequest, err error) {
	var in templateInput
	document, filename, err := c.partsOf("template", &in, func() *documentInput { return in.Document })
	if err != nil {
		return "", r, err
	}
	return in.Name, esign.LayoutRequest{
		Document: document, Filename: filename, Roles: in.Roles, Fields: fieldSpecs(in.Fields),
		FieldsFromTags: in.FromTags, FieldsFromForm: in.FromForm,
	}, nil
}

func (a *API) createTemplate(c *call) (*rest.Reply, error) {
	name, layout, err := c.layoutRequest()
	if err != nil {
		return nil, err
	}
	render := func(t *template.Template) *rest.Reply {
		rp := templateReply(t)
		rp.Status = http.StatusCreated
		return rp.With("Location", a.cfg.BaseURL+a.cfg.BasePath+"/partner/templates/"+t.ID)
	}
	undo, err := a.bringIn(c, 0, len(layout.Document))
	if err != nil {
		return nil, err
	}
	t, err := a.cfg.Templates.Create(c.Ctx, template.CreateRequest{
		OrgID: c.key.OrgID, Actor: c.actor(), Name: name, LayoutRequest: layout, Also: rest.Keep(c.Call, render),
	})
	if err != nil {
		undo()
		return nil, err
	}
	return render(t), nil
}

// updateTemplate makes a new version, of the document that the template has or of another.
func (a *API) updateTemplate(c *call) (*rest.Reply, error) {
	name, layout, err := c.layoutRequest()
	if err != nil {
		return nil, err
	}
	tag, err := a.templateTag(c)
	if err != nil {
		return nil, err
	}
	undo, err := a.bringIn(c, 0, len(layout.Document))
	if err != nil {
		return nil, err
	}
	t, err := a.cfg.Templates.Update(c.Ctx, template.UpdateRequest{
		OrgID: c.key.OrgID, Actor: c.actor(), TemplateID: c.id(), IfMatch: tag, Name: name, LayoutRequest: layout,
		Also: rest.Keep(c.Call, templateReply),
	})
	if err != nil {
		undo()
		return nil, err
	}
	return templateReply(t), nil
}

// templateTag reads If-Match and refuses what it does not name. It returns the
// ETag for the verb to compare in its transaction, "" for any.
func (a *API) templateTag(c *call) (string, error) {
	wanted := c.IfMatch()
	if wanted == nil {
		return "", nil
	}
	t, err := a.cfg.Templates.Get(c.Ctx, c.key.OrgID, c.id(), 0)
	switch {
	case err != nil:
		return "", err
	case slices.Contains(wanted, "*"):
		return "", nil
	case !slices.Contains(wanted, `"`+t.ETag()+`"`):
		return "", template.ErrPrecondition
	}
	return t.ETag(), nil
}

func (a *API) getTemplate(c *call) (*rest.Reply, error) {
	q, err := c.Query("version")
	if err != nil {
		return nil, err
	}
	version, err := rest.Int(q, "version", 0, 1, 1_000_000)
	if err != nil {
		return nil, err
	}
	t, err := a.cfg.Templates.Get(c.Ctx, c.key.OrgID, c.id(), version)
	if err != nil {
		return nil, err
	}
	return c.Etagged(templateReply(t), t.ETag()), nil
}

func (a *API) deleteTemplate(c *call) (*rest.Reply, error) {
	tag, err := a.templateTag(c)
	if err != nil {
		return nil, err
	}
	err = a.cfg.Templates.Delete(c.Ctx, template.DeleteRequest{OrgID: c.key.OrgID, Actor: c.actor(), TemplateID: c.id(), IfMatch: tag})
	if err != nil {
		return nil, err
	}
	return &rest.Reply{Status: http.StatusNoContent}, nil
}

// templatePage answers a page of a template with the places of its fields, a picture.
func (a *API) templatePage(c *call) (*rest.Reply, error) {
	q, err := c.Query("w", "version")
	if err != nil {
		return nil, err
	}
	width, err := rest.Int(q, "w", defaultPageWidth, esign.MinPageWidth, esign.MaxPageWidth)
	if err != nil {
		return nil, err
	}
	version, err := rest.Int(q, "version", 0, 1, 1_000_000)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(c.Params["n"])
	if err != nil || strconv.Itoa(n) != c.Params["n"] {
		n = 0 // no template has such a page
	}
	return a.drawn(c, c.key.OrgID, func() (*rest.Reply, error) {
		image, err := a.cfg.Templates.Preview(c.Ctx, template.PreviewRequest{
			OrgID: c.key.OrgID, TemplateID: c.id(), Version: version, Page: n, Width: width,
		})
		if err != nil {
			return nil, err
		}
		return pageImageReply(image).With("Cache-Control", "private, no-cache"), nil
	})
}

type templateValue struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	ReadOnly bool   `json:"read_only"`
}

// ofTemplate completes r where the request names a template.
func (a *API) ofTemplate(c *call, in *createInput, r esign.CreateRequest) (esign.CreateRequest, error) {
	u := template.Use{TemplateID: in.TemplateID}
	switch {
	case in.TemplateID == "" && (in.TemplateVersion != nil || len(in.TemplateValues) > 0):
		return r, validate.Fail("template_id", "required", "is required with a version or values of a template")
	case in.TemplateID == "":
		return r, nil
	case a.cfg.Templates == nil:
		return r, validate.Fail("template_id", "not_supported", "must be left out: templates are not enabled")
	case in.TemplateVersion != nil && *in.TemplateVersion < 1:
		return r, validate.Fail("template_version", "min", "must be at least 1")
	case in.TemplateVersion != nil:
		u.Version = *in.TemplateVersion
	}
	if len(in.TemplateValues) > maxTemplateValues {
		return r, validate.Fail("template_values", "max", "must be at most %d entries", maxTemplateValues)
	}
	for _, v := range in.TemplateValues {
		u.Values = append(u.Values, template.Value(v))
	}
	return a.cfg.Templates.Use(c.Ctx, u, r)
}

// withTemplates is a handler that exists where the host has templates.
func withTemplates(handle func(*API, *call) (*rest.Reply, error)) func(*API, *call) (*rest.Reply, error) {
	return func(a *API, c *call) (*rest.Reply, error) {
		if a.cfg.Templates == nil {
			return nil, errOff
		}
		return handle(a, c)
	}
}
