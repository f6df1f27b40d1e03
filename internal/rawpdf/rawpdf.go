// Package rawpdf writes small PDF files object by object, in every cross-reference kind, for tests that need to control each byte.
package rawpdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"slices"
	"strings"
)

// Kinds of files.
const (
	Classic      = "classic"       // cross-reference table
	XRefStream   = "xref-stream"   // cross-reference stream, objects in the open
	ObjectStream = "object-stream" // cross-reference stream, dictionaries in an object stream
	Hybrid       = "hybrid"        // table for old readers, /XRefStm for new ones
)

// Kinds lists all kinds.
func Kinds() []string { return []string{Classic, XRefStream, ObjectStream, Hybrid} }

// Options of [New]; the zero value is a classic file of two pages.
type Options struct {
	Kind  string // default Classic
	Pages int    // default 2
	// Objects adds or replaces objects by number, as PDF syntax without the obj frame. 1 is the catalog, 2 the page tree,
	// 3 the information dictionary, 4 the font, 5 the first page, 6 its content, 7 the second page, and so on.
	Objects map[int]string
	// Page goes into each page dictionary, Catalog into the catalog.
	Page, Catalog string
	// Padding adds an incompressible stream of so many bytes.
	Padding int
	// NoFinalNewline leaves the end-of-line after %%EOF out.
	NoFinalNewline bool
}

// New writes a file. The same options give the same bytes.
func New(o Options) []byte {
	if o.Pages == 0 {
		o.Pages = 2
	}
	objects := map[int]string{
		1: "<</Type/Catalog/Pages 2 0 R" + o.Catalog + ">>",
		3: "<</Title(Loan and security agreement)/Producer(rawpdf)>>",
		4: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	var kids []string
	for i := range o.Pages {
		page, content := 5+2*i, 6+2*i
		kids = append(kids, fmt.Sprintf("%d 0 R", page))
		objects[page] = fmt.Sprintf("<</Type/Page/Parent 2 0 R/Contents %d 0 R%s>>", content, o.Page)
		text := fmt.Sprintf("BT /F1 24 Tf 72 700 Td (Page %d: pay 1000 USD) Tj ET", i+1)
		objects[content] = fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text)
	}
	objects[2] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>>>", o.Pages, strings.Join(kids, " "))
	if o.Padding > 0 {
		objects[5+2*o.Pages] = padding(o.Padding)
	}
	for n, s := range o.Objects {
		objects[n] = s
	}
	w := &writer{offsets: map[int]int{}}
	w.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	w.write(o.Kind, objects)
	out := w.Bytes()
	if o.NoFinalNewline {
		out = bytes.TrimRight(out, "\n")
	}
	return out
}

func padding(n int) string {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", n, b)
}

type writer struct {
	bytes.Buffer
	offsets map[int]int
}

func sorted(objects map[int]string) []int {
	var nums []int
	for n := range objects {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	return nums
}

func (w *writer) object(n int, body string) {
	w.offsets[n] = w.Len()
	fmt.Fprintf(w, "%d 0 obj\n%s\nendobj\n", n, body)
}

func (w *writer) write(kind string, objects map[int]string) {
	nums := sorted(objects)
	next := nums[len(nums)-1] + 1
	packed := map[int]int{} // object → place in the object stream
	inStream := func(n int) bool {
		switch kind {
		case ObjectStream:
			return !strings.Contains(objects[n], "stream\n")
		case Hybrid:
			return n == 3 // hidden from old readers
		}
		return false
	}
	var names, bodies strings.Builder
	for _, n := range nums {
		if inStream(n) {
			fmt.Fprintf(&names, "%d %d ", n, bodies.Len())
			bodies.WriteString(objects[n] + " ")
			packed[n] = len(packed)
			continue
		}
		w.object(n, objects[n])
	}
	container := next
	if len(packed) > 0 {
		data := deflate(names.String() + bodies.String())
		w.object(container, fmt.Sprintf("<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", len(packed), names.Len(), len(data), data))
		next++
	}
	var start int
	switch kind {
	case XRefStream, ObjectStream:
		start = w.xrefStream(next, container, packed, "")
	case Hybrid:
		at := w.xrefStream(next, container, packed, "hidden")
		start = w.table(next+1, fmt.Sprintf("/XRefStm %d", at))
	default:
		start = w.table(next, "")
	}
	fmt.Fprintf(w, "startxref\n%d\n%%%%EOF\n", start)
}

func (w *writer) table(size int, extra string) int {
	start := w.Len()
	fmt.Fprintf(w, "xref\n0 %d\n0000000000 65535 f\r\n", size)
	for n := 1; n < size; n++ {
		if off, ok := w.offsets[n]; ok {
			fmt.Fprintf(w, "%010d 00000 n\r\n", off)
			continue
		}
		w.WriteString("0000000000 00000 f\r\n")
	}
	fmt.Fprintf(w, "trailer\n<</Size %d/Root 1 0 R/Info 3 0 R/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]%s>>\n", size, extra)
	return start
}

func (w *writer) xrefStream(num, container int, packed map[int]int, hidden string) int {
	start := w.Len()
	w.offsets[num] = start
	var rows bytes.Buffer
	row := func(kind, a, b int) {
		rows.Write([]byte{byte(kind), byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a), byte(b)})
	}
	index := fmt.Sprintf("0 %d", num+1)
	if hidden != "" {
		var parts []string
		for n := range num + 1 {
			if i, ok := packed[n]; ok {
				row(2, container, i)
				parts = append(parts, fmt.Sprintf("%d 1", n))
			}
		}
		index = strings.Join(parts, " ")
	} else {
		for n := range num + 1 {
			if i, ok := packed[n]; ok {
				row(2, container, i)
			} else if off, ok := w.offsets[n]; ok {
				row(1, off, 0)
			} else {
				row(0, 0, 0)
			}
		}
	}
	data := deflate(rows.String())
	fmt.Fprintf(w, "%d 0 obj\n<</Type/XRef/Size %d/W[1 4 1]/Index[%s]/Root 1 0 R/Info 3 0 R/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n",
		num, num+1, index, len(data), data)
	return start
}

func deflate(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}
