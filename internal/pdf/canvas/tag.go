package canvas

import (
	"slices"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
)

// A tag is a structure element to be (ISO 32000-2 §14.7): what is drawn while it is open, and elements below it, in the
// order of reading.
type Tag struct {
	Kind  pdf.Name // a standard structure type (§14.8.4), such as P
	alt   string   // what a picture shows (§14.9.3)
	says  string   // what stands there in the order of reading (§14.9.4), where shapes stand in another
	items []any    // *tag or mark
}

// mark is a piece of marked content on a canvas.
type mark struct {
	on *Canvas
	id int
}

// Below adds an element.
func (t *Tag) Below(kind pdf.Name) *Tag {
	k := &Tag{Kind: kind}
	t.items = append(t.items, k)
	return k
}

// Tagger extends the structure tree of a tagged file, or makes one.
type Tagger struct {
	u      *pdf.Update
	Root   pdf.Ref
	fresh  bool
	next   int64 // next key of the parent tree
	drawn  []*Canvas
	doc    pdf.Ref // the element that new ones go below
	topped pdf.Array
}

// NewTagger returns nil for a file that is not tagged, or whose structure is odd: what is drawn there stays untagged.
func NewTagger(u *pdf.Update) *Tagger {
	catalog, err := u.Document().Catalog()
	if err != nil {
		return nil
	}
	info, err := u.Dict(catalog["MarkInfo"])
	root, isRef := catalog["StructTreeRoot"].(pdf.Ref)
	if err != nil || info["Marked"] != true || !isRef {
		return nil
	}
	dict, err := u.Dict(root)
	if err != nil || dict == nil {
		return nil
	}
	t := &Tagger{u: u, Root: root, doc: root}
	if t.next, isRef = u.Document().Int(dict["ParentTreeNextKey"]); !isRef {
		if t.next, isRef = greatestKey(u, dict["ParentTree"], 0); !isRef {
			return nil
		}
		t.next++
	}
	first := dict["K"]
	if a, err := u.Array(first); err == nil && len(a) > 0 {
		first = a[0]
	}
	if ref, ok := first.(pdf.Ref); ok {
		if e, err := u.Dict(ref); err == nil && e["S"] == pdf.Name("Document") {
			t.doc = ref
		}
	}
	return t
}

// greatestKey walks a number tree (§7.9.7); -1 when it is empty.
func greatestKey(u *pdf.Update, o pdf.Object, depth int) (most int64, ok bool) {
	node, err := u.Dict(o)
	if err != nil || depth > 16 {
		return 0, false
	}
	nums, err1 := u.Array(node["Nums"])
	kids, err2 := u.Array(node["Kids"])
	if err1 != nil || err2 != nil {
		return 0, false
	}
	most = -1
	for i := 0; i+1 < len(nums); i += 2 {
		k, isInt := u.Document().Int(nums[i])
		if !isInt {
			return 0, false
		}
		most = max(most, k)
	}
	for _, kid := range kids {
		k, isTree := greatestKey(u, kid, depth+1)
		if !isTree {
			return 0, false
		}
		most = max(most, k)
	}
	return most, true
}

// FreshTagger makes a structure tree; finish returns its root.
func FreshTagger(u *pdf.Update) *Tagger {
	root := u.Alloc()
	return &Tagger{u: u, Root: root, doc: root, fresh: true}
}

// Enter begins marked content of t. Nothing is tagged on a canvas without a tagger.
func (c *Canvas) Enter(t *Tag) {
	if c.Tags == nil {
		return
	}
	if len(c.marked) == 0 {
		c.key = c.Tags.next
		c.Tags.next++
		c.Tags.drawn = append(c.Tags.drawn, c)
	}
	t.items = append(t.items, mark{c, len(c.marked)})
	c.Content = append(c.Content, '/')
	c.Content = append(c.Content, t.Kind...)
	c.Content = append(append(append(c.Content, " <</MCID "...), Num(float64(len(c.marked)))...), ">> BDC\n"...)
	c.marked, c.inside = append(c.marked, pdf.Ref{}), true
}

// Leave ends marked content.
func (c *Canvas) Leave() {
	if c.inside {
		c.Content, c.inside = append(c.Content, "EMC\n"...), false
	}
}

// artifact draws what is no part of the text: rules, grounds, running heads (§14.8.2.2).
func (c *Canvas) artifact(draw func()) {
	outside := c.Tags != nil && !c.inside
	if outside {
		c.Content = append(c.Content, "/Artifact BMC\n"...)
	}
	draw()
	if outside {
		c.Content = append(c.Content, "EMC\n"...)
	}
}

// Alt gives a tag its /Alt (ISO 32000-2 §14.9.3): what a picture shows.
func Alt(text string) func(*Tag) { return func(t *Tag) { t.alt = text } }

// Says gives a tag its /ActualText (§14.9.4) where the text reads from right to left.
func Says(text string) func(*Tag) {
	return func(t *Tag) {
		if slices.ContainsFunc(font.VisualRuns([]rune(text)), func(r font.BidiRun) bool { return r.Level > 0 }) {
			t.says = text
		}
	}
}

// Tagged draws under an element of its own.
func (c *Canvas) Tagged(parent *Tag, kind pdf.Name, what func(*Tag), draw func() error) error {
	if c.Tags == nil || c.inside {
		return draw()
	}
	t := parent.Below(kind)
	what(t)
	c.Enter(t)
	defer c.Leave()
	return draw()
}

// write writes the elements of t below parent.
func (t *Tagger) write(of *Tag, parent pdf.Ref) pdf.Ref {
	ref := t.u.Alloc()
	elem := pdf.Dict{"Type": pdf.Name("StructElem"), "S": of.Kind, "P": parent}
	if of.alt != "" {
		elem["Alt"] = pdf.TextString(of.alt)
	}
	if of.says != "" {
		elem["ActualText"] = pdf.TextString(of.says)
	}
	var kids pdf.Array
	for _, item := range of.items {
		switch item := item.(type) {
		case *Tag:
			if len(item.items) > 0 {
				kids = append(kids, t.write(item, ref))
			}
		case mark:
			m := pdf.Dict{"Type": pdf.Name("MCR"), "Pg": item.on.ShownOn, "MCID": int64(item.id)}
			if item.on.stream != (pdf.Ref{}) {
				m["Stm"] = item.on.stream
			}
			item.on.marked[item.id] = ref
			kids = append(kids, m)
		}
	}
	elem["K"] = kids
	t.u.Put(ref, elem)
	return ref
}

// Add writes top below the document's element; the canvases know by now where they are.
func (t *Tagger) Add(top *Tag) {
	if t != nil && len(top.items) > 0 {
		t.topped = append(t.topped, t.write(top, t.doc))
	}
}

// Finish writes what has come to the tree.
func (t *Tagger) Finish() error {
	if t == nil || len(t.topped) == 0 {
		return nil
	}
	slices.SortFunc(t.drawn, func(a, b *Canvas) int { return int(a.key - b.key) })
	var nums pdf.Array
	for _, c := range t.drawn {
		elems := make(pdf.Array, len(c.marked))
		for i, ref := range c.marked {
			elems[i] = ref
		}
		nums = append(nums, c.key, t.u.Add(elems))
	}
	if t.fresh {
		t.u.Put(t.Root, pdf.Dict{
			"Type": pdf.Name("StructTreeRoot"), "K": t.topped, "ParentTree": pdf.Dict{"Nums": nums}, "ParentTreeNextKey": t.next,
		})
		return nil
	}
	_, err := t.u.Edit(t.doc, func(d pdf.Dict) error { return t.grow(d) })
	if err != nil {
		return err
	}
	_, err = t.u.Edit(t.Root, func(root pdf.Dict) (err error) {
		root["ParentTreeNextKey"] = t.next
		root["ParentTree"], err = t.u.Edit(root["ParentTree"], func(tree pdf.Dict) error {
			if tree["Kids"] == nil {
				return t.u.AppendTo(tree, "Nums", nums...)
			}
			leaf := pdf.Dict{"Limits": pdf.Array{nums[0], nums[len(nums)-2]}, "Nums": nums}
			return t.u.AppendTo(tree, "Kids", t.u.Add(leaf))
		})
		return err
	})
	return err
}

// grow appends the new elements to the kids of an element, which may have none or a single one.
func (t *Tagger) grow(d pdf.Dict) error {
	kids, err := t.u.Resolve(d["K"])
	if err != nil {
		return err
	}
	if _, isArray := kids.(pdf.Array); !isArray && kids != nil {
		d["K"] = pdf.Array{d["K"]}
	}
	return t.u.AppendTo(d, "K", t.topped...)
}
