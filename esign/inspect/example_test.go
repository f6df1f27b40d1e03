package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/internal/testpdf"
)

// In the host: inspect.Main() is the first statement of main, and the Inspector becomes esign.Config.Inspector.
func Example() {
	inspector, err := inspect.New(inspect.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer inspector.Close()

	found, err := inspector.Inspect(context.Background(), testpdf.Contract(3))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Pages, "pages, sealing", found.Sealing.Mode)

	_, err = inspector.Inspect(context.Background(), []byte("MZ\x90\x00"))
	var refusal *esign.Refusal
	if errors.As(err, &refusal) {
		fmt.Println("refused:", refusal.Reason)
	}
	// Output:
	// 3 pages, sealing embedded
	// refused: not_pdf
}
