package storagetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/storage"
)

// Templates runs the cases of template.Store on s, which may hold other records.
func Templates(t *testing.T, s template.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s template.Store)
	}{
		{"versions come back as they were", templateRoundTrip},
		{"a deleted template gives up its objects", templateDelete},
		{"one of many new versions wins", templateRace},
		{"list and count", templateList},
		{"a failed transaction leaves nothing", templateRollback},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, s)
		})
	}
}

func templateOf(id, org string, at time.Time) *template.Template {
	return &template.Template{
		ID: id, OrgID: org, Version: 1, Name: "Lease", Filename: "lease.pdf", CreatedAt: at, UpdatedAt: at,
		Object: storage.Object{Name: "template/" + id + "/1", SHA256: storage.Sum([]byte(id)), Size: 7},
		Layout: esign.Layout{
			Filename: "lease.pdf", Roles: []string{"buyer", "séller"}, PageSizes: []esign.PageSize{{Width: 612, Height: 792}},
			Fields: []esign.FieldSpec{{Name: "sign", Kind: esign.FieldSignature, Role: "buyer", Page: 1, X: 0.1, Y: 1.0 / 3, W: 0.3, H: 0.05}},
		},
	}
}

func templateMade(t *testing.T, s template.Store, made *template.Template) {
	t.Helper()
	if err := s.CreateTemplate(t.Context(), made); err != nil {
		t.Fatal(err)
	}
}

func templateRoundTrip(t *testing.T, s template.Store) {
	id := unique()
	first := templateOf(id("tmpl"), id("org"), esignDay)
	templateMade(t, s, first)
	second := *first
	second.Version, second.Name, second.UpdatedAt = 2, "Lease 2", esignDay.Add(time.Hour)
	if err := s.AddVersion(t.Context(), &second); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[int]*template.Template{0: &second, 1: first, 2: &second} {
		got, err := s.Template(t.Context(), first.ID, version)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, micro); d != "" {
			t.Errorf("version %d: %s", version, d)
		}
	}
	for _, absent := range []struct {
		id      string
		version int
	}{{first.ID, 3}, {id("other"), 0}} {
		if _, err := s.Template(t.Context(), absent.id, absent.version); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("version %d of %s: got %v, want ErrNotFound", absent.version, absent.id, err)
		}
	}
	if err := s.AddVersion(t.Context(), &second); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("the version again: got %v, want ErrConflict", err)
	}
}

func templateDelete(t *testing.T, s template.Store) {
	id := unique()
	first := templateOf(id("tmpl"), id("org"), esignDay)
	templateMade(t, s, first)
	second := *first
	second.Version = 2
	second.Object.Name = "template/" + first.ID + "/2"
	if err := s.AddVersion(t.Context(), &second); err != nil {
		t.Fatal(err)
	}
	if err := s.Hold(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteTemplate(t.Context(), first.ID, 1, esignDay); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("of an earlier version: got %v, want ErrConflict", err)
	}
	objects, err := s.DeleteTemplate(t.Context(), first.ID, 2, esignDay)
	slices.Sort(objects)
	if want := []string{first.Object.Name, second.Object.Name}; err != nil || !slices.Equal(objects, want) {
		t.Errorf("got %q and %v, want %q", objects, err, want)
	}
	if got, err := s.Template(t.Context(), first.ID, 1); err != nil || got.DeletedAt == nil || got.Object.Name != "" {
		t.Errorf("after the deletion: got %+v and %v", got, err)
	}
	third := second
	third.Version = 3
	for what, err := range map[string]error{
		"hold": s.Hold(t.Context(), first.ID), "hold of none": s.Hold(t.Context(), id("none")),
	} {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", what, err)
		}
	}
	if err := s.AddVersion(t.Context(), &third); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("a version after the deletion: got %v, want ErrConflict", err)
	}
	if _, err := s.DeleteTemplate(t.Context(), first.ID, 2, esignDay); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("a second deletion: got %v, want ErrConflict", err)
	}
}

func templateRace(t *testing.T, s template.Store) {
	id := unique()
	first := templateOf(id("tmpl"), id("org"), esignDay)
	templateMade(t, s, first)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			next := *first
			next.Version = 2
			errs[i] = s.InTx(t.Context(), func(ctx context.Context, s template.Store) error { return s.AddVersion(ctx, &next) })
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, storage.ErrConflict):
			t.Errorf("got %v, want ErrConflict", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d writers won, want 1", won, len(errs))
	}
}

func templateList(t *testing.T, s template.Store) {
	id := unique()
	org := id("org")
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		templateMade(t, s, templateOf(id(name), org, esignDay.Add(time.Duration(min(i, 3))*time.Second))) // d and e at one time
	}
	templateMade(t, s, templateOf(id("foreign"), id("other"), esignDay))
	next := *templateOf(id("c"), org, esignDay.Add(2*time.Second))
	next.Version, next.Name = 2, "newer"
	if err := s.AddVersion(t.Context(), &next); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteTemplate(t.Context(), id("b"), 1, esignDay); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after         *storage.Place
		offset, limit int
		want          []string
	}{
		{nil, 0, 10, []string{"e", "d", "c", "a"}},
		{nil, 1, 2, []string{"d", "c"}},
		{&storage.Place{At: esignDay.Add(3 * time.Second), ID: id("e")}, 0, 2, []string{"d", "c"}},
		{&storage.Place{At: esignDay, ID: id("a")}, 0, 2, nil},
	} {
		list, err := s.Templates(t.Context(), org, c.after, c.offset, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, l := range list {
			got = append(got, l.ID)
			if l.ID == id("c") && (l.Version != 2 || l.Name != "newer") {
				t.Errorf("c is listed as version %d, %q", l.Version, l.Name)
			}
		}
		for _, w := range c.want {
			want = append(want, id(w))
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %v, from %d: got %q, want %q", c.after, c.offset, got, want)
		}
	}
	if n, err := s.CountTemplates(t.Context(), org); err != nil || n != 4 {
		t.Errorf("count: got %d and %v, want 4", n, err)
	}
}

func templateRollback(t *testing.T, s template.Store) {
	id := unique()
	boom := errors.New("boom")
	err := s.InTx(t.Context(), func(ctx context.Context, s template.Store) error {
		if err := s.CreateTemplate(ctx, templateOf(id("tmpl"), id("org"), esignDay)); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("got %v, want boom", err)
	}
	if _, err := s.Template(t.Context(), id("tmpl"), 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
