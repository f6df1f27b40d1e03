package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
)

// A host mounts the API on its own router, below the API's base path and without
// stripping it, and runs the delivery of webhooks for as long as it lives.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	v, err := embedded.Open(ctx, embedded.Options{Dir: dir, BaseURL: "https://sign.example"})
	if err != nil {
		panic(err)
	}
	defer v.Close()

	api, err := httpapi.New(httpapi.Config{
		ESign: v.ESign, Templates: v.Templates, Vault: v.Vault, Compliance: v.Compliance, Handover: v.Handover, Log: v.Log, Scopes: v.Scopes,
		Idempotency: v.Idempotency, Tickets: v.Tickets, Counters: v.Counters, Outbox: v.Outbox, Leases: v.Leases,
		TokenKeys: v.TokenKeys, EmbedKey: v.EmbedKey, Keeper: v.Keeper, BaseURL: v.BaseURL, Env: storage.Env{Now: v.Now},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the host's own page") })
	mux.Handle(api.BasePath()+"/", api)
	done := make(chan struct{})
	go func() { defer close(done); _ = api.Run(ctx) }()

	org, err := v.Scopes.CreateOrganization(ctx, scopes.Organization{LegalName: "First Bank"})
	if err != nil {
		panic(err)
	}
	_, secret, err := v.Scopes.Issue(ctx, scopes.IssueRequest{OrgID: org.ID, Scopes: scopes.NewSet(scopes.EnvelopesWrite)})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/v2/partner/envelopes", strings.NewReader(`{"envelope_kind":"paper","customer_email":"ada@example.com","customer_name":"Ada Byron"}`))
	r.Header.Set("X-API-Key", secret)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `"status":"pending"`))

	cancel()
	<-done
	// Output: 201 true
}
