package event

import "iter"

// Types of events of an envelope and its document (engine: package esign).
const (
	EnvelopeCreated            = "envelope.created"
	EnvelopeDocumentUploaded   = "envelope.document_uploaded" // of paper, or instead of an earlier document
	EnvelopeSent               = "envelope.sent"
	EnvelopeLinksDisclosed     = "envelope.links_disclosed" // the sender read signing links
	EnvelopeReminded           = "envelope.reminded"
	EnvelopeSignerCorrected    = "envelope.signer_corrected" // address, name or order of a signer who has not signed
	EnvelopeUndeliverable      = "envelope.undeliverable"    // mail to a signer was refused for good, or came back
	EnvelopeViewed             = "envelope.viewed"           // a signer was handed every page
	EnvelopeCodeSent           = "envelope.code_sent"        // a one-time code, to a signer
	EnvelopeAuthenticated      = "envelope.authenticated"    // a signer showed the right code
	EnvelopeAuthFailed         = "envelope.auth_failed"      // a signer showed a wrong code
	EnvelopeConsented          = "envelope.consented"
	EnvelopeConsentWithdrawn   = "envelope.consent_withdrawn"
	EnvelopeSigned             = "envelope.signed"
	EnvelopeDeclined           = "envelope.declined"
	EnvelopeVoided             = "envelope.voided"
	EnvelopeExpired            = "envelope.expired"
	EnvelopeCompleted          = "envelope.completed"            // sealed after the last signature
	EnvelopeCopyMade           = "envelope.copy_made"            // a marked copy for signers
	EnvelopeCompletionGivenOut = "envelope.completion_given_out" // to a signer, unmarked
	EnvelopeDelegated          = "envelope.delegated"            // a signer handed the turn over to another person
	EnvelopeRedacted           = "envelope.redacted"             // not written yet
)

// Types of events of a template, in its own chain, named by its id (engine: package esign/template).
const (
	TemplateCreated = "template.created"
	TemplateUpdated = "template.updated" // a new version
	TemplateDeleted = "template.deleted"
)

// Types of events of an authoritative copy (engines: packages vault and compliance).
const (
	VaultStored           = "vault.stored"
	VaultAttested         = "vault.attested"
	VaultInspected        = "vault.inspected" // the authoritative bytes were downloaded
	VaultIntegrityChecked = "vault.integrity_checked"
	VaultTamperDetected   = "vault.tamper_detected"
	VaultRepaired         = "vault.repaired"
	VaultHoldPlaced       = "vault.hold_placed" // a legal hold
	VaultHoldLifted       = "vault.hold_lifted"
	VaultDuplicateRefused = "vault.duplicate_refused"
	VaultReleased         = "vault.released"
	VaultDelivered        = "vault.delivered"    // the release package was fetched
	VaultAcknowledged     = "vault.acknowledged" // by the recipient of the release
	VaultCompliancePassed = "vault.compliance.passed"
	VaultComplianceFailed = "vault.compliance.failed"
	CustodyAssigned       = "custody.assigned"     // each entry of the custody chain
	CustodyAcknowledged   = "custody.acknowledged" // by the custodian
	CustodyOffered        = "custody.offered"
	CustodyAccepted       = "custody.accepted" // control has moved
	CustodyRejected       = "custody.rejected"
	CustodyCancelled      = "custody.cancelled"
	CustodyExpired        = "custody.expired"
	// One key of the controller asks to assign or release, a second one approves.
	CustodyApprovalRequested = "custody.approval_requested"
	CustodyApproved          = "custody.approved"
	CustodyApprovalCancelled = "custody.approval_cancelled"
	CertificateIssued        = "certificate.issued"
	AssetQueried             = "asset.queried"         // in an organization's own chain: it asked whether an asset is held
	CustodyBatchStarted      = "custody.batch_started" // in an organization's own chain: it offers a pool to a receiver
	CustodyBatchEnded        = "custody.batch_ended"   // in an organization's own chain
	ControlDenied            = "control.denied"        // in an organization's own chain, named by its id: once for each actor, verb and hour
	KeysChanged              = "keys.changed"          // in the installation's own chain; data: package keyring
)

// CustodyPrefix begins the types of all events of custody.
const CustodyPrefix = "custody."

// Schema says what an event of one type holds.
type Schema struct {
	Type    string
	Webhook bool // sent to webhook endpoints; the others stay in the chain, for feeds and evidence
	Data    any  // a zero value of the struct of its data; nil: the event has no data, or is not written yet
	Detail  any  // likewise; that of vault events that name parties is in package vault/custody
}

var schemas = [...]Schema{
	{EnvelopeCreated, true, EnvelopeCreatedData{}, EnvelopeCreatedDetail{}},
	{EnvelopeDocumentUploaded, false, DocumentUploadedData{}, DocumentUploadedDetail{}},
	{EnvelopeSent, true, EnvelopeSentData{}, nil},
	{EnvelopeLinksDisclosed, false, LinksDisclosedData{}, LinksDisclosedDetail{}},
	{EnvelopeReminded, true, RemindedData{}, RemindedDetail{}},
	{EnvelopeSignerCorrected, true, SignerCorrectedData{}, Change{}},
	{EnvelopeUndeliverable, true, UndeliverableData{}, UndeliverableDetail{}},
	{EnvelopeViewed, true, ViewedData{}, ViewedDetail{}},
	{EnvelopeCodeSent, false, AuthData{}, Client{}},
	{EnvelopeAuthenticated, false, AuthData{}, Client{}},
	{EnvelopeAuthFailed, false, AuthData{}, Client{}},
	{EnvelopeConsented, false, ConsentedData{}, Client{}},
	{EnvelopeConsentWithdrawn, false, ConsentWithdrawnData{}, ReasonedDetail{}},
	{EnvelopeSigned, true, SignedData{}, SignedDetail{}},
	{EnvelopeDeclined, true, DeclinedData{}, ReasonedDetail{}},
	{EnvelopeVoided, true, nil, VoidedDetail{}},
	{EnvelopeExpired, true, ExpiredData{}, nil},
	{EnvelopeCompleted, true, CompletedData{}, nil},
	{EnvelopeCopyMade, false, CopyMadeData{}, nil},
	{EnvelopeCompletionGivenOut, false, CompletionGivenOutData{}, Client{}},
	{EnvelopeDelegated, true, DelegatedData{}, DelegatedDetail{}},
	{EnvelopeRedacted, false, nil, nil},

	{VaultStored, true, StoredData{}, nil},      // detail: custody.StoredDetail
	{VaultAttested, false, AttestedData{}, nil}, // detail: custody.AttestedDetail
	{VaultInspected, false, InspectedData{}, InspectedDetail{}},
	{VaultIntegrityChecked, true, IntegrityCheckedData{}, nil},
	{VaultTamperDetected, true, TamperDetectedData{}, nil},
	{VaultRepaired, false, RepairedData{}, nil},
	{VaultHoldPlaced, true, HoldData{}, HoldPlacedDetail{}},
	{VaultHoldLifted, true, HoldData{}, nil},
	{VaultDuplicateRefused, false, DuplicateRefusedData{}, nil},
	{VaultReleased, true, ReleasedData{}, nil}, // detail: custody.ReleasedDetail
	{VaultDelivered, false, DeliveredData{}, nil},
	{VaultAcknowledged, false, ReleaseAcknowledgedData{}, nil},
	{VaultCompliancePassed, true, ComplianceData{}, nil},
	{VaultComplianceFailed, true, ComplianceData{}, nil},
	{CustodyAssigned, false, CustodyAssignedData{}, nil},
	{CustodyAcknowledged, false, CustodyAcknowledgedData{}, nil},
	{CustodyOffered, true, CustodyOfferedData{}, nil}, // detail: custody.OfferedDetail
	{CustodyAccepted, true, CustodyAcceptedData{}, nil},
	{CustodyRejected, true, CustodyEndedData{}, nil}, // detail: custody.RejectedDetail
	{CustodyCancelled, true, CustodyEndedData{}, nil},
	{CustodyExpired, true, CustodyEndedData{}, nil},
	{CustodyApprovalRequested, true, ApprovalData{}, nil},
	{CustodyApproved, true, ApprovalData{}, nil},
	{CustodyApprovalCancelled, true, ApprovalData{}, nil},
	{CertificateIssued, false, CertificateIssuedData{}, nil},
}

// Schemas yields the schema of every type of event in the chain of an envelope.
func Schemas() iter.Seq[Schema] {
	return func(yield func(Schema) bool) {
		for _, s := range schemas {
			if !yield(s) {
				return
			}
		}
	}
}

// SchemaOf returns the schema of a type; false for a type that no envelope's
// chain has.
func SchemaOf(eventType string) (Schema, bool) {
	for _, s := range schemas {
		if s.Type == eventType {
			return s, true
		}
	}
	return Schema{}, false
}
