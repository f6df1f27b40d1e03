package testpdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Structure says how a file lists its objects.
type Structure int

// The cross-reference structures of ISO 32000-2, 7.5.
const (
	Classic       Structure = iota // table and trailer, 7.5.4
	XRefStreams                    // cross-reference stream, 7.5.8
	ObjectStreams                  // objects packed into object streams as well, 7.5.7
	// table plus /XRefStm for hidden objects, 7.5.8.4; only the information dictionary is hidden
	HybridRef
)

// Structures lists all of them.
func Structures() []Structure { return []Structure{Classic, XRefStreams, ObjectStreams, HybridRef} }

func (s Structure) String() string {
	return [...]string{"classic", "xref-stream", "object-stream", "hybrid"}[s]
}

// packs reports whether an object with that syntax goes into an object stream.
func (s Structure) packs(body string, stream bool) bool {
	return !stream && (s == ObjectStreams || s == HybridRef && strings.HasPrefix(body, infoStart))
}

// object is one indirect object: a body, and stream data if it is a stream.
type object struct {
	body   string // for a stream: the dictionary's entries without << >> and /Length
	data   []byte
	stream bool
}

// builder collects indirect objects; the first is number 1.
type builder struct {
	objs    []object
	trailer string // further trailer entries, such as /Info 5 0 R
	crypt   *crypt
}

func (b *builder) add(body string) int {
	b.objs = append(b.objs, object{body: body})
	return len(b.objs)
}

func (b *builder) addStream(entries string, data []byte) int {
	b.objs = append(b.objs, object{body: entries, data: data, stream: true})
	return len(b.objs)
}

func (b *builder) addFlate(entries string, data []byte) int {
	return b.addStream(entries+"/Filter/FlateDecode", deflate(data))
}

func (b *builder) reserve() int { return b.add("null") }

func (b *builder) set(n int, body string) { b.objs[n-1] = object{body: body} }

// bytes writes the file; root is the catalog's number.
func (b *builder) bytes(root int, s Structure) []byte {
	w := newWriter()
	var inside []int
	for i, o := range b.objs {
		n := i + 1
		if s.packs(o.body, o.stream) && n != root {
			inside = append(inside, n)
			continue
		}
		w.object(n, b.sealed(n, o))
	}
	next := w.pack(func(n int) string { return b.objs[n-1].body }, inside, len(b.objs)+1)
	tail := fmt.Sprintf("/Root %d 0 R%s", root, b.trailer)
	if b.crypt == nil {
		tail += "/ID" + fileID(w.out.Bytes())
	}
	return w.end(tail, s, next)
}

// sealed encrypts the stream data of an object where the file is encrypted.
func (b *builder) sealed(n int, o object) object {
	if b.crypt != nil && o.stream {
		o.data = b.crypt.seal(n, o.data)
	}
	return o
}

type writer struct {
	out     bytes.Buffer
	offsets map[int]int
	packed  map[int][2]int // object → object stream, index
}

func newWriter() *writer {
	w := &writer{offsets: map[int]int{}, packed: map[int][2]int{}}
	w.out.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	return w
}

// end writes the cross-reference data, with next the next free number, and returns the file.
func (w *writer) end(tail string, s Structure, next int) []byte {
	if s == Classic || s == HybridRef {
		w.table(tail, next, s == HybridRef)
	} else {
		w.stream(tail, next)
	}
	return w.out.Bytes()
}

func (w *writer) object(n int, o object) {
	w.offsets[n] = w.out.Len()
	if !o.stream {
		fmt.Fprintf(&w.out, "%d 0 obj\n%s\nendobj\n", n, o.body)
		return
	}
	fmt.Fprintf(&w.out, "%d 0 obj\n<<%s/Length %d>>\nstream\n", n, o.body, len(o.data))
	w.out.Write(o.data)
	w.out.WriteString("\nendstream\nendobj\n")
}

// pack writes objects into object streams of at most 100 and returns the next free number.
func (w *writer) pack(body func(n int) string, inside []int, next int) int {
	for chunk := range slices.Chunk(inside, 100) {
		var head, bodies bytes.Buffer
		for i, n := range chunk {
			fmt.Fprintf(&head, "%d %d ", n, bodies.Len())
			fmt.Fprintf(&bodies, "%s\n", body(n))
			w.packed[n] = [2]int{next, i}
		}
		first := head.Len()
		head.Write(bodies.Bytes())
		w.object(next, object{
			body:   fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode", len(chunk), first),
			data:   deflate(head.Bytes()),
			stream: true,
		})
		next++
	}
	return next
}

func (w *writer) table(tail string, size int, hybrid bool) {
	if hybrid {
		at := w.out.Len()
		w.offsets[size] = at
		rows := w.rows(func(n int) bool { _, ok := w.packed[n]; return ok }, size)
		fmt.Fprintf(
			&w.out, "%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Index[%s]%s/Length %d>>\nstream\n", size, size+1, rows.index, tail,
			len(rows.data),
		)
		w.out.Write(rows.data)
		w.out.WriteString("\nendstream\nendobj\n")
		tail += fmt.Sprintf("/XRefStm %d", at)
		size++
	}
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f\r\n", size)
	for n := 1; n < size; n++ {
		if at, ok := w.offsets[n]; ok {
			fmt.Fprintf(&w.out, "%010d 00000 n\r\n", at)
			continue
		}
		w.out.WriteString("0000000000 65535 f\r\n")
	}
	fmt.Fprintf(&w.out, "trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n", size, tail, start)
}

func (w *writer) stream(tail string, n int) {
	start := w.out.Len()
	w.offsets[n] = start
	rows := w.rows(func(int) bool { return true }, n+1)
	data := deflate(rows.data)
	fmt.Fprintf(
		&w.out, "%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Index[%s]%s/Filter/FlateDecode/Length %d>>\nstream\n", n, n+1,
		rows.index, tail, len(data),
	)
	w.out.Write(data)
	fmt.Fprintf(&w.out, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", start)
}

type xrefRows struct {
	index string
	data  []byte
}

func (w *writer) rows(want func(int) bool, size int) (r xrefRows) {
	for n := range size {
		if !want(n) {
			continue
		}
		row := make([]byte, 7)
		switch at, ok := w.offsets[n]; {
		case n == 0:
			binary.BigEndian.PutUint16(row[5:], 65535)
		case ok:
			row[0] = 1
			binary.BigEndian.PutUint32(row[1:], uint32(at))
		default:
			if p, packed := w.packed[n]; packed {
				row[0] = 2
				binary.BigEndian.PutUint32(row[1:], uint32(p[0]))
				binary.BigEndian.PutUint16(row[5:], uint16(p[1]))
			}
		}
		r.index += fmt.Sprintf("%d 1 ", n)
		r.data = append(r.data, row...)
	}
	return r
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(b) // a bytes.Buffer never fails
	_ = w.Close()
	return out.Bytes()
}

func fileID(b []byte) string {
	sum := sha256.Sum256(b)
	return fmt.Sprintf("[<%x><%x>]", sum[:16], sum[:16])
}
