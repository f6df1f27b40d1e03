package vault

import (
	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/vault/custody"
)

// Details of events that name parties and persons. The data of all events, and the
// other details, are in package event; the same rule holds: they are hashed, and
// never change.

// StoredDetail is the detail of event.VaultStored.
type StoredDetail struct {
	Custody        custody.Parties         `json:"custody"`
	Agreement      *custody.Agreement      `json:"agreement"`
	Classification *custody.Classification `json:"classification"`
	Attestation    *custody.Attestation    `json:"attestation"`
}

// AttestedDetail is the detail of event.VaultAttested.
type AttestedDetail struct {
	Attestation *custody.Attestation `json:"attestation"`
}

// ReleasedDetail is the detail of event.VaultReleased.
type ReleasedDetail struct {
	Recipient custody.Recipient `json:"recipient"`
	Note      string            `json:"note"`
}

// assigned is the data of the event of a custody entry.
func assigned(e *custody.Entry) event.CustodyAssignedData {
	data := event.CustodyAssignedData{
		CustodyID: e.ID, Seq: e.Seq, Kind: e.Kind, CopyID: e.CopyID, Version: e.Version,
		SHA256: e.SHA256, StatementSHA256: e.StatementSHA256, Consent: e.Consent.Kind,
	}
	if e.To != nil {
		data.BoundBy, data.Custodian = e.To.Controller.BoundBy, e.To.Custodian.Kind
	}
	return data
}
