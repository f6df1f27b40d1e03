package httpapi

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/validate"
)

// checkRedirect checks the URL that signers return to against the organization's origins.
func (a *API) checkRedirect(c *call, redirect string) error {
	if redirect == "" {
		return nil
	}
	org, err := a.cfg.Scopes.Organization(c.Ctx, c.key.OrgID)
	if err != nil {
		return err
	}
	if !onOrigin(redirect, org.Origins) {
		return validate.Fail(
			"redirect_url", "origin", "must be an https URL on one of the organization's %s origins", strconv.Itoa(len(org.Origins)),
		)
	}
	return nil
}

// onOrigin reports whether an address is https and on one of the origins.
func onOrigin(address string, origins []string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && slices.Contains(origins, u.Scheme+"://"+u.Host)
}

// withOutcome is the URL for a signer after signing or declining: redirect with
// envelope_id, signer_id and outcome in its query, "" before. No secret is in it.
func withOutcome(redirect, envelopeID, signerID string, s esign.SignerStatus) string {
	if redirect == "" || s != esign.SignerSigned && s != esign.SignerDeclined {
		return ""
	}
	u, err := url.Parse(redirect)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("envelope_id", envelopeID)
	q.Set("signer_id", signerID)
	q.Set("outcome", string(s))
	u.RawQuery = q.Encode()
	return u.String()
}

// continueURL is withOutcome for a page: "" too once the address is on no origin of
// the organization any more.
func (a *API) continueURL(ctx context.Context, orgID, redirect, envelopeID string, s *esign.Signer) (string, error) {
	to := withOutcome(redirect, envelopeID, s.ID, s.Status)
	if to == "" {
		return "", nil
	}
	org, err := a.cfg.Scopes.Organization(ctx, orgID)
	if err != nil || !onOrigin(to, org.Origins) {
		return "", err
	}
	return to, nil
}
