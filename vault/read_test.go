package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

func TestReadAuthoritative(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deposit(w.request("env_a"))
	r := read("env_a")
	taken := 0
	r.Also = func(_ context.Context, tx storage.Tx, f *vault.File) error {
		taken++
		if tx == nil || f.SHA256 != c.DocumentHash {
			t.Errorf("Also got %v, %s", tx, f.SHA256)
		}
		return nil
	}
	f, err := w.ReadAuthoritative(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if storage.Sum(f.Content) != c.DocumentHash || f.Name != "env_a_authoritative.pdf" || f.Size != int64(len(f.Content)) || f.Version != 1 || taken != 1 {
		t.Errorf("got %s, %s, %d bytes, version %d, %d times", f.Name, f.SHA256, f.Size, f.Version, taken)
	}
	list, err := w.RegisteredCopies(t.Context(), org.Identifier, "env_a", storage.Page{})
	if err != nil || list.Items[0].Kind != custody.CopyInspection || list.Items[0].GivenTo != keyActor || list.Items[0].SHA256 != c.DocumentHash {
		t.Errorf("register: %+v, %v", list, err)
	}
	last := w.Events("env_a")[len(w.Events("env_a"))-1]
	if last.Type != "vault.inspected" || !strings.Contains(string(last.Detail), "192.0.2.1") || bytes.Contains(last.Canonical, []byte("192.0.2.1")) {
		t.Errorf("got event %s %s, detail %s", last.Type, last.Canonical, last.Detail)
	}
}

func TestReadCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deposit(w.request("env_a"))
	ran := false
	r := read("env_a")
	r.Also = func(context.Context, storage.Tx, *vault.File) error { ran = true; return nil }
	f, err := w.ReadCopy(t.Context(), r)
	if err != nil || f.SHA256 != c.Marked.SHA256 || storage.Sum(f.Content) != f.SHA256 || f.Name != "env_a_copy.pdf" || !ran {
		t.Fatalf("got %+v, %v", f, err)
	}
	if count(w.Types("env_a"), "vault.inspected") != 0 {
		t.Error("a marked copy counts as an inspection")
	}
	w.Alter(c.Marked.Object, flip)
	if _, err := w.ReadCopy(t.Context(), read("env_a")); !errors.Is(err, vault.ErrIntegrity) {
		t.Errorf("altered: got %v, want ErrIntegrity", err)
	}
	if c, err = w.Original(t.Context(), org.Identifier, "env_a"); err != nil || c.QuarantinedAt != nil || count(w.Types("env_a"), "vault.tamper_detected") != 1 {
		t.Errorf("an altered marked copy quarantines the original: %+v, %v", c, err)
	}
	if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); err != nil {
		t.Errorf("the original: %v", err)
	}
	for name, c := range map[string]struct {
		edit func(*vault.ReadRequest)
		want error
	}{
		"absent":  {func(r *vault.ReadRequest) { r.EnvelopeID = "env_absent" }, vault.ErrNotVaulted},
		"foreign": {func(r *vault.ReadRequest) { r.OrgID = "org_other" }, vault.ErrNotVaulted},
	} {
		r := read("env_a")
		c.edit(&r)
		if _, err := w.ReadCopy(t.Context(), r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestInspectionMarked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *vault.Config) { c.Inspection = vault.InspectionMarked })
	c := w.deposit(w.request("env_a"))
	f, err := w.ReadAuthoritative(t.Context(), read("env_a"))
	if err != nil || f.SHA256 != c.Marked.SHA256 || count(w.Types("env_a"), "vault.inspected") != 1 {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	off := newWorld(t, func(c *vault.Config) { c.Inspection = vault.InspectionOff })
	w.deposit(w.request("env_a"))
	off.deposit(off.request("env_a"))
	used := errors.New("used")
	for name, c := range map[string]struct {
		on   *world
		edit func(*vault.ReadRequest)
		want error
	}{
		"absent":     {w, func(r *vault.ReadRequest) { r.EnvelopeID = "env_absent" }, vault.ErrNotVaulted},
		"foreign":    {w, func(r *vault.ReadRequest) { r.OrgID = "org_other" }, vault.ErrNotVaulted},
		"version":    {w, func(r *vault.ReadRequest) { r.Version = 2 }, vault.ErrSuperseded},
		"turned off": {off, func(*vault.ReadRequest) {}, vault.ErrInspectionOff},
		"ticket taken": {w, func(r *vault.ReadRequest) {
			r.Also = func(context.Context, storage.Tx, *vault.File) error { return used }
		}, used},
	} {
		r := read("env_a")
		c.edit(&r)
		if f, err := c.on.ReadAuthoritative(t.Context(), r); !errors.Is(err, c.want) || f != nil && err == nil {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if n := count(w.Types("env_a"), "vault.inspected") + count(off.Types("env_a"), "vault.inspected"); n != 0 {
		t.Errorf("refused reads made %d events", n)
	}
}

func TestTamperedBytesAreNotServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_a"))
	v := w.versions("env_a")[0]
	good := w.Bytes(v.Object)
	w.Alter(v.Object, flip)
	for range 3 {
		if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); !errors.Is(err, vault.ErrIntegrity) {
			t.Fatalf("got %v, want ErrIntegrity", err)
		}
	}
	i, err := w.CheckIntegrity(t.Context(), "env_a")
	if err != nil || i.OK || i.Problem != "altered" {
		t.Errorf("check: got %+v, %v", i, err)
	}
	if got := w.Types("env_a"); count(got, "vault.tamper_detected") != 1 || count(got, "vault.inspected") != 0 {
		t.Errorf("got events %v, want one of tampering and none of inspection", got)
	}
	c, err := w.Original(t.Context(), org.Identifier, "env_a")
	if err != nil || c.QuarantinedAt == nil || c.IntegrityOK {
		t.Errorf("not quarantined: %+v, %v", c, err)
	}
	if _, _, err := w.Release(t.Context(), release("env_a")); !errors.Is(err, vault.ErrQuarantined) {
		t.Errorf("release: got %v, want ErrQuarantined", err)
	}

	repair := vault.RepairRequest{OrgID: org.Identifier, EnvelopeID: "env_a", Content: append(bytes.Clone(good), 'x'), Actor: keyActor}
	if _, err := w.Repair(t.Context(), repair); !errors.Is(err, vault.ErrNotDamaged) {
		t.Errorf("other bytes: got %v, want ErrNotDamaged", err)
	}
	repair.Content = good
	if c, err = w.Repair(t.Context(), repair); err != nil || c.QuarantinedAt != nil {
		t.Fatalf("repair: %+v, %v", c, err)
	}
	if _, err := w.Repair(t.Context(), repair); !errors.Is(err, vault.ErrNotDamaged) {
		t.Errorf("repaired twice: got %v, want ErrNotDamaged", err)
	}
	f, err := w.ReadAuthoritative(t.Context(), read("env_a"))
	if err != nil || !bytes.Equal(f.Content, good) {
		t.Errorf("after repair: %v", err)
	}
	if i, err := w.CheckIntegrity(t.Context(), "env_a"); err != nil || !i.OK {
		t.Errorf("after repair: got %+v, %v", i, err)
	}
	w.Alter(w.versions("env_a")[0].Object, flip) // altered again: a new event
	if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); !errors.Is(err, vault.ErrIntegrity) {
		t.Errorf("got %v, want ErrIntegrity", err)
	}
	if n := count(w.Types("env_a"), "vault.tamper_detected"); n != 2 {
		t.Errorf("got %d events of tampering, want 2", n)
	}
}

func TestShortAndMissingObjectsAreNoTampering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for env, damage := range map[string]func(string) error{
		"env_short":   func(p string) error { return os.Truncate(p, 100) },
		"env_missing": os.Remove,
	} {
		w.deposit(w.request(env))
		v := w.versions(env)[0]
		good := w.Bytes(v.Object)
		p := w.Path(v.Object)
		if err := os.Chmod(p, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := damage(p); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ReadAuthoritative(t.Context(), read(env)); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", env, err)
		}
		i, err := w.CheckIntegrity(t.Context(), env)
		if err != nil || i.OK || "env_"+i.Problem != env {
			t.Errorf("%s: got %+v, %v", env, i, err)
		}
		if got := w.Types(env); count(got, "vault.tamper_detected") != 0 || count(got, "vault.integrity_checked") != 1 {
			t.Errorf("%s: got events %v", env, got)
		}
		if _, err := w.Repair(t.Context(), vault.RepairRequest{OrgID: org.Identifier, EnvelopeID: env, Content: good, Actor: keyActor}); err != nil {
			t.Errorf("%s: repair: %v", env, err)
		}
		if _, err := w.ReadAuthoritative(t.Context(), read(env)); err != nil {
			t.Errorf("%s: after repair: %v", env, err)
		}
	}
}

func TestSealThatDoesNotHold(t *testing.T) {
	t.Parallel()
	other, err := testpki.New(testpki.Options{Now: func() time.Time { return testworld.Start() }})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *vault.Config) { c.Roots = other.Roots() })
	detached := w.paper("env_d", testpdf.Contract(2))
	detached.Source.Sealing = custody.Sealing{Mode: custody.SealingDetached, Reason: "locked"}
	for _, r := range []vault.DepositRequest{w.request("env_a"), detached} {
		w.deposit(r)
		i, err := w.CheckIntegrity(t.Context(), r.EnvelopeID)
		if err != nil || i.OK || i.Problem != "seal" {
			t.Errorf("%s: got %+v, %v", r.EnvelopeID, i, err)
		}
		c, err := w.Original(t.Context(), org.Identifier, r.EnvelopeID)
		if err != nil || c.IntegrityOK || c.QuarantinedAt != nil || count(w.Types(r.EnvelopeID), "vault.tamper_detected") != 0 {
			t.Errorf("%s: whole bytes count as altered: %+v, %v", r.EnvelopeID, c, err)
		}
	}
}

func TestIntegrityDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, env := range []string{"env_a", "env_b", "env_c"} {
		w.deposit(w.request(env))
	}
	if got, err := w.IntegrityDue(t.Context(), 10); err != nil || len(got) != 0 {
		t.Errorf("just vaulted: got %v, %v", got, err)
	}
	w.Clock.Advance(25 * 3600e9)
	got, err := w.IntegrityDue(t.Context(), 2)
	if err != nil || len(got) != 2 || !got[0].OK {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = w.IntegrityDue(t.Context(), 10); err != nil || len(got) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = w.IntegrityDue(t.Context(), 10); err != nil || len(got) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	state := func(sha storage.Digest) vault.State {
		t.Helper()
		s, err := w.Lookup(t.Context(), sha)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	completion := r.Source.Object.SHA256
	if got := state(completion); got != vault.StateUnknown {
		t.Errorf("not vaulted yet: got %s", got)
	}
	c := w.deposit(r)
	for sha, want := range map[storage.Digest]vault.State{
		c.DocumentHash:          vault.StateAuthoritative,
		completion:              vault.StateSuperseded,
		r.Source.DocumentSHA256: vault.StateUnknown,
		storage.Sum(nil):        vault.StateUnknown,
	} {
		if got := state(sha); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := state(c.Marked.SHA256); got != vault.StateCopy {
		t.Errorf("marked copy: got %s", got)
	}
	rel, _, err := w.Release(t.Context(), release("env_a"))
	if err != nil {
		t.Fatal(err)
	}
	for sha, want := range map[storage.Digest]string{
		rel.SHA256: string(vault.StateReleased), c.DocumentHash: string(vault.StateSuperseded), completion: string(vault.StateSuperseded),
	} {
		if got := state(sha); string(got) != want {
			t.Errorf("after release: got %s, want %s", got, want)
		}
	}
	var invalid *vault.InvalidError
	if _, err := w.Lookup(t.Context(), "x"); !errors.As(err, &invalid) {
		t.Errorf("got %v, want InvalidError", err)
	}
}

// The prefix of an approval signature in a deposited file is claimed, but it is
// no version of anything.
func TestPrefixIsUnknownToLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, once := w.completed("env_a")
	w.deposit(w.requestFor("env_a", nil, w.sealed(once)))
	if s, err := w.Lookup(t.Context(), storage.Sum(once)); err != nil || s != vault.StateUnknown {
		t.Errorf("got %s, %v", s, err)
	}
	if _, _, err := w.Deposit(t.Context(), w.requestFor("env_b", nil, once)); !errors.Is(err, vault.ErrNotAnOriginal) {
		t.Errorf("a signed revision of a vaulted file: got %v, want ErrNotAnOriginal", err)
	}
}

// What the last signer left is a revision within the completion: known, and no
// original of its own.
func TestSignedRevisionIsClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signed, completion := w.completed("env_a")
	r := w.requestFor("env_a", []byte("as handed in"), completion)
	r.Source.SignedSHA256 = storage.Sum([]byte("something else"))
	var invalid *vault.InvalidError
	if _, _, err := w.Deposit(t.Context(), r); !errors.As(err, &invalid) || invalid.Fields[0].Field != "source.signed_sha256" {
		t.Errorf("no revision of the bytes: got %v, want InvalidError", err)
	}
	r.Source.SignedSHA256 = storage.Sum(signed)
	w.deposit(r)
	for range 2 { // live, then released
		if s, err := w.Lookup(t.Context(), storage.Sum(signed)); err != nil || s != vault.StateSuperseded {
			t.Errorf("got %s, %v, want superseded", s, err)
		}
		if _, _, err := w.Release(t.Context(), release("env_a")); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := w.Deposit(t.Context(), w.paper("env_b", signed)); !errors.Is(err, vault.ErrNotAnOriginal) {
		t.Errorf("what the signer left, as paper: got %v, want ErrNotAnOriginal", err)
	}
}

func TestCopyRegisterPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_a"))
	for range 5 {
		if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := w.RegisteredCopies(t.Context(), org.Identifier, "env_a", storage.Page{Number: 1, Limit: 100})
	if err != nil || whole.Total != len(whole.Items) || whole.Next != "" || whole.Total < 5 {
		t.Fatalf("got %d of %d, next %q, %v", len(whole.Items), whole.Total, whole.Next, err)
	}
	var byCursor, byNumber []string
	for cursor, n := "", 1; ; n++ {
		p, err := w.RegisteredCopies(t.Context(), org.Identifier, "env_a", storage.Page{Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		q, err := w.RegisteredCopies(t.Context(), org.Identifier, "env_a", storage.Page{Limit: 2, Number: n})
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Items {
			byCursor, byNumber = append(byCursor, p.Items[i].ID), append(byNumber, q.Items[i].ID)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	var want []string
	for _, r := range whole.Items {
		want = append(want, r.ID)
	}
	if !slices.Equal(byCursor, want) || !slices.Equal(byNumber, want) {
		t.Errorf("got %v and %v, want %v", byCursor, byNumber, want)
	}
	var invalid *vault.InvalidError
	for _, p := range []storage.Page{{Limit: 101}, {Limit: -1}, {Limit: 2, Cursor: "?"}, {Limit: 2, Cursor: "eHx5"}} {
		if _, err := w.RegisteredCopies(t.Context(), org.Identifier, "env_a", p); !errors.As(err, &invalid) {
			t.Errorf("%+v: got %v, want InvalidError", p, err)
		}
	}
	if _, err := w.RegisteredCopies(t.Context(), "org_other", "env_a", storage.Page{}); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("got %v, want ErrNotVaulted", err)
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.Evidence(t.Context(), "env_a"); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("got %v, want ErrNotVaulted", err)
	}
	c := w.deposit(w.request("env_a"))
	err := w.DB.Vault().InTx(t.Context(), func(ctx context.Context, s vault.Store) error { // more than a page of downloads
		for i := range 150 {
			r := custody.RegisteredCopy{ID: fmt.Sprintf("cpy_%03d", i), CopyID: c.CopyID, EnvelopeID: "env_a", Kind: custody.CopyInspection, MadeAt: w.Clock.Now()}
			if err := s.AddRegistered(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.Evidence(t.Context(), "env_a")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.Register); n != 151 || e.Register[150].Kind != custody.CopyMarked {
		t.Errorf("got %d registered copies", n)
	}
	if len(e.Versions) != 1 || len(e.Claims) != 3 || len(e.Custody) != 1 || len(e.Acknowledgments) != 1 || len(e.Events) != 3 || e.Release != nil || len(e.Tamperings) != 0 {
		t.Errorf("got %d versions, %d claims, %d custody entries, %d acknowledgments, %d events", len(e.Versions), len(e.Claims), len(e.Custody), len(e.Acknowledgments), len(e.Events))
	}
	for _, v := range e.Versions {
		if b, err := w.Examine(t.Context(), e.Original, v.Object); err != nil || b.SHA256() != v.Object.SHA256 {
			t.Errorf("version %d: %v", v.Version, err)
		}
	}
	if n := count(w.Types("env_a"), "vault.inspected"); n != 0 {
		t.Errorf("examining made %d events", n)
	}
}

// A database set back behind the log's anchors makes nothing authoritative.
func TestRewoundDatabaseIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deposit(w.request("env_a"))
	if _, err := w.log.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Objects.Blobs.Put(t.Context(), "checkpoints/after-3", []byte("a later checkpoint")); err != nil {
		t.Fatal(err)
	}
	r := w.request("env_b")
	for verb, err := range map[string]error{
		"deposit": second(w.Deposit(t.Context(), r)),
		"read":    errOf(w.ReadAuthoritative(t.Context(), read("env_a"))),
		"release": second(w.Release(t.Context(), release("env_a"))),
		"lookup":  errOf(w.Lookup(t.Context(), c.DocumentHash)),
		"unknown": errOf(w.Lookup(t.Context(), storage.Sum(nil))),
		"repair":  errOf(w.Repair(t.Context(), vault.RepairRequest{OrgID: org.Identifier, EnvelopeID: "env_a"})),
		"package": errOf(w.ReadPackage(t.Context(), read("env_a"))),
		"receipt": errOf(w.Acknowledge(t.Context(), vault.AcknowledgeRequest{
			OrgID: org.Identifier, EnvelopeID: "env_a", SHA256: c.DocumentHash,
		})),
	} {
		if !errors.Is(err, translog.ErrRewound) {
			t.Errorf("%s: got %v, want ErrRewound", verb, err)
		}
	}
	if _, err := w.Original(t.Context(), org.Identifier, "env_a"); err != nil {
		t.Errorf("reads do not go on: %v", err)
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

func errOf[A any](_ A, err error) error { return err }
