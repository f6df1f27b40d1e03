// Package testworld is what tests act on: a database, a folder of objects, a seal, a
// log and a clock (Base), all engines on them with an organization and its contracts
// (World), or an embedded installation (Open).
//
// Stability: for the tests of this module only; it may change with any version.
package testworld

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/translog"
)

// Options are what a test chooses of its world.
type Options struct {
	DB     *sqlstore.DB                        // default: a new SQLite database
	Dir    string                              // folder of the objects; default: a new one
	Memory bool                                // objects are kept in memory, not in a folder
	Clock  *Clock                              // default: one that begins at Start
	Wrap   func(b storage.Blobs) storage.Blobs // around the store of objects
}

// Base is what engines stand on.
type Base struct {
	T       testing.TB
	DB      *sqlstore.DB
	Dir     string
	Blobs   storage.Blobs
	Objects *storage.Objects
	Clock   *Clock
	PKI     *testpki.PKI // one for all worlds that begin at the same time
	Sealer  *pades.Sealer
}

// Key is the Ed25519 key of a seed.
func Key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

var pkis struct {
	sync.Mutex
	at map[time.Time]*testpki.PKI
}

// PKI is that of worlds that begin at Start.
func PKI() (*testpki.PKI, error) { return pkiAt(Start()) }

func pkiAt(at time.Time) (*testpki.PKI, error) {
	pkis.Lock()
	defer pkis.Unlock()
	if p := pkis.at[at]; p != nil {
		return p, nil
	}
	p, err := testpki.New(testpki.Options{Now: func() time.Time { return at }})
	if err != nil {
		return nil, err
	}
	if pkis.at == nil {
		pkis.at = map[time.Time]*testpki.PKI{}
	}
	pkis.at[at] = p
	return p, nil
}

// Check fails the test on an error.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewBase makes a Base.
func NewBase(t testing.TB, o Options) *Base {
	t.Helper()
	b := &Base{T: t, DB: o.DB, Dir: o.Dir, Clock: o.Clock}
	if b.DB == nil {
		b.DB = testdb.Open(t)
	}
	if b.Clock == nil {
		b.Clock = NewClock(Start())
	}
	var err error
	b.PKI, err = pkiAt(b.Clock.start)
	Check(t, err)
	bucket := b.bucket(o.Memory)
	t.Cleanup(func() { _ = bucket.Close() })
	blobs, err := blobstore.New(bucket, blobstore.Config{})
	Check(t, err)
	if b.Blobs = storage.Blobs(blobs); o.Wrap != nil {
		b.Blobs = o.Wrap(blobs)
	}
	b.Objects = &storage.Objects{Blobs: b.Blobs, Rows: b.DB.BlobRows(), Now: environ.Clock(b.Clock.Now)}
	b.Sealer, err = pades.New(pades.Config{Signer: b.PKI.Seal.Key, Chain: b.PKI.Seal.Chain, Now: b.Clock.Now})
	Check(t, err)
	return b
}

func (b *Base) bucket(memory bool) *blob.Bucket {
	b.T.Helper()
	if memory {
		return memblob.OpenBucket(nil)
	}
	if b.Dir == "" {
		b.Dir = filepath.Join(b.T.TempDir(), "blobs")
	}
	// A plain folder: that of blobstore waits for the disk at each write.
	bucket, err := fileblob.OpenBucket(b.Dir, &fileblob.Options{CreateDir: true, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	Check(b.T, err)
	return bucket
}

// Env is the environment of the engines.
func (b *Base) Env() storage.Env { return storage.Env{Now: b.Clock.Now} }

// LogConfig is that of a log which is anchored among the objects.
func (b *Base) LogConfig() translog.Config {
	return translog.Config{Store: b.DB.Log(), Signer: Key(1), Origin: "vault.test/log", Anchors: b.Blobs, Env: b.Env()}
}

// VaultConfig is that of a vault on log, with a custodian.
func (b *Base) VaultConfig(log *translog.Log) vault.Config {
	return vault.Config{
		Store: b.DB.Vault(), Objects: b.Objects, Sealer: b.Sealer, Log: log, StatementSigner: Key(2), Roots: b.PKI.Roots(), Env: b.Env(),
		Custodian: &vault.Custodian{Party: Operator(), Signer: Key(3), StandingAcknowledgmentSHA256: storage.Sum([]byte("standing"))},
	}
}

// Stored keeps bytes as an engine keeps its objects.
func (b *Base) Stored(kind storage.Kind, owner string, content []byte) storage.Object {
	b.T.Helper()
	o, err := b.Objects.Stage(b.T.Context(), kind, owner, content)
	Check(b.T, err)
	Check(b.T, b.DB.Vault().InTx(b.T.Context(), func(ctx context.Context, s vault.Store) error {
		return s.LinkBlob(ctx, o.Name, b.Clock.Now())
	}))
	return o
}

// Bytes reads an object.
func (b *Base) Bytes(o storage.Object) []byte {
	b.T.Helper()
	content, err := b.Objects.Read(b.T.Context(), o)
	Check(b.T, err)
	return content
}

// Path is the file of an object.
func (b *Base) Path(o storage.Object) string {
	b.T.Helper()
	var found string
	err := filepath.WalkDir(b.Dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(filepath.ToSlash(p), o.Name) {
			found = p
		}
		return err
	})
	if err != nil || found == "" {
		b.T.Fatalf("no file of %s: %v", o.Name, err)
	}
	return found
}

// Alter changes the bytes of an object at rest; nil deletes them.
func (b *Base) Alter(o storage.Object, edit func([]byte) []byte) {
	b.T.Helper()
	path := b.Path(o)
	content, err := os.ReadFile(path)
	Check(b.T, err)
	Check(b.T, os.Chmod(path, 0o600))
	if content = edit(content); content == nil {
		Check(b.T, os.Remove(path))
		return
	}
	Check(b.T, os.WriteFile(path, content, 0o600))
}

// Exec changes rows behind the engines' back; the statement must touch one.
func (b *Base) Exec(query string, args ...any) {
	b.T.Helper()
	res, err := b.DB.Bun().ExecContext(b.T.Context(), query, args...)
	if err != nil {
		b.T.Fatalf("%s: %v", query, err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		b.T.Fatalf("%s touched no row", query)
	}
}

// Events reads the events of an envelope.
func (b *Base) Events(envelopeID string) []vault.Event {
	b.T.Helper()
	list, err := b.DB.Vault().Events(b.T.Context(), envelopeID)
	Check(b.T, err)
	return list
}

// Types are the types of the events of an envelope.
func (b *Base) Types(envelopeID string) (list []string) {
	b.T.Helper()
	for _, e := range b.Events(envelopeID) {
		list = append(list, e.Type)
	}
	return list
}
