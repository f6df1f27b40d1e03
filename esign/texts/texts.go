package texts

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Key names a text, such as "sign.title".
type Key string

// Language is one language's table.
type Language struct {
	Tag   string // BCP 47, such as "es" or "fr-CA"
	Name  string // in the language itself, such as "Español"
	Texts map[Key]string
}

// English is the language that has every key.
func English() Language { return Language{"en", "English", maps.Clone(english)} }

// Spanish has every key.
func Spanish() Language { return Language{"es", "Español", maps.Clone(spanish)} }

// Catalog is a set of languages; its first is English.
type Catalog struct{ words []*Words }

// New returns a catalog of English, Spanish and the languages given. One with the
// tag of another replaces it. The error names every key that a language lacks, has
// too much, or gives other values than English does.
func New(further ...Language) (*Catalog, error) {
	all := []Language{English(), Spanish()}
	for _, l := range further {
		if i := slices.IndexFunc(all, func(o Language) bool { return strings.EqualFold(o.Tag, l.Tag) }); i >= 0 {
			all[i] = l
			continue
		}
		all = append(all, l)
	}
	c := &Catalog{}
	var bad []error
	for _, l := range all {
		bad = append(bad, l.check())
		c.words = append(c.words, &Words{l.Tag, l.Name, maps.Clone(l.Texts)})
	}
	return c, errors.Join(bad...)
}

// Default is English.
func Default() *Words { return &Words{"en", "English", english} }

var value = regexp.MustCompile(`\{[a-z_]+\}`)

// values are the braces of a text, sorted.
func values(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(value.FindAllString(text, -1))))
}

func (l Language) check() error {
	var wrong []string
	if l.Tag == "" || l.Name == "" {
		wrong = append(wrong, "a tag and a name are required")
	}
	for _, k := range slices.Sorted(maps.Keys(english)) {
		switch text, has := l.Texts[k]; {
		case !has || strings.TrimSpace(text) == "":
			wrong = append(wrong, string(k)+" is missing")
		case !slices.Equal(values(text), values(english[k])):
			wrong = append(wrong, fmt.Sprintf("%s has the values %v, want %v", k, values(text), values(english[k])))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(l.Texts)) {
		if _, known := english[k]; !known {
			wrong = append(wrong, string(k)+" is unknown")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("texts: language %q: %s", l.Tag, strings.Join(wrong, "; "))
}

// All are the catalog's languages, English first.
func (c *Catalog) All() []*Words { return slices.Clone(c.words) }

// Match is the language that a list of tags prefers, most wanted first; each may be
// an Accept-Language header (RFC 9110, 12.5.4). The first language where none fits.
func (c *Catalog) Match(wanted ...string) *Words {
	for _, list := range wanted {
		for _, tag := range ranked(list) {
			for _, w := range c.words {
				if strings.EqualFold(w.Tag, tag) {
					return w
				}
			}
			for _, w := range c.words {
				if strings.EqualFold(primary(w.Tag), primary(tag)) {
					return w
				}
			}
		}
	}
	return c.words[0]
}

func primary(tag string) string {
	first, _, _ := strings.Cut(tag, "-")
	return first
}

// ranked are the tags of an Accept-Language header, the most wanted first.
func ranked(header string) []string {
	type choice struct {
		tag string
		q   float64
	}
	var all []choice
	for i, part := range strings.Split(header, ",") {
		if i == 20 {
			break
		}
		tag, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, has := strings.CutPrefix(strings.TrimSpace(params), "q="); has {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil || n <= 0 {
				continue
			}
			q = n
		}
		if tag = strings.TrimSpace(tag); tag != "" {
			all = append(all, choice{tag, q})
		}
	}
	slices.SortStableFunc(all, func(a, b choice) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	tags := make([]string, len(all))
	for i, c := range all {
		tags[i] = c.tag
	}
	return tags
}

// Words are the texts of one language.
type Words struct {
	Tag, Name string
	texts     map[Key]string
}

// Has reports whether the key has a text.
func (w *Words) Has(k Key) bool { return w.texts[k] != "" }

// Say is the text of a key, with pairs of a value's name and the value. A key
// without a text, which New refuses, is said as itself.
func (w *Words) Say(k Key, pairs ...string) string {
	text, has := w.texts[k]
	if !has {
		return string(k)
	}
	if len(pairs) < 2 {
		return text
	}
	with := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		with = append(with, "{"+pairs[i]+"}", pairs[i+1])
	}
	return strings.NewReplacer(with...).Replace(text)
}

// Count is Say for k.one or k.other; {n} is n.
func (w *Words) Count(k Key, n int, pairs ...string) string {
	form := k + ".other"
	if n == 1 {
		form = k + ".one"
	}
	return w.Say(form, append([]string{"n", strconv.Itoa(n)}, pairs...)...)
}

// Day is the day of t as people write it, such as "November 28, 2026".
func (w *Words) Day(t time.Time) string {
	month := Key(fmt.Sprintf("month.%02d", int(t.Month())))
	return w.Say("date.day", "day", strconv.Itoa(t.Day()), "month", w.Say(month), "year", strconv.Itoa(t.Year()))
}

// Moment is the day and the minute of t by its own clock, with the name of its zone.
func (w *Words) Moment(t time.Time) string {
	return w.Say("date.moment", "day", w.Day(t), "time", t.Format(w.Say("date.clock")), "zone", w.zone(t.Location()))
}

// zone names a time zone by its place, such as "Los Angeles time".
func (w *Words) zone(loc *time.Location) string {
	name := loc.String()
	if !strings.Contains(name, "/") {
		return name
	}
	return w.Say("date.zone", "place", strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " "))
}
