package vault_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// claimed are a paper document and an e-sign contract whose claims are of every
// kind, with the files that those claims keep from being deposited again.
func (w *world) claimed(t *testing.T) (claims []custody.Claim, files map[string][]byte) {
	t.Helper()
	resaved := func(raw []byte) []byte {
		clean, err := pdfinspect.Normalize(t.Context(), raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return clean
	}
	scan := testpdf.Simple(1, "A scan")
	saved := extended(t, scan)
	paper := w.deposit(w.paper("env_paper", saved))

	blank := testpdf.Simple(2, "Contract")
	more, err := overlay.Place(t.Context(), blank, []overlay.Mark{{Page: 1, X: 0.1, Y: 0.8, W: 0.3, H: 0.1, Kind: overlay.MarkSignature, Text: "Ann"}}, overlay.PlaceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	signed := slices.Concat(blank, more)
	completion := w.sealed(w.sealed(signed))
	r := w.requestFor("env_esign", blank, completion)
	r.Source.SignedSHA256 = storage.Sum(signed)
	contract := w.deposit(r)

	for _, env := range []string{"env_paper", "env_esign"} {
		e, err := w.Evidence(t.Context(), env)
		if err != nil {
			t.Fatal(err)
		}
		claims = append(claims, e.Claims...)
	}
	for _, kind := range []custody.ClaimKind{
		custody.ClaimDeposited, custody.ClaimVersion, custody.ClaimCopy, custody.ClaimPrefix, custody.ClaimRevision, custody.ClaimPages, custody.ClaimSigned,
	} {
		if !slices.ContainsFunc(claims, func(c custody.Claim) bool { return c.Kind == kind }) {
			t.Fatalf("no claim of kind %s among %v", kind, claims)
		}
	}
	return claims, map[string][]byte{
		"paper": saved, "paper's version": w.Bytes(w.versions("env_paper")[0].Object), "paper's copy": w.Bytes(paper.Marked.Object),
		"paper as first saved": scan, "paper saved again": resaved(saved), "paper saved again, first state": resaved(scan),
		"contract": completion, "contract's version": w.Bytes(w.versions("env_esign")[0].Object), "contract's copy": w.Bytes(contract.Marked.Object),
		"contract as signed": signed, "contract as signed, saved again": resaved(signed), "contract with one seal": pdfPrefix(t, completion),
	}
}

// pdfPrefix is what the first signature in raw covers.
func pdfPrefix(t *testing.T, raw []byte) []byte {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	ends, _, err := signing.SignedPrefixes(d)
	if err != nil || len(ends) == 0 {
		t.Fatalf("no signed prefix: %v", err)
	}
	return raw[:ends[0]:ends[0]]
}

// TestClaimsHaveWitnesses: claims of any kind that were deleted from either of the
// two tables free nothing. All that they keep out is still refused, whoever brings
// it, and has the same claims; what the copies' witnesses say is in their events.
func TestClaimsHaveWitnesses(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"evault_claims", "evault_claim_witnesses"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorldOn(t, db)
				claims, files := w.claimed(t)
				w.edit("DELETE FROM " + table)
				for _, c := range claims {
					found, err := db.Vault().Claims(t.Context(), c.SHA256)
					if err != nil || len(found) != 1 || found[0].Kind != c.Kind || found[0].EnvelopeID != c.EnvelopeID || found[0].CopyID != c.CopyID {
						t.Errorf("claims on the %s of %s: got %+v, %v", c.Kind, c.EnvelopeID, found, err)
					}
				}
				for name, content := range files {
					r := w.paper("env_again "+name, content)
					r.OrgID, r.OrgName = "org_other", "Other LLC"
					if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, vault.ErrNotAnOriginal) {
						t.Errorf("%s: got %v, want ErrNotAnOriginal", name, err)
					}
				}
			})
		})
	}
}

// TestClaimsAreInTheEvent: a copy whose witnesses were deleted or changed is handed
// out no more, for its deposit's event commits to them.
func TestClaimsAreInTheEvent(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]string{
		"deleted": "DELETE FROM evault_claim_witnesses WHERE kind = 'pages'", "kind": "UPDATE evault_claim_witnesses SET kind = 'prefix' WHERE kind = 'pages'",
		"digest": "UPDATE evault_claim_witnesses SET sha256 = '" + sumOf("x") + "' WHERE kind = 'pages'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.deposit(w.paper("env_a", testpdf.Simple(1, "A scan")))
			w.edit(edit)
			if _, err := w.ReadAuthoritative(t.Context(), read("env_a")); !errors.Is(err, vault.ErrRecordAltered) {
				t.Errorf("got %v, want ErrRecordAltered", err)
			}
		})
	}
}
