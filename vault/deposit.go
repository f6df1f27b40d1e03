package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/fingerprint"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/attestation"
)

// DepositRequest asks to make the authoritative copy of an envelope.
type DepositRequest struct {
	EnvelopeID string
	OrgID      string           // who deposits
	OrgName    string           // its legal name
	Capacity   custody.Capacity // CapacityPrincipal (default) or CapacityAgent, when SecuredParty is another
	Agreement  *custody.Agreement
	Source     custody.Source

	SecuredParty *custody.Party        // the assignee; default: the organization itself
	ControlKey   custody.ControlKey    // of SecuredParty, which then controls by it alone; "" for none
	Custodian    custody.CustodianKind // CustodianSelf or CustodianOperator; default: operator if one is configured

	Regime         string // control statute, as package compliance names them
	RegimeBasis    string // declared, classified or host_default
	Jurisdiction   string // such as US-NY
	Classification *custody.Classification
	Attestation    *custody.Attestation // paper only
	Assets         []custody.Asset      // the assets that the contract is about, at most custody.MaxAssets; in any spelling

	Actor         Actor
	RequestID     string         // of the request, recorded with the deposit
	RequestSHA256 storage.Digest // of its decoded body

	// Also runs in the deposit's transaction, with the copy as it will be. It does
	// not run when the copy exists.
	Also func(ctx context.Context, tx storage.Tx, c *custody.Original) error
}

// deposit is a request that was checked, and what is made of it.
type deposit struct {
	DepositRequest
	custody custody.Parties
	allowed map[storage.Digest]bool // duplicates the host let pass
	shared  map[storage.Digest]bool // assets of other live copies, likewise

	at        time.Time
	copyID    string
	version   custody.Version
	marked    *custody.RegisteredCopy
	claims    []custody.Claim
	revisions []storage.Digest     // of all earlier states of the deposited bytes, looked up whether claimed or not
	contents  fingerprint.Contents // of the deposited file
	entry     custody.Entry
	ack       *custody.Acknowledgment
}

// errTaken: another deposit of the envelope was first.
var errTaken = errors.New("vault: another deposit was first")

// errClaimed: another deposit claimed a digest in the meantime.
var errClaimed = errors.New("vault: another deposit claimed these bytes")

// errHeld: a copy holds an asset that none was seen to hold.
var errHeld = errors.New("vault: another deposit is about the same asset")

// Deposit makes the one authoritative copy of an envelope from a finished
// document. The vault's seal, which names the assignee, is appended to the
// bytes (or stored separately if the file cannot be extended). A marked copy of
// the result is made, both are written, read back and hashed, and one
// transaction records copy, version, claims, custody with the custodian's
// acknowledgment, and events. The deposited bytes are never altered.
//
// Deposit is idempotent by envelope: with the same fields it returns the copy and created false,
// with different fields an *AlreadyVaultedError, after a release ErrReleased. ErrNotAnOriginal when
// the bytes, an earlier revision or a source of them belong to a document that was vaulted before;
// ErrAssetHeld when a live copy is about one of its assets. Further: *InvalidError,
// pades.ErrTimestampUnavailable, translog.ErrRewound, storage.ErrUnavailable, ErrIntegrity when the
// source's bytes are not those recorded.
func (v *Vault) Deposit(ctx context.Context, r DepositRequest) (c *custody.Original, created bool, err error) {
	d, err := v.plan(r)
	if err != nil {
		return nil, false, err
	}
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, false, fmt.Errorf("deposit %s: %w", r.EnvelopeID, err)
	}
	release, err := v.depositing.Acquire(ctx, r.EnvelopeID)
	if err != nil {
		return nil, false, fmt.Errorf("deposit %s: %w", r.EnvelopeID, err)
	}
	defer release()
	const tries = 5
	for range tries {
		c, err = v.c.Store.Original(ctx, r.EnvelopeID)
		if err == nil {
			return v.deposited(ctx, d, c)
		}
		if errors.Is(err, storage.ErrNotFound) {
			c, err = v.deposit(ctx, *d)
		}
		if !errors.Is(err, errTaken) && !errors.Is(err, errClaimed) && !errors.Is(err, errHeld) {
			break
		}
	}
	if errors.Is(err, errHeld) {
		err = ErrAssetHeld
	}
	if err != nil {
		return nil, false, fmt.Errorf("deposit %s: %w", r.EnvelopeID, err)
	}
	return c, true, nil
}

// deposited returns the existing copy for a repeated request.
func (v *Vault) deposited(ctx context.Context, d *deposit, c *custody.Original) (*custody.Original, bool, error) {
	assets, err := v.c.Store.AssetsOf(ctx, c.CopyID)
	if err != nil {
		return nil, false, fmt.Errorf("deposit %s: %w", d.EnvelopeID, err)
	}
	if err := d.agrees(c, assets); err != nil {
		return nil, false, err
	}
	c, err = v.authoritative(ctx, c)
	if err == nil && c.Status == custody.StatusReleased {
		err = ErrReleased
	}
	if err != nil {
		return nil, false, fmt.Errorf("deposit %s: %w", d.EnvelopeID, err)
	}
	return c, false, nil
}

func (v *Vault) plan(r DepositRequest) (*deposit, error) {
	var p validate.Problems
	for _, f := range []struct{ name, value string }{{"envelope_id", r.EnvelopeID}, {"org_id", r.OrgID}, {"org_name", r.OrgName}, {"source", r.Source.Object.Name}} {
		if f.value == "" {
			p.Add(f.name, "required", "is required")
		}
	}
	oneOf(&p, "source.kind", r.Source.Kind, custody.SourceESign, custody.SourcePaper)
	oneOf(&p, "source.sealing", r.Source.Sealing.Mode, custody.SealingEmbedded, custody.SealingDetached)
	oneOf(&p, "custodian", r.Custodian, "", custody.CustodianSelf, custody.CustodianOperator)
	oneOf(&p, "capacity", r.Capacity, "", custody.CapacityPrincipal, custody.CapacityAgent)
	if r.SecuredParty != nil {
		p.StructBelow("secured_party.", *r.SecuredParty)
	}
	if r.Capacity == custody.CapacityAgent && r.Agreement == nil {
		p.Add("agreement", "required", "is required for an agent")
	}
	if r.Agreement != nil {
		p.StructBelow("agreement.", *r.Agreement)
	}
	switch {
	case r.Attestation == nil:
	case r.Source.Kind != custody.SourcePaper:
		p.Add("attestation", "excluded", "is for paper documents only")
	default:
		p.StructBelow("attestation.", *r.Attestation)
		attestation.Check(r.Attestation, &p, "attestation.", v.now())
	}
	d := &deposit{DepositRequest: r}
	if d.Capacity == "" {
		d.Capacity = custody.CapacityPrincipal
	}
	if r.Agreement != nil {
		a := *r.Agreement
		a.Date = environ.Micro(a.Date)
		d.Agreement = &a
	}
	if r.Attestation != nil {
		d.Attestation = attestation.Clean(*r.Attestation)
	}
	d.Assets = cleanAssets(r.Assets, &p)
	d.custody.Assignee, d.custody.Controller, d.custody.Custodian = v.parties(&d.DepositRequest, &p)
	return d, p.Err()
}

// oneOf refuses a value that is none of those allowed.
func oneOf[T ~string](p *validate.Problems, field string, value T, allowed ...T) {
	if !slices.Contains(allowed, value) {
		p.Add(field, "oneof", "must be one of %q", allowed)
	}
}

// agrees checks that a repeated request asks for the existing copy. Absent fields always agree.
func (d *deposit) agrees(c *custody.Original, assets []custody.Asset) error {
	if _, err := allowed(c, standing.SeeCopy, d.OrgID); err != nil {
		return err
	}
	if c.Status == custody.StatusReleased {
		return ErrReleased
	}
	var e AlreadyVaultedError
	differs := func(field string, does bool) {
		if does {
			e.Fields = append(e.Fields, field)
		}
	}
	differs("document_sha256", d.Source.Object.SHA256 != c.Source.Object.SHA256)
	differs("secured_party", d.SecuredParty != nil && d.custody.Assignee != c.SecuredParty || d.ControlKey != "" && d.ControlKey != c.Controller.ControlKey)
	differs("custodian", d.Custodian != "" && d.custody.Custodian != c.Custodian)
	differs("regime", d.Regime != "" && d.RegimeBasis != "host_default" && d.Regime != c.Regime)
	differs("jurisdiction", d.Jurisdiction != "" && d.Jurisdiction != c.Jurisdiction)
	differs("classification", d.Classification != nil && !equal(d.Classification, c.Classification))
	differs("attestation", d.Attestation != nil && !equal(d.Attestation, c.Attestation))
	differs("assets", len(d.Assets) > 0 && !slices.Equal(d.Assets, assets))
	if len(e.Fields) > 0 {
		return &e
	}
	return nil
}

// deposit does the work before the transaction, and the transaction.
func (v *Vault) deposit(ctx context.Context, d deposit) (*custody.Original, error) {
	file, err := v.source(ctx, d.Source.Object)
	if err != nil {
		return nil, err
	}
	d.at, d.copyID = v.now(), v.c.NewID("cpy")
	if err := d.claimDeposited(file); err != nil {
		return nil, err
	}
	if err := d.claimContents(ctx, file); err != nil {
		return nil, err
	}
	d.claimCopies()
	if d.allowed, err = v.refuseDuplicates(ctx, &d); err != nil {
		return nil, err
	}
	if d.shared, err = v.refuseHeld(ctx, &d); err != nil {
		return nil, err
	}
	sealed, err := v.seal(ctx, sealing{
		file: file.Content, parsed: file.opened, mode: d.Source.Sealing, reason: v.depositReason(&d), at: d.at,
		statement: custody.VersionStatement{
			Assignee: d.custody.Assignee, At: environ.Format(d.at), CopyID: d.copyID, EnvelopeID: d.EnvelopeID,
			Kind: custody.VersionDeposit, Vault: d.custody.Custodian.Party.Name, Version: 1,
		},
	})
	if err != nil {
		return nil, err
	}
	d.version = custody.Version{
		CopyID: d.copyID, Version: 1, Kind: custody.VersionDeposit, Seal: sealed.seal, Statement: sealed.statement, CreatedAt: d.at,
		Prefix: storage.Object{SHA256: d.Source.Object.SHA256, Size: d.Source.Object.Size},
	}
	if d.version.Object, err = v.keep(ctx, storage.KindVersion, d.copyID+"-v1", sealed.file); err != nil {
		return nil, err
	}
	if d.marked, err = v.mark(ctx, marking{d.EnvelopeID, d.version, d.Actor}, file); err != nil {
		return nil, err
	}
	d.claim(custody.ClaimVersion, d.version.Object.SHA256, 1)
	if d.marked != nil {
		d.claim(custody.ClaimCopy, d.marked.SHA256, 0)
	}
	d.entry, err = v.entry(custody.Entry{
		ID: v.c.NewID("cust"), CopyID: d.copyID, EnvelopeID: d.EnvelopeID, Seq: 1, Kind: custody.EntryDeposit, To: &d.custody,
		Version: 1, SHA256: d.version.Object.SHA256, RecordedAt: d.at,
		Consent: custody.ConsentBy(d.Actor, d.RequestID, d.RequestSHA256),
	}, jurisdictionOf(d.Jurisdiction, ""))
	if err != nil {
		return nil, err
	}
	if d.ack, err = v.acknowledge(d.entry); err != nil {
		return nil, err
	}
	var c *custody.Original
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		c, err = v.commit(ctx, s, d)
		return err
	})
	return c, err
}

// source reads what is deposited.
func (v *Vault) source(ctx context.Context, o storage.Object) (*document, error) {
	content, err := v.read(ctx, o)
	if err == nil && content.SHA256() != o.SHA256 {
		return nil, fmt.Errorf("source %s: %w", o.Name, ErrIntegrity)
	}
	if err != nil {
		return nil, err
	}
	return parseDocument(content), nil
}

// commit records the deposit, in a transaction.
func (v *Vault) commit(ctx context.Context, s Store, d deposit) (*custody.Original, error) {
	if _, err := s.Original(ctx, d.EnvelopeID); err == nil {
		return nil, errTaken
	} else if !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	claims, err := v.unclaimed(ctx, s, &d)
	if err != nil {
		return nil, err
	}
	events, err := v.chain.Append(ctx, s, d.events(claims)...)
	if err != nil {
		return nil, err
	}
	c := d.copy(events[0])
	d.version.EventID, d.entry.EventID = events[0].ID, events[1].ID
	if d.marked != nil {
		d.marked.EventID = events[0].ID
	}
	steps := []func() error{
		func() error { return s.InsertOriginal(ctx, c) },
		func() error { return s.LinkBlob(ctx, d.version.Object.Name, c.VaultedAt) },
		func() error { return s.AddVersion(ctx, d.version) },
		func() error { return addClaims(ctx, s, claims, d.assetClaims()) },
		func() error { return d.keepAssets(ctx, s) },
		func() error { return s.AddCustody(ctx, d.entry) },
	}
	if d.marked != nil {
		steps = append(steps,
			func() error { return s.LinkBlob(ctx, d.marked.Object.Name, c.VaultedAt) },
			func() error { return s.AddRegistered(ctx, *d.marked) })
	}
	for _, r := range d.registered() {
		steps = append(steps, func() error { return s.AddRegistered(ctx, r) })
	}
	if d.ack != nil {
		steps = append(steps, func() error { return s.AddAcknowledgment(ctx, *d.ack) })
	}
	if d.Also != nil {
		steps = append(steps, func() error { return d.Also(ctx, s.Tx(), c) })
	}
	return c, inOrder(steps...)
}

func (d *deposit) copy(stored Event) *custody.Original {
	return &custody.Original{
		CopyID: d.copyID, EnvelopeID: d.EnvelopeID, OrgID: d.OrgID, Status: custody.StatusVaulted,
		Name: d.Source.Name, CustomerID: d.Source.CustomerID,
		Version: 1, DocumentHash: d.version.Object.SHA256, Size: d.version.Object.Size, Seal: d.version.Seal,
		Source: d.Source, SecuredParty: d.custody.Assignee, Controller: d.custody.Controller, Custodian: d.custody.Custodian,
		Capacity: d.Capacity, Agreement: d.Agreement,
		Regime: d.Regime, RegimeBasis: d.RegimeBasis, Jurisdiction: d.Jurisdiction,
		Classification: d.Classification, Attestation: d.Attestation, Marked: d.marked, Acknowledgment: d.ack,
		VaultedAt: stored.RecordedAt, IntegrityCheckedAt: stored.RecordedAt, IntegrityOK: true, StoredEventID: stored.ID,
	}
}

// events are vault.stored, custody.assigned and, with a custodian,
// custody.acknowledged.
func (d *deposit) events(claims []custody.Claim) []eventlog.Draft {
	data := event.StoredData{
		CopyID: d.copyID, Version: 1, SHA256: d.version.Object.SHA256, Size: d.version.Object.Size,
		Source: string(d.Source.Kind), DepositedSHA256: d.Source.Object.SHA256,
		Sealing: string(d.version.Seal.Mode), SealingReason: d.version.Seal.Reason, Level: d.version.Seal.Level, StatementSHA256: d.version.Seal.SHA256,
		Capacity: string(d.Capacity), Regime: d.Regime, RegimeBasis: d.RegimeBasis, Jurisdiction: d.Jurisdiction,
		ClaimsSHA256: custody.WitnessDigest(slices.Concat(claims, d.assetClaims())), DuplicatesAllowed: sorted(d.allowed),
		AssetsAllowed: sorted(d.shared),
	}
	if d.marked != nil {
		data.MarkedCopy = &event.MarkedCopy{CopyID: d.marked.ID, SHA256: d.marked.SHA256}
	}
	describe(d.contents, &data)
	draft := func(kind string, data, detail any) eventlog.Draft {
		return eventlog.Draft{EnvelopeID: d.EnvelopeID, Type: kind, Actor: d.Actor, Data: data, Detail: detail}
	}
	drafts := []eventlog.Draft{
		draft(event.VaultStored, data, custody.StoredDetail{
			Custody: d.custody, Agreement: d.Agreement, Classification: d.Classification, Attestation: d.Attestation,
			Assets: d.Assets,
		}),
		draft(event.CustodyAssigned, assigned(&d.entry), nil),
	}
	if d.ack != nil {
		drafts = append(drafts, acknowledged(d.ack, d.entry, d.Actor))
	}
	return drafts
}

// keep stages an object and reads it back, so that the recorded digest is that of the stored bytes.
func (v *Vault) keep(ctx context.Context, kind storage.Kind, owner string, content *storage.Content) (storage.Object, error) {
	o, err := v.c.Objects.StageContent(ctx, kind, owner, content)
	if err != nil {
		return o, err
	}
	found, size, err := v.c.Objects.Hash(ctx, o)
	if err != nil {
		return o, fmt.Errorf("read back: %w", errors.Join(storage.ErrUnavailable, err))
	}
	if found != o.SHA256 || size != o.Size {
		return o, fmt.Errorf("read back %s: %w: %w", o.Name, storage.ErrUnavailable, storage.ErrDigest)
	}
	return o, nil
}
