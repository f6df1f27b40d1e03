// Package stepup holds the rules of a signer's step-up: what a signer must show
// besides possession of the signing link, and how often a guess is allowed. In goes
// what is on record of a signer and the time, out comes the next record, or the
// refusal. It knows no envelope, no store and no mail.
//
// A one-time code is computed from a server key and a nonce, like signing links, and is
// stored nowhere; an access code is stored as an argon2id hash (RFC 9106).
//
// Stability: before v1 names may change. The computation of codes may change at any
// time: a code lives ten minutes.
package stepup

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// Limits of step-up.
const (
	CodeLife  = 10 * time.Minute // of a one-time code
	PassLife  = time.Hour        // how long a signer who has shown a code need not show another
	MaxTries  = 5                // wrong answers to one code, or to an access code
	MaxCodes  = 5                // codes in CodesPer
	CodesPer  = 24 * time.Hour
	MinAccess = 6  // characters of an access code
	MaxAccess = 64 // likewise
)

var (
	// ErrWrong: the code is not the right one.
	ErrWrong = errors.New("stepup: wrong code")
	// ErrNone: there is no one-time code, or it has expired.
	ErrNone = errors.New("stepup: no code is in force")
	// ErrLocked: too many wrong answers, or too many codes.
	ErrLocked = errors.New("stepup: locked")
)

// State is what is on record of a signer. It holds no code.
type State struct {
	Access   string     `json:"access,omitempty"` // the hash of the access code, as HashAccess makes it
	KeyID    string     `json:"key_id,omitempty"` // of the one-time code in force
	Nonce    string     `json:"nonce,omitempty"`  // likewise; "" for none
	SentAt   *time.Time `json:"sent_at,omitempty"`
	Tries    int        `json:"tries,omitempty"` // wrong answers since the last code, pass or Unlock
	Codes    int        `json:"codes,omitempty"` // since Since
	Since    *time.Time `json:"since,omitempty"`
	PassedAt *time.Time `json:"passed_at,omitempty"`
}

// Passed reports whether the signer has shown what was asked for, not long ago.
func (s *State) Passed(now time.Time) bool {
	return s.PassedAt != nil && now.Before(s.PassedAt.Add(PassLife))
}

// CodeUntil is when the one-time code ceases to work; nil for none.
func (s *State) CodeUntil(now time.Time) *time.Time {
	if s.Nonce == "" || s.SentAt == nil || !now.Before(s.SentAt.Add(CodeLife)) {
		return nil
	}
	until := s.SentAt.Add(CodeLife)
	return &until
}

// Send puts a new one-time code in the place of the last one. ErrLocked after MaxCodes
// within CodesPer.
func (s *State) Send(keyID string, random io.Reader, now time.Time) error {
	if s.Since == nil || !now.Before(s.Since.Add(CodesPer)) {
		s.Since, s.Codes = &now, 0
	}
	if s.Codes >= MaxCodes {
		return ErrLocked
	}
	b := make([]byte, 16)
	if _, err := io.ReadFull(random, b); err != nil {
		return fmt.Errorf("nonce of a code: %w", err)
	}
	s.KeyID, s.Nonce, s.SentAt = keyID, base64.RawURLEncoding.EncodeToString(b), &now
	s.Codes, s.Tries = s.Codes+1, 0
	return nil
}

// Answer records an answer that was right or wrong. A right one takes the one-time code
// away, so that it works once. ErrWrong, ErrLocked, and for a one-time code ErrNone.
func (s *State) Answer(right, oneTime bool, now time.Time) error {
	switch {
	case oneTime && s.CodeUntil(now) == nil:
		return ErrNone
	case s.Tries >= MaxTries:
		return ErrLocked
	case !right:
		s.Tries++
		return ErrWrong
	}
	s.KeyID, s.Nonce, s.SentAt, s.Tries, s.PassedAt = "", "", nil, 0, &now
	return nil
}

// Unlock lets the signer try again from the beginning.
func (s *State) Unlock() { s.Tries, s.Codes, s.Since = 0, 0, nil }

// Reset forgets everything but the access code: the link is another person's now.
func (s *State) Reset() { *s = State{Access: s.Access} }

const codeContext = "evault one-time code v1\x00"

// Code computes the six digits of the one-time code in force for a signer's link.
func (s *State) Code(secret []byte, signerID string, linkVersion int) string {
	m := hmac.New(sha256.New, secret)
	fmt.Fprintf(m, "%s%d\x00%s\x00%s", codeContext, linkVersion, s.Nonce, signerID)
	const codes = 1_000_000 // of 2⁶⁴: the remainder is even enough
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(m.Sum(nil))%codes)
}

// Same compares a code with what was typed, without spaces and hyphens, in a time that
// tells nothing.
func Same(code, typed string) bool {
	typed = strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(typed)
	return subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1
}

// The cost of an access code: argon2id as RFC 9106 recommends for little memory, with
// half of its memory, since a code has MaxTries.
const (
	accessTime   = 3
	accessMemory = 32 << 10 // KiB
	accessPrefix = "$argon2id$v=19$m=32768,t=3,p=1$"
)

// HashAccess returns what is stored of an access code.
func HashAccess(code string, random io.Reader) (string, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("salt of an access code: %w", err)
	}
	enc := base64.RawStdEncoding.EncodeToString
	return accessPrefix + enc(salt) + "$" + enc(accessKey(code, salt)), nil
}

// SameAccess reports whether code has the stored hash. It takes some 50 ms and 32 MiB.
func SameAccess(hash, code string) bool {
	rest, ok := strings.CutPrefix(hash, accessPrefix)
	salt, key, found := strings.Cut(rest, "$")
	if !ok || !found {
		return false
	}
	s, serr := base64.RawStdEncoding.DecodeString(salt)
	k, kerr := base64.RawStdEncoding.DecodeString(key)
	return serr == nil && kerr == nil && subtle.ConstantTimeCompare(k, accessKey(code, s)) == 1
}

func accessKey(code string, salt []byte) []byte {
	return argon2.IDKey([]byte(strings.TrimSpace(code)), salt, accessTime, accessMemory, 1, 32)
}
