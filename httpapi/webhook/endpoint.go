package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/check"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

const (
	secretPrefix = "whsec_"
	minSecret    = 16 // characters, or bytes behind whsec_
	maxSecret    = 256
	maxURL       = 2048
	oldSecretFor = 24 * time.Hour
)

// Change is what Set changes: nil leaves a field as it is, a pointer to ""
// clears it. A cleared secret under an address is replaced by a new one.
type Change struct {
	URL    *string
	Secret *string // at least 16 characters, used as raw bytes, or whsec_ and base64
}

// Setting is an endpoint as its owner sees it.
type Setting struct {
	URL       string
	SecretSet bool
	Secret    string // only when Set made it, and only this once
	UpdatedAt time.Time
}

// Set changes the endpoint of key and of the keys it is rotated to. An address
// without a secret gets a new one: nothing is ever sent unsigned. A secret that is
// replaced signs too for 24 hours; setting an address enables an endpoint that
// the receiver had ended by 410. Errors: *check.InvalidError.
func (s *Sender) Set(ctx context.Context, key *scopes.Key, ch Change) (*Setting, error) {
	now := s.now()
	if err := s.check(ch); err != nil {
		return nil, err
	}
	e, err := s.cfg.Outbox.Endpoint(ctx, key.Line)
	if errors.Is(err, storage.ErrNotFound) {
		e, err = storage.Endpoint{KeyID: key.Line, OrgID: key.OrgID}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	if ch.URL != nil {
		e.URL, e.DisabledAt = *ch.URL, nil
	}
	made, err := s.setSecret(ctx, &e, ch.Secret, now)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	e.UpdatedAt = now
	if err := s.cfg.Outbox.PutEndpoint(ctx, nil, e); err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	if e.URL == "" {
		if err := s.cfg.Outbox.AbandonPending(ctx, e.KeyID, now); err != nil {
			return nil, fmt.Errorf("webhook: %w", err)
		}
	}
	return &Setting{URL: e.URL, SecretSet: len(e.Secret) > 0, Secret: made, UpdatedAt: now}, nil
}

// setSecret puts a new secret into e, and makes one where it has to; what it
// made is returned.
func (s *Sender) setSecret(ctx context.Context, e *storage.Endpoint, given *string, now time.Time) (made string, err error) {
	secret := ""
	switch {
	case given != nil && *given != "":
		secret = *given
	case e.URL != "" && (given != nil || len(e.Secret) == 0):
		var b [32]byte
		if _, err := io.ReadFull(s.cfg.Rand, b[:]); err != nil {
			return "", fmt.Errorf("random source: %w", err)
		}
		secret = secretPrefix + base64.StdEncoding.EncodeToString(b[:])
		made = secret
	case given != nil:
		e.Secret, e.OldSecret, e.OldSecretUntil = nil, nil, nil
		return "", nil
	default:
		return "", nil
	}
	sealed, err := s.cfg.Keeper.Encrypt(ctx, secretBytes(secret))
	if err != nil {
		return "", fmt.Errorf("encrypt the secret: %w", err)
	}
	if len(e.Secret) > 0 {
		until := now.Add(oldSecretFor)
		e.OldSecret, e.OldSecretUntil = e.Secret, &until
	}
	e.Secret = sealed
	return made, nil
}

// secretBytes is the key that a secret stands for.
func secretBytes(secret string) []byte {
	if rest, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if b, err := base64.StdEncoding.DecodeString(rest); err == nil {
			return b
		}
	}
	return []byte(secret)
}

func (s *Sender) check(ch Change) error {
	var p check.Problems
	if ch.URL != nil && *ch.URL != "" {
		s.checkURL(&p, *ch.URL)
	}
	if ch.Secret != nil && *ch.Secret != "" {
		checkSecret(&p, *ch.Secret)
	}
	return p.Err()
}

func checkSecret(p *check.Problems, secret string) {
	rest, standard := strings.CutPrefix(secret, secretPrefix)
	b, err := base64.StdEncoding.DecodeString(rest)
	switch {
	case len(secret) > maxSecret:
		p.Add("webhook_secret", "max", "must be at most %d bytes", maxSecret)
	case standard && (err != nil || len(b) < minSecret):
		p.Add("webhook_secret", "base64", "must be base64 of at least %d bytes after whsec_", minSecret)
	case utf8.RuneCountInString(secret) < minSecret:
		p.Add("webhook_secret", "min", "must be at least %d characters", minSecret)
	}
}

func (s *Sender) checkURL(p *check.Problems, raw string) {
	u, err := url.Parse(raw)
	switch {
	case len(raw) > maxURL:
		p.Add("webhook_url", "max", "must be at most %d bytes", maxURL)
		return
	case err != nil, u.Hostname() == "", u.Opaque != "":
		p.Add("webhook_url", "url", "must be an address with a host")
		return
	case u.Scheme != "https" && (u.Scheme != "http" || !s.cfg.AllowHTTP):
		p.Add("webhook_url", "https", "must be an https address")
	}
	if u.User != nil {
		p.Add("webhook_url", "userinfo", "must hold no credentials")
	}
	if u.Fragment != "" {
		p.Add("webhook_url", "fragment", "must have no fragment")
	}
	// A name is judged when it is dialed; an address can be refused at once.
	ip, err := netip.ParseAddr(u.Hostname())
	if local := strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), "localhost"); !s.cfg.AllowPrivate && (local || err == nil && !public(ip)) {
		p.Add("webhook_url", "address", "must not be a private or special address")
	}
}
