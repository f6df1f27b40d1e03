package accept_test

import (
	"os"
	"testing"

	"github.com/evaultlib/evault/internal/accept"
)

func TestDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../httpapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := accept.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
}
