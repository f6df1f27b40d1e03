package accept_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// object is the file of a stored object, by the digest that its name ends with.
func (s *server) object(t *testing.T, digest string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(s.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(p, string(filepath.Separator)+digest) {
			found = append(found, p)
		}
		return err
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("files of the object %s: %v, %v", digest, found, err)
	}
	return found[0]
}

// put replaces the bytes of a stored object, as the storage's administrator could.
func (s *server) put(t *testing.T, digest string, content []byte) {
	t.Helper()
	at := s.object(t, digest)
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// given is what a download answers: the bytes, or nil where it is refused.
func (c *client) given(env, what string) []byte {
	a := c.get("/partner/envelopes/" + env + "/vault/" + what)
	if a.Status != http.StatusOK {
		return nil
	}
	got := c.with("").get(a.str("data.signed_url"))
	if got.Status != http.StatusOK {
		return nil
	}
	return got.Body
}

// swapped is a server with two originals, and what every object held at first.
type swapped struct {
	*server
	*client
	a, b             original
	fileA, fileB     []byte
	copiedA, copiedB []byte
}

func swapping(t *testing.T, s *server, name string) *swapped {
	c := s.client(t, s.APIKey)
	w := &swapped{server: s, client: c, a: c.original("One: " + name), b: c.original("Two: " + name)}
	w.fileA, w.fileB = c.authoritative(w.a.env, w.a.hash), c.authoritative(w.b.env, w.b.hash)
	w.copiedA, w.copiedB = c.given(w.a.env, "copy/signed-url"), c.given(w.b.env, "copy/signed-url")
	return w
}

// holds sees that no route gives wrong bytes for either original, hands it over,
// or calls it compliant, while what is stored of the first was replaced.
func (w *swapped) holds(t *testing.T, name string) {
	t.Helper()
	for o, want := range map[original][2][]byte{w.a: {w.fileA, w.copiedA}, w.b: {w.fileB, w.copiedB}} {
		if got := w.given(o.env, "signed-url"); got != nil && !bytes.Equal(got, want[0]) {
			t.Errorf(name+": the original of %s: %d other bytes were handed out", o.env, len(got))
		}
		if got := w.given(o.env, "copy/signed-url"); got != nil && !bytes.Equal(got, want[1]) {
			t.Errorf(name+": the copy of %s: %d other bytes were handed out", o.env, len(got))
		}
	}
	at := "/partner/envelopes/" + w.a.env
	if a := w.post(at+"/vault-out", recipient("R")); a.Status == http.StatusOK {
		t.Errorf(name+": released: %s", a.Body)
	}
	if a := w.get(at + "/compliance"); a.Status == http.StatusOK && a.try("data.compliance.compliant") == true {
		t.Errorf(name+": called compliant: %s", a.Body)
	}
	if a := w.post("/partner/envelopes/"+w.b.env+"/vault-out", recipient("R")); a.Status == http.StatusOK {
		pkg := w.with("").get(a.str("data.package_url"))
		if pkg.Status == http.StatusOK && bytes.Contains(pkg.Body, w.fileA) {
			t.Error(name + ": the package of the second holds the first")
		}
	}
}

// TestSwapsGiveNothingAway: whoever exchanges stored objects, or points rows at
// other objects, gets no wrong bytes, no release and no certificate. Once the
// objects are back, the original is handed out as before.
func TestSwapsGiveNothingAway(t *testing.T) {
	t.Parallel()
	swaps := map[string]func(t *testing.T, w *swapped){
		"two originals": func(t *testing.T, w *swapped) {
			w.put(t, w.a.hash, w.fileB)
			w.put(t, w.b.hash, w.fileA)
		},
		"the copy for the original": func(t *testing.T, w *swapped) { w.put(t, w.a.hash, w.copiedA) },
		"originals for the copies": func(t *testing.T, w *swapped) {
			w.put(t, w.a.hash, w.fileB)
			w.put(t, sum(w.copiedA), w.fileA)
			w.put(t, sum(w.copiedB), w.fileB)
		},
		"nothing":               func(t *testing.T, w *swapped) { w.put(t, w.a.hash, nil) },
		"a row names the copy":  func(t *testing.T, w *swapped) { w.repoint(t, sum(w.copiedA), len(w.copiedA)) },
		"a row names the other": func(t *testing.T, w *swapped) { w.repoint(t, w.b.hash, len(w.fileB)) },
	}
	each(t, func(t *testing.T, s *server) {
		first := make(map[string]*swapped)
		for name, swap := range swaps {
			w := swapping(t, s, name)
			swap(t, w)
			w.holds(t, name)
			first[name] = w
		}
		s.stop(t) // the sweep runs at the start
		again := start(t, s.dir, s.db)
		for name, w := range first {
			w.server, w.client = again, again.client(t, s.APIKey)
			w.holds(t, name)
			if strings.HasPrefix(name, "a row") {
				if got, err := os.ReadFile(w.object(t, w.a.hash)); err != nil || !bytes.Equal(got, w.fileA) {
					t.Errorf("%s: the original's object was changed: %v", name, err)
				}
				continue
			}
			w.put(t, w.a.hash, w.fileA)
			if got := w.given(w.a.env, "signed-url"); !bytes.Equal(got, w.fileA) {
				t.Errorf("%s: the original is back, and was not handed out", name)
			}
		}
	})
}

// repoint makes the rows of the first original name another object, its digest
// and its size.
func (w *swapped) repoint(t *testing.T, digest string, size int) {
	t.Helper()
	of := " WHERE envelope_id = '" + w.a.env + "'"
	is := " WHERE sha256 = '" + digest + "'"
	w.edit(t,
		fmt.Sprintf(`UPDATE evault_versions SET sha256 = '%s', size = %d, object = COALESCE(
			(SELECT MAX(o.object) FROM (SELECT * FROM evault_versions) AS o%s), (SELECT MAX(object) FROM evault_copy_register%s))
			WHERE copy_id = (SELECT copy_id FROM evault_copies%s)`, digest, size, is, is, of),
		fmt.Sprintf(`UPDATE evault_copies SET document_hash = '%s', size = %d%s`, digest, size, of),
		fmt.Sprintf(`UPDATE evault_envelopes SET document_hash = '%s'%s`, digest, of))
}

// TestSwapsUndoNoRelease: after a release, rows that were set back and objects that
// were exchanged bring nothing back, and no package is given as another's.
func TestSwapsUndoNoRelease(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		w := swapping(t, s, "released")
		pkgA, pkgB := w.release(w.a), w.release(w.b)
		s.put(t, sum(pkgA), pkgB)
		s.put(t, sum(pkgB), pkgA)
		for o, want := range map[original][]byte{w.a: pkgA, w.b: pkgB} {
			a := w.post("/partner/envelopes/"+o.env+"/vault-out", recipient("R"))
			if u, ok := a.try("data.package_url").(string); ok {
				if got := w.with("").get(u); got.Status == http.StatusOK && !bytes.Equal(got.Body, want) {
					t.Errorf("the package of %s: other bytes were handed out", o.env)
				}
			}
		}
		of := " WHERE envelope_id = '" + w.a.env + "'"
		s.edit(t,
			fmt.Sprintf(`UPDATE evault_copies SET status = 'vaulted', released_at = NULL, version = 1, document_hash = '%s', size = %d%s`, w.a.hash, len(w.fileA), of),
			`UPDATE evault_envelopes SET status = 'vaulted', released_at = NULL, document_hash = '`+w.a.hash+`'`+of)
		w.spent(t, w.a)
		s.put(t, w.a.hash, w.fileB)
		w.spent(t, w.a)
		mark := matching(t, s.dir, filepath.Join("*", "released", "*"))
		if len(mark) != 2 {
			t.Fatalf("marks of two releases: %v", mark)
		}
		for _, m := range mark {
			if err := os.Remove(m); err != nil {
				t.Fatal(err)
			}
		}
		w.spent(t, w.a)
	})
}
