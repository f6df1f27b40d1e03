package placement_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"github.com/evaultlib/evault/esign/placement"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

// leaseTags are the tags of the lease in testdata, without their boxes.
var leaseTags = []string{
	`lessee text "serial" "Serial number" [] required`,
	`lessee dropdown "rhythm" "" [each month each year] required`,
	`lessee checkbox "" "" [] optional`,
	`lessee signature "" "" [] required`,
	`lessor signature "" "" [] required`,
}

func describe(t placement.Tag) string {
	need := "required"
	if t.Optional {
		need = "optional"
	}
	return fmt.Sprintf("%s %s %q %q %v %s", t.Role, t.Kind, t.Name, t.Label, t.Options, need)
}

func locate(t *testing.T, raw []byte, s placement.Search) *placement.Found {
	t.Helper()
	found, err := placement.Locate(t.Context(), raw, s, placement.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// written is the lease by fpdf, in a font without /ToUnicode.
func written(t *testing.T) []byte {
	t.Helper()
	p := fpdf.New("P", "pt", "Letter", "")
	p.AddPage()
	p.SetFont("Helvetica", "", 11)
	for i, line := range []string{
		"Serial number: {{lessee:text;name=serial;label=Serial number;w=180}}",
		"Pay {{lessee:dropdown;name=rhythm;options=each month|each year}}",
		"I accept insurance {{lessee:checkbox;optional}}", "{{lessee:signature}}", "{{ lessor : signature }}", "Office use {{merge.field}} only.",
	} {
		p.Text(72, 150+float64(i)*60, line)
	}
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// placed is the lease in fonts that overlay embeds.
func placed(t *testing.T) []byte {
	t.Helper()
	raw := testpdf.Simple(1, "Equipment lease")
	var marks []overlay.Mark
	for i, line := range []string{
		"{{lessee:text;name=serial;label=Serial number;w=180}}", "{{lessee:dropdown;name=rhythm;options=each month|each year}}",
		"{{lessee:checkbox;optional}}", "{{lessee:signature}}", "{{ lessor : signature }}", "{{merge.field}}",
	} {
		marks = append(marks, overlay.Mark{Page: 1, X: 0.1, Y: 0.3 + float64(i)*0.1, W: 0.8, H: 0.02, Kind: overlay.MarkText, Text: line})
	}
	appended, err := overlay.Place(t.Context(), raw, marks, overlay.PlaceOptions{Fonts: font.Fonts{}})
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, appended...)
}

// TestTagsOfProducers: the same tags are found however a program writes text.
func TestTagsOfProducers(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string][]byte{
		"chromium": read(t, "chromium.pdf"), "cairo": read(t, "cairo.pdf"), "fpdf": written(t), "overlay": placed(t),
	} {
		found := locate(t, raw, placement.Search{Tags: true})
		var got []string
		for _, tag := range found.Tags {
			got = append(got, describe(tag))
		}
		if !slices.Equal(got, leaseTags) {
			t.Errorf("%s: got %q, want %q", name, got, leaseTags)
		}
		if len(found.Mistakes) > 0 || len(found.NotTags) != 1 || !strings.Contains(found.NotTags[0], "merge.field") {
			t.Errorf("%s: got mistakes %q and texts that are no tags %q", name, found.Mistakes, found.NotTags)
		}
	}
}

// TestBoxes: boxes are where the text is, in points as pdftotext -bbox gives them.
func TestBoxes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, text  string
		x, end, low float64 // left, right and lower edge, from the top-left corner
	}{
		{"chromium.pdf", "Lessee signs", 78, 142.2, 321.8},
		{"cairo.pdf", "Lessee signs", 78, 142.2, 321.8},
		{"mutool.pdf", "Lessee signs", 72, 142, 168.5},
		{"mutool.pdf", "number:", 103, 143, 94.6},
	} {
		b := locate(t, read(t, c.file), placement.Search{Anchors: []placement.Anchor{{Text: c.text}}}).Anchors[0]
		if b == nil {
			t.Errorf("%s: %q was not found", c.file, c.text)
			continue
		}
		x, end, low := b.X*612, (b.X+b.W)*612, (b.Y+b.H)*792
		if math.Abs(x-c.x) > 0.3 || math.Abs(end-c.end) > 0.3 || math.Abs(low-c.low) > 1 {
			t.Errorf("%s: %q goes from %.1f to %.1f, down to %.1f; want %v", c.file, c.text, x, end, low, c)
		}
	}
}

// TestEveryGeometry: boxes are on the page as displayed, whatever its rotation, crop box and user unit.
func TestEveryGeometry(t *testing.T) {
	t.Parallel()
	tried := 0
	for name, raw := range pdftest.EveryGeometry() {
		mark := overlay.Mark{Page: 1, X: 0.25, Y: 0.5, W: 0.5, H: 0.05, Kind: overlay.MarkText, Text: "Lessee"}
		appended, err := overlay.Place(t.Context(), raw, []overlay.Mark{mark}, overlay.PlaceOptions{})
		if err != nil {
			continue // what cannot be extended is no matter here
		}
		tried++
		b := locate(t, append(bytes.Clone(raw), appended...), placement.Search{Anchors: []placement.Anchor{{Text: "Lessee"}}}).Anchors[0]
		if b == nil || math.Abs(b.X-0.25) > 0.01 || math.Abs(b.Y+b.H/2-0.525) > 0.01 || b.W <= 0.005 || b.H <= 0.002 || b.H > 0.06 {
			t.Errorf("%s: got %v, want about x 0.25 and the middle at 0.525", name, b)
		}
	}
	if tried < 8 {
		t.Errorf("tried %d files, want 8 or more", tried)
	}
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	raw := testpdf.Simple(3, "Sign here: and Sign here:") // a line of 18 points that begins at 72, 700 of each page
	found := locate(t, raw, placement.Search{Anchors: []placement.Anchor{
		{Text: "Sign here:"},
		{Text: "Signhere:", Nth: 2},
		{Text: "sign here:"},
		{Text: "Sign here:", Nth: 3},
		{Text: "Sign here:", Page: 3, Nth: 1},
		{Text: "Sign here:", Nth: 7},
		{Text: "Page 2 of"},
		{Text: " "},
	}})
	var got []string
	for _, b := range found.Anchors {
		if b == nil {
			got = append(got, "none")
			continue
		}
		got = append(got, fmt.Sprintf("%d: %.0f", b.Page, b.X*612))
	}
	want := []string{"1: 72", "1: 202", "none", "2: 72", "3: 72", "none", "2: 72", "none"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	page := found.PageSizes[0]
	text := *found.Anchors[0]
	b := placement.Anchor{After: true, DX: 0.01, DY: -0.02}.Place(text, "signature", 0, 0, page)
	if math.Abs(b.X-(text.X+text.W+0.01)) > 1e-9 || math.Abs(b.Y+b.H-(text.Y+text.H-0.02)) > 1e-9 || b.W != 150.0/612 || b.H != 36.0/792 {
		t.Errorf("a signature behind %v is placed at %v", text, b)
	}
}

func TestMistakesInTags(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"{{buyer:signature}}": "", "{{buyer:stamp}}": "has no known kind of field", "{{:signature}}": "has no role",
		"{{buyer:text;w=wide}}": "must be a number of points", "{{buyer:text;w=-4}}": "must be a number of points",
		"{{buyer:text;color=red}}": "settings are", "{{buyer:text;name=}}": "settings are", "{{buyer:text;required=no}}": "settings are",
		"{{a {{buyer:date}}": "", "{{ {{buyer:dat}} }}": "has no known kind of field",
	} {
		found := locate(t, testpdf.Simple(1, tag), placement.Search{Tags: true})
		switch {
		case want == "" && (len(found.Tags) != 1 || len(found.Mistakes) > 0):
			t.Errorf("%s: got %v and mistakes %q, want one tag", tag, found.Tags, found.Mistakes)
		case want != "" && (len(found.Mistakes) != 1 || !strings.Contains(found.Mistakes[0], want) || !strings.HasPrefix(found.Mistakes[0], "page 1: ")):
			t.Errorf("%s: got mistakes %q, want one with %q", tag, found.Mistakes, want)
		}
	}
}
