package esign

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// SummaryRow is one line of the sender's summary for signers, such as "Amount
// financed" and "$21,480.00". The document prevails over it, and the pages say
// so.
type SummaryRow = event.SummaryRow

func checkSummary(p *validate.Problems, rows []SummaryRow) {
	for i, r := range rows {
		for _, c := range []struct {
			name, text string
			most       int
		}{{"label", r.Label, maxSummaryLabel}, {"value", r.Value, maxSummaryValue}} {
			at := fmt.Sprintf("summary[%d].%s", i, c.name)
			switch n := utf8.RuneCountInString(c.text); {
			case blank(c.text):
				p.Add(at, "required", "is required")
			case n > c.most:
				p.Add(at, "max", "must be at most %d characters", c.most)
			default:
				line(p, at, c.text)
			}
		}
	}
}

// sumSummary is the digest of rows that the event of the creation commits to, of
// their canonical form; "" for none.
func sumSummary(rows []SummaryRow) (storage.Digest, error) {
	if len(rows) == 0 {
		return "", nil
	}
	b, err := canonjson.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("summary: %w", err)
	}
	return storage.Sum(b), nil
}

// summary reads the rows off the event of the creation; ErrIntegrity where they are
// not those that it commits to. Rows that were erased are none.
func (e *Engine) summary(ctx context.Context, s Store, env *Envelope) ([]SummaryRow, error) {
	events, err := s.Events(ctx, env.ID, 0, 1)
	if err != nil {
		return nil, fmt.Errorf("summary of %s: %w", env.ID, err)
	}
	if len(events) == 0 || events[0].Type != event.EnvelopeCreated {
		return nil, nil
	}
	committed := event.DataOf[event.EnvelopeCreatedData](events[0]).SummarySHA256
	detail, readable := event.DetailOf[event.EnvelopeCreatedDetail](events[0])
	if committed == "" || !readable {
		return nil, nil
	}
	sum, err := sumSummary(detail.Summary)
	if err == nil && sum != committed {
		err = fmt.Errorf("%w: the summary of %s differs from that of its creation", ErrIntegrity, env.ID)
	}
	return detail.Summary, err
}
