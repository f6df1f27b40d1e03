package accept_test

import (
	"context"
	"image"
	"image/png"
	"net/http"
	"os"
	"strconv"
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
// stands on the page in words. The page is looked at in several sizes, as a camera
// takes several pictures.
func printedCode(t *testing.T, pdf []byte, page int) string {
	t.Helper()
	f, n := file(t, "in.pdf", pdf), strconv.Itoa(page)
	var code string
	var err error
	for _, dpi := range []string{"300", "200", "150", "250"} {
		picture := strings.TrimSuffix(f, ".pdf") + dpi
		tool(t, "pdftoppm", "-png", "-r", dpi, "-singlefile", "-f", n, "-l", n, f, picture)
		if code, err = scan(picture + ".png"); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatalf("page %d: %v", page, err)
	}
	text := tool(t, "pdftotext", "-layout", "-f", n, "-l", n, f, "-")
	if words := strings.Join(strings.Fields(text), ""); !strings.Contains(words, code) {
		t.Errorf("the code says %s, the page %s", code, text)
	}
	return code
}

// scan reads the QR code at the upper right of a picture.
func scan(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	page, err := png.Decode(f)
	if err != nil {
		return "", err
	}
	b := page.Bounds()
	corner := page.(interface {
		SubImage(image.Rectangle) image.Image
	}).SubImage(image.Rect(b.Max.X*7/10, b.Min.Y, b.Max.X, b.Max.Y/5))
	bitmap, err := gozxing.NewBinaryBitmapFromImage(corner)
	if err != nil {
		return "", err
	}
	code, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", err
	}
	return code.GetText(), nil
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
