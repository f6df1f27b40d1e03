package fingerprint

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/pagedigest"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// Contents are what a file says of itself and holds, whatever its bytes are:
// both stay when another program saves it again.
type Contents struct {
	Marks  []string       // of this system
	Unread string         // why not all of the file could be searched for marks; "" when it was
	Pages  storage.Digest // of what the pages hold; "" where there is none
	Blank  string         // why there is none
}

// completed are the marks that every document bears which was signed here.
var completed = []string{copymark.OwnLegend, copymark.OwnCompletion, copymark.OwnRecord}

// ContentsOf reads a file that is to be vaulted. What cannot be read is said and
// is no error.
//
// doc is the file as it was read, unread why it could not be; kind is
// custody.SourceESign or custody.SourcePaper.
func ContentsOf(ctx context.Context, kind custody.SourceKind, raw []byte, doc *pdf.Document, unread error) (Contents, error) {
	var c Contents
	if unread != nil {
		c.Unread, unread = refusal(unread)
		c.Blank = c.Unread
		return c, unread
	}
	doc.Renew()
	found, err := copymark.FindOwnMarks(ctx, doc)
	if c.Unread = found.Unread; err != nil {
		if c.Unread, err = refusal(err); err != nil {
			return c, err
		}
	}
	c.Marks = slices.DeleteFunc(found.Kinds(), func(mark string) bool {
		return kind == custody.SourceESign && slices.Contains(completed, mark)
	})
	c.Pages, c.Blank, err = pagesOf(ctx, doc)
	if err != nil || c.Pages == "" || kind == custody.SourcePaper {
		return c, err
	}
	blank, err := firstPages(ctx, raw)
	if blank == c.Pages {
		c.Pages, c.Blank = "", "signing left the pages as they were, and other contracts may be made from them"
	}
	return c, err
}

// pagesOf returns the digest of what the pages of a file hold, or why there is
// none.
func pagesOf(ctx context.Context, doc *pdf.Document) (pages storage.Digest, blank string, err error) {
	sum, drawn, err := pagedigest.Digest(ctx, doc)
	if err != nil {
		blank, err = refusal(err)
		return "", blank, err
	}
	if !drawn {
		return "", "the pages are empty", nil
	}
	return storage.Digest(hex.EncodeToString(sum[:])), "", nil
}

// firstPages is pagesOf for the first state that raw was a whole file in: the
// blank that an e-sign document was made from.
func firstPages(ctx context.Context, raw []byte) (storage.Digest, error) {
	first := len(raw)
	pdf.Revisions(raw, func(end, _ int) { first = min(first, end) })
	doc, err := pdf.Read(raw[:first:first], pdf.Limits{Bytes: int64(first)})
	if err != nil {
		_, err = refusal(err)
		return "", err
	}
	pages, _, err := pagesOf(ctx, doc)
	return pages, err
}

// refusal is what a *pdf.Refusal says; any other error is returned.
func refusal(err error) (string, error) {
	var r *pdf.Refusal
	if errors.As(err, &r) {
		return r.Error(), nil
	}
	return "", fmt.Errorf("contents: %w", err)
}
