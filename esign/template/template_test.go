package template_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"slices"
	"sync"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/render"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
)

const (
	org     = "org_dealer"
	foreign = "org_other"
)

var key = event.Actor{Kind: "key", ID: "key_1", OrgID: org}

// bench is the engine of templates in a world.
type bench struct {
	*template.Engine
	*testworld.World
}

func newBench(t *testing.T, db *sqlstore.DB, edit ...func(*testworld.Config)) *bench {
	t.Helper()
	w := testworld.NewBase(t, testworld.Options{DB: db, Memory: true}).World(edit...)
	e, err := template.New(template.Config{Store: w.DB.Templates(), Objects: w.Objects, ESign: w.ESign, Env: w.Env()})
	testworld.Check(t, err)
	return &bench{e, w}
}

// lease is a template with two roles, of which one has a text field.
func lease() template.CreateRequest {
	return template.CreateRequest{
		OrgID: org, Actor: key, Name: "Lease",
		LayoutRequest: esign.LayoutRequest{
			Document: testpdf.Contract(2), Filename: "lease.pdf", Roles: []string{"lessee", "lessor"},
			Fields: []esign.FieldSpec{
				{Name: "vin", Kind: esign.FieldText, Role: "lessee", Page: 1, X: 0.1, Y: 0.1, W: 0.3, H: 0.03, ReadOnly: true},
				{Name: "city", Kind: esign.FieldText, Role: "lessee", Page: 1, X: 0.1, Y: 0.2, W: 0.3, H: 0.03, Value: "Ohio"},
				{Kind: esign.FieldSignature, Role: "lessee", Page: 2, X: 0.1, Y: 0.8, W: 0.3, H: 0.05},
				{Kind: esign.FieldSignature, Role: "lessor", Page: 2, X: 0.5, Y: 0.8, W: 0.3, H: 0.05},
			},
		},
	}
}

func (b *bench) lease() *template.Template {
	b.T.Helper()
	made, err := b.Create(b.T.Context(), lease())
	testworld.Check(b.T, err)
	return made
}

// contract is an envelope to be made of a lease.
func contract() esign.CreateRequest {
	return esign.CreateRequest{
		OrgID: org, Actor: key, CustomerEmail: "ann@buyer.test", CustomerName: "Ann Buyer", Send: true,
		Signers: []esign.SignerSpec{
			{Email: "ann@buyer.test", Name: "Ann Buyer", Role: "lessee"}, {Email: "bob@dealer.test", Name: "Bob Dealer", Role: "lessor"},
		},
	}
}

func vin(id string) template.Use {
	return template.Use{TemplateID: id, Values: []template.Value{{Name: "vin", Value: "1FT"}}}
}

// rules lists field and rule of each problem of an *esign.InvalidError.
func rules(err error) (list []string) {
	var in *esign.InvalidError
	if !errors.As(err, &in) {
		return []string{fmt.Sprint(err)}
	}
	for _, p := range in.Fields {
		list = append(list, p.Field+" "+p.Rule)
	}
	return list
}

// TestEnvelopeOfTemplate: an envelope has the document, fields and values of the version that it remembers, whatever
// becomes of the template.
func TestEnvelopeOfTemplate(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := newBench(t, db)
		first := b.lease()
		second, err := b.Update(t.Context(), template.UpdateRequest{
			OrgID: org, Actor: key, TemplateID: first.ID, IfMatch: first.ETag(),
			LayoutRequest: esign.LayoutRequest{FieldsFromTags: true, Document: testpdf.Simple(1, "{{lessee:signature}}")},
		})
		testworld.Check(t, err)
		if second.Version != 2 || second.Name != "Lease" || !slices.Equal(second.Layout.Roles, []string{"lessee"}) {
			t.Errorf("the second version is %+v", second)
		}
		use := vin(first.ID)
		use.Version = 1
		r, err := b.Use(t.Context(), use, contract())
		testworld.Check(t, err)
		env, err := b.ESign.Create(t.Context(), r)
		testworld.Check(t, err)
		err = b.Delete(t.Context(), template.DeleteRequest{OrgID: org, Actor: key, TemplateID: first.ID, IfMatch: second.ETag()})
		testworld.Check(t, err)
		if _, err := b.Objects.Sweep(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		got, err := b.ESign.Envelope(t.Context(), org, env.ID)
		testworld.Check(t, err)
		if got.TemplateID != first.ID || got.TemplateVersion != 1 || got.Document.Object.SHA256 != storage.Sum(testpdf.Contract(2)) || got.Name != "Lease" {
			t.Errorf("the envelope has template %s, version %d, name %q", got.TemplateID, got.TemplateVersion, got.Name)
		}
		var fields []string
		for _, f := range got.Fields {
			fields = append(fields, fmt.Sprintf("%s %q %t", f.Kind, f.Preset, f.ReadOnly))
		}
		if want := []string{`text "1FT" true`, `text "Ohio" false`, `signature "" false`, `signature "" false`}; !slices.Equal(fields, want) {
			t.Errorf("fields are %q, want %q", fields, want)
		}
		created := b.Events(env.ID)[0]
		if !bytes.Contains(created.Data, []byte(first.ID)) || !bytes.Contains(created.Data, []byte(`"template_version":1`)) {
			t.Errorf("the event says %s", created.Data)
		}
		b.SignAll(env.ID, "Ann Buyer")
		if want := []string{event.TemplateCreated, event.TemplateUpdated, event.TemplateDeleted}; !slices.Equal(b.Types(first.ID), want) {
			t.Errorf("events of the template are %q, want %q", b.Types(first.ID), want)
		}
		if _, err := b.Get(t.Context(), org, first.ID, 1); !errors.Is(err, template.ErrNotFound) {
			t.Errorf("the deleted template: got %v, want ErrNotFound", err)
		}
	})
}

// TestRefusals: what is wrong with a template, or with a use of it, is named.
func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for name, c := range map[string]struct {
		change func(*template.CreateRequest)
		want   []string
	}{
		"unknown role":   {func(r *template.CreateRequest) { r.Fields[2].Role = "bank" }, []string{"fields[2].role signer"}},
		"outside a page": {func(r *template.CreateRequest) { r.Fields[2].X = 0.9 }, []string{"fields[2].x inside"}},
		"no such page":   {func(r *template.CreateRequest) { r.Fields[2].Page = 3 }, []string{"fields[2].page max"}},
		"no document":    {func(r *template.CreateRequest) { r.Document = nil }, []string{"document document_required"}},
		"role twice":     {func(r *template.CreateRequest) { r.Roles[1] = "lessee" }, []string{"roles[1] unique"}},
		"name twice":     {func(r *template.CreateRequest) { r.Fields[1].Name = "vin" }, []string{"fields[1].name unique"}},
		"two lines":      {func(r *template.CreateRequest) { r.Name = "a\nb" }, []string{"name max"}},
		"a signer's own": {func(r *template.CreateRequest) { r.Fields[2].Value = "x" }, []string{"fields[2].value not_supported"}},
	} {
		r := lease()
		c.change(&r)
		if _, err := b.Create(t.Context(), r); !slices.Equal(rules(err), c.want) {
			t.Errorf("%s: got %q, want %q", name, rules(err), c.want)
		}
	}
	made := b.lease()
	for name, c := range map[string]struct {
		change func(*template.Use, *esign.CreateRequest)
		want   []string
	}{
		"role missing":  {func(_ *template.Use, r *esign.CreateRequest) { r.Signers = r.Signers[:1] }, []string{"signers template"}},
		"unknown role":  {func(_ *template.Use, r *esign.CreateRequest) { r.Signers[1].Role = "x" }, []string{"signers[1].role template", "signers template"}},
		"document too":  {func(_ *template.Use, r *esign.CreateRequest) { r.Document = testpdf.Contract(1) }, []string{"template_id once"}},
		"fields too":    {func(_ *template.Use, r *esign.CreateRequest) { r.FieldsFromTags = true }, []string{"fields not_supported"}},
		"paper":         {func(_ *template.Use, r *esign.CreateRequest) { r.EnvelopeKind = esign.KindPaper }, []string{"template_id not_supported"}},
		"no value":      {func(u *template.Use, _ *esign.CreateRequest) { u.Values = nil }, []string{"template_values required"}},
		"unknown field": {func(u *template.Use, _ *esign.CreateRequest) { u.Values[0].Name = "x" }, []string{"template_values[0].name field", "template_values required"}},
		"version":       {func(u *template.Use, _ *esign.CreateRequest) { u.Version = 2 }, []string{"template_id template"}},
		"another's":     {func(_ *template.Use, r *esign.CreateRequest) { r.OrgID = foreign }, []string{"template_id template"}},
		"no such":       {func(u *template.Use, _ *esign.CreateRequest) { u.TemplateID = "tmpl_x" }, []string{"template_id template"}},
		"value too long": {func(u *template.Use, _ *esign.CreateRequest) {
			u.Values[0].Value = string(bytes.Repeat([]byte("W"), 400))
		}, []string{"fields[0].value too_long"}},
	} {
		u, r := vin(made.ID), contract()
		c.change(&u, &r)
		r, err := b.Use(t.Context(), u, r)
		if err == nil {
			_, err = b.ESign.Create(t.Context(), r)
		}
		if !slices.Equal(rules(err), c.want) {
			t.Errorf("%s: got %q, want %q", name, rules(err), c.want)
		}
	}
}

// TestHostileDocuments: no file becomes a template of which no envelope could be made.
func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, func(c *testworld.Config) { c.ESign.Limits.Bytes = 1 << 20 })
	files := testpdf.Hostile()
	files["locked"] = testpdf.Locked()
	files["too large"] = slices.Concat(testpdf.Contract(1), bytes.Repeat([]byte("\n"), 1<<20))
	for name, raw := range files {
		r := lease()
		r.Document, r.Fields, r.FieldsFromTags, r.FieldsFromForm = raw, nil, true, true
		made, err := b.Create(t.Context(), r)
		var refusal *esign.Refusal
		var in *esign.InvalidError
		if err != nil && !errors.As(err, &refusal) && !errors.Is(err, esign.ErrNotSignable) && !errors.Is(err, esign.ErrNotAnOriginal) && !errors.As(err, &in) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
		if (name == "locked" || name == "too large") && refusal == nil {
			t.Errorf("%s: got %v and %v, want a refusal", name, made, err)
		}
	}
	if len(files) < 7 {
		t.Errorf("tried %d files, want 7 or more", len(files))
	}
}

// TestOtherOrganization: another organization's template does not exist.
func TestOtherOrganization(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	made := b.lease()
	_, get := b.Get(t.Context(), foreign, made.ID, 0)
	_, update := b.Update(t.Context(), template.UpdateRequest{OrgID: foreign, TemplateID: made.ID})
	remove := b.Delete(t.Context(), template.DeleteRequest{OrgID: foreign, TemplateID: made.ID})
	_, preview := b.Preview(t.Context(), template.PreviewRequest{OrgID: foreign, TemplateID: made.ID, Page: 1, Width: 400})
	for verb, err := range map[string]error{"get": get, "update": update, "delete": remove, "preview": preview} {
		if !errors.Is(err, template.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", verb, err)
		}
	}
	if list, err := b.List(t.Context(), foreign, storage.Page{}); err != nil || len(list.Items) > 0 {
		t.Errorf("list: got %v and %v, want none", list, err)
	}
	if list, err := b.List(t.Context(), org, storage.Page{}); err != nil || len(list.Items) != 1 || list.Items[0].ID != made.ID {
		t.Errorf("its own list: got %v and %v", list, err)
	}
}

// TestUpdatesAtOnce: of updates at the same time that name one version, one is made.
func TestUpdatesAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := newBench(t, db)
		made := b.lease()
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				r := template.UpdateRequest{OrgID: org, Actor: key, TemplateID: made.ID, LayoutRequest: lease().LayoutRequest}
				if i < 3 {
					r.IfMatch = made.ETag()
				}
				_, errs[i] = b.Update(t.Context(), r)
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs[:3] {
			if err == nil {
				won++
			} else if !errors.Is(err, template.ErrPrecondition) {
				t.Errorf("got %v, want ErrPrecondition", err)
			}
		}
		now, err := b.Get(t.Context(), org, made.ID, 0)
		testworld.Check(t, errors.Join(err, errs[3]))
		if won > 1 || now.Version != 2+won {
			t.Errorf("%d of three updates of version 1 were made, and the newest version is %d", won, now.Version)
		}
	})
}

// TestDeletedWhileUsed: a create that has begun makes no envelope of a template that was deleted meanwhile.
func TestDeletedWhileUsed(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := newBench(t, db)
		made := b.lease()
		r, err := b.Use(t.Context(), vin(made.ID), contract())
		testworld.Check(t, err)
		ran := false
		also := r.Also
		r.Also = func(ctx context.Context, tx storage.Tx, env *esign.Envelope) error {
			ran = true
			return also(ctx, tx, env)
		}
		testworld.Check(t, b.Delete(t.Context(), template.DeleteRequest{OrgID: org, Actor: key, TemplateID: made.ID}))
		if _, err := b.ESign.Create(t.Context(), r); !slices.Equal(rules(err), []string{"template_id template"}) || !ran {
			t.Errorf("got %v, want that there is no such template", err)
		}
		if list, err := b.ESign.Envelopes(t.Context(), org, esign.Filter{}, storage.Page{}); err != nil || len(list.Items) > 0 {
			t.Errorf("envelopes: got %v and %v, want none", list, err)
		}
	})
}

// TestPreview: the picture of a page shows frames where its fields are.
func TestPreview(t *testing.T) {
	t.Parallel()
	r, err := render.New(t.Context(), render.Config{})
	testworld.Check(t, err)
	b := newBench(t, nil, func(c *testworld.Config) { c.ESign.Renderer = r })
	made := b.lease()
	raw, err := b.Preview(t.Context(), template.PreviewRequest{OrgID: org, TemplateID: made.ID, Page: 2, Width: 600})
	testworld.Check(t, err)
	img, err := png.Decode(bytes.NewReader(raw))
	testworld.Check(t, err)
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w != 600 {
		t.Errorf("the picture is %d pixels wide, want 600", w)
	}
	var edges []bool
	for _, x := range []float64{0.1, 0.5, 0.05} {
		red, _, blue, _ := img.At(int(x*float64(w))+1, int(0.82*float64(h))).RGBA()
		edges = append(edges, red != blue)
	}
	if !slices.Equal(edges, []bool{true, true, false}) {
		t.Errorf("frames at 0.1, 0.5 and 0.05 of the page: %v", edges)
	}
	for _, c := range []struct {
		page, width int
		want        error
	}{{3, 600, esign.ErrNoPage}, {0, 600, esign.ErrNoPage}} {
		if _, err := b.Preview(t.Context(), template.PreviewRequest{OrgID: org, TemplateID: made.ID, Page: c.page, Width: c.width}); !errors.Is(err, c.want) {
			t.Errorf("page %d, width %d: got %v, want %v", c.page, c.width, err, c.want)
		}
	}
}
