package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
)

// completed are the marks that every document bears which was signed here.
var completed = []string{pdf.OwnLegend, pdf.OwnCompletion, pdf.OwnRecord}

// findMarks looks in what is handed in for marks of this system that the file
// must not bear: paper none, an e-sign document none but those of its own
// completion. They stay however a file is saved again, so that a copy or an
// earlier download is found whose bytes nobody knows.
func (d *deposit) findMarks(ctx context.Context, raw []byte) error {
	doc, err := pdf.Read(raw, pdf.Limits{Bytes: int64(len(raw))})
	var found pdf.OwnMarks
	if err == nil {
		found, err = doc.OwnMarks(ctx)
	}
	var refusal *pdf.Refusal
	if errors.As(err, &refusal) {
		found.Unread, err = refusal.Error(), nil
	}
	if err != nil {
		return fmt.Errorf("marks: %w", err)
	}
	d.marksUnread = found.Unread
	d.marks = slices.DeleteFunc(found.Kinds(), func(kind string) bool {
		return d.Source.Kind == SourceESign && slices.Contains(completed, kind)
	})
	return nil
}
