package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

// Kinds of ticket.
const (
	ticketAuthoritative = "authoritative" // the current version, once
	ticketCopy          = "copy"          // the marked copy
	ticketPackage       = "package"       // the release package, once
	ticketEmbed         = "embed"         // an embed token's one exchange
	ticketSession       = "session"       // an embed session for signing
	ticketVault         = "vault"         // an embed session for the vault's page
)

// A ticket's token is
//
//	ticket id "." key id "." base64url of an HMAC-SHA256
//
// under the token key, over "evault ticket v1" and every field of the ticket's
// row, each behind its length: neither the token nor the row can be changed
// without the other. Only this spelling is accepted.
const ticketContext = "evault ticket v1"

func (a *API) ticketToken(k TokenKey, t storage.Ticket) string {
	m := hmac.New(sha256.New, k.Secret)
	for _, s := range []string{
		ticketContext, t.ID, t.Kind, t.EnvelopeID, t.OrgID, t.KeyID, t.Target, strconv.Itoa(t.Version), strconv.FormatBool(t.SingleUse),
		t.Filename, strconv.FormatInt(t.ExpiresAt.UnixMicro(), 10),
	} {
		fmt.Fprintf(m, "%d:%s", len(s), s)
	}
	return t.ID + "." + k.ID + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// issue stores a ticket for the call's key and returns its token.
func (a *API) issue(c *call, t storage.Ticket, life time.Duration) (token string, issued storage.Ticket, err error) {
	t.ID, t.CreatedAt = a.newID("tkt"), c.Now
	t.ExpiresAt = c.Now.Add(life)
	if err := a.cfg.Tickets.Issue(c.Ctx, nil, t); err != nil {
		return "", t, fmt.Errorf("issue ticket: %w", err)
	}
	return a.ticketToken(a.cfg.TokenKeys[0], t), t, nil
}

// openTicket returns the ticket of a token that is genuine, of one of the kinds,
// in time, unused and of a key that works: errTicket (403), errTicketExpired,
// storage.ErrUsed or errTicketDead (410).
func (a *API) openTicket(c *call, token string, kinds ...string) (storage.Ticket, error) {
	id, rest, _ := strings.Cut(token, ".")
	keyID, _, _ := strings.Cut(rest, ".")
	i := slices.IndexFunc(a.cfg.TokenKeys, func(k TokenKey) bool { return k.ID == keyID })
	if i < 0 || len(token) > 256 || !environ.IsAnyID(id) {
		return storage.Ticket{}, errTicket
	}
	t, err := a.cfg.Tickets.Ticket(c.Ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return t, errTicket
	}
	if err != nil {
		return t, err
	}
	if !hmac.Equal([]byte(a.ticketToken(a.cfg.TokenKeys[i], t)), []byte(token)) || !slices.Contains(kinds, t.Kind) {
		return t, errTicket
	}
	switch {
	case !c.Now.Before(t.ExpiresAt):
		return t, errTicketExpired
	case t.SingleUse && t.UsedAt != nil:
		return t, storage.ErrUsed
	}
	return t, a.keyWorks(c, t.OrgID, t.KeyID)
}

// keyWorks is errTicketDead unless the key, or a later one of its line, works.
func (a *API) keyWorks(c *call, orgID, keyID string) error {
	k, err := a.cfg.Scopes.Key(c.Ctx, orgID, keyID)
	if errors.Is(err, scopes.ErrKeyNotFound) {
		return errTicketDead
	}
	if err != nil {
		return err
	}
	if k.Check(c.Now) != nil {
		return errTicketDead
	}
	return nil
}
