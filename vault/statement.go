package vault

import (
	"bytes"
	"context"
	"crypto"
	"fmt"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/keyring"
)

// # Statements, version 1
//
// What the vault and a custodian sign beside the authoritative copy. Each is
// canonical JSON (internal/canonjson: sorted keys, no white space) with "v":1;
// times are UTC with six decimals, digests lower-case hex. These formats never
// change; a later one has another v.
//
//	custody          compact JWS, typ evault-custody+jwt, by the statement key
//	acknowledgment   compact JWS, typ evault-acknowledgment+jwt, by the custodian's key
//	release          compact JWS, typ evault-release+jwt, by the statement key
//	version          content of a CMS SignedData (CAdES) by the sealing key, for
//	                 files that cannot carry their seal
//
// A Party is {"email"?,"identifier"?,"name"}, a Custody {"assignee":Party,
// "controller":{"bound_by","org_id","party":Party},"custodian":{"kind","party":Party}}.
//
// custody, one for each entry, chained by prev, the SHA-256 of the JWS before:
//
//	{"at","consent":{"actor":{"id","kind","org_id"?},"kind","request_id"?,"request_sha256"?},"copy_id","custody_id",
//	 "envelope_id","from":Custody or null,"jurisdiction","kind","prev","recipient":Recipient or null,"seq","sha256",
//	 "to":Custody or null,"v","version"}
//
// acknowledgment:
//
//	{"acknowledgment_id","assignee":Party,"at","controller":Controller,"copy_id","custodian":Party,"custody_id",
//	 "envelope_id","sha256","standing_acknowledgment_sha256","statement","v","version"}
//
// release, ends_version being the last version in custody and sha256 the digest
// of the release version that names the recipient:
//
//	{"at","copy_id","ends_sha256","ends_version","envelope_id","note"?,"reason","recipient":Recipient,"release_id",
//	 "sha256","v","version"}
//
// version, prev being the SHA-256 of the CMS before, "" for version 1:
//
//	{"assignee":Party,"at","copy_id","envelope_id","kind","prev","reason"?,"recipient":Recipient or null,"sha256",
//	 "v","vault","version"}
const (
	typCustody        = "evault-custody+jwt"
	typAcknowledgment = "evault-acknowledgment+jwt"
	typRelease        = "evault-release+jwt"
	statementVersion  = 1
)

// acknowledges is the sentence a custodian signs for each copy.
const acknowledges = "The custodian named here acknowledges that it maintains the authoritative copy named here, and holds it for the assignee named here under the control of the controller named here."

// CustodyStatement is the payload of a custody statement.
type CustodyStatement struct {
	At         string   `json:"at"`
	Consent    Consent  `json:"consent"`
	CopyID     string   `json:"copy_id"`
	CustodyID  string   `json:"custody_id"`
	EnvelopeID string   `json:"envelope_id"`
	From       *Custody `json:"from"`
	// Jurisdiction is the clause of a deposit that provides one, "" where the
	// depositor named none and in later entries.
	Jurisdiction string         `json:"jurisdiction"`
	Kind         string         `json:"kind"`
	Prev         storage.Digest `json:"prev"`
	Recipient    *Recipient     `json:"recipient"`
	Seq          int            `json:"seq"`
	SHA256       storage.Digest `json:"sha256"`
	To           *Custody       `json:"to"`
	V            int            `json:"v"`
	Version      int            `json:"version"`
}

// AcknowledgmentStatement is the payload of a custodian's acknowledgment.
type AcknowledgmentStatement struct {
	AcknowledgmentID string         `json:"acknowledgment_id"`
	Assignee         Party          `json:"assignee"`
	At               string         `json:"at"`
	Controller       Controller     `json:"controller"`
	CopyID           string         `json:"copy_id"`
	Custodian        Party          `json:"custodian"`
	CustodyID        string         `json:"custody_id"`
	EnvelopeID       string         `json:"envelope_id"`
	SHA256           storage.Digest `json:"sha256"`
	Standing         storage.Digest `json:"standing_acknowledgment_sha256"`
	Statement        string         `json:"statement"`
	V                int            `json:"v"`
	Version          int            `json:"version"`
}

// ReleaseStatement is the payload of a release statement.
type ReleaseStatement struct {
	At          string         `json:"at"`
	CopyID      string         `json:"copy_id"`
	EndsSHA256  storage.Digest `json:"ends_sha256"`
	EndsVersion int            `json:"ends_version"`
	EnvelopeID  string         `json:"envelope_id"`
	Note        string         `json:"note,omitempty"`
	Reason      string         `json:"reason"`
	Recipient   Recipient      `json:"recipient"`
	ReleaseID   string         `json:"release_id"`
	SHA256      storage.Digest `json:"sha256"`
	V           int            `json:"v"`
	Version     int            `json:"version"`
}

// VersionStatement is the content of a detached seal.
type VersionStatement struct {
	Assignee   Party          `json:"assignee"`
	At         string         `json:"at"`
	CopyID     string         `json:"copy_id"`
	EnvelopeID string         `json:"envelope_id"`
	Kind       string         `json:"kind"`
	Prev       storage.Digest `json:"prev"`
	Reason     string         `json:"reason,omitempty"`
	Recipient  *Recipient     `json:"recipient"`
	SHA256     storage.Digest `json:"sha256"`
	V          int            `json:"v"`
	Vault      string         `json:"vault"`
	Version    int            `json:"version"`
}

// VerifyCustody verifies a whole custody chain offline: every statement is
// signed by one of the keys, names the digest of the one before, is about the
// same copy, and begins where the one before ended. ErrStatement names the
// entry that does not.
func VerifyCustody(statements []string, keys keyring.Keys) ([]CustodyStatement, error) {
	var out []CustodyStatement
	var prev storage.Digest
	for i, token := range statements {
		var s CustodyStatement
		if err := parse(token, typCustody, keyring.Statement, keys, &s); err != nil {
			return nil, fmt.Errorf("custody entry %d: %w", i+1, err)
		}
		if problem := s.follows(out, prev); problem != "" {
			return nil, fmt.Errorf("custody entry %d: %w: %s", i+1, ErrStatement, problem)
		}
		out, prev = append(out, s), storage.Sum([]byte(token))
	}
	return out, nil
}

func (s CustodyStatement) follows(before []CustodyStatement, prev storage.Digest) string {
	switch n := len(before); {
	case s.V != statementVersion:
		return fmt.Sprintf("version %d is unknown", s.V)
	case s.Seq != n+1:
		return fmt.Sprintf("has seq %d", s.Seq)
	case s.Prev != prev:
		return "does not name the statement before"
	case n == 0 && s.From == nil:
		return ""
	case n == 0:
		return "is not the first"
	case s.CopyID != before[n-1].CopyID || s.EnvelopeID != before[n-1].EnvelopeID:
		return "is about another copy"
	case s.Version < before[n-1].Version || s.At < before[n-1].At:
		return "is older than the one before"
	case before[n-1].To == nil:
		return "follows a release"
	case s.From == nil || *s.From != *before[n-1].To:
		return "does not begin where the one before ended"
	}
	return ""
}

// VerifyAcknowledgment verifies a custodian's acknowledgment; ErrStatement.
func VerifyAcknowledgment(token string, keys keyring.Keys) (AcknowledgmentStatement, error) {
	var s AcknowledgmentStatement
	err := parse(token, typAcknowledgment, keyring.Custodian, keys, &s)
	return s, known(err, s.V)
}

// VerifyRelease verifies a release statement; ErrStatement.
func VerifyRelease(token string, keys keyring.Keys) (ReleaseStatement, error) {
	var s ReleaseStatement
	err := parse(token, typRelease, keyring.Statement, keys, &s)
	return s, known(err, s.V)
}

// VerifyVersions verifies the detached seals of a file, first version first:
// each is a valid CMS by a certificate that leads to roots, names the digest of
// the file and of the one before. options gives the options for statement i,
// counted from 0: each was signed at a time of its own. ErrStatement names the one
// that does not.
func VerifyVersions(ctx context.Context, statements [][]byte, file storage.Digest, options func(i int) pades.Options) ([]VersionStatement, error) {
	var out []VersionStatement
	var prev storage.Digest
	for i, der := range statements {
		fail := func(why any) ([]VersionStatement, error) {
			return nil, fmt.Errorf("version statement %d: %w: %v", i+1, ErrStatement, why)
		}
		content, report, err := pades.VerifyStatement(ctx, der, options(i))
		if err != nil {
			return fail(err)
		}
		if !report.OK() {
			return fail(report.Problem)
		}
		var s VersionStatement
		switch err := canonjson.Unmarshal(content, &s); {
		case err != nil:
			return fail(err)
		case s.V != statementVersion || s.Version != i+1 || s.SHA256 != file || s.Prev != prev:
			return fail("does not follow")
		}
		out, prev = append(out, s), storage.Sum(der)
	}
	return out, nil
}

func known(err error, v int) error {
	if err == nil && v != statementVersion {
		return fmt.Errorf("%w: version %d is unknown", ErrStatement, v)
	}
	return err
}

// signed is what every statement says: when it was signed.
type signed interface{ signedAt() string }

func (s *CustodyStatement) signedAt() string        { return s.At }
func (s *AcknowledgmentStatement) signedAt() string { return s.At }
func (s *ReleaseStatement) signedAt() string        { return s.At }

// parse reads a statement signed by a key of the purpose that was in use then.
func parse(token, typ string, p keyring.Purpose, keys keyring.Keys, v signed) error {
	fail := func(err error) error { return fmt.Errorf("%w: %w", ErrStatement, err) }
	payload, kid, err := keys.OpenJWS(token, typ, p)
	if err != nil {
		return fail(err)
	}
	if err := canonjson.Unmarshal(payload, v); err != nil {
		return fail(err)
	}
	if again, err := canonjson.Marshal(v); err != nil || !bytes.Equal(again, payload) {
		return fail(canonjson.ErrNotCanonical)
	}
	at, err := environ.Parse(v.signedAt())
	if err == nil {
		err = keys.Check(p, kid, at)
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// state signs a statement with the vault's key.
func (v *Vault) state(typ string, payload any) (token string, sum storage.Digest, err error) {
	token, _, err = v.signJWS(keyring.Statement, v.c.StatementSigner, typ, payload)
	if err != nil {
		return "", "", fmt.Errorf("sign statement: %w", err)
	}
	return token, storage.Sum([]byte(token)), nil
}

// signJWS signs the canonical payload with a key that is still in use, and returns
// its id too. What a retired key signs would verify nowhere.
func (v *Vault) signJWS(p keyring.Purpose, s crypto.Signer, typ string, payload any) (token, kid string, err error) {
	pub, err := jws.PublicKey(s)
	if err != nil {
		return "", "", err
	}
	b, err := canonjson.Marshal(payload)
	if err != nil {
		return "", "", err
	}
	kid = jws.Thumbprint(pub)
	if err := v.c.Keys.Keys().Check(p, kid, v.now()); err != nil {
		return "", "", err
	}
	token, err = jws.Sign(s, kid, typ, b)
	return token, kid, err
}

// acknowledge has the custodian acknowledge an entry of the custody chain; nil
// where the assignee is its own custodian.
func (v *Vault) acknowledge(e CustodyEntry) (*Acknowledgment, error) {
	if e.To.Custodian.Kind != CustodianOperator {
		return nil, nil
	}
	c := v.c.Custodian
	a := &Acknowledgment{ID: v.c.NewID("ack"), CopyID: e.CopyID, CustodyID: e.ID, Version: e.Version, At: e.RecordedAt}
	var err error
	a.JWS, a.KeyID, err = v.signJWS(keyring.Custodian, c.Signer, typAcknowledgment, AcknowledgmentStatement{
		AcknowledgmentID: a.ID, Assignee: e.To.Assignee, At: environ.Format(a.At), Controller: e.To.Controller, CopyID: e.CopyID,
		Custodian: e.To.Custodian.Party, CustodyID: e.ID, EnvelopeID: e.EnvelopeID, SHA256: e.SHA256,
		Standing: c.StandingAcknowledgmentSHA256, Statement: acknowledges, V: statementVersion, Version: e.Version,
	})
	if err != nil {
		return nil, fmt.Errorf("custodian's acknowledgment: %w", err)
	}
	a.SHA256 = storage.Sum([]byte(a.JWS))
	return a, nil
}

// entry completes a custody entry with its statement, which of a deposit provides
// a jurisdiction.
func (v *Vault) entry(e CustodyEntry, jurisdiction string) (CustodyEntry, error) {
	var err error
	e.Statement, e.StatementSHA256, err = v.state(typCustody, CustodyStatement{
		At: environ.Format(e.RecordedAt), Consent: e.Consent, CopyID: e.CopyID, CustodyID: e.ID, EnvelopeID: e.EnvelopeID,
		From: e.From, Jurisdiction: jurisdiction, Kind: e.Kind, Prev: e.PreviousSHA256, Recipient: e.Recipient, Seq: e.Seq, SHA256: e.SHA256,
		To: e.To, V: statementVersion, Version: e.Version,
	})
	return e, err
}
