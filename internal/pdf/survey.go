package pdf

// A Survey is what comparing revisions needs to know of an object, so that the objects themselves need not be held.
type Survey struct {
	Refs      []Ref // what it refers to
	End       int   // where it ends in the file; 0 for a compressed object
	ByteRange bool  // it is a dictionary with /ByteRange
}

// Surveyed returns what Survey found of object n; nil before it looked.
func (d *Document) Surveyed(n int) *Survey { return d.surveys[n] }

// Survey looks at object n, once. The object itself is not kept for that.
func (d *Document) Survey(n int) (*Survey, error) {
	if s := d.surveys[n]; s != nil {
		return s, nil
	}
	_, held := d.cache[n]
	o, err := d.Object(n)
	if err != nil {
		return nil, err
	}
	if c, ok := d.cache[n]; ok && !held {
		delete(d.cache, n)
		d.held -= c.cost + perEntry
	}
	s := &Survey{}
	switch v := o.(type) {
	case Dict:
		s.ByteRange = v["ByteRange"] != nil
		o = d.withoutSubject(v)
	case *Stream:
		if v.Dict["Type"] == Name("XRef") {
			o = nil // cross-reference data, not content
		}
	}
	EachRef(o, func(r Ref) { s.Refs = append(s.Refs, r) })
	if d.Entry(n).Kind == KindPlain {
		s.End = d.ends[n]
	}
	d.noteSurvey(n, s)
	return s, nil
}

// withoutSubject returns a signature reference, and a signature dictionary with its references, without /Data that
// names the catalog (ISO 32000-2 §12.8.1 table 256): what a signature is about plays no further role by it.
func (d *Document) withoutSubject(o Dict) Dict {
	if o["TransformMethod"] != nil && o["Data"] == Object(d.Root()) {
		return o.Without("Data")
	}
	list, ok := o["Reference"].(Array)
	if !ok || o["ByteRange"] == nil {
		return o
	}
	list = list.Clone()
	for i, r := range list {
		if ref, ok := r.(Dict); ok {
			list[i] = d.withoutSubject(ref)
		}
	}
	o = o.Clone()
	o["Reference"] = list
	return o
}

func (d *Document) noteSurvey(n int, s *Survey) {
	if d.surveys == nil {
		d.surveys = make(map[int]*Survey)
	}
	d.surveys[n] = s
}

// Adopt takes object n, and its survey, over from other, a file of which both are revisions and that has the object at
// the same place.
func (d *Document) Adopt(other *Document, n int, s *Survey) {
	d.noteSurvey(n, s)
	if c, ok := other.cache[n]; ok {
		d.keep(n, c)
	}
}

// EachRef hands every reference in o to f.
func EachRef(o Object, f func(Ref)) {
	switch v := o.(type) {
	case Ref:
		f(v)
	case Array:
		for _, x := range v {
			EachRef(x, f)
		}
	case Dict:
		for _, x := range v {
			EachRef(x, f)
		}
	case *Stream:
		EachRef(v.Dict, f)
	}
}
