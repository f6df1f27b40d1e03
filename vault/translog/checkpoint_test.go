package translog_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/vault/translog"
)

// golden was written by the first release and must be readable for ever.
const golden = "vault.test/log\n3\nWIf2JLzWCf8WV7cQQ1GCTRJz4qwoF8fvYpBlxu1mAYk=\n\n— vault.test/log oF4Jzsc0ZSv7hV6O5u/G3Hyl0NKVNy6bttZ7bdiCQ/rxdvWML7DJCMtgfpe3z9yXfSoQ5TAhhWbonrVBoLubyOU8JgI=\n"

const goldenKey = "vault.test/log+a05e09ce+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"

func TestCheckpointNeverChanges(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	l := open(t, db, &anchors{})
	newJournal(db, "golden").write(t, 3)
	c, err := l.Integrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Note != golden {
		t.Errorf("got %q, want %q", c.Note, golden)
	}
	if key, err := translog.VerifierKey("vault.test/log", seed(1).Public().(ed25519.PublicKey)); err != nil || key != goldenKey {
		t.Errorf("got key %q, %v; want %q", key, err, goldenKey)
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	t.Parallel()
	sign := func(name string, b byte, text string) string {
		skey, _ := noteKey(t, name, b)
		msg, err := note.Sign(&note.Note{Text: text}, skey)
		if err != nil {
			t.Fatal(err)
		}
		return string(msg)
	}
	_, v := noteKey(t, "o", 1)
	_, other := noteKey(t, "p", 1)
	root := tlog.Hash{7}.String()
	good := sign("o", 1, "o\n3\n"+root+"\n")
	if _, err := translog.ParseCheckpoint(good, v); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		note string
		v    note.Verifier
	}{
		"empty":           {"", v},
		"unsigned":        {"o\n3\n" + root + "\n", v},
		"other key":       {sign("o", 2, "o\n3\n"+root+"\n"), v},
		"other name":      {sign("p", 1, "o\n3\n"+root+"\n"), other},
		"unknown name":    {good, other},
		"leading zero":    {sign("o", 1, "o\n03\n"+root+"\n"), v},
		"negative":        {sign("o", 1, "o\n-3\n"+root+"\n"), v},
		"no number":       {sign("o", 1, "o\nx\n"+root+"\n"), v},
		"short root":      {sign("o", 1, "o\n3\nAAAA\n"), v},
		"extension line":  {sign("o", 1, "o\n3\n"+root+"\nmore\n"), v},
		"altered size":    {strings.Replace(good, "\n3\n", "\n4\n", 1), v},
		"trailing spaces": {good + "\n", v},
	} {
		if _, err := translog.ParseCheckpoint(c.note, c.v); !errors.Is(err, translog.ErrCheckpoint) {
			t.Errorf("%s: got %v, want ErrCheckpoint", name, err)
		}
	}
}

func noteKey(t *testing.T, name string, b byte) (note.Signer, note.Verifier) {
	t.Helper()
	vkey, err := translog.VerifierKey(name, seed(b).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	v, err := translog.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return keySigner{v, seed(b)}, v
}

type keySigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s keySigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func FuzzParseCheckpoint(f *testing.F) {
	vkey, err := translog.VerifierKey("vault.test/log", seed(1).Public().(ed25519.PublicKey))
	if err != nil {
		f.Fatal(err)
	}
	v, err := translog.NewVerifier(vkey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add("o\n3\n" + tlog.Hash{}.String() + "\n\n— o AAAA\n")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := translog.ParseCheckpoint(s, v)
		if err != nil && !errors.Is(err, translog.ErrCheckpoint) {
			t.Errorf("got %v, want ErrCheckpoint", err)
		}
		if text := fmt.Sprintf("%s\n%d\n%s\n\n", c.Origin, c.Size, c.Root); err == nil && !strings.HasPrefix(s, text) {
			t.Errorf("%q is read as %q", s, text)
		}
	})
}
