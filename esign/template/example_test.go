package template_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/render"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
)

// open is an installation in a new folder, and a template in it.
func open(pages esign.Renderer) (*embedded.Embedded, *template.Template, func()) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "templates")
	if err != nil {
		log.Fatal(err)
	}
	e, err := embedded.Open(ctx, embedded.Options{Dir: dir, Renderer: pages, Env: storage.Env{Now: testworld.NewClock(testworld.Start()).Now}})
	if err != nil {
		log.Fatal(err)
	}
	lease, err := e.Templates.Create(ctx, template.CreateRequest{
		OrgID: org, Actor: key, Name: "Lease",
		LayoutRequest: esign.LayoutRequest{Document: testpdf.Simple(1, "{{lessee:text;name=serial;w=180}}"), FieldsFromTags: true},
	})
	if err != nil {
		log.Fatal(err)
	}
	return e, lease, func() { _ = errors.Join(e.Close(), os.RemoveAll(dir)) }
}

func ExampleEngine_Create() {
	_, lease, done := open(nil)
	defer done()
	fmt.Println(lease.Name, lease.Version, lease.Layout.Roles, lease.Layout.Fields[0].Name)
	// Output: Lease 1 [lessee] serial
}

func ExampleEngine_Get() {
	e, lease, done := open(nil)
	defer done()
	got, err := e.Templates.Get(context.Background(), org, lease.ID, 0)
	fmt.Println(got.Name, got.Version, err)
	// Output: Lease 1 <nil>
}

func ExampleEngine_List() {
	e, _, done := open(nil)
	defer done()
	list, err := e.Templates.List(context.Background(), org, storage.Page{Limit: 10})
	fmt.Println(list.Total, list.Items[0].Name, err)
	// Output: 1 Lease <nil>
}

func ExampleEngine_Update() {
	e, lease, done := open(nil)
	defer done()
	newer, err := e.Templates.Update(context.Background(), template.UpdateRequest{
		OrgID: org, Actor: key, TemplateID: lease.ID, IfMatch: lease.ETag(), Name: "Lease 2027",
		LayoutRequest: esign.LayoutRequest{FieldsFromTags: true}, // of the document that it has
	})
	fmt.Println(newer.Name, newer.Version, err)
	// Output: Lease 2027 2 <nil>
}

func ExampleEngine_Delete() {
	e, lease, done := open(nil)
	defer done()
	ctx := context.Background()
	err := e.Templates.Delete(ctx, template.DeleteRequest{OrgID: org, Actor: key, TemplateID: lease.ID})
	_, gone := e.Templates.Get(ctx, org, lease.ID, 0)
	fmt.Println(err, gone)
	// Output: <nil> template: template not found
}

func ExampleEngine_Use() {
	e, lease, done := open(nil)
	defer done()
	ctx := context.Background()
	r, err := e.Templates.Use(ctx, template.Use{
		TemplateID: lease.ID, Values: []template.Value{{Name: "serial", Value: "1FT-0417", ReadOnly: true}},
	}, esign.CreateRequest{OrgID: org, Actor: key, CustomerEmail: "ann@buyer.test", CustomerName: "Ann Buyer"})
	if err != nil {
		log.Fatal(err)
	}
	env, err := e.ESign.Create(ctx, r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(env.TemplateID == lease.ID, env.TemplateVersion, env.Fields[0].Preset, env.Fields[0].ReadOnly)
	// Output: true 1 1FT-0417 true
}

func ExampleEngine_Preview() {
	ctx := context.Background()
	pages, err := render.New(ctx, render.Config{})
	if err != nil {
		log.Fatal(err)
	}
	e, lease, done := open(pages)
	defer done()
	picture, err := e.Templates.Preview(ctx, template.PreviewRequest{OrgID: org, TemplateID: lease.ID, Page: 1, Width: 600})
	fmt.Printf("%q %v\n", picture[1:4], err)
	// Output: "PNG" <nil>
}
