package placement_test

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/esign/placement"
	"github.com/evaultlib/evault/internal/testpdf"
)

func ExampleLocate() {
	lease := testpdf.Simple(1, "{{lessee:text;name=serial;w=180}}")
	found, err := placement.Locate(context.Background(), lease, placement.Search{Tags: true}, placement.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range found.Tags {
		page := found.PageSizes[t.Box.Page-1]
		fmt.Printf("%s fills in %s %q on page %d, %.0f points wide\n", t.Role, t.Kind, t.Name, t.Box.Page, t.Box.W*page.Width)
	}
	// Output: lessee fills in text "serial" on page 1, 180 points wide
}

func ExampleReadForm() {
	form, err := placement.ReadForm(context.Background(), testpdf.Application(), placement.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range form.Fields[:2] {
		fmt.Println(f.Name, "is a", f.Kind, "field")
	}
	// Output:
	// buyer.name is a text field
	// buyer.sign is a signature field
}
