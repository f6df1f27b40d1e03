package testpdf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options of [New]; the zero value is a classic file of two pages.
type Options struct {
	Structure Structure
	Pages     int // default 2
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

// New writes a small file object by object, for tests that need to control each one.
func New(o Options) []byte {
	if o.Pages == 0 {
		o.Pages = 2
	}
	objects := map[int]string{
		1: "<</Type/Catalog/Pages 2 0 R" + o.Catalog + ">>",
		3: infoStart + "(Loan and security agreement)/Producer(testpdf)>>",
		4: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	var kids []string
	for i := range o.Pages {
		page, content := 5+2*i, 6+2*i
		kids = append(kids, fmt.Sprintf("%d 0 R", page))
		objects[page] = fmt.Sprintf("<</Type/Page/Parent 2 0 R/Contents %d 0 R%s>>", content, o.Page)
		objects[content] = rawStream(fmt.Sprintf("BT /F1 24 Tf 72 700 Td (Page %d: pay 1000 USD) Tj ET", i+1))
	}
	objects[2] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>>>",
		o.Pages, strings.Join(kids, " "))
	if o.Padding > 0 {
		objects[5+2*o.Pages] = rawStream(padding(o.Padding))
	}
	maps.Copy(objects, o.Objects)
	out := writeRaw(o.Structure, objects)
	if o.NoFinalNewline {
		out = bytes.TrimRight(out, "\n")
	}
	return out
}

func rawStream(data string) string {
	return fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(data), data)
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
	return string(b)
}

// writeRaw writes objects in the order of their numbers; those between are free. The catalog may be packed.
func writeRaw(s Structure, objects map[int]string) []byte {
	w := newWriter()
	nums := slices.Sorted(maps.Keys(objects))
	var inside []int
	for _, n := range nums {
		if s.packs(objects[n], strings.Contains(objects[n], "stream\n")) {
			inside = append(inside, n)
			continue
		}
		w.object(n, object{body: objects[n]})
	}
	next := w.pack(func(n int) string { return objects[n] }, inside, nums[len(nums)-1]+1)
	id := strings.Repeat("<00112233445566778899AABBCCDDEEFF>", 2)
	return w.end("/Root 1 0 R/Info 3 0 R/ID["+id+"]", s, next)
}
