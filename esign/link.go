package esign

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

// A signing link's token is the unpadded base64url of
//
//	0x01 | len(key id) | key id | link version, 4 bytes big-endian | signer id | MAC
//
// where MAC is HMAC-SHA256 under that key over "evault signing link v1", a zero byte and all bytes
// before the MAC. Only this encoding is accepted. Tokens are computed when needed and never stored.
const (
	tokenVersion = 1
	tokenContext = "evault signing link v1\x00"
)

var tokenEncoding = base64.RawURLEncoding.Strict()

// token is the signing link of s.
func (e *Engine) token(s *Signer) string {
	k := e.cfg.LinkKeys[0]
	b := append([]byte{tokenVersion, byte(len(k.ID))}, k.ID...)
	b = binary.BigEndian.AppendUint32(b, uint32(s.LinkVersion))
	b = append(b, s.ID...)
	return tokenEncoding.EncodeToString(append(b, tokenMAC(k.Secret, b)...))
}

func tokenMAC(secret, b []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(tokenContext))
	m.Write(b)
	return m.Sum(nil)
}

// openToken returns the signer and the link version that token names, or ErrLink.
func (e *Engine) openToken(token string) (signerID string, version int, err error) {
	if len(token) > 512 {
		return "", 0, ErrLink
	}
	b, err := tokenEncoding.DecodeString(token)
	if err != nil || len(b) < 2+4+sha256.Size || b[0] != tokenVersion {
		return "", 0, ErrLink
	}
	body, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	n := int(body[1])
	if len(body) < 2+n+4+1 {
		return "", 0, ErrLink
	}
	i := slices.IndexFunc(e.cfg.LinkKeys, func(k LinkKey) bool { return k.ID == string(body[2:2+n]) })
	if i < 0 || !hmac.Equal(mac, tokenMAC(e.cfg.LinkKeys[i].Secret, body)) {
		return "", 0, ErrLink
	}
	return string(body[2+n+4:]), int(binary.BigEndian.Uint32(body[2+n:])), nil
}

// SignerOf returns the id of the signer whose link the token is, or ErrLink. It
// checks only the token's MAC and reads no database; the verbs decide whether
// the link is still valid.
func (e *Engine) SignerOf(token string) (signerID string, err error) {
	signerID, _, err = e.openToken(token)
	return signerID, err
}

// copyGrace is how long after its expiry a link still opens the completed
// document or, if the envelope ended without completion, the document as its
// signer signed it.
const copyGrace = 30 * 24 * time.Hour

// admit resolves token inside s to an envelope and its signer, as of now, whether or
// not a step-up is outstanding: ErrLink, ErrLinkGone, ErrNotYourTurn.
func (e *Engine) admit(ctx context.Context, s Store, token string) (*Envelope, *Signer, error) {
	env, sg, err := e.resolve(ctx, s, token)
	if err != nil {
		return nil, nil, err
	}
	switch env.Status {
	case StatusSent, StatusViewed:
		if sg.Status == SignerWaiting {
			return nil, nil, ErrNotYourTurn
		}
	case StatusSigned, StatusCompleted, StatusVaulted, StatusReleased:
		if until := env.readableUntil(sg); until != nil && e.now().After(*until) {
			return nil, nil, ErrLinkGone
		}
	case StatusPreparing:
		return nil, nil, ErrNotYourTurn
	default:
		return nil, nil, ErrLinkGone
	}
	return env, sg, nil
}

// openToRead is open, and for 30 days more for a signer whose envelope ended
// without completion: the envelope then has the document as that signer left it.
func (e *Engine) openToRead(ctx context.Context, s Store, token string) (*Envelope, *Signer, error) {
	env, sg, err := e.resolve(ctx, s, token)
	if err != nil {
		return nil, nil, err
	}
	_, ended := env.endedWithoutCompletion()
	if until := env.readableUntil(sg); !ended || until == nil || e.now().After(*until) {
		return e.open(ctx, s, token)
	}
	if e.outstanding(sg) {
		return nil, nil, ErrAuthRequired
	}
	own := slices.IndexFunc(env.Parts, func(p Part) bool { return p.SignerID == sg.ID })
	env.Parts = env.Parts[:own+1]
	return env, sg, nil
}

// Readable returns the state of a link that opens the document now. It
// changes nothing. A link of a signer whose envelope ended without completion is
// readable for 30 days after Session says ErrLinkGone. Errors: those of Session.
func (e *Engine) Readable(ctx context.Context, token string) (*LinkState, error) {
	env, sg, err := e.openToRead(ctx, e.cfg.Store, token)
	if err != nil {
		return nil, err
	}
	return env.linkState(sg), nil
}

// endedWithoutCompletion says when the envelope was declined or voided, or
// expired.
func (e *Envelope) endedWithoutCompletion() (at time.Time, is bool) {
	switch e.Status {
	case StatusExpired:
		return *e.ExpiresAt, true
	case StatusDeclined, StatusVoided:
		return e.UpdatedAt, true
	}
	return at, false
}

// resolve returns the envelope and the signer of a link, whatever they may do.
func (e *Engine) resolve(ctx context.Context, s Store, token string) (*Envelope, *Signer, error) {
	id, version, err := e.openToken(token)
	if err != nil {
		return nil, nil, err
	}
	env, err := s.EnvelopeOfSigner(ctx, id)
	if err != nil {
		if errors.Is(err, storage.ErrNotFound) {
			return nil, nil, ErrLink
		}
		return nil, nil, err
	}
	env.judge(e.now())
	sg := env.signer(id)
	if sg.LinkVersion != version {
		return nil, nil, ErrLinkGone
	}
	return env, sg, nil
}

// SigningLink is one signer's link. Token is a secret, and "" for a signer whose turn has not come.
type SigningLink struct {
	SignerID, Email, Name, Role string
	Order                       int
	Status                      SignerStatus
	Token                       string
	ExpiresAt                   *time.Time
}

// LinksRequest asks for an envelope's signing links.
type LinksRequest struct {
	OrgID, EnvelopeID string
	Actor             Actor
	RemoteAddr        string // of the one who asks
	Also              func(ctx context.Context, tx storage.Tx, links *[]SigningLink) error
}

// SigningLinks returns the links. This is recorded as an event, once for each actor, signer and
// hour, and the links are permanently marked as disclosed to the sender; the envelope's revision
// and UpdatedAt stay. *StateError before the envelope was sent and after it was declined, voided or
// expired; ErrLinksRefused where Config.DisclosedLinks says so.
func (e *Engine) SigningLinks(ctx context.Context, r LinksRequest) ([]SigningLink, error) {
	var links []SigningLink
	_, err := e.update(ctx, e.cfg.Store, r.EnvelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if err := env.allow(r.OrgID, "", VerbLinks); err != nil {
			return err
		}
		if e.cfg.DisclosedLinks == LinksRefuse {
			return ErrLinksRefused
		}
		var told []string
		links = make([]SigningLink, 0, len(env.Signers))
		for i := range env.Signers {
			sg := &env.Signers[i]
			l := SigningLink{
				SignerID: sg.ID, Email: sg.Email, Name: sg.Name, Role: sg.Role, Order: sg.Order,
				Status: sg.Status, ExpiresAt: env.ExpiresAt,
			}
			if sg.Status != SignerWaiting {
				l.Token = e.token(sg)
				told = append(told, sg.ID)
			}
			links = append(links, l)
		}
		if err := e.disclose(ctx, s, env, r, told); err != nil {
			return err
		}
		return also(ctx, s, r.Also, &links)
	})
	if err != nil {
		return nil, err
	}
	return links, nil
}

// disclose records that the actor was told the links of signers, as far as an
// event of this hour does not say so already.
func (e *Engine) disclose(ctx context.Context, s Store, env *Envelope, r LinksRequest, told []string) error {
	now := e.now()
	events, err := s.Events(ctx, env.ID, 0, 0)
	if err != nil {
		return err
	}
	for _, ev := range events {
		if ev.Type != event.EnvelopeLinksDisclosed || ev.Actor != r.Actor || !ev.RecordedAt.Truncate(time.Hour).Equal(now.Truncate(time.Hour)) {
			continue
		}
		data := event.DataOf[event.LinksDisclosedData](ev)
		told = slices.DeleteFunc(told, func(id string) bool { return slices.Contains(data.SignerIDs, id) })
	}
	if len(told) == 0 {
		return nil
	}
	if err := s.MarkDisclosed(ctx, env.ID, now, told...); err != nil {
		return err
	}
	return e.appendAfter(ctx, s, events, eventlog.Draft{
		EnvelopeID: env.ID, Type: event.EnvelopeLinksDisclosed, Actor: r.Actor,
		Data: event.LinksDisclosedData{SignerIDs: told}, Detail: event.LinksDisclosedDetail{Address: clean(r.RemoteAddr)},
	})
}

// appendAfter appends an event to the chain whose events were read, and leaves
// the envelope's row alone. storage.ErrConflict when the chain has grown since.
func (e *Engine) appendAfter(ctx context.Context, s Store, events []Event, d eventlog.Draft) error {
	added, err := e.stamper.Append(ctx, s, d)
	if err != nil {
		return err
	}
	last := int64(0)
	if n := len(events); n > 0 {
		last = events[n-1].Seq
	}
	if added[0].Seq != last+1 {
		return storage.ErrConflict
	}
	return nil
}

// allow judges whether the organization may do v to the envelope with that ETag,
// "" for any.
func (e *Envelope) allow(orgID, etag string, v Verb) error {
	if err := e.manageable(orgID, etag); err != nil {
		return err
	}
	_, err := e.Status.After(v)
	return err
}

// manageable is allow without the status.
func (e *Envelope) manageable(orgID, etag string) error {
	if !e.may(orgID, standing.ManageEnvelope) {
		return ErrNotFound
	}
	return e.match(etag)
}
