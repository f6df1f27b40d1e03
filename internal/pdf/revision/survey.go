package revision

import (
	"fmt"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
)

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
		for _, r := range s.Refs {
			c.uses[r.Num]++
			if !c.isOld(r) {
				c.dangling[r.Num] = true
			}
		}
	}
	pdf.EachRef(c.old.Trailer(), func(r pdf.Ref) {
		if !c.isOld(r) {
			c.dangling[r.Num] = true
		}
	})
	return nil
}

// moved reports whether an object, or the object stream that holds it, is read from another place in the newer
// document.
func (c *comparison) moved(n int) bool {
	e := c.old.Entry(n)
	return e != c.new.Entry(n) || (e.Kind == pdf.KindCompressed && c.old.Entry(e.Stream) != c.new.Entry(e.Stream))
}

func (c *comparison) surveyed(n int) (*pdf.Survey, error) {
	if c.changed[n] {
		return c.old.Survey(n)
	}
	s, err := c.new.Survey(n)
	if err == nil {
		if s.End > len(c.old.Raw()) {
			c.refuse("object %d was completed by what was appended", n)
		}
		c.old.Adopt(c.new, n, s)
		return s, nil
	}
	// Readers cannot make sense of it either way, if it is broken within the revision and not by its end.
	if _, was := c.old.Object(n); was != nil && was.Error() == err.Error() && strings.Contains(err.Error(), " at byte ") {
		return &pdf.Survey{}, nil
	}
	return nil, err
}
