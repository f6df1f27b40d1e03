// Command verify checks a certificate offline: no network, no database, only
// the certificate and the issuer's public keys, which come from a source that
// the verifier trusts.
//
//	go run ./examples/verify -certificate certificate.json -jwks jwks.json -log-key 'evault.local/…+…'
//
// jwks.json is what the issuer serves at .well-known/jwks.json, the log key what
// it serves at log/keys. It exits 0 only if everything verifies. Whether the
// certificate was superseded since, ask the issuer's verify address.
package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/vault/translog"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	certificate := fs.String("certificate", "", "file of the certificate, as served")
	jwks := fs.String("jwks", "", "file of the issuer's JSON Web Key Set")
	logKeys := fs.String("log-key", "", "the log's verifier keys, separated by commas")
	if err := fs.Parse(args); err != nil {
		return err
	}
	document, err := os.ReadFile(*certificate)
	if err != nil {
		return err
	}
	keys, err := readKeys(*jwks, *logKeys)
	if err != nil {
		return err
	}
	c, err := compliance.VerifyDocument(unwrap(document), keys)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "certificate %s, serial %d, issued %s\n", c.ID, c.Serial, c.IssuedAt)
	fmt.Fprintf(out, "envelope %s (%s), regime %s\n", c.Subject.EnvelopeID, c.Subject.Status, c.Regime)
	fmt.Fprintf(out, "authoritative copy %s, version %d, held here: %v\n", c.AuthoritativeCopy.SHA256, c.AuthoritativeCopy.Version, c.AuthoritativeCopy.HeldHere)
	fmt.Fprintf(out, "assignee %s, custodian %s\n", c.Assignee.Name, c.Custodian.Name)
	for _, check := range c.Compliance.Checks {
		fmt.Fprintf(out, "  %-5v %s %s\n", check.Met(), check.Reference, check.Requirement)
	}
	fmt.Fprintf(out, "log %s at size %d: %d inclusion proofs verify\n", c.Log.Origin, c.Log.TreeSize, len(c.Log.Entries))
	return nil
}

// unwrap takes the certificate out of {"data": …} where it was saved whole.
func unwrap(document []byte) []byte {
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(document, &answer) == nil && answer.Data != nil {
		return answer.Data
	}
	return document
}

func readKeys(jwksFile, logKeys string) (compliance.Keys, error) {
	keys := compliance.Keys{Certificate: map[string]ed25519.PublicKey{}}
	raw, err := os.ReadFile(jwksFile)
	if err != nil {
		return keys, err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		return keys, fmt.Errorf("%s: %w", jwksFile, err)
	}
	for _, k := range set.Keys {
		if pub, ok := k.Key.(ed25519.PublicKey); ok {
			keys.Certificate[k.KeyID] = pub
		}
	}
	for _, k := range strings.FieldsFunc(logKeys, func(r rune) bool { return r == ',' || r == '\n' }) {
		v, err := translog.NewVerifier(strings.TrimSpace(k))
		if err != nil {
			return keys, fmt.Errorf("-log-key: %w", err)
		}
		keys.Log = append(keys.Log, v)
	}
	if len(keys.Log) == 0 {
		return keys, errors.New("-log-key is required")
	}
	return keys, nil
}
