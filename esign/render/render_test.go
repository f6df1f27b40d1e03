package render_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/render"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

var cacheDir string

// EVAULT_RENDER_CACHE names a directory that keeps PDFium compiled from one run of the tests to the next. Compiling it
// under the race detector takes minutes, so without one these tests do not run there.
func TestMain(m *testing.M) {
	cacheDir = os.Getenv("EVAULT_RENDER_CACHE")
	kept := cacheDir != ""
	if raceDetector && !kept {
		fmt.Println("skipped: with -race these tests need EVAULT_RENDER_CACHE")
		return
	}
	if !kept {
		dir, err := os.MkdirTemp("", "evault-render")
		if err != nil {
			panic(err)
		}
		cacheDir = dir
	}
	code := m.Run()
	shared().Close()
	if !kept {
		os.RemoveAll(cacheDir)
	}
	os.Exit(code)
}

var shared = sync.OnceValue(func() *render.Renderer {
	r, err := render.New(context.Background(), render.Config{CacheDir: cacheDir, Deadline: time.Minute})
	if err != nil {
		panic(err)
	}
	return r
})

// open makes a renderer of its own; PDFium is compiled by then.
func open(t testing.TB, cfg render.Config) *render.Renderer {
	t.Helper()
	shared()
	cfg.CacheDir = cacheDir
	r, err := render.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func draw(t testing.TB, r *render.Renderer, raw []byte, page, width int) image.Image {
	t.Helper()
	b, err := r.PNG(t.Context(), raw, page, width)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// file is a PDF of the given objects, numbered from 1; the first is the catalog.
func file(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, xref)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// onePage is a file of one page, 200 by 100 points; further objects begin at number 5.
func onePage(entries, content string, more ...string) []byte {
	return file(append([]string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>",
		"<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R" + entries + ">>",
		stream("", content),
	}, more...)...)
}

// dark tells the color at a place given as fractions of the image, and whether it is dark.
func dark(img image.Image, fx, fy float64) bool {
	b := img.Bounds()
	r, g, bl, _ := img.At(int(fx*float64(b.Dx())), int(fy*float64(b.Dy()))).RGBA()
	return r+g+bl < 3*0x8000
}

func inked(img image.Image) (n int) {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, bl, _ := img.At(x, y).RGBA(); r+g+bl < 3*0x8000 {
				n++
			}
		}
	}
	return n
}

func TestSize(t *testing.T) {
	t.Parallel()
	pdf := testpdf.Build(testpdf.Classic,
		testpdf.Page{Media: [4]float64{0, 0, 595, 842}},
		testpdf.Page{Media: [4]float64{0, 0, 595, 842}, Rotate: 90},
		testpdf.Page{Media: [4]float64{-100, -50, 500, 750}, Crop: [4]float64{0, 0, 200, 100}},
		testpdf.Page{Media: [4]float64{0, 0, 2384, 3370}},
		testpdf.Page{Media: [4]float64{0, 0, 100, 100}, UserUnit: 5},
	)
	for page, want := range []image.Point{{600, 850}, {600, 424}, {600, 300}, {600, 849}, {600, 600}} {
		got := draw(t, shared(), pdf, page+1, 600).Bounds().Size()
		if d := got.Y - want.Y; got.X != want.X || d < -1 || d > 1 {
			t.Errorf("page %d: got %v, want %v", page+1, got, want)
		}
	}
}

// A black square in the page's upper left corner moves clockwise with /Rotate.
func TestRotation(t *testing.T) {
	t.Parallel()
	corners := []struct {
		name   string
		fx, fy float64
	}{{"upper left", .1, .1}, {"upper right", .9, .1}, {"lower right", .9, .9}, {"lower left", .1, .9}}
	for turn := range 4 {
		pdf := testpdf.Build(testpdf.XRefStreams, testpdf.Page{
			Media: [4]float64{0, 0, 300, 200}, Rotate: 90 * turn, Content: "0 g 0 150 50 50 re f",
		})
		img := draw(t, shared(), pdf, 1, 300)
		for i, c := range corners {
			if got, want := dark(img, c.fx, c.fy), i == turn; got != want {
				t.Errorf("rotated by %d: %s corner dark is %v, want %v", 90*turn, c.name, got, want)
			}
		}
	}
}

func TestTextIsDrawn(t *testing.T) {
	t.Parallel()
	pdf := testpdf.Simple(2, "Retail installment contract")
	for page := 1; page <= 2; page++ {
		if n := inked(draw(t, shared(), pdf, page, 1000)); n < 1000 || n > 100_000 {
			t.Errorf("page %d: %d dark pixels, want text", page, n)
		}
	}
	if n := inked(draw(t, shared(), testpdf.Build(testpdf.Classic, testpdf.Page{}), 1, 1000)); n != 0 {
		t.Errorf("an empty page has %d dark pixels", n)
	}
}

func TestWhatReadersShowIsDrawn(t *testing.T) {
	t.Parallel()
	square := stream("/Type/XObject/Subtype/Form/BBox[0 0 50 50]", "0 g 0 0 50 50 re f")
	for name, pdf := range map[string][]byte{
		"annotation": onePage("/Annots[5 0 R]", "", "<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 50 50]/AP<</N 6 0 R>>>>", square),
		"form field": onePage("/Annots[5 0 R]", "",
			"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/F 4/Rect[0 0 50 50]/AP<</N 6 0 R>>>>", square),
		"signature": onePage("/Annots[5 0 R]", "",
			"<</Type/Annot/Subtype/Widget/FT/Sig/T(sig)/F 4/Rect[0 0 50 50]/AP<</N 6 0 R>>>>", square),
		"inside a form": onePage("/Resources<</XObject<</X 6 0 R>>>>", "/X Do", "null", square),
	} {
		img := draw(t, shared(), pdf, 1, 200)
		if !dark(img, .1, .9) || dark(img, .5, .5) {
			t.Errorf("%s: not drawn in its place", name)
		}
	}
}

func TestTransparencyIsLaidOnWhite(t *testing.T) {
	t.Parallel()
	pdf := onePage("/Group<</S/Transparency/CS/DeviceRGB>>/Resources<</ExtGState<</G<</ca .5>>>>>>",
		"/G gs 1 0 0 rg 0 0 100 100 re f", "null")
	img := draw(t, shared(), pdf, 1, 200)
	for _, tc := range []struct {
		x       int
		r, g, b uint32
	}{{50, 255, 128, 128}, {150, 255, 255, 255}} {
		r, g, b, a := img.At(tc.x, 50).RGBA()
		near := func(got, want uint32) bool { return got>>8+2 >= want && got>>8 <= want+2 }
		if !near(r, tc.r) || !near(g, tc.g) || !near(b, tc.b) || a != 0xffff {
			t.Errorf("at %d: got %d %d %d %d, want %d %d %d 255", tc.x, r>>8, g>>8, b>>8, a>>8, tc.r, tc.g, tc.b)
		}
	}
}

func deflated(data []byte) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	w.Close()
	return b.String()
}

// nested calls forms in forms: 10 to the power of levels drawings.
func nested(levels int) []byte {
	var objects []string
	for i := range levels {
		objects = append(objects, stream(fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 200 100]/Resources<</XObject<</X %d 0 R>>>>", 6+i),
			strings.Repeat("q 1 0 0 1 .1 .1 cm /X Do Q\n", 10)))
	}
	objects = append(objects, stream("/Type/XObject/Subtype/Form/BBox[0 0 200 100]", "0 g 0 0 m 200 100 l 100 0 l f"))
	return onePage("/Resources<</XObject<</X 5 0 R>>>>", "/X Do", objects...)
}

func TestHostileFilesAreRefusedByName(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	patient := open(t, render.Config{Deadline: time.Minute, MemoryPages: 2048, Instances: 1})
	impatient := open(t, render.Config{Deadline: 300 * time.Millisecond, MemoryPages: 2048, Instances: 1})
	fine := testpdf.Simple(1, "Fine")
	twice := "/Filter[/FlateDecode/FlateDecode]"
	lines := deflated([]byte(deflated(bytes.Repeat([]byte("0 0 m 9 9 l S\n"), 10<<20))))
	for _, tc := range []struct {
		name string
		r    *render.Renderer
		pdf  []byte
		page int
		want []error
	}{
		{"no PDF", patient, []byte("GIF89a"), 1, []error{render.ErrDocument}},
		{"empty", patient, nil, 1, []error{render.ErrDocument}},
		{"cut short", patient, fine[:len(fine)/3], 1, []error{render.ErrDocument}},
		{"no such page", patient, fine, 2, []error{render.ErrPage}},
		{"page 0", patient, fine, 0, []error{render.ErrPage}},
		{"needs a password", patient, testpdf.Locked(), 1, []error{render.ErrDocument}},
		{"owner password", patient, testpdf.Encrypted(), 1, nil},
		{"page without area", patient, onePageOf("[0 0 0 0]"), 1, nil}, // PDFium takes Letter instead
		{"ribbon", patient, onePageOf("[0 0 1 14400]"), 1, []error{render.ErrTooLarge}},
		{"size beyond numbers", patient, onePageOf("[0 0 1e38 1e38]"), 1, nil},
		{"circle of pages", patient, file("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>"), 1, []error{render.ErrPage, render.ErrDocument}},
		{"greater than the sandbox", patient, make([]byte, 2048*65536/4+1), 1, []error{render.ErrTooLarge}},
		{"a billion drawings", impatient, nested(9), 1, []error{render.ErrTimeout}},
		{"140 MB of lines", impatient, onePageContent(stream(twice, lines)), 1, []error{render.ErrTimeout, render.ErrDocument}},
		{"140 MB of lines and all the time", patient, onePageContent(stream(twice, lines)), 1, []error{render.ErrDocument}},
	} {
		_, err := tc.r.PNG(t.Context(), tc.pdf, tc.page, 600)
		ok := err == nil && tc.want == nil
		for _, want := range tc.want {
			ok = ok || errors.Is(err, want)
		}
		if !ok || err != nil && len(err.Error()) > 200 {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		works(t, tc.r, fine)
	}
}

func TestHostileCorpus(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	r := open(t, render.Config{Deadline: time.Second})
	for name, raw := range testpdf.Hostile() {
		b, err := r.PNG(t.Context(), raw, 1, 300)
		typed := errors.Is(err, render.ErrPage) || errors.Is(err, render.ErrTooLarge) || errors.Is(err, render.ErrTimeout) || errors.Is(err, render.ErrDocument)
		if (err == nil) != (len(b) > 0) || err != nil && !typed {
			t.Errorf("%s: got %d bytes, %v", name, len(b), err)
		}
	}
	works(t, r, testpdf.Simple(1, "Fine"))
}

// Pages of odd geometry have the shape that inspection says they have, and something to read on them.
func TestShapeIsThatOfInspection(t *testing.T) {
	t.Parallel()
	for name, raw := range testpdf.Odd() {
		info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, p := range info.Pages {
			const width = 900
			img := draw(t, shared(), raw, i+1, width)
			want := width * p.Height / p.Width
			if got := float64(img.Bounds().Dy()); math.Abs(got-want) > 1.5 {
				t.Errorf("%s, page %d: %v pixels high, want %v", name, i+1, got, want)
			}
			if inked(img) == 0 {
				t.Errorf("%s, page %d: blank", name, i+1)
			}
		}
	}
}

// works fails unless r draws fine; a busy machine may need more than one try.
func works(t *testing.T, r *render.Renderer, fine []byte) {
	t.Helper()
	for try := 0; ; try++ {
		b, err := r.PNG(t.Context(), fine, 1, 100)
		if errors.Is(err, render.ErrTimeout) && try < 100 {
			continue
		}
		if err != nil || len(b) == 0 {
			t.Fatalf("after a hostile file: %v", err)
		}
		return
	}
}

func onePageOf(media string) []byte {
	return file("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox"+media+">>")
}

func onePageContent(content string) []byte {
	return file("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R>>", content)
}

func TestWidth(t *testing.T) {
	t.Parallel()
	pdf := testpdf.Simple(1, "Width")
	for _, width := range []int{-1, 0, render.MaxWidth + 1} {
		if _, err := shared().PNG(t.Context(), pdf, 1, width); !errors.Is(err, render.ErrTooLarge) {
			t.Errorf("width %d: got %v, want %v", width, err, render.ErrTooLarge)
		}
	}
	if got := draw(t, shared(), pdf, 1, 1).Bounds().Dx(); got != 1 {
		t.Errorf("width 1: got %d", got)
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	r := open(t, render.Config{Deadline: time.Minute})
	pdf, endless := testpdf.Simple(8, "Concurrent"), nested(12)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			if i%8 == 7 {
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				if _, err := r.PNG(ctx, endless, 1, 100+i); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("endless: got %v, want %v", err, context.DeadlineExceeded)
				}
				return
			}
			b, err := r.PNG(t.Context(), pdf, i%8+1, 400)
			if err != nil {
				t.Error(err)
				return
			}
			img, err := png.Decode(bytes.NewReader(b))
			if err != nil || inked(img) == 0 {
				t.Errorf("page %d: %v, or blank", i%8+1, err)
			}
		})
	}
	wg.Wait()
}

func TestContext(t *testing.T) {
	t.Parallel()
	r := open(t, render.Config{Instances: 1, Deadline: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.PNG(ctx, nested(12), 1, 300); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("in the middle: got %v, want %v", err, context.DeadlineExceeded)
	}
	if _, err := r.PNG(ctx, testpdf.Simple(1, "x"), 1, 300); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before: got %v, want %v", err, context.DeadlineExceeded)
	}
	draw(t, r, testpdf.Simple(1, "x"), 1, 300)
}

func TestConcurrentClose(t *testing.T) {
	t.Parallel()
	r := open(t, render.Config{Instances: 1, Deadline: time.Minute})
	running := make(chan error, 1)
	go func() {
		_, err := r.PNG(t.Context(), nested(12), 1, 300)
		running <- err
	}()
	time.Sleep(200 * time.Millisecond)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-running; !errors.Is(err, render.ErrClosed) {
		t.Errorf("running: got %v, want %v", err, render.ErrClosed)
	}
	if _, err := r.PNG(t.Context(), testpdf.Simple(1, "x"), 1, 300); !errors.Is(err, render.ErrClosed) {
		t.Errorf("after Close: got %v, want %v", err, render.ErrClosed)
	}
}

func TestImagesAreKeptWithinBounds(t *testing.T) {
	t.Parallel()
	pdf := testpdf.Simple(1, "Kept")
	first, err := shared().PNG(t.Context(), pdf, 1, 321)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(first)
	clear(first) // the caller may
	again, err := shared().PNG(t.Context(), pdf, 1, 321)
	if err != nil || !bytes.Equal(again, want) {
		t.Errorf("second time: %v, or other bytes", err)
	}
}

func TestCacheDirOfOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no mode bits")
	}
	dir := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if r, err := render.New(t.Context(), render.Config{CacheDir: dir}); err == nil {
		r.Close()
		t.Error("machine code would be read from a directory that everybody may write to")
	}
}
