// Package releasemark is the mark that a release leaves beside the database.
//
// Stability: the format is fixed for ever; the Go API is internal, for package vault.
package releasemark

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// Mark is the mark of a release, version 1: the object released/<copy id> of the blob
// store, JSON. It is written durably before the release's transaction commits and never
// deleted after that, and no row names it, so that no sweep removes it and no restored
// or edited database hides it: a copy with this mark is handed out by nobody again. It
// holds the whole release, so that one which a crash interrupted goes on as it was
// decided, with the same bytes and statements; no other can follow it.
type Mark struct {
	V       int            `json:"v"`
	Release string         `json:"release"` // release statement, JWS
	Custody string         `json:"custody"` // statement of the last custody entry, JWS
	Object  storage.Object `json:"object"`  // the release version
	Seal    custody.Seal   `json:"seal"`
	CMS     []byte         `json:"cms,omitempty"` // of a detached seal
}

const version = 1

// MaxBytes bounds the size of a mark.
const MaxBytes = 1 << 20

// Name is the blob of a copy's mark.
func Name(copyID string) string { return "released/" + copyID }

// Encode returns the mark of a release: its statement, its custody entry and its version.
func Encode(statement string, entry custody.Entry, v custody.Version) ([]byte, error) {
	return json.Marshal(Mark{version, statement, entry.Statement, v.Object, v.Seal, v.Statement})
}

// Release is what a mark says, after its statements were verified.
type Release struct {
	Statement custody.ReleaseStatement
	JWS       string // of Statement
	At        time.Time
	Version   custody.Version
	Entry     custody.Entry
}

// Open reads the mark of a release that goes on from the version last of c. It verifies
// the statements with keys; an error wraps custody.ErrStatement, or is that of a time or
// of the JSON.
func Open(b []byte, c *custody.Original, last custody.Version, keys keyring.Keys) (*Release, error) {
	var m Mark
	if err := json.Unmarshal(b, &m); err != nil || m.V != version {
		return nil, fmt.Errorf("its version %d is unknown: %w", m.V, errors.Join(err, custody.ErrStatement))
	}
	rs, err := custody.VerifyRelease(m.Release, keys)
	if err != nil {
		return nil, err
	}
	cs, err := custody.VerifyStatement(m.Custody, keys)
	if err != nil {
		return nil, err
	}
	at, err := environ.Parse(rs.At)
	if err != nil {
		return nil, err
	}
	moved, err := environ.Parse(cs.At)
	if err != nil {
		return nil, err
	}
	if rs.CopyID != c.CopyID || rs.EnvelopeID != c.EnvelopeID || rs.EndsVersion != c.Version || rs.EndsSHA256 != c.DocumentHash ||
		rs.SHA256 != m.Object.SHA256 || cs.CopyID != c.CopyID || cs.Kind != custody.EntryRelease || cs.SHA256 != rs.SHA256 || cs.Version != rs.Version {
		return nil, fmt.Errorf("%w: it is about another version", custody.ErrStatement)
	}
	return &Release{
		Statement: rs, JWS: m.Release, At: at,
		Version: custody.Version{
			CopyID: c.CopyID, Version: rs.Version, Kind: custody.VersionRelease, Object: m.Object, Seal: m.Seal, Statement: m.CMS, CreatedAt: at,
			Prefix: storage.Object{SHA256: last.Object.SHA256, Size: last.Object.Size},
		},
		Entry: custody.Entry{
			ID: cs.CustodyID, CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Seq: cs.Seq, Kind: cs.Kind, From: cs.From, Recipient: cs.Recipient,
			Version: cs.Version, SHA256: cs.SHA256, Consent: cs.Consent, Statement: m.Custody, StatementSHA256: storage.Sum([]byte(m.Custody)),
			PreviousSHA256: cs.Prev, RecordedAt: moved,
		},
	}, nil
}

// Ends is the version of c that the release of a mark ends. A mark that is not a
// verified one of this copy ends every version.
func Ends(b []byte, c *custody.Original, keys keyring.Keys) int {
	var m Mark
	if err := json.Unmarshal(b, &m); err != nil || m.V != version {
		return math.MaxInt
	}
	rs, err := custody.VerifyRelease(m.Release, keys)
	if err != nil || rs.CopyID != c.CopyID || rs.EnvelopeID != c.EnvelopeID {
		return math.MaxInt
	}
	return rs.EndsVersion
}
