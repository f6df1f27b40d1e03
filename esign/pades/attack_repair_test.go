package pades_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/rawpdf"
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

// repairs are later revisions that a careful reader and one that repairs files take for different ones.
func repairs(t testing.TB) map[string][]byte {
	out := map[string][]byte{}
	good := seal(t, sealer(t, pki().Seal), rawpdf.New(rawpdf.Options{}))
	catalog := func(raw []byte, extra string) string {
		d := mustOpen(t, raw)
		c, err := d.Catalog()
		if err != nil {
			t.Fatal(err)
		}
		s := string(pdf.Append(nil, c))
		return s[:len(s)-2] + extra + ">>"
	}
	trailer := func(x *tail) string {
		return "/Root 1 0 R/Info 3 0 R/Size 93/Prev " + x.prev
	}
	plain := func(data string) *tail {
		x := newTail(good)
		x.object(1, catalog(good, "/Metadata 90 0 R"))
		x.metadata(90, data)
		return x
	}
	x := plain("<x/>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90))
	out["intact"] = x.Bytes()

	x = plain("<x/>\n" + evilContent)
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90))
	out["object in metadata"] = x.Bytes()

	for name, hidden := range map[string]string{
		"behind binary data": "\xFF\xFE\xFF\n" + evilContent,
		"behind spaces":      "\n6" + strings.Repeat(" ", 300) + "0" + strings.Repeat("\n", 300) + strings.TrimPrefix(evilContent, "6 0 "),
		"behind a comment":   "\n6 0 %\n" + strings.TrimPrefix(evilContent, "6 0 "),
		"between comments":   "\n6 %\n0 %\n" + strings.TrimPrefix(evilContent, "6 0 "),
		"at a number":        "\n6 0" + strings.TrimPrefix(evilContent, "6 0 "),
	} {
		x = plain("<x/>" + hidden)
		fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90))
		out["object in metadata "+name] = x.Bytes()
	}
	x = plain("<x/>\n10% of 5 objects, obj. 7, an obj of xref no. 90; 100 %\nthe trailer of a film")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90))
	out["intact, words in metadata"] = x.Bytes()

	x = plain("<x/>\n" + evilContent)
	fmt.Fprintf(x, "startxref %%\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90))
	out["object in metadata, comment behind startxref"] = x.Bytes()

	x = plain("<x/>\n" + evilContent)
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table("\n%010d 00000 n", trailer(x), 1, 90))
	out["object in metadata, rows of odd length"] = x.Bytes()

	x = plain("<x/>\n" + evilContent)
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, strings.Replace(trailer(x), "/Prev "+x.prev, "/Prev "+x.prev+".0", 1), 1, 90))
	out["object in metadata, broken number of the place before"] = x.Bytes()

	x = plain("<x/>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table("%010d 00000 n\n", trailer(x), 1, 90))
	out["rows of nineteen bytes"] = x.Bytes()

	x = plain("<x/>\ntrailer\n<</Root 91 0 R>>\n")
	x.object(91, "<</Pages 2 0 R>>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90, 91))
	out["trailer in metadata"] = x.Bytes()

	x = plain("<x/>")
	x.object(91, "<</Type/Catalog/Pages 2 0 R>>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90, 91))
	out["second catalog"] = x.Bytes()

	x = plain("<x/>")
	x.object(91, "<</Type/XRef/Size 1/W[1 1 1]/Root 1 0 R/Prev 9/Length 3>>\nstream\n\x00\x00\x00\nendstream")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90, 91))
	out["second cross-reference stream"] = x.Bytes()

	x = plain("<x/>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90)-1)
	out["intact, startxref at the line end before the table"] = x.Bytes()

	x = plain("<x/>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90)-len("endobj\n"))
	out["startxref before the end of an object"] = x.Bytes()

	x = plain("<x/>")
	x.WriteString(strings.Repeat(" ", 40))
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90)-40)
	out["startxref at much white space before the table"] = x.Bytes()

	x = plain("<x/>")
	x.WriteString("%\n")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90)-len("%\n"))
	out["startxref at a comment before the table"] = x.Bytes()

	x = plain("<x/>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, strings.Replace(trailer(x), "/Size 93", "/Size 5", 1), 1, 90))
	out["size that leaves objects out"] = x.Bytes()

	x = plain("<x/>")
	evilPage := "<</Type/Page/Parent 2 0 R/Contents 92 0 R>>"
	x.object(91, fmt.Sprintf("<</Type/ObjStm/N 1/First 4/Length %d>>\nstream\n5 0 %s\nendstream", 4+len(evilPage), evilPage))
	x.object(92, "<</Length 46>>\nstream\nBT /F1 24 Tf 72 700 Td (PAY 9000000 USD) Tj ET\nendstream")
	fmt.Fprintf(x, "startxref %%\n%d\n%%%%EOF\n", x.table(plainRow, trailer(x), 1, 90, 91, 92))
	out["object stream with a page that no cross-reference names"] = x.Bytes()

	// The newest section stands before the one that it builds on.
	x = newTail(good)
	x.object(1, catalog(good, "/Metadata 90 0 R"))
	x.metadata(90, "<x/>")
	orig := good[bytes.Index(good, []byte("6 0 obj")):]
	orig = orig[:bytes.Index(orig, []byte("endobj"))]
	x.object(6, string(orig[len("6 0 obj\n"):]))
	at := x.Len()
	rows := fmt.Sprintf("xref\n1 1\n%010d 00000 n\r\n6 1\n%010d 00000 n\r\n90 1\n%010d 00000 n\r\n", x.offsets[1], x.offsets[6], x.offsets[90])
	head := "trailer\n<</Root 1 0 R/Info 3 0 R/Size 93/Prev "
	foot := "startxref %\n"
	evilAt := at + len(rows) + len(head) + 10 + len(">>\n")
	older := evilAt + len(evilContent)
	fmt.Fprintf(x, "%s%s%010d>>\n%s", rows, head, older, evilContent)
	fmt.Fprintf(x, "xref\n6 1\n%010d 00000 n\r\ntrailer\n<</Root 1 0 R/Info 3 0 R/Size 93/Prev %s>>\n%s%d\n%%%%EOF\n", evilAt, x.prev, foot, at)
	out["older section stands behind the newer"] = x.Bytes()

	out["intact, some white space"] = append(bytes.Clone(good), make([]byte, 100)...)
	out["so much white space that the end is not found"] = append(bytes.Clone(good), make([]byte, 2000)...)
	out["a comment so long that the end is not found"] = append(bytes.Clone(good), "%"+strings.Repeat("x", 2000)+"\n%%EOF\n"...)
	out["end of file repeated"] = append(bytes.Clone(good), "%%EOF\n"...)
	x = plain("<x/>")
	x.object(8_000_000, "<<>>")
	fmt.Fprintf(x, "startxref\n%d\n%%%%EOF\n", x.table(plainRow, strings.Replace(trailer(x), "/Size 93", "/Size 8000001", 1), 1, 90, 8_000_000))
	out["object number beyond what readers accept"] = x.Bytes()

	// Not all readers look at generations, nor at what the trailer names.
	for name, o := range map[string][]byte{
		"supplied under another generation": rawpdf.New(rawpdf.Options{Objects: map[int]string{5: "<</Type/Page/Parent 2 0 R/Contents[6 0 R 90 7 R]>>"}}),
		"document information supplied":     bytes.Replace(rawpdf.New(rawpdf.Options{}), []byte("/Info 3 0 R"), []byte("/Info 90 0 R"), 1),
	} {
		sealed := seal(t, sealer(t, pki().Seal), o)
		y := newTail(sealed)
		y.object(1, catalog(sealed, "/Metadata 90 0 R"))
		y.metadata(90, "BT /F1 40 Tf 72 600 Td (PAY 9000000 USD) Tj ET")
		fmt.Fprintf(y, "startxref\n%d\n%%%%EOF\n", y.table(plainRow, fmt.Sprintf("/Root 1 0 R/Size 91/Prev %s/Info %v", y.prev, mustOpen(t, sealed).Trailer()["Info"]), 1, 90))
		out[name] = y.Bytes()
	}
	return out
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
