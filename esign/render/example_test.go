package render_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"log"

	"github.com/evaultlib/evault/esign/render"
	"github.com/evaultlib/evault/internal/testpdf"
)

func Example() {
	ctx := context.Background()
	r, err := render.New(ctx, render.Config{CacheDir: cacheDir}) // the host's own directory, kept from start to start
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	contract := testpdf.Contract(3)
	image, err := r.PNG(ctx, contract, 1, 800)
	if err != nil {
		log.Fatal(err)
	}
	c, err := png.DecodeConfig(bytes.NewReader(image))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Width, "pixels wide")
	// Output: 800 pixels wide
}
