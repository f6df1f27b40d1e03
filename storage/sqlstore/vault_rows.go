package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

type copyRow struct {
	bun.BaseModel `bun:"table:evault_copies,alias:c"`

	CopyID             string     `bun:"copy_id,pk"`
	EnvelopeID         string     `bun:"envelope_id,notnull"`
	OrgID              string     `bun:"org_id,notnull"`
	Status             string     `bun:"status,notnull"`
	Name               string     `bun:"name,notnull"`
	CustomerID         string     `bun:"customer_id,notnull"`
	Version            int        `bun:"version,notnull"`
	DocumentHash       string     `bun:"document_hash,notnull"`
	Size               int64      `bun:"size,notnull"`
	Seal               string     `bun:"seal,notnull"`
	SourceKind         string     `bun:"source_kind,notnull"`
	SourceObject       string     `bun:"source_object,notnull"`
	SourceSHA256       string     `bun:"source_sha256,notnull"`
	SourceSize         int64      `bun:"source_size,notnull"`
	DocumentSHA256     string     `bun:"document_sha256,notnull"`
	Origins            string     `bun:"origins,notnull"`
	Sealing            string     `bun:"sealing,notnull"`
	SourceLevel        string     `bun:"source_level,notnull"`
	SecuredParty       string     `bun:"secured_party,notnull"`
	Controller         string     `bun:"controller,notnull"`
	Custodian          string     `bun:"custodian,notnull"`
	Capacity           string     `bun:"capacity,notnull"`
	Agreement          *string    `bun:"agreement"`
	Regime             string     `bun:"regime,notnull"`
	RegimeBasis        string     `bun:"regime_basis,notnull"`
	Jurisdiction       string     `bun:"jurisdiction,notnull"`
	Classification     *string    `bun:"classification"`
	Attestation        *string    `bun:"attestation"`
	MarkedID           *string    `bun:"marked_id"`
	AcknowledgmentID   *string    `bun:"acknowledgment_id"`
	VaultedAt          time.Time  `bun:"vaulted_at,notnull"`
	ReleasedAt         *time.Time `bun:"released_at"`
	QuarantinedAt      *time.Time `bun:"quarantined_at"`
	IntegrityCheckedAt time.Time  `bun:"integrity_checked_at,notnull"`
	IntegrityOK        bool       `bun:"integrity_ok,notnull"`
	CheckFrom          *time.Time `bun:"check_from"` // IntegrityCheckedAt, or as PostponeCheck said; nil once released
	StoredEventID      string     `bun:"stored_event_id,notnull"`
	Interest           string     `bun:"interest,notnull"`
	OfferID            *string    `bun:"offer_id"`
	Revision           int64      `bun:"revision,notnull"`
}

func copyToRow(c *custody.Original) (*copyRow, error) {
	r := &copyRow{
		CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, OrgID: c.OrgID, Status: string(c.Status), Name: c.Name, CustomerID: c.CustomerID,
		Version: c.Version, DocumentHash: string(c.DocumentHash), Size: c.Size,
		SourceKind: string(c.Source.Kind), SourceObject: c.Source.Object.Name, SourceSHA256: string(c.Source.Object.SHA256),
		SourceSize: c.Source.Object.Size, DocumentSHA256: string(c.Source.DocumentSHA256), SourceLevel: c.Source.Level,
		Capacity: string(c.Capacity), Regime: c.Regime, RegimeBasis: c.RegimeBasis, Jurisdiction: c.Jurisdiction,
		VaultedAt: utc(c.VaultedAt), ReleasedAt: utcp(c.ReleasedAt), QuarantinedAt: utcp(c.QuarantinedAt),
		IntegrityCheckedAt: utc(c.IntegrityCheckedAt), IntegrityOK: c.IntegrityOK, StoredEventID: c.StoredEventID, Revision: c.Revision,
	}
	if c.Status == custody.StatusVaulted {
		r.CheckFrom = &r.IntegrityCheckedAt
	}
	if c.Marked != nil {
		r.MarkedID = &c.Marked.ID
	}
	if c.Acknowledgment != nil {
		r.AcknowledgmentID = &c.Acknowledgment.ID
	}
	if c.OfferID != "" {
		r.OfferID = &c.OfferID
	}
	return r, encodeColumns(
		column{&r.Seal, c.Seal}, column{&r.Origins, c.Source.Origins}, column{&r.Sealing, c.Source.Sealing},
		column{&r.SecuredParty, c.SecuredParty}, column{&r.Controller, c.Controller}, column{&r.Custodian, c.Custodian}, column{&r.Interest, c.Interest},
		optional(&r.Agreement, c.Agreement), optional(&r.Classification, c.Classification), optional(&r.Attestation, c.Attestation),
	)
}

// copy leaves Marked and Acknowledgment to its caller.
func (r *copyRow) copy() (*custody.Original, error) {
	c := &custody.Original{
		CopyID: r.CopyID, EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, Status: custody.Status(r.Status), Name: r.Name, CustomerID: r.CustomerID,
		Version: r.Version, DocumentHash: storage.Digest(r.DocumentHash), Size: r.Size,
		Source: custody.Source{
			Kind: custody.SourceKind(r.SourceKind), Object: storage.Object{Name: r.SourceObject, SHA256: storage.Digest(r.SourceSHA256), Size: r.SourceSize},
			DocumentSHA256: storage.Digest(r.DocumentSHA256), Level: r.SourceLevel, Name: r.Name, CustomerID: r.CustomerID,
		},
		Capacity: custody.Capacity(r.Capacity), Regime: r.Regime, RegimeBasis: r.RegimeBasis, Jurisdiction: r.Jurisdiction,
		VaultedAt: utc(r.VaultedAt), ReleasedAt: utcp(r.ReleasedAt), QuarantinedAt: utcp(r.QuarantinedAt),
		IntegrityCheckedAt: utc(r.IntegrityCheckedAt), IntegrityOK: r.IntegrityOK, StoredEventID: r.StoredEventID, Revision: r.Revision,
	}
	if r.OfferID != nil {
		c.OfferID = *r.OfferID
	}
	return c, decodeColumns(
		column{&r.Seal, &c.Seal}, column{&r.Origins, &c.Source.Origins}, column{&r.Sealing, &c.Source.Sealing},
		column{&r.SecuredParty, &c.SecuredParty}, column{&r.Controller, &c.Controller}, column{&r.Custodian, &c.Custodian}, column{&r.Interest, &c.Interest},
		column{r.Agreement, &c.Agreement}, column{r.Classification, &c.Classification}, column{r.Attestation, &c.Attestation},
	)
}

type versionRow struct {
	bun.BaseModel `bun:"table:evault_versions,alias:v"`

	CopyID       string    `bun:"copy_id,pk"`
	Version      int       `bun:"version,pk"`
	Kind         string    `bun:"kind,notnull"`
	Object       string    `bun:"object,notnull"`
	SHA256       string    `bun:"sha256,notnull"`
	Size         int64     `bun:"size,notnull"`
	PrefixSHA256 string    `bun:"prefix_sha256,notnull"`
	PrefixSize   int64     `bun:"prefix_size,notnull"`
	Seal         string    `bun:"seal,notnull"`
	Statement    []byte    `bun:"statement"`
	EventID      string    `bun:"event_id,notnull"`
	CreatedAt    time.Time `bun:"created_at,notnull"`
}

func versionToRow(v custody.Version) (*versionRow, error) {
	r := &versionRow{
		CopyID: v.CopyID, Version: v.Version, Kind: string(v.Kind), Object: v.Object.Name, SHA256: string(v.Object.SHA256), Size: v.Object.Size,
		PrefixSHA256: string(v.Prefix.SHA256), PrefixSize: v.Prefix.Size, Statement: v.Statement, EventID: v.EventID, CreatedAt: utc(v.CreatedAt),
	}
	return r, encodeColumns(column{&r.Seal, v.Seal})
}

func (r *versionRow) version() (custody.Version, error) {
	v := custody.Version{
		CopyID: r.CopyID, Version: r.Version, Kind: custody.VersionKind(r.Kind), Object: storage.Object{Name: r.Object, SHA256: storage.Digest(r.SHA256), Size: r.Size},
		Prefix: storage.Object{SHA256: storage.Digest(r.PrefixSHA256), Size: r.PrefixSize}, Statement: r.Statement,
		EventID: r.EventID, CreatedAt: utc(r.CreatedAt),
	}
	return v, decodeColumns(column{&r.Seal, &v.Seal})
}

type claimRow struct {
	bun.BaseModel `bun:"table:evault_claims,alias:c"`

	SHA256     string    `bun:"sha256,pk"`
	CopyID     string    `bun:"copy_id,notnull"`
	EnvelopeID string    `bun:"envelope_id,notnull"`
	Kind       string    `bun:"kind,notnull"`
	Version    int       `bun:"version,notnull"`
	ClaimedAt  time.Time `bun:"claimed_at,notnull"`
}

func (r claimRow) claim() (custody.Claim, error) {
	return custody.Claim{SHA256: storage.Digest(r.SHA256), CopyID: r.CopyID, EnvelopeID: r.EnvelopeID, Kind: custody.ClaimKind(r.Kind), Version: r.Version, ClaimedAt: utc(r.ClaimedAt)}, nil
}

type witnessRow struct {
	bun.BaseModel `bun:"table:evault_claim_witnesses,alias:w"`

	CopyID string `bun:"copy_id,pk"`
	SHA256 string `bun:"sha256,pk"`
	Kind   string `bun:"kind,notnull"`
}

type registeredRow struct {
	bun.BaseModel `bun:"table:evault_copy_register,alias:r"`

	ID          string    `bun:"id,pk"`
	CopyID      string    `bun:"copy_id,notnull"`
	EnvelopeID  string    `bun:"envelope_id,notnull"`
	Kind        string    `bun:"kind,notnull"`
	Version     int       `bun:"version,notnull"`
	SHA256      string    `bun:"sha256,notnull"`
	Size        int64     `bun:"size,notnull"`
	Object      string    `bun:"object,notnull"`
	MadeAt      time.Time `bun:"made_at,notnull"`
	GivenToKind string    `bun:"given_to_kind,notnull"`
	GivenToID   string    `bun:"given_to_id,notnull"`
	GivenToOrg  string    `bun:"given_to_org_id,notnull"`
	EventID     string    `bun:"event_id,notnull"`
}

func (r registeredRow) registered() (custody.RegisteredCopy, error) {
	reg := custody.RegisteredCopy{
		ID: r.ID, CopyID: r.CopyID, EnvelopeID: r.EnvelopeID, Kind: custody.CopyKind(r.Kind), Version: r.Version, SHA256: storage.Digest(r.SHA256), Size: r.Size,
		MadeAt: utc(r.MadeAt), GivenTo: event.Actor{Kind: r.GivenToKind, ID: r.GivenToID, OrgID: r.GivenToOrg}, EventID: r.EventID,
	}
	if r.Object != "" {
		reg.Object = storage.Object{Name: r.Object, SHA256: reg.SHA256, Size: reg.Size}
	}
	return reg, nil
}

type custodyRow struct {
	bun.BaseModel `bun:"table:evault_custody,alias:c"`

	CustodyID       string    `bun:"custody_id,pk"`
	CopyID          string    `bun:"copy_id,notnull"`
	EnvelopeID      string    `bun:"envelope_id,notnull"`
	Seq             int       `bun:"seq,notnull"`
	Kind            string    `bun:"kind,notnull"`
	From            *string   `bun:"from_custody"`
	To              *string   `bun:"to_custody"`
	Recipient       *string   `bun:"recipient"`
	Version         int       `bun:"version,notnull"`
	SHA256          string    `bun:"sha256,notnull"`
	Consent         string    `bun:"consent,notnull"`
	Statement       string    `bun:"statement,notnull"`
	StatementSHA256 string    `bun:"statement_sha256,notnull"`
	PreviousSHA256  string    `bun:"previous_sha256,notnull"`
	EventID         string    `bun:"event_id,notnull"`
	RecordedAt      time.Time `bun:"recorded_at,notnull"`
	AssignmentID    string    `bun:"assignment_id,notnull"`
	Purpose         string    `bun:"purpose,notnull"`
	Reason          string    `bun:"reason,notnull"`
	Acceptance      *string   `bun:"acceptance"`
}

func custodyToRow(e custody.Entry) (*custodyRow, error) {
	r := &custodyRow{
		CustodyID: e.ID, CopyID: e.CopyID, EnvelopeID: e.EnvelopeID, Seq: e.Seq, Kind: string(e.Kind), Version: e.Version, SHA256: string(e.SHA256),
		Statement: e.Statement, StatementSHA256: string(e.StatementSHA256), PreviousSHA256: string(e.PreviousSHA256),
		EventID: e.EventID, RecordedAt: utc(e.RecordedAt), AssignmentID: e.AssignmentID, Purpose: string(e.Purpose), Reason: e.Reason,
	}
	return r, encodeColumns(
		optional(&r.From, e.From), optional(&r.To, e.To), optional(&r.Recipient, e.Recipient), column{&r.Consent, e.Consent},
		optional(&r.Acceptance, e.Acceptance),
	)
}

func (r custodyRow) entry() (custody.Entry, error) {
	e := custody.Entry{
		ID: r.CustodyID, CopyID: r.CopyID, EnvelopeID: r.EnvelopeID, Seq: r.Seq, Kind: custody.EntryKind(r.Kind), Version: r.Version, SHA256: storage.Digest(r.SHA256),
		Statement: r.Statement, StatementSHA256: storage.Digest(r.StatementSHA256), PreviousSHA256: storage.Digest(r.PreviousSHA256),
		EventID: r.EventID, RecordedAt: utc(r.RecordedAt), AssignmentID: r.AssignmentID, Purpose: custody.Purpose(r.Purpose), Reason: r.Reason,
	}
	return e, decodeColumns(
		column{r.From, &e.From}, column{r.To, &e.To}, column{r.Recipient, &e.Recipient}, column{&r.Consent, &e.Consent}, column{r.Acceptance, &e.Acceptance},
	)
}

type acknowledgmentRow struct {
	bun.BaseModel `bun:"table:evault_acknowledgments,alias:a"`

	AcknowledgmentID string    `bun:"acknowledgment_id,pk"`
	CopyID           string    `bun:"copy_id,notnull"`
	CustodyID        string    `bun:"custody_id,notnull"`
	Version          int       `bun:"version,notnull"`
	JWS              string    `bun:"jws,notnull"`
	SHA256           string    `bun:"sha256,notnull"`
	KeyID            string    `bun:"key_id,notnull"`
	At               time.Time `bun:"at,notnull"`
}

func (r acknowledgmentRow) acknowledgment() (custody.Acknowledgment, error) {
	return custody.Acknowledgment{
		ID: r.AcknowledgmentID, CopyID: r.CopyID, CustodyID: r.CustodyID, Version: r.Version, JWS: r.JWS,
		SHA256: storage.Digest(r.SHA256), KeyID: r.KeyID, At: utc(r.At),
	}, nil
}

type tamperingRow struct {
	bun.BaseModel `bun:"table:evault_tamperings,alias:t"`

	Object  string    `bun:"object,pk"`
	CopyID  string    `bun:"copy_id,notnull"`
	Want    string    `bun:"want,notnull"`
	Found   string    `bun:"found,notnull"`
	FoundAt time.Time `bun:"found_at,notnull"`
	EventID string    `bun:"event_id,notnull"`
}

func (r tamperingRow) tampering() (custody.Tampering, error) {
	return custody.Tampering{
		Object: r.Object, CopyID: r.CopyID, Want: storage.Digest(r.Want), Found: storage.Digest(r.Found), FoundAt: utc(r.FoundAt), EventID: r.EventID,
	}, nil
}

type releaseRow struct {
	bun.BaseModel `bun:"table:evault_releases,alias:r"`

	ReleaseID      string     `bun:"release_id,pk"`
	EnvelopeID     string     `bun:"envelope_id,notnull"`
	CopyID         string     `bun:"copy_id,notnull"`
	OrgID          string     `bun:"org_id,notnull"`
	Reason         string     `bun:"reason,notnull"`
	Note           string     `bun:"note,notnull"`
	Recipient      string     `bun:"recipient,notnull"`
	ReleasedAt     time.Time  `bun:"released_at,notnull"`
	Version        int        `bun:"version,notnull"`
	SHA256         string     `bun:"sha256,notnull"`
	Size           int64      `bun:"size,notnull"`
	EndsVersion    int        `bun:"ends_version,notnull"`
	Statement      string     `bun:"statement,notnull"`
	EventID        string     `bun:"event_id,notnull"`
	PackageObject  *string    `bun:"package_object"`
	PackageSHA256  *string    `bun:"package_sha256"`
	PackageSize    *int64     `bun:"package_size"`
	PackageDueAt   *time.Time `bun:"package_due_at"` // when ReleasesToPack names it; nil with its package
	FetchedAt      *time.Time `bun:"fetched_at"`
	AcknowledgedAt *time.Time `bun:"acknowledged_at"`
	DeleteAfter    *time.Time `bun:"delete_after"`
	DeletedAt      *time.Time `bun:"deleted_at"`
	Revision       int64      `bun:"revision,notnull"`
}

func releaseToRow(r *vault.Release) (*releaseRow, error) {
	row := &releaseRow{
		ReleaseID: r.ReleaseID, EnvelopeID: r.EnvelopeID, CopyID: r.CopyID, OrgID: r.OrgID, Reason: r.Reason, Note: r.Note,
		ReleasedAt: utc(r.ReleasedAt), Version: r.Version, SHA256: string(r.SHA256), Size: r.Size, EndsVersion: r.EndsVersion,
		Statement: r.Statement, EventID: r.EventID, FetchedAt: utcp(r.FetchedAt), AcknowledgedAt: utcp(r.AcknowledgedAt),
		DeleteAfter: utcp(r.DeleteAfter), DeletedAt: utcp(r.DeletedAt), Revision: r.Revision,
	}
	if p := r.Package; p != nil {
		sha := string(p.SHA256)
		row.PackageObject, row.PackageSHA256, row.PackageSize = &p.Name, &sha, &p.Size
	}
	return row, encodeColumns(column{&row.Recipient, r.Recipient})
}

func (r *releaseRow) release() (*vault.Release, error) {
	rel := &vault.Release{
		ReleaseID: r.ReleaseID, EnvelopeID: r.EnvelopeID, CopyID: r.CopyID, OrgID: r.OrgID, Reason: r.Reason, Note: r.Note,
		ReleasedAt: utc(r.ReleasedAt), Version: r.Version, SHA256: storage.Digest(r.SHA256), Size: r.Size, EndsVersion: r.EndsVersion,
		Statement: r.Statement, EventID: r.EventID, FetchedAt: utcp(r.FetchedAt), AcknowledgedAt: utcp(r.AcknowledgedAt),
		DeleteAfter: utcp(r.DeleteAfter), DeletedAt: utcp(r.DeletedAt), Revision: r.Revision,
	}
	if r.PackageObject != nil && r.PackageSHA256 != nil && r.PackageSize != nil {
		rel.Package = &storage.Object{Name: *r.PackageObject, SHA256: storage.Digest(*r.PackageSHA256), Size: *r.PackageSize}
	}
	return rel, decodeColumns(column{&r.Recipient, &rel.Recipient})
}

// column pairs a text column with the value it holds as JSON; a nil text is an
// absent value.
type column struct {
	text  *string
	value any
}

// optional is the column of a value that may be absent.
func optional[T any](text **string, value *T) column {
	if value == nil {
		return column{}
	}
	*text = new(string)
	return column{*text, value}
}

func encodeColumns(cs ...column) error {
	for _, c := range cs {
		if c.text == nil {
			continue
		}
		b, err := json.Marshal(c.value)
		if err != nil {
			return fmt.Errorf("sqlstore: encode %T: %w", c.value, err)
		}
		*c.text = string(b)
	}
	return nil
}

func decodeColumns(cs ...column) error {
	for _, c := range cs {
		if c.text == nil {
			continue
		}
		if err := json.Unmarshal([]byte(*c.text), c.value); err != nil {
			return fmt.Errorf("sqlstore: decode %T: %w", c.value, err)
		}
	}
	return nil
}
