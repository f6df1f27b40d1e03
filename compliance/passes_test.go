package compliance_test

import (
	"fmt"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testcount"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/vault"
)

// passes are how often a verb may hash and parse the contract, in any of its
// states, and marked copies of it.
type passes struct{ hashed, parsed, copiesHashed, copiesParsed int }

// TestPasses holds each verb to the number of times that it hashes and parses a
// document. It runs alone, for it counts everything.
func TestPasses(t *testing.T) {
	for _, test := range []struct {
		signers int
		most    map[string]passes
	}{
		{2, map[string]passes{
			"create": {1, 3, 0, 0}, "sign": {4, 6, 2, 0}, "vault in": {6, 5, 7, 4}, "evaluate": {2, 2, 4, 4},
			"download": {1, 0, 0, 0}, "release": {7, 7, 4, 4}, "fetch": {0, 0, 0, 0}, "evaluate released": {3, 5, 4, 4},
		}},
		{8, map[string]passes{
			"create": {1, 3, 0, 0}, "sign": {16, 18, 8, 0}, "vault in": {6, 5, 13, 10}, "evaluate": {2, 2, 10, 10},
			"download": {1, 0, 0, 0}, "release": {7, 7, 10, 10}, "fetch": {0, 0, 0, 0}, "evaluate released": {3, 5, 10, 10},
		}},
	} {
		t.Run(fmt.Sprint(test.signers, " signers"), func(t *testing.T) {
			w := newWorld(t)
			var id string
			read := vault.ReadRequest{OrgID: dealer.OrgID, Actor: actor}
			for _, step := range []struct {
				verb string
				run  func() error
			}{
				{"create", func() error { id = w.Created(signedBy(test.signers)).ID; return nil }},
				{"sign", func() error { w.SignAll(id, ""); return nil }},
				{"vault in", func() error { w.VaultIn(id); read.EnvelopeID = id; return nil }},
				{"evaluate", func() error { w.evaluate(id); return nil }},
				{"download", func() error { _, err := w.Vault.ReadAuthoritative(t.Context(), read); return err }},
				{"release", func() error { w.VaultOut(id); return nil }},
				{"fetch", func() error { _, err := w.Vault.ReadPackage(t.Context(), read); return err }},
				{"evaluate released", func() error { w.evaluate(id); return nil }},
			} {
				var err error
				tally := testcount.Of(func() { err = step.run() })
				check(t, err)
				if got, most := passesOf(tally), test.most[step.verb]; got != most {
					t.Errorf("%s: %+v, want %+v", step.verb, got, most)
				}
			}
		})
	}
}

// contractSize is that of a document beside which everything else is small.
const contractSize = 1 << 20

// contractHead is how the contract begins, and no copy of it, which is written
// anew.
const (
	contractHead = "%PDF-1.7\n%\xE2\xE2\xE2\xE2\n"
	copyHead     = "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"
)

func signedBy(n int) func(*esign.CreateRequest) {
	return func(r *esign.CreateRequest) {
		r.Document, r.Signers = testpdf.Sized(3, contractSize), nil
		copy(r.Document, contractHead)
		for i := range n {
			r.Signers = append(r.Signers, esign.SignerSpec{Email: fmt.Sprintf("s%d@buyer.test", i), Name: fmt.Sprintf("Signer %d", i)})
		}
	}
}

// passesOf parts a tally into those of the contract and those of its copies. A
// release package counts as neither.
func passesOf(t testcount.Tally) (p passes) {
	p.hashed, p.parsed = t.Passes(contractHead, contractSize/2)
	p.copiesHashed, p.copiesParsed = t.Passes(copyHead, contractSize/2)
	return p
}
