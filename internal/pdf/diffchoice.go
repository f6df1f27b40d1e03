package pdf

import (
	"slices"
	"strings"
)

// option is one item of a choice field (ISO 32000-2 table 234): what its value is and what is shown.
type option struct{ value, shown string }

// filledChoice judges choice fields (§12.7.5.4): the value is one of the options, or what was typed into a combo box that
// lets that be. Of a list box the whole list is shown, with what is chosen in color.
func (c *comparison) filledChoice(f formField, now Dict, widgets []widget) (string, error) {
	keys := []Name{"V", "I"}
	if _, ok := now["TI"].(int64); ok && f.flags&flagCombo != 0 {
		keys = append(keys, "TI") // where a list is scrolled to, which a combo box does not show
	}
	if err := onlyThese(f, now, widgets, keys, []Name{"AP", "M"}); err != nil {
		return "", err
	}
	options, err := c.optionsOf(f.Dict["Opt"])
	if err != nil {
		return "", err
	}
	values, err := c.chosen(now["V"])
	if err != nil {
		return "", err
	}
	var shown []string
	var places []int64
	for _, v := range values {
		i := slices.IndexFunc(options, func(o option) bool { return o.value == v })
		switch {
		case i >= 0:
			shown, places = append(shown, options[i].shown), append(places, int64(i))
		case f.flags&flagCombo != 0 && f.flags&flagEdit != 0, v == "":
			shown = append(shown, v)
		default:
			return "", doubt("its value is none of its options")
		}
	}
	// Some readers draw the options at /I rather than the value, so that an /I left behind counts too.
	if err := c.indices(now["I"], places); err != nil {
		return "", err
	}
	value := strings.Join(values, ", ")
	err = c.looks(f, now, widgets, strings.Join(shown, " "))
	if other := strings.Join(values, " "); err != nil && !fatal(err) && other != strings.Join(shown, " ") {
		return value, c.looks(f, now, widgets, other) // some programs show the value itself
	}
	return value, err
}

func (c *comparison) optionsOf(o Object) ([]option, error) {
	list, err := c.old.Array(o)
	if err != nil {
		return nil, err
	}
	if err := c.spend(64 * len(list)); err != nil {
		return nil, err
	}
	var out []option
	for _, item := range list {
		item, err := c.old.Resolve(item)
		if err != nil {
			return nil, err
		}
		pair, ok := item.(Array)
		if !ok {
			pair = Array{item, item}
		}
		if len(pair) != 2 {
			return nil, doubt("its options are malformed")
		}
		value, err1 := c.plain(pair[0])
		shown, err2 := c.plain(pair[1])
		if err1 != nil || err2 != nil {
			return nil, doubt("its options are malformed")
		}
		out = append(out, option{value, shown})
	}
	return out, nil
}

// chosen returns the values of a choice field: one, several, or none.
func (c *comparison) chosen(o Object) ([]string, error) {
	o, err := c.new.Resolve(o)
	if err != nil || o == nil {
		return nil, err
	}
	list, ok := o.(Array)
	if !ok {
		list = Array{o}
	}
	if len(list) > maxNameParts {
		return nil, doubt("it has too many values")
	}
	var out []string
	for _, v := range list {
		text, err := c.plain(v)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// indices wants /I, where it is there, to name the places of the values.
func (c *comparison) indices(o Object, places []int64) error {
	list, err := c.new.Array(o)
	if err != nil || o == nil {
		return err
	}
	if len(list) != len(places) {
		return doubt("/I names other options than its value")
	}
	var got []int64
	for _, v := range list {
		i, ok := v.(int64)
		if !ok {
			return doubt("/I names no options")
		}
		got = append(got, i)
	}
	slices.Sort(got)
	slices.Sort(places)
	if !slices.Equal(got, places) {
		return doubt("/I names other options than its value")
	}
	return nil
}
