package signview

import (
	"cmp"
	"slices"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/web"
)

// marks are the signature and the initials, each given once for all its places.
func marks(v web.Signing, s *esign.Session, fields []esign.Field, r Request) web.Signing {
	places := map[string][]int{}
	has := map[string]bool{}
	for _, f := range fields {
		has[f.Kind] = true
		if adopted(f) {
			places[f.Kind] = append(places[f.Kind], f.Page)
			v.Places++
		}
	}
	mark := func(name, text string) web.Mark {
		if typed, sent := r.Form[name]; sent {
			text = typed[0]
		}
		return web.Mark{
			Name: name, Kind: cmp.Or(r.Form.Get(name+"_kind"), "typed"), Text: text, PNG: r.Form.Get(name + "_png"),
			Error: r.failed(name), Count: len(places[name]), Pages: esign.PageRanges(slices.Compact(places[name])),
		}
	}
	v.Signature = mark(esign.FieldSignature, s.Signer.Name)
	if has[esign.FieldInitials] {
		m := mark(esign.FieldInitials, esign.Initials(s.Signer.Name))
		v.Initials = &m
	}
	return v
}
