package mail_test

import (
	"fmt"
	netmail "net/mail"

	"github.com/evaultlib/evault/esign/mail"
	"github.com/evaultlib/evault/storage/embedded"
)

// A host gives the Notifier to the engine, which tells signers by it and tries again
// what failed.
func ExampleNew() {
	notices, err := mail.New(mail.Config{
		Addr: "smtp.example.com:587", Username: "evault", Password: "from a secret store",
		From: netmail.Address{Name: "Example Signing", Address: "signing@example.com"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = embedded.Options{Notifier: notices, BaseURL: "https://sign.example.com"}
	// Output:
}

// A mail provider reports a bounce by the Message-ID of what came back.
func ExampleSignerOf() {
	fmt.Println(mail.SignerOf("<ntc_4x7k2m.sgn_9f3p6w@example.com>"))
	// Output: sgn_9f3p6w
}
