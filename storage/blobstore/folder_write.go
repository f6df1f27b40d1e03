package blobstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"gocloud.dev/blob/driver"

	"github.com/evaultlib/evault/storage"
)

// NewTypedWriter begins an object; nothing is seen of it until Close.
func (f *folder) NewTypedWriter(ctx context.Context, key, contentType string, opts *driver.WriterOptions) (driver.Writer, error) {
	p, err := keyPath(key)
	if err != nil {
		return nil, err
	}
	if opts.BeforeWrite != nil {
		if err := opts.BeforeWrite(asNothing); err != nil {
			return nil, err
		}
	}
	temp, err := f.temp()
	if err != nil {
		return nil, err
	}
	return &folderWriter{ctx: ctx, folder: f, path: p, temp: temp, onlyNew: opts.IfNotExist, attrs: folderAttrs{
		ContentType: contentType, CacheControl: opts.CacheControl, ContentDisposition: opts.ContentDisposition,
		ContentEncoding: opts.ContentEncoding, ContentLanguage: opts.ContentLanguage, Metadata: opts.Metadata,
	}}, nil
}

type folderWriter struct {
	ctx     context.Context
	folder  *folder
	path    string
	temp    *tempFile
	onlyNew bool
	attrs   folderAttrs
	err     error // of the first write that failed
}

func (w *folderWriter) Write(p []byte) (int, error) {
	n, err := w.temp.file.Write(p)
	w.failed(err)
	return n, err
}

// Upload implements driver.Uploader. That the source fails is known here only,
// and Bucket.Upload closes the writer all the same.
func (w *folderWriter) Upload(r io.Reader) error {
	_, err := io.Copy(w.temp.file, r)
	w.failed(err)
	return err
}

func (w *folderWriter) failed(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Close publishes the object durably, unless the context ended or a write
// failed.
func (w *folderWriter) Close() error {
	defer w.temp.remove()
	if err := w.temp.finish(); err != nil {
		return err
	}
	if w.err != nil {
		return w.err
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.onlyNew { // before the attributes of the one that exists are touched
		if _, err := w.folder.root.Lstat(w.path); err == nil {
			return errExists
		}
	}
	if err := w.folder.writeAttrs(w.path, w.attrs); err != nil {
		return err
	}
	return w.folder.publish(w.temp, w.path, w.onlyNew)
}

// tempFile is a file that nobody else knows.
type tempFile struct {
	root *os.Root
	name string // "" when it was renamed
	file *os.File
}

func (f *folder) temp() (*tempFile, error) {
	name := path.Join(tempDir, rand.Text())
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	return &tempFile{f.root, name, file}, nil
}

// finish makes the content durable and closes the file.
func (t *tempFile) finish() error {
	err := t.file.Sync()
	if cerr := t.file.Close(); err == nil {
		err = cerr
	}
	return err
}

func (t *tempFile) remove() {
	if t.name != "" {
		_ = t.root.Remove(t.name)
	}
}

// publishTries bounds how often a folder that Delete found empty is made again.
const publishTries = 10

// publish gives the finished file its name, by link when that must be new, else
// by rename, and makes the name durable.
func (f *folder) publish(t *tempFile, p string, onlyNew bool) error {
	var err error
	for range publishTries {
		if err = f.makeDirs(path.Dir(p)); err == nil {
			err = f.name(t, p, onlyNew)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := f.sync(path.Dir(p)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // a Delete was faster: object and folder are gone
}

func (f *folder) name(t *tempFile, p string, onlyNew bool) error {
	if onlyNew {
		err := f.root.Link(t.name, p)
		if errors.Is(err, fs.ErrExist) {
			return errExists
		}
		return err
	}
	if err := f.root.Rename(t.name, p); err != nil {
		return err
	}
	t.name = ""
	return nil
}

// makeDirs makes the folder p and those above it. Each entry is made durable
// even when the folder was there: whoever made it may not have come to that.
// Folders of the first level are never removed, so once is enough for them.
func (f *folder) makeDirs(p string) error {
	if p == "." {
		return nil
	}
	if _, durable := f.durable.Load(p); durable {
		return nil
	}
	parent := path.Dir(p)
	if err := f.makeDirs(parent); err != nil {
		return err
	}
	if err := f.root.Mkdir(p, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := f.sync(parent); err != nil {
		return err
	}
	if parent == "." {
		f.durable.Store(p, true)
	}
	return nil
}

// folderAttrs is what an object carries besides its bytes, one JSON file per
// object under attrsDir. It is written before the object and is no part of what
// link and rename decide: an overwrite that fails may leave the new attributes
// on the old bytes. Objects of the type defaultAttrs have none.
type folderAttrs struct {
	ContentType        string            `json:"content_type,omitempty"`
	CacheControl       string            `json:"cache_control,omitempty"`
	ContentDisposition string            `json:"content_disposition,omitempty"`
	ContentEncoding    string            `json:"content_encoding,omitempty"`
	ContentLanguage    string            `json:"content_language,omitempty"`
	Metadata           map[string]string `json:"metadata,omitempty"`
}

func (a folderAttrs) isDefault() bool {
	return a.ContentType == contentType && len(a.Metadata) == 0 &&
		a.CacheControl+a.ContentDisposition+a.ContentEncoding+a.ContentLanguage == ""
}

// attrsPath is one name of fixed length, however long the object's path.
func attrsPath(p string) string { return path.Join(attrsDir, string(storage.Sum([]byte(p)))) }

func (f *folder) attrs(p string) (folderAttrs, error) {
	b, err := f.root.ReadFile(attrsPath(p))
	if errors.Is(err, fs.ErrNotExist) {
		return folderAttrs{ContentType: contentType}, nil
	}
	if err != nil {
		return folderAttrs{}, err
	}
	var a folderAttrs
	if err := json.Unmarshal(b, &a); err != nil {
		return folderAttrs{}, err
	}
	return a, nil
}

func (f *folder) writeAttrs(p string, a folderAttrs) error {
	if a.isDefault() {
		return f.removeAttrs(p)
	}
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	t, err := f.temp()
	if err != nil {
		return err
	}
	defer t.remove()
	if _, err := t.file.Write(b); err != nil {
		_ = t.file.Close()
		return err
	}
	if err := t.finish(); err != nil {
		return err
	}
	return f.publish(t, attrsPath(p), false)
}

func (f *folder) removeAttrs(p string) error {
	if err := f.root.Remove(attrsPath(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Copy writes the source's bytes and attributes under another key.
func (f *folder) Copy(ctx context.Context, dstKey, srcKey string, opts *driver.CopyOptions) error {
	if opts.BeforeCopy != nil {
		if err := opts.BeforeCopy(asNothing); err != nil {
			return err
		}
	}
	src, _, err := f.stat(srcKey)
	if err != nil {
		return err
	}
	a, err := f.attrs(src)
	if err != nil {
		return err
	}
	from, err := f.root.Open(src)
	if err != nil {
		return err
	}
	defer from.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := f.NewTypedWriter(ctx, dstKey, a.ContentType, &driver.WriterOptions{
		CacheControl: a.CacheControl, ContentDisposition: a.ContentDisposition, ContentEncoding: a.ContentEncoding,
		ContentLanguage: a.ContentLanguage, Metadata: a.Metadata,
	})
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, from); err != nil {
		cancel() // so that Close discards what was written
		_ = w.Close()
		return err
	}
	return w.Close()
}
