package render

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/requests"
)

// Limits of Text.
const (
	maxTextPages = 500
	maxPageText  = 200_000 // bytes
)

// Text returns the words of each page of pdf, in the order of its content, lines ended by a newline; "" for a page without
// any, such as a scan. Of a document with more than 500 pages it is the first 500, of a page the first 200,000 bytes.
// Errors: ErrTooLarge, ErrTimeout, ErrDocument, ErrClosed, and ctx's own.
func (r *Renderer) Text(ctx context.Context, pdf []byte) (pages []string, err error) {
	if err := r.checkLength(pdf); err != nil {
		return nil, err
	}
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer func() { <-r.slots }()
	err = r.inSandbox(ctx, func(e engine) error {
		pages, err = textIn(e, pdf)
		return err
	})
	return pages, err
}

// textIn panics in no case, like drawIn.
func textIn(e engine, pdf []byte) (pages []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			pages, err = nil, broken(len(pages)+1, p)
		}
	}()
	doc, err := e.OpenDocument(&requests.OpenDocument{File: &pdf})
	if err != nil {
		return nil, broken(1, err)
	}
	count, err := e.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.Document})
	if err != nil {
		return nil, broken(1, err)
	}
	for i := range min(count.PageCount, maxTextPages) {
		t, err := e.GetPageText(&requests.GetPageText{Page: requests.Page{ByIndex: &requests.PageByIndex{Document: doc.Document, Index: i}}})
		if err != nil {
			return nil, fmt.Errorf("text: %w", broken(i+1, err))
		}
		pages = append(pages, plain(t.Text))
	}
	return pages, nil
}

// plain is text as people read it: valid UTF-8, newlines alone, no control characters.
func plain(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxPageText)], "")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case c == '\n':
			return c
		case c == '\r':
			return '\n'
		case unicode.IsSpace(c):
			return ' '
		case unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == unicode.ReplacementChar || c == 0xFFFE:
			return -1
		}
		return c
	}, text))
}
