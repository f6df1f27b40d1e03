package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/storage"
)

type templateStore struct{ session }

// Templates returns the store of templates.
func (d *DB) Templates() template.Store { return templateStore{d.session()} }

func (s templateStore) InTx(ctx context.Context, fn func(ctx context.Context, s template.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, templateStore{s}) })
}

func (s templateStore) With(tx storage.Tx) template.Store { return templateStore{s.with(tx)} }

type templateRow struct {
	bun.BaseModel `bun:"table:evault_templates,alias:t"`

	ID        string     `bun:"template_id,pk"`
	OrgID     string     `bun:"org_id"`
	Version   int        `bun:"version"` // the newest
	CreatedAt time.Time  `bun:"created_at"`
	DeletedAt *time.Time `bun:"deleted_at"`
}

type templateVersionRow struct {
	bun.BaseModel `bun:"table:evault_template_versions,alias:v"`

	TemplateID string    `bun:"template_id,pk"`
	Version    int       `bun:"version,pk"`
	Name       string    `bun:"name"`
	Filename   string    `bun:"filename"`
	Object     string    `bun:"object"` // "" of a deleted template
	SHA256     string    `bun:"sha256"`
	Size       int64     `bun:"size"`
	Layout     string    `bun:"layout"` // JSON of esign.Layout
	MadeAt     time.Time `bun:"made_at"`
}

// template makes a version of its two rows.
func (r *templateVersionRow) template(of *templateRow) (*template.Template, error) {
	t := &template.Template{
		ID: of.ID, OrgID: of.OrgID, Version: r.Version, Name: r.Name, Filename: r.Filename,
		Object:    storage.Object{Name: r.Object, SHA256: storage.Digest(r.SHA256), Size: r.Size},
		CreatedAt: utc(of.CreatedAt), UpdatedAt: utc(r.MadeAt), DeletedAt: utcp(of.DeletedAt),
	}
	if err := json.Unmarshal([]byte(r.Layout), &t.Layout); err != nil {
		return nil, fmt.Errorf("layout of %s: %w", of.ID, err)
	}
	return t, nil
}

func (s templateStore) CreateTemplate(ctx context.Context, t *template.Template) error {
	row := &templateRow{ID: t.ID, OrgID: t.OrgID, Version: t.Version, CreatedAt: utc(t.CreatedAt), DeletedAt: utcp(t.DeletedAt)}
	if err := s.put(ctx, row); err != nil {
		return err
	}
	return s.putVersion(ctx, t)
}

func (s templateStore) putVersion(ctx context.Context, t *template.Template) error {
	layout, err := json.Marshal(t.Layout)
	if err != nil {
		return fmt.Errorf("layout of %s: %w", t.ID, err)
	}
	return s.put(ctx, &templateVersionRow{
		TemplateID: t.ID, Version: t.Version, Name: t.Name, Filename: t.Filename, Object: t.Object.Name, SHA256: string(t.Object.SHA256),
		Size: t.Object.Size, Layout: string(layout), MadeAt: utc(t.UpdatedAt),
	})
}

func (s templateStore) AddVersion(ctx context.Context, t *template.Template) error {
	err := change(ctx, s.idb.NewUpdate().Model((*templateRow)(nil)).Set("version = ?", t.Version).
		Where("template_id = ?", t.ID).Where("version = ?", t.Version-1).Where("deleted_at IS NULL"), storage.ErrConflict)
	if err != nil {
		return err
	}
	return s.putVersion(ctx, t)
}

func (s templateStore) Template(ctx context.Context, templateID string, version int) (*template.Template, error) {
	var of templateRow
	if err := s.find(ctx, &of, "template_id = ?", "", templateID); err != nil {
		return nil, err
	}
	if version == 0 {
		version = of.Version
	}
	var row templateVersionRow
	if err := s.find(ctx, &row, "template_id = ? AND version = ?", "", templateID, version); err != nil {
		return nil, err
	}
	return row.template(&of)
}

// Hold writes the row as it is: a deletion at the same time waits, or is waited for.
func (s templateStore) Hold(ctx context.Context, templateID string) error {
	return change(ctx, s.idb.NewUpdate().Model((*templateRow)(nil)).Set("version = version").
		Where("template_id = ?", templateID).Where("deleted_at IS NULL"), storage.ErrNotFound)
}

func (s templateStore) DeleteTemplate(ctx context.Context, templateID string, version int, at time.Time) ([]string, error) {
	err := change(ctx, s.idb.NewUpdate().Model((*templateRow)(nil)).Set("deleted_at = ?", utc(at)).
		Where("template_id = ?", templateID).Where("version = ?", version).Where("deleted_at IS NULL"), storage.ErrConflict)
	if err != nil {
		return nil, err
	}
	var objects []string
	if err := s.idb.NewSelect().Model((*templateVersionRow)(nil)).ColumnExpr("DISTINCT object").Where("template_id = ?", templateID).
		Scan(ctx, &objects); err != nil {
		return nil, mapErr(err)
	}
	_, err = s.idb.NewUpdate().Model((*templateVersionRow)(nil)).Set("object = ''").Where("template_id = ?", templateID).Exec(ctx)
	return objects, mapErr(err)
}

func (s templateStore) Templates(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]template.Template, error) {
	var rows []templateRow
	q := ownTemplates(s.idb.NewSelect().Model(&rows), orgID)
	if after != nil {
		at := utc(after.At)
		q = q.Where("(created_at < ? OR (created_at = ? AND template_id < ?))", at, at, after.ID).Where("created_at <= ?", at)
	}
	if err := q.OrderExpr("created_at DESC, template_id DESC").Offset(int64(offset)).Limit(int64(limit)).Scan(ctx); err != nil || len(rows) == 0 {
		return nil, mapErr(err)
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.ID
	}
	var versions []templateVersionRow
	if err := s.idb.NewSelect().Model(&versions).Join("JOIN evault_templates AS t ON t.template_id = v.template_id AND t.version = v.version").
		Where("v.template_id IN (?)", bun.List(names)).Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	newest := map[string]*templateVersionRow{}
	for i := range versions {
		newest[versions[i].TemplateID] = &versions[i]
	}
	var list []template.Template
	for i := range rows {
		v := newest[rows[i].ID]
		if v == nil {
			continue // cannot be: a template always has its newest version
		}
		t, err := v.template(&rows[i])
		if err != nil {
			return nil, err
		}
		list = append(list, *t)
	}
	return list, nil
}

func (s templateStore) CountTemplates(ctx context.Context, orgID string) (int, error) {
	n, err := ownTemplates(s.idb.NewSelect().Model((*templateRow)(nil)), orgID).Count(ctx)
	return int(n), mapErr(err)
}

// ownTemplates narrows q to the templates of an organization that were not deleted.
func ownTemplates(q *bun.SelectQuery, orgID string) *bun.SelectQuery {
	return q.Where("org_id = ?", orgID).Where("deleted_at IS NULL")
}
