package vault

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
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// contents are what a file says of itself and holds, whatever its bytes are:
// both stay when another program saves it again.
type contents struct {
	marks  []string       // of this system
	unread string         // why not all of the file could be searched for marks; "" when it was
	pages  storage.Digest // of what the pages hold; "" where there is none
	blank  string         // why there is none
}

// completed are the marks that every document bears which was signed here.
var completed = []string{copymark.OwnLegend, copymark.OwnCompletion, copymark.OwnRecord}

// contents reads a file that is to be vaulted. What cannot be read is said and
// is no error.
func contentsOf(ctx context.Context, s custody.Source, file *document) (contents, error) {
	var c contents
	if err := file.unreadErr; err != nil {
		c.unread, err = refusal(err)
		c.blank = c.unread
		return c, err
	}
	doc := file.readable
	doc.Renew()
	found, err := copymark.FindOwnMarks(ctx, doc)
	if c.unread = found.Unread; err != nil {
		if c.unread, err = refusal(err); err != nil {
			return c, err
		}
	}
	c.marks = slices.DeleteFunc(found.Kinds(), func(kind string) bool {
		return s.Kind == custody.SourceESign && slices.Contains(completed, kind)
	})
	c.pages, c.blank, err = pagesOf(ctx, doc)
	if err != nil || c.pages == "" || s.Kind == custody.SourcePaper {
		return c, err
	}
	blank, err := firstPages(ctx, file.Bytes())
	if blank == c.pages {
		c.pages, c.blank = "", "signing left the pages as they were, and other contracts may be made from them"
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

// claimContents claims what the pages hold. Paper must bear no mark of this
// system, an e-sign document none but those of its own completion.
func (d *deposit) claimContents(ctx context.Context, file *document) (err error) {
	if d.contents, err = contentsOf(ctx, d.Source, file); err != nil {
		return err
	}
	if d.contents.pages != "" {
		d.claim(custody.ClaimPages, d.contents.pages, 0)
	}
	return nil
}

// describe adds to the data of the event of a deposit what the file was found to
// hold, and what could not be found out.
func (c contents) describe(data *event.StoredData) {
	data.MarksAllowed, data.MarksUnread = c.marks, c.unread // without leave, a file with marks is refused
	if data.PagesSHA256 = c.pages; c.pages == "" {
		data.PagesUnread = c.blank
	}
}
