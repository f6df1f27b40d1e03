package pdftest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// SharedContent is a file of some pages that share a content stream, object 4, and name the objects from 5 on.
func SharedContent(pages int, resources, content string, objects ...string) []byte {
	var b strings.Builder
	stream := func(n int, dict, data string) {
		fmt.Fprintf(&b, "%d 0 obj <<%s/Length %d>> stream\n%s\nendstream endobj\n", n, dict, len(data), data)
	}
	b.WriteString("%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n")
	fmt.Fprintf(&b, "2 0 obj <</Type/Pages/MediaBox[0 0 9 9]/Resources<<%s>>/Count %d/Kids[", resources, pages)
	for i := range pages {
		fmt.Fprintf(&b, "%d 0 R ", 100+i)
	}
	b.WriteString("]>> endobj\n")
	stream(4, "", content)
	for i, draws := range objects {
		stream(5+i, "/Type/XObject/Subtype/Form/BBox[0 0 9 9]", draws)
	}
	for i := range pages {
		fmt.Fprintf(&b, "%d 0 obj <</Type/Page/Parent 2 0 R/Contents 4 0 R>> endobj\n", 100+i)
	}
	return []byte(b.String() + fmt.Sprintf("trailer <</Root 1 0 R/Size %d>>\n%%%%EOF\n", 100+pages))
}

// Drawn is a signature drawn with a mouse: a wave in blue on a transparent ground.
func Drawn() []byte {
	im := image.NewNRGBA(image.Rect(0, 0, 300, 90))
	for x := 5; x < 295; x++ {
		y := 45 + int(30*math.Sin(float64(x)/20)*math.Cos(float64(x)/50))
		for d := -1; d <= 1; d++ {
			im.Set(x, y+d, color.NRGBA{10, 20, 120, 255})
		}
	}
	return PNG(im)
}

// PNG encodes an image.
func PNG(im image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// EveryGeometry is every file of odd geometry, with every cross-reference structure and unruly content besides.
func EveryGeometry() map[string][]byte {
	files := testpdf.Odd()
	maps.Copy(files, map[string][]byte{
		"portrait": testpdf.Rotated(0), "xref stream": testpdf.XRefStream(1), "object stream": testpdf.ObjectStream(1),
		"hybrid": testpdf.Hybrid(1), "shared": testpdf.Shared(1), "form": testpdf.Form(),
	})
	return files
}

// Sealed returns raw with two seals on it.
func Sealed(t *testing.T, raw []byte) []byte {
	t.Helper()
	id, err := testpki.SelfSigned("Vault seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := pades.New(pades.Config{Signer: id.Key, Chain: id.Chain})
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(raw)
	for range 2 {
		seal, err := s.Seal(t.Context(), pades.SealRequest{PDF: out, Reason: "Test"})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, seal.Appended...)
	}
	return out
}

// Open parses a file.
func Open(t testing.TB, raw []byte) *pdf.Document {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Extend appends an update and opens the result, which must need no repair.
func Extend(t testing.TB, raw []byte, change func(*pdf.Update)) *pdf.Document {
	t.Helper()
	u, err := Open(t, raw).Update()
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	appended, err := u.Close()
	if err != nil {
		t.Fatal(err)
	}
	d := Open(t, append(bytes.Clone(raw), appended...))
	if d.Repaired() {
		t.Fatal("the update broke the cross-reference data")
	}
	return d
}
