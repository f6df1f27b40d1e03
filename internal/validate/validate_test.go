package validate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

type signer struct {
	Email string `json:"email" validate:"required,email"`
	Auth  string `validate:"omitempty,oneof=link access_code"`
}

type request struct {
	CustomerName string   `validate:"required,max=10"`
	Signers      []signer `json:"signers" validate:"max=2,dive"`
}

func TestStruct(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   request
		want []storage.InvalidField
	}{
		{"valid", request{"a", []signer{{"a@example.com", "link"}}}, nil},
		{"required", request{}, []storage.InvalidField{{Field: "customer_name", Rule: "required", Message: "is required"}}},
		{"nested", request{strings.Repeat("é", 11), []signer{{"x", "y"}}}, []storage.InvalidField{
			{Field: "customer_name", Rule: "max", Message: "must be at most 10 characters"},
			{Field: "signers[0].email", Rule: "email", Message: "must be an e-mail address"},
			{Field: "signers[0].auth", Rule: "oneof", Message: "must be one of link, access_code"},
		}},
		{"entries", request{"a", make([]signer, 3)}, []storage.InvalidField{{Field: "signers", Rule: "max", Message: "must be at most 2 entries"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := validate.Struct(tt.in)
			var ie *storage.InvalidError
			if errors.As(err, &ie) != (tt.want != nil) {
				t.Fatalf("got %v", err)
			}
			if ie == nil {
				return
			}
			if d := cmp.Diff(tt.want, ie.Fields); d != "" {
				t.Error(d)
			}
		})
	}
}
