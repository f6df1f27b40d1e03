package pdf

import (
	"fmt"
	"reflect"
)

// overlays draws forms over pages of an update. What the pages share (resource dictionaries, the streams around the old
// content) is changed or written once, however many pages there are.
type overlays struct {
	u         *Update
	resources map[any]*resources
	xobjects  map[Ref]Dict // indirect XObject dictionaries, grown
	streams   map[string]Ref
	scan      contentScan
	lenient   bool // what cannot be read is taken as absent, as readers do; else it is an error
}

// unless is err, but nil for damage that is passed over.
func (o *overlays) unless(err error) error {
	if o.lenient && !fatal(err) {
		return nil
	}
	return err
}

// resources is one resource dictionary that pages share.
type resources struct {
	ref  Ref
	dict Dict
	xobj Dict
	at   Ref // where xobj stands, if it is an object of its own
}

func newOverlays(u *Update) *overlays {
	return &overlays{u: u, resources: map[any]*resources{}, xobjects: map[Ref]Dict{}, streams: map[string]Ref{}}
}

// placed is a form XObject and the matrix to draw it with; the zero matrix means as it is.
type placed struct {
	form   Ref
	matrix [6]float64
}

// draw draws forms, in order, over page p. It may be called once for each page; flush must follow.
func (o *overlays) draw(p Page, forms ...placed) error {
	return o.drawWithin(p, p.CropBox, forms...)
}

// drawWithin is draw for a page whose box was enlarged: what it showed stays within the box that it had.
func (o *overlays) drawWithin(p Page, had Rect, forms ...placed) error {
	if len(forms) == 0 {
		return nil
	}
	before := "q\n"
	if p.CropBox != had {
		before = fmt.Sprintf("q %s %s %s %s re W n\n", num(had.X0), num(had.Y0), num(had.Width()), num(had.Height()))
	}
	dict, err := o.u.Dict(p.Ref)
	if err != nil {
		return err
	}
	dict = dict.Clone()
	parts, err := o.contents(dict["Contents"])
	if err != nil {
		return err
	}
	var res *resources
	if o.scan.balanced(o.u.d, parts) {
		res, err = o.shared(p, dict)
	} else {
		res, parts, err = o.isolate(p, parts)
	}
	if err != nil {
		return err
	}
	tail := ""
	if len(parts) > 0 {
		parts = append(Array{o.stream(before)}, parts...)
		tail = "\nQ\n"
	}
	for _, f := range forms {
		name := res.name(f.form)
		if f.matrix == ([6]float64{}) {
			tail += fmt.Sprintf("/%s Do\n", name)
			continue
		}
		tail += "q "
		for _, v := range f.matrix {
			tail += num(v) + " "
		}
		tail += fmt.Sprintf("cm /%s Do Q\n", name)
	}
	dict["Contents"] = append(parts, o.stream(tail))
	dict["Resources"] = res.ref
	o.u.Put(p.Ref, dict)
	return nil
}

// contents returns the streams of a /Contents entry as references. It goes by the file as it was: a number that the file names
// without having it may be that of an object which the update adds.
func (o *overlays) contents(entry Object) (Array, error) {
	direct, err := o.u.d.Resolve(entry)
	if err != nil {
		return nil, o.unless(err)
	}
	var parts Array
	switch v := direct.(type) {
	case nil:
	case Array:
		for _, part := range v {
			s, err := o.u.d.Stream(part)
			if err := o.unless(err); err != nil {
				return nil, err
			}
			if s != nil {
				parts = append(parts, part)
			}
		}
	case *Stream:
		parts = Array{entry}
	default:
		return nil, o.unless(damaged("a page whose content is no stream"))
	}
	return parts, nil
}

// stream returns a content stream with the given text, written once.
func (o *overlays) stream(text string) Ref {
	ref, ok := o.streams[text]
	if !ok {
		ref = o.u.AddStream(Dict{}, []byte(text))
		o.streams[text] = ref
	}
	return ref
}

// shared returns the page's resources for growing. Direct ones become an object of their own.
func (o *overlays) shared(p Page, dict Dict) (*resources, error) {
	entry := p.Resources
	if own, ok := dict["Resources"]; ok {
		entry = own
	}
	old, err := o.u.Dict(entry)
	if err := o.unless(err); err != nil {
		return nil, err
	}
	ref, indirect := entry.(Ref)
	key := any(ref)
	if !indirect {
		key = reflect.ValueOf(old).Pointer()
	}
	if old == nil {
		key, indirect = p.Ref.String(), false
	}
	if r, ok := o.resources[key]; ok {
		return r, nil
	}
	r := &resources{ref: ref, dict: old.Clone()}
	if !indirect {
		r.ref = o.u.Alloc()
	}
	xobj, err := o.u.Dict(old["XObject"])
	if err := o.unless(err); err != nil {
		return nil, err
	}
	if at, ok := old["XObject"].(Ref); ok && xobj != nil {
		r.at = at
		if o.xobjects[at] == nil {
			o.xobjects[at] = xobj.Clone()
		}
		r.xobj = o.xobjects[at]
	} else {
		r.xobj = xobj.Clone()
		r.dict["XObject"] = r.xobj
	}
	o.resources[key] = r
	return r, nil
}

// isolate turns content that would disturb what is drawn after it into one form XObject, which hands nothing on.
func (o *overlays) isolate(p Page, parts Array) (*resources, Array, error) {
	form := Dict{"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": p.MediaBox.Array(), "Resources": p.Resources}
	if p.Resources == nil {
		form["Resources"] = Dict{}
	}
	body, err := o.isolated(parts, form)
	if err != nil {
		return nil, nil, err
	}
	r := &resources{ref: o.u.Alloc(), dict: Dict{}, xobj: Dict{}}
	r.dict["XObject"] = r.xobj
	o.resources[p.Ref.String()+" isolated"] = r
	name := r.name(o.u.Add(body))
	return r, Array{o.stream(fmt.Sprintf("/%s Do\n", name))}, nil
}

// isolated returns the content in parts, which was looked at last, as a form with the entries of dict.
func (o *overlays) isolated(parts Array, dict Dict) (*Stream, error) {
	if o.scan.decoded {
		return Deflate(dict, o.scan.closed()), nil
	}
	if len(parts) == 1 {
		s, err := o.u.d.Stream(parts[0])
		if err != nil {
			return nil, err
		}
		for _, k := range []Name{"Filter", "DecodeParms"} {
			if s.Dict[k] != nil {
				dict[k] = s.Dict[k]
			}
		}
		return &Stream{Dict: dict, Raw: s.Raw}, nil
	}
	var content []byte
	for _, part := range parts {
		s, err := o.u.d.Stream(part)
		if err != nil {
			return nil, err
		}
		data, err := o.u.d.Decode(s)
		if fatal(err) {
			return nil, err
		}
		content = append(append(content, data...), '\n') // what cannot be decoded is not shown by readers either
	}
	return Deflate(dict, content), nil
}

// name returns the name under which form is a resource, making one that is free.
func (r *resources) name(form Ref) Name {
	for i := 0; ; i++ {
		name := Name(fmt.Sprintf("Ev%d", form.Num+i))
		switch r.xobj[name] {
		case nil:
			r.xobj[name] = form
			return name
		case form:
			return name
		}
	}
}

// flush writes the grown resources.
func (o *overlays) flush() {
	for _, r := range o.resources {
		o.u.Put(r.ref, r.dict)
	}
	for ref, dict := range o.xobjects {
		o.u.Put(ref, dict)
	}
}
