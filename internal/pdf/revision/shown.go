package revision

import (
	"github.com/evaultlib/evault/internal/pdf"
)

// shown is a widget that shows something since it was signed in.
type shown struct {
	name   string
	ref    pdf.Ref
	widget pdf.Dict
}

// looks notes what a widget of a signature field shows, and reports whether that is anything. Readers draw its
// appearance, and some its colors.
func (c *comparison) looks(name string, ref pdf.Ref, w pdf.Dict) (bool, error) {
	if c.invisible(w) || w["AP"] == nil && w["MK"] == nil {
		return false, nil
	}
	c.shown = append(c.shown, shown{name, ref, w})
	fits := true
	err := c.eachAppearance(c.new, w, func(o pdf.Object) error {
		s, err := c.new.Stream(o)
		fits = fits && err == nil && staysWithin(c.new, s, w["Rect"])
		return err
	})
	if !fits {
		c.refuse("the appearance of signature field %s does not fit its rectangle", pdf.Quoted(name))
	}
	return true, err
}

// covering wants that signatures cover nothing that the pages showed on which they stand.
func (c *comparison) covering() error {
	if len(c.shown) == 0 {
		return nil
	}
	root, err := c.old.PagesRoot()
	if err != nil {
		return err
	}
	except := map[pdf.Ref]bool{}
	for _, s := range c.shown {
		except[s.ref] = true
	}
	pages, _ := c.old.WalkPages(root, 0)
	for _, p := range pages {
		now, err := c.new.Dict(p.Ref)
		if err != nil {
			return err
		}
		list, err := c.new.Array(now["Annots"])
		if err != nil {
			return err
		}
		on := make(map[pdf.Object]bool, len(list))
		for _, a := range list {
			on[asKey(a)] = true
		}
		for _, s := range c.shown {
			if !on[pdf.Object(s.ref)] && s.widget["P"] != pdf.Object(p.Ref) {
				continue
			}
			r, _ := c.new.Rect(s.widget["Rect"])
			what, err := covers(c.old, p, r, except, c.effort)
			switch {
			case pdf.Fatal(err):
				return err
			case err != nil:
				what = "what cannot be read"
			}
			if what != "" {
				c.refuse("signature %s covers %s on page %d", pdf.Quoted(s.name), what, p.Number)
			}
		}
	}
	return nil
}

// asKey returns a reference as it is, and nil for any other object, which may not be the key of a map.
func asKey(o pdf.Object) pdf.Object {
	if ref, ok := o.(pdf.Ref); ok {
		return ref
	}
	return nil
}
