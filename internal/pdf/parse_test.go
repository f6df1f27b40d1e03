package pdf_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/testpdf"
)

// object parses one object by way of a file that holds it.
func object(t testing.TB, syntax string) (pdf.Object, error) {
	t.Helper()
	d, err := pdf.Open(testpdf.New(testpdf.Options{Objects: map[int]string{40: syntax}}), pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Object(40)
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for syntax, want := range map[string]pdf.Object{
		"true": true, "false": false, "null": nil, "42": int64(42), "-7": int64(-7), "+3": int64(3), "0.5": 0.5,
		"-.25": -0.25, "4.": 4.0,
		"--5": -5.0, "0.-3": 0.0, "99999999999999999999": 1e20,
		"/Name": pdf.Name("Name"), "/A#20B": pdf.Name("A B"), "/#": pdf.Name("#"), "/#zz": pdf.Name("#zz"), "/": pdf.Name(""),
		"(a(b)c)": pdf.String("a(b)c"), `(a\)\n\101\5\q)`: pdf.String("a)\nA\x05q"), "(a\\\r\nb\r\nc)": pdf.String("ab\nc"),
		"<48 65 6C6>": pdf.String("Hel`"), "<>": pdf.String(""),
		"[1 2 R 3/A(b)]":            pdf.Array{pdf.Ref{Num: 1, Gen: 2}, int64(3), pdf.Name("A"), pdf.String("b")},
		"12 0 R":                    nil,
		"<</A 1/B[/C<</D null>>]>>": pdf.Dict{"A": int64(1), "B": pdf.Array{pdf.Name("C"), pdf.Dict{}}},
		"%c\n7 %d\n":                int64(7),
	} {
		got, err := object(t, syntax)
		if err != nil {
			t.Errorf("%s: %v", syntax, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", syntax, diff)
		}
	}
}

func TestMalformedObjects(t *testing.T) {
	t.Parallel()
	for _, syntax := range []string{
		"(open", "<48", "<4x>", "[1", "<</A", "<</A>>", "<<1 2>>", "]", ">>", "}", "nul", "1e5", strings.Repeat("[", 200),
		strings.Repeat("<</A", 200),
	} {
		got, err := object(t, syntax)
		var r *pdf.Refusal
		if !errors.As(err, &r) {
			t.Errorf("%.20s: got %v, %v, want a refusal", syntax, got, err)
		}
	}
}

func TestAppendThenParseIsTheSame(t *testing.T) {
	t.Parallel()
	for _, want := range []pdf.Object{
		true, int64(-3), 0.125, 1e-9, pdf.Name("a /#()b\xff"), pdf.String("(\\)\r\n\x00\xff"), pdf.String("plain (text)"),
		pdf.Ref{Num: 3, Gen: 0},
		pdf.Array{nil, pdf.Array{}, pdf.Dict{"A B": pdf.String("x")}},
		pdf.TextString("Łukasz 😀"), pdf.TextString("plain"),
	} {
		got, err := object(t, "["+string(pdf.Append(nil, want))+"]")
		if err != nil {
			t.Errorf("%v: %v", want, err)
			continue
		}
		if diff := cmp.Diff(pdf.Object(pdf.Array{want}), got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "plain", "Łukasz Żółć", "東京 😀", "a\u0001b"} {
		if got := pdf.TextString(s).Text(); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
	if got := pdf.String("\xEF\xBB\xBFŻ").Text(); got != "Ż" {
		t.Errorf("UTF-8 with mark: got %q", got)
	}
	if got := pdf.String("\xe9").Text(); got != "é" {
		t.Errorf("Latin-1: got %q", got)
	}
}

func TestOpenEveryKind(t *testing.T) {
	t.Parallel()
	for _, kind := range testpdf.Structures() {
		raw := testpdf.New(testpdf.Options{Structure: kind, Pages: 3})
		d, err := pdf.Open(raw, pdf.Limits{})
		if err != nil || d.Repaired() {
			t.Fatalf("%s: %v", kind, err)
		}
		pages, err := d.Pages()
		if err != nil || len(pages) != 3 {
			t.Fatalf("%s: %d pages, %v", kind, len(pages), err)
		}
		content, err := contentstream.Content(d, pages[1])
		if err != nil || !strings.Contains(string(content), "Page 2") {
			t.Errorf("%s: content of page 2 is %q, %v", kind, content, err)
		}
		info, err := d.Dict(d.Trailer()["Info"])
		if err != nil || info["Title"] != pdf.String("Loan and security agreement") {
			t.Errorf("%s: information is %v, %v", kind, info, err)
		}
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	for _, kind := range testpdf.Structures() {
		raw := testpdf.New(testpdf.Options{Structure: kind})
		for name, bad := range map[string][]byte{
			"junk before the header": append([]byte("junk\n"), raw...),
			"cut":                    raw[:len(raw)-20],
			"startxref wrong":        []byte(strings.Replace(string(raw), "startxref\n", "startxref\n9", 1)),
		} {
			d, err := pdf.Open(bad, pdf.Limits{})
			if err != nil || !d.Repaired() {
				t.Errorf("%s, %s: %v", kind, name, err)
				continue
			}
			if pages, err := d.Pages(); err != nil || len(pages) != 2 {
				t.Errorf("%s, %s: %d pages, %v", kind, name, len(pages), err)
			}
			if _, err := d.Update(); err == nil {
				t.Errorf("%s, %s: a damaged file was extended", kind, name)
			}
			if got := acroform.Extendable(d); got != pdf.BlockDamaged {
				t.Errorf("%s, %s: extendable: %q", kind, name, got)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	loop := testpdf.New(testpdf.Options{Objects: map[int]string{2: "<</Type/Pages/Count 1/Kids[2 0 R]>>"}})
	many := make([]string, 60)
	for i := range many {
		many[i] = "5 0 R"
	}
	deep := map[int]string{2: "<</Type/Pages/Count 1/Kids[100 0 R]>>"}
	for i := range 150 {
		deep[100+i] = fmt.Sprintf("<</Type/Pages/Count 1/Kids[%d 0 R]>>", 101+i)
	}
	for name, tc := range map[string]struct {
		raw    []byte
		limits pdf.Limits
		want   string
	}{
		"empty":        {nil, pdf.Limits{}, pdf.ReasonNotPDF},
		"text":         {[]byte("hello"), pdf.Limits{}, pdf.ReasonNotPDF},
		"header alone": {[]byte("%PDF-1.7\n"), pdf.Limits{}, pdf.ReasonDamaged},
		"too large":    {testpdf.New(testpdf.Options{}), pdf.Limits{Bytes: 100}, pdf.ReasonTooLarge},
		"no pages": {
			testpdf.New(testpdf.Options{Objects: map[int]string{2: "<</Type/Pages/Count 0/Kids[]>>"}}),
			pdf.Limits{},
			pdf.ReasonNoPages,
		},
		"page tree loop": {loop, pdf.Limits{}, pdf.ReasonDamaged},
		"page tree deep": {testpdf.New(testpdf.Options{Objects: deep}), pdf.Limits{}, pdf.ReasonTooDeep},
		"page named twice": {
			testpdf.New(
				testpdf.Options{Objects: map[int]string{2: "<</Type/Pages/Count 60/Kids[" + strings.Join(many, " ") + "]>>"}},
			),
			pdf.Limits{},
			pdf.ReasonDamaged,
		},
		"too many pages":   {testpdf.New(testpdf.Options{Pages: 9}), pdf.Limits{Pages: 8}, pdf.ReasonTooManyPages},
		"too many objects": {testpdf.New(testpdf.Options{Pages: 9}), pdf.Limits{Objects: 8}, pdf.ReasonTooManyObjects},
		"object streams inflate": {
			testpdf.New(
				testpdf.Options{
					Structure: testpdf.ObjectStreams, Objects: map[int]string{50: "(" + strings.Repeat("x", 1<<20) + ")"},
				},
			),
			pdf.Limits{Decoded: 1 << 16},
			pdf.ReasonDecodeLimit,
		},
	} {
		d, err := pdf.Open(tc.raw, tc.limits)
		if err == nil {
			_, err = d.Pages()
		}
		var r *pdf.Refusal
		if !errors.As(err, &r) || r.Reason != tc.want {
			t.Errorf("%s: got %v, want reason %s", name, err, tc.want)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ syntax, want string }{
		"hexadecimal": {"<</Filter/ASCIIHexDecode/Length 6>>\nstream\n48 69>\nendstream", "Hi"},
		"base 85":     {"<</Filter[/ASCII85Decode]/Length 8>>\nstream\n87cURD]~>\nendstream", "Hello"},
		"run length":  {"<</Filter/RunLengthDecode/Length 6>>\nstream\n\x01Hi\xfe!\x80\nendstream", "Hi!!!"},
		"none":        {"<</Length 2>>\nstream\nHi\nendstream", "Hi"},
		"chain":       {"<</Filter[/ASCIIHexDecode/ASCIIHexDecode]/Length 10>>\nstream\n34383639>>\nendstream", "Hi"},
		"wrong size":  {"<</Length 99>>\nstream\nHi\nendstream", "Hi"},
		"no size":     {"<<>>\nstream\r\nHi\r\nendstream", "Hi"},
	} {
		d, err := pdf.Open(testpdf.New(testpdf.Options{Objects: map[int]string{40: tc.syntax}}), pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := d.Stream(pdf.Ref{Num: 40})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := d.Decode(s); err != nil || string(got) != tc.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, tc.want)
		}
	}
	d, err := pdf.Open(testpdf.New(testpdf.Options{}), pdf.Limits{Decoded: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var r *pdf.Refusal
	if _, err := d.Decode(pdf.Deflate(pdf.Dict{}, make([]byte, 2000))); !errors.As(err, &r) ||
		r.Reason != pdf.ReasonDecodeLimit {
		t.Errorf("bomb: got %v", err)
	}
	if _, err := d.Decode(&pdf.Stream{Dict: pdf.Dict{"Filter": pdf.Name("DCTDecode")}}); !errors.As(err, &r) ||
		r.Reason != pdf.ReasonUnsupported {
		t.Errorf("image codec: got %v", err)
	}
}
