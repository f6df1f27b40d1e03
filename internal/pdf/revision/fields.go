package revision

import (
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
)

func (c *comparison) form(was, is pdf.Object) error {
	old, err := c.old.Dict(was)
	if err != nil {
		return err
	}
	now, err := c.new.Dict(is)
	if err != nil {
		return err
	}
	if now == nil {
		if old != nil {
			c.refuse("the form was removed")
		}
		return nil
	}
	c.explain(was, "the form", 1)
	for _, k := range differing(old, now, "Fields", "SigFlags", "DA", "DR", "Type") {
		c.refuse("/%s of the form was changed", k)
	}
	if old["DA"] != nil && !pdf.Equal(old["DA"], now["DA"]) {
		c.refuse("/DA of the form was changed")
	}
	if !pdf.Equal(old["Type"], now["Type"]) && now["Type"] != pdf.Name("AcroForm") {
		c.refuse("/Type of the form was changed")
	}
	if err := c.resources(old["DR"], now["DR"], 0); err != nil {
		return err
	}
	for _, k := range []pdf.Name{"DA", "DR"} {
		if old != nil && !pdf.Equal(old[k], now[k]) {
			c.permit("/%s of the form was added to", k)
		}
	}
	flags, _ := c.old.Int(old["SigFlags"])
	if kept, _ := c.new.Int(now["SigFlags"]); flags&^kept != 0 {
		c.refuse("the form no longer says that there are signatures, or that they must be kept")
	}
	return c.fields(old["Fields"], now["Fields"], "", pdf.Ref{}, 0)
}

// resources judges the default resources of the form, and their categories: what was there must stay, others may come.
func (c *comparison) resources(was, is pdf.Object, depth int) error {
	if ref, ok := was.(pdf.Ref); depth > 0 && pdf.Equal(was, is) && (!ok || !c.changed[ref.Num]) {
		return nil
	}
	old, err := c.old.Dict(was)
	if err != nil {
		return err
	}
	now, err := c.new.Dict(is)
	if err != nil {
		return err
	}
	c.explain(was, "the default resources", 1)
	for k := range old {
		if a, ok := old[k].(pdf.Array); ok && k == "ProcSet" && !pdf.Equal(a, now[k]) {
			continue // obsolete, and without effect (§14.2)
		}
		if _, category := old[k].(pdf.Dict); depth == 0 && (category || isRef(old[k])) {
			if err := c.resources(old[k], now[k], depth+1); err != nil {
				return err
			}
			continue
		}
		if !pdf.Equal(old[k], now[k]) {
			c.refuse("default resource /%s of the form was changed", k)
		}
	}
	return nil
}

func isRef(o pdf.Object) bool { _, ok := o.(pdf.Ref); return ok }

// fields judges a list of form fields: those of the form, or the children of a field. What was there stays; signature
// fields may come. up is the full name of the field above, and its reference.
func (c *comparison) fields(was, is pdf.Object, up string, parent pdf.Ref, depth int) error {
	if depth > c.old.Limits().Depth {
		return &pdf.Refusal{Reason: pdf.ReasonTooDeep, Detail: "form fields"}
	}
	before, err := c.old.Array(was)
	if err != nil {
		return err
	}
	after, err := c.new.Array(is)
	if err != nil {
		return err
	}
	c.explain(was, "the list of form fields", 1)
	for _, f := range before.Minus(after) {
		c.refuse("form field %s was removed", pdf.Quoted(string(pdf.Append(nil, f))))
	}
	taken := map[string]bool{}
	for _, f := range before {
		if err := c.grown(f, up, depth, taken); err != nil {
			return err
		}
	}
	for _, f := range after.Minus(before) {
		if err := c.addedField(f, up, parent, taken); err != nil {
			return err
		}
	}
	return nil
}

// grown judges a field with children that was changed: only its list of children may have grown. It notes the field's
// name.
func (c *comparison) grown(o pdf.Object, up string, depth int, taken map[string]bool) error {
	ref, _ := o.(pdf.Ref)
	old, err := c.old.Dict(o)
	if err != nil || old == nil {
		return nil // readers pass over what is no dictionary; what changed in it is found elsewhere
	}
	name := partialName(c.old, old)
	taken[name] = true
	kids, err := c.old.Array(old["Kids"])
	if err != nil {
		return err
	}
	w := acroform.FieldWalk{Document: c.old}
	if len(w.NamedKids(kids)) == 0 || c.grownOnce[ref] {
		return nil
	}
	c.grownOnce[ref] = true
	now, err := c.new.Dict(o)
	if err != nil {
		return err
	}
	if c.changed[ref.Num] && len(differing(old, now, "Kids")) == 0 {
		c.mine(ref, name)
	}
	if up != "" {
		name = up + "." + name
	}
	return c.fields(old["Kids"], now["Kids"], name, ref, depth+1)
}

// partialName returns /T of a field.
func partialName(d *pdf.Document, f pdf.Dict) string {
	o, err := d.Resolve(f["T"])
	s, ok := o.(pdf.String)
	if err != nil || !ok || len(s) > acroform.MaxFieldName {
		return ""
	}
	return pdf.DocText(s)
}

// fieldKeys are the entries that a new signature field, and a widget of one, may have: none that acts.
var fieldKeys = []pdf.Name{
	"Type", "Subtype", "FT", "T", "TU", "TM", "F", "Ff", "Rect", "P", "V", "AP", "AS", "DA", "DR", "MK", "BS", "Border",
	"Lock", "SV", "NM",
	"M", "Parent", "Kids", "StructParent",
}

func (c *comparison) addedField(o pdf.Object, up string, parent pdf.Ref, taken map[string]bool) error {
	ref, ok := o.(pdf.Ref)
	f, err := c.new.Dict(o)
	if err != nil {
		return err
	}
	name := partialName(c.new, f)
	full := name
	if up != "" {
		full = up + "." + name
	}
	above, _ := f["Parent"].(pdf.Ref)
	switch {
	case !ok || f == nil || c.isOld(ref) || c.new.Name(f["FT"]) != "Sig" ||
		(f["Subtype"] != nil && c.new.Name(f["Subtype"]) != "Widget"):
		c.refuse("form field %s was added", pdf.Quoted(full))
		return nil
	case name == "" || taken[name] || above != parent:
		c.refuse(
			"signature field %s was added beside a field of that name, or without a name or place of its own", pdf.Quoted(full),
		)
		return nil
	}
	for k := range f {
		if !slices.Contains(fieldKeys, k) {
			c.refuse("signature field %s was added with /%s", pdf.Quoted(full), k)
			return nil
		}
	}
	taken[name], c.added[ref] = true, true
	visible, err := c.looks(full, ref, f)
	if err != nil {
		return err
	}
	more, err := c.newWidgets(full, ref, f["Kids"])
	if err != nil {
		return err
	}
	value, ok := f["V"].(pdf.Ref)
	if !ok || c.isOld(value) {
		if more || !c.invisible(f) || f["V"] != nil {
			c.refuse("signature field %s was added without a signature of its own", pdf.Quoted(full))
			return nil
		}
		c.permit("empty signature field %s was added", pdf.Quoted(full))
		return nil
	}
	c.signature(full, f, visible || more, true)
	return nil
}

// newWidgets judges the widgets that a signature field got, and reports whether one shows something.
func (c *comparison) newWidgets(name string, field pdf.Ref, kids pdf.Object) (visible bool, _ error) {
	list, err := c.new.Array(kids)
	if err != nil {
		return false, err
	}
	for _, k := range list {
		ref, ok := k.(pdf.Ref)
		w, err := c.new.Dict(k)
		if err != nil {
			return false, err
		}
		wrong := !ok || c.isOld(ref) || c.new.Name(w["Subtype"]) != "Widget" || w["Parent"] != pdf.Object(field)
		for _, key := range []pdf.Name{"T", "V", "FT", "Kids", "Lock", "SV"} {
			wrong = wrong || w[key] != nil
		}
		for key := range w {
			wrong = wrong || !slices.Contains(fieldKeys, key)
		}
		if wrong {
			c.refuse("signature field %s got a widget that belongs to something else", pdf.Quoted(name))
			return false, nil
		}
		c.added[ref] = true
		shows, err := c.looks(name, ref, w)
		if err != nil {
			return false, err
		}
		visible = visible || shows
	}
	return visible, nil
}

// signature notes the signature that field f has now.
func (c *comparison) signature(name string, f pdf.Dict, visible, added bool) {
	value, _ := f["V"].(pdf.Ref)
	what := "signature"
	if sig, err := c.new.Dict(value); err == nil && c.new.Name(sig["SubFilter"]) == "ETSI.RFC3161" {
		what = "document time-stamp"
	}
	if visible {
		what = "visible " + what
	}
	c.changes = append(c.changes, Change{
		Text: fmt.Sprintf("%s %s was added", what, pdf.Quoted(name)), Kind: ChangePermitted, Signature: value.Num,
		Field: name, Added: added,
	})
}

// signedFields judges fields that were there unsigned and carry a signature now.
func (c *comparison) signedFields() error {
	fields, err := acroform.SignatureFields(c.old)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.Value != nil || f.Ref == (pdf.Ref{}) || !c.changed[f.Ref.Num] {
			continue
		}
		now, err := c.new.Dict(f.Ref)
		if err != nil {
			return err
		}
		if value, ok := now["V"].(pdf.Ref); !ok || c.isOld(value) {
			continue
		}
		if err := c.signedField(f, now); err != nil {
			return err
		}
	}
	return nil
}

// signedKeys are the entries that change when a field is signed in.
var signedKeys = []pdf.Name{"V", "AP", "F", "M", "P", "AS"}

func (c *comparison) signedField(f acroform.SignatureField, now pdf.Dict) error {
	c.judge(f.Ref)
	except := signedKeys
	kids, err := c.old.Array(f.Dict["Kids"])
	if err != nil {
		return err
	}
	visible := false
	if len(kids) == 0 && f.Dict["Subtype"] == nil {
		// A field that stood nowhere may get a place.
		except = append(slices.Clone(except), "Kids")
		if visible, err = c.newWidgets(f.Name, f.Ref, now["Kids"]); err != nil {
			return err
		}
	}
	for _, k := range differing(f.Dict, now, except...) {
		c.refuse("/%s of signature field %s was changed", k, pdf.Quoted(f.Name))
	}
	widgets := pdf.Array{f.Ref}
	for _, k := range kids {
		if ref, ok := k.(pdf.Ref); ok && c.changed[ref.Num] {
			c.judge(ref)
			widgets = append(widgets, k)
		}
	}
	for _, k := range widgets {
		old, err := c.old.Dict(k)
		if err != nil {
			return err
		}
		w, err := c.new.Dict(k)
		if err != nil {
			return err
		}
		for _, key := range differing(old, w, except...) {
			if k != pdf.Object(f.Ref) {
				c.refuse("/%s of a widget of signature field %s was changed", key, pdf.Quoted(f.Name))
			}
		}
		if ref, _ := k.(pdf.Ref); !pdf.Equal(old["AP"], w["AP"]) || !pdf.Equal(old["F"], w["F"]) {
			shows, err := c.looks(f.Name, ref, w)
			if err != nil {
				return err
			}
			visible = visible || shows
		}
	}
	c.signature(f.Name, now, visible, false)
	return nil
}
