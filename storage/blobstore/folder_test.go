package blobstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage/blobstore"
)

func open(t testing.TB, dir string) *blob.Bucket {
	t.Helper()
	b, err := blobstore.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestOpenFolderRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "x"), filepath.Join(t.TempDir(), "no", "parent")} {
		if b, err := blobstore.OpenFolder(dir); err == nil {
			_ = b.Close()
			t.Errorf("OpenFolder(%q) succeeded", dir)
		}
	}
}

func TestFolderKeepsPlainFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	store, err := blobstore.New(open(t, dir), blobstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put(t.Context(), "upload/env_1/abc", []byte("%PDF")); err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[e.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s: got mode %v, want %v", p, info.Mode().Perm(), want)
		}
		if !e.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "[upload/env_1/abc]"; fmt.Sprint(files) != want {
		t.Errorf("got files %v, want %v", files, want)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "upload/env_1/abc")); err != nil || string(got) != "%PDF" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFolderNeverLeavesItself(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "blobs")
	b := open(t, dir)
	secret := filepath.Join(top, "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(top, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"../secret", "a/../../secret", "out/secret", "/secret", secret} {
		if got, err := b.ReadAll(t.Context(), key); err == nil {
			t.Errorf("read %q: %q", key, got)
		}
		_ = b.WriteAll(t.Context(), key, []byte("changed"), nil)
	}
	if got, _ := os.ReadFile(secret); string(got) != "s" {
		t.Errorf("a key wrote outside: %q", got)
	}
}

func TestFirstOfConcurrentWritersWins(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	buckets := []*blob.Bucket{open(t, dir), open(t, dir)} // two processes, so to speak
	for round := range 30 {
		key := fmt.Sprintf("k/%d", round)
		var won atomic.Int32
		var winner atomic.Value
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				text := fmt.Sprintf("writer %d", i)
				err := buckets[i%2].Upload(t.Context(), key, strings.NewReader(text), &blob.WriterOptions{ContentType: "text/plain", IfNotExist: true})
				switch {
				case err == nil:
					won.Add(1)
					winner.Store(text)
				case gcerrors.Code(err) != gcerrors.FailedPrecondition:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, err := buckets[0].ReadAll(t.Context(), key); won.Load() != 1 || err != nil || string(got) != winner.Load() {
			t.Fatalf("round %d: %d writers won, object is %q, %v", round, won.Load(), got, err)
		}
	}
}

// Deleting the last object of a folder removes the folder, also while another
// object is about to be published in it.
func TestFolderDeleteRacesPut(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	b := open(t, dir)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				key := fmt.Sprintf("kind/owner/%d", i)
				if err := b.WriteAll(t.Context(), key, []byte{byte(i)}, nil); err != nil {
					t.Error(err)
				}
				if got, err := b.ReadAll(t.Context(), key); err != nil || !bytes.Equal(got, []byte{byte(i)}) {
					t.Errorf("got %v, %v", got, err)
				}
				if err := b.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := os.Stat(filepath.Join(dir, "kind", "owner")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder is left: %v", err)
	}
}

// A write whose object is deleted at once, with its folder, has succeeded all the same.
func TestFolderDeleteRacesPutOfTheSame(t *testing.T) {
	t.Parallel()
	b := open(t, filepath.Join(t.TempDir(), "blobs"))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 * testenv.Rounds(5) {
				if i%2 == 0 {
					if err := b.WriteAll(t.Context(), "kind/owner/name", []byte("content"), nil); err != nil {
						t.Error(err)
					}
				} else if err := b.Delete(t.Context(), "kind/owner/name"); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFolderClearsOldTemporaryFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	_ = open(t, dir).Close()
	old, fresh := filepath.Join(dir, ".tmp", "old"), filepath.Join(dir, ".tmp", "fresh")
	for _, p := range []string{old, fresh} {
		if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("old: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("fresh: %v", err)
	}
	if o, err := b.List(nil).Next(t.Context()); err == nil {
		t.Errorf("listed %v", o.Key)
	}
}

func TestFolderCancelledWriteLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	b := open(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Upload(ctx, "a/b", strings.NewReader("x"), &blob.WriterOptions{ContentType: "text/plain"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	left, err := os.ReadDir(filepath.Join(dir, ".tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if ok, err := b.Exists(t.Context(), "a/b"); ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

// Bucket.Upload closes the writer whatever its source did; what was read until
// then must not become an object.
func TestFolderFailedUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	b := open(t, dir)
	broken := errors.New("broken")
	for i, r := range []io.Reader{
		iotest.ErrReader(broken),
		io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)),
	} {
		key := fmt.Sprintf("a/%d", i)
		if err := b.Upload(t.Context(), key, r, &blob.WriterOptions{ContentType: "text/plain"}); !errors.Is(err, broken) {
			t.Errorf("got %v, want the source's error", err)
		}
		if ok, err := b.Exists(t.Context(), key); ok || err != nil {
			t.Errorf("exists: %v, %v", ok, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, ".tmp")); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestFolderListsLikeMemory compares every page of many listings with gocloud's
// bucket in memory.
func TestFolderListsLikeMemory(t *testing.T) {
	t.Parallel()
	folder, memory := open(t, filepath.Join(t.TempDir(), "blobs")), memblob.OpenBucket(nil)
	defer memory.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for range 150 { // of three segments each, as ours are
		segments := make([]string, 3)
		for i := range segments {
			for range 1 + r.IntN(2) {
				segments[i] += string("ab-.%é0"[r.IntN(7)])
			}
		}
		key := strings.ToValidUTF8(strings.Join(segments, "/"), "é")
		for _, b := range []*blob.Bucket{folder, memory} {
			if err := b.WriteAll(t.Context(), key, []byte(key), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	pages := func(b *blob.Bucket, prefix, delimiter string, size int) (out []string) {
		token := blob.FirstPageToken
		for token != nil {
			page, next, err := b.ListPage(t.Context(), token, size, &blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page {
				out = append(out, fmt.Sprint(o.Key, o.IsDir, o.Size))
			}
			token = next
		}
		return out
	}
	for _, prefix := range []string{"", "a", "a/", "b-/", "a/b/", "-", "é", "none"} {
		for _, delimiter := range []string{"", "/", "b", "-"} {
			for _, size := range []int{1, 2, 7, 1000} {
				got, want := pages(folder, prefix, delimiter, size), pages(memory, prefix, delimiter, size)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("prefix %q, delimiter %q, pages of %d: %s", prefix, delimiter, size, d)
				}
			}
		}
	}
}

func FuzzFolderKeys(f *testing.F) {
	for _, s := range []string{"a", "a/b", "a//b", "a/", "/a", ".", "..", "../x", ".tmp/x", ".attrs/x", "%", "%41", "é\x00\n", "kind/owner/ab%2Fcd"} {
		f.Add(s)
	}
	b := open(f, filepath.Join(f.TempDir(), "blobs"))
	f.Fuzz(func(t *testing.T, key string) {
		if b.WriteAll(t.Context(), key, []byte(key), nil) != nil {
			return // not UTF-8, empty, or too long for the file system
		}
		if got, err := b.ReadAll(t.Context(), key); err != nil || string(got) != key {
			t.Errorf("%q: got %q, %v", key, got, err)
		}
		if o, err := b.List(&blob.ListOptions{Prefix: key}).Next(t.Context()); err != nil || o.Key != key {
			t.Errorf("%q: listed %v, %v", key, o, err)
		}
		if err := b.Delete(t.Context(), key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	})
}
