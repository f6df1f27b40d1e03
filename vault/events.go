package vault

import (
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// assigned is the data of the event of a custody entry.
func assigned(e *custody.Entry) event.CustodyAssignedData {
	data := event.CustodyAssignedData{
		CustodyID: e.ID, Seq: e.Seq, Kind: string(e.Kind), CopyID: e.CopyID, Version: e.Version,
		SHA256: e.SHA256, StatementSHA256: e.StatementSHA256, Consent: string(e.Consent.Kind),
	}
	if e.To != nil {
		data.BoundBy, data.Custodian = string(e.To.Controller.BoundBy), string(e.To.Custodian.Kind)
	}
	return data
}

// acknowledged drafts the event of a custodian's acknowledgment.
func acknowledged(a *custody.Acknowledgment, e custody.Entry, by Actor) eventlog.Draft {
	return eventlog.Draft{EnvelopeID: e.EnvelopeID, Type: event.CustodyAcknowledged, Actor: by, Data: event.CustodyAcknowledgedData{
		AcknowledgmentID: a.ID, CustodyID: e.ID, CopyID: e.CopyID, Version: e.Version, AcknowledgmentSHA256: a.SHA256, KeyID: a.KeyID,
	}}
}
