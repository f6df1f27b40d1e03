package storage

import (
	"fmt"
	"strings"
)

// MaxInvalidFields is how many fields an InvalidError lists.
const MaxInvalidFields = 100

// InvalidError lists the invalid fields of a request. Every engine returns it,
// under a name of its own (esign.InvalidError and others are aliases of this
// type).
type InvalidError struct {
	Fields []InvalidField // in the order of the request, at most MaxInvalidFields
	More   int            // number of further invalid fields that are not in Fields
}

// InvalidField says what is wrong with one field.
type InvalidField struct {
	Field   string `json:"field"`   // path as the HTTP API spells it: signers[0].email
	Rule    string `json:"rule"`    // the violated rule, one stable word: required, max, email
	Message string `json:"message"` // the requirement, to be read after the field's name: is required
}

// Error names the first ten fields.
func (e *InvalidError) Error() string {
	named := e.Fields[:min(len(e.Fields), 10)]
	s := make([]string, len(named))
	for i, f := range named {
		s[i] = f.Field + ": " + f.Message
	}
	text := "invalid: " + strings.Join(s, "; ")
	if more := len(e.Fields) - len(named) + e.More; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
