package template

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

var (
	// ErrNotFound: no such template or version, a deleted one, or another organization's.
	ErrNotFound = errors.New("template: template not found")
	// ErrPrecondition: the template is no longer the one that If-Match names.
	ErrPrecondition = errors.New("template: the template has changed")
)

// Template is one version of a template.
type Template struct {
	ID, OrgID string
	Version   int // from 1
	Name      string
	Filename  string
	Object    storage.Object // the PDF
	Layout    esign.Layout   // roles, fields in their places, sizes of the pages
	CreatedAt time.Time      // of the first version
	UpdatedAt time.Time      // of this version
	DeletedAt *time.Time
}

// ETag changes with every version; Update and Delete take it as IfMatch.
func (t *Template) ETag() string { return t.ID + "-" + strconv.Itoa(t.Version) }

func (t *Template) may(orgID string, act standing.Act) bool {
	return t.DeletedAt == nil && standing.Parties{Originator: t.OrgID}.Of(orgID).May(act)
}

// Value is what the sender fills in for a field of a template.
type Value struct {
	Name     string // of the field
	Value    string // as in esign.FieldSpec
	ReadOnly bool   // the signer cannot change it; a field that is read-only in the template stays so
}

// named gives fields without a name one, by their place in the list, and refuses
// a name that comes twice.
func named(fields []esign.FieldSpec) error {
	var p validate.Problems
	taken := map[string]bool{}
	for i, f := range fields {
		if f.Name != "" && taken[f.Name] {
			p.Add(fmt.Sprintf("fields[%d].name", i), "unique", "is another field's")
		}
		taken[f.Name] = true
	}
	for i := range fields {
		for n := i + 1; fields[i].Name == ""; n++ {
			if name := fmt.Sprintf("field_%d", n); !taken[name] {
				fields[i].Name, taken[name] = name, true
			}
		}
	}
	return p.Err()
}

// fill returns the fields with the sender's values.
func (t *Template) fill(values []Value) ([]esign.FieldSpec, error) {
	fields := append([]esign.FieldSpec(nil), t.Layout.Fields...)
	at := map[string]int{}
	for i, f := range fields {
		at[f.Name] = i
	}
	var p validate.Problems
	filled := map[string]bool{}
	for i, v := range values {
		n, known := at[v.Name]
		switch {
		case !known:
			p.Add(fmt.Sprintf("template_values[%d].name", i), "field", "names no field of the template")
		case filled[v.Name]:
			p.Add(fmt.Sprintf("template_values[%d].name", i), "unique", "comes twice")
		default:
			fields[n].Value, fields[n].ReadOnly = v.Value, fields[n].ReadOnly || v.ReadOnly
		}
		filled[v.Name] = true
	}
	for _, f := range fields {
		if f.ReadOnly && f.Value == "" {
			p.Add("template_values", "required", "must give a value for the read-only field %q", f.Name)
		}
	}
	return fields, p.Err()
}

// cast refuses signers whose roles are not those of the template. No signers are
// the customer, who can take an only role.
func (t *Template) cast(signers []esign.SignerSpec) error {
	var p validate.Problems
	missing := map[string]bool{}
	for _, role := range t.Layout.Roles {
		missing[role] = true
	}
	known := len(missing)
	for i, s := range signers {
		switch _, has := missing[s.Role]; {
		case s.Role == "" && known == 1 && len(signers) == 1:
			missing = nil
		case !has:
			p.Add(fmt.Sprintf("signers[%d].role", i), "template", "must be a role of the template; roles are %q", t.Layout.Roles)
		default:
			missing[s.Role] = false
		}
	}
	if len(signers) == 0 && known == 1 {
		missing = nil
	}
	for _, role := range t.Layout.Roles {
		if missing[role] {
			p.Add("signers", "template", "must have a signer with the role %q of the template", role)
		}
	}
	return p.Err()
}
