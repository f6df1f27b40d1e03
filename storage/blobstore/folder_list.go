package blobstore

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"gocloud.dev/blob/driver"
)

const pageSize = 1000

// ListPaged lists keys in byte order. Each page walks the folders that can hold
// the prefix; it is for tools, evault finds its objects in SQL.
func (f *folder) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	if opts.BeforeList != nil {
		if err := opts.BeforeList(asNothing); err != nil {
			return nil, err
		}
	}
	all, err := f.walk(ctx, opts.Prefix)
	if err != nil {
		return nil, err
	}
	all = collapse(all, opts.Prefix, opts.Delimiter)
	after, size := string(opts.PageToken), cmp.Or(opts.PageSize, pageSize)
	first, _ := slices.BinarySearchFunc(all, after, func(o *driver.ListObject, after string) int {
		if o.Key <= after {
			return -1
		}
		return 1
	})
	if after == "" {
		first = 0
	}
	page := &driver.ListPage{Objects: all[first:]}
	if len(page.Objects) > size {
		page.Objects = page.Objects[:size]
		page.NextPageToken = []byte(page.Objects[size-1].Key)
	}
	return page, nil
}

// walk returns the objects whose keys begin with prefix, sorted.
func (f *folder) walk(ctx context.Context, prefix string) ([]*driver.ListObject, error) {
	var all []*driver.ListObject
	err := fs.WalkDir(f.root.FS(), ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist) && p != ".": // deleted meanwhile
			return nil
		case err != nil:
			return err
		case p == ".":
			return nil
		case p == tempDir || p == attrsDir:
			return fs.SkipDir
		}
		key, ok := pathKey(p)
		if e.IsDir() {
			if dir := key + "/"; !ok || !strings.HasPrefix(dir, prefix) && !strings.HasPrefix(prefix, dir) {
				return fs.SkipDir
			}
			return nil
		}
		if !ok || !e.Type().IsRegular() || !strings.HasPrefix(key, prefix) {
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		all = append(all, &driver.ListObject{Key: key, ModTime: info.ModTime(), Size: info.Size(), AsFunc: asNothing})
		return nil
	})
	slices.SortFunc(all, func(a, b *driver.ListObject) int { return strings.Compare(a.Key, b.Key) })
	return all, err
}

// collapse puts one entry in place of all keys that share what follows prefix up
// to the delimiter.
func collapse(all []*driver.ListObject, prefix, delimiter string) []*driver.ListObject {
	if delimiter == "" {
		return all
	}
	var out []*driver.ListObject
	for _, o := range all {
		head, _, found := strings.Cut(o.Key[len(prefix):], delimiter)
		if !found {
			out = append(out, o)
			continue
		}
		key := prefix + head + delimiter
		if n := len(out); n > 0 && out[n-1].IsDir && out[n-1].Key == key {
			continue
		}
		out = append(out, &driver.ListObject{Key: key, IsDir: true, AsFunc: asNothing})
	}
	return out
}
