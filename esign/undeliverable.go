package esign

// UndeliverableError is what a Notifier returns, alone or wrapped, when a signer's
// address cannot be reached for good: the notice is not tried again.
type UndeliverableError struct {
	// Status is an enhanced mail system status code (RFC 3463), such as 5.1.1 for a
	// mailbox that does not exist; "" where none is known.
	Status string
}

func (e *UndeliverableError) Error() string {
	if e.Status == "" {
		return "esign: the signer's address is undeliverable"
	}
	return "esign: the signer's address is undeliverable: " + e.Status
}
