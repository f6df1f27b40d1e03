package pdf

import "slices"

// maxSpent bounds the text, in bytes, that is read of form fields: objects may share what they show.
const maxSpent = 64 << 20

// spend takes n from what may be read.
func (c *comparison) spend(n int) error {
	if c.spent += n; c.spent > maxSpent {
		return doubt("more was filled in than is compared")
	}
	return nil
}

// maxSmall bounds the parts of an object that is compared for each of the fields that share it.
const maxSmall = 4096

// small reports whether o, with what stands in it, has few parts.
func small(o Object) bool { return partsLeft(o, maxSmall) > 0 }

// partsLeft returns room less the parts of o; not much is looked at beyond that.
func partsLeft(o Object, room int) int {
	room--
	switch v := o.(type) {
	case String:
		room -= len(v) / 16
	case Name:
		room -= len(v) / 16
	case Array:
		for i := 0; i < len(v) && room > 0; i++ {
			room = partsLeft(v[i], room)
		}
	case Dict:
		for k, x := range v {
			if room -= len(k) / 16; room <= 0 {
				break
			}
			room = partsLeft(x, room)
		}
	}
	return room
}

// roles refuses to fill in a field whose object also serves as something else than a field: what changed in it may have
// another meaning there.
func (c *comparison) roles() error {
	if len(c.filled) == 0 {
		return nil
	}
	for _, n := range c.old.Numbers() {
		s := c.old.surveys[n]
		if s == nil || !slices.ContainsFunc(s.refs, func(r Ref) bool { return c.filled[r.Num] != "" }) {
			continue
		}
		o, err := c.old.Object(n)
		if err != nil {
			return err
		}
		eachKey(o, "", func(key Name, r Ref) {
			if name := c.filled[r.Num]; name != "" && !slices.Contains(fieldRoles, key) {
				c.refuse("form field %s is also /%s of object %d, and was changed", quoted(name), key, n)
			}
		})
	}
	return nil
}

// fieldRoles are the entries that name a field as a field: of widgets, structure, pop-ups and actions. Arrays, which list
// fields and annotations, have no key.
var fieldRoles = []Name{"", "Parent", "Obj", "T", "IRT", "Popup", "AN"}

// eachKey hands every reference in o to f, with the key of the dictionary that it is the value of.
func eachKey(o Object, key Name, f func(Name, Ref)) {
	switch v := o.(type) {
	case Ref:
		f(key, v)
	case Array:
		for _, x := range v {
			eachKey(x, "", f)
		}
	case Dict:
		for k, x := range v {
			eachKey(x, k, f)
		}
	case *Stream:
		eachKey(v.Dict, "", f)
	}
}
