package blobstore

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gocloud.dev/blob/driver"
)

const pageSize = 1000

// ListPaged lists keys in byte order. It reads only folders that can hold keys of
// the page; one folder is read whole.
func (f *folder) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	if opts.BeforeList != nil {
		if err := opts.BeforeList(asNothing); err != nil {
			return nil, err
		}
	}
	w := lister{
		ctx: ctx, folder: f, prefix: opts.Prefix, delimiter: opts.Delimiter,
		after: string(opts.PageToken), size: cmp.Or(opts.PageSize, pageSize),
	}
	if err := w.list(".", ""); err != nil && !errors.Is(err, fs.SkipAll) {
		return nil, err
	}
	return &w.page, nil
}

// lister fills one page.
type lister struct {
	ctx               context.Context
	folder            *folder
	prefix, delimiter string
	after             string // the last key of the page before
	size              int
	page              driver.ListPage
}

// list takes up the folder at p, whose keys begin with key. It returns
// fs.SkipAll when the page is full.
func (w *lister) list(p, key string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entries, err := w.entries(p, key)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.dir && w.mayHold(e.key) {
			err = w.list(path.Join(p, e.Name()), e.key)
		} else if !e.dir && strings.HasPrefix(e.key, w.prefix) {
			err = w.add(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry is a file with its key, or a folder with what its keys begin with, which
// ends with a slash. In the order of these strings a walk meets keys in order.
type entry struct {
	fs.DirEntry
	key string
	dir bool
}

func (w *lister) entries(p, key string) ([]entry, error) {
	found, err := fs.ReadDir(w.folder.root.FS(), p)
	if errors.Is(err, fs.ErrNotExist) && p != "." { // deleted meanwhile
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]entry, 0, len(found))
	for _, d := range found {
		segment, ours := unescape(d.Name()) // which the folders of our own are not
		switch {
		case ours && d.IsDir():
			out = append(out, entry{d, key + segment + "/", true})
		case ours && d.Type().IsRegular():
			out = append(out, entry{d, key + segment, false})
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	return out, nil
}

// mayHold tells whether keys that begin with dir can be on the page.
func (w *lister) mayHold(dir string) bool {
	if !strings.HasPrefix(dir, w.prefix) && !strings.HasPrefix(w.prefix, dir) {
		return false
	}
	if dir < w.after && !strings.HasPrefix(w.after, dir) {
		return false // all of them were on pages before
	}
	return !w.collapsed(dir)
}

// collapsed tells whether key, or all keys that begin with it, are in the page's
// last entry, or in that of the page before.
func (w *lister) collapsed(key string) bool {
	last := w.after
	if n := len(w.page.Objects); n > 0 {
		last = w.page.Objects[n-1].Key
	}
	return w.delimiter != "" && last != "" && strings.HasSuffix(last, w.delimiter) &&
		len(last) > len(w.prefix) && strings.HasPrefix(key, last)
}

func (w *lister) add(e entry) error {
	if e.key <= w.after || w.collapsed(e.key) {
		return nil
	}
	o, err := w.object(e)
	if o == nil || err != nil {
		return err
	}
	if n := len(w.page.Objects); n == w.size {
		w.page.NextPageToken = []byte(w.page.Objects[n-1].Key)
		return fs.SkipAll
	}
	w.page.Objects = append(w.page.Objects, o)
	return nil
}

// object is the entry's object, or that of all keys which share what follows the
// prefix up to the delimiter; nil when the file was deleted meanwhile.
func (w *lister) object(e entry) (*driver.ListObject, error) {
	if w.delimiter != "" {
		if head, _, found := strings.Cut(e.key[len(w.prefix):], w.delimiter); found {
			return &driver.ListObject{Key: w.prefix + head + w.delimiter, IsDir: true, AsFunc: asNothing}, nil
		}
	}
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &driver.ListObject{Key: e.key, ModTime: info.ModTime(), Size: info.Size(), AsFunc: asNothing}, nil
}
