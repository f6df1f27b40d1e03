package testpdf

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
)

// deflatedZeros is 100 MiB of zeros, compressed.
var deflatedZeros = sync.OnceValue(func() []byte { return deflate(make([]byte, 100<<20)) })

const ownResources = "/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>"

func withoutResources(body string) string {
	if strings.HasPrefix(body, "<</Type/Page/") {
		return strings.Replace(body, ownResources, "", 1)
	}
	return body
}

// Hostile has files made to hurt a reader: loops, bombs, deep nesting, lying lengths, huge numbers, cut-off files. What a
// reader does with each may differ (it may refuse or cope); it must do so soon, within bounds, and without a panic.
func Hostile() map[string][]byte {
	whole := Contract(2)
	bomb := deflatedZeros()
	double := deflate(bomb)
	files := map[string][]byte{
		"empty":          {},
		"header only":    []byte("%PDF-1.7\n"),
		"not a pdf":      []byte("<html>no</html>"),
		"zip":            []byte("PK\x03\x04%PD"),
		"no pages":       raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>"),
		"no catalog":     raw("<</Foo 1>>"),
		"pages loop":     raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[2 0 R]>>"),
		"pages two loop": raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Pages/Parent 2 0 R/Count 1/Kids[2 0 R]>>"),
		"reference loop": raw("<</Type/Catalog/Pages 2 0 R/OpenAction 3 0 R>>", "<</Type/Pages/Count 1/Kids[4 0 R]>>", "3 0 R", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"),
		"missing content": raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 3/Kids[3 0 R 4 0 R 5 0 R]>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 6 0 R>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents[7 0 R 8 0 R 9 0 R]>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 999 999]/Contents 10 0 R/Resources<</XObject<</Ev6 11 0 R>>>>>>"),
		"length loop":       raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>", "<</Length 4 0 R>>\nstream\nq Q\nendstream"),
		"action loop":       raw("<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", "<</S/GoTo/D[3 0 R/Fit]/Next["+strings.Repeat("4 0 R ", 30)+"]>>"),
		"field loop":        raw("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R 4 0 R]>>", "<</T(a)/Kids[4 0 R]/Parent 4 0 R/FT/Tx/Subtype/Widget/Rect[0 0 9 9]>>"),
		"appearance loop":   raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[<</Subtype/Stamp/Rect[0 0 9 9]/AP<</N 4 0 R>>>>]>>", "<</Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 4 0 R>>>>/Length 5>>\nstream\n/A Do\nendstream"),
		"deep arrays":       raw("<</Type/Catalog/Pages 2 0 R/X "+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+">>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"),
		"deep dicts":        raw("<</Type/Catalog/Pages 2 0 R/X "+strings.Repeat("<</A", 50_000)+" 1"+strings.Repeat(">>", 50_000)+">>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"),
		"deep page tree":    deepTree(3000),
		"deep strings":      raw("<</Type/Catalog/Pages 2 0 R/X "+strings.Repeat("(", 1<<20)+">>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/MediaBox[0 0 9 9]>>"),
		"huge numbers":      raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 99999999999999999999/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e400 "+strings.Repeat("9", 400)+"]/Rotate 99999999999999999999/UserUnit 1e308>>"),
		"huge box":          raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 999999999 999999999]/UserUnit 75000>>"),
		"empty box":         raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[5 5 5 5]/CropBox[9 9 1 1]/Rotate 45>>"),
		"content bomb":      withContent("/Filter/FlateDecode", bomb),
		"double bomb":       withContent("/Filter[/FlateDecode/FlateDecode]", double),
		"many filters":      withContent("/Filter["+strings.Repeat("/FlateDecode", 500)+"]", []byte("x")),
		"object bomb":       objectBomb(bomb),
		"xref bomb":         xrefBomb(bomb),
		"xref size":         []byte("%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\nxref\n0 999999999\n0000000000 65535 f\r\ntrailer\n<</Size 999999999/Root 1 0 R>>\nstartxref\n45\n%%EOF\n"),
		"prev loop":         bytes.Replace(whole, []byte("trailer\n<<"), []byte("trailer\n<</Prev "+startxrefOf(whole)), 1),
		"lying length":      bytes.Replace(whole, []byte("/Length "), []byte("/Length 9"), 1),
		"negative length":   bytes.Replace(whole, []byte("/Length "), []byte("/Length -"), 1),
		"startxref beyond":  append(bytes.Clone(whole[:bytes.LastIndex(whole, []byte("startxref"))]), "startxref\n9999999999\n%%EOF\n"...),
		"many objects":      []byte("%PDF-1.7\n" + strings.Repeat("1 0 obj 2 0 obj\n", 100_000)),
		"many references":   raw("<</Type/Catalog/Pages 2 0 R/X["+strings.Repeat("1 0 R ", 300_000)+"]>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"),
		"open strings":      overlapping("("),
		"open hex":          overlapping("<"),
		"open streams":      overlapping("<<>> stream "),
		"long comments":     append(overlapping(""), "%"+strings.Repeat("%", 1<<18)...),
		"overlap in stream": overlappingObjects(20_000, 4<<20),
		"trailers":          []byte("%PDF-1.7\n" + strings.Repeat("trailer(", 100_000)),
		"bad encryption":    bytes.Replace(Encrypted(), []byte("/O<"), []byte("/O<00>/Q<"), 1),
		"no encryption":     bytes.Replace(Encrypted(), []byte("/Filter/Standard"), []byte("/Filter/Nonesuch"), 1),
	}
	for _, n := range []int{10, 100, len(whole) / 4, len(whole) / 2, len(whole) - 400, len(whole) - 40, len(whole) - 8} {
		files[fmt.Sprintf("cut at %d", n)] = whole[:n]
	}
	return files
}

// raw is a file of the given object bodies, the first of which is the catalog.
func raw(bodies ...string) []byte {
	b := &builder{}
	for _, s := range bodies {
		b.add(s)
	}
	return b.bytes(1, Classic)
}

func withContent(entries string, data []byte) []byte {
	b := &builder{}
	b.add("<</Type/Catalog/Pages 2 0 R>>")
	b.add("<</Type/Pages/Count 1/Kids[3 0 R]>>")
	b.add("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>")
	b.addStream(entries, data)
	return b.bytes(1, Classic)
}

func deepTree(n int) []byte {
	b := &builder{}
	b.add("<</Type/Catalog/Pages 2 0 R>>")
	for i := range n {
		b.add(fmt.Sprintf("<</Type/Pages/Count 1/Kids[%d 0 R]>>", i+3))
	}
	b.add("<</Type/Page/MediaBox[0 0 9 9]>>")
	return b.bytes(1, Classic)
}

// objectBomb has its catalog in an object stream that inflates to 100 MiB.
func objectBomb(bomb []byte) []byte {
	w := &writer{offsets: map[int]int{}, packed: map[int][2]int{1: {2, 0}}}
	w.out.WriteString("%PDF-1.7\n")
	w.object(2, object{body: "/Type/ObjStm/N 1/First 4/Filter/FlateDecode", data: bomb, stream: true})
	w.stream("/Root 1 0 R", 3)
	return w.out.Bytes()
}

// xrefBomb has a cross-reference stream that inflates to 100 MiB.
func xrefBomb(bomb []byte) []byte {
	w := &writer{offsets: map[int]int{}, packed: map[int][2]int{}}
	w.out.WriteString("%PDF-1.7\n")
	at := w.out.Len()
	w.object(1, object{body: "/Type/XRef/Size 9999999/W[1 4 2]/Root 2 0 R/Filter/FlateDecode", data: bomb, stream: true})
	fmt.Fprintf(&w.out, "startxref\n%d\n%%%%EOF\n", at)
	return w.out.Bytes()
}

func startxrefOf(file []byte) string {
	i := bytes.LastIndex(file, []byte("startxref"))
	return strings.Fields(string(file[i+len("startxref"):]))[0]
}

// overlapping is a file of many objects, each of which goes on to the end of the file.
func overlapping(open string) []byte {
	w := &writer{offsets: map[int]int{}, packed: map[int][2]int{}}
	w.out.WriteString("%PDF-1.7\n")
	w.object(1, object{body: "<</Type/Catalog/Pages 2 0 R>>"})
	w.object(2, object{body: "<</Type/Pages/Count 1/Kids[3 0 R]>>"})
	w.object(3, object{body: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"})
	const n = 30_000
	for i := 4; i < n; i++ {
		w.offsets[i] = w.out.Len()
		fmt.Fprintf(&w.out, "%d 0 obj %s\n", i, open)
	}
	w.table("/Root 1 0 R", n, false)
	return w.out.Bytes()
}

// overlappingObjects has n objects in an object stream, all of them the same long string.
func overlappingObjects(n, size int) []byte {
	w := &writer{offsets: map[int]int{}, packed: map[int][2]int{}}
	w.out.WriteString("%PDF-1.7\n")
	w.object(1, object{body: "<</Type/Catalog/Pages 2 0 R>>"})
	w.object(2, object{body: "<</Type/Pages/Count 1/Kids[3 0 R]>>"})
	w.object(3, object{body: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"})
	var head bytes.Buffer
	for i := range n {
		fmt.Fprintf(&head, "%d 0 ", i+5)
		w.packed[i+5] = [2]int{4, i}
	}
	first := head.Len()
	head.WriteString("(" + strings.Repeat("x", size) + ")")
	w.object(4, object{body: fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode", n, first), data: deflate(head.Bytes()), stream: true})
	w.stream("/Root 1 0 R", n+5)
	return w.out.Bytes()
}
