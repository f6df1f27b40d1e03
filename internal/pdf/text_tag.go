package pdf

import "slices"

// A tag is a structure element to be (ISO 32000-2 §14.7): what is drawn while it is open, and elements below it, in the
// order of reading.
type tag struct {
	kind  Name   // a standard structure type (§14.8.4), such as P
	alt   string // what a picture shows (§14.9.3)
	says  string // what stands there in the order of reading (§14.9.4), where shapes stand in another
	items []any  // *tag or mark
}

// mark is a piece of marked content on a canvas.
type mark struct {
	on *canvas
	id int
}

// below adds an element.
func (t *tag) below(kind Name) *tag {
	k := &tag{kind: kind}
	t.items = append(t.items, k)
	return k
}

// tagger extends the structure tree of a tagged file, or makes one.
type tagger struct {
	u      *Update
	root   Ref
	fresh  bool
	next   int64 // next key of the parent tree
	drawn  []*canvas
	Doc    Ref // the element that new ones go below
	topped Array
}

// newTagger returns nil for a file that is not tagged, or whose structure is odd: what is drawn there stays untagged.
func newTagger(u *Update) *tagger {
	catalog, err := u.d.Catalog()
	if err != nil {
		return nil
	}
	info, err := u.Dict(catalog["MarkInfo"])
	root, isRef := catalog["StructTreeRoot"].(Ref)
	if err != nil || info["Marked"] != true || !isRef {
		return nil
	}
	dict, err := u.Dict(root)
	if err != nil || dict == nil {
		return nil
	}
	t := &tagger{u: u, root: root, Doc: root}
	if t.next, isRef = u.d.Int(dict["ParentTreeNextKey"]); !isRef {
		if t.next, isRef = u.greatestKey(dict["ParentTree"], 0); !isRef {
			return nil
		}
		t.next++
	}
	first := dict["K"]
	if a, err := u.Array(first); err == nil && len(a) > 0 {
		first = a[0]
	}
	if ref, ok := first.(Ref); ok {
		if e, err := u.Dict(ref); err == nil && e["S"] == Name("Document") {
			t.Doc = ref
		}
	}
	return t
}

// greatestKey walks a number tree (§7.9.7); -1 when it is empty.
func (u *Update) greatestKey(o Object, depth int) (most int64, ok bool) {
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
		k, isInt := u.d.Int(nums[i])
		if !isInt {
			return 0, false
		}
		most = max(most, k)
	}
	for _, kid := range kids {
		k, isTree := u.greatestKey(kid, depth+1)
		if !isTree {
			return 0, false
		}
		most = max(most, k)
	}
	return most, true
}

// freshTagger makes a structure tree; finish returns its root.
func freshTagger(u *Update) *tagger {
	root := u.Alloc()
	return &tagger{u: u, root: root, Doc: root, fresh: true}
}

// enter begins marked content of t. Nothing is tagged on a canvas without a tagger.
func (c *canvas) enter(t *tag) {
	if c.tags == nil {
		return
	}
	if len(c.marked) == 0 {
		c.key = c.tags.next
		c.tags.next++
		c.tags.drawn = append(c.tags.drawn, c)
	}
	t.items = append(t.items, mark{c, len(c.marked)})
	c.content = append(c.content, '/')
	c.content = append(c.content, t.kind...)
	c.content = append(append(append(c.content, " <</MCID "...), num(float64(len(c.marked)))...), ">> BDC\n"...)
	c.marked, c.inside = append(c.marked, Ref{}), true
}

// leave ends marked content.
func (c *canvas) leave() {
	if c.inside {
		c.content, c.inside = append(c.content, "EMC\n"...), false
	}
}

// artifact draws what is no part of the text: rules, grounds, running heads (§14.8.2.2).
func (c *canvas) artifact(draw func()) {
	outside := c.tags != nil && !c.inside
	if outside {
		c.content = append(c.content, "/Artifact BMC\n"...)
	}
	draw()
	if outside {
		c.content = append(c.content, "EMC\n"...)
	}
}

// alt and says give an element what a picture shows, and what a text says that reads from right to left.
func alt(text string) func(*tag) { return func(t *tag) { t.alt = text } }

func says(text string) func(*tag) {
	return func(t *tag) {
		if slices.ContainsFunc(visualRuns([]rune(text)), func(r bidiRun) bool { return r.level > 0 }) {
			t.says = text
		}
	}
}

// tagged draws under an element of its own.
func (c *canvas) tagged(parent *tag, kind Name, what func(*tag), draw func() error) error {
	if c.tags == nil || c.inside {
		return draw()
	}
	t := parent.below(kind)
	what(t)
	c.enter(t)
	defer c.leave()
	return draw()
}

// write writes the elements of t below parent.
func (t *tagger) write(of *tag, parent Ref) Ref {
	ref := t.u.Alloc()
	elem := Dict{"Type": Name("StructElem"), "S": of.kind, "P": parent}
	if of.alt != "" {
		elem["Alt"] = TextString(of.alt)
	}
	if of.says != "" {
		elem["ActualText"] = TextString(of.says)
	}
	var kids Array
	for _, item := range of.items {
		switch item := item.(type) {
		case *tag:
			if len(item.items) > 0 {
				kids = append(kids, t.write(item, ref))
			}
		case mark:
			m := Dict{"Type": Name("MCR"), "Pg": item.on.shownOn, "MCID": int64(item.id)}
			if item.on.stream != (Ref{}) {
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

// add writes top below the document's element; the canvases know by now where they are.
func (t *tagger) add(top *tag) {
	if t != nil && len(top.items) > 0 {
		t.topped = append(t.topped, t.write(top, t.Doc))
	}
}

// finish writes what has come to the tree.
func (t *tagger) finish() error {
	if t == nil || len(t.topped) == 0 {
		return nil
	}
	slices.SortFunc(t.drawn, func(a, b *canvas) int { return int(a.key - b.key) })
	var nums Array
	for _, c := range t.drawn {
		elems := make(Array, len(c.marked))
		for i, ref := range c.marked {
			elems[i] = ref
		}
		nums = append(nums, c.key, t.u.Add(elems))
	}
	if t.fresh {
		t.u.Put(t.root, Dict{
			"Type": Name("StructTreeRoot"), "K": t.topped, "ParentTree": Dict{"Nums": nums}, "ParentTreeNextKey": t.next,
		})
		return nil
	}
	_, err := t.u.Edit(t.Doc, func(d Dict) error { return t.grow(d) })
	if err != nil {
		return err
	}
	_, err = t.u.Edit(t.root, func(root Dict) (err error) {
		root["ParentTreeNextKey"] = t.next
		root["ParentTree"], err = t.u.Edit(root["ParentTree"], func(tree Dict) error {
			if tree["Kids"] == nil {
				return t.u.AppendTo(tree, "Nums", nums...)
			}
			leaf := Dict{"Limits": Array{nums[0], nums[len(nums)-2]}, "Nums": nums}
			return t.u.AppendTo(tree, "Kids", t.u.Add(leaf))
		})
		return err
	})
	return err
}

// grow appends the new elements to the kids of an element, which may have none or a single one.
func (t *tagger) grow(d Dict) error {
	kids, err := t.u.Resolve(d["K"])
	if err != nil {
		return err
	}
	if _, isArray := kids.(Array); !isArray && kids != nil {
		d["K"] = Array{d["K"]}
	}
	return t.u.AppendTo(d, "K", t.topped...)
}
