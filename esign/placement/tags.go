package placement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
)

// Tag is a field that the text of a page names.
type Tag struct {
	Role, Kind, Name, Label, Value string
	Options                        []string
	Optional, ReadOnly             bool
	Box                            Box
}

// maxTag bounds the bytes between the braces of a tag.
const maxTag = 2000

// tags finds the tags of a page.
func (f *finder) tags(t *text) {
	for at := 0; len(f.out.Tags)+len(f.out.NotTags)+len(f.out.Mistakes) < maxTags; {
		i := strings.Index(t.all[at:], "{{")
		if i < 0 {
			return
		}
		from := at + i
		inner, _, closed := strings.Cut(t.all[from+2:min(len(t.all), from+2+maxTag)], "}}")
		if again := strings.LastIndex(inner, "{{"); again >= 0 && closed {
			at = from + 2 + again // the innermost braces
			continue
		}
		if !closed {
			at = from + 2
			continue
		}
		at = from + 2 + len(inner) + 2
		f.tag(t, from, at)
	}
}

// tag takes the tag that is all[from:to], braces included.
func (f *finder) tag(t *text, from, to int) {
	first, last := t.span(from, to)
	var b strings.Builder
	for i := first; i <= last; i++ {
		if g := t.glyphs[i]; i > first && g.Apart {
			b.WriteByte(' ')
		}
		b.WriteString(t.glyphs[i].Text)
	}
	written := b.String()
	tag, size, problem := parseTag(written)
	switch {
	case problem == "" && tag.Kind == "":
		f.out.NotTags = append(f.out.NotTags, fmt.Sprintf("page %d: %s is not a field tag", t.page, pdf.Quoted(written)))
		return
	case problem != "":
		f.out.Mistakes = append(f.out.Mistakes, fmt.Sprintf("page %d: %s %s", t.page, pdf.Quoted(written), problem))
		return
	}
	page := f.out.PageSizes[t.page-1]
	at := t.box(first, last)
	tag.Box = Anchor{}.Place(at, tag.Kind, size.Width/page.Width, size.Height/page.Height, page).within()
	if n := len(f.out.Tags); n > 0 && f.out.Tags[n-1].twice(tag) { // bold type may be text drawn twice
		return
	}
	f.out.Tags = append(f.out.Tags, tag)
}

func (t Tag) twice(o Tag) bool {
	return t.Role == o.Role && t.Kind == o.Kind && t.Name == o.Name && t.Box.near(o.Box)
}

// parseTag reads a tag by the grammar of the package. Text without a colon is none: the kind is "".
func parseTag(s string) (t Tag, size PageSize, problem string) {
	s = strings.Join(strings.Fields(strings.Trim(s, "{}")), " ")
	head, settings, _ := strings.Cut(s, ";")
	role, kind, ok := strings.Cut(head, ":")
	if !ok {
		return Tag{}, PageSize{}, ""
	}
	t.Role, t.Kind = strings.TrimSpace(role), strings.ReplaceAll(kind, " ", "")
	if t.Role == "" {
		return t, size, "has no role"
	}
	if _, known := sizes[t.Kind]; !known {
		return t, size, fmt.Sprintf("has no known kind of field; kinds are %s", kinds())
	}
	if strings.TrimSpace(settings) == "" {
		return t, size, ""
	}
	for _, setting := range strings.Split(settings, ";") {
		if problem := t.set(&size, setting); problem != "" {
			return t, size, problem
		}
	}
	return t, size, ""
}

// set applies one setting.
func (t *Tag) set(size *PageSize, setting string) (problem string) {
	key, value, given := strings.Cut(setting, "=")
	key, value = strings.ReplaceAll(key, " ", ""), strings.TrimSpace(value)
	flags := map[string]func(){
		"required": func() { t.Optional = false },
		"optional": func() { t.Optional = true },
		"readonly": func() { t.ReadOnly = true },
	}
	texts := map[string]*string{"name": &t.Name, "label": &t.Label, "value": &t.Value}
	sides := map[string]*float64{"w": &size.Width, "h": &size.Height}
	switch {
	case flags[key] != nil && !given:
		flags[key]()
	case texts[key] != nil && value != "":
		*texts[key] = value
	case key == "options" && value != "":
		for _, o := range strings.Split(value, "|") {
			t.Options = append(t.Options, strings.TrimSpace(o))
		}
	case sides[key] != nil:
		n, err := strconv.ParseFloat(strings.ReplaceAll(value, " ", ""), 64)
		if err != nil || !(n > 0 && n <= 14_400) { // the longest side of a page, ISO 32000-2 annex C
			return fmt.Sprintf("has %s, which must be a number of points", pdf.Quoted(setting))
		}
		*sides[key] = n
	default:
		return fmt.Sprintf(
			"has %s; settings are required, optional, readonly, name=…, label=…, value=…, options=…|…, w=… and h=…", pdf.Quoted(setting),
		)
	}
	return ""
}

// kinds lists the kinds of fields.
func kinds() string {
	var list []string
	for k := range sizes {
		list = append(list, k)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
