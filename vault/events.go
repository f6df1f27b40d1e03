package vault

import (
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
