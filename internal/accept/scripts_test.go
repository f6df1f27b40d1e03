package accept_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
)

// Names in scripts that the bundled fonts draw, and in scripts that want a font
// of the host's.
var bundledNames = []string{
	"Łukasz Żółć", "Ελένη Παπαδοπούλου", "Щербаков Юрий", "Nguyễn Thị Hồng Ánh", "Արամ Խաչատրյան", "გიორგი ბერიძე",
	"דוד בן־גוריון", "שָׁלוֹם עֲלֵיכֶם", "محمد علي الأمين", "فاطمة الزهراء لا", "مُحَمَّد", "سید علی می‌خواهم", "Dan דוד 42 כהן Smith", "دکتر علی ۱۲۳ (Ali)",
	"x̂ŷ J̌o",
}

var hostNames = map[string][]string{
	"opentype/common/NotoSansCJKjp-VF.otf":                         {"张伟 王小明", "山田 太郎", "やまだ たろう タロウ", "김민준 이서연"},
	"harfbuzz/perf_reference/fonts/NotoSansDevanagari-Regular.ttf": {"नरेन्द्र मोदी", "श्रीमती कृष्णा त्रिपाठी", "क्षत्रिय शिल्पा"},
	"opentype/common/FreeSerif.ttf":                                {"สมชาย ใจดี", "ที่อยู่ น้ำตก กี่", "หญิง ผู้ใหญ่"},
	"opentype/common/mplus-1p-regular.ttf":                         {"山田 太郎", "鈴木 さくら"},
	"opentype/common/Commissioner-VF.ttf":                          {"ԦԧԨԩ Ԯԯ"},
}

// fontModule is where the fonts of the test are read from: another module's test data.
const fontModule = "github.com/go-text/typesetting-utils@v0.0.0-20260419141703-4ffe8874dabc"

func hostFont(t *testing.T, name string) []byte {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", fontModule).Output()
	if err != nil {
		t.Fatalf("go mod download %s: %v", fontModule, err)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(m.Dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// namesPage places each name twice, as a text and as a signature, each on its own line of one page.
func namesPage(t *testing.T, names []string, fonts font.Fonts) []byte {
	t.Helper()
	raw := testpdf.Simple(1, "x")
	var marks []overlay.Mark
	for i, n := range names {
		y := 0.03 + 0.06*float64(i)
		marks = append(marks, overlay.Mark{Page: 1, X: 0.05, Y: y, W: 0.42, H: 0.05, Kind: overlay.MarkText, Text: n},
			overlay.Mark{Page: 1, X: 0.52, Y: y, W: 0.42, H: 0.05, Kind: overlay.MarkSignature, Text: n, Caption: "Signed by " + n})
	}
	appended, err := overlay.Place(t.Context(), raw, marks, overlay.PlaceOptions{Fonts: fonts})
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, appended...)
}

// readBack checks that pdftotext and mutool find each name. What they say of reading order is left out, and of pointed
// names the points, which they put where they please; mutool gives right-to-left text as it stands and is not asked for it.
func readBack(t *testing.T, what string, out []byte, names []string) {
	t.Helper()
	f := file(t, "names.pdf", out)
	tool(t, "qpdf", "--check", f)
	for reader, text := range map[string]string{
		"pdftotext": tool(t, "pdftotext", "-layout", f, "-"), "mutool": tool(t, "mutool", "draw", "-q", "-F", "text", f),
	} {
		for _, n := range names {
			rightToLeft := strings.ContainsFunc(n, func(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic) })
			if rightToLeft && reader == "mutool" {
				continue
			}
			plain := func(s string) string {
				return strings.Map(func(r rune) rune {
					if unicode.Is(unicode.Cf, r) || rightToLeft && (unicode.Is(unicode.M, r) || r == ' ') || reader == "mutool" && r == ' ' {
						return -1
					}
					return r
				}, s)
			}
			for _, word := range strings.Fields(n) {
				if strings.Count(plain(text), plain(word)) < 2 { // as a text and as a signature
					t.Errorf("%s: %s does not give back %q of %q (%+q)\n%.2000s", what, reader, word, n, n, text)
				}
			}
		}
	}
}

// TestNamesInEveryScript draws names in many scripts, refuses those that no font
// here has by naming the character, and reads them back with other programs.
func TestNamesInEveryScript(t *testing.T) {
	t.Parallel()
	wantsTools(t)
	out := namesPage(t, bundledNames, font.Fonts{})
	looked(t, "bundled", out)
	readBack(t, "bundled", out, bundledNames)
	for name, names := range hostNames {
		fonts, err := font.NewFonts(hostFont(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, n := range names {
			var missing *font.MissingGlyphError
			if err := font.CheckText(n, font.Fonts{}); !errors.As(err, &missing) || !strings.ContainsRune(n, missing.Char) {
				t.Errorf("%q without a font for it: %v", n, err)
			}
		}
		out := namesPage(t, names, fonts)
		looked(t, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), out)
		readBack(t, name, out, names)
	}
}

// TestVariableFontsAreRegular: of a variable font the regular instance is drawn, whatever its default is. The same font
// with a table that calls the default regular draws the default.
func TestVariableFontsAreRegular(t *testing.T) {
	t.Parallel()
	wantsTools(t)
	for font, tt := range map[string]struct {
		name    string
		thinner bool // is the default
	}{
		"opentype/common/Commissioner-VF.ttf":  {"ԦԧԨԩ Ԯԯ", true},
		"opentype/common/NotoSansCJKjp-VF.otf": {"山田 太郎", true},
		"opentype/common/Estedad-VF.ttf":       {"ۂۀۊ ۂۀۊ", false},
	} {
		raw := hostFont(t, font)
		at := bytes.Index(raw, []byte("fvar"))
		fvar := number(raw[at+8 : at+12])
		axis := fvar + number(raw[fvar+4:fvar+6])
		if string(raw[axis:axis+4]) != "wght" {
			t.Fatalf("%s: the first axis is %q", font, raw[axis:axis+4])
		}
		lying := bytes.Clone(raw)
		copy(lying[axis+8:], []byte{400 >> 8, 400 & 0xFF, 0, 0})
		regular, usual := ink(t, raw, tt.name), ink(t, lying, tt.name)
		if ratio := regular / usual; tt.thinner != (ratio > 1.25) || tt.thinner == (ratio < 0.8) {
			t.Errorf("%s: %.0f of ink in regular, %.0f in the default", font, regular, usual)
		}
	}
}

// number reads an unsigned number of a font, which are big-endian.
func number(b []byte) (n int) {
	for _, v := range b {
		n = n<<8 | int(v)
	}
	return n
}

// ink is how much of a page a name in a font darkens.
func ink(t *testing.T, face []byte, name string) (sum float64) {
	t.Helper()
	fonts, err := font.NewFonts(face)
	if err != nil {
		t.Fatal(err)
	}
	raw := testpdf.Build(testpdf.Classic, testpdf.Page{})
	appended, err := overlay.Place(t.Context(), raw, []overlay.Mark{{Page: 1, X: 0.1, Y: 0.1, W: 0.8, H: 0.1, Kind: overlay.MarkText, Text: name}}, overlay.PlaceOptions{Fonts: fonts})
	if err != nil {
		t.Fatal(err)
	}
	f := file(t, "ink.pdf", append(raw, appended...))
	tool(t, "pdftoppm", "-r", "200", "-singlefile", f, strings.TrimSuffix(f, ".pdf"))
	b, err := os.ReadFile(strings.TrimSuffix(f, ".pdf") + ".ppm")
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPPM(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.rgb {
		sum += float64(255 - v)
	}
	return sum
}

// TestHostFontSigns: with a font of the host's a name goes the whole way; without it the signer hears which character is
// missing, and nothing is signed.
func TestHostFontSigns(t *testing.T) {
	t.Parallel()
	wantsTools(t)
	const name = "山田 太郎"
	font := hostFont(t, "opentype/common/mplus-1p-regular.ttf")
	for _, fonts := range [][][]byte{nil, {font}} {
		v, err := embedded.Open(t.Context(), embedded.Options{Dir: t.TempDir(), ESign: func(c *esign.Config) { c.Fonts = fonts }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		if _, err := v.Scopes.CreateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "A", Capacity: scopes.Principal}); err != nil {
			t.Fatal(err)
		}
		sealed, _, err := completes(t.Context(), v, testpdf.Contract(1), name)
		if fonts == nil {
			if err == nil || !strings.Contains(err.Error(), "山") {
				t.Errorf("without a font: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		text := tool(t, "pdftotext", "-layout", file(t, "sealed.pdf", sealed), "-")
		if strings.Count(text, name) < 2 { // the signature, and the certificate of completion
			t.Errorf("the completion does not show %q: %s", name, text)
		}
		looked(t, "host-font", sealed)
	}
}

// looked keeps a file and its pages as poppler and MuPDF draw them where
// EVAULT_LOOK names a folder.
func looked(t *testing.T, name string, raw []byte) {
	t.Helper()
	dir := os.Getenv("EVAULT_LOOK")
	if dir == "" {
		return
	}
	at := filepath.Join(dir, name)
	if err := os.WriteFile(at+".pdf", raw, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "pdftoppm", "-r", "100", "-png", at+".pdf", at+"-poppler")
	tool(t, "mutool", "draw", "-q", "-r", "100", "-o", at+"-mupdf-%d.png", at+".pdf")
}

func wantsTools(t *testing.T) {
	t.Helper()
	if os.Getenv("EVAULT_TOOLS") == "" {
		t.Skip("EVAULT_TOOLS is not set; .ci/run sets it")
	}
}
