package custody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
)

// # Consent by a control key, version 1
//
// A controller that is bound by a control key consents to one act on one version of one copy. It
// signs that itself, outside this software: a compact JWS (RFC 7515 section 7.1) of at most 8 KiB,
// by an Ed25519 key (alg EdDSA, RFC 8037) or a P-256 key (alg ES256, RFC 7518 section 3.4). Its
// header has these three members and no other, kid being the key's RFC 7638 thumbprint:
//
//	{"alg":"EdDSA","kid":THUMBPRINT,"typ":"evault-consent+jwt"}
//
// The payload is one JSON object, in any order and spacing, with these members and no other, each
// once. Those marked ? are absent where they do not apply:
//
//	{"copy_id","envelope_id","expires_at","nonce","obligation"?:{"amount"?,"currency"?,"reference"},"purpose"?,
//	 "reason"?,"recipient":{"control_key_thumbprint"?,"email"?,"identifier"?,"name","organization"?},"sha256","v":1,
//	 "verb","version"}
//
// verb is "assign" or "release". version and sha256 are those of the copy's current version.
//
//   - assign: recipient is the assignee, with name and, where it has them, identifier (the id of an
//     organization of the installation), email and control_key_thumbprint. purpose is "sale",
//     "pledge" or "release_back"; obligation is that of a pledge, reason that of a sale by a pledgee.
//   - release: recipient has name and, where the request has them, organization and email. reason is
//     that of the request, such as "payoff".
//
// expires_at is a time of RFC 3339 in UTC (with Z), at most 90 days ahead; the act, of an offer its
// acceptance, comes before it. nonce is 16 to 128 letters, digits, "-" and "_", chosen at random: a key
// uses it once for a copy. The whole JWS is kept in the signed custody statement of the act
// (Consent.JWS), so that anyone who has the chain can verify it again. The format never changes; a
// later one has another v.
const (
	TypConsent     = "evault-consent+jwt"
	consentVersion = 1
	maxConsent     = 8 << 10
	maxConsentLife = 90 * 24 * time.Hour
)

// Verbs of a consent.
const (
	ConsentAssign  = "assign"
	ConsentRelease = "release"
)

// ErrConsent is returned where the consent of a control key is required, and is missing or does not
// verify. The error is a *ConsentError.
var ErrConsent = errors.New("custody: the act lacks the consent of the control key")

// ConsentError says why a consent does not count.
type ConsentError struct{ Why string }

func (e *ConsentError) Error() string { return ErrConsent.Error() + ": " + e.Why }

// Is makes errors.Is(err, ErrConsent) true.
func (e *ConsentError) Is(target error) bool { return target == ErrConsent }

// ConsentTerms is the payload of a consent.
type ConsentTerms struct {
	CopyID     string           `json:"copy_id"`
	EnvelopeID string           `json:"envelope_id"`
	ExpiresAt  string           `json:"expires_at"`
	Nonce      string           `json:"nonce"`
	Obligation *Obligation      `json:"obligation,omitempty"`
	Purpose    Purpose          `json:"purpose,omitempty"`
	Reason     string           `json:"reason,omitempty"`
	Recipient  ConsentRecipient `json:"recipient"`
	SHA256     storage.Digest   `json:"sha256"`
	V          int              `json:"v"`
	Verb       string           `json:"verb"`
	Version    int              `json:"version"`
}

// ConsentRecipient is to whom control, or the original, goes.
type ConsentRecipient struct {
	Thumbprint   string `json:"control_key_thumbprint,omitempty"`
	Email        string `json:"email,omitempty"`
	Identifier   string `json:"identifier,omitempty"`
	Name         string `json:"name"`
	Organization string `json:"organization,omitempty"`
}

// ParseConsent verifies the signature of a consent by a key and returns its terms. It judges neither
// what they are about nor when: see Controller.Consent. A *ConsentError.
func ParseConsent(token string, key ControlKey) (ConsentTerms, error) {
	var t ConsentTerms
	var head struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		Typ string `json:"typ"`
	}
	parts := strings.Split(token, ".")
	if len(token) > maxConsent || len(parts) != 3 {
		return t, &ConsentError{"it is not a compact JWS of at most 8 KiB"}
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		if raw[i], err = segment(p); err != nil {
			return t, &ConsentError{"it is not a compact JWS of at most 8 KiB"}
		}
	}
	switch {
	case exactly(raw[0], &head) != nil || head.Typ != TypConsent:
		return t, &ConsentError{"its header must have the members alg, kid and typ, and the type " + TypConsent}
	case key == "" || head.Kid != key.Thumbprint():
		return t, &ConsentError{"its kid is not the thumbprint of the controller's key"}
	case !key.verify(head.Alg, []byte(parts[0]+"."+parts[1]), raw[2]):
		return t, &ConsentError{"its signature does not verify by the controller's key"}
	case exactly(raw[1], &t) != nil || t.V != consentVersion:
		return t, &ConsentError{"its payload is not that of a consent of version 1"}
	}
	return t, nil
}

// exactly decodes JSON whose members are those of v, each at most once.
func exactly(b []byte, v any) error {
	if err := canonjson.Distinct(b); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

var nonces = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)

// until returns the time of expires_at.
func (t ConsentTerms) until() (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, t.ExpiresAt)
	if err != nil || !strings.HasSuffix(t.ExpiresAt, "Z") {
		return at, &ConsentError{"its expires_at is not a time of RFC 3339 in UTC"}
	}
	return at, nil
}

// covers says what keeps a consent from covering an act at a time.
func (t ConsentTerms) covers(act ConsentTerms, at time.Time) error {
	until, err := t.until()
	switch {
	case err != nil:
		return err
	case !at.Before(until):
		return &ConsentError{"it has expired"}
	case until.After(at.Add(maxConsentLife)):
		return &ConsentError{"it expires more than 90 days ahead"}
	case !nonces.MatchString(t.Nonce):
		return &ConsentError{"its nonce must be 16 to 128 letters, digits, - and _"}
	}
	act.ExpiresAt, act.Nonce, act.V = t.ExpiresAt, t.Nonce, t.V
	said, err := canonjson.Marshal(t)
	if err != nil {
		return &ConsentError{"its payload is not that of a consent of version 1"}
	}
	want, err := canonjson.Marshal(act)
	if err != nil {
		return err
	}
	if !bytes.Equal(said, want) {
		return &ConsentError{"it is about something else; its terms must be " + string(want)}
	}
	return nil
}

// Consent returns the consent to an act of this controller at a time. For one that is bound by a
// control key that is the key's alone, given as a JWS that the request brings; whose key or hand
// brought it is recorded and is nobody's consent. For any other it is the given one. used are the
// consents that were given for the copy before, whose nonces are used up. A *ConsentError; a
// *storage.InvalidError for a token that no control key asks for.
func (c Controller) Consent(given Consent, token string, act ConsentTerms, at time.Time, used ...Consent) (Consent, error) {
	if c.BoundBy != BoundByControlKey {
		if token != "" {
			return given, invalidField("consent", "excluded", "is only for a controller that is bound by a control key")
		}
		return given, nil
	}
	if token == "" {
		return given, &ConsentError{"a consent signed by the controller's key is required"}
	}
	given.Kind, given.JWS = ConsentSigned, token
	if err := c.Consented(given, act, at); err != nil {
		return given, err
	}
	mine, err := ParseConsent(token, c.ControlKey)
	for _, u := range used {
		if err != nil {
			break
		}
		if other, perr := ParseConsent(u.JWS, c.ControlKey); perr == nil && other.Nonce == mine.Nonce {
			err = &ConsentError{"its nonce was used before"}
		}
	}
	return given, err
}

// Consented verifies a kept consent again: for a controller that is bound by a control key it must be
// that key's, to this act, and not expired at its time. For any other controller it is nil. A
// *ConsentError.
func (c Controller) Consented(kept Consent, act ConsentTerms, at time.Time) error {
	switch {
	case c.BoundBy != BoundByControlKey:
		return nil
	case kept.Kind != ConsentSigned || kept.JWS == "":
		return &ConsentError{"a consent signed by the controller's key is required"}
	}
	t, err := ParseConsent(kept.JWS, c.ControlKey)
	if err != nil {
		return err
	}
	return t.covers(act, at)
}

// Until returns when a consent signed by a control key expires; of any other, the zero time.
func (c Consent) Until(key ControlKey) time.Time {
	t, err := ParseConsent(c.JWS, key)
	if err != nil {
		return time.Time{}
	}
	at, _ := t.until()
	return at
}

// ConsentTerms is what a consent to this offer says, but for its nonce and its expiry.
func (o *Offer) ConsentTerms() ConsentTerms {
	return assigning(Statement{CopyID: o.CopyID, EnvelopeID: o.EnvelopeID, Purpose: o.Purpose, Reason: o.Reason, To: &Parties{
		Assignee: o.Assignee, Interest: o.Interest,
	}}, o.Version, o.SHA256)
}

func assigning(s Statement, version int, sum storage.Digest) ConsentTerms {
	to := s.To.Assignee
	t := ConsentTerms{
		CopyID: s.CopyID, EnvelopeID: s.EnvelopeID, Purpose: s.Purpose, Reason: s.Reason, SHA256: sum, V: consentVersion, Verb: ConsentAssign, Version: version,
		Recipient: ConsentRecipient{Name: to.Name, Identifier: to.Identifier, Email: to.Email, Thumbprint: s.To.Controller.ControlKey.Thumbprint()},
	}
	if o := s.To.Interest.Obligation; s.Purpose == PurposePledge && o != (Obligation{}) {
		t.Obligation = &o
	}
	return t
}

// ReleaseTerms is what a consent to a release of the copy says, but for its nonce and its expiry.
func (c *Original) ReleaseTerms(to Recipient, reason string) ConsentTerms {
	return ConsentTerms{
		CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Reason: reason, SHA256: c.DocumentHash, V: consentVersion, Verb: ConsentRelease, Version: c.Version,
		Recipient: ConsentRecipient{Name: to.Name, Organization: to.Organization, Email: to.Email},
	}
}

// CheckConsent verifies again the consent that a statement carries, where the controller before it was
// bound by a control key; before is the statement before it in its chain, and reason that of a
// release, which its release statement says. A *ConsentError.
func (s Statement) CheckConsent(before Statement, reason string, at time.Time) error {
	if s.From == nil || s.From.Controller.BoundBy != BoundByControlKey {
		return nil
	}
	var act ConsentTerms
	switch {
	case s.Kind == EntryAssignment && s.To != nil:
		act = assigning(s, before.Version, before.SHA256)
	case s.Kind == EntryRelease && s.Recipient != nil:
		act = (&Original{CopyID: s.CopyID, EnvelopeID: s.EnvelopeID, Version: before.Version, DocumentHash: before.SHA256}).ReleaseTerms(*s.Recipient, reason)
	default:
		return &ConsentError{fmt.Sprintf("no consent covers an entry of kind %q", s.Kind)}
	}
	return s.From.Controller.Consented(s.Consent, act, at)
}
