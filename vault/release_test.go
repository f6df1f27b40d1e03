package vault_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func TestReleaseRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	r.SecuredParty = &bank // and the organization is a principal
	w.deposit(r)
	var invalid *vault.InvalidError
	for name, edit := range map[string]func(*vault.ReleaseRequest){
		"reason":    func(r *vault.ReleaseRequest) { r.Reason = "whim" },
		"recipient": func(r *vault.ReleaseRequest) { r.Recipient.Name = "" },
		"e-mail":    func(r *vault.ReleaseRequest) { r.Recipient.Email = "x" },
		"note":      func(r *vault.ReleaseRequest) { r.Note = strings.Repeat("x", 2001) },
	} {
		q := release("env_a")
		edit(&q)
		if _, _, err := w.Release(t.Context(), q); !errors.As(err, &invalid) {
			t.Errorf("%s: got %v, want InvalidError", name, err)
		}
	}
	for name, c := range map[string]struct {
		edit func(*vault.ReleaseRequest)
		want error
	}{
		"absent":       {func(r *vault.ReleaseRequest) { r.EnvelopeID = "env_absent" }, vault.ErrNotVaulted},
		"foreign":      {func(r *vault.ReleaseRequest) { r.OrgID = "org_other" }, vault.ErrNotVaulted},
		"someone else": {func(r *vault.ReleaseRequest) { r.Recipient = custody.Recipient{Name: "Eve"} }, vault.ErrAssigneeDiffers},
		"other address": {func(r *vault.ReleaseRequest) {
			r.Recipient = custody.Recipient{Name: bank.Name, Email: "eve@bank.test"}
		}, vault.ErrAssigneeDiffers},
	} {
		q := release("env_a")
		c.edit(&q)
		if _, _, err := w.Release(t.Context(), q); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	q := release("env_a")
	q.Recipient = custody.Recipient{Name: " first bank of łódź ", Email: "Vault@Bank.test"}
	if _, created, err := w.Release(t.Context(), q); err != nil || !created {
		t.Errorf("to the assignee: %t, %v", created, err)
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		r := w.request("env_a")
		c := w.deposit(r)
		q := release("env_a")
		ran := 0
		q.Also = func(_ context.Context, tx storage.Tx, r *vault.Release) error { ran++; return nil }
		rel, created, err := w.Release(t.Context(), q)
		if err != nil || !created || ran != 1 {
			t.Fatalf("created %t, Also ran %d times, %v", created, ran, err)
		}
		versions := w.versions("env_a")
		completion, v1, last := w.Bytes(r.Source.Object), w.Bytes(versions[0].Object), w.Bytes(versions[1].Object)
		if !bytes.HasPrefix(v1, completion) || !bytes.HasPrefix(last, v1) || len(last) == len(v1) {
			t.Error("completion, version 1 and release version are not prefixes of each other")
		}
		if rel.Version != 2 || rel.EndsVersion != 1 || rel.SHA256 != storage.Sum(last) || versions[1].Prefix.SHA256 != c.DocumentHash {
			t.Errorf("got %+v", rel)
		}
		report, err := pades.Verify(t.Context(), last, pades.Options{Roots: w.PKI.Roots(), Now: w.Clock.Now()})
		if err != nil || len(report.Signatures) != 3 || !report.Signatures[2].OK() {
			t.Fatalf("seals: %+v, %v", report, err)
		}
		for _, s := range report.Signatures[:2] { // the release page was added after them, which a verifier must say
			if s.Integrity != pades.IntegrityValid || s.ChangesAfter != pades.ChangesSuspicious {
				t.Errorf("signature %s: %+v", s.Field, s)
			}
		}
		checkReleasePage(t, v1, last, c, rel)
		for _, want := range []string{"Cleo Smith, First Bank of Łódź", "payoff", "ends version 1", "env_a"} {
			if reason := report.Signatures[2].Reason; !strings.Contains(reason, want) {
				t.Errorf("the seal's reason %q does not say %s", reason, want)
			}
		}
		s, err := custody.VerifyRelease(rel.Statement, w.StatementKeys())
		if err != nil || s.SHA256 != rel.SHA256 || s.EndsSHA256 != c.DocumentHash || s.Recipient != q.Recipient || s.Note != q.Note {
			t.Errorf("statement %+v, %v", s, err)
		}
		got, err := w.Original(t.Context(), org.Identifier, "env_a")
		if err != nil || got.Status != custody.StatusReleased || got.ReleasedAt == nil || got.DocumentHash != rel.SHA256 || got.Version != 2 {
			t.Errorf("copy %+v, %v", got, err)
		}
		if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); !errors.Is(err, vault.ErrReleased) {
			t.Errorf("read: got %v, want ErrReleased", err)
		}
		if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, vault.ErrReleased) {
			t.Errorf("deposit: got %v, want ErrReleased", err)
		}
		if _, err := w.CheckIntegrity(t.Context(), "env_a"); !errors.Is(err, vault.ErrReleased) {
			t.Errorf("check: got %v, want ErrReleased", err)
		}
		if _, err := w.Repair(t.Context(), vault.RepairRequest{OrgID: org.Identifier, EnvelopeID: "env_a"}); !errors.Is(err, vault.ErrReleased) {
			t.Errorf("repair: got %v, want ErrReleased", err)
		}
		entries, err := w.Custody(t.Context(), org.Identifier, "env_a")
		if err != nil || len(entries) != 2 {
			t.Fatalf("custody: %d entries, %v", len(entries), err)
		}
		statements := []string{entries[0].Statement, entries[1].Statement}
		chained, err := custody.VerifyCustody(statements, w.StatementKeys())
		if err != nil || chained[1].To != nil || *chained[1].Recipient != q.Recipient {
			t.Errorf("custody chain: %+v, %v", chained, err)
		}
		if _, err := event.Verify("env_a", w.Events("env_a")); err != nil {
			t.Error(err)
		}

		again, created, err := w.Release(t.Context(), q)
		if err != nil || created || again.ReleaseID != rel.ReleaseID || ran != 1 {
			t.Errorf("again: created %t, %v", created, err)
		}
		q.Reason = "other"
		if _, _, err := w.Release(t.Context(), q); !errors.Is(err, vault.ErrAlreadyReleased) {
			t.Errorf("other reason: got %v, want ErrAlreadyReleased", err)
		}
		q = release("env_a")
		q.Recipient.Name = "Eve"
		if _, _, err := w.Release(t.Context(), q); !errors.Is(err, vault.ErrAlreadyReleased) {
			t.Errorf("other recipient: got %v, want ErrAlreadyReleased", err)
		}
		if _, _, err := w.Deposit(t.Context(), w.requestFor("env_back", nil, last)); !errors.Is(err, vault.ErrNotAnOriginal) {
			t.Errorf("the release version comes back: got %v, want ErrNotAnOriginal", err)
		}
	})
}

// checkReleasePage holds the page that the release version has more than version 1.
func checkReleasePage(t *testing.T, v1, last []byte, c *custody.Original, rel *vault.Release) {
	t.Helper()
	before, err := extract.PageTexts(v1)
	if err != nil {
		t.Fatal(err)
	}
	after, err := extract.PageTexts(last)
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(before)+1 || !slices.Equal(after[:len(before)], before) {
		t.Fatalf("the release version has %d pages, version 1 %d", len(after), len(before))
	}
	page := after[len(before)]
	for _, want := range []string{
		"Release of the authoritative copy", rel.Recipient.Name, rel.Recipient.Organization, "Payoff", rel.ReleaseID, c.CopyID, c.EnvelopeID,
		string(c.DocumentHash), rel.ReleasedAt.UTC().Format("2006-01-02 15:04"), c.Custodian.Party.Name, c.Controller.Party.Name,
		"version 1, the last one kept in the vault", "This file is now the original",
	} {
		if !strings.Contains(page, strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the release page %q does not say %q", page, want)
		}
	}
}

func TestRacingReleasesAndReads(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		w.deposit(w.request("env_a"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		created, inspected := 0, 0
		for range 6 {
			wg.Go(func() {
				_, made, err := w.Release(t.Context(), release("env_a"))
				if err != nil {
					t.Errorf("release: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				if made {
					created++
				}
			})
			wg.Go(func() {
				_, err := w.ReadAuthoritative(t.Context(), read("env_a"))
				if err != nil && !errors.Is(err, vault.ErrReleased) {
					t.Errorf("read: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					inspected++
				}
			})
		}
		wg.Wait()
		types := w.Types("env_a")
		if created != 1 || count(types, "vault.released") != 1 {
			t.Errorf("%d created, %d events", created, count(types, "vault.released"))
		}
		if n := count(types, "vault.inspected"); n != inspected {
			t.Errorf("%d reads, %d registered", inspected, n)
		}
		if at := slices.Index(types, "vault.released"); slices.Contains(types[at:], "vault.inspected") {
			t.Errorf("a read after the release: %v", types)
		}
	})
}

// unpacked returns the files of a package.
func unpacked(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	return files
}

// An altered package is not handed out. One that nobody has is prepared anew; one
// that somebody has stays the one to be acknowledged.
func TestAlteredPackage(t *testing.T) {
	t.Parallel()
	for _, fetched := range []bool{false, true} {
		w := newWorld(t)
		w.deposit(w.request("env_a"))
		if _, _, err := w.Release(t.Context(), release("env_a")); err != nil {
			t.Fatal(err)
		}
		first, err := w.BuildPackage(t.Context(), org.Identifier, "env_a", nil)
		if err != nil {
			t.Fatal(err)
		}
		if fetched {
			if _, err := w.ReadPackage(t.Context(), read("env_a")); err != nil {
				t.Fatal(err)
			}
		}
		w.Alter(*first.Package, flip)
		if _, err := w.ReadPackage(t.Context(), read("env_a")); !errors.Is(err, vault.ErrIntegrity) {
			t.Errorf("got %v, want ErrIntegrity", err)
		}
		due, err := w.PackagesDue(t.Context(), w.Clock.Now(), 10)
		if err != nil || (len(due) == 1) == fetched {
			t.Errorf("fetched %t: %d packages are due, %v", fetched, len(due), err)
		}
		second, err := w.BuildPackage(t.Context(), org.Identifier, "env_a", nil)
		if err != nil || (second.Package.SHA256 == first.Package.SHA256) != fetched {
			t.Errorf("fetched %t: %+v after %+v, %v", fetched, second.Package, first.Package, err)
		}
		f, err := w.ReadPackage(t.Context(), read("env_a"))
		if fetched != errors.Is(err, vault.ErrIntegrity) || !fetched && err != nil {
			t.Errorf("fetched %t: %v", fetched, err)
		}
		digest := first.Package.SHA256
		if !fetched {
			digest = storage.Sum(f.Content)
		}
		if _, err := w.Acknowledge(t.Context(), vault.AcknowledgeRequest{OrgID: org.Identifier, EnvelopeID: "env_a", SHA256: digest, Actor: keyActor}); err != nil {
			t.Errorf("fetched %t: %v", fetched, err)
		}
	}
}

func TestPackage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	completion := w.Bytes(r.Source.Object)
	c := w.deposit(r)
	ctx := t.Context()
	if _, err := w.BuildPackage(ctx, org.Identifier, "env_a", nil); !errors.Is(err, vault.ErrNotReleased) {
		t.Errorf("got %v, want ErrNotReleased", err)
	}
	rel, _, err := w.Release(ctx, release("env_a"))
	if err != nil || rel.Delivery() != vault.DeliveryPreparing {
		t.Fatalf("got %+v, %v", rel, err)
	}
	if _, err := w.ReadPackage(ctx, read("env_a")); !errors.Is(err, vault.ErrPackagePending) {
		t.Errorf("got %v, want ErrPackagePending", err)
	}
	if due, err := w.PackagesDue(ctx, w.Clock.Now(), 10); err != nil || len(due) != 1 || due[0].ReleaseID != rel.ReleaseID {
		t.Errorf("due: %+v, %v", due, err)
	}
	later := errors.New("no certificate yet")
	if _, err := w.BuildPackage(ctx, org.Identifier, "env_a", func(context.Context, *vault.Release) ([]vault.PackageFile, error) { return nil, later }); !errors.Is(err, later) {
		t.Errorf("got %v, want the caller's", err)
	}
	for _, name := range []string{"../x", "/x", "authoritative.pdf", "a//b"} {
		_, err := w.BuildPackage(ctx, org.Identifier, "env_a", func(context.Context, *vault.Release) ([]vault.PackageFile, error) {
			return []vault.PackageFile{{Name: name}}, nil
		})
		if err == nil {
			t.Errorf("a file named %q is packed", name)
		}
	}
	rel, err = w.BuildPackage(ctx, org.Identifier, "env_a", func(_ context.Context, r *vault.Release) ([]vault.PackageFile, error) {
		return []vault.PackageFile{{Name: "certificate.json", Content: []byte(r.ReleaseID)}}, nil
	})
	if err != nil || rel.Delivery() != vault.DeliveryReady {
		t.Fatalf("got %+v, %v", rel, err)
	}
	again, err := w.BuildPackage(ctx, org.Identifier, "env_a", nil)
	if err != nil || *again.Package != *rel.Package {
		t.Errorf("built twice: %+v, %v", again, err)
	}

	ack := vault.AcknowledgeRequest{OrgID: org.Identifier, EnvelopeID: "env_a", SHA256: rel.Package.SHA256, Actor: keyActor}
	if _, err := w.Acknowledge(ctx, ack); !errors.Is(err, vault.ErrNotFetched) {
		t.Errorf("got %v, want ErrNotFetched", err)
	}
	stop := read("env_a")
	stop.Also = failing[vault.File]
	if _, err := w.ReadPackage(ctx, stop); !errors.Is(err, errAlso) {
		t.Errorf("got %v, want the ticket's", err)
	}
	if r, err := w.Released(ctx, org.Identifier, "env_a"); err != nil || r.FetchedAt != nil {
		t.Errorf("a refused fetch counts: %+v, %v", r, err)
	}
	foreign := read("env_a")
	foreign.OrgID = "org_other"
	if _, err := w.ReadPackage(ctx, foreign); !errors.Is(err, vault.ErrNotReleased) {
		t.Errorf("got %v, want ErrNotReleased", err)
	}
	f, err := w.ReadPackage(ctx, read("env_a"))
	if err != nil {
		t.Fatal(err)
	}
	checkPackage(t, w, rel, unpacked(t, f.Content))

	for name, c := range map[string]struct {
		sha  storage.Digest
		want error
	}{
		"the original's": {rel.SHA256, vault.ErrDigestMismatch},
		"the version's":  {c.DocumentHash, vault.ErrDigestMismatch},
	} {
		q := ack
		q.SHA256 = c.sha
		if _, err := w.Acknowledge(ctx, q); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for _, e := range w.Events("env_a") {
		if bytes.Contains(e.Canonical, []byte(rel.Package.SHA256)) {
			t.Errorf("%s tells the package's digest", e.Type)
		}
	}
	ack.SHA256 = storage.Sum(f.Content)
	rel, err = w.Acknowledge(ctx, ack)
	if err != nil || rel.Delivery() != vault.DeliveryAcknowledged || rel.DeleteAfter.Sub(*rel.AcknowledgedAt) != 30*24*time.Hour {
		t.Fatalf("got %+v, %v", rel, err)
	}
	if _, err := w.Acknowledge(ctx, ack); err != nil || count(w.Types("env_a"), "vault.acknowledged") != 1 {
		t.Errorf("again: %v", err)
	}
	if _, err := w.ReadPackage(ctx, read("env_a")); !errors.Is(err, vault.ErrPackageGone) {
		t.Errorf("got %v, want ErrPackageGone", err)
	}
	deleted(t, w, r, completion)
}

func checkPackage(t *testing.T, w *world, rel *vault.Release, files map[string][]byte) {
	t.Helper()
	if storage.Sum(files["authoritative.pdf"]) != rel.SHA256 || string(files["certificate.json"]) != rel.ReleaseID || len(files["receipt"]) != 32 {
		t.Errorf("package holds %d files", len(files))
	}
	if _, err := custody.VerifyRelease(string(files["release-statement.jws"]), w.StatementKeys()); err != nil {
		t.Error(err)
	}
	if _, err := custody.VerifyCustody([]string{string(files["custody/0001.jws"]), string(files["custody/0002.jws"])}, w.StatementKeys()); err != nil {
		t.Error(err)
	}
	if _, err := custody.VerifyAcknowledgment(string(files["acknowledgments/0001.jws"]), w.StatementKeys()); err != nil {
		t.Error(err)
	}
	var events []struct{ Canonical []byte }
	if err := json.Unmarshal(files["events.json"], &events); err != nil {
		t.Fatal(err)
	}
	var prev storage.Digest
	for i, e := range events {
		p, err := event.Parse(e.Canonical)
		if err != nil || p.PrevHash != prev {
			t.Errorf("event %d: %v", i, err)
		}
		prev = p.Hash
	}
}

// deleted lets the grace pass: the bytes go, the tombstone stays.
func deleted(t *testing.T, w *world, r vault.DepositRequest, completion []byte) {
	t.Helper()
	ctx := t.Context()
	versions := w.versions("env_a")
	if n, err := w.DeleteDue(ctx, 10); err != nil || n != 0 {
		t.Errorf("before the grace: %d, %v", n, err)
	}
	w.Clock.Advance(30*24*time.Hour + time.Second)
	if n, err := w.DeleteDue(ctx, 10); err != nil || n != 1 {
		t.Errorf("after the grace: %d, %v", n, err)
	}
	if n, err := w.DeleteDue(ctx, 10); err != nil || n != 0 {
		t.Errorf("twice: %d, %v", n, err)
	}
	if _, err := w.Objects.Sweep(ctx, 100); err != nil {
		t.Fatal(err)
	}
	for _, o := range []storage.Object{r.Source.Object, versions[0].Object, versions[1].Object} {
		if _, err := w.Objects.Blobs.Open(ctx, o.Name); !errors.Is(err, storage.ErrBlobMissing) {
			t.Errorf("%s is still there: %v", o.Name, err)
		}
	}
	c, err := w.Original(ctx, org.Identifier, "env_a")
	if err != nil || c.Status != custody.StatusReleased {
		t.Errorf("tombstone: %+v, %v", c, err)
	}
	if _, err := w.ReadCopy(ctx, read("env_a")); err != nil {
		t.Errorf("marked copy: %v", err)
	}
	if s, err := w.Lookup(ctx, versions[1].Object.SHA256); err != nil || s != vault.StateReleased {
		t.Errorf("got %s, %v", s, err)
	}
	if _, _, err := w.Deposit(ctx, w.requestFor("env_late", nil, completion)); !errors.Is(err, vault.ErrNotAnOriginal) {
		t.Errorf("the claim was freed: %v", err)
	}
}
