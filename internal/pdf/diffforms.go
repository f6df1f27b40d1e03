package pdf

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// maxFillings bounds how many fields one revision may fill in; nobody fills in so many, and each is reported.
const maxFillings = 10_000

// Bits of /Ff (ISO 32000-2 tables 227, 229, 231, 233).
const (
	flagReadOnly   = 1 << 0
	flagMultiline  = 1 << 12
	flagPassword   = 1 << 13
	flagPushButton = 1 << 16
	flagCombo      = 1 << 17 // choice fields
	flagEdit       = 1 << 18 // choice fields
	flagFileSelect = 1 << 20
	flagComb       = 1 << 24
	flagRichText   = 1 << 25
)

// A doubt is why a changed field does not count as filled in.
type doubt string

func (d doubt) Error() string { return string(d) }

func doubtf(format string, args ...any) error { return doubt(fmt.Sprintf(format, args...)) }

// widget is where a field stands on a page, before and after.
type widget struct {
	ref      Ref
	old, now Dict
}

// fillings judges the fields of the form that were there and are no signatures. One that was filled in, and shows what it
// was filled in with, is reported as such; any other change of one is not permitted.
func (c *comparison) fillings() error {
	seed := maphash.MakeSeed()
	names := map[uint64]int{} // hashed, for there may be many and long ones
	var touched []formField
	w := fieldWalk{d: c.old, seen: map[Ref]bool{}, visit: func(f formField) {
		names[maphash.String(seed, f.Name)]++
		if f.kind != "Sig" && len(touched) <= maxFillings && c.touched(f) {
			touched = append(touched, f)
		}
	}}
	if err := w.all(); err != nil {
		return err
	}
	if len(touched) > maxFillings {
		c.refuse("more than %d form fields were changed", maxFillings)
		return nil
	}
	for _, f := range touched {
		if names[maphash.String(seed, f.Name)] > 1 {
			f.doubt = "another field has its name"
		}
		if err := c.filling(f); err != nil {
			return err
		}
	}
	return c.roles()
}

// touched reports whether an object that a field consists of was changed.
func (c *comparison) touched(f formField) bool {
	if c.changed[f.Ref.Num] {
		return true
	}
	for _, k := range f.kids {
		if ref, ok := k.(Ref); ok && c.changed[ref.Num] {
			return true
		}
	}
	return c.redrawn(f.Dict) || slices.ContainsFunc(f.kids, func(k Object) bool {
		kid, err := c.old.Dict(k)
		return err == nil && c.redrawn(kid)
	})
}

// redrawn reports whether the appearance of a widget was changed where it stands.
func (c *comparison) redrawn(old Dict) bool {
	at, _ := old["AP"].(Ref)
	ap, err := c.old.Dict(old["AP"])
	stream, _ := ap["N"].(Ref)
	return c.changed[at.Num] || (err == nil && c.changed[stream.Num])
}

func (c *comparison) filling(f formField) error {
	c.mine(f.Ref, f.Name)
	value, err := c.filledWith(f)
	if fatal(err) {
		return err
	}
	if err != nil {
		var d doubt
		why := "it is damaged"
		if errors.As(err, &d) {
			why = string(d)
		}
		c.refuse("form field %s was changed, not filled in: %s", quoted(f.Name), why)
		return nil
	}
	c.changes = append(c.changes, Change{
		Text: fmt.Sprintf("form field %s was filled in with %s", quoted(f.Name), quoted(value)), Permitted: true, Filling: true, Field: f.Name,
	})
	return nil
}

// mine marks an object of a field as judged.
func (c *comparison) mine(ref Ref, name string) {
	if c.changed[ref.Num] {
		c.judge(ref)
		c.filled[ref.Num] = name
	}
}

// maxFilledName bounds the name of a field that may be filled in, for each is reported.
const maxFilledName = 512

// filledWith returns what a field says now. An error says why that is not all that changed.
func (c *comparison) filledWith(f formField) (string, error) {
	widgets, err := c.widgets(f)
	if err != nil {
		return "", err
	}
	now, err := c.new.Dict(f.Ref)
	if err != nil {
		return "", err
	}
	switch {
	case f.doubt != "":
		return "", doubt(f.doubt)
	case f.Ref == (Ref{}) || len(f.Name) > maxFilledName || f.Name == "":
		return "", doubt("it has no object or no name of its own")
	case c.oldForm["XFA"] != nil:
		return "", doubt("the form is an XFA form too, which some readers show instead")
	case f.flags&flagReadOnly != 0:
		return "", doubt("it is read-only")
	}
	switch f.kind {
	case "Btn":
		return c.filledButton(f, now, widgets)
	case "Tx":
		return c.filledText(f, now, widgets)
	case "Ch":
		return c.filledChoice(f, now, widgets)
	}
	return "", doubt("it is of an unknown kind")
}

// widgets returns the widgets of a field, with those that changed marked as judged.
func (c *comparison) widgets(f formField) ([]widget, error) {
	if len(f.kids) == 0 {
		now, err := c.new.Dict(f.Ref)
		return []widget{{f.Ref, f.Dict, now}}, err
	}
	var out []widget
	var wrong error
	for _, k := range f.kids {
		ref, ok := k.(Ref)
		if ok {
			c.mine(ref, f.Name)
		}
		old, err1 := c.old.Dict(k)
		now, err2 := c.new.Dict(k)
		switch {
		case err1 != nil || err2 != nil:
			return nil, errors.Join(err1, err2)
		case !ok || old["Parent"] != Object(f.Ref) || old["Subtype"] != Name("Widget"):
			wrong = doubt("its widgets belong to something else")
		case slices.ContainsFunc([]Name{"FT", "Ff", "V", "Kids", "Opt", "RV"}, func(k Name) bool { return old[k] != nil }) || f.Dict["Subtype"] != nil:
			wrong = doubt("its widgets are fields too")
		}
		out = append(out, widget{ref, old, now})
	}
	return out, wrong
}

// onlyThese wants a field and its widgets to differ in the given entries alone.
func onlyThese(f formField, now Dict, widgets []widget, field, look []Name) error {
	if len(f.kids) == 0 {
		field = append(slices.Clone(field), look...)
	}
	if keys := differing(f.Dict, now, field...); len(keys) > 0 {
		return doubtf("/%s was changed too", keys[0])
	}
	for _, w := range widgets {
		if keys := differing(w.old, w.now, look...); len(f.kids) > 0 && len(keys) > 0 {
			return doubtf("/%s of a widget was changed too", keys[0])
		}
	}
	for _, d := range append([]widget{{now: now}}, widgets...) {
		if m, ok := d.now["M"].(String); d.now["M"] != nil && (!ok || len(m) > 64) {
			return doubt("/M is no time")
		}
	}
	return nil
}

// filledButton judges check boxes and radio buttons (§12.7.5.2): they may be set to a state that they could already show.
func (c *comparison) filledButton(f formField, now Dict, widgets []widget) (string, error) {
	if f.flags&flagPushButton != 0 {
		return "", doubt("it is a push button")
	}
	if err := onlyThese(f, now, widgets, []Name{"V"}, []Name{"AS", "M"}); err != nil {
		return "", err
	}
	const off = Name("Off")
	state := func(o Object) (Name, bool) {
		if o == nil {
			return off, true
		}
		n, ok := o.(Name)
		return n, ok
	}
	value, ok := state(now["V"])
	if !ok {
		return "", doubt("its value is no state")
	}
	shown := value == off
	for _, w := range widgets {
		as, ok := state(w.now["AS"])
		if ok && as == off {
			continue
		}
		ap, err := c.old.Dict(w.old["AP"])
		if err != nil {
			return "", err
		}
		states, err := c.old.Resolve(ap["N"])
		if err != nil {
			return "", err
		}
		if d, isDict := states.(Dict); !ok || as != value || !isDict || d[as] == nil {
			return "", doubt("it shows another state than its value")
		}
		shown = true
	}
	if !shown {
		return "", doubt("it does not show its value")
	}
	return string(value), nil
}

// filledText judges text fields (§12.7.5.3).
func (c *comparison) filledText(f formField, now Dict, widgets []widget) (string, error) {
	if f.flags&(flagPassword|flagFileSelect|flagRichText) != 0 || now["RV"] != nil {
		return "", doubt("what it shows is not its plain value")
	}
	if err := onlyThese(f, now, widgets, []Name{"V"}, []Name{"AP", "M"}); err != nil {
		return "", err
	}
	value, err := c.plain(now["V"])
	if err != nil {
		return "", err
	}
	return value, c.looks(f, now, widgets, value)
}

// plain returns the text of a string value; nil is the empty one.
func (c *comparison) plain(o Object) (string, error) {
	o, err := c.new.Resolve(o)
	if err != nil {
		return "", err
	}
	s, ok := o.(String)
	if o != nil && !ok {
		return "", doubt("its value is no string")
	}
	if err := c.spend(16 + len(s)); err != nil {
		return "", err
	}
	text := docText(s)
	if strings.ContainsFunc(folded(text), func(r rune) bool { return r < ' ' || r == '\uFFFD' }) {
		return "", doubt("its value has characters that nothing can show")
	}
	return text, nil
}

// looks wants each widget to show text, unless none has an appearance and readers draw the value themselves.
func (c *comparison) looks(f formField, now Dict, widgets []widget, text string) error {
	bare := 0
	for _, w := range widgets {
		ap, err := c.new.Dict(w.now["AP"])
		if err != nil {
			return err
		}
		if len(ap) == 0 {
			bare++
		}
	}
	if bare == len(widgets) {
		return c.neverDrawn(widgets, text)
	}
	same := Equal(f.Dict["V"], now["V"])
	for _, w := range widgets {
		if err := c.look(f, w, text, same); err != nil {
			return err
		}
	}
	return nil
}

// neverDrawn wants widgets without an appearance to have had none before: not all readers draw a value in its place.
func (c *comparison) neverDrawn(widgets []widget, text string) error {
	for _, w := range widgets {
		ap, err := c.old.Dict(w.old["AP"])
		if err != nil {
			return err
		}
		if len(ap) > 0 && folded(text) != "" {
			return doubt("its appearance was taken away")
		}
	}
	return nil
}

func (c *comparison) look(f formField, w widget, text string, same bool) error {
	before, err := c.old.Dict(w.old["AP"])
	if err != nil {
		return err
	}
	after, err := c.new.Dict(w.now["AP"])
	if err != nil {
		return err
	}
	if !small(before) || !small(after) {
		return doubt("its appearances are too many")
	}
	if keys := differing(before, after, "N"); len(keys) > 0 {
		return doubtf("/%s of its appearance was changed too", keys[0])
	}
	ref, ok := after["N"].(Ref)
	if !ok {
		return doubt("not every widget has an appearance")
	}
	kept := Equal(before["N"], after["N"])
	if same && kept && !c.changed[ref.Num] {
		return nil
	}
	if !kept && c.isOld(ref) {
		return doubt("its appearance is an object that was there for something else")
	}
	c.explain(w.old["AP"], "the appearances of a form field", 1)
	if kept {
		c.explain(ref, "the appearance of a form field", 1)
	}
	return c.shows(f, w, before["N"], ref, text)
}
