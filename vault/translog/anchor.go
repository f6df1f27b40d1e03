package translog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/storage"
)

const maxAnchor = 64 << 10

func anchorName(epoch int, s string) string {
	if epoch == 0 {
		return "checkpoints/" + s
	}
	return "checkpoints-" + strconv.Itoa(epoch) + "/" + s
}

func sizeName(epoch int, size int64) string {
	return anchorName(epoch, strconv.FormatInt(size, 10))
}

func afterName(epoch int, size int64) string {
	return anchorName(epoch, "after-"+strconv.FormatInt(size, 10))
}

func adoptedName(epoch int) string { return anchorName(epoch, "adopted") }

// anchor returns what is kept under name, "" for nothing.
func (l *Log) anchor(ctx context.Context, name string) (string, error) {
	r, err := l.c.Anchors.Open(ctx, name)
	if errors.Is(err, storage.ErrBlobMissing) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("anchor %s: %w", name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxAnchor))
	if err != nil {
		return "", fmt.Errorf("anchor %s: %w: %w", name, storage.ErrUnavailable, err)
	}
	return string(b), nil
}

// put writes an anchor that must not differ from one that is there.
func (l *Log) put(ctx context.Context, name, text string) error {
	if err := l.same(ctx, name, text, true); err != nil {
		return err
	}
	if err := l.c.Anchors.Put(ctx, name, []byte(text)); err != nil {
		return fmt.Errorf("anchor %s: %w", name, err)
	}
	return l.same(ctx, name, text, false)
}

// same compares the text of the note at name, not its signature: keys change.
func (l *Log) same(ctx context.Context, name, text string, mayMiss bool) error {
	old, err := l.anchor(ctx, name)
	if err != nil || old == "" && mayMiss {
		return err
	}
	if body(old) != body(text) {
		return fmt.Errorf("%w: %s has another checkpoint", ErrRewound, name)
	}
	return nil
}

func body(signed string) string {
	text, _, _ := strings.Cut(signed, "\n\n")
	return text
}

// Check compares the database with the newest anchor, as every vault verb does before it relies on
// the database: ErrRewound when the database was rewound. It costs three reads of the anchor store.
func (l *Log) Check(ctx context.Context) error {
	_, err := l.head(ctx)
	return err
}

// head returns a head that extends the newest anchor.
func (l *Log) head(ctx context.Context) (Head, error) {
	h, err := l.c.Store.Head(ctx)
	for err == nil {
		if err = l.compare(ctx, h); err == nil {
			l.saw(h, nil)
		}
		if !errors.Is(err, ErrRewound) {
			return h, err
		}
		// Another replica may have moved the head and its anchors since we read it.
		again, e := l.c.Store.Head(ctx)
		if e != nil || again == h {
			l.saw(h, err)
			return h, errors.Join(err, e)
		}
		h, err = again, nil
	}
	return h, fmt.Errorf("log head: %w", err)
}

func (l *Log) compare(ctx context.Context, h Head) error {
	if !l.belongs(h) {
		return fmt.Errorf("translog: the database holds the log %q, Config.Origin is %q", h.Origin, l.c.Origin)
	}
	for _, name := range []string{adoptedName(h.Epoch), afterName(h.Epoch, h.Size)} {
		switch old, err := l.anchor(ctx, name); {
		case err != nil:
			return err
		case old != "":
			return fmt.Errorf("%w: head has size %d, %s exists", ErrRewound, h.Size, name)
		}
	}
	if h.Size == 0 {
		return nil
	}
	name, text := sizeName(h.Epoch, h.Size), Checkpoint{Origin: h.Origin, Size: h.Size, Root: h.Root}.text()+"\n"
	if old, err := l.anchor(ctx, name); err != nil || old != "" && body(old) == body(text) {
		return err
	}
	c, err := l.c.Store.Checkpoint(ctx, h.Epoch)
	published := err == nil && c.Size >= h.Size
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	// Anchors are written before the checkpoint's row: one that was published and has
	// none was lost, or these are the anchors of another log.
	return l.same(ctx, name, text, !published)
}

// publish signs the head, writes its anchors and keeps the checkpoint.
func (l *Log) publish(ctx context.Context, h Head) (Checkpoint, error) {
	if c, err := l.c.Store.Checkpoint(ctx, h.Epoch); err == nil && c.Size >= h.Size {
		return c, nil
	} else if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return Checkpoint{}, fmt.Errorf("publish: %w", err)
	}
	c, err := l.signed(h)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := l.anchorHead(ctx, h, c.Note); err != nil {
		return Checkpoint{}, err
	}
	if err := l.c.Store.AddCheckpoint(ctx, h.Epoch, c, l.now()); err != nil {
		return Checkpoint{}, fmt.Errorf("publish: %w", err)
	}
	l.saw(h, nil)
	return c, nil
}

// anchorHead writes the anchors of a head. The one after its predecessor is
// first and decides: who finds another there is the fork.
func (l *Log) anchorHead(ctx context.Context, h Head, signed string) error {
	name := sizeName(h.Epoch, h.Size)
	if h.Prev == h.Size { // the first head after an adoption follows nothing
		return l.put(ctx, name, signed)
	}
	if err := l.put(ctx, afterName(h.Epoch, h.Prev), signed); err != nil {
		return err
	}
	if err := l.c.Anchors.Put(ctx, name, []byte(signed)); err != nil {
		return fmt.Errorf("anchor %s: %w", name, err)
	}
	return nil
}

// lost returns the newest checkpoint that the anchors of an epoch hold, from
// the size on that the database still knows; the zero one when there is none.
func (l *Log) lost(ctx context.Context, epoch int, origin string, from int64) (Checkpoint, error) {
	known, err := l.verifiers(origin)
	if err != nil {
		return Checkpoint{}, err
	}
	var c Checkpoint
	for {
		text, err := l.anchor(ctx, afterName(epoch, from))
		if err != nil || text == "" {
			return c, err
		}
		if c, err = ParseCheckpoint(text, known...); err != nil {
			return c, fmt.Errorf("%s: %w", afterName(epoch, from), err)
		}
		if c.Size <= from {
			return c, fmt.Errorf("%s: %w: it does not grow", afterName(epoch, from), ErrCorrupt)
		}
		from = c.Size
	}
}
