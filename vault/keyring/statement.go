package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// ErrHistory is returned for a history of keys that was altered.
var ErrHistory = errors.New("keyring: the history of keys does not verify")

const statementVersion = 1

// statement is what a change of keys says; its format is in the package comment.
type statement struct {
	At      string         `json:"at"`
	Keys    []keyJSON      `json:"keys"`
	Prev    storage.Digest `json:"prev"`
	Retired []retired      `json:"retired"`
	V       int            `json:"v"`
}

type keyJSON struct {
	Certificates [][]byte `json:"certificates,omitempty"`
	KID          string   `json:"kid"`
	PublicKey    []byte   `json:"public_key,omitempty"`
	Purpose      Purpose  `json:"purpose"`
	SelfMade     bool     `json:"self_made,omitempty"`
}

type retired struct {
	KID     string  `json:"kid"`
	Purpose Purpose `json:"purpose"`
	Signed  bool    `json:"signed"`
}

type signature struct {
	KID       string  `json:"kid"`
	Purpose   Purpose `json:"purpose"`
	Signature []byte  `json:"signature"`
}

// change is the data of an event of type event.KeysChanged.
type change struct {
	Signatures []signature `json:"signatures"`
	Statement  statement   `json:"statement"`
}

func (s statement) message() ([]byte, error) {
	b, err := canonjson.Marshal(s)
	return append([]byte("evault keys v1\x00"), b...), err
}

func (s statement) sum() (storage.Digest, error) {
	b, err := canonjson.Marshal(s)
	return storage.Sum(b), err
}

// sign makes one signature of a statement.
func sign(s crypto.Signer, message []byte) ([]byte, error) {
	opts := crypto.SignerOpts(crypto.SHA256)
	if _, ok := s.Public().(ed25519.PublicKey); ok {
		opts = crypto.Hash(0)
	}
	return crypto.SignMessage(s, rand.Reader, message, opts)
}

func verify(pub crypto.PublicKey, message, sig []byte) error {
	c := x509.Certificate{PublicKey: pub}
	switch pub.(type) {
	case ed25519.PublicKey:
		return c.CheckSignature(x509.PureEd25519, message, sig)
	case *ecdsa.PublicKey:
		return c.CheckSignature(x509.ECDSAWithSHA256, message, sig)
	case *rsa.PublicKey:
		return c.CheckSignature(x509.SHA256WithRSA, message, sig)
	}
	return fmt.Errorf("keyring: %T cannot verify", pub)
}

func encode(k Key) keyJSON {
	j := keyJSON{KID: k.ID, PublicKey: k.Public, Purpose: k.Purpose, SelfMade: k.SelfMade}
	for _, c := range k.Chain {
		j.Certificates = append(j.Certificates, c.Raw)
	}
	return j
}

// key reads a key and refuses an id that is not its own.
func (j keyJSON) key() (Key, error) {
	k := Key{Purpose: j.Purpose, ID: j.KID, Public: j.PublicKey, SelfMade: j.SelfMade}
	if j.Purpose == Seal {
		for _, der := range j.Certificates {
			c, err := x509.ParseCertificate(der)
			if err != nil {
				return k, fmt.Errorf("seal key %s: %w", j.KID, err)
			}
			k.Chain = append(k.Chain, c)
		}
		if len(k.Chain) == 0 || len(j.PublicKey) > 0 || string(storage.Sum(k.Chain[0].Raw)) != j.KID {
			return k, fmt.Errorf("seal key %s: the id is not that of the certificate", j.KID)
		}
		return k, nil
	}
	if !j.Purpose.known() || len(j.Certificates) > 0 || len(k.Public) != ed25519.PublicKeySize || jws.Thumbprint(k.Public) != j.KID {
		return k, fmt.Errorf("%s key %s: the id is not that of an Ed25519 key", j.Purpose, j.KID)
	}
	return k, nil
}

// step is a statement that was read and whose signatures verify.
type step struct {
	at     time.Time
	sum    storage.Digest
	keys   Keys // named
	inUse  Keys // after it, by purpose
	vouch  Keys // the keys whose signature links a later statement to it
	signed []signature
	linked bool
}

// history is the steps that count, oldest first.
type history struct {
	line []step
	last storage.Digest // of the newest statement, void or not
	at   time.Time      // of the newest statement
	seq  int64          // of the newest event
}

// read verifies the chain of key events.
func read(events []event.Event) (history, error) {
	var h history
	if _, err := event.Verify(ChainID, events); err != nil {
		return h, fmt.Errorf("%w: %w", ErrHistory, err)
	}
	for i, e := range events {
		if err := h.add(e); err != nil {
			return h, fmt.Errorf("%w: change %d: %w", ErrHistory, i+1, err)
		}
		h.seq = e.Seq
	}
	return h, nil
}

// add takes up one event.
func (h *history) add(e event.Event) error {
	var c change
	if err := canonjson.Unmarshal(e.Data, &c); err != nil {
		return err
	}
	if again, err := canonjson.Marshal(c); err != nil || !bytes.Equal(again, e.Data) || e.Type != event.KeysChanged || c.Statement.V != statementVersion {
		return errors.New("not a key statement of version 1")
	}
	at, err := environ.Parse(c.Statement.At)
	if err != nil {
		return err
	}
	if c.Statement.Prev != h.last || !at.After(h.at) {
		return errors.New("it does not follow the statement before")
	}
	s := step{at: at, signed: c.Signatures}
	if s.sum, err = c.Statement.sum(); err != nil {
		return err
	}
	for _, j := range c.Statement.Keys {
		k, err := j.key()
		if err != nil {
			return err
		}
		s.keys = append(s.keys, k)
	}
	if err := h.place(&s, c); err != nil {
		return err
	}
	h.line, h.last, h.at = append(h.line, s), s.sum, at
	return nil
}

// place checks a step's signatures and finds the step that it follows.
func (h *history) place(s *step, c change) error {
	message, err := c.Statement.message()
	if err != nil {
		return err
	}
	for _, k := range s.keys {
		if !signedBy(s.signed, k, message) {
			return fmt.Errorf("the %s key %s did not sign", k.Purpose, k.ID)
		}
	}
	for n := len(h.line); n > 0; n-- {
		if slices.ContainsFunc(h.line[n-1].vouch, func(k Key) bool { return signedBy(s.signed, k, message) }) {
			s.linked, h.line = true, h.line[:n]
			break
		}
		for h.line[n-1].linked { // to where this branch broke off; the first is not linked
			n--
		}
	}
	s.inUse, s.vouch = s.keys, s.keys
	if n := len(h.line); n > 0 {
		s.inUse = replace(h.line[n-1].inUse, s.keys)
	}
	if s.linked {
		s.vouch = replace(h.line[len(h.line)-1].vouch, s.keys)
	}
	return nil
}

func signedBy(list []signature, k Key, message []byte) bool {
	return slices.ContainsFunc(list, func(s signature) bool {
		return s.KID == k.ID && s.Purpose == k.Purpose && verify(k.public(), message, s.Signature) == nil
	})
}

// replace returns the keys in use after named took over their purposes.
func replace(inUse, named Keys) Keys {
	out := slices.Clone(named)
	for _, k := range inUse {
		if len(named.Of(k.Purpose)) == 0 {
			out = append(out, k)
		}
	}
	return out
}

// inUse are the keys in use after the newest change.
func (h history) inUse() Keys {
	if len(h.line) == 0 {
		return nil
	}
	return h.line[len(h.line)-1].inUse
}

// vouch are the keys whose signature links a statement to the newest that counts.
func (h history) vouch() Keys {
	if len(h.line) == 0 {
		return nil
	}
	return h.line[len(h.line)-1].vouch
}

// keys are all keys with their times, oldest first.
func (h history) keys() Keys {
	var out Keys
	for _, s := range h.line {
		for _, k := range s.keys {
			was := slices.IndexFunc(out, func(o Key) bool { return o.Purpose == k.Purpose && o.Until == nil })
			if was >= 0 && out[was].is(k) {
				continue
			}
			if was >= 0 {
				until := s.at
				out[was].Until = &until
			}
			k.From = s.at
			out = append(out, k)
		}
	}
	return out
}
