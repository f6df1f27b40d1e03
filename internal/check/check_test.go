package check_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/internal/check"
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
		want []check.Field
	}{
		{"valid", request{"a", []signer{{"a@example.com", "link"}}}, nil},
		{"required", request{}, []check.Field{{"customer_name", "required", "is required"}}},
		{"nested", request{strings.Repeat("é", 11), []signer{{"x", "y"}}}, []check.Field{
			{"customer_name", "max", "must be at most 10 characters"},
			{"signers[0].email", "email", "must be an e-mail address"},
			{"signers[0].auth", "oneof", "must be one of link, access_code"},
		}},
		{"entries", request{"a", make([]signer, 3)}, []check.Field{{"signers", "max", "must be at most 2 entries"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := check.Struct(tt.in)
			var ie *check.InvalidError
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
