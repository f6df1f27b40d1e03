package compliance

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
)

// PackageFiles returns what a release package holds beside the vault's own files:
// certificate.json, custody-record.pdf, certificates/0001.jws and on,
// log/checkpoint, rules.md, and the public keys that all of it verifies against.
func (e *Engine) PackageFiles(ctx context.Context, r *vault.Release) ([]vault.PackageFile, error) {
	list, err := e.c.Store.Certificates(ctx, r.EnvelopeID)
	if err != nil {
		return nil, err
	}
	newest, err := e.issued(ctx, r.EnvelopeID, r.EventID)
	if err != nil {
		return nil, err
	}
	document, err := newest.Document()
	if err != nil {
		return nil, err
	}
	record, err := e.CustodyRecord(ctx, newest)
	if err != nil {
		return nil, err
	}
	files := []vault.PackageFile{
		{Name: "certificate.json", Content: document},
		{Name: "custody-record.pdf", Content: record},
		{Name: "log/checkpoint", Content: []byte(newest.Log.Checkpoint)},
		{Name: "rules.md", Content: []byte(certificate.Rules())},
	}
	for _, c := range list {
		files = append(files, vault.PackageFile{Name: fmt.Sprintf("certificates/%04d.jws", c.Serial), Content: []byte(c.JWS)})
	}
	keys, err := e.keyFiles(ctx)
	return append(files, keys...), err
}

// keyFiles are the public keys in a release package. Who verifies it compares them
// with keys from elsewhere: a package that was forged brings keys of its own.
//
//	keys/jwks.json      every key and its time, as the issuer serves it
//	keys/log.txt        the log's verifier keys and their times, for certificate.ParseKeys
//	keys/seal-root.pem  the roots of the seals, where they are known
func (e *Engine) keyFiles(ctx context.Context) ([]vault.PackageFile, error) {
	public := e.PublicKeys()
	set, err := public.JWKS()
	if err != nil {
		return nil, err
	}
	logKeys, err := e.c.Log.Keys(ctx)
	if err != nil {
		return nil, err
	}
	var lines, roots bytes.Buffer
	lines.WriteString("# verifier key, in use from, until\n")
	for _, k := range logKeys {
		fmt.Fprintln(&lines, k)
	}
	for _, k := range public.Of(keyring.Seal) {
		until := "now"
		if k.Until != nil {
			until = environ.Format(*k.Until)
		}
		fmt.Fprintf(&roots, "root of the seal %s, in use from %s until %s\n", k.ID, environ.Format(k.From), until)
		if err := pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: k.Chain[len(k.Chain)-1].Raw}); err != nil {
			return nil, err
		}
	}
	files := []vault.PackageFile{
		{Name: "keys/jwks.json", Content: set},
		{Name: "keys/log.txt", Content: lines.Bytes()},
	}
	if roots.Len() > 0 {
		files = append(files, vault.PackageFile{Name: "keys/seal-root.pem", Content: roots.Bytes()})
	}
	return files, nil
}
