package revision

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/ambiguity"
)

// A Change is one thing that later revisions did to a signed one.
type Change struct {
	Text string
	Kind ChangeKind
	// Validation says that validation material was added, which even a certification without changes allows.
	Validation bool
	// Signature is the object number of the signature that was added; 0 for other changes.
	Signature int
	// Field is the full name of the form field that was filled in, or in which a signature came.
	Field string
	// Added says that Field is new.
	Added bool
}

// ChangeKind says what a change means for what the signed revision shows or does.
type ChangeKind int

const (
	ChangeSuspicious ChangeKind = iota // it may alter that
	ChangeFilled                       // a form field has another value, or another look in its own rectangle
	ChangePermitted                    // it cannot: validation material, metadata, signatures
)

// ChangesSince compares d with one of its earlier revisions, a document opened from a prefix of d, and names what
// changed.
//
// The comparison starts from a whitelist: /DSS, new signature fields and signatures in fields that were there,
// metadata; form fields filled in are named with their old and new values. Every other object that differs is reported
// and not permitted, and so is whatever common readers might treat differently: objects outside the cross-reference
// data, objects supplied for dangling references, objects with a permitted role that also play another one (shadow
// attacks).
func ChangesSince(d *pdf.Document, old *pdf.Document) ([]Change, error) {
	return ChangesWithin(d, old, &Effort{})
}

// An Effort bounds what several comparisons look at on pages together. The zero value is fresh.
type Effort struct{ operators, decoded int }

// spent reports whether no more is looked at.
func (e *Effort) spent() bool { return e.operators > maxInkOperators || e.decoded > maxInkDecoded }

// ChangesWithin is [ChangesSince] as one of several comparisons.
func ChangesWithin(d *pdf.Document, old *pdf.Document, e *Effort) (_ []Change, err error) {
	defer pdf.Guard(&err)
	c := &comparison{
		effort: e, old: old, new: d, explained: map[int]bool{}, added: map[pdf.Ref]bool{}, filled: map[int]string{},
		grownOnce: map[pdf.Ref]bool{},
	}
	if !bytes.Equal(d.Raw()[:len(old.Raw())], old.Raw()) {
		return nil, errors.New("pdf: not a revision of this document")
	}
	if tail := d.Raw()[len(old.Raw()):]; len(bytes.TrimRight(tail, " \r\n\t\f\x00")) == 0 {
		if len(tail) > ambiguity.MaxSpace {
			c.refuse("so much white space was appended that not all readers find the end of the file")
		}
		return c.changes, nil
	}
	if d.Repaired() || old.Repaired() || d.Encrypted() || old.Encrypted() {
		return nil,
			&pdf.Refusal{Reason: pdf.ReasonUnsupported, Detail: "revisions of damaged or encrypted files are not compared"}
	}
	n := len(d.Sections()) - len(old.Sections())
	if n < 0 || !slices.EqualFunc(d.Sections()[n:], old.Sections(), func(a, b pdf.Section) bool {
		return a.Offset == b.Offset
	}) {
		c.refuse("the later cross-reference data does not build on the signed revision")
		return c.changes, nil
	}
	if detail := ambiguity.TailProblem(d, int64(len(old.Raw())), d.Sections()[:n]); detail != "" {
		c.refuse("%s", detail)
	}
	if err := c.run(); err != nil {
		return c.changes, err
	}
	if len(c.changes) == 0 {
		c.changes = []Change{
			{Text: "a revision was added in which nothing that is shown was changed", Kind: ChangePermitted, Validation: true},
		}
	}
	return c.changes, nil
}

type comparison struct {
	old, new  *pdf.Document
	changes   []Change
	explained map[int]bool     // changed objects whose change was judged
	added     map[pdf.Ref]bool // new signature fields, and their widgets
	shown     []shown          // what they show
	grownOnce map[pdf.Ref]bool // fields with children that were looked at
	effort    *Effort
	uses      map[int]int  // how often the old revision refers to an object
	dangling  map[int]bool // what it refers to without having it; not all readers look at generations
	changed   map[int]bool // objects of the old revision that are read from another place

	filled      map[int]string // changed objects of form fields, with the name of the field
	appearances int            // looked at so far
}

func (c *comparison) refuse(format string, args ...any) {
	c.changes = append(c.changes, Change{Text: fmt.Sprintf(format, args...)})
}

func (c *comparison) permit(format string, args ...any) {
	c.changes = append(c.changes, Change{Text: fmt.Sprintf(format, args...), Kind: ChangePermitted})
}

func (c *comparison) run() error {
	if err := c.survey(); err != nil {
		return err
	}
	for _, step := range []func() error{
		c.catalog, c.info, c.signedFields, c.pages, c.covering, c.fillings, c.rest, c.supplied,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// explain marks an indirect object whose change was judged in one role, which must be its only one.
func (c *comparison) explain(o pdf.Object, role string, uses int) {
	ref, ok := o.(pdf.Ref)
	if !ok || !c.changed[ref.Num] {
		return
	}
	c.judge(ref)
	if c.uses[ref.Num] > uses {
		c.refuse("object %d is %s and something else, and was changed", ref.Num, role)
	}
}

// judge takes a changed object out of [comparison.rest]; it must at least have stayed the same kind of object.
func (c *comparison) judge(ref pdf.Ref) {
	c.explained[ref.Num] = true
	was, err1 := c.old.Resolve(ref)
	is, err2 := c.new.Resolve(ref)
	if err1 != nil || err2 != nil || fmt.Sprintf("%T", was) != fmt.Sprintf("%T", is) {
		c.refuse("object %d became another kind of object", ref.Num)
	}
}

// isOld reports whether ref names an object that the old revision has.
func (c *comparison) isOld(ref pdf.Ref) bool {
	return c.old.Entry(ref.Num).Kind != pdf.KindFree
}

// differing returns the keys under which two dictionaries differ, except the ones given.
func differing(a, b pdf.Dict, except ...pdf.Name) []pdf.Name {
	var out []pdf.Name
	for k := range a {
		if !pdf.Equal(a[k], b[k]) && !slices.Contains(except, k) {
			out = append(out, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok && !slices.Contains(except, k) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func (c *comparison) catalog() error {
	if moved := c.old.Root() != c.new.Root(); moved && c.isOld(c.new.Root()) {
		c.refuse("the catalog was replaced by another object")
		return nil
	}
	was, err := c.old.Catalog()
	if err != nil {
		return err
	}
	is, err := c.new.Catalog()
	if err != nil {
		return err
	}
	for _, k := range differing(was, is, "AcroForm", "DSS", "Extensions", "Version", "Metadata", "StructTreeRoot") {
		c.refuse("/%s of the catalog was changed", k)
	}
	if !pdf.Equal(was["Version"], is["Version"]) &&
		rank(c.new, is["Version"]) < max(rank(c.old, was["Version"]), headerRank(c.old)) {
		c.refuse("/Version of the catalog names an earlier version")
	}
	for _, k := range []pdf.Name{"Version", "Extensions"} { // what the features of later revisions ask for (§7.2.2, §7.12)
		if !pdf.Equal(was[k], is[k]) {
			c.changes = append(
				c.changes, Change{Text: fmt.Sprintf("/%s of the catalog was changed", k), Kind: ChangePermitted, Validation: true},
			)
		}
	}
	c.explain(c.old.Root(), "the catalog", 0)
	if err := c.form(was["AcroForm"], is["AcroForm"]); err != nil {
		return err
	}
	if err := c.structure(was["StructTreeRoot"], is["StructTreeRoot"]); err != nil {
		return err
	}
	if err := c.metadata(was["Metadata"], is["Metadata"]); err != nil {
		return err
	}
	return c.validation(was["DSS"], is["DSS"])
}

// versions are those of PDF, in order (§7.5.2).
var versions = []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "2.0"}

// rank returns the place of /Version of a catalog among [versions], -1 when it is none of them.
func rank(d *pdf.Document, o pdf.Object) int { return slices.Index(versions, string(d.Name(o))) }

// headerRank is rank for the header of the file.
func headerRank(d *pdf.Document) int {
	_, after, _ := bytes.Cut(d.Raw()[:min(len(d.Raw()), 1024)], []byte("%PDF-"))
	return slices.Index(versions, string(after[:min(len(after), len("1.7"))]))
}

// invisible reports whether a widget shows nothing: no area, or hidden from screen and print.
func (c *comparison) invisible(f pdf.Dict) bool {
	if flags, ok := c.new.Int(f["F"]); ok && flags&pdf.FlagHidden != 0 {
		return true
	}
	a, err := c.new.Array(f["Rect"])
	if err != nil || len(a) != 4 {
		return err == nil && f["Rect"] == nil && f["Subtype"] == nil
	}
	var v [4]float64
	for i := range v {
		n, ok := c.new.Number(a[i])
		if !ok {
			return false
		}
		v[i] = n
	}
	return v[0] == v[2] && v[1] == v[3]
}
