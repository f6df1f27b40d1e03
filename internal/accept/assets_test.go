package accept_test

import (
	"net/http"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestAssets: a car that one dealer vaulted a contract about is held for every other
// organization, in any spelling, pledged after a pledge, and free after the release.
func TestAssets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		dealer := s.client(t, s.APIKey)
		other := dealer.with(s.createKey(t, "org_other", allScopes))
		lender := dealer.with(s.createKey(t, "org_lender", allScopes))
		car := map[string]any{"assets": []any{map[string]any{"kind": "vin", "value": "1hgbh41jx mn109186", "amount": "18250.00", "currency": "USD"}}}
		const at = "/partner/assets/vin/1HGBH41JX-MN109186"
		vaultIn := func(c *client) (string, *answer) {
			env := c.signed(testpdf.Simple(2, "Car"), nil)
			return env, c.post("/partner/envelopes/"+env+"/vault-in-signed", car)
		}

		dealer.get(at).want(http.StatusOK).equal("data.held", false).equal("data.value", "1HGBH41JXMN109186")
		dealer.get("/partner/assets/vin/1HGBH41JXMN109187").problem(http.StatusUnprocessableEntity, "invalid")
		dealer.get("/partner/assets/plate/A1").problem(http.StatusUnprocessableEntity, "invalid")
		env, rec := vaultIn(dealer)
		rec.want(http.StatusCreated)
		_, refused := vaultIn(other)
		refused.problem(http.StatusConflict, "asset_already_held")
		_, refused = vaultIn(dealer)
		refused.problem(http.StatusConflict, "asset_already_held")
		dealer.get(at).want(http.StatusOK).equal("data.held", true).equal("data.by_you", true).equal("data.envelope_ids.0", env)
		other.get(at).want(http.StatusOK).equal("data.held", true).equal("data.by_you", false).equal("data.pledged", false).equal("data.envelope_ids.0", nil)

		dealer.assigns(lender, env, map[string]any{"purpose": "pledge"})
		other.get(at).want(http.StatusOK).equal("data.held", true).equal("data.pledged", true)
		lender.post("/partner/envelopes/"+env+"/vault-out", recipient("R")).want(http.StatusOK)
		other.get(at).want(http.StatusOK).equal("data.held", false)
		_, rec = vaultIn(other)
		rec.want(http.StatusCreated)
	})
}
