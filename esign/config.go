package esign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/semaphore"
	"github.com/evaultlib/evault/storage"
)

// Limits bound the work for one file. A zero field means its default.
type Limits struct {
	Bytes   int64 // size of the file; default 25 MiB
	Pages   int   // default 5,000
	Objects int   // cross-reference entries; default 500,000
	Depth   int   // nesting of objects and of the page tree; default 100
	// Decoded bounds the bytes that come out of stream filters. Default: 4 MiB and 256
	// for each byte of the file, at most 64 MiB, so that a small file never takes much.
	Decoded int64
}

// LinkKey is a key of the signing links' HMAC-SHA256.
type LinkKey struct {
	ID     string // 1 to 32 bytes, in every link made with it
	Secret []byte // 32 bytes or more
}

// Policies for active content (scripts, launch actions, embedded files …).
const (
	ActiveContentFlag   = "flag"   // accept the file and list the content in the inspection
	ActiveContentReject = "reject" // InvalidError with the rule active_content
)

// Policies for disclosing signing links to the sender. Anyone who has read a
// link could sign in the signer's place, so reading is an event, and the
// evidence of the signature says that the link was disclosed.
const (
	LinksAllow  = "allow"   // return the links
	LinksStepUp = "step_up" // return them, and ask their signers for a one-time code as well, as with AuthEmailCode
	LinksRefuse = "refuse"  // ErrLinksRefused
)

// Policies for the file that a signer gets once the document is completed.
const (
	SignerCopyMarked = "marked" // a copy, every page marked as one
	// SignerCopySealed: the sealed bytes themselves, until the document is vaulted. A document
	// that was given to a signer in this way is never vaulted under a control regime.
	SignerCopySealed = "sealed"
)

// Config is the configuration of an Engine. It is copied and never changed.
type Config struct {
	Store    Store            // required
	Objects  *storage.Objects // required; where documents are kept
	Sealer   Sealer           // required; a *pades.Sealer
	LinkKeys []LinkKey        // required; the first makes links, and all of them verify links

	Notifier   Notifier                    // notifies signers; default: none, and no notices are queued
	SigningURL func(token string) string   // the address of a signing link, for notices; required with a Notifier
	VerifyURL  func(storage.Digest) string // URL of a digest in its vault, for QR codes of certificates; default: none
	// Sender describes an organization for its signers: their pages and mails
	// show it, and the creation event of an envelope contains it. It is called
	// for each create, page and mail. Default: certificates of completion print
	// the organization's id.
	Sender        func(ctx context.Context, orgID string) (Sender, error)
	Inspector     Inspector  // default: InProcess(Limits, nil)
	ActiveContent string     // default: ActiveContentFlag
	Disclosure    Disclosure // the text that signers consent to; default: DefaultDisclosure
	// Translations are the same disclosure in other languages, each with its
	// own Locale: a signer consents to the one that was read. Default: none;
	// with the default Disclosure, SpanishDisclosure.
	Translations   []Disclosure
	DisclosedLinks string        // default: LinksAllow
	SignerCopy     string        // default: SignerCopyMarked
	Renderer       Renderer      // draws page images; default: none, signers read the PDF
	Fonts          [][]byte      // TrueType or OpenType fonts tried after the bundled ones; default: none
	Limits         Limits        // default: see Limits
	RemindInterval time.Duration // least time between two reminders of a signer; default: 1 h
	PreflightEvery time.Duration // how long the result of a successful preflight of the sealer is reused; default: 1 min
	storage.Env                  // clock, ids, random bytes and log
}

// Engine runs envelopes. It is safe for concurrent use; its only state is the
// time of its last preflight.
type Engine struct {
	cfg       Config
	now       func() time.Time
	log       *slog.Logger
	stamper   eventlog.Writer
	fonts     font.Fonts
	hashing   *semaphore.Keyed // access codes, two at a time
	preflight atomic.Int64     // Unix microseconds of the last successful one
}

// New checks cfg and returns an Engine. It does no I/O and starts nothing.
func New(cfg Config) (*Engine, error) {
	cfg.LinkKeys = slices.Clone(cfg.LinkKeys)
	cfg.Fonts = slices.Clone(cfg.Fonts)
	cfg.Translations = slices.Clone(cfg.Translations)
	if err := cfg.check(); err != nil {
		return nil, err
	}
	fonts, err := font.NewFonts(cfg.Fonts...)
	if err != nil {
		return nil, fmt.Errorf("esign: Config.Fonts: %w", err)
	}
	environ.Default(&cfg.RemindInterval, time.Hour)
	environ.Default(&cfg.PreflightEvery, time.Minute)
	environ.Default(&cfg.ActiveContent, ActiveContentFlag)
	if cfg.Disclosure == (Disclosure{}) {
		cfg.Disclosure = DefaultDisclosure()
		cfg.Translations = append(cfg.Translations, SpanishDisclosure())
	}
	environ.Default(&cfg.DisclosedLinks, LinksAllow)
	environ.Default(&cfg.SignerCopy, SignerCopyMarked)
	environ.Default(&cfg.Limits.Bytes, 25<<20)
	environ.Default(&cfg.Limits.Pages, 5000)
	environ.Default(&cfg.Limits.Objects, 500_000)
	cfg.Env = cfg.Env.WithDefaults()
	if cfg.Inspector == nil {
		cfg.Inspector = InProcess(cfg.Limits, nil)
	}
	return &Engine{
		cfg: cfg, now: cfg.Now, log: cfg.Logger, fonts: fonts, hashing: semaphore.NewKeyed(2),
		stamper: eventlog.Writer{Env: cfg.Env},
	}, nil
}

func (c *Config) check() error {
	if err := environ.Require("esign", map[string]bool{
		"Store": c.Store == nil, "Objects": c.Objects == nil, "Sealer": c.Sealer == nil, "LinkKeys": len(c.LinkKeys) == 0,
	}); err != nil {
		return err
	}
	switch {
	case c.DisclosedLinks == LinksStepUp && c.Notifier == nil:
		return errors.New("esign: Config.Notifier is required where DisclosedLinks is step_up: it sends the codes")
	case c.Notifier != nil && c.SigningURL == nil:
		return errors.New("esign: Config.SigningURL is required with a Notifier")
	case c.Disclosure != (Disclosure{}) && !c.Disclosure.whole():
		return errors.New("esign: Config.Disclosure needs a version, a locale, a title and a text in valid UTF-8")
	}
	for _, choice := range []struct{ name, value, first, second string }{
		{"ActiveContent", c.ActiveContent, ActiveContentFlag, ActiveContentReject},
		{"DisclosedLinks", c.DisclosedLinks, LinksAllow, LinksRefuse},
		{"SignerCopy", c.SignerCopy, SignerCopyMarked, SignerCopySealed},
	} {
		if v := choice.value; v != "" && v != choice.first && v != choice.second {
			return fmt.Errorf("esign: Config.%s is %q, want %s or %s", choice.name, v, choice.first, choice.second)
		}
	}
	if slices.ContainsFunc(c.Translations, func(d Disclosure) bool { return !d.whole() }) {
		return errors.New("esign: Config.Translations: each needs a version, a locale, a title and a text in valid UTF-8")
	}
	seen := map[string]bool{}
	for _, k := range c.LinkKeys {
		if k.ID == "" || len(k.ID) > 32 || len(k.Secret) < 32 || seen[k.ID] {
			return errors.New("esign: Config.LinkKeys: each needs a unique ID of at most 32 bytes and a secret of at least 32 bytes")
		}
		seen[k.ID] = true
	}
	return nil
}

// system is the actor of background work.
var system = Actor{Kind: "system", ID: "esign"}

// update runs fn on an envelope in one transaction and writes the row back; it
// retries when another transaction was first. Inside a host's transaction it
// does not retry but returns storage.ErrRetry.
func (e *Engine) update(ctx context.Context, s Store, envelopeID string, fn func(ctx context.Context, s Store, env *Envelope) error) (*Envelope, error) {
	var out *Envelope
	err := e.inTx(ctx, s, func(ctx context.Context, s Store) error {
		env, err := s.Envelope(ctx, envelopeID)
		if err != nil {
			return notFound(err)
		}
		env.judge(e.now())
		if err := fn(ctx, s, env); err != nil {
			return err
		}
		out = env
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// save appends events and writes env's row, stamped with the time of the last.
func (e *Engine) save(ctx context.Context, s Store, env *Envelope, drafts ...eventlog.Draft) ([]Event, error) {
	events, err := e.stamper.Append(ctx, s, drafts...)
	if err != nil {
		return nil, err
	}
	at := e.now()
	if n := len(events); n > 0 {
		at = events[n-1].RecordedAt
	}
	return events, env.write(ctx, s, at)
}

// write writes the row if it is still the one that was read.
func (e *Envelope) write(ctx context.Context, s Store, at time.Time) error {
	e.UpdatedAt = at
	if err := s.UpdateEnvelope(ctx, e); err != nil {
		return err
	}
	e.Revision++
	return nil
}

// inTx is s.InTx, repeated on conflict when the transaction is ours.
func (e *Engine) inTx(ctx context.Context, s Store, fn func(ctx context.Context, s Store) error) error {
	if s.Tx() == nil {
		return storage.Retry(ctx, func() error { return s.InTx(ctx, fn) })
	}
	err := s.InTx(ctx, fn)
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("%w: %w", storage.ErrRetry, err)
	}
	return err
}

func notFound(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNotFound
	}
	return err
}

// also runs a request's callback with the open transaction.
func also[T any](ctx context.Context, s Store, fn func(context.Context, storage.Tx, *T) error, result *T) error {
	if fn == nil {
		return nil
	}
	return fn(ctx, s.Tx(), result)
}
