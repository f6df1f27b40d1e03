package pades_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
)

// evilContent is what page 1 would show in place of "pay 1000 USD".
const evilContent = "6 0 obj\n<</Length 48>>\nstream\nBT /F1 24 Tf 72 700 Td (PAY 9000000 USD) Tj ET   \nendstream\nendobj\n"

// tail appends one update by hand.
type tail struct {
	bytes.Buffer
	offsets map[int]int
	prev    string
}

func newTail(raw []byte) *tail {
	i := bytes.LastIndex(raw, []byte("startxref"))
	t := &tail{offsets: map[int]int{}, prev: strings.Fields(string(raw[i:]))[1]}
	t.Write(raw)
	return t
}

func (t *tail) object(num int, body string) {
	t.offsets[num] = t.Len()
	fmt.Fprintf(t, "%d 0 obj\n%s\nendobj\n", num, body)
}

func (t *tail) metadata(num int, data string) {
	t.object(num, fmt.Sprintf("<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream", len(data), data))
}

// table writes a cross-reference table and returns where it stands.
func (t *tail) table(row, trailer string, nums ...int) int {
	at := t.Len()
	t.WriteString("xref\n")
	for _, n := range nums {
		fmt.Fprintf(t, "%d 1\n"+row, n, t.offsets[n])
	}
	fmt.Fprintf(t, "trailer\n<<%s>>\n", trailer)
	return at
}

const plainRow = "%010d 00000 n\r\n"

// oddTail is one update by hand: another catalog and metadata, and what is odd about it.
type oddTail struct {
	name, metadata string
	objects        map[int]string // besides
	row            string         // of the table; plainRow when it is empty
	trailer        [2]string      // what is replaced in the trailer, by what
	gap            string         // before the table
	back           int            // startxref points so many bytes before the table
	word           string         // behind startxref
}

func (o oddTail) append(t testing.TB, good []byte) []byte {
	x := newTail(good)
	x.object(1, catalogOf(t, good, "/Metadata 90 0 R"))
	x.metadata(90, o.metadata)
	numbers := []int{1, 90}
	for _, n := range slices.Sorted(maps.Keys(o.objects)) {
		x.object(n, o.objects[n])
		numbers = append(numbers, n)
	}
	x.WriteString(o.gap)
	trailer := strings.Replace("/Root 1 0 R/Info 3 0 R/Size 93/Prev "+x.prev, o.trailer[0], o.trailer[1], 1)
	at := x.table(cmp.Or(o.row, plainRow), trailer, numbers...)
	fmt.Fprintf(x, "startxref%s\n%d\n%%%%EOF\n", o.word, at-o.back)
	return x.Bytes()
}

// catalogOf is the catalog of a file with one more entry.
func catalogOf(t testing.TB, raw []byte, extra string) string {
	t.Helper()
	c, err := mustOpen(t, raw).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	s := string(pdf.Append(nil, c))
	return s[:len(s)-2] + extra + ">>"
}

// oddTails are later revisions that a careful reader and one that repairs files take
// for different ones, and some that are intact.
func oddTails(prev string) []oddTail {
	const xml, evilPage = "<x/>", "<</Type/Page/Parent 2 0 R/Contents 92 0 R>>"
	afterNumber := strings.TrimPrefix(evilContent, "6 0 ")
	return []oddTail{
		{name: "intact", metadata: xml},
		{
			name:     "intact, words in metadata",
			metadata: xml + "\n10% of 5 objects, obj. 7, an obj of xref no. 90; 100 %\nthe trailer of a film",
		},
		{name: "intact, startxref at the line end before the table", metadata: xml, back: 1},

		{name: "object in metadata", metadata: xml + "\n" + evilContent},
		{name: "object in metadata behind binary data", metadata: xml + "\xFF\xFE\xFF\n" + evilContent},
		{
			name:     "object in metadata behind spaces",
			metadata: xml + "\n6" + strings.Repeat(" ", 300) + "0" + strings.Repeat("\n", 300) + afterNumber,
		},
		{name: "object in metadata behind a comment", metadata: xml + "\n6 0 %\n" + afterNumber},
		{name: "object in metadata between comments", metadata: xml + "\n6 %\n0 %\n" + afterNumber},
		{name: "object in metadata at a number", metadata: xml + "\n6 0" + afterNumber},
		{name: "object in metadata, comment behind startxref", metadata: xml + "\n" + evilContent, word: " %"},
		{name: "object in metadata, rows of odd length", metadata: xml + "\n" + evilContent, row: "\n%010d 00000 n"},
		{
			name: "object in metadata, broken number of the place before", metadata: xml + "\n" + evilContent,
			trailer: [2]string{"/Prev " + prev, "/Prev " + prev + ".0"},
		},
		{name: "rows of nineteen bytes", metadata: xml, row: "%010d 00000 n\n"},
		{
			name: "trailer in metadata", metadata: xml + "\ntrailer\n<</Root 91 0 R>>\n",
			objects: map[int]string{91: "<</Pages 2 0 R>>"},
		},
		{name: "second catalog", metadata: xml, objects: map[int]string{91: "<</Type/Catalog/Pages 2 0 R>>"}},
		{name: "second cross-reference stream", metadata: xml, objects: map[int]string{
			91: "<</Type/XRef/Size 1/W[1 1 1]/Root 1 0 R/Prev 9/Length 3>>\nstream\n\x00\x00\x00\nendstream",
		}},
		{name: "startxref before the end of an object", metadata: xml, back: len("endobj\n")},
		{name: "startxref at much white space before the table", metadata: xml, gap: strings.Repeat(" ", 40), back: 40},
		{name: "startxref at a comment before the table", metadata: xml, gap: "%\n", back: len("%\n")},
		{name: "size that leaves objects out", metadata: xml, trailer: [2]string{"/Size 93", "/Size 5"}},
		{name: "object stream with a page that no cross-reference names", metadata: xml, word: " %", objects: map[int]string{
			91: fmt.Sprintf("<</Type/ObjStm/N 1/First 4/Length %d>>\nstream\n5 0 %s\nendstream", 4+len(evilPage), evilPage),
			92: "<</Length 46>>\nstream\nBT /F1 24 Tf 72 700 Td (PAY 9000000 USD) Tj ET\nendstream",
		}},
		{
			name: "object number beyond what readers accept", metadata: xml,
			objects: map[int]string{8_000_000: "<<>>"}, trailer: [2]string{"/Size 93", "/Size 8000001"},
		},
	}
}

// repairs are files with the tails of oddTails and other ends.
func repairs(t testing.TB) map[string][]byte {
	good := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}))
	out := map[string][]byte{
		"older section stands behind the newer":         olderBehindNewer(t, good),
		"intact, some white space":                      append(bytes.Clone(good), make([]byte, 100)...),
		"so much white space that the end is not found": append(bytes.Clone(good), make([]byte, 2000)...),
		"a comment so long that the end is not found": append(bytes.Clone(
			good,
		), "%"+strings.Repeat("x", 2000)+"\n%%EOF\n"...),
		"end of file repeated": append(bytes.Clone(good), "%%EOF\n"...),
	}
	for _, o := range oddTails(newTail(good).prev) {
		out[o.name] = o.append(t, good)
	}
	// Not all readers look at generations, nor at what the trailer names.
	for name, o := range map[string][]byte{
		"supplied under another generation": testpdf.New(
			testpdf.Options{Objects: map[int]string{5: "<</Type/Page/Parent 2 0 R/Contents[6 0 R 90 7 R]>>"}},
		),
		"document information supplied": bytes.Replace(
			testpdf.New(testpdf.Options{}), []byte("/Info 3 0 R"), []byte("/Info 90 0 R"), 1,
		),
	} {
		sealed := seal(t, sealer(t, pki().Seal), o)
		y := newTail(sealed)
		y.object(1, catalogOf(t, sealed, "/Metadata 90 0 R"))
		y.metadata(90, "BT /F1 40 Tf 72 600 Td (PAY 9000000 USD) Tj ET")
		fmt.Fprintf(
			y, "startxref\n%d\n%%%%EOF\n",
			y.table(
				plainRow, fmt.Sprintf("/Root 1 0 R/Size 91/Prev %s/Info %v", y.prev, mustOpen(t, sealed).Trailer()["Info"]), 1, 90,
			),
		)
		out[name] = y.Bytes()
	}
	return out
}

// olderBehindNewer has its newest section before the one that it builds on.
func olderBehindNewer(t testing.TB, good []byte) []byte {
	x := newTail(good)
	x.object(1, catalogOf(t, good, "/Metadata 90 0 R"))
	x.metadata(90, "<x/>")
	orig := good[bytes.Index(good, []byte("6 0 obj")):]
	orig = orig[:bytes.Index(orig, []byte("endobj"))]
	x.object(6, string(orig[len("6 0 obj\n"):]))
	at := x.Len()
	rows := fmt.Sprintf(
		"xref\n1 1\n%010d 00000 n\r\n6 1\n%010d 00000 n\r\n90 1\n%010d 00000 n\r\n", x.offsets[1], x.offsets[6],
		x.offsets[90],
	)
	head := "trailer\n<</Root 1 0 R/Info 3 0 R/Size 93/Prev "
	foot := "startxref %\n"
	evilAt := at + len(rows) + len(head) + 10 + len(">>\n")
	older := evilAt + len(evilContent)
	fmt.Fprintf(x, "%s%s%010d>>\n%s", rows, head, older, evilContent)
	fmt.Fprintf(
		x, "xref\n6 1\n%010d 00000 n\r\ntrailer\n<</Root 1 0 R/Info 3 0 R/Size 93/Prev %s>>\n%s%d\n%%%%EOF\n", evilAt,
		x.prev, foot, at,
	)
	return x.Bytes()
}

// TestLaterRevisionsThatReadersRepair: some of these are what poppler or MuPDF show "PAY 9000000 USD" of, though all
// cross-reference data names the page that was signed.
func TestLaterRevisionsThatReadersRepair(t *testing.T) {
	t.Parallel()
	for name, raw := range repairs(t) {
		if r := verify(t, raw); r.OK() != strings.HasPrefix(name, "intact") {
			t.Errorf("%s: OK is %v: %s", name, r.OK(), problems(r))
		}
	}
}
