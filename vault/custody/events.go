package custody

// Details of events that name parties and persons. The data of all events, and the
// other details, are in package event; the same rule holds: they are hashed, and
// never change.

// StoredDetail is the detail of event.VaultStored.
type StoredDetail struct {
	Custody        Parties         `json:"custody"`
	Agreement      *Agreement      `json:"agreement"`
	Classification *Classification `json:"classification"`
	Attestation    *Attestation    `json:"attestation"`
	Assets         []Asset         `json:"assets,omitempty"` // by kind and value
}

// AttestedDetail is the detail of event.VaultAttested.
type AttestedDetail struct {
	Attestation *Attestation `json:"attestation"`
}

// ReleasedDetail is the detail of event.VaultReleased.
type ReleasedDetail struct {
	Recipient Recipient `json:"recipient"`
	Note      string    `json:"note"`
}

// OfferedDetail is the detail of event.CustodyOffered: the terms of the offer
// that are not in the event's data.
type OfferedDetail struct {
	Assignee Party    `json:"assignee"`
	Interest Interest `json:"interest"`
	Reason   string   `json:"reason"`
	Note     string   `json:"note"`
}

// RejectedDetail is the detail of event.CustodyRejected, absent where no reason was
// given.
type RejectedDetail struct {
	Reason string `json:"reason"`
}
