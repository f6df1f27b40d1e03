package httpapi

import (
	"time"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

type assetInput struct {
	Kind     string `json:"kind"`
	Value    string `json:"value"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

func assetsOf(in []assetInput) []custody.Asset {
	out := make([]custody.Asset, len(in))
	for i, a := range in {
		out[i] = custody.Asset{Kind: custody.AssetKind(a.Kind), Value: a.Value, Amount: a.Amount, Currency: a.Currency}
	}
	return out
}

type assetState struct {
	Kind        string   `json:"kind"`
	Value       string   `json:"value"`
	Held        bool     `json:"held"`
	Pledged     bool     `json:"pledged"`
	ByYou       bool     `json:"by_you"`
	EnvelopeIDs []string `json:"envelope_ids"`
}

// asset reports whether an asset is held or pledged in this installation.
func (a *API) asset(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	if err := a.limitAssets(c); err != nil {
		return nil, err
	}
	st, err := a.cfg.Vault.LookupAsset(c.Ctx, vault.AssetQuery{
		OrgID: c.key.OrgID, Kind: custody.AssetKind(c.Params["kind"]), Value: c.Params["value"], Actor: c.actor(),
	})
	if err != nil {
		return nil, err
	}
	out := assetState{
		Kind: string(st.Asset.Kind), Value: st.Asset.Value, Held: st.Held, Pledged: st.Pledged, ByYou: st.ByYou, EnvelopeIDs: st.EnvelopeIDs,
	}
	if out.EnvelopeIDs == nil {
		out.EnvelopeIDs = []string{}
	}
	return rest.OK(out), nil
}

// limitAssets counts an organization's queries over all replicas, because
// identifiers could be guessed.
func (a *API) limitAssets(c *call) error {
	hour := c.Now.Truncate(time.Hour)
	n, err := a.cfg.Counters.Add(c.Ctx, "assets:"+c.key.OrgID, hour, 1)
	if err != nil {
		return err
	}
	if n > assetQueries {
		c.RetryAt = hour.Add(time.Hour)
		return errRate
	}
	return nil
}
