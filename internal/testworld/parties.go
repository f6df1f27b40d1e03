package testworld

import (
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// Dealer is the organization of a world.
func Dealer() custody.Party {
	return custody.Party{Name: "Dealer Finance LLC", Identifier: "org_dealer"}
}

// Bank is to whom the dealer assigns.
func Bank() custody.Party {
	return custody.Party{Name: "First Bank of Łódź", Identifier: "lei:549300", Email: "vault@bank.test"}
}

// Buyer and Lender are organizations of a world, to whom control is assigned.
func Buyer() custody.Party {
	return custody.Party{Name: "Contract Buyer Trust", Identifier: "org_buyer"}
}

// Lender lends against pledged contracts.
func Lender() custody.Party {
	return custody.Party{Name: "Warehouse Lender LLC", Identifier: "org_lender"}
}

// Operator keeps the vault.
func Operator() custody.Party {
	return custody.Party{Name: "Vault Operator Inc.", Identifier: "operator"}
}

// Agreement is that by which the dealer holds control for the bank.
func Agreement() *custody.Agreement {
	return &custody.Agreement{Reference: "Agency 7", Date: Start(), SHA256: storage.Sum([]byte("agency")), NotTransferor: true}
}

// Cleo is to whom originals are released.
func Cleo() custody.Recipient {
	return custody.Recipient{Name: "Cleo Smith", Organization: Bank().Name, Email: "cleo@bank.test"}
}

// Attestation is of paper that was destroyed.
func Attestation() *custody.Attestation {
	return &custody.Attestation{
		AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"Bob"}, Origin: "scan", PaperOriginal: "destroyed", Statement: "I saw it signed.",
	}
}
