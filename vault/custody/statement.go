package custody

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/keyring"
)

// # Statements, version 1, and custody statements, versions 2 and 3
//
// What the vault and a custodian sign beside the authoritative copy. Each is
// canonical JSON (internal/canonjson: sorted keys, no white space) with its "v";
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
// Version 2 is that of an assignment, and of an entry with a Custody that has the member
// "interest":{"kind","obligation"?:{"amount"?,"currency"?,"reference"},"pledged_by"?:Party}.
// An assignment has, besides, the acceptance of the new controller, where consent is
// that of the one before, by its offer:
//
//	{"acceptance":Consent,"assignment_id",…,"purpose","reason"?,…}
//
// Version 3 is that of an entry with a Controller that has the member "control_key":JWK (ControlKey),
// or with a Consent that has "jws", the consent by that key (consent.go). Whatever an entry of
// version 2 has, it has too. An entry of kind "bind" has it always: from and to differ in the
// controller alone, which is the assignee with its key. An acknowledgment for such a Controller has version 2.
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
	TypCustody        = "evault-custody+jwt"
	TypAcknowledgment = "evault-acknowledgment+jwt"
	TypRelease        = "evault-release+jwt"
	StatementVersion  = 1
	assignmentVersion = 2 // of custody statements
	controlVersion    = 3 // likewise

	acknowledgmentOfKeyVersion = 2
)

// ErrStatement: a statement does not verify.
var ErrStatement = errors.New("vault: statement is not valid")

// AcknowledgmentText is the sentence a custodian signs for each copy.
const AcknowledgmentText = "The custodian named here acknowledges that it maintains the authoritative copy named here, and holds it for the assignee named here under the control of the controller named here."

// Statement is the payload of a custody statement.
type Statement struct {
	At         string   `json:"at"`
	Consent    Consent  `json:"consent"`
	CopyID     string   `json:"copy_id"`
	CustodyID  string   `json:"custody_id"`
	EnvelopeID string   `json:"envelope_id"`
	From       *Parties `json:"from"`
	// Jurisdiction is the clause of a deposit that provides one, "" where the
	// depositor named none and in later entries.
	Jurisdiction string         `json:"jurisdiction"`
	Kind         EntryKind      `json:"kind"`
	Prev         storage.Digest `json:"prev"`
	Recipient    *Recipient     `json:"recipient"`
	Seq          int            `json:"seq"`
	SHA256       storage.Digest `json:"sha256"`
	To           *Parties       `json:"to"`
	V            int            `json:"v"`
	Version      int            `json:"version"`

	// Of an assignment only.
	Acceptance   *Consent `json:"acceptance,omitempty"`
	AssignmentID string   `json:"assignment_id,omitempty"`
	Purpose      Purpose  `json:"purpose,omitempty"`
	Reason       string   `json:"reason,omitempty"`
}

// StatementOf is the statement of an entry; jurisdiction is the clause of a deposit
// that provides one.
func StatementOf(e Entry, jurisdiction string) Statement {
	s := Statement{
		At: environ.Format(e.RecordedAt), Consent: e.Consent, CopyID: e.CopyID, CustodyID: e.ID, EnvelopeID: e.EnvelopeID,
		From: e.From, Jurisdiction: jurisdiction, Kind: e.Kind, Prev: e.PreviousSHA256, Recipient: e.Recipient, Seq: e.Seq, SHA256: e.SHA256,
		To: e.To, Version: e.Version,
		Acceptance: e.Acceptance, AssignmentID: e.AssignmentID, Purpose: e.Purpose, Reason: e.Reason,
	}
	s.V = s.format()
	return s
}

// format is the version of the format that a statement needs.
func (s Statement) format() int {
	if s.Consent.JWS != "" || s.Acceptance != nil && s.Acceptance.JWS != "" ||
		s.From != nil && s.From.Controller.ControlKey != "" || s.To != nil && s.To.Controller.ControlKey != "" {
		return controlVersion
	}
	if s.Kind == EntryAssignment || s.From != nil && s.From.Interest != (Interest{}) || s.To != nil && s.To.Interest != (Interest{}) {
		return assignmentVersion
	}
	return StatementVersion
}

// shape says what an entry of its kind may not have, or lacks; "" for nothing.
func (s Statement) shape() string {
	assigned := s.Acceptance != nil && s.AssignmentID != "" && s.Purpose != "" && s.From != nil && s.To != nil && s.Recipient == nil
	bare := s.Acceptance == nil && s.AssignmentID == "" && s.Purpose == "" && s.Reason == ""
	switch {
	case s.Kind == EntryAssignment && !assigned:
		return "is an assignment without its acceptance, id, purpose or parties"
	case s.Kind != EntryAssignment && !bare:
		return "has members of an assignment"
	case s.Kind == EntryBind && !s.binds():
		return "is a bind that changes more than the controller, or binds it to no key of the assignee"
	case !s.From.keyed() || !s.To.keyed():
		return "has a controller whose binding and key differ"
	}
	return ""
}

// keyed reports whether the controller has a control key exactly if it is bound by one.
func (p *Parties) keyed() bool {
	return p == nil || (p.Controller.BoundBy == BoundByControlKey) == (p.Controller.ControlKey != "")
}

// binds reports whether an entry gives control to its assignee by a key, and changes nothing else.
func (s Statement) binds() bool {
	if s.From == nil || s.To == nil || s.Recipient != nil || s.From.Controller.ControlKey != "" {
		return false
	}
	want := *s.From
	want.Controller = Controller{Party: want.Assignee, OrgID: want.Controller.OrgID, BoundBy: BoundByControlKey, ControlKey: s.To.Controller.ControlKey}
	return *s.To == want
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
	Kind       VersionKind    `json:"kind"`
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
func VerifyCustody(statements []string, keys keyring.Keys) ([]Statement, error) {
	var out []Statement
	var prev storage.Digest
	for i, token := range statements {
		var s Statement
		if err := parse(token, TypCustody, keyring.Statement, keys, &s); err != nil {
			return nil, fmt.Errorf("custody entry %d: %w", i+1, err)
		}
		if problem := s.follows(out, prev); problem != "" {
			return nil, fmt.Errorf("custody entry %d: %w: %s", i+1, ErrStatement, problem)
		}
		out, prev = append(out, s), storage.Sum([]byte(token))
	}
	return out, nil
}

func (s Statement) follows(before []Statement, prev storage.Digest) string {
	switch n := len(before); {
	case s.V != s.format():
		return fmt.Sprintf("version %d is unknown", s.V)
	case s.shape() != "":
		return s.shape()
	case s.Seq != n+1:
		return fmt.Sprintf("has seq %d", s.Seq)
	case s.Prev != prev:
		return "does not name the previous statement"
	case n == 0 && s.From == nil:
		return ""
	case n == 0:
		return "is not the first"
	case s.CopyID != before[n-1].CopyID || s.EnvelopeID != before[n-1].EnvelopeID:
		return "is about another copy"
	case s.Version < before[n-1].Version || s.At < before[n-1].At:
		return "is older than the previous one"
	case before[n-1].To == nil:
		return "follows a release"
	case s.From == nil || *s.From != *before[n-1].To:
		return "does not continue from the previous one"
	}
	return ""
}

// VerifyStatement verifies one custody statement without the rest of its chain; ErrStatement.
func VerifyStatement(token string, keys keyring.Keys) (Statement, error) {
	var s Statement
	err := parse(token, TypCustody, keyring.Statement, keys, &s)
	switch {
	case err != nil:
	case s.V != s.format():
		err = fmt.Errorf("%w: version %d is unknown", ErrStatement, s.V)
	case s.shape() != "":
		err = fmt.Errorf("%w: %s", ErrStatement, s.shape())
	}
	return s, err
}

// VerifyAcknowledgment verifies a custodian's acknowledgment; ErrStatement.
func VerifyAcknowledgment(token string, keys keyring.Keys) (AcknowledgmentStatement, error) {
	var s AcknowledgmentStatement
	err := parse(token, TypAcknowledgment, keyring.Custodian, keys, &s)
	return s, known(err, s.V, AcknowledgmentVersion(s.Controller))
}

// AcknowledgmentVersion is the version of the format of an acknowledgment for a controller.
func AcknowledgmentVersion(c Controller) int {
	if c.ControlKey != "" {
		return acknowledgmentOfKeyVersion
	}
	return StatementVersion
}

// VerifyRelease verifies a release statement; ErrStatement.
func VerifyRelease(token string, keys keyring.Keys) (ReleaseStatement, error) {
	var s ReleaseStatement
	err := parse(token, TypRelease, keyring.Statement, keys, &s)
	return s, known(err, s.V, StatementVersion)
}

func known(err error, v, want int) error {
	if err == nil && v != want {
		return fmt.Errorf("%w: version %d is unknown", ErrStatement, v)
	}
	return err
}

// signed is what every statement says: when it was signed.
type signed interface{ signedAt() string }

func (s *Statement) signedAt() string               { return s.At }
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
