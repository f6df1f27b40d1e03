package translog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
)

// InvalidError says which argument breaks which rule.
type InvalidError = storage.InvalidError

// Adopt continues the log with a database that was deliberately restored to an earlier state, which
// Integrate refuses with ErrRewound. The log then has a new origin, <Config.Origin>/<epoch>-<size
// lost>-<first 16 hex digits of the root lost>, that names the newest head the anchors know; its
// tree keeps what the database has. The adoption is anchored and kept with its reason (1 to 500
// characters, one line), as a note signed under the old and the new origin:
//
//	evault log adoption v1
//	<new origin>
//	<old origin>
//	lost <size> <root>
//	kept <size> <root>
//	<time>
//	<reason>
//
// ErrNotRewound when there is nothing to adopt.
func (l *Log) Adopt(ctx context.Context, reason string) (Checkpoint, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 500 || strings.IndexFunc(reason, unicode.IsControl) >= 0 {
		return Checkpoint{}, &storage.InvalidError{Fields: []storage.InvalidField{
			{Field: "reason", Rule: "required", Message: "must be one line of 1 to 500 characters"},
		}}
	}
	h, err := l.head(ctx)
	switch {
	case err == nil:
		return Checkpoint{}, ErrNotRewound
	case !errors.Is(err, ErrRewound):
		return Checkpoint{}, err
	}
	a, next, err := l.adoption(ctx, h, reason)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("adopt: %w", err)
	}
	// The anchor is first: a process that dies here finds the log rewound again
	// and adopts over this epoch too.
	if err := l.put(ctx, adoptedName(next.Epoch-1), a.Note); err != nil {
		return Checkpoint{}, err
	}
	err = l.c.Store.InTx(ctx, func(ctx context.Context, s Store) error {
		if err := s.Advance(ctx, h, next); err != nil {
			return err
		}
		return s.AddAdoption(ctx, a)
	})
	if err != nil {
		return Checkpoint{}, fmt.Errorf("adopt: %w", err)
	}
	return l.publish(ctx, next)
}

// adoption finds what the anchors know and writes the note.
func (l *Log) adoption(ctx context.Context, h Head, reason string) (Adoption, Head, error) {
	fail := func(err error) (Adoption, Head, error) { return Adoption{}, Head{}, err }
	if h.Origin == "" {
		h.Origin = l.c.Origin
	}
	old := h
	for {
		text, err := l.anchor(ctx, adoptedName(old.Epoch))
		if err != nil {
			return fail(err)
		}
		if text == "" {
			break
		}
		if old, err = l.adopted(text, old); err != nil {
			return fail(err)
		}
	}
	lost, err := l.lost(ctx, old.Epoch, old.Origin, old.Size)
	if err != nil {
		return fail(err)
	}
	if lost.Size == 0 { // nothing after this size: the head itself is another
		if lost, err = l.head0(ctx, old); err != nil {
			return fail(err)
		}
	}
	next := h
	next.Epoch = old.Epoch + 1
	next.Origin = fmt.Sprintf("%s/%d-%d-%x", l.c.Origin, next.Epoch, lost.Size, lost.Root[:8])
	next.Prev = next.Size
	at := l.now()
	text := fmt.Sprintf("evault log adoption v1\n%s\n%s\nlost %d %s\nkept %d %s\n%s\n%s\n",
		next.Origin, old.Origin, lost.Size, lost.Root, h.Size, h.Root, environ.Format(at), reason)
	signed, err := l.signAs(text, old.Origin, next.Origin)
	if err != nil {
		return fail(err)
	}
	return Adoption{Epoch: next.Epoch, Origin: next.Origin, Note: signed, AdoptedAt: at}, next, nil
}

// head0 returns the checkpoint at the size of h, or h's own.
func (l *Log) head0(ctx context.Context, h Head) (Checkpoint, error) {
	text, err := l.anchor(ctx, sizeName(h.Epoch, h.Size))
	if err != nil || text == "" {
		return Checkpoint{Origin: h.Origin, Size: h.Size, Root: h.Root}, err
	}
	known, err := l.verifiers(h.Origin)
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpoint(text, known...)
}

// adopted reads an adoption's note: the head with which its epoch began.
func (l *Log) adopted(text string, before Head) (Head, error) {
	known, err := l.verifiers(before.Origin)
	if err != nil {
		return Head{}, err
	}
	n, err := note.Open([]byte(text), note.VerifierList(known...))
	if err != nil {
		return Head{}, fmt.Errorf("%s: %w: %w", adoptedName(before.Epoch), ErrCheckpoint, err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 8 || lines[0] != "evault log adoption v1" {
		return Head{}, fmt.Errorf("%s: %w", adoptedName(before.Epoch), ErrCheckpoint)
	}
	h := Head{Epoch: before.Epoch + 1, Origin: lines[1]}
	kept := strings.Fields(lines[4])
	if len(kept) != 3 {
		return Head{}, fmt.Errorf("%s: %w", adoptedName(before.Epoch), ErrCheckpoint)
	}
	if h.Size, err = strconv.ParseInt(kept[1], 10, 64); err != nil {
		return Head{}, fmt.Errorf("%s: %w", adoptedName(before.Epoch), ErrCheckpoint)
	}
	h.Prev = h.Size
	return h, nil
}

func (l *Log) signAs(text string, origins ...string) (string, error) {
	signers := make([]note.Signer, len(origins))
	for i, o := range origins {
		s, err := newSigner(o, l.c.Signer)
		if err != nil {
			return "", err
		}
		signers[i] = s
	}
	b, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return "", fmt.Errorf("sign adoption: %w", err)
	}
	return string(b), nil
}

// Adoptions returns the log's adoptions, oldest first.
func (l *Log) Adoptions(ctx context.Context) ([]Adoption, error) {
	return l.c.Store.Adoptions(ctx)
}
