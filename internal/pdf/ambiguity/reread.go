package ambiguity

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
)

// rereading reads a file a second time, without its cross-reference data: it searches for objects from the beginning to
// the end, and the last one of a number counts. That is what readers do with files that they take for damaged, and they
// differ on which those are. Where this reading and the first one differ in an object that the catalog reaches (a page,
// a form field, an appearance), two readers may show two documents.
type rereading struct {
	d       *pdf.Document
	placed  []located      // the objects that stand in the file itself, by place
	differs map[int]string // objects in which the readings differ, with the reason
	notes   []string       // differences that are not about one object
	root    pdf.Ref        // the catalog that the last trailer names
	rootAt  int
}

// located is an object that the cross-reference data puts at a place in the file.
type located struct {
	num, gen, at, end int
	found             bool // the search finds it there too
	streams           int  // how often the word endstream stands in it
}

// maxDiffers bounds how many differences are looked at; a file with more is ambiguous whatever they are.
const maxDiffers = 10_000

// Reread reads the file a second time, by searching it for objects, and returns in words where the two readings differ
// in something that the catalog reaches. Every object of d must have been read before.
func Reread(ctx context.Context, d *pdf.Document) ([]string, error) {
	r := rereading{d: d, differs: map[int]string{}, rootAt: -1}
	r.place()
	if err := r.objectStreams(ctx); err != nil {
		return nil, err
	}
	if err := r.search(ctx); err != nil {
		return nil, err
	}
	r.compare()
	reached, err := r.reached(ctx)
	return append(r.notes, reached...), err
}

// differ notes that the readings differ in object num.
func (r *rereading) differ(num int, format string, args ...any) {
	if r.differs[num] == "" && len(r.differs) <= maxDiffers {
		r.differs[num] = fmt.Sprintf("object %d: ", num) + fmt.Sprintf(format, args...)
	}
}

// place lists the objects that stand in the file itself.
func (r *rereading) place() {
	for num, e := range r.d.Entries() {
		if e.Kind != pdf.KindPlain {
			continue
		}
		at := r.at(num)
		r.placed = append(r.placed, located{num: num, gen: e.Gen, at: at, end: max(at, r.d.End(num))})
	}
	slices.SortFunc(r.placed, func(a, b located) int { return cmp.Compare(a.at, b.at) })
}

// at returns where object num begins by the cross-reference data, or the stream that holds it; -1 when there is none.
func (r *rereading) at(num int) int {
	e := r.d.Entry(num)
	if e.Kind == pdf.KindCompressed {
		e = r.d.Entry(e.Stream)
	}
	if e.Kind != pdf.KindPlain {
		return -1
	}
	at := int(e.Offset)
	for at < len(r.d.Raw()) && pdf.IsSpace(r.d.Raw()[at]) {
		at++
	}
	return at
}

// objectStreams looks for objects that stand in another object stream than the one named, and for later trailers in
// cross-reference streams.
func (r *rereading) objectStreams(ctx context.Context) error {
	for i := range r.placed {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p := &r.placed[i]
		o, err := r.d.Object(p.num)
		if pdf.Fatal(err) {
			return err
		}
		if s, ok := o.(*pdf.Stream); ok && err == nil {
			if err := r.stream(p.num, p.at, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// stream looks at a stream that begins at a place in the file.
func (r *rereading) stream(num, at int, s *pdf.Stream) error {
	switch r.d.Name(s.Dict["Type"]) {
	case "XRef":
		r.trailer(at, s.Dict)
	case "ObjStm":
		numbers, err := r.d.Packed(s)
		if pdf.Fatal(err) {
			return err
		}
		if err != nil {
			return nil // what cannot be unpacked holds no object for anyone
		}
		for _, n := range numbers {
			if e := r.d.Entry(int(n)); (e.Kind != pdf.KindCompressed || e.Stream != num) && r.at(int(n)) < at {
				r.differ(int(n), "it is also in object stream %d, which is not the place named", num)
			}
		}
	}
	return nil
}

func (r *rereading) trailer(at int, t pdf.Dict) {
	if root, ok := t["Root"].(pdf.Ref); ok && at > r.rootAt {
		r.root, r.rootAt = root, at
	}
}

// search finds the words by which objects, trailers and documents are found.
func (r *rereading) search(ctx context.Context) error {
	i := 0
	for at := range occurrences(r.d.Raw(), "obj") {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		num, gen, off, ok := pdf.HeaderBefore(r.d.Raw(), at)
		if !ok {
			continue
		}
		for i < len(r.placed) && r.placed[i].at < off {
			i++
		}
		if i < len(r.placed) && r.placed[i].at == off && r.placed[i].num == num && r.placed[i].gen == gen {
			r.placed[i].found = true
			continue
		}
		if off < r.at(num) {
			continue // an earlier state of the object
		}
		r.differ(num, "it is also at byte %d, which is not the place named", off)
		if err := r.unnamed(num, gen, off); err != nil {
			return err
		}
	}
	for at := range occurrences(r.d.Raw(), "trailer") {
		if t, ok := r.trailerAt(at + len("trailer")); ok {
			r.trailer(at, t)
		}
	}
	i = 0
	for at := range occurrences(r.d.Raw(), "endstream") {
		for i < len(r.placed) && r.placed[i].end <= at {
			i++
		}
		if i < len(r.placed) && r.placed[i].at < at {
			r.placed[i].streams++
		}
	}
	headers := 0
	for at := range occurrences(r.d.Raw(), "%PDF-") {
		if headers++; headers == 2 {
			r.notes = append(r.notes, fmt.Sprintf("a second document, or its header, begins at byte %d", at))
			break
		}
	}
	return nil
}

// occurrences yields the places at which word stands in b.
func occurrences(b []byte, word string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at += len(word) {
			i := bytes.Index(b[at:], []byte(word))
			if i < 0 || !yield(at+i) {
				return
			}
			at += i
		}
	}
}

// unnamed looks into an object that the cross-reference data does not name: it may be a stream of objects or a trailer.
func (r *rereading) unnamed(num, gen, off int) error {
	o, err := r.d.ObjectAt(num, gen, off)
	if pdf.Fatal(err) {
		return err
	}
	if s, ok := o.(*pdf.Stream); ok && err == nil {
		return r.stream(num, off, s)
	}
	return nil
}

func (r *rereading) trailerAt(at int) (pdf.Dict, bool) {
	o, err := r.d.ParseAt(int64(at))
	t, ok := o.(pdf.Dict)
	return t, ok && err == nil
}

// compare notes what the search says of the places that are named.
func (r *rereading) compare() {
	if r.rootAt >= 0 && r.root != r.d.Root() {
		r.notes = append(r.notes, fmt.Sprintf("the last trailer names another catalog, object %d", r.root.Num))
	}
	for i, p := range r.placed {
		switch {
		case !p.found:
			r.differ(p.num, "it is not at the place named")
		case p.streams > 1:
			r.differ(p.num, "its data contains the word that ends a stream")
		case i > 0 && r.placed[i-1].end > p.at:
			r.differ(p.num, "it is inside object %d", r.placed[i-1].num)
			r.differ(r.placed[i-1].num, "object %d is inside it", p.num)
		}
	}
}

// reached returns the differences in objects that the catalog reaches.
func (r *rereading) reached(ctx context.Context) (found []string, _ error) {
	switch {
	case len(r.differs) == 0:
		return nil, nil
	case len(r.differs) > maxDiffers:
		return []string{fmt.Sprintf("more than %d objects are not at the places named", maxDiffers)}, nil
	}
	root := r.d.Root().Num
	seen, todo := map[int]bool{root: true}, []int{root}
	for len(todo) > 0 {
		num := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if len(seen)%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if detail := r.differs[num]; detail != "" {
			found = append(found, detail)
		}
		o, err := r.d.Object(num)
		if pdf.Fatal(err) {
			return nil, err
		}
		pdf.EachRef(o, func(ref pdf.Ref) {
			if !seen[ref.Num] {
				seen[ref.Num] = true
				todo = append(todo, ref.Num)
			}
		})
	}
	slices.Sort(found)
	return found, nil
}
