package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
)

// An Update collects objects to be appended to a document as one incremental update. Objects are written, and streams
// copied, only by [Update.Close]; until then a later [Update.Put] of the same object replaces the earlier one.
type Update struct {
	d       *Document
	objects map[int]Object
	gens    map[int]int
	next    int
	offsets map[int]int64
	closed  bool
}

// Update begins an incremental update. It fails with a [*Refusal] whose Detail is [BlockEncrypted] or [BlockDamaged]
// when the file is encrypted or damaged. Certification, locks and usage rights are for the caller to respect.
func (d *Document) Update() (_ *Update, err error) {
	defer Guard(&err)
	switch {
	case d.Encrypted():
		return nil, &Refusal{Reason: ReasonUnsupported, Detail: BlockEncrypted}
	case !d.Sound():
		return nil, &Refusal{Reason: ReasonDamaged, Detail: BlockDamaged}
	}
	return &Update{d: d, objects: map[int]Object{}, gens: map[int]int{}, next: d.size, offsets: map[int]int64{}}, nil
}

// Sound reports whether every cross-reference entry points at the object it names, so that readers which trust the
// entries and readers which search agree on the file that is about to be extended.
func (d *Document) Sound() bool {
	if d.repaired || len(d.sections) == 0 {
		return false
	}
	for n, e := range d.xref.all() {
		if e.Kind == KindPlain {
			p := d.ParserAt(e.Offset)
			found := p.Header(n, e.Gen)
			if d.work += max(0, int64(p.Pos)-e.Offset); !found || d.exhausted() != nil {
				return false
			}
		}
	}
	return true
}

// Document returns the document that is being extended.
func (u *Update) Document() *Document { return u.d }

// Alloc reserves the number of a new object.
func (u *Update) Alloc() Ref {
	u.next++
	return Ref{Num: u.next - 1}
}

// Put sets the object that ref names: a new one from [Update.Alloc] or one of the document, which it replaces.
// o must not be changed afterwards.
func (u *Update) Put(ref Ref, o Object) {
	u.objects[ref.Num], u.gens[ref.Num] = o, ref.Gen
}

// Add puts o under a new number.
func (u *Update) Add(o Object) Ref {
	ref := u.Alloc()
	u.Put(ref, o)
	return ref
}

// AddStream adds a stream with the given dictionary, to which /Length is added. data is kept as it is: a caller that
// compressed it says so in /Filter; [Deflate] does both. data must not be changed before Close.
func (u *Update) AddStream(dict Dict, data []byte) Ref {
	return u.Add(&Stream{Dict: dict, Raw: data})
}

// Resolve is [Document.Resolve] with the pending objects of the update before those of the document.
func (u *Update) Resolve(o Object) (Object, error) {
	for range 32 {
		ref, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		p, pending := u.objects[ref.Num]
		if !pending {
			return u.d.Resolve(ref)
		}
		if u.gens[ref.Num] != ref.Gen {
			return nil, nil
		}
		o = p
	}
	return nil, Damaged("references in a circle")
}

// Dict resolves o as a dictionary through the update; nil when it is null.
func (u *Update) Dict(o Object) (Dict, error) {
	o, err := u.Resolve(o)
	if err != nil {
		return nil, err
	}
	return u.d.Dict(o)
}

// Array resolves o as an array through the update; nil when it is null.
func (u *Update) Array(o Object) (Array, error) {
	o, err := u.Resolve(o)
	if err != nil {
		return nil, err
	}
	return u.d.Array(o)
}

// Edit resolves o, which is a reference or a direct dictionary within a parent, hands a copy of it to change, and puts
// the changed dictionary back where it stood. For a reference it returns o itself, for a direct or missing dictionary
// the changed one, for the caller to store in the parent.
func (u *Update) Edit(o Object, change func(Dict) error) (Object, error) {
	dict, err := u.Dict(o)
	if err != nil {
		return nil, err
	}
	dict = dict.Clone()
	if err := change(dict); err != nil {
		return nil, err
	}
	if ref, ok := o.(Ref); ok {
		u.Put(ref, dict)
		return ref, nil
	}
	return dict, nil
}

// EditCatalog changes the document catalog.
func (u *Update) EditCatalog(change func(Dict) error) error {
	_, err := u.Edit(u.d.Root(), change)
	return err
}

// AppendTo appends items to the array under key of parent, an own copy that the caller stores. The grown array is
// always written into parent: an indirect array may be shared with another object, which must not change with it.
func (u *Update) AppendTo(parent Dict, key Name, items ...Object) error {
	old, err := u.Array(parent[key])
	if err != nil {
		return err
	}
	parent[key] = append(old.Clone(), items...)
	return nil
}

// AppendPage adds a page at the end of the page tree and returns its reference. /Type and /Parent are set here, and
// attributes that the tree's root would hand down are shut off. dict needs /MediaBox.
func (u *Update) AppendPage(dict Dict) (Ref, error) {
	if dict["MediaBox"] == nil {
		return Ref{}, fmt.Errorf("pdf: a new page needs a MediaBox")
	}
	root, err := u.d.PagesRoot()
	if err != nil {
		return Ref{}, err
	}
	page := dict.Clone()
	page["Type"], page["Parent"] = Name("Page"), root
	if page["Resources"] == nil {
		page["Resources"] = Dict{}
	}
	if page["CropBox"] == nil {
		page["CropBox"] = page["MediaBox"]
	}
	if page["Rotate"] == nil {
		page["Rotate"] = int64(0)
	}
	ref := u.Add(page)
	_, err = u.Edit(root, func(node Dict) error {
		if node["Kids"] == nil {
			return Damaged("the page tree is a single page")
		}
		count, ok := u.d.Int(node["Count"])
		if !ok {
			return Damaged("the page tree has no count")
		}
		node["Count"] = count + 1
		return u.AppendTo(node, "Kids", ref)
	})
	return ref, err
}

// Close writes the update and returns the bytes to append to the file. The cross-reference section is of the same kind
// as the file's last one (§7.5.8.4 lets hybrid files go on with tables). /ID keeps its first half; the second is
// derived from the appended bytes (§14.4).
func (u *Update) Close() (_ []byte, err error) {
	defer Guard(&err)
	if u.closed {
		return nil, fmt.Errorf("pdf: the update is closed")
	}
	u.closed = true
	w := &writer{base: int64(len(u.d.raw))}
	if n := len(u.d.raw); n > 0 && u.d.raw[n-1] != '\n' {
		w.b = append(w.b, '\n')
	}
	for _, n := range u.numbers() {
		u.offsets[n] = w.pos()
		w.b = fmt.Appendf(w.b, "%d %d obj\n", n, u.gens[n])
		w.b = append(Append(w.b, u.objects[n]), "\nendobj\n"...)
	}
	trailer := Dict{"Root": u.d.trailer["Root"], "Prev": u.d.sections[0].Offset, "ID": u.id(w.b)}
	if info, ok := u.d.trailer["Info"].(Ref); ok {
		trailer["Info"] = info
	}
	if u.d.sections[0].stream {
		u.writeStream(w, trailer)
	} else {
		u.writeTable(w, trailer)
	}
	return w.b, nil
}

// Offset returns where an object of a closed update stands in the new file.
func (u *Update) Offset(ref Ref) int64 { return u.offsets[ref.Num] }

type writer struct {
	base int64
	b    []byte
}

func (w *writer) pos() int64 { return w.base + int64(len(w.b)) }

func (u *Update) numbers() []int {
	nums := make([]int, 0, len(u.objects))
	for n := range u.objects {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	return nums
}

// id returns the trailer's /ID: the first half identifies the document for ever, the second this state of it.
func (u *Update) id(appended []byte) Array {
	h := sha256.New()
	old, _ := u.d.Array(u.d.trailer["ID"])
	h.Write(Append(nil, old))
	fmt.Fprintf(h, " %d ", len(u.d.raw))
	h.Write(appended)
	now := String(h.Sum(nil)[:16])
	if len(old) == 2 {
		if first, ok := old[0].(String); ok {
			return Array{first, now}
		}
	}
	return Array{now, now}
}

func (u *Update) writeTable(w *writer, trailer Dict) {
	start := w.pos()
	w.b = append(w.b, "xref\n"...)
	nums := u.numbers()
	for i := 0; i < len(nums); {
		j := i + 1
		for j < len(nums) && nums[j] == nums[j-1]+1 {
			j++
		}
		w.b = fmt.Appendf(w.b, "%d %d\n", nums[i], j-i)
		for ; i < j; i++ {
			w.b = fmt.Appendf(w.b, "%010d %05d n\r\n", u.offsets[nums[i]], u.gens[nums[i]])
		}
	}
	trailer["Size"] = int64(u.next)
	w.b = append(Append(append(w.b, "trailer\n"...), trailer), '\n')
	w.end(start)
}

func (u *Update) writeStream(w *writer, trailer Dict) {
	ref, start := u.Alloc(), w.pos()
	u.objects[ref.Num], u.offsets[ref.Num] = nil, start
	var rows bytes.Buffer
	var index Array
	for _, n := range u.numbers() {
		o := u.offsets[n]
		rows.Write(
			[]byte{1, byte(o >> 32), byte(o >> 24), byte(o >> 16), byte(o >> 8), byte(o), byte(u.gens[n] >> 8), byte(u.gens[n])},
		)
		if k := len(index); k > 0 && index[k-2].(int64)+index[k-1].(int64) == int64(n) {
			index[k-1] = index[k-1].(int64) + 1
			continue
		}
		index = append(index, int64(n), int64(1))
	}
	trailer["Type"], trailer["W"], trailer["Index"] = Name("XRef"), Array{int64(1), int64(5), int64(2)}, index
	trailer["Size"] = int64(u.next)
	w.b = fmt.Appendf(w.b, "%d 0 obj\n", ref.Num)
	w.b = append(Append(w.b, &Stream{Dict: trailer, Raw: rows.Bytes()}), "\nendobj\n"...)
	w.end(start)
}

func (w *writer) end(start int64) { w.b = fmt.Appendf(w.b, "startxref\n%d\n%%%%EOF\n", start) }

// Reasons why a file cannot carry a further embedded seal.
const (
	BlockEncrypted   = "encrypted"
	BlockDamaged     = "damaged"
	BlockCertified   = "certified_no_changes"
	BlockLocked      = "locked"
	BlockUsageRights = "usage_rights"
)

// dangles bounds how far behind the last object numbers are looked at that the document may refer to.
const dangles = 1 << 16

// AvoidDangling makes [Update.Alloc] go on behind every number that the document refers to without having such an
// object: what got one of them would appear where it was never meant to. It reads the whole document.
func (u *Update) AvoidDangling() (err error) {
	defer Guard(&err)
	for _, n := range u.d.Numbers() {
		s, err := u.d.Survey(n)
		if Fatal(err) {
			return err
		}
		if err != nil {
			continue
		}
		for _, r := range s.Refs {
			if r.Num >= u.next && r.Num < u.d.size+dangles {
				u.next = r.Num + 1
			}
		}
	}
	return nil
}

// Scratch begins an update that is never appended: its objects, and those of the document that they refer to, are
// written anew, as a file of their own. It therefore takes files that cannot be extended.
func (d *Document) Scratch() *Update {
	return &Update{d: d, objects: map[int]Object{}, gens: map[int]int{}, next: d.size, offsets: map[int]int64{}}
}

// Empty is [Document.Scratch] of a document without objects.
func Empty() *Update {
	d := &Document{limits: Limits{}.withDefaults(), size: 1}
	d.reset()
	d.trailer = Dict{}
	u := d.Scratch()
	u.next = 1
	return u
}
