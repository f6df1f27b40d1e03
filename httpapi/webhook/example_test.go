package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
)

// A receiver compares the signature over the raw body before it reads it.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "evault")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	v, err := embedded.Open(ctx, embedded.Options{Dir: dir})
	if err != nil {
		panic(err)
	}
	defer v.Close()
	sender, err := webhook.New(webhook.Config{Outbox: v.Outbox, Scopes: v.Scopes, Keeper: v.Keeper, AllowPrivate: true, AllowHTTP: true})
	if err != nil {
		panic(err)
	}

	secret := "shared with the receiver"
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m := hmac.New(sha256.New, []byte(secret))
		m.Write(body)
		want := "sha256=" + hex.EncodeToString(m.Sum(nil))
		fmt.Println(r.Header.Get("X-Evault-Event"), hmac.Equal([]byte(r.Header.Get("X-Evault-Signature")), []byte(want)))
	}))
	defer receiver.Close()

	org, err := v.Scopes.CreateOrganization(ctx, scopes.Organization{LegalName: "First Bank"})
	if err != nil {
		panic(err)
	}
	key, _, err := v.Scopes.Issue(ctx, scopes.IssueRequest{OrgID: org.ID, Scopes: scopes.All()})
	if err != nil {
		panic(err)
	}
	if _, err := sender.Set(ctx, key, webhook.Change{URL: &receiver.URL, Secret: &secret}); err != nil {
		panic(err)
	}
	_, err = v.ESign.Create(ctx, esign.CreateRequest{
		OrgID: org.ID, Actor: esign.Actor{Kind: "key", ID: key.ID}, EnvelopeKind: esign.KindPaper, CustomerEmail: "ada@example.com", CustomerName: "Ada Byron",
	})
	if err != nil {
		panic(err)
	}
	if err := sender.Flush(ctx); err != nil {
		panic(err)
	}
	// Output: envelope.created true
}
