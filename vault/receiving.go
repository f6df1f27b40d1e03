package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/offering"
)

// The life of an offer and of a receiving code.
const (
	defaultLife = 14 * 24 * time.Hour
	minLife     = time.Minute
	maxLife     = 90 * 24 * time.Hour
)

// ReceivingCodeRequest requests a receiving code.
type ReceivingCodeRequest struct {
	OrgID, OrgName string        // the organization that would receive control, and its legal name
	ExpiresIn      time.Duration // default 14 days, at most 90
	Actor          Actor
	Also           func(ctx context.Context, tx storage.Tx, c *custody.ReceivingCode) error
}

// MakeReceivingCode makes a code by which another organization may make one offer to this one. It
// is returned once, and only its digest is stored. Without a code, nobody can find out which
// organizations exist. *InvalidError, storage.ErrUnavailable.
func (v *Vault) MakeReceivingCode(ctx context.Context, r ReceivingCodeRequest) (code string, c *custody.ReceivingCode, err error) {
	var p validate.Problems
	if r.OrgID == "" || r.OrgName == "" {
		p.Add("org_id", "required", "and org_name are required")
	}
	life := lifetime(&p, r.ExpiresIn)
	if err := p.Err(); err != nil {
		return "", nil, err
	}
	if code, err = offering.NewCode(v.c.Rand); err != nil {
		return "", nil, err
	}
	now := v.now()
	c = &custody.ReceivingCode{
		SHA256: storage.Sum([]byte(code)), OrgID: r.OrgID, Party: custody.Party{Name: r.OrgName, Identifier: r.OrgID}, Actor: r.Actor,
		CreatedAt: now, ExpiresAt: environ.Micro(now.Add(life)),
	}
	if c.Binding, err = offering.Bind(code, c.OrgID, c.Party); err != nil {
		return "", nil, err
	}
	err = v.update(ctx, func(ctx context.Context, s Store) error {
		if err := s.AddReceivingCode(ctx, *c); err != nil {
			return err
		}
		return also(ctx, s, r.Also, c)
	})
	if err != nil {
		return "", nil, fmt.Errorf("receiving code of %s: %w", r.OrgID, err)
	}
	return code, c, nil
}

func lifetime(p *validate.Problems, d time.Duration) time.Duration {
	if d == 0 {
		return defaultLife
	}
	if d < minLife || d > maxLife {
		p.Add("expires_in_days", "max", "must be 1 to %d days", maxLife/(24*time.Hour))
	}
	return d
}

// used says that a code is used the way that an unknown one is refused.
func used(err error) error {
	if errors.Is(err, storage.ErrUsed) {
		return invalidCode()
	}
	return err
}

func invalidCode() error {
	return validate.Fail("to.receiving_code", "receiving_code", "is unknown, already used or expired")
}

func ownCode() error {
	return validate.Fail("to.receiving_code", "own", "belongs to the controller itself")
}

// receiver returns who made a receiving code. Unknown, used and expired codes get the same error.
func (v *Vault) receiver(ctx context.Context, s Store, code string, now time.Time) (custody.ReceivingCode, error) {
	c, err := s.ReceivingCode(ctx, storage.Sum([]byte(code)))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return c, err
	}
	binding, berr := offering.Bind(code, c.OrgID, c.Party)
	if err != nil || berr != nil || binding != c.Binding || c.UsedBy != "" || !now.Before(c.ExpiresAt) {
		return c, invalidCode()
	}
	return c, nil
}
