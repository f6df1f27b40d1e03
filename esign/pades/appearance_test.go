package pades_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// box is where the tests put visible seals.
var box = pades.Appearance{Page: 2, X: 0.55, Y: 0.8, W: 0.4, H: 0.12}

func visible(lines []string, picture []byte) func(*pades.SealRequest) {
	return func(r *pades.SealRequest) {
		a := box
		a.Lines, a.PNG = lines, picture
		r.Appearance = &a
	}
}

// beside is visible where no other seal stands.
func beside(lines []string, picture []byte) func(*pades.SealRequest) {
	return func(r *pades.SealRequest) {
		visible(lines, picture)(r)
		r.Appearance.X = 0.05
	}
}

var sealLines = []string{"Sealed by Example Vault", "Łukasz Żółć · Ελένη · Юлия", "2026-11-23 10:00 UTC"}

// emblem is a picture with transparency.
func emblem(t testing.TB) []byte {
	t.Helper()
	im := image.NewNRGBA(image.Rect(0, 0, 80, 80))
	for y := range 80 {
		for x := range 80 {
			if d := (x-40)*(x-40) + (y-40)*(y-40); d < 1500 && d > 700 || (x-40)*(x-40) < 30 && y < 40 && d < 1500 {
				im.Set(x, y, color.NRGBA{120, 20, 20, 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// turned are pages that are displayed in another way than they are written.
func turned() map[string]string {
	out := map[string]string{}
	for _, rotate := range []int{0, 90, 180, 270} {
		out[fmt.Sprintf("rotated %d", rotate)] = fmt.Sprintf("/Rotate %d", rotate)
		out[fmt.Sprintf("rotated %d, cropped", rotate)] = fmt.Sprintf(
			"/Rotate %d/MediaBox[-100 50 512 842]/CropBox[0 150 400 742]", rotate,
		)
		out[fmt.Sprintf("rotated %d, user unit", rotate)] = fmt.Sprintf(
			"/Rotate %d/UserUnit 2.5/MediaBox[0 0 400 300]", rotate,
		)
	}
	return out
}

// TestVisibleSeals seals odd pages twice, visibly, the second time by another signer. The first seal must stay good.
func TestVisibleSeals(t *testing.T) {
	t.Parallel()
	first, second := sealer(t, pki().Seal), sealer(t, pki().RSA())
	picture := emblem(t)
	for name, entries := range turned() {
		for _, kind := range testpdf.Structures() {
			t.Run(name+", "+kind.String(), func(t *testing.T) {
				t.Parallel()
				// page 2 is empty
				raw := testpdf.New(
					testpdf.Options{Structure: kind, Page: entries, Objects: map[int]string{8: "<</Length 1>>\nstream\nn\nendstream"}},
				)
				narrow := func(r *pades.SealRequest) { r.Appearance.W = 0.19 }
				one := seal(t, first, raw, visible(sealLines, picture), narrow)
				wantOK(t, one, 1)
				two := seal(t, second, extendFile(t, extender(t), one), visible(nil, picture), narrow, func(r *pades.SealRequest) {
					r.Appearance.X = 0.76
				})
				r := wantOK(t, two, 3)
				if got := r.Signatures[0]; got.ChangesAfter != pades.ChangesPermitted ||
					!strings.Contains(strings.Join(got.Changes, " "), "visible signature") {
					t.Errorf("changes after the first seal: %s, %q", got.ChangesAfter, got.Changes)
				}
			})
		}
	}
}

// TestVisibleSealStands compares the annotation with figures worked out by hand, on a cropped page turned by 90
// degrees.
func TestVisibleSealStands(t *testing.T) {
	t.Parallel()
	// displayed 500 × 400
	raw := testpdf.New(testpdf.Options{Page: "/Rotate 90/MediaBox[0 0 600 800]/CropBox[100 200 500 700]"})
	out := seal(t, sealer(t, pki().Seal, noStamp), raw, func(r *pades.SealRequest) {
		r.Appearance = &pades.Appearance{Page: 1, X: 0.1, Y: 0.2, W: 0.5, H: 0.25, Lines: []string{"x"}}
	})
	d := mustOpen(t, out)
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		t.Fatal(err)
	}
	// Displayed x grows with y of user space, displayed y (down) with x.
	want := pdf.Rect{X0: 100 + 0.2*400, Y0: 200 + 0.1*500, X1: 100 + 0.45*400, Y1: 200 + 0.6*500}
	if got, ok := d.Rect(fields[0].Dict["Rect"]); !ok || got != want {
		t.Errorf("rectangle: got %v, want %v", got, want)
	}
	ap, err := d.Dict(fields[0].Dict["AP"])
	if err != nil {
		t.Fatal(err)
	}
	form, err := d.Dict(ap["N"])
	if err != nil {
		t.Fatal(err)
	}
	if got := string(pdf.Append(nil, form["Matrix"])); got != "[0 1 -1 0 0 0]" {
		t.Errorf("matrix: got %s", got)
	}
	if got := string(pdf.Append(nil, form["BBox"])); got != "[0 0 250 100]" {
		t.Errorf("box: got %s", got)
	}
}

// TestVisibleSealByAStranger: a seal that covers nothing is permitted, whoever made it. That nobody trusts it is said
// of it alone.
func TestVisibleSealByAStranger(t *testing.T) {
	t.Parallel()
	evil, err := testpki.SelfSigned("Test Vault Seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	good := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}))
	r := verify(t, seal(t, sealer(t, evil, noStamp), good, visible([]string{"PAID"}, nil)))
	if got := r.Signatures[0]; !got.OK() || got.ChangesAfter != pades.ChangesPermitted ||
		!strings.Contains(strings.Join(got.Changes, ""), "visible signature") {
		t.Errorf("first seal: got %v, %s, %q", got.OK(), got.ChangesAfter, got.Changes)
	}
	if got := r.Signatures[1]; got.Trust != pades.TrustUntrusted || got.Problem == "" || r.OK() {
		t.Errorf("second seal: got %s, %q", got.Trust, got.Problem)
	}
}

// TestVisibleSealLeavesDanglingNumbers: objects of a seal get no number that the signed file names without having it.
func TestVisibleSealLeavesDanglingNumbers(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(
		testpdf.Options{Page: "/Thumb 11 0 R/Metadata 14 0 R", Catalog: "/Spare[18 0 R 300 0 R 99999999 0 R]"},
	)
	s, e := sealer(t, pki().Seal), extender(t)
	one := seal(t, s, raw)
	wantOK(t, seal(t, s, extendFile(t, e, one), visible(sealLines, emblem(t))), 3)
	wantOK(t, extendFile(t, e, seal(t, s, one, visible(sealLines, nil))), 3)
}

func TestAppearanceRefuses(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{})
	for name, tc := range map[string]struct {
		change func(*pades.Appearance)
		char   rune
	}{
		"nothing to show":         {func(a *pades.Appearance) { a.Lines = nil }, 0},
		"no such page":            {func(a *pades.Appearance) { a.Page = 3 }, 0},
		"page not given":          {func(a *pades.Appearance) { a.Page = 0 }, 0},
		"no area":                 {func(a *pades.Appearance) { a.W = 0 }, 0},
		"negative":                {func(a *pades.Appearance) { a.X = -0.1 }, 0},
		"leaves the page":         {func(a *pades.Appearance) { a.X = 0.7 }, 0},
		"too many lines":          {func(a *pades.Appearance) { a.Lines = make([]string, 21) }, 0},
		"line too long":           {func(a *pades.Appearance) { a.Lines = []string{strings.Repeat("a", 501)} }, 0},
		"not a PNG":               {func(a *pades.Appearance) { a.PNG = []byte("x") }, 0},
		"character in no font":    {func(a *pades.Appearance) { a.Lines = []string{"王小明"} }, '王'},
		"character that controls": {func(a *pades.Appearance) { a.Lines = []string{"a\u202eb"} }, '\u202e'},
	} {
		a := box
		a.Lines = []string{"Sealed"}
		tc.change(&a)
		_, err := sealer(t, pki().Seal).Seal(context.Background(), pades.SealRequest{PDF: raw, Appearance: &a})
		var got *pades.AppearanceError
		if !errors.As(err, &got) || got.Char != tc.char {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := pades.New(pades.Config{Chain: pki().Seal.Chain, Fonts: [][]byte{[]byte("no font")}}); err == nil {
		t.Error("a font that is none was accepted")
	}
}

// TestOtherToolsSeeSeals renders pages before and after with two readers: what changed must lie where it was asked for.
func TestOtherToolsSeeSeals(t *testing.T) {
	testenv.Tools(t)
	dir := t.TempDir()
	s, picture := sealer(t, pki().Seal), emblem(t)
	names := make([]string, 0, len(turned()))
	for name := range turned() {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		raw := testpdf.New(testpdf.Options{Structure: testpdf.Structures()[i%4], Page: turned()[name]})
		out := seal(t, s, raw, visible(sealLines, picture))
		before, after := write(t, dir, fmt.Sprintf("%d-before.pdf", i), raw),
			write(t, dir, fmt.Sprintf("%d-after.pdf", i), out)
		if said := tool(t, "pdfsig", "-nocert", after); strings.Count(said, "Signature is Valid.") != 1 {
			t.Errorf("%s: pdfsig: %s", name, said)
		}
		tool(t, "qpdf", "--check", after)
		for reader, draw := range map[string]func(string) image.Image{
			"pdftoppm": func(path string) image.Image {
				tool(
					t, "pdftoppm", "-cropbox", "-r", "60", "-f", "2", "-l", "2", "-singlefile", "-png", path,
					strings.TrimSuffix(path, ".pdf"),
				)
				return readPNG(t, strings.TrimSuffix(path, ".pdf")+".png")
			},
			"mutool": func(path string) image.Image {
				to := strings.TrimSuffix(path, ".pdf") + "-mu.png"
				tool(t, "mutool", "draw", "-q", "-r", "60", "-o", to, path, "2")
				return readPNG(t, to)
			},
		} {
			wantWithin(t, name+", "+reader, draw(before), draw(after))
		}
	}
}

func readPNG(t testing.TB, path string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// wantWithin compares two pictures of a page: they differ within the box of the seal, and in a good part of it.
func wantWithin(t *testing.T, name string, before, after image.Image) {
	t.Helper()
	b := after.Bounds()
	if before.Bounds() != b {
		t.Errorf("%s: the page became another size", name)
		return
	}
	w, h := float64(b.Dx()), float64(b.Dy())
	want := image.Rect(int(box.X*w)-1, int(box.Y*h)-1, int((box.X+box.W)*w)+2, int((box.Y+box.H)*h)+2)
	changed := image.Rectangle{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if before.At(x, y) != after.At(x, y) {
				changed = changed.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if !changed.In(want) || changed.Dx() < want.Dx()/3 || changed.Dy() < want.Dy()/3 {
		t.Errorf("%s: changed %v, want within %v", name, changed, want)
	}
}

// withField is a file with an empty signature field on its second page, below a parent.
func withField(kind testpdf.Structure, page, entries string) []byte {
	return testpdf.New(testpdf.Options{
		Structure: kind, Catalog: "/AcroForm<</Fields[30 0 R]/DA(/Helv 0 Tf)>>",
		Objects: map[int]string{
			7:  "<</Type/Page/Parent 2 0 R/Contents 8 0 R/Annots[31 0 R]" + page + ">>",
			30: "<</T(Parties)/Kids[31 0 R]>>",
			31: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Buyer)/Parent 30 0 R/Rect[100 100 300 160]/F 4" + entries + ">>",
		},
	})
}

// TestSealInAField seals in a field that was prepared for it, before and after another seal.
func TestSealInAField(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	into := func(r *pades.SealRequest) { r.Field = "Parties.Buyer" }
	shown := func(r *pades.SealRequest) {
		into(r)
		r.Appearance = &pades.Appearance{Lines: sealLines, PNG: emblem(t)}
	}
	for _, kind := range testpdf.Structures() {
		for _, rotate := range []string{"", "/Rotate 90"} {
			raw := withField(kind, rotate, "")
			for name, change := range map[string]func(*pades.SealRequest){"invisible": into, "visible": shown} {
				r := wantOK(t, seal(t, s, raw, change), 1)
				if got := r.Signatures[0].Field; got != "Parties.Buyer" {
					t.Errorf("%s, %s: field %q", kind, name, got)
				}
				both := wantOK(t, seal(t, s, seal(t, s, raw), change), 2)
				if got := both.Signatures[0].ChangesAfter; got != pades.ChangesPermitted {
					t.Errorf("%s, %s: changes after the first seal: %s", kind, name, got)
				}
				wantOK(t, extendFile(t, extender(t), seal(t, s, seal(t, s, raw, change))), 3)
			}
		}
	}
}

func TestSealInAFieldRefuses(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	good := withField(testpdf.Classic, "", "")
	for name, tc := range map[string]struct {
		raw   []byte
		field string
	}{
		"no such field": {good, "Seller"},
		"partial name":  {good, "Buyer"},
		"signed":        {seal(t, s, good, func(r *pades.SealRequest) { r.Field = "Parties.Buyer" }), "Parties.Buyer"},
		"two widgets":   {withField(testpdf.Classic, "", "/Kids[<<>><<>>]"), "Parties.Buyer"},
		"not for signatures": {testpdf.New(testpdf.Options{
			Catalog: "/AcroForm<</Fields[30 0 R]>>", Objects: map[int]string{30: "<</FT/Tx/T(Name)>>"},
		}), "Name"},
	} {
		_, err := s.Seal(context.Background(), pades.SealRequest{PDF: tc.raw, Field: tc.field})
		var got *pades.FieldError
		if !errors.As(err, &got) || got.Field != tc.field {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for entries, names := range map[string]string{
		"/SV<<>>": "/SV", "/SV<</Ff 511>>": "/SV", "/SV 99 0 R": "/SV", "/SV(x)": "/SV", "/Lock<</Action/All>>": "/Lock",
		"/Lock<<>>":    "/Lock",
		"/Lock 99 0 R": "/Lock", "/Lock<</Action/Include/Fields[(A)]/P 1>>/SV<<>>": "/SV",
	} {
		_, err := s.Seal(
			context.Background(), pades.SealRequest{PDF: withField(testpdf.Classic, "", entries), Field: "Parties.Buyer"},
		)
		var got *pades.FieldError
		if !errors.As(err, &got) || !strings.Contains(got.Reason, names) {
			t.Errorf("%s: got %v, want a *FieldError that names %s", entries, err, names)
		}
	}
	_, err := s.Seal(context.Background(), pades.SealRequest{
		PDF: bytes.Replace(good, []byte("[100 100 300 160]"), []byte("[100 100 100 100]"), 1), Field: "Parties.Buyer",
		Appearance: &pades.Appearance{Lines: sealLines},
	})
	var got *pades.AppearanceError
	if !errors.As(err, &got) {
		t.Errorf("no area: got %v", err)
	}
}
