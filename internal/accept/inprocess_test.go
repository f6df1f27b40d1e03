package accept_test

import (
	"net/http"
	"testing"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
)

// inProcess is an installation in this process with the organization org_a.
func inProcess(t *testing.T) (*embedded.Embedded, http.Handler) {
	t.Helper()
	v, err := embedded.Open(t.Context(), embedded.Options{Dir: t.TempDir(), BaseURL: "http://sign.test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	if _, err := v.Scopes.CreateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "A", Capacity: scopes.Principal}); err != nil {
		t.Fatal(err)
	}
	api, err := httpapi.New(httpapi.Config{
		ESign: v.ESign, Templates: v.Templates, Vault: v.Vault, Approvals: v.Approvals, Pools: v.Pools, Compliance: v.Compliance, Handover: v.Handover, Log: v.Log, Scopes: v.Scopes,
		Idempotency: v.Idempotency, Tickets: v.Tickets, Counters: v.Counters, Outbox: v.Outbox, Leases: v.Leases,
		TokenKeys: v.TokenKeys, EmbedKey: v.EmbedKey, Keeper: v.Keeper, BaseURL: v.BaseURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v, api
}
