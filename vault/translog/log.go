package translog

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/keyring"
)

var (
	// ErrRewound: the database does not extend the newest anchor, because it
	// was restored to an earlier state or its log was altered. Nothing is
	// sequenced or signed until Adopt.
	ErrRewound = errors.New("translog: the database is behind the log's newest anchor")
	// ErrCorrupt: the stored hashes do not match the recorded root.
	ErrCorrupt = errors.New("translog: stored hashes do not match the root")
	// ErrPending: an event is not in the log yet; it will be within MaxMergeDelay.
	ErrPending = errors.New("translog: not in the log yet")
	// ErrNotFound: no such event, index or tree size.
	ErrNotFound = errors.New("translog: not found")
	// ErrNotRewound: Adopt was called on a log that is not rewound.
	ErrNotRewound = errors.New("translog: nothing to adopt, the database extends the newest anchor")
)

// Anchors keeps checkpoints outside the database. Every storage.Blobs is one.
type Anchors interface {
	Put(ctx context.Context, name string, content []byte) error
	// Open returns storage.ErrBlobMissing when there is no such object.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
}

// Places of anchors. A restore of database and documents together also restores
// anchors stored with them, and the log cannot detect it. Only anchors stored
// elsewhere, under separate administration, detect such a restore.
const (
	AnchorsBeside   = "beside the data"
	AnchorsSeparate = "separate"
)

// Config makes a Log.
type Config struct {
	Store   Store         // required
	Signer  crypto.Signer // Ed25519, required; used for nothing else
	Keys    *keyring.Ring // the history of keys, Signer's among them; default: Signer's only
	Origin  string        // name of the log, such as "vault.example/log"; no space, no plus; required
	Anchors Anchors       // required
	// AnchorPlace says where Anchors are kept: AnchorsBeside or AnchorsSeparate. It is
	// printed in certificates. Default: AnchorsBeside.
	AnchorPlace string

	// MaxMergeDelay is how long an event may wait for its index before a check
	// calls it missing. Default 60 s.
	MaxMergeDelay time.Duration
	// WaitLimit bounds Wait. Default 5 s.
	WaitLimit time.Duration
	// Batch is how many events one transaction sequences. Default 512.
	Batch       int
	storage.Env // clock, ids, random bytes and log
}

// Log is the transparency log.
type Log struct {
	c      Config
	now    func() time.Time
	recent recent
}

// New checks c. It does no I/O.
func New(c Config) (*Log, error) {
	if err := environ.Require("translog", map[string]bool{
		"Store": c.Store == nil, "Signer": c.Signer == nil, "Origin": c.Origin == "", "Anchors": c.Anchors == nil,
	}); err != nil {
		return nil, err
	}
	environ.Positive(&c.MaxMergeDelay, time.Minute)
	environ.Positive(&c.WaitLimit, 5*time.Second)
	environ.Positive(&c.Batch, 512)
	if _, err := newSigner(c.Origin, c.Signer); err != nil {
		return nil, err
	}
	own, err := keyring.New(keyring.Log, c.Signer)
	if err != nil {
		return nil, fmt.Errorf("translog: Config.Signer: %w", err)
	}
	if c.Keys, err = c.Keys.With(own); err != nil {
		return nil, fmt.Errorf("translog: Config.Keys: %w", err)
	}
	switch c.AnchorPlace {
	case "":
		c.AnchorPlace = AnchorsBeside
	case AnchorsBeside, AnchorsSeparate:
	default:
		return nil, fmt.Errorf("translog: Config.AnchorPlace is %q, want %q or %q", c.AnchorPlace, AnchorsBeside, AnchorsSeparate)
	}
	c.Env = c.Env.WithDefaults()
	return &Log{c: c, now: c.Now}, nil
}

// AnchorPlace is Config.AnchorPlace.
func (l *Log) AnchorPlace() string { return l.c.AnchorPlace }

// MaxMergeDelay is how long an event may be pending.
func (l *Log) MaxMergeDelay() time.Duration { return l.c.MaxMergeDelay }

// Checkpoint returns the newest anchored checkpoint; of a log without one, a
// checkpoint of the empty tree.
func (l *Log) Checkpoint(ctx context.Context) (Checkpoint, error) {
	h, err := l.c.Store.Head(ctx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return l.newest(ctx, h.Epoch)
}

func (l *Log) newest(ctx context.Context, epoch int) (Checkpoint, error) {
	c, err := l.c.Store.Checkpoint(ctx, epoch)
	if errors.Is(err, storage.ErrNotFound) && epoch == 0 {
		root, err := tlog.TreeHash(0, nil)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
		}
		return l.signed(Head{Origin: l.c.Origin, Root: root})
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return c, nil
}

func (l *Log) signed(h Head) (Checkpoint, error) {
	c := Checkpoint{Origin: h.Origin, Size: h.Size, Root: h.Root}
	s, err := newSigner(h.Origin, l.c.Signer)
	if err == nil {
		c.Note, err = s.note(c.text())
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign checkpoint %d: %w", h.Size, err)
	}
	return c, nil
}

// Entry returns an event with its index in the log, -1 for a pending event; ErrNotFound.
func (l *Log) Entry(ctx context.Context, eventID string) (Entry, error) {
	e, err := l.c.Store.Entry(ctx, eventID)
	if errors.Is(err, storage.ErrNotFound) {
		return Entry{}, fmt.Errorf("event %s: %w", eventID, ErrNotFound)
	}
	return e, err
}

// Inclusion proves that leaf index is in the tree of size (RFC 6962 section
// 2.1.1), for VerifyInclusion. ErrNotFound unless 0 <= index < size <= the size
// of the newest checkpoint.
func (l *Log) Inclusion(ctx context.Context, index, size int64) ([]Hash, error) {
	p, err := l.Prover(ctx, size)
	if err != nil {
		return nil, fmt.Errorf("inclusion of %d: %w", index, err)
	}
	return p.Inclusion(ctx, index)
}

// Prover makes proofs for one tree. It reads each stored hash once and is for one
// goroutine.
type Prover struct {
	log   *Log
	size  int64
	known map[int64]Hash
}

// Prover returns a prover of the tree of size. ErrNotFound when that is more than
// the size of the newest checkpoint.
func (l *Log) Prover(ctx context.Context, size int64) (*Prover, error) {
	if err := l.published(ctx, size); err != nil {
		return nil, fmt.Errorf("tree of size %d: %w", size, err)
	}
	return &Prover{l, size, map[int64]Hash{}}, nil
}

// Inclusion is [Log.Inclusion] in the prover's tree; ErrNotFound unless
// 0 <= index < its size.
func (p *Prover) Inclusion(ctx context.Context, index int64) ([]Hash, error) {
	if index < 0 || index >= p.size {
		return nil, fmt.Errorf("inclusion of %d in %d: %w", index, p.size, ErrNotFound)
	}
	return tlog.ProveRecord(p.size, index, tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		return p.read(ctx, indexes)
	}))
}

func (p *Prover) read(ctx context.Context, indexes []int64) ([]Hash, error) {
	var unknown []int64
	for _, x := range indexes {
		if _, ok := p.known[x]; !ok {
			unknown = append(unknown, x)
		}
	}
	if len(unknown) > 0 {
		hashes, err := p.log.c.Store.Hashes(ctx, unknown)
		if err != nil {
			return nil, err
		}
		for i, h := range hashes {
			p.known[unknown[i]] = h
		}
	}
	out := make([]Hash, len(indexes))
	for i, x := range indexes {
		out[i] = p.known[x]
	}
	return out, nil
}

// Consistency proves that the tree of size to begins with that of size from
// (RFC 6962 section 2.1.2), for VerifyConsistency. ErrNotFound unless
// 0 <= from <= to <= the size of the newest checkpoint.
func (l *Log) Consistency(ctx context.Context, from, to int64) ([]Hash, error) {
	if err := l.published(ctx, to); err != nil || from < 0 || from > to {
		return nil, fmt.Errorf("consistency from %d to %d: %w", from, to, errors.Join(err, ErrNotFound))
	}
	if from == 0 {
		return nil, nil
	}
	return tlog.ProveTree(to, from, l.reader(ctx, l.c.Store))
}

func (l *Log) published(ctx context.Context, size int64) error {
	c, err := l.Checkpoint(ctx)
	if err == nil && size > c.Size {
		err = ErrNotFound
	}
	return err
}

func (l *Log) reader(ctx context.Context, s Store) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) { return s.Hashes(ctx, indexes) })
}

// Key is a verifier key of the log and the time in which it was in use.
type Key struct {
	Verifier string     // "<origin>+<key hash>+<key>", for NewVerifier
	From     time.Time  // zero: not known
	Until    *time.Time // exclusive; nil: in use
}

// ID is the key's name and hash, "<origin>+<key hash>".
func (k Key) ID() string {
	name, rest, _ := strings.Cut(k.Verifier, "+") // an origin has no plus
	hash, _, _ := strings.Cut(rest, "+")
	return name + "+" + hash
}

// String writes the key as ParseKey reads it: the verifier key, from when and until
// when, with "-" for a time that is not known, or not yet.
func (k Key) String() string {
	from, until := "-", "-"
	if !k.From.IsZero() {
		from = environ.Format(k.From)
	}
	if k.Until != nil {
		until = environ.Format(*k.Until)
	}
	return k.Verifier + " " + from + " " + until
}

// ParseKey reads a verifier key, alone or with its times, as String writes it.
func ParseKey(line string) (Key, error) {
	fields := strings.Fields(line)
	if len(fields) != 1 && len(fields) != 3 {
		return Key{}, fmt.Errorf("translog: %d words, want a verifier key, or it and two times", len(fields))
	}
	k := Key{Verifier: fields[0]}
	if _, err := NewVerifier(k.Verifier); err != nil {
		return Key{}, fmt.Errorf("translog: verifier key: %w", err)
	}
	for i, field := range fields[1:] {
		if field == "-" {
			continue
		}
		at, err := environ.Parse(field)
		if err != nil {
			return Key{}, fmt.Errorf("translog: verifier key %s: %w", k.ID(), err)
		}
		if i == 0 {
			k.From = at
		} else {
			k.Until = &at
		}
	}
	return k, nil
}

// Keys returns the verifier keys of this log: every key of its history, under its
// origin and under every adoption's, oldest first.
func (l *Log) Keys(ctx context.Context) ([]Key, error) {
	origins := []string{l.c.Origin}
	as, err := l.c.Store.Adoptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	for _, a := range as {
		origins = append(origins, a.Origin)
	}
	var out []Key
	for _, o := range origins {
		for _, k := range l.c.Keys.Keys().Of(keyring.Log) {
			text, err := VerifierKey(o, k.Public)
			if err != nil {
				return nil, fmt.Errorf("keys: %w", err)
			}
			out = append(out, Key{text, k.From, k.Until})
		}
	}
	return out, nil
}

// verifiers returns the verifiers of an origin, for every key of the history.
func (l *Log) verifiers(origin string) ([]note.Verifier, error) {
	var list []note.Verifier
	known := map[string]bool{}
	for _, k := range l.c.Keys.Keys().Of(keyring.Log) {
		if known[k.ID] { // it came back
			continue
		}
		known[k.ID] = true
		text, err := VerifierKey(origin, k.Public)
		if err != nil {
			return nil, err
		}
		v, err := note.NewVerifier(text)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// belongs reports whether the database's log has this configuration's name.
func (l *Log) belongs(h Head) bool {
	return h == Head{} || h.Origin == l.c.Origin || h.Epoch > 0 && strings.HasPrefix(h.Origin, l.c.Origin+"/")
}
