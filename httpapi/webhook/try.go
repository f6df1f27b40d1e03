package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/storage"
)

const maxAnswer = 64 << 10 // bytes read of an answer

// outcome is the result of one attempt; err is nil for a 2xx.
type outcome struct {
	status     int
	retryAfter time.Duration
	err        error // its text contains nothing from the response and no secret
}

func (s *Sender) try(ctx context.Context, e storage.Endpoint, d storage.Delivery) outcome {
	secrets, err := s.signingSecrets(ctx, e)
	if err != nil {
		return outcome{err: errors.New("the secret could not be decrypted")}
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(d.Body))
	if err != nil {
		return outcome{err: errors.New("the URL cannot be used")}
	}
	s.sign(req.Header, d, secrets)
	resp, err := s.client.Do(req)
	if err != nil {
		return outcome{err: reason(err)}
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	out := outcome{status: resp.StatusCode}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		out.err = fmt.Errorf("status %d", resp.StatusCode)
		out.retryAfter = retryAfter(resp.Header.Get("Retry-After"), s.now())
	case err != nil:
		out.err = reason(err)
	}
	return out
}

// signingSecrets are the current secret and those that it replaced in the last
// day, newest first.
func (s *Sender) signingSecrets(ctx context.Context, e storage.Endpoint) ([][]byte, error) {
	stored := [][]byte{e.Secret}
	for _, old := range e.OldSecrets {
		if s.now().Before(old.Until) {
			stored = append(stored, old.Secret)
		}
	}
	for i := range stored {
		plain, err := s.cfg.Keeper.Decrypt(ctx, stored[i])
		if err != nil || len(plain) == 0 {
			return nil, errors.Join(err, errors.New("webhook: no secret"))
		}
		stored[i] = plain
	}
	return stored, nil
}

func (s *Sender) sign(h http.Header, d storage.Delivery, secrets [][]byte) {
	timestamp := strconv.FormatInt(s.now().Unix(), 10)
	signatures := make([]string, len(secrets))
	h.Set(s.cfg.Prefix+"-Signature", "sha256="+hex.EncodeToString(mac(secrets[0], d.Body)))
	for i, secret := range secrets {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac(secret, []byte(d.EventID+"."+timestamp+"."), d.Body))
	}
	h.Set(s.cfg.Prefix+"-Event", d.EventType)
	h.Set(s.cfg.Prefix+"-Delivery", d.ID)
	h.Set("webhook-id", d.EventID)
	h.Set("webhook-timestamp", timestamp)
	h.Set("webhook-signature", strings.Join(signatures, " "))
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "evault-webhook/1")
}

func mac(secret []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, secret)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// reason is a stable word for a failure to connect or to read; the error's own
// text may quote what a hostile server sent.
func reason(err error) error {
	switch {
	case errors.Is(err, errAddress):
		return errors.New("address not allowed")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("timeout")
	}
	return errors.New("connection failed")
}

// retryAfter reads seconds or an HTTP date, RFC 9110 section 10.2.3.
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && n >= 0 {
		return time.Duration(min(n, int(maxRetryAfter/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(value); err == nil && t.After(now) {
		return min(t.Sub(now), maxRetryAfter)
	}
	return 0
}
