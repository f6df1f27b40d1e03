package webhook

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

const (
	secretPrefix = "whsec_"
	minSecret    = 16 // characters, or bytes behind whsec_
	maxSecret    = 256
	maxURL       = 2048
	oldSecretFor = 24 * time.Hour

	maxOldSecrets = 10 // that sign beside the newest
)

// Change is a change of an endpoint: nil keeps a field, a pointer to "" clears
// it. If the secret is cleared and a URL is set, a new secret is made.
type Change struct {
	URL    *string
	Secret *string // at least 16 characters, used as raw bytes, or whsec_ and base64
}

// Setting is the owner's view of an endpoint.
type Setting struct {
	URL       string
	SecretSet bool
	Secret    string // only when Set made it, and only this once
	UpdatedAt time.Time
}

// Set changes the endpoint of key and of the keys it is rotated to. A URL
// without a secret gets a new secret, because every delivery is signed. A
// replaced secret is also used for signing for 24 hours. Setting the current
// secret again changes nothing. Setting a URL enables an endpoint that was
// disabled by a 410 response. Errors: *storage.InvalidError.
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
		e.Secret, e.OldSecrets = nil, nil
		return "", nil
	default:
		return "", nil
	}
	if same, err := s.isSet(ctx, e, secretBytes(secret)); same || err != nil {
		return "", err
	}
	sealed, err := s.cfg.Keeper.Encrypt(ctx, secretBytes(secret))
	if err != nil {
		return "", fmt.Errorf("encrypt the secret: %w", err)
	}
	if len(e.Secret) > 0 {
		e.OldSecrets = slices.Insert(e.OldSecrets, 0, storage.OldSecret{Secret: e.Secret, Until: now.Add(oldSecretFor)})
	}
	e.OldSecrets = slices.DeleteFunc(e.OldSecrets, func(o storage.OldSecret) bool { return !now.Before(o.Until) })
	e.OldSecrets = e.OldSecrets[:min(len(e.OldSecrets), maxOldSecrets)]
	e.Secret = sealed
	return made, nil
}

// isSet reports whether the endpoint has the secret already.
func (s *Sender) isSet(ctx context.Context, e *storage.Endpoint, secret []byte) (bool, error) {
	if len(e.Secret) == 0 {
		return false, nil
	}
	current, err := s.cfg.Keeper.Decrypt(ctx, e.Secret)
	if err != nil {
		return false, fmt.Errorf("decrypt the secret: %w", err)
	}
	return hmac.Equal(current, secret), nil
}

// Secret returns the key's secret as whsec_ and base64, and when its endpoint was
// changed last. storage.ErrNotFound without one.
func (s *Sender) Secret(ctx context.Context, key *scopes.Key) (secret string, changed time.Time, err error) {
	e, err := s.cfg.Outbox.Endpoint(ctx, key.Line)
	if err == nil && len(e.Secret) == 0 {
		err = storage.ErrNotFound
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("webhook: %w", err)
	}
	current, err := s.cfg.Keeper.Decrypt(ctx, e.Secret)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("webhook: decrypt the secret: %w", err)
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(current), e.UpdatedAt, nil
}

// secretBytes is the key of a secret.
func secretBytes(secret string) []byte {
	if rest, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if b, err := base64.StdEncoding.DecodeString(rest); err == nil {
			return b
		}
	}
	return []byte(secret)
}

func (s *Sender) check(ch Change) error {
	var p validate.Problems
	if ch.URL != nil && *ch.URL != "" {
		s.checkURL(&p, *ch.URL)
	}
	if ch.Secret != nil && *ch.Secret != "" {
		checkSecret(&p, *ch.Secret)
	}
	return p.Err()
}

func checkSecret(p *validate.Problems, secret string) {
	rest, standard := strings.CutPrefix(secret, secretPrefix)
	b, err := base64.StdEncoding.DecodeString(rest)
	switch {
	case strings.TrimSpace(secret) != secret:
		p.Add("webhook_secret", "space", "must not begin or end with white space")
	case !validate.Plain(secret, ""):
		p.Add("webhook_secret", "text", "must have no control characters")
	case len(secret) > maxSecret:
		p.Add("webhook_secret", "max", "must be at most %d bytes", maxSecret)
	case standard && (err != nil || len(b) < minSecret):
		p.Add("webhook_secret", "base64", "must be base64 of at least %d bytes after whsec_", minSecret)
	case utf8.RuneCountInString(secret) < minSecret:
		p.Add("webhook_secret", "min", "must be at least %d characters", minSecret)
	}
}

func (s *Sender) checkURL(p *validate.Problems, raw string) {
	u, err := url.Parse(raw)
	switch {
	case len(raw) > maxURL:
		p.Add("webhook_url", "max", "must be at most %d bytes", maxURL)
		return
	case err != nil, u.Hostname() == "", u.Opaque != "":
		p.Add("webhook_url", "url", "must be a URL with a host")
		return
	case !plainHost(u.Hostname()):
		p.Add("webhook_url", "host", "must name its host in ASCII, or by an IP address in its usual spelling")
		return
	case !plainPort(u.Host):
		p.Add("webhook_url", "port", "must have a port from 1 to 65535")
		return
	case u.Scheme != "https" && (u.Scheme != "http" || !s.cfg.AllowHTTP):
		p.Add("webhook_url", "https", "must be an https URL")
	}
	if u.User != nil {
		p.Add("webhook_url", "userinfo", "must not contain credentials")
	}
	if u.Fragment != "" {
		p.Add("webhook_url", "fragment", "must have no fragment")
	}
	// A name is judged when it is dialed; an address can be refused at once.
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	ip, err := netip.ParseAddr(host)
	if local := host == "localhost" || strings.HasSuffix(host, ".localhost"); !s.cfg.AllowPrivate && (local || err == nil && !public(ip)) {
		p.Add("webhook_url", "address", "must not be a private or special address")
	}
}

// plainHost reports an IP address as net/netip spells it, or a name of ASCII
// letters, digits, hyphens and underscores whose last label is no number: what
// looks like one (127.1, 0x7f.1, 2130706433) is read as an IPv4 address by some.
func plainHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, l := range labels {
		odd := func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, odd) {
			return false
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return len(host) <= 253 && strings.Trim(last, "0123456789") != "" && !hexNumber(last)
}

func hexNumber(label string) bool {
	rest, ok := strings.CutPrefix(label, "0x")
	return ok && strings.Trim(rest, "0123456789abcdef") == ""
}

// plainPort reports an authority without a port, or with one from 1 to 65535.
func plainPort(authority string) bool {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || strings.HasSuffix(authority, "]") {
		return true
	}
	n, err := strconv.Atoi(authority[i+1:])
	return err == nil && n >= 1 && n <= 65535 && strconv.Itoa(n) == authority[i+1:]
}
