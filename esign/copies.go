package esign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/storage"
)

// SignerCopy is the marked copy of one state of a document. It is made when a
// signer first reads that state, and every signer always gets the same bytes.
type SignerCopy struct {
	ID         string // cpy_…, on each of its pages
	EnvelopeID string
	Of         storage.Digest // the state: the unmarked bytes
	Object     storage.Object
	MadeAt     time.Time
	GivenTo    Actor // who asked first
	EventID    string
}

var (
	// errOtherState: the document has another state than the one that was read.
	errOtherState = errors.New("esign: the document has changed in the meantime")
	// errCopied: the state was copied by another call.
	errCopied = errors.New("esign: copied by another call")
)

// state is the digest of the unmarked bytes as they stand.
func (e *Envelope) state() storage.Digest {
	if e.Sealed != nil {
		return e.Sealed.Object.SHA256
	}
	return e.last().SHA256
}

// mayCopy reports whether a state is the one that signers read now: the newest, and
// of an envelope that ended without completion what each of them signed.
func (e *Envelope) mayCopy(state storage.Digest) bool {
	if _, ended := e.endedWithoutCompletion(); ended {
		return slices.ContainsFunc(e.Parts, func(p Part) bool { return p.SHA256 == state })
	}
	return e.state() == state
}

// IsCopy reports whether the marked copy of any signer has this digest,
// whatever the status of its envelope.
func (e *Engine) IsCopy(ctx context.Context, sha256 storage.Digest) (bool, error) {
	ok, err := e.cfg.Store.IsSignerCopy(ctx, sha256)
	if err != nil {
		return false, fmt.Errorf("copy: %w", err)
	}
	return ok, nil
}

// SignerCopies returns the marked copies of an envelope's document, oldest first. For a completed
// document it makes a missing copy, so that no copy is made after the vault has registered them; a
// document that cannot be marked has none.
func (e *Engine) SignerCopies(ctx context.Context, envelopeID string) ([]SignerCopy, error) {
	env, err := e.cfg.Store.Envelope(ctx, envelopeID)
	if err != nil {
		return nil, notFound(err)
	}
	if env.Status == StatusCompleted {
		_, err := e.copyOf(ctx, env, system)
		var refusal *Refusal
		if err != nil && !errors.As(err, &refusal) {
			return nil, err
		}
	}
	copies, err := e.cfg.Store.SignerCopies(ctx, envelopeID)
	if err != nil {
		return nil, fmt.Errorf("copies of %s: %w", envelopeID, err)
	}
	return copies, nil
}

// copyOf returns the marked copy of the document as it stands; errOtherState when the
// document changes meanwhile.
func (e *Engine) copyOf(ctx context.Context, env *Envelope, asks Actor) (*File, error) {
	c, err := e.findCopy(ctx, e.cfg.Store, env.ID, env.state())
	if err != nil {
		return nil, fmt.Errorf("copy of %s: %w", env.ID, err)
	}
	var marked []byte
	if c == nil {
		c, marked, err = e.makeCopy(ctx, env, asks)
	} else {
		marked, err = e.readCopy(ctx, env, c)
	}
	if err != nil {
		return nil, fmt.Errorf("copy of %s: %w", env.ID, err)
	}
	return &File{Name: env.ID + "_copy.pdf", Content: marked, SHA256: c.Object.SHA256}, nil
}

// findCopy returns the copy of a state of the document, nil if there is none.
func (e *Engine) findCopy(ctx context.Context, s Store, envelopeID string, of storage.Digest) (*SignerCopy, error) {
	copies, err := s.SignerCopies(ctx, envelopeID)
	if err != nil {
		return nil, err
	}
	for i := range copies {
		if copies[i].Of == of {
			return &copies[i], nil
		}
	}
	return nil, nil
}

// readCopy reads a copy that was made; one whose bytes are lost is made again,
// the same byte for byte.
func (e *Engine) readCopy(ctx context.Context, env *Envelope, c *SignerCopy) ([]byte, error) {
	marked, err := e.cfg.Objects.Read(ctx, c.Object)
	if !errors.Is(err, storage.ErrBlobMissing) && !errors.Is(err, storage.ErrDigest) {
		return marked, err
	}
	again, failed := e.mark(ctx, env, c)
	if failed != nil || storage.Sum(again) != c.Object.SHA256 {
		return nil, errors.Join(err, failed)
	}
	return again, nil
}

// mark makes the bytes of a copy; the same copy makes the same bytes.
func (e *Engine) mark(ctx context.Context, env *Envelope, c *SignerCopy) ([]byte, error) {
	doc, err := e.current(ctx, env)
	if err != nil {
		return nil, err
	}
	if doc.SHA256() != c.Of {
		return nil, errOtherState
	}
	return copymark.MarkCopy(ctx, doc.Bytes(), copymark.Mark{
		EnvelopeID: env.ID, CopyID: c.ID, SHA256: string(c.Of), At: c.MadeAt, Fonts: e.fonts, Limits: e.grown(),
	})
}

// makeCopy makes and records the copy of the document as it stands. Of several
// calls at once one makes it, and the others read that.
func (e *Engine) makeCopy(ctx context.Context, env *Envelope, asks Actor) (*SignerCopy, []byte, error) {
	c := &SignerCopy{ID: e.cfg.NewID("cpy"), EnvelopeID: env.ID, Of: env.state(), MadeAt: e.now(), GivenTo: asks}
	marked, err := e.mark(ctx, env, c)
	if err != nil {
		return nil, nil, err
	}
	if c.Object, err = e.cfg.Objects.Stage(ctx, storage.KindSignerCopy, c.ID, marked); err != nil {
		return nil, nil, err
	}
	err = e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error { return e.keepCopy(ctx, s, c) })
	if errors.Is(err, errCopied) {
		other, err := e.findCopy(ctx, e.cfg.Store, env.ID, env.state())
		if err != nil {
			return nil, nil, err
		}
		marked, err = e.readCopy(ctx, env, other)
		return other, marked, err
	}
	return c, marked, err
}

// keepCopy records a copy, in a transaction.
func (e *Engine) keepCopy(ctx context.Context, s Store, c *SignerCopy) error {
	// The event is first: whoever holds the end of the chain is alone, so that no
	// signature and no deposit comes between the look and the commit.
	events, err := e.stamper.Append(ctx, s, eventlog.Draft{
		EnvelopeID: c.EnvelopeID, Type: event.EnvelopeCopyMade, Actor: c.GivenTo,
		Data: event.CopyMadeData{CopyID: c.ID, DocumentSHA256: c.Of, SHA256: c.Object.SHA256, Size: c.Object.Size},
	})
	if err != nil {
		return err
	}
	env, err := s.Envelope(ctx, c.EnvelopeID)
	if err != nil {
		return err
	}
	if !env.mayCopy(c.Of) {
		return errOtherState
	}
	other, err := e.findCopy(ctx, s, c.EnvelopeID, c.Of)
	if err != nil {
		return err
	}
	if other != nil {
		return errCopied
	}
	if err := s.LinkBlob(ctx, c.Object.Name, events[0].RecordedAt); err != nil {
		return fmt.Errorf("link %s: %w", c.Object.Name, err)
	}
	c.EventID = events[0].ID
	return s.AddSignerCopy(ctx, *c)
}
