package blobstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// Folders of the bucket's own; no object's path begins with a dot.
const (
	tempDir  = ".tmp"   // files being written
	attrsDir = ".attrs" // content type and metadata, for the few objects that have any
)

// tempAge is how old a file in tempDir is when OpenFolder takes it for the
// remains of a process that died.
const tempAge = 24 * time.Hour

const (
	fileMode = 0o600
	dirMode  = 0o700
)

var (
	errNotHere    = errors.New("folder: not implemented")
	errExists     = errors.New("folder: object exists")
	errBadKey     = errors.New("folder: key is empty")
	errOpenFailed = errors.New("folder: cannot open")
)

// OpenFolder returns a bucket that keeps its objects in dir, which is made when
// it is not there; its parent must exist. The caller closes it.
//
// An object is written to a temporary file, fsynced, published under its name
// by one link(2) (with IfNotExist) or rename(2), and its folders are fsynced,
// before a write returns: after a crash or a power cut an object is there
// whole, or not at all, and one that was acknowledged is there. Of several
// writers with IfNotExist exactly one wins, also between processes. Reads never
// see half an object. Nothing outside dir is reached, whatever the keys or
// symbolic links in dir say.
//
// Keys become paths: a segment keeps letters, digits and "-_=+@,." and has
// every other byte as %XX. A key cannot be a prefix of another at a slash
// ("a" and "a/b"), and a segment is limited by the file system, mostly to 255
// bytes. Files have mode 0600, folders 0700. Signed URLs are not supported.
func OpenFolder(dir string) (*blob.Bucket, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	return blob.NewBucket(f), nil
}

func openFolder(dir string) (*folder, error) {
	if dir == "" {
		return nil, fmt.Errorf("%w: path is required", errOpenFailed)
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w: %w", errOpenFailed, err)
	}
	if err := syncDir(filepath.Dir(dir), os.Open); err != nil {
		return nil, fmt.Errorf("%w: %w", errOpenFailed, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOpenFailed, err)
	}
	f := &folder{root: root}
	if err := f.prepare(); err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("%w: %w", errOpenFailed, err)
	}
	return f, nil
}

// folder implements driver.Bucket.
type folder struct {
	root    *os.Root
	durable sync.Map // folders of the first level whose entries were synced
}

func (f *folder) prepare() error {
	if err := f.root.Mkdir(tempDir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	left, err := fs.ReadDir(f.root.FS(), tempDir)
	if err != nil {
		return err
	}
	for _, e := range left {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
			_ = f.root.Remove(path.Join(tempDir, e.Name()))
		}
	}
	return f.sync(".")
}

func (f *folder) Close() error { return f.root.Close() }

// stat returns the path and the file of key; folders count as absent.
func (f *folder) stat(key string) (string, fs.FileInfo, error) {
	p, err := keyPath(key)
	if err != nil {
		return "", nil, err
	}
	info, err := f.root.Stat(p)
	if err != nil {
		return "", nil, err
	}
	if !info.Mode().IsRegular() {
		return "", nil, &fs.PathError{Op: "stat", Path: p, Err: fs.ErrNotExist}
	}
	return p, info, nil
}

func (f *folder) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	p, info, err := f.stat(key)
	if err != nil {
		return nil, err
	}
	a, err := f.attrs(p)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{
		CacheControl: a.CacheControl, ContentDisposition: a.ContentDisposition, ContentEncoding: a.ContentEncoding,
		ContentLanguage: a.ContentLanguage, ContentType: a.ContentType, Metadata: a.Metadata,
		ModTime: info.ModTime(), Size: info.Size(), ETag: fmt.Sprintf("\"%x-%x\"", info.ModTime().UnixNano(), info.Size()),
		AsFunc: asNothing,
	}, nil
}

func (f *folder) NewRangeReader(_ context.Context, key string, offset, length int64, opts *driver.ReaderOptions) (driver.Reader, error) {
	p, _, err := f.stat(key)
	if err != nil {
		return nil, err
	}
	if opts.BeforeRead != nil {
		if err := opts.BeforeRead(asNothing); err != nil {
			return nil, err
		}
	}
	a, err := f.attrs(p)
	if err != nil {
		return nil, err
	}
	file, err := f.root.Open(p)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	if length < 0 {
		length = max(0, info.Size()-offset)
	}
	return &folderReader{
		r: io.NewSectionReader(file, offset, length), file: file,
		attrs: driver.ReaderAttributes{ContentType: a.ContentType, ModTime: info.ModTime(), Size: info.Size()},
	}, nil
}

type folderReader struct {
	r     *io.SectionReader
	file  *os.File
	attrs driver.ReaderAttributes
}

func (r *folderReader) Read(p []byte) (int, error)           { return r.r.Read(p) }
func (r *folderReader) Close() error                         { return r.file.Close() }
func (r *folderReader) Attributes() *driver.ReaderAttributes { return &r.attrs }
func (r *folderReader) As(any) bool                          { return false }

// Delete removes the object durably, then its folders below the first level
// that are empty now.
func (f *folder) Delete(_ context.Context, key string, opts *driver.DeleteOptions) error {
	if opts.BeforeDelete != nil {
		if err := opts.BeforeDelete(asNothing); err != nil {
			return err
		}
	}
	p, _, err := f.stat(key)
	if err != nil {
		return err
	}
	if err := f.root.Remove(p); err != nil {
		return err
	}
	if err := f.removeAttrs(p); err != nil {
		return err
	}
	dir := path.Dir(p)
	if err := f.sync(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for ; strings.Contains(dir, "/"); dir = path.Dir(dir) {
		if f.root.Remove(dir) != nil { // another object is in there
			break
		}
	}
	return nil
}

func (f *folder) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errNotHere
}

func (f *folder) As(any) bool             { return false }
func (f *folder) ErrorAs(error, any) bool { return false }

func (f *folder) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errNotHere):
		return gcerrors.Unimplemented
	case errors.Is(err, errExists):
		return gcerrors.FailedPrecondition
	case errors.Is(err, errBadKey):
		return gcerrors.InvalidArgument
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return gcerrors.NotFound
	case errors.Is(err, fs.ErrPermission):
		return gcerrors.PermissionDenied
	}
	return gcerrors.Unknown
}

// sync makes the entries of a folder durable.
func (f *folder) sync(dir string) error { return syncDir(dir, f.root.Open) }

func syncDir(dir string, open func(string) (*os.File, error)) error {
	if runtime.GOOS == "windows" { // which cannot, and journals its folders
		return nil
	}
	d, err := open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

func asNothing(any) bool { return false }

// keyPath returns the path of key in the folder.
func keyPath(key string) (string, error) {
	if key == "" {
		return "", errBadKey
	}
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = escape(s)
	}
	return strings.Join(segments, "/"), nil
}

const hexDigits = "0123456789ABCDEF"

// emptySegment stands for the nothing between two slashes.
const emptySegment = "%"

func escape(s string) string {
	if s == "" {
		return emptySegment
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; plain(c) && (c != '.' || i > 0) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

func unescape(s string) (string, bool) {
	if s == emptySegment {
		return "", true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		hi, lo := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
		if hi < 0 || lo < 0 {
			return "", false
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), escape(b.String()) == s
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_=+@,.", c) >= 0
}
