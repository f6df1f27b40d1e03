package vault

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

const (
	defaultPage = 20
	maxPage     = 100
)

// RegisteredCopies lists the copy register of an envelope, newest first: marked copies
// and downloads. ErrNotVaulted, *InvalidError for an invalid page.
func (v *Vault) RegisteredCopies(ctx context.Context, orgID, envelopeID string, p storage.Page) (storage.List[custody.RegisteredCopy], error) {
	list := storage.List[custody.RegisteredCopy]{Total: -1}
	if p.Limit == 0 {
		p.Limit = defaultPage
	}
	if p.Limit < 1 || p.Limit > maxPage {
		return list, validate.Fail("limit", "max", "must be 1 to %d", maxPage)
	}
	if _, err := v.find(ctx, v.c.Store, standing.SeeCopy, orgID, envelopeID); err != nil {
		return list, err
	}
	after, offset, err := position(p)
	if err != nil {
		return list, err
	}
	if after == nil {
		if list.Total, err = v.c.Store.CountRegister(ctx, envelopeID); err != nil {
			return list, err
		}
	}
	if list.Items, err = v.c.Store.Register(ctx, envelopeID, after, offset, p.Limit+1); err != nil {
		return list, err
	}
	if len(list.Items) > p.Limit {
		list.Items = list.Items[:p.Limit]
		last := list.Items[p.Limit-1]
		list.Next = base64.RawURLEncoding.EncodeToString([]byte(environ.Format(last.MadeAt) + "|" + last.ID))
	}
	return list, nil
}

// position reads a page: a cursor is the base64url of the made_at and the id it
// stands after.
func position(p storage.Page) (after *Position, offset int, err error) {
	if p.Cursor == "" {
		return nil, max(p.Number-1, 0) * p.Limit, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	at, id, ok := strings.Cut(string(b), "|")
	if err == nil && ok {
		if t, err := environ.Parse(at); err == nil && environ.IsAnyID(id) {
			return &Position{t, id}, 0, nil
		}
	}
	return nil, 0, validate.Fail("cursor", "cursor", "must be one that was returned")
}
