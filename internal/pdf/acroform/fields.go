package acroform

import (
	"github.com/evaultlib/evault/internal/pdf"
)

// MaxFieldName bounds the full name of a form field, in bytes: names are made of all names above, so that without a
// bound a small file has names that no machine holds.
const MaxFieldName = 4096

// Field is a terminal field of the form (ISO 32000-2 §12.7.4) with what it inherits.
type Field struct {
	SignatureField
	Kind  pdf.Name  // /FT
	Kids  pdf.Array // its widgets; nil when it is its only widget itself
	Doubt string    // why readers may take it for another field
}

// formNode is what the fields above hand down (§12.7.4.2 table 226).
type formNode struct {
	ref   pdf.Ref
	name  string
	kind  pdf.Name
	value pdf.Object
	doubt string
}

// FieldWalk visits the terminal fields of the form, in form order.
type FieldWalk struct {
	Document *pdf.Document
	Seen     map[pdf.Ref]bool
	Visit    func(Field)
}

// All visits every terminal field.
func (w *FieldWalk) All() error {
	catalog, err := w.Document.Catalog()
	if err != nil {
		return err
	}
	form, err := w.Document.Dict(catalog["AcroForm"])
	if err != nil || form == nil {
		return err
	}
	roots, err := w.Document.Array(form["Fields"])
	if err != nil {
		return err
	}
	for _, f := range roots {
		if err := w.field(f, formNode{}, 0); err != nil {
			return err
		}
	}
	return nil
}

func (w *FieldWalk) field(o pdf.Object, up formNode, depth int) error {
	if depth > w.Document.Limits().Depth {
		return &pdf.Refusal{Reason: pdf.ReasonTooDeep, Detail: "form fields"}
	}
	ref, _ := o.(pdf.Ref)
	if ref != (pdf.Ref{}) {
		if w.Seen[ref] {
			return pdf.Damaged("a form field is listed twice")
		}
		w.Seen[ref] = true
	}
	direct, err := w.Document.Resolve(o)
	f, ok := direct.(pdf.Dict)
	if err != nil || !ok {
		return err // readers pass over what is no dictionary
	}
	node, err := w.inherit(f, ref, up)
	if err != nil {
		return err
	}
	kids, err := w.Document.Array(f["Kids"])
	if err != nil {
		return err
	}
	named := w.NamedKids(kids)
	if len(named) > 0 {
		for _, k := range named {
			if err := w.field(k, node, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	w.Visit(Field{
		SignatureField: SignatureField{Name: node.name, Ref: ref, Dict: f, Value: node.value},
		Kind:           node.kind, Kids: kids, Doubt: node.doubt,
	})
	return nil
}

// inherit returns what field f hands down.
func (w *FieldWalk) inherit(f pdf.Dict, ref pdf.Ref, up formNode) (formNode, error) {
	node := up
	node.ref = ref
	switch {
	case f["Parent"] != nil && f["Parent"] != pdf.Object(up.ref), f["Parent"] == nil && up.ref != (pdf.Ref{}):
		node.doubt = "the form and /Parent disagree about its place"
	case up.value != nil:
		node.doubt = "a field above it has a value"
	}
	if t, err := w.Document.Resolve(f["T"]); err == nil {
		if s, ok := t.(pdf.String); ok {
			if up.name != "" {
				node.name += "."
			}
			if len(node.name)+len(s) > MaxFieldName {
				return node, &pdf.Refusal{Reason: pdf.ReasonTooLarge, Detail: "the name of a form field"}
			}
			node.name += pdf.DocText(s)
		}
	}
	if k := w.Document.Name(f["FT"]); k != "" {
		node.kind = k
	}
	if v, ok := f["V"]; ok {
		node.value = v
	}
	return node, nil
}

// NamedKids returns the kids that are fields of their own; those without /T are widgets of their parent.
func (w *FieldWalk) NamedKids(kids pdf.Array) pdf.Array {
	var out pdf.Array
	for _, k := range kids {
		if f, err := w.Document.Dict(k); err == nil && f != nil && f["T"] != nil {
			out = append(out, k)
		}
	}
	return out
}
