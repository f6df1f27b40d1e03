package revision

import (
	"fmt"

	"github.com/evaultlib/evault/internal/pdf"
)

// info judges the document information dictionary. It is not part of what the pages show; each entry that was changed
// is named.
func (c *comparison) info() error {
	was, is := c.old.Trailer()["Info"], c.new.Trailer()["Info"]
	ref, ok := is.(pdf.Ref)
	switch same := pdf.Equal(was, is); {
	case same && (!ok || !c.changed[ref.Num]):
		return nil
	case !same && (!ok || c.isOld(ref)):
		c.refuse("the document information was replaced")
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
	c.explain(is, "the document information", 0)
	for _, k := range differing(old, now) {
		c.permit("/%s of the document information was changed", k)
	}
	return nil
}

// pages judges page dictionaries: nothing but annotations that are new signature fields may come to them.
func (c *comparison) pages() error {
	root, err := c.old.PagesRoot()
	if err != nil {
		return err
	}
	// Pages behind a damage in the tree are judged as any other object: they may not change at all.
	pages, _ := c.old.WalkPages(root, 0)
	for _, p := range pages {
		list, indirect := p.Dict["Annots"].(pdf.Ref)
		if !c.changed[p.Ref.Num] && (!indirect || !c.changed[list.Num]) {
			continue
		}
		now, err := c.new.Dict(p.Ref)
		if err != nil {
			return err
		}
		if c.changed[p.Ref.Num] {
			c.judge(p.Ref)
		}
		for _, k := range differing(p.Dict, now, "Annots") {
			if above := aboveOf(c.old, p.Dict, k); above == nil || p.Dict[k] != nil || !pdf.Equal(above, now[k]) {
				c.refuse("/%s of page %d was changed", k, p.Number)
			}
		}
		if err := c.annotations(p, now); err != nil {
			return err
		}
	}
	return nil
}

// aboveOf returns what a page inherits for an entry (ISO 32000-2 §7.7.3.4), nil for nothing. Some producers write it
// into the page.
func aboveOf(d *pdf.Document, page pdf.Dict, key pdf.Name) pdf.Object {
	if key != "Resources" && key != "MediaBox" && key != "CropBox" && key != "Rotate" {
		return nil
	}
	node := page
	for range d.Limits().Depth {
		parent, err := d.Dict(node["Parent"])
		if err != nil || parent == nil {
			return nil
		}
		if v, ok := parent[key]; ok {
			return v
		}
		node = parent
	}
	return nil
}

func (c *comparison) annotations(p pdf.Page, now pdf.Dict) error {
	before, err := c.old.Array(p.Dict["Annots"])
	if err != nil {
		return err
	}
	after, err := c.new.Array(now["Annots"])
	if err != nil {
		return err
	}
	c.explain(p.Dict["Annots"], fmt.Sprintf("the list of annotations of page %d", p.Number), 1)
	// The order of annotations is the order in which they cover each other.
	if len(after) < len(before) || !pdf.Equal(after[:len(before)], before) {
		c.refuse("an annotation of page %d was removed or moved", p.Number)
		return nil
	}
	for _, a := range after[len(before):] {
		if ref, ok := a.(pdf.Ref); !ok || !c.added[ref] {
			c.refuse("an annotation was added to page %d", p.Number)
		}
	}
	return nil
}

// rest judges every changed object that no permitted role explains.
func (c *comparison) rest() error {
	for _, n := range c.old.Numbers() {
		if !c.changed[n] {
			continue
		}
		if detail := c.new.Oddities()[n]; detail != "" {
			c.refuse("object %d: %s", n, detail)
		}
		if c.explained[n] {
			continue
		}
		was, is := c.old.Entry(n), c.new.Entry(n)
		if is.Kind == pdf.KindFree {
			if c.uses[n] > 0 {
				c.refuse("object %d was removed", n)
			}
			continue
		}
		a, err := c.old.Object(n)
		if err != nil {
			return err
		}
		b, err := c.new.Object(n)
		if err != nil {
			return err
		}
		if was.Generation() != is.Generation() || !(pdf.Equal(a, b) || bothXRef(a, b)) {
			c.refuse("%s was changed", describe(n, a))
		}
	}
	return nil
}

func bothXRef(a, b pdf.Object) bool {
	s, ok1 := a.(*pdf.Stream)
	t, ok2 := b.(*pdf.Stream)
	return ok1 && ok2 && s.Dict["Type"] == pdf.Name("XRef") && t.Dict["Type"] == pdf.Name("XRef")
}

func describe(n int, o pdf.Object) string {
	var d pdf.Dict
	switch v := o.(type) {
	case pdf.Dict:
		d = v
	case *pdf.Stream:
		d = v.Dict
	}
	kind, _ := d["Type"].(pdf.Name)
	if kind == "" {
		kind, _ = d["Subtype"].(pdf.Name)
	}
	if kind == "" {
		return fmt.Sprintf("object %d", n)
	}
	return fmt.Sprintf("object %d (%s)", n, kind)
}

// signatureKeys are the entries of a signature dictionary that mean nothing where another object is expected.
var signatureKeys = []pdf.Name{
	"Type", "Filter", "SubFilter", "ByteRange", "Contents", "Cert", "Reference", "Changes", "Name", "M", "Location",
	"Reason",
	"ContactInfo", "R", "V", "Prop_Build", "Prop_AuthTime", "Prop_AuthType",
}

// inert reports whether a new object does nothing in any role: an invisible signature field or a signature dictionary.
// A producer that counts wrongly may name the very number that the next signature gets.
func (c *comparison) inert(ref pdf.Ref, o pdf.Object) bool {
	d, ok := o.(pdf.Dict)
	if !ok {
		return false
	}
	if c.added[ref] {
		return c.invisible(d) && d["AP"] == nil && d["Lock"] == nil
	}
	return d["ByteRange"] != nil && len(d.Without(signatureKeys...)) == 0
}

// supplied judges objects that are new: the old revision must not have been waiting for them.
func (c *comparison) supplied() error {
	for _, n := range c.new.Numbers() {
		if c.isOld(pdf.Ref{Num: n}) {
			continue
		}
		o, err := c.new.Object(n)
		if err != nil {
			return err
		}
		if ref := (pdf.Ref{Num: n, Gen: c.new.Entry(n).Generation()}); c.dangling[n] && !c.inert(ref, o) {
			c.refuse("object %d, which the signed revision names but lacks, was supplied", n)
		}
		if detail := c.new.Oddities()[n]; detail != "" {
			c.refuse("object %d: %s", n, detail)
		}
	}
	return nil
}
