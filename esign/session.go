package esign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
)

// Client describes the origin of a signer's request; it becomes detail of events.
type Client struct{ Addr, UserAgent string }

func (c Client) detail() event.Client {
	return event.Client{Address: clean(c.Addr), UserAgent: clean(c.UserAgent)}
}

// clean makes what a client says of itself fit to be kept: at most 512 bytes of
// valid UTF-8.
func clean(s string) string { return strings.ToValidUTF8(s[:min(len(s), 512)], "?") }

// Session is the content of a signing page.
type Session struct {
	OrgID, EnvelopeID, EnvelopeName, Message string
	EnvelopeStatus                           Status
	Signer                                   Signer
	Summary                                  []SummaryRow
	AuthRequired                             bool       // a step-up is outstanding: nothing of the document is told
	AuthMethod                               string     // AuthLink, AuthEmailCode or AuthAccessCode, as it is asked for now
	CodeUntil                                *time.Time // how long the one-time code that was sent works; nil for none
	ConsentMode                              string
	DisclosureSHA256                         storage.Digest
	ConsentedAt                              *time.Time // nil also once withdrawn
	Pages                                    []PageSize
	PagesShown                               []int   // pages that were sent to the signer, from 1, in order
	PageImages                               bool    // PageImage draws them
	Fields                                   []Field // the signer's own
	ExpiresAt                                *time.Time
	RedirectURL                              string
	TimeZone                                 string // by which the signer's days are counted
	Today                                    string // the day there, as 2006-01-02
}

// Session opens a signing link. It changes nothing: opening the link does not count as reading.
// Errors: ErrLink, ErrLinkGone, ErrNotYourTurn. While AuthRequired is true, every other method
// that takes the link returns ErrAuthRequired as well.
func (e *Engine) Session(ctx context.Context, token string, _ Client) (*Session, error) {
	env, sg, err := e.admit(ctx, e.cfg.Store, token)
	if err != nil {
		return nil, err
	}
	if e.outstanding(sg) {
		return &Session{
			OrgID: env.OrgID, EnvelopeID: env.ID, EnvelopeName: env.Name, EnvelopeStatus: env.Status, Signer: *sg, ConsentMode: env.Consent,
			DisclosureSHA256: e.cfg.Disclosure.SHA256(), ExpiresAt: env.ExpiresAt, TimeZone: env.ZoneOf(sg).String(), AuthRequired: true, AuthMethod: e.method(sg), CodeUntil: sg.StepUp.CodeUntil(e.now()),
		}, nil
	}
	s := &Session{
		OrgID: env.OrgID, EnvelopeID: env.ID, EnvelopeName: env.Name, Message: env.Message, EnvelopeStatus: env.Status,
		Signer: *sg, AuthMethod: e.method(sg), ConsentMode: env.Consent, DisclosureSHA256: e.cfg.Disclosure.SHA256(),
		Pages: env.Document.PageSizes, PageImages: e.cfg.Renderer != nil, Fields: env.fieldsOf(sg.ID), ExpiresAt: env.ExpiresAt, RedirectURL: env.RedirectURL,
	}
	loc := env.ZoneOf(sg)
	s.TimeZone, s.Today = loc.String(), e.now().In(loc).Format(dayLayout)
	if e.consents(sg) {
		s.ConsentedAt = sg.ConsentedAt
	}
	r, err := e.reading(ctx, e.cfg.Store, env, sg)
	if err != nil {
		return nil, err
	}
	s.PagesShown = r.list(true)
	s.Summary, err = e.summary(ctx, e.cfg.Store, env)
	return s, err
}

func (e *Envelope) fieldsOf(signerID string) []Field {
	var own []Field
	for _, f := range e.Fields {
		if f.SignerID == signerID {
			own = append(own, f)
		}
	}
	return own
}

// File is a file to be sent.
type File struct {
	Name    string
	Content []byte
	SHA256  storage.Digest
}

// Document is OpenDocument for a caller that sends every byte: the document
// counts as read immediately.
func (e *Engine) Document(ctx context.Context, token string, c Client) (*File, error) {
	h, err := e.OpenDocument(ctx, token, c)
	if err != nil {
		return nil, err
	}
	return &h.File, h.HandedOut(ctx)
}

// OpenDocument returns the current document, every page marked as a copy. After completion it
// returns a marked copy of the completed document, or the document itself if Config.SignerCopy says
// so, until 30 days after the link has expired. If the envelope ended without completion, its
// signers can read for 30 days the document that they signed. Before the signature, a complete
// transfer satisfies the requirement to read: see [Handout]. Each state of the document has one
// copy, with the same bytes for every call. Errors: those of Session, *Refusal when no copy can be
// made.
func (e *Engine) OpenDocument(ctx context.Context, token string, c Client) (*Handout, error) {
	const tries = 5
	for range tries {
		h, err := e.openDocument(ctx, token, c)
		if !errors.Is(err, errOtherState) {
			return h, err
		}
	}
	return nil, fmt.Errorf("document: %w", storage.ErrConflict)
}

func (e *Engine) openDocument(ctx context.Context, token string, c Client) (*Handout, error) {
	env, sg, err := e.openToRead(ctx, e.cfg.Store, token)
	if err != nil {
		return nil, err
	}
	if e.cfg.SignerCopy == SignerCopySealed && env.Status == StatusCompleted {
		doc, err := e.current(ctx, env)
		if err != nil {
			return nil, err
		}
		err = e.giveOut(ctx, token, c)
		if err == nil {
			return &Handout{File: File{Name: env.ID + ".pdf", Content: doc.Bytes(), SHA256: doc.SHA256()}}, nil
		}
		if !errors.Is(err, ErrState) { // else it was vaulted meanwhile
			return nil, err
		}
	}
	f, err := e.copyOf(ctx, env, sg.actor())
	if err != nil {
		return nil, err
	}
	return e.handout(ctx, token, env, sg, 0, *f, c)
}

// giveOut records that a signer is handed the completed document itself; a
// *StateError once it is vaulted.
func (e *Engine) giveOut(ctx context.Context, token string, c Client) error {
	return e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, sg, err := e.open(ctx, s, token)
		if err != nil {
			return err
		}
		if _, err := env.Status.After(VerbGiveOut); err != nil {
			return err
		}
		events, err := s.Events(ctx, env.ID, 0, 0)
		if err != nil {
			return err
		}
		given := func(ev Event) bool { return ev.Type == event.EnvelopeCompletionGivenOut && ev.Actor == sg.actor() }
		if slices.ContainsFunc(events, given) {
			return nil // it has the bytes already
		}
		_, err = e.save(ctx, s, env, eventlog.Draft{
			EnvelopeID: env.ID, Type: event.EnvelopeCompletionGivenOut, Actor: sg.actor(), Detail: c.detail(),
			Data: event.CompletionGivenOutData{SignerID: sg.ID, CompletionSHA256: env.Sealed.Object.SHA256},
		})
		return err
	})
}

// current reads the unmarked document as it stands; ErrDisposed.
func (e *Engine) current(ctx context.Context, env *Envelope) (*storage.Content, error) {
	if len(env.objects()) == 0 {
		return nil, fmt.Errorf("document of %s: %w", env.ID, ErrDisposed)
	}
	if env.Sealed != nil {
		return e.cfg.Objects.Load(ctx, env.Sealed.Object)
	}
	return e.assemble(ctx, env)
}

// assemble puts the parts of the document together.
func (e *Engine) assemble(ctx context.Context, env *Envelope) (*storage.Content, error) {
	objects, states := make([]storage.Object, len(env.Parts)), make([]storage.Digest, len(env.Parts))
	for i, p := range env.Parts {
		objects[i], states[i] = p.Object, p.SHA256
	}
	doc, err := e.cfg.Objects.Join(ctx, objects, states)
	if err != nil {
		return nil, fmt.Errorf("document of %s: %w", env.ID, err)
	}
	return doc, nil
}

func (s *Signer) actor() Actor { return Actor{Kind: "signer", ID: s.ID} }
