package revision

import (
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
)

// structureKeys are the entries that a new structure element may have (ISO 32000-2 §14.7.2).
var structureKeys = []pdf.Name{"Type", "S", "P", "K", "Pg", "ID", "T", "Lang", "Alt", "TU", "NS"}

// maxStructure bounds the elements and tree nodes that are looked at.
const maxStructure = 200_000

// structureGrowth judges what came to the structure of a tagged file: elements for new widgets of signature fields, and
// nothing about what was there.
type structureGrowth struct {
	*comparison
	seen  map[pdf.Ref]bool
	steps int
}

func (c *comparison) structure(was, is pdf.Object) error {
	if was == nil && is == nil {
		return nil
	}
	ref, ok := was.(pdf.Ref)
	if !ok || !pdf.Equal(was, is) {
		c.refuse("/StructTreeRoot of the catalog was changed")
		return nil
	}
	old, err := c.old.Dict(was)
	if err != nil {
		return err
	}
	now, err := c.new.Dict(is)
	if err != nil {
		return err
	}
	g := &structureGrowth{comparison: c, seen: map[pdf.Ref]bool{}}
	if !c.changed[ref.Num] && !g.reaches(old) {
		return nil
	}
	for _, k := range differing(old, now, "K", "ParentTree", "ParentTreeNextKey") {
		c.refuse("/%s of the structure was changed", k)
	}
	if c.changed[ref.Num] {
		c.judge(ref)
	}
	if next, _ := c.old.Int(old["ParentTreeNextKey"]); !pdf.Equal(old["ParentTreeNextKey"], now["ParentTreeNextKey"]) {
		if n, ok := c.new.Int(now["ParentTreeNextKey"]); !ok || n < next {
			c.refuse("/ParentTreeNextKey of the structure was changed")
		}
	}
	if err := g.children(old["K"], now["K"], ref); err != nil {
		return err
	}
	return g.parentTree(old["ParentTree"], now["ParentTree"])
}

// reaches reports whether the parent tree, or the element at the root, was changed.
func (g *structureGrowth) reaches(root pdf.Dict) bool {
	kids, err := g.old.Array(root["K"])
	if err != nil || kids == nil {
		kids = pdf.Array{root["K"]}
	}
	return slices.ContainsFunc(append(pdf.Array{root["ParentTree"], root["K"]}, kids...), func(o pdf.Object) bool {
		ref, _ := o.(pdf.Ref)
		return g.changed[ref.Num]
	})
}

func (g *structureGrowth) step() error {
	if g.steps++; g.steps > maxStructure {
		return &pdf.Refusal{Reason: pdf.ReasonTooManyObjects, Detail: "structure elements"}
	}
	return nil
}

// kidsOf returns /K of an element as a list.
func kidsOf(d *pdf.Document, o pdf.Object) (pdf.Array, error) {
	direct, err := d.Resolve(o)
	if a, ok := direct.(pdf.Array); ok || err != nil || direct == nil {
		return a, err
	}
	return pdf.Array{o}, nil
}

// children judges /K of an element that was there: its children stay in their order, new elements may come.
func (g *structureGrowth) children(was, is pdf.Object, parent pdf.Ref) error {
	before, err := kidsOf(g.old, was)
	if err != nil {
		return err
	}
	after, err := kidsOf(g.new, is)
	if err != nil {
		return err
	}
	if ref, ok := was.(pdf.Ref); ok {
		if a, err := g.old.Resolve(ref); err == nil {
			if _, list := a.(pdf.Array); list {
				g.explain(ref, "the children of a structure element", 1)
			}
		}
	}
	at := 0
	for _, o := range after {
		if at < len(before) && pdf.Equal(o, before[at]) {
			at++
			if err := g.element(o); err != nil {
				return err
			}
			continue
		}
		if err := g.newElement(o, parent, 0); err != nil {
			return err
		}
	}
	if at < len(before) {
		g.refuse("a structure element was removed or moved")
	}
	return nil
}

// element judges an element that was there. Only changed ones, and the way to them, are looked at.
func (g *structureGrowth) element(o pdf.Object) error {
	ref, ok := o.(pdf.Ref)
	if !ok || g.seen[ref] {
		return nil
	}
	g.seen[ref] = true
	if err := g.step(); err != nil {
		return err
	}
	old, err := g.old.Dict(o)
	if err != nil || old == nil || old["S"] == nil {
		return nil // content, or what readers pass over
	}
	if !g.changed[ref.Num] {
		return g.children(old["K"], old["K"], ref)
	}
	now, err := g.new.Dict(o)
	if err != nil {
		return err
	}
	g.judge(ref)
	for _, k := range differing(old, now, "K") {
		g.refuse("/%s of a structure element was changed", k)
	}
	return g.children(old["K"], now["K"], ref)
}

// newElement judges a new element: it is about nothing but new widgets, and stands below parent.
func (g *structureGrowth) newElement(o pdf.Object, parent pdf.Ref, depth int) error {
	if err := g.step(); err != nil {
		return err
	}
	ref, ok := o.(pdf.Ref)
	direct, err := g.new.Resolve(o)
	if err != nil {
		return err
	}
	d, _ := direct.(pdf.Dict)
	if depth > g.old.Limits().Depth || !ok || d == nil || g.isOld(ref) || g.new.Name(d["S"]) == "" ||
		d["P"] != pdf.Object(parent) {
		g.refuse("the structure was changed by something else than an element for a new signature")
		return nil
	}
	for k := range d {
		if !slices.Contains(structureKeys, k) {
			g.refuse("a structure element was added with /%s", k)
		}
	}
	g.seen[ref] = true
	kids, err := kidsOf(g.new, d["K"])
	if err != nil {
		return err
	}
	for _, k := range kids {
		direct, err := g.new.Resolve(k)
		if err != nil {
			return err
		}
		kid, _ := direct.(pdf.Dict)
		if g.new.Name(kid["Type"]) != "OBJR" {
			if err := g.newElement(k, ref, depth+1); err != nil {
				return err
			}
			continue
		}
		if widget, ok := kid["Obj"].(pdf.Ref); !ok || !g.added[widget] || len(kid.Without("Type", "Obj", "Pg")) > 0 {
			g.refuse("a structure element was added for something else than a new signature")
		}
	}
	return nil
}

// parentTree judges the number tree that leads from annotations and pages to elements (§14.7.5.4): its entries stay,
// and new ones lead to new elements.
func (g *structureGrowth) parentTree(was, is pdf.Object) error {
	before, err := g.numbers(g.old, was, 0)
	if err != nil {
		return err
	}
	after, err := g.numbers(g.new, is, 0)
	if err != nil {
		return err
	}
	for k, o := range before {
		if !pdf.Equal(after[k], o) {
			g.refuse("entry %d of the structure's parent tree was changed", k)
		}
	}
	for k, o := range after {
		if _, ok := before[k]; ok {
			continue
		}
		if ref, ok := o.(pdf.Ref); !ok || g.isOld(ref) || !g.seen[ref] {
			g.refuse("entry %d of the structure's parent tree leads to something else than an element for a new signature", k)
		}
	}
	return nil
}

// numbers flattens a number tree (§7.9.7). Of the old one, changed nodes are marked as judged.
func (g *structureGrowth) numbers(d *pdf.Document, o pdf.Object, depth int) (map[int64]pdf.Object, error) {
	if depth > d.Limits().Depth {
		return nil, &pdf.Refusal{Reason: pdf.ReasonTooDeep, Detail: "the structure's parent tree"}
	}
	node, err := d.Dict(o)
	if err != nil {
		return nil, err
	}
	if d == g.old {
		g.explain(o, "the parent tree", 1)
		g.explain(node["Nums"], "the parent tree", 1)
		g.explain(node["Kids"], "the parent tree", 1)
	}
	out := map[int64]pdf.Object{}
	nums, err := d.Array(node["Nums"])
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(nums); i += 2 {
		if err := g.step(); err != nil {
			return nil, err
		}
		k, ok := d.Int(nums[i])
		if _, twice := out[k]; !ok || twice {
			return nil, pdf.Damaged(fmt.Sprintf("entry %d of a number tree", i/2))
		}
		out[k] = nums[i+1]
	}
	kids, err := d.Array(node["Kids"])
	if err != nil {
		return nil, err
	}
	for _, kid := range kids {
		if err := g.step(); err != nil {
			return nil, err
		}
		more, err := g.numbers(d, kid, depth+1)
		if err != nil {
			return nil, err
		}
		for k, o := range more {
			if _, twice := out[k]; twice {
				return nil, pdf.Damaged("a number tree names a number twice")
			}
			out[k] = o
		}
	}
	return out, nil
}
