package tsa_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/esign/pades/tsa"
)

// Two authorities: the second is asked only when the first does not answer.
func ExampleClient_Timestamp() {
	authority := httptest.NewServer(pki().Timestamper())
	defer authority.Close()
	client, err := tsa.New(tsa.Config{URLs: []string{authority.URL, "https://tsa.example.com"}, Timeout: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	digest := sha256.Sum256([]byte("contract"))
	der, err := client.Timestamp(context.Background(), crypto.SHA256, digest[:])
	if err != nil {
		log.Fatal(err)
	}
	token, err := pades.ParseToken(der)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Stamps(crypto.SHA256, digest[:]), token.Certificate.Subject.CommonName)
	// Output: true Test TSA
}
