package pdf

// maxFieldName bounds the full name of a form field, in bytes: names are made of all names above, so that without a bound
// a small file has names that no machine holds.
const maxFieldName = 4096

// formField is a terminal field of the form (ISO 32000-2 §12.7.4) with what it inherits.
type formField struct {
	SignatureField
	kind  Name   // /FT
	kids  Array  // its widgets; nil when it is its only widget itself
	doubt string // why readers may take it for another field
}

// formNode is what the fields above hand down (§12.7.4.2 table 226).
type formNode struct {
	ref   Ref
	name  string
	kind  Name
	value Object
	doubt string
}

// fieldWalk visits the terminal fields of the form, in form order.
type fieldWalk struct {
	d     *Document
	seen  map[Ref]bool
	visit func(formField)
}

func (w *fieldWalk) all() error {
	catalog, err := w.d.Catalog()
	if err != nil {
		return err
	}
	form, err := w.d.Dict(catalog["AcroForm"])
	if err != nil || form == nil {
		return err
	}
	roots, err := w.d.Array(form["Fields"])
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

func (w *fieldWalk) field(o Object, up formNode, depth int) error {
	if depth > w.d.limits.Depth {
		return &Refusal{Reason: ReasonTooDeep, Detail: "form fields"}
	}
	ref, _ := o.(Ref)
	if ref != (Ref{}) {
		if w.seen[ref] {
			return damaged("a form field is named twice")
		}
		w.seen[ref] = true
	}
	direct, err := w.d.Resolve(o)
	f, ok := direct.(Dict)
	if err != nil || !ok {
		return err // readers pass over what is no dictionary
	}
	node, err := w.inherit(f, ref, up)
	if err != nil {
		return err
	}
	kids, err := w.d.Array(f["Kids"])
	if err != nil {
		return err
	}
	named := w.namedKids(kids)
	if len(named) > 0 {
		for _, k := range named {
			if err := w.field(k, node, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	w.visit(formField{
		SignatureField: SignatureField{Name: node.name, Ref: ref, Dict: f, Value: node.value},
		kind:           node.kind, kids: kids, doubt: node.doubt,
	})
	return nil
}

// inherit returns what field f hands down.
func (w *fieldWalk) inherit(f Dict, ref Ref, up formNode) (formNode, error) {
	node := up
	node.ref = ref
	switch {
	case f["Parent"] != nil && f["Parent"] != Object(up.ref), f["Parent"] == nil && up.ref != (Ref{}):
		node.doubt = "the form and its /Parent disagree about where it belongs"
	case up.value != nil:
		node.doubt = "a field above it has a value"
	}
	if t, err := w.d.Resolve(f["T"]); err == nil {
		if s, ok := t.(String); ok {
			if up.name != "" {
				node.name += "."
			}
			if len(node.name)+len(s) > maxFieldName {
				return node, &Refusal{Reason: ReasonTooLarge, Detail: "the name of a form field"}
			}
			node.name += docText(s)
		}
	}
	if k := w.d.Name(f["FT"]); k != "" {
		node.kind = k
	}
	if v, ok := f["V"]; ok {
		node.value = v
	}
	return node, nil
}

// namedKids returns the kids that are fields of their own; those without /T are widgets of their parent.
func (w *fieldWalk) namedKids(kids Array) Array {
	var out Array
	for _, k := range kids {
		if f, err := w.d.Dict(k); err == nil && f != nil && f["T"] != nil {
			out = append(out, k)
		}
	}
	return out
}
