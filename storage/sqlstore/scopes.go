package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

type organizationRow struct {
	bun.BaseModel `bun:"table:evault_organizations"`

	OrgID                  string     `bun:"org_id,pk"`
	LegalName              string     `bun:"legal_name,notnull"`
	Capacity               string     `bun:"capacity,notnull"`
	AgreementReference     *string    `bun:"agreement_reference"`
	AgreementDate          *time.Time `bun:"agreement_date"`
	AgreementSHA256        *string    `bun:"agreement_sha256"`
	AgreementNotTransferor *bool      `bun:"agreement_not_transferor"`
	Origins                string     `bun:"origins,notnull"`
	TwoKeys                bool       `bun:"two_keys,notnull"`
	CreatedAt              time.Time  `bun:"created_at,notnull"`
}

type keyRow struct {
	bun.BaseModel `bun:"table:evault_api_keys"`

	KeyID        string     `bun:"key_id,pk"`
	OrgID        string     `bun:"org_id,notnull"`
	Line         string     `bun:"line,notnull"`
	Name         string     `bun:"name,notnull"`
	SecretSHA256 string     `bun:"secret_sha256,notnull"`
	Scopes       string     `bun:"scopes,notnull"`
	PerMinute    int        `bun:"per_minute,notnull"`
	CreatedAt    time.Time  `bun:"created_at,notnull"`
	ExpiresAt    *time.Time `bun:"expires_at"`
	DisabledAt   *time.Time `bun:"disabled_at"`
}

type scopesStore struct{ session }

// Scopes returns the store of organizations and API keys.
func (d *DB) Scopes() scopes.Store { return scopesStore{d.session()} }

func (s scopesStore) InTx(ctx context.Context, fn func(ctx context.Context, s scopes.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, scopesStore{s}) })
}

func (s scopesStore) With(tx storage.Tx) scopes.Store { return scopesStore{s.with(tx)} }

func (s scopesStore) InsertOrganization(ctx context.Context, o scopes.Organization) error {
	r, err := organizationToRow(o)
	if err != nil {
		return err
	}
	return s.put(ctx, r)
}

func (s scopesStore) UpdateOrganization(ctx context.Context, o scopes.Organization) error {
	r, err := organizationToRow(o)
	if err != nil {
		return err
	}
	return change(ctx, s.idb.NewUpdate().Model(r).ExcludeColumn("created_at").WherePK(), storage.ErrNotFound)
}

func (s scopesStore) SetOrigins(ctx context.Context, id string, origins []string) error {
	list, err := json.Marshal(append([]string{}, origins...))
	if err != nil {
		return err
	}
	return change(ctx, s.idb.NewUpdate().Model((*organizationRow)(nil)).Set("origins = ?", string(list)).Where("org_id = ?", id), storage.ErrNotFound)
}

func (s scopesStore) Organization(ctx context.Context, id string) (scopes.Organization, error) {
	var r organizationRow
	if err := s.find(ctx, &r, "org_id = ?", "", id); err != nil {
		return scopes.Organization{}, err
	}
	return r.organization()
}

func (s scopesStore) Organizations(ctx context.Context) ([]scopes.Organization, error) {
	var rs []organizationRow
	if err := s.idb.NewSelect().Model(&rs).OrderExpr("created_at, org_id").Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	list := make([]scopes.Organization, len(rs))
	for i, r := range rs {
		var err error
		if list[i], err = r.organization(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s scopesStore) InsertKey(ctx context.Context, k scopes.StoredKey) error {
	known, err := s.idb.NewSelect().Model((*organizationRow)(nil)).Where("org_id = ?", k.OrgID).Exists(ctx)
	if err != nil {
		return mapErr(err)
	}
	if !known {
		return storage.ErrNotFound
	}
	return s.put(ctx, &keyRow{
		KeyID: k.ID, OrgID: k.OrgID, Line: k.Line, Name: k.Name, SecretSHA256: string(k.Secret), Scopes: k.Scopes.String(),
		PerMinute: k.PerMinute, CreatedAt: utc(k.CreatedAt), ExpiresAt: utcp(k.ExpiresAt), DisabledAt: utcp(k.DisabledAt),
	})
}

func (s scopesStore) KeyBySecret(ctx context.Context, secret storage.Digest) (scopes.StoredKey, error) {
	var r keyRow
	if err := s.find(ctx, &r, "secret_sha256 = ?", "", string(secret)); err != nil {
		return scopes.StoredKey{}, err
	}
	return scopes.StoredKey{Key: r.key(), Secret: storage.Digest(r.SecretSHA256)}, nil
}

func (s scopesStore) Key(ctx context.Context, orgID, id string) (scopes.Key, error) {
	var r keyRow
	if err := s.find(ctx, &r, "key_id = ? AND org_id = ?", "", id, orgID); err != nil {
		return scopes.Key{}, err
	}
	return r.key(), nil
}

func (s scopesStore) Keys(ctx context.Context, orgID string) ([]scopes.Key, error) {
	var rs []keyRow
	if err := s.find(ctx, &rs, "org_id = ?", "created_at, key_id", orgID); err != nil {
		return nil, err
	}
	list := make([]scopes.Key, len(rs))
	for i, r := range rs {
		list[i] = r.key()
	}
	return list, nil
}

func (s scopesStore) EndKey(ctx context.Context, orgID, id string, expires, disabled *time.Time) error {
	return change(ctx, s.idb.NewUpdate().Model((*keyRow)(nil)).
		Set("expires_at = ?", utcp(expires)).Set("disabled_at = ?", utcp(disabled)).
		Where("key_id = ?", id).Where("org_id = ?", orgID), storage.ErrNotFound)
}

func organizationToRow(o scopes.Organization) (*organizationRow, error) {
	origins, err := json.Marshal(append([]string{}, o.Origins...))
	if err != nil {
		return nil, err
	}
	r := &organizationRow{
		OrgID: o.ID, LegalName: o.LegalName, Capacity: string(o.Capacity), Origins: string(origins),
		TwoKeys: o.TwoKeys, CreatedAt: utc(o.CreatedAt),
	}
	if a := o.Agreement; a != nil {
		r.AgreementReference, r.AgreementDate = &a.Reference, utcp(&a.Date)
		r.AgreementSHA256, r.AgreementNotTransferor = (*string)(&a.SHA256), &a.NotTransferor
	}
	return r, nil
}

func (r organizationRow) organization() (scopes.Organization, error) {
	o := scopes.Organization{ID: r.OrgID, LegalName: r.LegalName, Capacity: scopes.Capacity(r.Capacity), TwoKeys: r.TwoKeys, CreatedAt: utc(r.CreatedAt)}
	if err := json.Unmarshal([]byte(r.Origins), &o.Origins); err != nil {
		return o, fmt.Errorf("organization %s: origins: %w", r.OrgID, err)
	}
	if len(o.Origins) == 0 {
		o.Origins = nil
	}
	if r.AgreementReference == nil || r.AgreementDate == nil || r.AgreementSHA256 == nil || r.AgreementNotTransferor == nil {
		return o, nil
	}
	o.Agreement = &scopes.Agreement{
		Reference: *r.AgreementReference, Date: utc(*r.AgreementDate),
		SHA256: storage.Digest(*r.AgreementSHA256), NotTransferor: *r.AgreementNotTransferor,
	}
	return o, nil
}

// key takes scopes as they are: a newer release may have written one that this
// build does not know, and whose routes it does not serve.
func (r keyRow) key() scopes.Key {
	var set scopes.Set
	for word := range strings.SplitSeq(r.Scopes, ",") {
		set = append(set, scopes.Scope(word))
	}
	return scopes.Key{
		ID: r.KeyID, OrgID: r.OrgID, Line: r.Line, Name: r.Name, Scopes: scopes.NewSet(set...), PerMinute: r.PerMinute,
		CreatedAt: utc(r.CreatedAt), ExpiresAt: utcp(r.ExpiresAt), DisabledAt: utcp(r.DisabledAt),
	}
}
