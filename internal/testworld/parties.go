package testworld

import (
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// Dealer is the organization of a world.
func Dealer() vault.Party { return vault.Party{Name: "Dealer Finance LLC", Identifier: "org_dealer"} }

// Bank is to whom the dealer assigns.
func Bank() vault.Party {
	return vault.Party{Name: "First Bank of Łódź", Identifier: "lei:549300", Email: "vault@bank.test"}
}

// Operator keeps the vault.
func Operator() vault.Party { return vault.Party{Name: "Vault Operator Inc.", Identifier: "operator"} }

// Agreement is that by which the dealer holds control for the bank.
func Agreement() *vault.Agreement {
	return &vault.Agreement{Reference: "Agency 7", Date: Start(), SHA256: storage.Sum([]byte("agency")), NotTransferor: true}
}

// Cleo is to whom originals are released.
func Cleo() vault.Recipient {
	return vault.Recipient{Name: "Cleo Smith", Organization: Bank().Name, Email: "cleo@bank.test"}
}

// Attestation is of paper that was destroyed.
func Attestation() *vault.Attestation {
	return &vault.Attestation{
		AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"Bob"}, Origin: "scan", PaperOriginal: "destroyed", Statement: "I saw it signed.",
	}
}
