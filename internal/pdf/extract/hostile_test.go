package extract_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testpdf"
)

func stream(data string) string {
	return fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(data), data)
}

// TestManyRanges: a font whose map has very many ranges does not make every glyph search them all.
func TestManyRanges(t *testing.T) {
	t.Parallel()
	var ranges, codes strings.Builder
	for range 200_000 {
		ranges.WriteString("<FFFE><FFFF><0041>\n")
	}
	for i := range 200_000 {
		fmt.Fprintf(&codes, "%04X", i%60_000)
	}
	raw := testpdf.New(testpdf.Options{Pages: 1, Objects: map[int]string{
		4: "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 9 0 R>>",
		6: stream("BT /F1 12 Tf 72 700 Td <" + codes.String() + "> Tj ET"),
		9: stream("1 beginbfrange\n" + ranges.String() + "endbfrange"),
	}})
	before := time.Now()
	if _, err := extract.PageTexts(raw); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(before); took > 20*time.Second {
		t.Errorf("reading took %v", took)
	}
}

// TestManyFonts: a file with very many fonts does not have them all in memory, however they are named.
func TestManyFonts(t *testing.T) {
	t.Parallel()
	const fonts = 20_000
	for _, inside := range []bool{false, true} {
		objects := map[int]string{}
		var list, content strings.Builder
		for i := range fonts {
			if inside {
				fmt.Fprintf(&list, "/F%d<</Subtype/Type1/BaseFont/X>>", i)
			} else {
				fmt.Fprintf(&list, "/F%d %d 0 R", i, 10+i)
				objects[10+i] = "<</Type/Font/Subtype/Type1/BaseFont/X>>"
			}
			fmt.Fprintf(&content, "/F%d 9 Tf (x) Tj\n", i)
		}
		objects[6] = stream("BT " + content.String() + " ET")
		raw := testpdf.New(testpdf.Options{Pages: 1, Objects: objects, Page: "/Resources<</Font<<" + list.String() + ">>>>"})
		d, err := pdf.Open(raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := d.Page(1)
		if err != nil {
			t.Fatal(err)
		}
		src := extract.NewSource(d)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		text, err := src.PageText(p)
		if err != nil || len(text) != fonts {
			t.Fatalf("got %d characters, %v", len(text), err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
			t.Errorf("inside=%t: %d fonts keep %d MiB", inside, fonts, grown>>20)
		}
		runtime.KeepAlive(src)
	}
}
