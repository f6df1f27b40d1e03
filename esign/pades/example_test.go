package pades_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// keys stands for a key file and a certificate chain of your own.
func keys() *testpki.PKI { return pki() }

// Seal a file with a key in this process and a time-stamp authority.
func ExampleSealer_Seal() {
	sealer, err := pades.New(pades.Config{
		Signer:      keys().Seal.Key,
		Chain:       keys().Seal.Chain,
		Timestamper: keys().Timestamper(), // over HTTP: tsa.New(tsa.Config{URLs: …})
	})
	if err != nil {
		log.Fatal(err)
	}
	contract := testpdf.New(testpdf.Options{})
	seal, err := sealer.Seal(context.Background(), pades.SealRequest{PDF: contract, Reason: "Sealed on deposit"})
	if err != nil {
		log.Fatal(err)
	}
	sealed := append(contract, seal.Appended...)

	report, err := pades.Verify(context.Background(), sealed, pades.Options{Roots: keys().Roots()})
	if err != nil {
		log.Fatal(err)
	}
	s := report.Signatures[0]
	fmt.Println(report.OK(), s.Level, s.Integrity, s.Trust, s.Coverage, s.Reason)
	// Output: true B-T valid trusted whole_file Sealed on deposit
}

// The first signature of a form certifies it, in the field that the form has for that: later ones may sign and fill in.
func ExampleSealRequest() {
	sealer, err := pades.New(pades.Config{Signer: keys().Seal.Key, Chain: keys().Seal.Chain})
	if err != nil {
		log.Fatal(err)
	}
	form := testpdf.New(testpdf.Options{
		Catalog: "/AcroForm<</Fields[30 0 R]>>", Page: "/Annots[30 0 R]",
		Objects: map[int]string{30: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Issuer)/Rect[100 100 300 160]>>"},
	})
	seal, err := sealer.Seal(context.Background(), pades.SealRequest{PDF: form, Field: "Issuer", Certify: 2})
	if err != nil {
		log.Fatal(err) // *pades.FieldError: no such field, signed, or with conditions of its author
	}
	report, err := pades.Verify(context.Background(), append(form, seal.Appended...), pades.Options{Roots: keys().Roots()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(seal.Field, report.OK(), report.Signatures[0].Certification)
	// Output: Issuer true 2
}

// A seal that readers see, on the last page. Later signatures may be visible too, where they cover nothing.
func ExampleAppearance() {
	sealer, err := pades.New(pades.Config{Signer: keys().Seal.Key, Chain: keys().Seal.Chain})
	if err != nil {
		log.Fatal(err)
	}
	contract := testpdf.New(testpdf.Options{Pages: 3})
	seal, err := sealer.Seal(context.Background(), pades.SealRequest{
		PDF: contract,
		Appearance: &pades.Appearance{
			Page: 3, X: 0.6, Y: 0.85, W: 0.35, H: 0.1, Lines: []string{"Sealed by Example Vault", "2026-11-23"},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	report, err := pades.Verify(
		context.Background(), append(contract, seal.Appended...), pades.Options{Roots: keys().Roots()},
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(seal.Field, report.OK())
	// Output: Seal 1 true
}

// A seal that freezes form fields: whoever changes them later does what this seal forbids.
func ExampleLock() {
	sealer, err := pades.New(pades.Config{Signer: keys().Seal.Key, Chain: keys().Seal.Chain})
	if err != nil {
		log.Fatal(err)
	}
	contract := testpdf.New(testpdf.Options{})
	seal, err := sealer.Seal(context.Background(), pades.SealRequest{
		PDF:  contract,
		Lock: &pades.Lock{Action: pades.LockExclude, Fields: []string{"Buyer.Initials"}, Permission: 1},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = sealer.Seal(context.Background(), pades.SealRequest{PDF: append(contract, seal.Appended...)})
	fmt.Println(err) // Permission 1: no further seal either
	// Output: pades: the file cannot be sealed: locked
}

// A key in an HSM, a smart card or a KMS signs a digest that Prepare hands out.
func ExampleSealer_Prepare() {
	sealer, err := pades.New(pades.Config{Chain: keys().Seal.Chain}) // no Signer
	if err != nil {
		log.Fatal(err)
	}
	contract := testpdf.New(testpdf.Options{})
	prepared, err := sealer.Prepare(context.Background(), pades.SealRequest{PDF: contract})
	if err != nil {
		log.Fatal(err)
	}

	value, err := remoteSign(prepared.Digest, prepared.Opts) // seconds or minutes later
	if err != nil {
		log.Fatal(err)
	}
	seal, err := sealer.Finish(context.Background(), prepared, value)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(seal.Level, seal.Field, seal.TimeSource)
	// Output: B-B Seal 1 clock
}

func remoteSign(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return keys().Seal.Key.Sign(rand.Reader, digest, opts)
}

// Judge the signatures of a file from elsewhere. Each answer stands by itself: a signature may be intact and yet not
// trusted, or followed by changes that its signer never saw.
func ExampleVerify() {
	stranger, err := testpki.SelfSigned("Someone", time.Now())
	if err != nil {
		log.Fatal(err)
	}
	theirs, err := pades.New(pades.Config{Signer: stranger.Key, Chain: stranger.Chain})
	if err != nil {
		log.Fatal(err)
	}
	contract := testpdf.New(testpdf.Options{})
	seal, err := theirs.Seal(context.Background(), pades.SealRequest{PDF: contract})
	if err != nil {
		log.Fatal(err)
	}
	received := append(append(contract, seal.Appended...), "\none more line\n"...)

	report, err := pades.Verify(context.Background(), received, pades.Options{Roots: keys().Roots()})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range report.Signatures {
		fmt.Println(s.OK(), s.Subject, s.Integrity, s.Trust, s.ChangesAfter, s.Changes)
	}
	// Output: false CN=Someone,O=Example Vault,C=US valid untrusted suspicious [bytes follow the end of the file]
}

// Where a file cannot be extended, a statement stands beside it.
func ExampleSealer_Statement() {
	sealer, err := pades.New(
		pades.Config{Signer: keys().Seal.Key, Chain: keys().Seal.Chain, Timestamper: keys().Timestamper()},
	)
	if err != nil {
		log.Fatal(err)
	}
	der, level, err := sealer.Statement(context.Background(), []byte("file 2c26b46b… is version 1"))
	if err != nil {
		log.Fatal(err)
	}
	content, report, err := pades.VerifyStatement(context.Background(), der, pades.Options{Roots: keys().Roots()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(level, report.OK(), string(content))
	// Output: B-T true file 2c26b46b… is version 1
}

// Raise a sealed file so that it can be verified when its certificates have expired and its authorities are gone.
func ExampleExtender_Extend() {
	sealer, err := pades.New(
		pades.Config{Signer: keys().Seal.Key, Chain: keys().Seal.Chain, Timestamper: keys().Timestamper()},
	)
	if err != nil {
		log.Fatal(err)
	}
	extender, err := pades.NewExtender(pades.ExtenderConfig{
		Roots:       keys().Roots(),
		Revocation:  keys().Revocations(), // over HTTP: tsa.NewRevocation(…)
		Timestamper: keys().Timestamper(),
	})
	if err != nil {
		log.Fatal(err)
	}
	contract := testpdf.New(testpdf.Options{})
	seal, err := sealer.Seal(context.Background(), pades.SealRequest{PDF: contract})
	if err != nil {
		log.Fatal(err)
	}
	sealed := append(contract, seal.Appended...)
	extension, err := extender.Extend(context.Background(), sealed)
	if err != nil {
		log.Fatal(err)
	}
	preserved := append(sealed, extension.Appended...)

	report, err := pades.Verify(
		context.Background(), preserved, pades.Options{Roots: keys().Roots(), RequireRevocation: true},
	)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range report.Signatures[:1] {
		fmt.Println(seal.Level, "→", s.Level, s.Revocation, s.ChangesAfter, s.OK())
	}
	// Output: B-T → B-LTA good permitted true
}

// Find out before a signing session whether a seal can be made at its end.
func ExampleSealer_Check() {
	sealer, err := pades.New(
		pades.Config{Signer: keys().Seal.Key, Chain: keys().Seal.Chain, Timestamper: keys().Timestamper()},
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sealer.Check(context.Background(), time.Now()))
	// Output: <nil>
}
