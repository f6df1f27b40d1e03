package accept_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/render"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
)

// source is a file of a producer.
type source struct{ name, producer, path string }

var producerEntry = regexp.MustCompile(`/Producer\s*\(((?:\\.|[^()\\])*)\)`)

// family is who made a file, without its version; a name with bytes of its own coding is one family, too.
func family(raw []byte) string {
	m := producerEntry.FindSubmatch(raw)
	if m == nil {
		return "unnamed"
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == ' ' || r == '/' {
			return r
		}
		return -1
	}, string(m[1]))
	return strings.Join(strings.Fields(name)[:min(2, len(strings.Fields(name)))], " ")
}

// fromModules lists the PDFs that modules carry as samples, a family after the other. They are read where they are and
// never committed.
func fromModules(t *testing.T) []source {
	t.Helper()
	families := map[string][]source{}
	for _, m := range []string{"github.com/klippa-app/go-pdfium@v1.20.0", "github.com/pdfcpu/pdfcpu@v0.15.0", "codeberg.org/go-pdf/fpdf@v0.12.0"} {
		out, err := exec.Command("go", "mod", "download", "-json", m).Output()
		if err != nil {
			t.Fatalf("go mod download %s: %v", m, err)
		}
		var module struct{ Dir string }
		if err := json.Unmarshal(out, &module); err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(module.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".pdf") {
				return err
			}
			if info, err := d.Info(); err != nil || info.Size() > 1<<20 {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f := family(raw)
			families[f] = append(families[f], source{strings.TrimPrefix(path, module.Dir+"/"), f, path})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for f, list := range families {
		names = append(names, f)
		slices.SortFunc(list, func(a, b source) int { return strings.Compare(a.name, b.name) })
	}
	slices.Sort(names)
	var out []source
	for round := 0; ; round++ {
		before := len(out)
		for _, f := range names {
			if round < len(families[f]) {
				out = append(out, families[f][round])
			}
		}
		if len(out) == before {
			return out
		}
	}
}

// printed is a page that Chromium makes a PDF of: fonts, a table, a gradient, transparency, tags.
func printed(t *testing.T) source {
	t.Helper()
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	const html = `<!DOCTYPE html><html lang="en"><title>Contract</title><body style="font-family:serif"><h1>Purchase</h1>
<p style="background:linear-gradient(90deg,#fde,#def)">Gradient, <b>bold</b> and <span style="opacity:.4">faint</span>.</p>
<table border=1><tr><th>Item<td>Truck 42<tr><th>Price<td>21,480.00</table><p style="break-before:page">Second page, &pound; &euro; ŁΩЖ.</p>`
	if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "page.pdf")
	tool(t, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"), "--print-to-pdf="+out, "file://"+page)
	return source{"printed by Chromium", "Chromium", out}
}

// signedFields are placed on the first page; values are fractions of it.
var signedFields = []esign.FieldSpec{
	{Kind: esign.FieldSignature, Role: "buyer", Page: 1, X: 0.55, Y: 0.70, W: 0.35, H: 0.07},
	{Kind: esign.FieldDate, Role: "buyer", Page: 1, X: 0.55, Y: 0.78, W: 0.2, H: 0.03},
	{Kind: esign.FieldText, Role: "buyer", Page: 1, X: 0.1, Y: 0.78, W: 0.3, H: 0.03},
	{Kind: esign.FieldCheckbox, Role: "buyer", Page: 1, X: 0.1, Y: 0.7, W: 0.05, H: 0.03},
}

// completes sends a file the whole way, signed by name, and returns the sealed completion.
func completes(ctx context.Context, v *embedded.Embedded, raw []byte, name string) ([]byte, *esign.Envelope, error) {
	actor := esign.Actor{Kind: "key", ID: "key_test"}
	env, err := v.ESign.Create(ctx, esign.CreateRequest{
		OrgID: "org_a", Actor: actor, CustomerEmail: "ada@example.com", CustomerName: name, Document: raw, Fields: signedFields, Send: true,
		Signers: []esign.SignerSpec{{Email: "ada@example.com", Name: name, Role: "buyer"}},
	})
	if err != nil {
		return nil, nil, err
	}
	links, err := v.ESign.SigningLinks(ctx, esign.LinksRequest{OrgID: "org_a", EnvelopeID: env.ID, Actor: actor})
	if err != nil {
		return nil, nil, err
	}
	token := links[0].Token
	s, err := v.ESign.Session(ctx, token, esign.Client{})
	if err != nil {
		return nil, nil, err
	}
	if s.PageImages {
		for n := range s.Pages {
			if _, err = v.ESign.PageImage(ctx, esign.PageRequest{Token: token, Page: n + 1, Width: 200}); err != nil {
				break
			}
		}
	} else {
		_, err = v.ESign.Document(ctx, token, esign.Client{})
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := v.ESign.Consent(ctx, esign.ConsentRequest{Token: token, DisclosureSHA256: s.DisclosureSHA256}); err != nil {
		return nil, nil, err
	}
	var values []esign.FieldValue
	for _, f := range s.Fields {
		values = append(values, esign.FieldValue{FieldID: f.ID, Value: map[string]string{esign.FieldText: "1FTFW1E50", esign.FieldCheckbox: "true"}[f.Kind]})
	}
	values = slices.DeleteFunc(values, func(f esign.FieldValue) bool { return f.Value == "" })
	if _, err := v.ESign.Sign(ctx, esign.SignRequest{Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: name}, Fields: values}); err != nil {
		return nil, nil, err
	}
	c, err := v.ESign.Completion(ctx, "org_a", env.ID)
	if err != nil {
		return nil, nil, err
	}
	done, err := v.Objects.Read(ctx, c.Object)
	return done, env, err
}

// drawers draw a page at 100 dots an inch.
func drawers(r *render.Renderer) map[string]func(ctx context.Context, file string, raw []byte, page int, size contentstream.PageSize) (*picture, error) {
	program := func(name string, args ...string) (*picture, error) {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return readPPM(out)
	}
	return map[string]func(context.Context, string, []byte, int, contentstream.PageSize) (*picture, error){
		"poppler": func(_ context.Context, file string, _ []byte, page int, _ contentstream.PageSize) (*picture, error) {
			n := fmt.Sprint(page)
			return program("pdftoppm", "-q", "-cropbox", "-r", "100", "-f", n, "-l", n, file)
		},
		"mupdf": func(_ context.Context, file string, _ []byte, page int, _ contentstream.PageSize) (*picture, error) {
			return program("mutool", "draw", "-q", "-r", "100", "-F", "ppm", "-o", "-", file, fmt.Sprint(page))
		},
		"pdfium": func(ctx context.Context, _ string, raw []byte, page int, size contentstream.PageSize) (*picture, error) {
			b, err := r.PNG(ctx, raw, page, max(16, min(render.MaxWidth, int(size.Width*100/72))))
			if err != nil {
				return nil, err
			}
			return readPNG(b)
		},
	}
}

// stamped are the boxes of page n that signing may change, with room for what leans out of them: the fields, and the
// legend at the foot.
func stamped(n int, size contentstream.PageSize) (boxes [][4]float64) {
	const lean = 0.01
	if n == 1 {
		for _, f := range signedFields {
			boxes = append(boxes, [4]float64{f.X - lean, f.Y - lean, f.X + f.W + lean, f.Y + f.H + lean})
		}
	}
	legend := 40 * max(1, min(size.Width, size.Height)/800) // points
	return append(boxes, [4]float64{0, 1 - legend/size.Height, 1, 1})
}

// TestWhatWasSignedIsWhatIsStored is I23: files of many producers are created, read, signed and sealed; outside of what was
// placed, poppler, MuPDF and PDFium draw the completed pages as they drew the original ones.
func TestWhatWasSignedIsWhatIsStored(t *testing.T) {
	t.Parallel()
	wantsTools(t)
	files, pages := figure(20, 75), figure(2, 10)
	r, err := render.New(t.Context(), render.Config{CacheDir: os.Getenv("EVAULT_RENDER_CACHE"), CacheBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	v, err := embedded.Open(t.Context(), embedded.Options{Dir: t.TempDir(), Renderer: r, Inspector: esign.InProcess(esign.Limits{}, nil)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	if _, err := v.Scopes.CreateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "A", Capacity: scopes.Principal}); err != nil {
		t.Fatal(err)
	}
	sources := []source{printed(t)}
	for name, raw := range map[string][]byte{"contract": testpdf.Contract(2), "encrypted": testpdf.Encrypted(), "unruly": testpdf.Unruly()} {
		sources = append(sources, source{name, "evault's tests", file(t, name+".pdf", raw)})
	}
	sources = append(sources, fromModules(t)...)
	queue := make(chan source)
	var mu sync.Mutex
	done, refused, drawn, normalized := 0, 0, 0, 0
	producers := map[string]int{}
	enough := func() bool { mu.Lock(); defer mu.Unlock(); return done >= files }
	go func() {
		defer close(queue)
		for _, s := range sources {
			if enough() {
				return
			}
			queue <- s
		}
	}()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for s := range queue {
				n, env := same(t, v, r, s, pages)
				mu.Lock()
				if n == 0 {
					refused++
				} else {
					done++
					drawn += n
					producers[s.producer]++
					if env.Document.Normalized {
						normalized++
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d files of %d producers, %d of them normalized before signing; %d pages drawn before and after by three programs; %d files not taken; %v", done, len(producers), normalized, drawn, refused, producers)
	if done < files || len(producers) < 5 || normalized == 0 {
		t.Errorf("only %d files of %d producers, %d normalized", done, len(producers), normalized)
	}
}

// same returns how many pages were compared, 0 for a file that is not taken.
func same(t *testing.T, v *embedded.Embedded, r *render.Renderer, s source, most int) (pages int, _ *esign.Envelope) {
	raw, err := os.ReadFile(s.path)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	info, err := pdfinspect.Inspect(t.Context(), raw, pdf.Limits{})
	if err != nil || info.Signed || info.Pages[0].Height < 200 {
		t.Logf("not taken: %s: %v", s.name, err)
		return 0, nil
	}
	sealed, env, err := completes(t.Context(), v, raw, "Ada Byron")
	if err != nil {
		var unfit *esign.NotSignableError
		var refusal *esign.Refusal
		if !errors.As(err, &unfit) && !errors.As(err, &refusal) && !errors.Is(err, esign.ErrNotDrawn) {
			t.Errorf("%s: %v", s.name, err)
		}
		t.Logf("not taken: %s: %v", s.name, err)
		return 0, nil
	}
	before, after := s.path, file(t, "sealed.pdf", sealed)
	improvised := withoutAppearance(t, raw)
	for n := 1; n <= min(len(info.Pages), most); n++ {
		size := info.Pages[n-1]
		for name, draw := range drawers(r) {
			a, err := draw(t.Context(), before, raw, n, size)
			if err != nil {
				continue // not a file that this program reads
			}
			b, err := draw(t.Context(), after, sealed, n, size)
			if err != nil {
				t.Errorf("%s (%s) page %d: %s drew the original and not the completion: %v", s.name, s.producer, n, name, err)
				continue
			}
			if name == "pdfium" && improvised {
				continue
			}
			if d := a.differs(b, stamped(n, size)); d > 0 {
				t.Errorf("%s (%s) page %d: %s draws %d pixels otherwise", s.name, s.producer, n, name, d)
				keep(t, s.name+fmt.Sprint("-", n, "-", name), raw, sealed)
			}
		}
		pages++
	}
	return pages, env
}

// withoutAppearance reports annotations that leave their looks to the reader. PDFium then draws some of them, but not in a
// file with an interactive form, which every signed file has.
func withoutAppearance(t *testing.T, raw []byte) bool {
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		return false
	}
	pages, err := d.Pages()
	if err != nil {
		t.Error(err)
	}
	for _, p := range pages {
		annots, err := d.Array(p.Dict["Annots"])
		if err != nil {
			t.Error(err)
		}
		for _, a := range annots {
			if dict, err := d.Dict(a); err == nil && dict["AP"] == nil && dict["Subtype"] != pdf.Name("Link") && dict["Subtype"] != pdf.Name("Popup") {
				return true
			}
		}
	}
	return false
}

// keep writes both files where EVAULT_LOOK names a folder.
func keep(t *testing.T, name string, before, after []byte) {
	t.Helper()
	dir := os.Getenv("EVAULT_LOOK")
	if dir == "" {
		return
	}
	name = strings.ReplaceAll(name, "/", "_")
	for suffix, b := range map[string][]byte{"-before.pdf": before, "-after.pdf": after} {
		if err := os.WriteFile(filepath.Join(dir, name+suffix), b, 0o600); err != nil {
			t.Error(err)
		}
	}
}
