package event

import "github.com/evaultlib/evault/storage"

// StoredData is the data of VaultStored.
type StoredData struct {
	CopyID          string         `json:"copy_id"`
	Version         int            `json:"version"` // 1
	SHA256          storage.Digest `json:"sha256"`  // of that version
	Size            int64          `json:"size"`
	Source          string         `json:"source"` // esign or paper
	DepositedSHA256 storage.Digest `json:"deposited_sha256"`
	Sealing         string         `json:"sealing"` // embedded or detached
	SealingReason   string         `json:"sealing_reason"`
	Level           string         `json:"level"` // ETSI EN 319 142-1
	StatementSHA256 storage.Digest `json:"statement_sha256"`
	Capacity        string         `json:"capacity"`
	Regime          string         `json:"regime"`
	RegimeBasis     string         `json:"regime_basis"`
	Jurisdiction    string         `json:"jurisdiction"`
	ClaimsSHA256    storage.Digest `json:"claims_sha256"` // custody.WitnessDigest

	MarkedCopy        *MarkedCopy      `json:"marked_copy,omitempty"`
	DuplicatesAllowed []storage.Digest `json:"duplicates_allowed,omitempty"`
	AssetsAllowed     []storage.Digest `json:"assets_allowed,omitempty"` // held by live copies too, and the host allowed it
	MarksAllowed      []string         `json:"marks_allowed,omitempty"`
	MarksUnread       string           `json:"marks_unread,omitempty"` // why not all of the file could be searched for marks
	PagesSHA256       storage.Digest   `json:"pages_sha256,omitempty"`
	PagesUnread       string           `json:"pages_unread,omitempty"` // why the pages have no digest
}

// MarkedCopy is the marked copy that a deposit made.
type MarkedCopy struct {
	CopyID string         `json:"copy_id"`
	SHA256 storage.Digest `json:"sha256"`
}

// AttestedData is the data of VaultAttested.
type AttestedData struct {
	CopyID            string         `json:"copy_id"`
	Version           int            `json:"version"`
	SHA256            storage.Digest `json:"sha256"`
	AttestationSHA256 storage.Digest `json:"attestation_sha256"`
}

// InspectedData is the data of VaultInspected.
type InspectedData struct {
	CopyID       string         `json:"copy_id"`
	InspectionID string         `json:"inspection_id"` // in the copy register
	Version      int            `json:"version"`
	SHA256       storage.Digest `json:"sha256"` // of what was handed out
}

// InspectedDetail is the detail of VaultInspected, absent for a read in process.
type InspectedDetail struct {
	Address string `json:"address"`
}

// IntegrityCheckedData is the data of VaultIntegrityChecked.
type IntegrityCheckedData struct {
	CopyID  string         `json:"copy_id"`
	Version int            `json:"version"`
	SHA256  storage.Digest `json:"sha256"`
	OK      bool           `json:"ok"`
	Objects int            `json:"objects"` // read and hashed
	Problem string         `json:"problem"` // record, altered, missing, short or seal; "" when OK
}

// What was found altered (TamperDetectedData.Object).
const (
	TamperedVersion = "version"
	TamperedCopy    = "copy" // the marked copy
	TamperedPackage = "package"
	TamperedRecord  = "record" // the rows of the copy; Cause says which
)

// CauseAltered is the cause of TamperDetectedData where bytes are altered.
const CauseAltered = "altered"

// TamperDetectedData is the data of VaultTamperDetected.
type TamperDetectedData struct {
	CopyID      string         `json:"copy_id"`
	ReleaseID   string         `json:"release_id,omitempty"` // TamperedPackage only
	Object      string         `json:"object"`
	SHA256      storage.Digest `json:"sha256,omitempty"` // recorded; TamperedVersion and TamperedCopy only
	FoundSHA256 storage.Digest `json:"found_sha256,omitempty"`
	Cause       string         `json:"cause"`
}

// RepairedData is the data of VaultRepaired.
type RepairedData struct {
	CopyID string         `json:"copy_id"`
	SHA256 storage.Digest `json:"sha256"` // of the object whose bytes were put back
}

// HoldData is the data of VaultHoldPlaced and VaultHoldLifted.
type HoldData struct {
	CopyID string `json:"copy_id"`
	HoldID string `json:"hold_id"`
}

// HoldPlacedDetail is the detail of VaultHoldPlaced.
type HoldPlacedDetail struct {
	Reason    string `json:"reason"`
	Reference string `json:"reference"`
}

// BatchStartedData is the data of CustodyBatchStarted.
type BatchStartedData struct {
	BatchID        string         `json:"batch_id"`
	Items          int            `json:"items"`
	Mode           string         `json:"mode"`
	PoolID         string         `json:"pool_id"`
	Purpose        string         `json:"purpose"`
	ReceiverSHA256 storage.Digest `json:"receiver_sha256"` // of the receiver's organization and name
}

// BatchEndedData is the data of CustodyBatchEnded.
type BatchEndedData struct {
	BatchID string `json:"batch_id"`
	Done    int    `json:"done"`
	Failed  int    `json:"failed"`
	Status  string `json:"status"`
}

// ApprovalData is the data of CustodyApprovalRequested, CustodyApproved and
// CustodyApprovalCancelled.
type ApprovalData struct {
	ApprovalID    string         `json:"approval_id"`
	CopyID        string         `json:"copy_id,omitempty"` // of the request only
	RequestSHA256 storage.Digest `json:"request_sha256"`    // of the request that was asked for; the verb's consent has the same
	Verb          string         `json:"verb"`
}

// DuplicateRefusedData is the data of VaultDuplicateRefused.
type DuplicateRefusedData struct {
	DepositedSHA256 storage.Digest   `json:"deposited_sha256"`
	Matches         []storage.Digest `json:"matches"`          // digests that were claimed before; null for none
	Marks           []string         `json:"marks,omitempty"`  // of this system, in the file
	Assets          []storage.Digest `json:"assets,omitempty"` // that live copies hold (custody.Asset.SHA256)
}

// ReleasedData is the data of VaultReleased.
type ReleasedData struct {
	ReleaseID              string         `json:"release_id"`
	CopyID                 string         `json:"copy_id"`
	Version                int            `json:"version"` // the release version
	SHA256                 storage.Digest `json:"sha256"`  // of that version
	Size                   int64          `json:"size"`
	EndsVersion            int            `json:"ends_version"`
	Reason                 string         `json:"reason"`
	StatementSHA256        storage.Digest `json:"statement_sha256"`
	VersionStatementSHA256 storage.Digest `json:"version_statement_sha256"`
}

// DeliveredData is the data of VaultDelivered.
type DeliveredData struct {
	ReleaseID string `json:"release_id"`
	CopyID    string `json:"copy_id"`
}

// ReleaseAcknowledgedData is the data of VaultAcknowledged.
type ReleaseAcknowledgedData struct {
	ReleaseID          string `json:"release_id"`
	CopyID             string `json:"copy_id"`
	DeleteGraceSeconds int64  `json:"delete_grace_seconds"` // until the bytes here may be deleted
}

// CustodyAssignedData is the data of CustodyAssigned.
type CustodyAssignedData struct {
	CustodyID       string         `json:"custody_id"`
	Seq             int            `json:"seq"`
	Kind            string         `json:"kind"`
	CopyID          string         `json:"copy_id"`
	Version         int            `json:"version"`
	SHA256          storage.Digest `json:"sha256"`
	StatementSHA256 storage.Digest `json:"statement_sha256"`
	Consent         string         `json:"consent"`
	BoundBy         string         `json:"bound_by,omitempty"`  // absent where nobody holds the copy afterwards
	Custodian       string         `json:"custodian,omitempty"` // likewise
}

// CustodyAcknowledgedData is the data of CustodyAcknowledged.
type CustodyAcknowledgedData struct {
	AcknowledgmentID     string         `json:"acknowledgment_id"`
	CustodyID            string         `json:"custody_id"`
	CopyID               string         `json:"copy_id"`
	Version              int            `json:"version"`
	AcknowledgmentSHA256 storage.Digest `json:"acknowledgment_sha256"`
	KeyID                string         `json:"key_id"`
}

// ComplianceData is the data of VaultCompliancePassed and VaultComplianceFailed.
type ComplianceData struct {
	CopyID              string         `json:"copy_id"`
	Regime              string         `json:"regime"`
	Compliant           bool           `json:"compliant"`
	Score               int            `json:"score"` // 0 to 100
	MissingRequirements []string       `json:"missing_requirements"`
	EvaluatedAt         string         `json:"evaluated_at"`
	EvaluationSHA256    storage.Digest `json:"evaluation_sha256"`
}

// CertificateIssuedData is the data of CertificateIssued.
type CertificateIssuedData struct {
	CertificateID     string         `json:"certificate_id"`
	Serial            int            `json:"serial"`
	Cause             string         `json:"cause"` // id of the event that caused it
	CertificateSHA256 storage.Digest `json:"certificate_sha256"`
}

// CustodyOfferedData is the data of CustodyOffered. The parties are ids of
// organizations; names, and what the assignment is for, are in the detail. The actor
// of the event and its request are the consent of the controller.
type CustodyOfferedData struct {
	AssignmentID  string         `json:"assignment_id"`
	CopyID        string         `json:"copy_id"`
	Version       int            `json:"version"` // that is offered
	SHA256        storage.Digest `json:"sha256"`  // of that version
	Purpose       string         `json:"purpose"` // sale, pledge or release_back
	From          string         `json:"from"`
	To            string         `json:"to"`
	ExpiresAt     string         `json:"expires_at"`
	Consent       string         `json:"consent"`
	RequestID     string         `json:"request_id"`
	RequestSHA256 storage.Digest `json:"request_sha256"`
	ConsentSHA256 storage.Digest `json:"consent_sha256,omitempty"` // of the JWS by the control key, with consent signed
}

// CustodyAcceptedData is the data of CustodyAccepted: the switch of control.
type CustodyAcceptedData struct {
	AssignmentID           string         `json:"assignment_id"`
	CustodyID              string         `json:"custody_id"`
	CopyID                 string         `json:"copy_id"`
	Version                int            `json:"version"` // the new one, which names the assignee
	SHA256                 storage.Digest `json:"sha256"`  // of that version
	Size                   int64          `json:"size"`
	EndsVersion            int            `json:"ends_version"`
	Purpose                string         `json:"purpose"`
	Level                  string         `json:"level"` // of the seal, ETSI EN 319 142-1
	VersionStatementSHA256 storage.Digest `json:"version_statement_sha256"`

	MarkedCopy *MarkedCopy `json:"marked_copy,omitempty"` // absent where the file cannot be marked
}

// CustodyEndedData is the data of CustodyRejected, CustodyCancelled and CustodyExpired.
type CustodyEndedData struct {
	AssignmentID string `json:"assignment_id"`
	CopyID       string `json:"copy_id"`
	Version      int    `json:"version"` // that was offered
}

// AssetQueriedData is the data of AssetQueried.
type AssetQueriedData struct {
	Kind        string         `json:"kind"`
	AssetSHA256 storage.Digest `json:"asset_sha256"` // custody.Asset.SHA256
	Held        bool           `json:"held"`
}

// ControlDeniedData is the data of ControlDenied.
type ControlDeniedData struct {
	EnvelopeID string `json:"envelope_id"` // of the first attempt in that hour
	Verb       string `json:"verb"`
}
