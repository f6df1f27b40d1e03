package accept_test

import (
	"context"
	"image"
	_ "image/png" // what pdftoppm writes
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestPrintedCodes reads the QR codes of certificate of completion and custody
// record off the rendered pages, follows them, and has a browser ask for a file.
func TestPrintedCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		env := c.signed(testpdf.Contract(2), nil)
		at := "/partner/envelopes/" + env
		rec := c.post(at+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
		c.certificate(env)
		record := c.get(at + "/vault/custody-record.pdf").want(http.StatusOK).Body
		authoritative := c.authoritative(env, rec.str("data.document_hash"))
		if !tools(t) {
			return
		}
		tool(t, "qpdf", "--check", file(t, "record.pdf", record))
		rendered(t, "custody-record", record)

		onRecord, onCompletion := printedCode(t, record, 1), printedCode(t, authoritative, 4) // after two pages and the signature page
		if !strings.HasSuffix(onRecord, "/verify/"+sum(authoritative)) {
			t.Errorf("the custody record leads to %s", onRecord)
		}
		nobody := c.with("")
		nobody.get(onRecord).want(http.StatusOK).equal("data.state", "authoritative")
		nobody.get(onCompletion).want(http.StatusOK).equal("data.state", "superseded")
		nobody.do(http.MethodGet, onRecord, nil, header("Accept", "text/html")).want(http.StatusOK)

		asked, title := inBrowser(t, onCompletion, file(t, "authoritative.pdf", authoritative))
		if asked != "An earlier state of a vaulted document" || title != "The authoritative copy" {
			t.Errorf("the browser shows %q, then for the file %q", asked, title)
		}
		screenshots(t, "verify", onRecord)
	})
}

// printedCode is what the QR code on a page says, which must be the address that
// stands on the page in words.
func printedCode(t *testing.T, pdf []byte, page int) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(name, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	first, last := "-f", "-l"
	n := string(rune('0' + page))
	tool(t, "pdftoppm", "-png", "-r", "150", "-singlefile", first, n, last, n, name, filepath.Join(dir, "page"))
	f, err := os.Open(filepath.Join(dir, "page.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatalf("page %d: %v", page, err)
	}
	text := tool(t, "pdftotext", "-layout", first, n, last, n, name, "-")
	if words := regexp.MustCompile(`\s+`).ReplaceAllString(text, ""); !strings.Contains(words, code.GetText()) {
		t.Errorf("the code says %s, the page %s", code.GetText(), text)
	}
	return code.GetText()
}

// inBrowser opens the verify page, picks a file there, and returns the headings
// of both pages.
func inBrowser(t *testing.T, address, pick string) (before, after string) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatalf("browser: %v", err)
	}
	heading := func(not string) string {
		for ctx.Err() == nil { // a page that is being left has no heading
			if h, err := chromedp.Run(ctx, chromedp.Text("h1")); err == nil && h != not {
				return h
			}
			time.Sleep(50 * time.Millisecond)
		}
		return ""
	}
	before = heading("")
	if err := chromedp.Do(ctx, chromedp.SetUploadFiles("#file", []string{pick})); err != nil {
		t.Fatalf("browser: %v", err)
	}
	return before, heading(before)
}
