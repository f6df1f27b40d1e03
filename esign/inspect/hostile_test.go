package inspect_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

// body writes objects, numbered from 1, without a cross-reference table, and returns their offsets.
func body(objects ...string) (*bytes.Buffer, []int) {
	b := bytes.NewBufferString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return b, at
}

// file is a PDF of the given objects; the first is the catalog.
func file(objects ...string) []byte { return fileWith("", objects...) }

func fileWith(trailer string, objects ...string) []byte {
	b, at := body(objects...)
	xref := b.Len()
	fmt.Fprintf(b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, trailer, xref)
	return b.Bytes()
}

// xrefStream is a PDF whose cross-reference stream is the given one.
func xrefStream(dict, data string) []byte {
	b, _ := body(catalog, pages, page)
	xref := b.Len()
	fmt.Fprintf(b, "9 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", stream("/Type/XRef/Root 1 0 R"+dict, data), xref)
	return b.Bytes()
}

const (
	catalog = "<</Type/Catalog/Pages 2 0 R>>"
	pages   = "<</Type/Pages/Count 1/Kids[3 0 R]>>"
	page    = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>"
)

// paged is a good page, whose content is object 4, with more objects after.
func paged(objects ...string) []byte {
	return file(append([]string{catalog, pages, page}, objects...)...)
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	w.Close()
	return b.Bytes()
}

// zeros is what inflates twice to so many MB.
func zeros(mb int) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	for range mb {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	w.Close()
	return string(deflated(b.Bytes()))
}

const twice = "/Filter[/FlateDecode/FlateDecode]"

// hostile are files that ask for more than they may have.
func hostile() map[string][]byte {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i+10)
		}
		return b.String()
	}
	good := testpdf.Simple(3, "good")
	bomb := zeros(192)
	return map[string][]byte{
		"empty":                        {},
		"header alone":                 []byte("%PDF-1.7\n"),
		"no PDF":                       []byte("MZ\x90\x00"),
		"zeros":                        append([]byte("%PDF-1.7\n"), make([]byte, 8<<20)...),
		"cut in the middle":            good[:len(good)/2],
		"cut before the trailer":       good[:bytes.LastIndex(good, []byte("trailer"))],
		"table of a billion":           []byte("%PDF-1.7\nxref\n0 999999999\n0000000000 65535 f \ntrailer\n<</Size 999999999/Root 1 0 R>>\nstartxref\n9\n%%EOF"),
		"table at huge numbers":        []byte("%PDF-1.7\nxref\n2147483646 9\n0000000000 65535 f \ntrailer\n<</Size 3/Root 1 0 R>>\nstartxref\n9\n%%EOF"),
		"startxref beyond":             []byte("%PDF-1.7\n1 0 obj<<>>endobj\nstartxref\n99999999999999999999\n%%EOF"),
		"xref of width nothing":        xrefStream("/Size 2147483647/Index[0 2147483647]/W[0 0 0]", ""),
		"xref of negative width":       xrefStream("/Size 4/W[-1 2 1]", "xxxxxxxx"),
		"xref of huge width":           xrefStream("/Size 4/W[1 9223372036854775807 1]", "xxxxxxxx"),
		"xref of 192 MB":               xrefStream("/Size 999999999/W[1 4 2]"+twice, bomb),
		"xref with huge predictor":     xrefStream("/Size 4/W[1 2 1]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 2147483647/Colors 32/BitsPerComponent 16>>", string(deflated(make([]byte, 64)))),
		"xref of many filters":         xrefStream("/Size 4/W[1 2 1]/Filter["+strings.Repeat("/FlateDecode", 100_000)+"]", string(deflated(nil))),
		"a table that precedes itself": []byte("%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF"),
		"content of 192 MB":            paged(stream(twice, bomb)),
		"content deflated once":        paged(stream("/Filter/FlateDecode", string(deflated(make([]byte, 80<<20))))),
		"content run-length":           paged(stream("/Filter/RunLengthDecode", strings.Repeat("\x81\x00", 4<<20))),
		"content in hex in hex":        paged(stream("/Filter["+strings.Repeat("/ASCIIHexDecode", 1000)+"]", strings.Repeat("3", 1<<20))),
		"objects in a bomb":            paged("null", stream("/Type/ObjStm/N 1000000000/First 1000000000"+twice, bomb)),
		"object stream of a billion":   paged("null", stream("/Type/ObjStm/N 1000000000/First 0", "1 0 2 0 3 0")),
		"object stream extends itself": paged("null", stream("/Type/ObjStm/N 1/First 4/Extends 5 0 R", "6 0 null")),
		"arrays in arrays":             paged(strings.Repeat("[", 5<<20)),
		"dictionaries in dictionaries": paged(strings.Repeat("<</A", 2<<20)),
		"closed arrays in arrays":      paged(strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20)),
		"brackets in a string":         paged(strings.Repeat("(", 5<<20)),
		"a name of 8 MB":               paged("/" + strings.Repeat("#41", 8<<20/3)),
		"a number of 8 MB":             paged(strings.Repeat("9", 8<<20)),
		"a comment of 8 MB":            paged("%" + strings.Repeat("x", 8<<20)),
		"length that is itself":        paged("<</Length 4 0 R>>\nstream\nx\nendstream"),
		"length in a circle":           paged("<</Length 5 0 R>>\nstream\nx\nendstream", "4 0 R"),
		"length negative":              paged("<</Length -9223372036854775808>>\nstream\nx\nendstream"),
		"length huge":                  paged("<</Length 9223372036854775807>>\nstream\nx\nendstream"),
		"references in a circle":       file(catalog, pages, page, "5 0 R", "6 0 R", "4 0 R"),
		"page tree in a circle":        file(catalog, "<</Type/Pages/Count 2/Kids[2 0 R 2 0 R]>>"),
		"page tree doubling":           doubling(40),
		"page tree deep":               deepTree(50_000),
		"parents in a circle":          file(catalog, pages, "<</Type/Page/Parent 4 0 R>>", "<</Parent 5 0 R>>", "<</Parent 4 0 R>>"),
		"count that lies":              file(catalog, "<</Type/Pages/Count 2147483647/Kids[3 0 R]>>", page, "null"),
		"count negative":               file(catalog, "<</Type/Pages/Count -5/Kids[3 0 R]>>", page, "null"),
		"20,000 pages":                 testpdf.Simple(20_000, "x"),
		"kids of one page":             file(catalog, "<</Type/Pages/Count 400000/Kids["+strings.Repeat("3 0 R ", 400_000)+"]>>", page, "null"),
		"box of huge numbers":          file(catalog, pages, "<</Type/Page/Parent 2 0 R/MediaBox[-1e308 -1e308 1e308 1e308]/Rotate 2147483647/UserUnit 1e308>>"),
		"box of no numbers":            file(catalog, pages, "<</Type/Page/Parent 2 0 R/MediaBox[/a(b)null 3 0 R]/Rotate/x>>"),
		"fields in a circle":           file("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>", pages, page, "<</T(a)/Kids[5 0 R]>>", "<</T(b)/Kids[4 0 R 5 0 R]>>"),
		"fields doubling":              fileWith("", fieldsDoubling(40)...),
		"outlines in a circle":         file("<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>", pages, page, "<</First 5 0 R/Last 5 0 R>>", "<</Next 5 0 R/Prev 5 0 R/First 4 0 R>>"),
		"names in a circle":            file("<</Type/Catalog/Pages 2 0 R/Names<</JavaScript 4 0 R/EmbeddedFiles 4 0 R>>>>", pages, page, "<</Kids[4 0 R 4 0 R]>>"),
		"actions in a circle":          file("<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>", pages, page, "<</S/GoTo/D[3 0 R/Fit]/Next 4 0 R>>"),
		"resources in a circle":        file(catalog, pages, "<</Type/Page/Parent 2 0 R/Resources<</XObject<</X 4 0 R>>>>>>", stream("/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Resources<</XObject<</X 4 0 R>>>>", "/X Do")),
		"streams without end":          append([]byte("%PDF-1.7\n"), many(100_000, "%d 0 obj<</Length 9>>stream\n")...),
		"objects without end":          append([]byte("%PDF-1.7\n"), many(100_000, "%d 0 obj<</A[")...),
		"trailers without end":         append([]byte("%PDF-1.7\n"), strings.Repeat("trailer<</Root 1 0 R/Prev 9>>startxref 9 %%EOF\n", 50_000)...),
		"one object 100,000 times":     append([]byte("%PDF-1.7\n"), strings.Repeat("1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>endobj\n", 100_000)...),
		"signature over everything":    file("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>", pages, page, "<</FT/Sig/T(s)/V 5 0 R>>", "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 9223372036854775807 -1 9223372036854775807]/Contents<"+strings.Repeat("30", 1<<20)+">>>"),
		"20,000 signatures":            signatures(20_000),
		"CMS nested in CMS":            file("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>", pages, page, "<</FT/Sig/T(s)/V 5 0 R>>", "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 500 600 10]/Contents<"+strings.Repeat("3080", 1<<19)+">>>"),
		"encrypted with odd numbers":   fileWith("/ID[(a)(b)]/Encrypt<</Filter/Standard/V 5/R 6/Length 2147483647/O()/U()/OE()/UE()/Perms()/P -1/CF<</StdCF<</CFM/AESV3/Length -1>>>>/StmF/StdCF/StrF/StdCF>>", catalog, pages, page, "null"),
		"encrypted by itself":          fileWith("/ID[(a)(b)]/Encrypt 4 0 R", catalog, pages, page, "<</Filter/Standard/V 4 0 R/R 4 0 R/O 4 0 R/U 4 0 R/CF 4 0 R/P 4 0 R>>"),
	}
}

// doubling is a page tree of n levels with 2 to the power of n pages.
func doubling(n int) []byte {
	objects := []string{catalog}
	for i := range n {
		objects = append(objects, fmt.Sprintf("<</Type/Pages/Count 2/Kids[%d 0 R %d 0 R]>>", i+3, i+3))
	}
	return file(append(objects, "<</Type/Page/MediaBox[0 0 9 9]>>")...)
}

func deepTree(n int) []byte {
	objects := []string{catalog}
	for i := range n {
		objects = append(objects, fmt.Sprintf("<</Type/Pages/Count 1/Parent %d 0 R/Kids[%d 0 R]>>", i+1, i+3))
	}
	return file(append(objects, "<</Type/Page/MediaBox[0 0 9 9]>>")...)
}

func fieldsDoubling(n int) []string {
	objects := []string{"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>", pages, page}
	for i := range n {
		objects = append(objects, fmt.Sprintf("<</T(a)/Kids[%d 0 R %d 0 R]>>", i+5, i+5))
	}
	return append(objects, "<</T(z)/FT/Sig/V<</Type/Sig/ByteRange[0 1 2 3]>>>>")
}

func signatures(n int) []byte {
	var fields strings.Builder
	objects := []string{"", pages, page}
	for i := range n {
		fmt.Fprintf(&fields, "%d 0 R ", i+4)
		objects = append(objects, fmt.Sprintf("<</FT/Sig/T(s%d)/V<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 %d %d 10]/Contents<3003020101>>>>>", i, i+100, i+200))
	}
	objects[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[" + fields.String() + "]>>>>"
	return file(objects...)
}

// Each file is inspected or refused by its reason, and the child lives on unless a bound of its own ended it. That the
// bounds held is the kernel's word: see TestLimitsAreTheKernels.
func TestHostileFiles(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	i := open(t, inspect.Config{Children: 2, CPU: time.Second, Deadline: time.Hour})
	files := hostile()
	for name, raw := range testpdf.Hostile() {
		files["corpus: "+name] = raw
	}
	for name, raw := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := i.Inspect(t.Context(), raw)
			var r *esign.Refusal
			switch {
			case err == nil && in.Pages < 1:
				t.Errorf("accepted without a page: %+v", in)
			case err == nil:
				t.Logf("accepted: %d pages, %v, %v", in.Pages, in.Sealing, in.Warnings)
			case !errors.As(err, &r):
				t.Errorf("got %v, want an inspection or a refusal", err)
			case r.Reason == inspect.ReasonCrashed:
				t.Errorf("it brought the parser down: %v", err)
			default:
				t.Logf("refused: %v", r)
			}
		})
	}
}

// Files as they come give the same in a child as in process.
func TestSameAsInProcess(t *testing.T) {
	t.Parallel()
	i := open(t, inspect.Config{Children: 1, CPU: time.Hour, Deadline: time.Hour})
	files := testpdf.Active()
	maps.Copy(files, map[string][]byte{
		"form":           testpdf.Form(),
		"encrypted":      testpdf.Encrypted(),
		"locked":         testpdf.Locked(),
		"cropped":        testpdf.Cropped(),
		"simple":         testpdf.Simple(3, "x"),
		"contract":       testpdf.Contract(10),
		"xref stream":    testpdf.XRefStream(2),
		"object streams": testpdf.ObjectStream(2),
		"hybrid":         testpdf.Hybrid(2),
		"1 MB":           testpdf.Sized(10, 1<<20),
		"script":         file("<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(1)>>>>", pages, page, "null"),
		"no PDF":         []byte("no"),
		"no pages":       file(catalog, "<</Type/Pages/Count 0/Kids[]>>"),
		"signed badly":   signatures(2),
	})
	for name, raw := range files {
		want, wantErr := esign.InProcess(esign.Limits{}, nil).Inspect(t.Context(), raw)
		got, err := i.Inspect(t.Context(), raw)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s: got error %v, want %v", name, err, wantErr)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: in process (-) and in a child (+):\n%s", name, diff)
		}
	}
}

// The limits of a waiting child, read from outside.
func TestLimitsAreTheKernels(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("other systems enforce less, as the package comment says")
	}
	const memory = 96 << 20
	i := open(t, inspect.Config{Children: 1, Memory: memory, CPU: 3 * time.Second})
	proc := fmt.Sprintf("/proc/%d/", i.Pid())
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) (soft, hard int64) {
		m := regexp.MustCompile(`(?m)^` + name + `\s+(\d+)\s+(\d+)`).FindSubmatch(limits)
		if m == nil {
			t.Fatalf("%s is not limited:\n%s", name, limits)
		}
		soft, _ = strconv.ParseInt(string(m[1]), 10, 64)
		hard, _ = strconv.ParseInt(string(m[2]), 10, 64)
		return soft, hard
	}
	statm, err := os.ReadFile(proc + "statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[5], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	fds, err := os.ReadDir(proc + "fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name        string
		least, most int64
	}{
		{"Max data size", memory, memory + pages*int64(os.Getpagesize())},
		{"Max cpu time", 3, 23},
		{"Max open files", 3, int64(len(fds))},
		{"Max file size", 0, 0},
		{"Max core file size", 0, 0},
	} {
		soft, hard := read(tc.name)
		if soft != hard || soft < tc.least || soft > tc.most {
			t.Errorf("%s: soft %d, hard %d, want equal and within %d and %d", tc.name, soft, hard, tc.least, tc.most)
		}
	}
}
