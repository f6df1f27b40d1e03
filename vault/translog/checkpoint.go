package translog

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of the tree's size and root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Hash
	Note   string // the signed note, as published
}

func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// ErrCheckpoint is returned for a note that is not a checkpoint signed by a
// known key.
var ErrCheckpoint = errors.New("translog: not a checkpoint of a known log")

// ParseCheckpoint verifies a signed note against the verifiers and reads it. It
// accepts only the encoding in the package comment, and only a signature by a
// key whose name is the origin. Any failure wraps ErrCheckpoint.
func ParseCheckpoint(signed string, verifiers ...note.Verifier) (Checkpoint, error) {
	refuse := func(why any) (Checkpoint, error) { return Checkpoint{}, fmt.Errorf("%w: %v", ErrCheckpoint, why) }
	n, err := note.Open([]byte(signed), note.VerifierList(verifiers...))
	if err != nil {
		return refuse(err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return refuse("text does not have three lines")
	}
	c := Checkpoint{Origin: lines[0], Note: signed}
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return refuse("size is not a number")
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return refuse("root is not a hash")
	}
	if c.text() != n.Text {
		return refuse("not in canonical form")
	}
	for _, s := range n.Sigs {
		if s.Name == c.Origin {
			return c, nil
		}
	}
	return refuse("not signed under its origin")
}

// OpenCheckpoint verifies a signed note by the first of the keys that signed
// it, and returns that key; the caller must check its period of use.
// ErrCheckpoint.
func OpenCheckpoint(signed string, keys []Key) (Checkpoint, Key, error) {
	err := fmt.Errorf("%w: no keys", ErrCheckpoint)
	for _, k := range keys {
		v, bad := NewVerifier(k.Verifier)
		if bad != nil {
			return Checkpoint{}, k, bad
		}
		var cp Checkpoint
		if cp, err = ParseCheckpoint(signed, v); err == nil {
			return cp, k, nil
		}
	}
	return Checkpoint{}, Key{}, err
}

// NewVerifier reads a verifier key, "<origin>+<key hash>+<key>", as a Key
// holds it.
func NewVerifier(key string) (note.Verifier, error) { return note.NewVerifier(key) }

// VerifyInclusion checks that the leaf with these canonical bytes is number
// index of the tree with this size and root. It needs no other data.
func VerifyInclusion(canonical []byte, index, size int64, root Hash, proof []Hash) error {
	if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(canonical)); err != nil {
		return fmt.Errorf("translog: inclusion of leaf %d in size %d: %w", index, size, err)
	}
	return nil
}

// VerifyConsistency checks that the tree of size and root begins with the tree
// of fromSize and fromRoot. Every tree begins with the empty one.
func VerifyConsistency(fromSize int64, fromRoot Hash, size int64, root Hash, proof []Hash) error {
	if fromSize == 0 && len(proof) == 0 {
		return nil
	}
	if err := tlog.CheckTree(proof, size, root, fromSize, fromRoot); err != nil {
		return fmt.Errorf("translog: consistency from %d to %d: %w", fromSize, size, err)
	}
	return nil
}

// VerifierKey returns the verifier key of an Ed25519 key under an origin.
func VerifierKey(origin string, key ed25519.PublicKey) (string, error) {
	return note.NewEd25519VerifierKey(origin, key)
}

// signer lets any Ed25519 crypto.Signer (a file key, KMS, HSM) sign notes.
type signer struct {
	note.Verifier
	key crypto.Signer
}

func newSigner(origin string, key crypto.Signer) (signer, error) {
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return signer{}, fmt.Errorf("translog: Config.Signer has a %T, want Ed25519", key.Public())
	}
	vkey, err := VerifierKey(origin, pub)
	if err != nil {
		return signer{}, fmt.Errorf("translog: Config.Origin: %w", err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return signer{}, fmt.Errorf("translog: Config.Origin: %w", err)
	}
	return signer{v, key}, nil
}

func (s signer) Sign(msg []byte) ([]byte, error) {
	return s.key.Sign(rand.Reader, msg, crypto.Hash(0))
}

func (s signer) note(text string) (string, error) {
	b, err := note.Sign(&note.Note{Text: text}, s)
	return string(b), err
}
