package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// Vault runs the cases of vault.Store on s, which may hold other records.
func Vault(t *testing.T, s vault.Store) {
	t.Helper()
	for name, run := range map[string]func(t *testing.T, s vault.Store){
		"copy":                     vaultCopy,
		"one copy for each":        vaultOneCopy,
		"revision":                 vaultRevision,
		"versions":                 vaultVersions,
		"claims":                   vaultClaims,
		"claims by other rows":     vaultWitnesses,
		"register":                 vaultRegister,
		"custody":                  vaultCustody,
		"tampering":                vaultTampering,
		"release":                  vaultRelease,
		"copies to check":          vaultDue,
		"transaction rolls back":   vaultTx,
		"claims are all or none":   vaultClaimsAtomic,
		"witnesses of claims":      vaultClaimWitnesses,
		"joined to a transaction":  vaultJoined,
		"racing copies of one":     vaultRace,
		"digests of other records": vaultUnrelated,
		"receiving codes":          vaultReceivingCodes,
		"assets":                   vaultAssets,
		"offers":                   vaultOffers,
		"lists of offers":          vaultOffersListed,
		"offers to expire":         vaultOffersDue,
		"parties":                  vaultParties,
		"events since":             vaultEventsSince,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, s)
		})
	}
}

var vaultParty = custody.Party{Name: "First Bank of Łódź", Identifier: "lei:1", Email: "v@bank.test"}

// copyOf is a copy with every field set.
func copyOf(id func(string) string) *custody.Original {
	t1, t2 := scopesDay.Add(time.Hour), scopesDay.Add(2*time.Hour)
	sum := storage.Sum([]byte(id("x")))
	return &custody.Original{
		CopyID: id("cpy"), EnvelopeID: id("env"), OrgID: "org_1", Status: custody.StatusVaulted, Name: "Contract", CustomerID: "c-1",
		Version: 1, DocumentHash: sum, Size: 1 << 33,
		Seal: custody.Seal{Mode: custody.SealingDetached, Reason: "encrypted", Level: "B-T", TimeSource: "tsa", SHA256: sum},
		Source: custody.Source{
			Kind: custody.SourcePaper, Object: storage.Object{Name: "upload/" + id("o"), SHA256: sum, Size: 5}, DocumentSHA256: sum,
			Origins: []storage.Digest{sum}, Sealing: custody.Sealing{Mode: custody.SealingDetached, Reason: "encrypted"}, Level: "B-B",
			Name: "Contract", CustomerID: "c-1",
		},
		SecuredParty: vaultParty, Controller: custody.Controller{Party: custody.Party{Name: "Agent"}, OrgID: "org_1", BoundBy: custody.BoundByAgent},
		Custodian: custody.Holder{Kind: custody.CustodianOperator, Party: custody.Party{Name: "Operator"}}, Capacity: custody.CapacityAgent,
		Interest: custody.Interest{Kind: custody.InterestPledgee, PledgedBy: vaultParty, Obligation: custody.Obligation{Reference: "Line 7"}}, OfferID: id("asg"),
		Agreement: &custody.Agreement{Reference: "A", Date: scopesDay, SHA256: sum, NotTransferor: true},
		Regime:    "ucc_9_105_2022", RegimeBasis: "classified", Jurisdiction: "US-NY", Classification: &custody.Classification{SpecificGoods: true},
		Attestation: &custody.Attestation{AttestedBy: "A", SignedBy: []string{"B", "Ć"}, Origin: "scan", DestroyedAt: &t1},
		VaultedAt:   scopesDay, ReleasedAt: &t1, QuarantinedAt: &t2, IntegrityCheckedAt: t2, IntegrityOK: true, StoredEventID: id("evt"),
	}
}

func inserted(t *testing.T, s vault.Store, id func(string) string) *custody.Original {
	t.Helper()
	c := copyOf(id)
	if err := s.InsertOriginal(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

func same(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%s: %v\n%s", what, err, d)
	}
}

func vaultCopy(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	if _, err := s.Original(ctx, id("env")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	want := copyOf(id)
	want.Marked = &custody.RegisteredCopy{
		ID: id("cpy_m"), CopyID: want.CopyID, EnvelopeID: want.EnvelopeID, Kind: custody.CopyMarked, Version: 1, SHA256: storage.Sum(nil), Size: 7,
		Object: storage.Object{Name: "marked/" + id("m"), SHA256: storage.Sum(nil), Size: 7}, MadeAt: scopesDay, GivenTo: event.Actor{Kind: "key", ID: "k"}, EventID: "e",
	}
	want.Acknowledgment = &custody.Acknowledgment{ID: id("ack"), CopyID: want.CopyID, CustodyID: "c", Version: 1, JWS: "a.b.c", SHA256: storage.Sum(nil), KeyID: "k", At: scopesDay}
	if err := s.InsertOriginal(ctx, want); err != nil {
		t.Fatal(err)
	}
	if err := s.AddRegistered(ctx, *want.Marked); err != nil {
		t.Fatal(err)
	}
	if err := s.AddAcknowledgment(ctx, *want.Acknowledgment); err != nil {
		t.Fatal(err)
	}
	got, err := s.Original(ctx, want.EnvelopeID)
	same(t, "full", got, want, err)

	bare := &custody.Original{
		CopyID: id("cpy_b"), EnvelopeID: id("env_b"), OrgID: "o", Status: custody.StatusVaulted, VaultedAt: scopesDay, IntegrityCheckedAt: scopesDay,
	}
	if err := s.InsertOriginal(ctx, bare); err != nil {
		t.Fatal(err)
	}
	got, err = s.Original(ctx, bare.EnvelopeID)
	same(t, "bare", got, bare, err)
}

func vaultOneCopy(t *testing.T, s vault.Store) {
	id := unique()
	c := inserted(t, s, id)
	second := copyOf(id)
	second.CopyID = id("cpy_second")
	for _, status := range []string{string(custody.StatusVaulted), string(custody.StatusReleased)} {
		if err := s.InsertOriginal(t.Context(), second); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("second copy of a %s one: got %v, want ErrConflict", status, err)
		}
		c.Status = custody.StatusReleased
		if err := s.UpdateOriginal(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

func vaultRevision(t *testing.T, s vault.Store) {
	ctx := t.Context()
	c := inserted(t, s, unique())
	stale, err := s.Original(ctx, c.EnvelopeID)
	if err != nil {
		t.Fatal(err)
	}
	c.ReleasedAt, c.QuarantinedAt, c.Version, c.IntegrityOK = nil, nil, 2, false
	if err := s.UpdateOriginal(ctx, c); err != nil || c.Revision != 1 {
		t.Fatalf("got revision %d, %v", c.Revision, err)
	}
	if err := s.UpdateOriginal(ctx, stale); !errors.Is(err, storage.ErrConflict) || stale.Revision != 0 {
		t.Errorf("stale: got %v, revision %d; want ErrConflict", err, stale.Revision)
	}
	got, err := s.Original(ctx, c.EnvelopeID)
	same(t, "updated", got, c, err)
}

func vaultVersions(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	var want []custody.Version
	for n := 1; n <= 2; n++ {
		v := custody.Version{
			CopyID: c.CopyID, Version: n, Kind: custody.VersionDeposit, Object: storage.Object{Name: id(fmt.Sprint("v", n)), SHA256: storage.Sum(nil), Size: 9},
			Prefix: storage.Object{SHA256: storage.Sum([]byte{1}), Size: 3}, Seal: c.Seal, EventID: "e", CreatedAt: scopesDay,
		}
		if n == 2 {
			v.Statement = []byte{0, 1, 0xff}
		}
		if err := s.AddVersion(ctx, v); err != nil {
			t.Fatal(err)
		}
		if err := s.AddVersion(ctx, v); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("twice: got %v, want ErrConflict", err)
		}
		want = append(want, v)
	}
	got, err := s.Versions(ctx, c.CopyID)
	same(t, "versions", got, want, err)
	if err := s.MoveObject(ctx, c.CopyID, id("v1"), id("repaired")); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Versions(ctx, c.CopyID); err != nil || got[0].Object.Name != id("repaired") || got[1].Object.Name != id("v2") {
		t.Errorf("moved: %+v, %v", got, err)
	}
	if err := s.MoveObject(ctx, c.CopyID, id("v1"), "x"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if got, err := s.Versions(ctx, "cpy_absent"); err != nil || len(got) != 0 {
		t.Errorf("none: got %v, %v", got, err)
	}
}

func claimsOf(c *custody.Original, id func(string) string, names ...string) (out []custody.Claim) {
	for i, n := range names {
		out = append(out, custody.Claim{
			SHA256: storage.Sum([]byte(id(n))), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.ClaimVersion, Version: i + 1,
			ClaimedAt: scopesDay.Add(time.Duration(i) * time.Second),
		})
	}
	return out
}

func vaultClaims(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	want := claimsOf(c, id, "a", "b", "c")
	if err := s.AddClaims(ctx, want...); err != nil {
		t.Fatal(err)
	}
	if err := s.AddClaims(ctx); err != nil {
		t.Errorf("no claims: %v", err)
	}
	got, err := s.ClaimsOf(ctx, c.CopyID)
	same(t, "of the copy", got, want, err)
	got, err = s.Claims(ctx, storage.Sum([]byte(id("nobody's"))), want[1].SHA256)
	same(t, "one of two", got, want[1:2], err)
	if got, err := s.Claims(ctx); err != nil || len(got) != 0 {
		t.Errorf("no digests: got %v, %v", got, err)
	}
}

// vaultWitnesses: what a copy has counts as claimed without a claim.
func vaultWitnesses(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	sum := func(what string) storage.Digest { return storage.Sum([]byte(id(what))) }
	err := s.AddVersion(ctx, custody.Version{
		CopyID: c.CopyID, Version: 1, Kind: custody.VersionDeposit, Object: storage.Object{Name: id("v1"), SHA256: sum("version"), Size: 9},
		Prefix: storage.Object{SHA256: sum("prefix"), Size: 3}, Seal: c.Seal, EventID: "e", CreatedAt: scopesDay,
	})
	for _, kind := range []string{string(custody.CopyMarked), string(custody.CopyInspection)} {
		err = errors.Join(err, s.AddRegistered(ctx, custody.RegisteredCopy{
			ID: id(kind), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.CopyKind(kind), Version: 1, SHA256: sum(kind), MadeAt: scopesDay, EventID: "e",
		}))
	}
	if err != nil {
		t.Fatal(err)
	}
	for digest, want := range map[storage.Digest]custody.ClaimKind{
		c.Source.Object.SHA256: custody.ClaimDeposited, sum("version"): custody.ClaimVersion, sum("prefix"): custody.ClaimDeposited,
		sum(string(custody.CopyMarked)): custody.ClaimCopy, sum(string(custody.CopyInspection)): "",
	} {
		got, err := s.Claims(ctx, digest)
		switch {
		case err != nil || want == "" && len(got) > 0 || want != "" && len(got) != 1:
			t.Errorf("%q: got %v, %v", want, got, err)
		case want != "" && (got[0].Kind != want || got[0].EnvelopeID != c.EnvelopeID || got[0].CopyID != c.CopyID):
			t.Errorf("%q: got %+v", want, got[0])
		}
	}
}

// vaultClaimWitnesses: the second row of a claim counts as one, for as many copies
// as have one on a digest.
func vaultClaimWitnesses(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	var of [2][]custody.Claim
	for i := range of {
		c := inserted(t, s, func(what string) string { return id(fmt.Sprint(what, i)) })
		for _, kind := range []string{string(custody.ClaimPages), string(custody.ClaimPrefix), string(custody.ClaimRevision), string(custody.ClaimSigned)} {
			of[i] = append(of[i], custody.Claim{
				SHA256: storage.Sum([]byte(id(kind))), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.ClaimKind(kind), ClaimedAt: c.VaultedAt,
			})
		}
		slices.SortFunc(of[i], func(a, b custody.Claim) int { return strings.Compare(string(a.SHA256), string(b.SHA256)) })
		if err := errors.Join(s.AddWitnesses(ctx, of[i]...), s.AddWitnesses(ctx)); err != nil {
			t.Fatal(err)
		}
		got, err := s.WitnessesOf(ctx, c.CopyID)
		same(t, "of the copy", got, of[i], err)
	}
	for i, c := range of[0] {
		got, err := s.Claims(ctx, c.SHA256)
		slices.SortFunc(got, func(a, b custody.Claim) int { return strings.Compare(a.CopyID, b.CopyID) })
		same(t, string(c.Kind), got, []custody.Claim{c, of[1][i]}, err)
	}
	if err := s.AddClaims(ctx, of[0]...); err != nil {
		t.Fatalf("claims beside their witnesses: %v", err)
	}
	got, err := s.Claims(ctx, of[0][0].SHA256)
	if err != nil || len(got) != 2 {
		t.Errorf("a claim and its witness are one: got %v, %v", got, err)
	}
}

func vaultClaimsAtomic(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	if err := s.AddClaims(ctx, claimsOf(c, id, "a")...); err != nil {
		t.Fatal(err)
	}
	err := s.InTx(ctx, func(ctx context.Context, s vault.Store) error {
		return s.AddClaims(ctx, claimsOf(c, id, "new", "a")...)
	})
	if !errors.Is(err, storage.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if got, err := s.ClaimsOf(ctx, c.CopyID); err != nil || len(got) != 1 {
		t.Errorf("got %d claims, %v; want 1", len(got), err)
	}
}
