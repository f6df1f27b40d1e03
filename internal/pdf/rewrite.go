package pdf

import (
	"crypto/sha256"
	"fmt"
	"strconv"
)

// Rewriter writes a file of the objects that can be reached from its root, under new numbers in the order of the walk.
// Streams are copied as they are encoded.
type Rewriter struct {
	Update  *Update
	Drop    func(Dict) bool       // dictionaries and streams that become null
	Without func(Dict, Name) bool // keys to leave out
	Lenient bool                  // objects that cannot be read become null, as readers take them
	Named   bool                  // the file says the digest of what it was made from: /ID need not depend on its streams
	numbers map[Ref]int           // old → new; 0 for what is dropped
	queue   []Object
	streams [][2]int // where their data stands, if named
	b       []byte
	err     error
}

// Write writes the file with the catalog root and the information dictionary info. version is "1.7" or "2.0".
func (w *Rewriter) Write(root, info Ref, version string) ([]byte, error) {
	w.numbers = map[Ref]int{}
	w.b = make([]byte, 0, len(w.Update.d.raw)+len(w.Update.d.raw)/16+64<<10)
	w.b = append(w.b, "%PDF-"+version+"\n%\xE2\xE3\xCF\xD3\n"...)
	rootNum, infoNum := w.number(root), w.number(info)
	var offsets []int
	for i := 0; i < len(w.queue); i++ {
		o := w.queue[i]
		w.queue[i] = nil
		offsets = append(offsets, len(w.b))
		w.b = append(strconv.AppendInt(w.b, int64(i+1), 10), " 0 obj\n"...)
		w.object(o)
		w.b = append(w.b, "\nendobj\n"...)
	}
	if w.err != nil {
		return nil, w.err
	}
	sum := w.sum()
	start := len(w.b)
	w.b = fmt.Appendf(w.b, "xref\n0 %d\n0000000000 65535 f\r\n", len(offsets)+1)
	for _, at := range offsets {
		w.b = appendOffset(w.b, at)
	}
	w.b = fmt.Appendf(w.b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%X> <%X>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(offsets)+1, rootNum, infoNum, sum[:16], sum[:16], start)
	return w.b, nil
}

// sum is what /ID is made of.
func (w *Rewriter) sum() []byte {
	h := sha256.New()
	from := 0
	for _, s := range w.streams {
		h.Write(w.b[from:s[0]])
		from = s[1]
	}
	h.Write(w.b[from:])
	return h.Sum(nil)
}

// appendOffset writes one entry of a cross-reference table.
func appendOffset(b []byte, at int) []byte {
	var d [10]byte
	for i := len(d) - 1; i >= 0; i-- {
		d[i], at = byte('0'+at%10), at/10
	}
	return append(append(b, d[:]...), " 00000 n\r\n"...)
}

// number returns the new number of the object that ref names, 0 when there is none or it is dropped.
func (w *Rewriter) number(ref Ref) int {
	if n, ok := w.numbers[ref]; ok {
		return n
	}
	o, err := w.Update.Resolve(ref)
	if err != nil && w.err == nil && (!w.Lenient || Fatal(err)) {
		w.err = err
	}
	if o == nil || w.dropped(o) {
		w.numbers[ref] = 0
		return 0
	}
	w.queue = append(w.queue, o)
	w.numbers[ref] = len(w.queue)
	return len(w.queue)
}

func (w *Rewriter) dropped(o Object) bool {
	switch v := o.(type) {
	case Dict:
		return w.Drop != nil && w.Drop(v)
	case *Stream:
		return w.Drop != nil && w.Drop(v.Dict)
	}
	return false
}

func (w *Rewriter) object(o Object) {
	switch v := o.(type) {
	case Ref:
		n := w.number(v)
		if n == 0 {
			w.b = append(w.b, "null"...)
			return
		}
		w.b = append(strconv.AppendInt(w.b, int64(n), 10), " 0 R"...)
	case Array:
		w.b = append(w.b, '[')
		for i, x := range v {
			if i > 0 {
				w.b = append(w.b, ' ')
			}
			w.object(x)
		}
		w.b = append(w.b, ']')
	case Dict:
		if w.dropped(v) {
			w.b = append(w.b, "null"...)
			return
		}
		w.dict(v, -1)
	case *Stream:
		w.dict(v.Dict, len(v.Raw))
		w.b = append(w.b, "\nstream\n"...)
		if w.Named {
			w.streams = append(w.streams, [2]int{len(w.b), len(w.b) + len(v.Raw)})
		}
		w.b = append(append(w.b, v.Raw...), "\nendstream"...)
	default:
		w.b = Append(w.b, o)
	}
}

// dict writes a dictionary; of a stream if length is not negative.
func (w *Rewriter) dict(d Dict, length int) {
	w.b = append(w.b, "<<"...)
	for _, k := range d.SortedKeys() {
		if (k == "Length" && length >= 0) || (w.Without != nil && w.Without(d, k)) {
			continue
		}
		w.b = append(appendName(w.b, k), ' ')
		w.object(d[k])
		w.b = append(w.b, '\n')
	}
	if length >= 0 {
		w.b = strconv.AppendInt(append(w.b, "/Length "...), int64(length), 10)
	}
	w.b = append(w.b, ">>"...)
}
