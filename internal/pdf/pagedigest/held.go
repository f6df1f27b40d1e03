package pagedigest

import (
	"github.com/evaultlib/evault/internal/pdf"
)

// elsewhere is the digest of what a file holds whose pages only stand for it: the files attached to the cover of a
// portfolio (§12.3.5), and the form whose pages the reader makes. It is empty for any other file.
func (p *pageHasher) elsewhere() ([]byte, error) {
	catalog, err := p.d.Catalog()
	if err != nil {
		return nil, only(err)
	}
	var held []pdf.Object
	if o, err := p.d.Resolve(catalog["Collection"]); err == nil && o != nil {
		names, err := p.d.Dict(catalog["Names"])
		if err != nil {
			return nil, only(err)
		}
		held = append(held, names["EmbeddedFiles"])
	}
	if needs, err := p.d.Resolve(catalog["NeedsRendering"]); err == nil && needs == true {
		form, err := p.d.Dict(catalog["AcroForm"])
		if err != nil {
			return nil, only(err)
		}
		held = append(held, form["XFA"])
	}
	if held == nil {
		return nil, nil
	}
	s := newSink("elsewhere")
	for _, o := range held {
		if err := p.operand(s, o, nil); err != nil {
			return nil, err
		}
	}
	return s.Sum(nil), nil
}

// annotation hashes how an annotation looks, and the value of a form field, which a reader may draw instead.
func (p *pageHasher) annotation(a pdf.Dict) (hashed, error) {
	d := p.d
	flags, _ := d.Int(a["F"])
	kind := d.Name(a["Subtype"])
	rect, ok := d.Rect(a["Rect"])
	if !ok || kind == "Popup" || kind == "Link" || flags&(pdf.FlagHidden|pdf.FlagNoView) != 0 {
		return hashed{}, nil
	}
	s := newSink("annotation")
	s.text('N', string(kind))
	s.rect(rect)
	drawn := false
	ap, err := d.Dict(a["AP"])
	if pdf.Fatal(err) {
		return hashed{}, err
	}
	look := ap["N"]
	direct, err := d.Resolve(look)
	if pdf.Fatal(err) {
		return hashed{}, err
	}
	if states, ok := direct.(pdf.Dict); ok {
		look = states[d.Name(a["AS"])]
	}
	if look != nil {
		one, err := p.value(look, nil)
		if err != nil {
			return hashed{}, err
		}
		s.Write(one.sum[:])
		drawn = one.drawn
	} else if drawn = kind == "FreeText" || kind == "Ink" || kind == "Stamp"; drawn { // readers draw it from these
		for _, k := range []pdf.Name{"Contents", "DA", "InkList", "Name"} {
			if err := p.operand(s, a[k], nil); err != nil {
				return hashed{}, err
			}
		}
	}
	if kind == "Widget" {
		value, err := p.fieldValue(a)
		if err != nil {
			return hashed{}, err
		}
		if value != nil {
			if err := p.operand(s, value, nil); err != nil {
				return hashed{}, err
			}
			drawn = true
		}
	}
	return s.done(drawn), nil
}

// fieldValue returns the value of the field of a widget, nil for none and for signatures.
func (p *pageHasher) fieldValue(a pdf.Dict) (pdf.Object, error) {
	for i, node := 0, a; node != nil && i < 32; i++ {
		v, err := p.d.Resolve(node["V"])
		if pdf.Fatal(err) {
			return nil, err
		}
		switch v.(type) {
		case nil:
		case pdf.Dict: // a signature
			return nil, nil
		default:
			return v, nil
		}
		if node, err = p.d.Dict(node["Parent"]); pdf.Fatal(err) {
			return nil, err
		}
	}
	return nil, nil
}
