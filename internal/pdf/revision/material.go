package revision

import (
	"github.com/evaultlib/evault/internal/pdf"
)

func (c *comparison) metadata(was, is pdf.Object) error {
	if ref, ok := was.(pdf.Ref); pdf.Equal(was, is) && (!ok || !c.changed[ref.Num]) {
		return nil
	}
	s, err := c.new.Stream(is)
	if err != nil {
		return err
	}
	if s == nil || s.Dict["Type"] != pdf.Name("Metadata") {
		c.refuse("the metadata was removed or replaced by something else")
		return nil
	}
	c.explain(was, "the metadata", 1)
	c.permit("the metadata was changed")
	return nil
}

// validation judges the document security store (ETSI EN 319 142-1 §5.4.2.1): its dictionaries and arrays may change,
// the streams in it not.
func (c *comparison) validation(was, is pdf.Object) error {
	if was == nil && is == nil {
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
	if now == nil {
		c.refuse("the validation material was removed")
		return nil
	}
	const role = "validation material"
	before := len(c.explained)
	c.explain(was, role, 1)
	for _, k := range []pdf.Name{"Certs", "OCSPs", "CRLs"} {
		c.explain(old[k], role, 1)
	}
	c.explain(old["VRI"], role, 1)
	vri, err := c.old.Dict(old["VRI"])
	if err != nil {
		return err
	}
	for _, v := range vri {
		c.explain(v, role, 1)
		entry, err := c.old.Dict(v)
		if err != nil {
			return err
		}
		for _, k := range []pdf.Name{"Cert", "OCSP", "CRL"} {
			c.explain(entry[k], role, 1)
		}
	}
	if len(c.explained) > before || !pdf.Equal(was, is) {
		c.changes = append(c.changes, Change{Text: "validation material was added", Kind: ChangePermitted, Validation: true})
	}
	return nil
}
