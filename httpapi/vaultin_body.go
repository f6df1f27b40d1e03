package httpapi

import (
	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

type vaultRecord struct {
	EnvelopeID      string         `json:"envelope_id"`
	Status          string         `json:"status"`
	VaultedAt       string         `json:"vaulted_at"`
	DocumentHash    storage.Digest `json:"document_hash"`
	DepositedSHA256 storage.Digest `json:"deposited_sha256"`
	Authoritative   authoritative  `json:"authoritative"`
	Copy            *copyRef       `json:"copy"`
	SecuredParty    partyOut       `json:"secured_party"`
	Controller      controllerBody `json:"controller"`
	Custodian       custodianBody  `json:"custodian"`
	Regime          string         `json:"regime"`
	RegimeBasis     string         `json:"regime_basis"`
	Jurisdiction    *string        `json:"jurisdiction"`
	Seal            sealBody       `json:"seal"`
	CertificateID   *string        `json:"certificate_id"`
	Compliant       *bool          `json:"compliant"`
	Log             *logPosition   `json:"log"`
}

type authoritative struct {
	CopyID  string         `json:"copy_id"`
	Version int            `json:"version"`
	SHA256  storage.Digest `json:"sha256"`
	Size    int64          `json:"size"`
}

type copyRef struct {
	CopyID string         `json:"copy_id"`
	SHA256 storage.Digest `json:"sha256"`
	Size   int64          `json:"size"`
}

type partyOut struct {
	Name       string  `json:"name"`
	Identifier *string `json:"identifier"`
	Email      *string `json:"email"`
}

type controllerBody struct {
	partyOut
	BoundBy    string  `json:"bound_by"`
	ControlKey *string `json:"control_key_thumbprint"`
}

func controllerOf(c custody.Controller) controllerBody {
	return controllerBody{partyOf(c.Party), string(c.BoundBy), orNull(c.ControlKey.Thumbprint())}
}

type custodianBody struct {
	partyOut
	Kind           string   `json:"kind"`
	Acknowledgment *ackBody `json:"acknowledgment"`
}

type ackBody struct {
	ID     string         `json:"id"`
	At     string         `json:"at"`
	SHA256 storage.Digest `json:"sha256"`
}

type sealBody struct {
	Mode       string          `json:"mode"`
	Reason     *string         `json:"reason"`
	Level      string          `json:"level"`
	TimeSource string          `json:"time_source"`
	SHA256     *storage.Digest `json:"sha256"`
}

type logPosition struct {
	Index    int64  `json:"index"`
	TreeSize int64  `json:"tree_size"`
	RootHash string `json:"root_hash"`
}

func partyOf(p custody.Party) partyOut {
	return partyOut{p.Name, orNull(p.Identifier), orNull(p.Email)}
}

func recordOf(r *compliance.VaultRecord) vaultRecord {
	c := r.Original
	out := vaultRecord{
		EnvelopeID: c.EnvelopeID, Status: string(c.Status), VaultedAt: at(c.VaultedAt), DocumentHash: c.DocumentHash, DepositedSHA256: c.Source.Object.SHA256,
		Authoritative: authoritative{c.CopyID, c.Version, c.DocumentHash, c.Size}, SecuredParty: partyOf(c.SecuredParty),
		Controller: controllerOf(c.Controller),
		Custodian:  custodianBody{partyOut: partyOf(c.Custodian.Party), Kind: string(c.Custodian.Kind)},
		Regime:     c.Regime, RegimeBasis: c.RegimeBasis, Jurisdiction: orNull(c.Jurisdiction),
		Seal:          sealBody{Mode: string(c.Seal.Mode), Reason: orNull(c.Seal.Reason), Level: c.Seal.Level, TimeSource: c.Seal.TimeSource},
		CertificateID: orNull(r.CertificateID), Compliant: r.Compliant, Log: positionOf(r.Log),
	}
	if m := c.Marked; m != nil {
		out.Copy = &copyRef{m.ID, m.SHA256, m.Size}
	}
	if a := c.Acknowledgment; a != nil {
		out.Custodian.Acknowledgment = &ackBody{a.ID, at(a.At), a.SHA256}
	}
	if c.Seal.SHA256 != "" {
		out.Seal.SHA256 = &c.Seal.SHA256
	}
	return out
}

func positionOf(p *compliance.LogPosition) *logPosition {
	if p == nil {
		return nil
	}
	return &logPosition{p.Index, p.TreeSize, p.RootHash}
}
