package pdf

import (
	"fmt"
	"strings"
)

// surveyed is what comparing revisions needs to know of an object, so that the objects themselves need not be held.
type surveyed struct {
	refs      []Ref
	end       int  // where it ends in the file; 0 for a compressed object
	byteRange bool // it is a dictionary with /ByteRange
}

// survey looks at an object once. It is not kept for that.
func (d *Document) survey(n int) (*surveyed, error) {
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
	s := &surveyed{}
	switch v := o.(type) {
	case Dict:
		s.byteRange = v["ByteRange"] != nil
		o = d.withoutSubject(v)
	case *Stream:
		if v.Dict["Type"] == Name("XRef") {
			o = nil // cross-reference data, not content
		}
	}
	eachRef(o, func(r Ref) { s.refs = append(s.refs, r) })
	if d.entry(n).kind == kindPlain {
		s.end = d.ends[n]
	}
	d.noteSurvey(n, s)
	return s, nil
}

// withoutSubject returns a signature reference, and a signature dictionary with its references, without /Data that names the
// catalog (ISO 32000-2 §12.8.1 table 256): what a signature is about plays no further role by it.
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

func (d *Document) noteSurvey(n int, s *surveyed) {
	if d.surveys == nil {
		d.surveys = make(map[int]*surveyed)
	}
	d.surveys[n] = s
}

// eachRef hands every reference in o to f.
func eachRef(o Object, f func(Ref)) {
	switch v := o.(type) {
	case Ref:
		f(v)
	case Array:
		for _, x := range v {
			eachRef(x, f)
		}
	case Dict:
		for _, x := range v {
			eachRef(x, f)
		}
	case *Stream:
		eachRef(v.Dict, f)
	}
}

// survey looks at every object of the old revision, which must lie within it, and counts who refers to what. An object
// that stands where it stood is the same in both; it is read once, from the newer document.
func (c *comparison) survey() error {
	c.uses, c.dangling, c.changed = map[int]int{}, map[int]bool{}, map[int]bool{}
	for _, n := range c.old.Numbers() {
		if c.moved(n) {
			c.changed[n] = true
		}
		s, err := c.surveyed(n)
		if err != nil {
			return fmt.Errorf("signed revision: %w", err)
		}
		for _, r := range s.refs {
			c.uses[r.Num]++
			if !c.isOld(r) {
				c.dangling[r.Num] = true
			}
		}
	}
	eachRef(c.old.trailer, func(r Ref) {
		if !c.isOld(r) {
			c.dangling[r.Num] = true
		}
	})
	return nil
}

// moved reports whether an object, or the object stream that holds it, is read from another place in the newer document.
func (c *comparison) moved(n int) bool {
	e := c.old.entry(n)
	return e != c.new.entry(n) || (e.kind == kindCompressed && c.old.entry(e.stream) != c.new.entry(e.stream))
}

func (c *comparison) surveyed(n int) (*surveyed, error) {
	if c.changed[n] {
		return c.old.survey(n)
	}
	s, err := c.new.survey(n)
	if err == nil {
		if s.end > len(c.old.raw) {
			c.refuse("object %d was completed by what was appended", n)
		}
		c.old.noteSurvey(n, s)
		c.old.adopt(c.new, n)
		return s, nil
	}
	// Readers cannot make sense of it either way, if it is broken within the revision and not by its end.
	if _, was := c.old.Object(n); was != nil && was.Error() == err.Error() && strings.Contains(err.Error(), " at byte ") {
		return &surveyed{}, nil
	}
	return nil, err
}
