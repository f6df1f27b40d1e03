package esign

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/eventlog"
)

// Showing records that the document was sent to a signer before the signature:
// a page as a picture, or the whole document as a file.
type Showing struct {
	Page int // from 1; 0 for the whole document
	Part int // Seq of the newest part in what was handed out
	At   time.Time
}

// reading is what a signer was handed, by page. A page that was handed out
// again counts with its newest state.
type reading struct {
	pages []Showing // [i] is page i+1; At is zero where the page was never handed out
	whole *Showing  // the newest transfer of the whole document
}

func readingOf(pages int, showings []Showing) reading {
	r := reading{pages: make([]Showing, pages)}
	for _, s := range showings {
		if s.Page == 0 {
			r.whole = &s
			for i := range r.pages {
				r.add(i, s)
			}
		} else if s.Page <= pages {
			r.add(s.Page-1, s)
		}
	}
	return r
}

func (r *reading) add(i int, s Showing) {
	if have := r.pages[i]; have.At.IsZero() || have.Part < s.Part {
		r.pages[i] = s
	}
}

// counts reports whether handing out page (0: the whole document) with the
// state part adds to what was read.
func (r *reading) counts(page, part int) bool {
	if page == 0 {
		return r.whole == nil || r.whole.Part < part
	}
	have := r.pages[page-1]
	return have.At.IsZero() || have.Part < part
}

func (r *reading) list(shown bool) []int {
	pages := []int{}
	for i, s := range r.pages {
		if s.At.IsZero() != shown {
			pages = append(pages, i+1)
		}
	}
	return pages
}

// part is the state that was read: the oldest among the pages, since the
// states are prefixes of one another; false until every page was handed out.
func (r *reading) part() (int, bool) {
	part := -1
	for _, s := range r.pages {
		if s.At.IsZero() {
			return 0, false
		}
		if part < 0 || s.Part < part {
			part = s.Part
		}
	}
	return part, part >= 0
}

// times are when the pages were handed out, in the order of the pages.
func (r *reading) times() []string {
	at := make([]string, len(r.pages))
	for i, s := range r.pages {
		at[i] = s.At.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	return at
}

// NotViewedError names the pages that were not sent to the signer before signing.
type NotViewedError struct{ Pages []int }

func (e *NotViewedError) Error() string {
	return "esign: the signer was not shown page " + PageRanges(e.Pages)
}

// Is makes errors.Is(err, ErrNotViewed) true.
func (e *NotViewedError) Is(target error) bool { return target == ErrNotViewed }

// PageRanges formats ascending page numbers as ranges: "1–3, 7".
func PageRanges(pages []int) string {
	var b strings.Builder
	for i := 0; i < len(pages); {
		last := i
		for last+1 < len(pages) && pages[last+1] == pages[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(pages[i]))
		if last > i {
			b.WriteString("–" + strconv.Itoa(pages[last]))
		}
		i = last + 1
	}
	return b.String()
}

// reading reads what a signer was handed.
func (e *Engine) reading(ctx context.Context, s Store, env *Envelope, sg *Signer) (reading, error) {
	showings, err := s.Showings(ctx, sg.ID)
	if err != nil {
		return reading{}, fmt.Errorf("pages shown to %s: %w", sg.ID, err)
	}
	return readingOf(len(env.Document.PageSizes), showings), nil
}

// Handout is a file to be sent to a signer. It counts as read only if it is sent completely.
type Handout struct {
	File
	handed func(context.Context) error
}

// Counts reports whether reading the file counts for the signer. If so, send
// every byte of it, ignore conditional headers and ranges of the request, and
// call HandedOut after the last byte.
func (h *Handout) Counts() bool { return h.handed != nil }

// HandedOut records that every byte of the file was sent to the signer. With
// the whole document, or its last unread page, the signer has viewed it.
func (h *Handout) HandedOut(ctx context.Context) error {
	if h.handed == nil {
		return nil
	}
	return h.handed(ctx)
}

// handout makes a Handout of page (0: the whole document) as it stands.
func (e *Engine) handout(ctx context.Context, token string, env *Envelope, sg *Signer, page int, f File, c Client) (*Handout, error) {
	h := &Handout{File: f}
	if sg.Status == SignerSigned || env.Sealed != nil {
		return h, nil
	}
	r, err := e.reading(ctx, e.cfg.Store, env, sg)
	if err != nil {
		return nil, err
	}
	if part := env.last().Seq; r.counts(page, part) {
		h.handed = func(ctx context.Context) error {
			return e.shown(ctx, token, sg.ID, Showing{Page: page, Part: part, At: e.now()}, c)
		}
	}
	return h, nil
}

// shown records a showing by itself, so that of two at once the later sees
// both, and judges what has been read by then.
func (e *Engine) shown(ctx context.Context, token, signerID string, of Showing, c Client) error {
	err := e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		if _, _, err := e.open(ctx, s, token); err != nil { // another person may have the signer's place by now
			return err
		}
		return s.AddShowing(ctx, signerID, of)
	})
	if err != nil {
		return fmt.Errorf("page shown to %s: %w", signerID, err)
	}
	return e.judgeReading(ctx, token, c)
}

// judgeReading records that the signer has viewed the document, if nothing of
// it is left to be shown.
func (e *Engine) judgeReading(ctx context.Context, token string, c Client) error {
	return e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, sg, err := e.open(ctx, s, token)
		if err != nil || sg.Status == SignerSigned {
			return err
		}
		r, err := e.reading(ctx, s, env, sg)
		if err != nil {
			return err
		}
		part, whole := r.part()
		if !whole || sg.PresentedSHA256 == env.Parts[part].SHA256 {
			return nil
		}
		return e.viewed(ctx, s, env, sg, &r, part, c)
	})
}

// viewed records that the signer was handed every page of the document's state
// part.
func (e *Engine) viewed(ctx context.Context, s Store, env *Envelope, sg *Signer, r *reading, part int, c Client) error {
	to, err := env.Status.After(VerbView)
	if err != nil {
		return err
	}
	now := e.now()
	env.Status, sg.Status, sg.PresentedSHA256 = to, SignerViewed, env.Parts[part].SHA256
	if sg.ViewedAt == nil {
		sg.ViewedAt = &now
	}
	return e.saveSigner(ctx, s, env, sg, eventlog.Draft{
		Type: event.EnvelopeViewed, Detail: event.ViewedDetail{Client: c.detail(), PagesShownAt: r.times()},
		Data: event.ViewedData{SignerID: sg.ID, PresentedSHA256: sg.PresentedSHA256, PagesShown: r.list(true)},
	})
}

// unread answers a signer who has not viewed the document: a *NotViewedError,
// or errMoved where nothing is left to be shown and only the record of it was
// missing.
func (e *Engine) unread(ctx context.Context, token string, env *Envelope, sg *Signer, c Client) error {
	r, err := e.reading(ctx, e.cfg.Store, env, sg)
	if err != nil {
		return err
	}
	if missing := r.list(false); len(missing) > 0 {
		return &NotViewedError{missing}
	}
	if err := e.judgeReading(ctx, token, c); err != nil {
		return err
	}
	return errMoved
}

// leastShown is the width in pixels below which a page's picture is too small
// to count as read.
const leastShown = 100
