package testworld

import (
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// Who acts in a world.
var (
	Dealer   = vault.Party{Name: "Dealer Finance LLC", Identifier: "org_dealer"} // the organization
	Bank     = vault.Party{Name: "First Bank of Łódź", Identifier: "lei:549300", Email: "vault@bank.test"}
	Operator = vault.Party{Name: "Vault Operator Inc.", Identifier: "operator"}
	// Agreement is that by which the dealer holds control for the bank.
	Agreement = &vault.Agreement{Reference: "Agency 7", Date: Start, SHA256: storage.Sum([]byte("agency")), NotTransferor: true}
	// Cleo is to whom originals are released.
	Cleo = vault.Recipient{Name: "Cleo Smith", Organization: Bank.Name, Email: "cleo@bank.test"}
)

// Attestation is of paper that was destroyed.
func Attestation() *vault.Attestation {
	return &vault.Attestation{
		AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"Bob"}, Origin: "scan", PaperOriginal: "destroyed", Statement: "I saw it signed.",
	}
}
