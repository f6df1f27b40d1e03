// Package validate validates requests with go-playground/validator and returns
// *storage.InvalidError, so that no engine exposes the library.
//
// Stability: internal; it may change with any version.
package validate

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"github.com/evaultlib/evault/storage"
)

// Fail returns an InvalidError for one field.
func Fail(field, rule, format string, args ...any) *storage.InvalidError {
	var p Problems
	p.Add(field, rule, format, args...)
	return &storage.InvalidError{Fields: p.fields}
}

// Problems gathers fields, at most storage.MaxInvalidFields; its Err is nil when there are none.
type Problems struct {
	fields []storage.InvalidField
	more   int
}

// Add notes one more field.
func (p *Problems) Add(field, rule, format string, args ...any) {
	if len(p.fields) == storage.MaxInvalidFields {
		p.more++
		return
	}
	p.fields = append(p.fields, storage.InvalidField{Field: field, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// Struct adds what `validate` tags of v refuse; field names come from `json`
// tags, or from the Go name in snake case.
func (p *Problems) Struct(v any) { p.StructBelow("", v) }

// StructBelow is Struct for a value inside another one: prefix, such as
// "attestation.", stands before the names of its fields.
func (p *Problems) StructBelow(prefix string, v any) {
	err := instance().Struct(v)
	var ve validator.ValidationErrors
	if errors.As(err, &ve) {
		for _, fe := range ve {
			p.Add(prefix+path(fe.Namespace()), fe.Tag(), "%s", message(fe))
		}
	} else if err != nil {
		p.Add("", "invalid", "%v", err)
	}
}

// Take adds the fields of an InvalidError; of another error nothing.
func (p *Problems) Take(err error) {
	var invalid *storage.InvalidError
	if errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			p.Add(f.Field, f.Rule, "%s", f.Message)
		}
	}
}

// Err returns the InvalidError, or nil.
func (p *Problems) Err() error {
	if len(p.fields) == 0 {
		return nil
	}
	return &storage.InvalidError{Fields: p.fields, More: p.more}
}

// Struct validates v by its `validate` tags.
func Struct(v any) error {
	var p Problems
	p.Struct(v)
	return p.Err()
}

var instance = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			return name
		}
		return snake(f.Name)
	})
	return rules(v)
})

// Plain reports valid UTF-8 without control characters, save those allowed, and
// without characters that turn the direction of text around.
func Plain(s, allowed string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune(allowed, r) || unicode.Is(unicode.Bidi_Control, r)
	})
}

// rules are ours beside validator's: one line of plain text, and several.
func rules(v *validator.Validate) *validator.Validate {
	for tag, allowed := range map[string]string{"line": "", "text": "\n\r\t"} {
		err := v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return Plain(f.Field().String(), allowed) })
		if err != nil {
			panic(err) // a tag that validator does not take
		}
	}
	return v
}

func path(namespace string) string {
	_, rest, ok := strings.Cut(namespace, ".")
	if !ok {
		return namespace
	}
	return rest
}

func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			if i > 0 && (s[i-1] < 'A' || s[i-1] > 'Z') {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func message(fe validator.FieldError) string {
	switch fe.Tag() {
	case "required":
		return "is required"
	case "email":
		return "must be an e-mail address"
	case "oneof":
		return "must be one of " + strings.ReplaceAll(fe.Param(), " ", ", ")
	case "line":
		return "must be one line of plain text"
	case "text":
		return "must be plain text"
	case "max":
		return "must be at most " + fe.Param() + unit(fe)
	case "min":
		return "must be at least " + fe.Param() + unit(fe)
	}
	if fe.Param() != "" {
		return "violates the rule " + fe.Tag() + "=" + fe.Param()
	}
	return "violates the rule " + fe.Tag()
}

func unit(fe validator.FieldError) string {
	switch fe.Kind() {
	case reflect.String:
		return " characters"
	case reflect.Slice, reflect.Map:
		return " entries"
	}
	return ""
}
