package compliance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/check"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// Handover takes finished documents from the e-sign engine into the vault and out
// of it again, in idempotent steps:
//
//	VaultIn    completion ─► deposit ─► log ─► evaluation ─► certificate
//	VaultOut   release ─► log ─► evaluation ─► certificate ─► package
//
// The deposit and the release each note, in their own transaction, that a
// certificate is due. A crash after that leaves the note, and HandoverDue, or a
// repeated call, goes on from there.
type Handover struct{ e *Engine }

// Handover returns the engine's handover.
func (e *Engine) Handover() *Handover { return &Handover{e} }

// Depositor is the organization that deposits.
type Depositor struct {
	OrgID     string
	LegalName string
	Capacity  string           // vault.CapacityPrincipal or vault.CapacityAgent
	Agreement *vault.Agreement // of an agent
}

// VaultInRequest asks to vault a completed envelope, or an uploaded paper
// document.
type VaultInRequest struct {
	EnvelopeID string
	Depositor  Depositor

	SecuredParty   *vault.Party          // default: the envelope's, else the depositor
	Custodian      string                // vault.CustodianSelf or vault.CustodianOperator; default: the vault's
	Regime         string                // default: concluded from Classification, else Config.Regime, as host_default
	Jurisdiction   string                // ISO 3166-1 or -2, such as US-NY; default: none is named
	Classification *vault.Classification // recorded; see Check
	Attestation    *vault.Attestation    // paper only
	DocumentSHA256 storage.Digest        // of the completion, or the paper; "" is whichever is there
	Kind           string                // esign.KindESign or esign.KindPaper; "" is either
	IfMatch        string                // the envelope's ETag; "" is any

	Actor         Actor
	RequestID     string
	RequestSHA256 storage.Digest

	// Also runs in the deposit's transaction, with the record as it is then. It does
	// not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, r *VaultRecord) error
}

// VaultRecord is what is known of a vaulted document. Log, CertificateID and
// Compliant are empty while the log or the certificate is late.
type VaultRecord struct {
	Copy          *vault.Copy
	Log           *LogPosition
	CertificateID string
	Compliant     *bool
}

// LogPosition is where an event stands in the log, at one checkpoint.
type LogPosition struct {
	EventID  string
	Index    int64
	TreeSize int64
	RootHash string // base64
}

// VaultIn vaults a document, evaluates and certifies it. Asked again it returns
// the same record and created false, if what it asks for agrees with it.
//
// Errors: esign.ErrNotFound, esign.ErrPrecondition, *esign.StateError unless the
// envelope is completed or paper with its PDF, esign.ErrOriginalGivenOut,
// esign.ErrDocumentChanged, also when another document is uploaded meanwhile,
// *vault.AlreadyVaultedError, vault.ErrReleased, vault.ErrNotAnOriginal,
// *InvalidError, pades.ErrTimestampUnavailable, translog.ErrRewound,
// storage.ErrUnavailable.
func (h *Handover) VaultIn(ctx context.Context, r VaultInRequest) (rec *VaultRecord, created bool, err error) {
	e := h.e
	if err := h.Check(r); err != nil {
		return nil, false, err
	}
	done, err := e.c.ESign.Completion(ctx, r.Depositor.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, false, err
	}
	d, err := e.plan(ctx, r, done)
	if err != nil {
		return nil, false, err
	}
	copies, err := e.c.ESign.SignerCopies(ctx, r.EnvelopeID)
	if err != nil {
		return nil, false, err
	}
	for _, c := range copies {
		d.Source.Copies = append(d.Source.Copies, vault.SourceCopy{ID: c.ID, Object: c.Object, MadeAt: c.MadeAt, GivenTo: c.GivenTo, EventID: c.EventID})
	}
	copied, created, err := e.c.Vault.Deposit(ctx, d)
	if err != nil {
		return nil, false, err
	}
	if err := e.finish(ctx, copied.EnvelopeID, copied.StoredEventID, r.Actor); err != nil && !e.late(ctx, copied.EnvelopeID, err) {
		return nil, created, fmt.Errorf("vault in %s: %w", r.EnvelopeID, err)
	}
	if rec, err = h.Record(ctx, r.Depositor.OrgID, r.EnvelopeID); err != nil {
		return nil, created, fmt.Errorf("vault in %s: %w", r.EnvelopeID, err)
	}
	return rec, created, nil
}

// plan makes the deposit of a request.
func (e *Engine) plan(ctx context.Context, r VaultInRequest, done *esign.Completion) (vault.DepositRequest, error) {
	d := vault.DepositRequest{
		EnvelopeID: r.EnvelopeID, OrgID: r.Depositor.OrgID, OrgName: r.Depositor.LegalName, Capacity: r.Depositor.Capacity,
		Agreement: r.Depositor.Agreement, SecuredParty: r.SecuredParty, Custodian: r.Custodian, Regime: r.Regime,
		RegimeBasis: BasisDeclared, Jurisdiction: r.Jurisdiction, Classification: r.Classification, Attestation: r.Attestation,
		Actor: r.Actor, RequestID: r.RequestID, RequestSHA256: r.RequestSHA256, Also: e.deposited(r),
		Source: vault.Source{
			Kind: vault.SourceESign, Object: done.Object, DocumentSHA256: done.DocumentSHA256, Level: done.Level,
			Sealing: vault.Sealing{Mode: done.Sealing.Mode, Reason: done.Sealing.Reason}, Name: done.Name, CustomerID: done.CustomerID,
			SignedSHA256: done.SignedSHA256,
		},
	}
	if done.Kind == esign.KindPaper {
		d.Source.Kind = vault.SourcePaper
	}
	switch {
	case done.Object.Name == "": // disposed of
		return d, vault.ErrReleased
	case r.Kind != "" && r.Kind != done.Kind:
		status, err := e.c.ESign.Status(ctx, r.Depositor.OrgID, r.EnvelopeID)
		if err != nil {
			return d, err
		}
		return d, &esign.StateError{Verb: esign.VerbVault, Status: status.Status}
	case r.DocumentSHA256 != "" && r.DocumentSHA256 != done.Object.SHA256:
		return d, esign.ErrDocumentChanged
	}
	if r.IfMatch != "" {
		status, err := e.c.ESign.Status(ctx, r.Depositor.OrgID, r.EnvelopeID)
		if err != nil {
			return d, err
		}
		if status.ETag() != r.IfMatch {
			return d, esign.ErrPrecondition
		}
	}
	if p := done.SecuredParty; d.SecuredParty == nil && p != nil {
		d.SecuredParty = &vault.Party{Name: p.Name, Identifier: p.Identifier, Email: p.Email}
	}
	var p check.Problems
	d.Regime, d.RegimeBasis = e.chosen(&p, r)
	return d, p.Err()
}

// deposited tells the e-sign engine of the deposit, which compares it with the
// envelope as it is then, and notes the certificate that is due, in the deposit's
// transaction.
func (e *Engine) deposited(r VaultInRequest) func(context.Context, storage.Tx, *vault.Copy) error {
	return func(ctx context.Context, tx storage.Tx, c *vault.Copy) error {
		if err := e.c.ESign.With(tx).Vaulted(ctx, esign.Vaulting{
			EnvelopeID: c.EnvelopeID, At: c.VaultedAt, Deposited: c.Source.Object.SHA256, DocumentHash: c.DocumentHash,
			IfMatch: r.IfMatch, Control: c.Regime != NoRegime,
		}); err != nil {
			return err
		}
		due := Due{CauseID: c.StoredEventID, CauseType: "vault.stored", EnvelopeID: c.EnvelopeID, OrgID: c.OrgID, CreatedAt: c.VaultedAt}
		if err := e.note(ctx, tx, due); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, tx, &VaultRecord{Copy: c})
	}
}

// noteDelay is how long HandoverDue leaves a fresh note to the call that made it.
const noteDelay = 10 * time.Second

func (e *Engine) note(ctx context.Context, tx storage.Tx, d Due) error {
	d.NextTry = d.CreatedAt.Add(noteDelay)
	return e.c.Store.With(tx).InsertDue(ctx, d)
}

// finish brings a cause to its certificate: its events into the log, evaluation,
// certificate. Each step is idempotent; of several that finish the same here, the
// first does the work.
func (e *Engine) finish(ctx context.Context, envelopeID, cause string, actor Actor) error {
	leave, err := e.finishing.Enter(ctx, envelopeID)
	if err != nil {
		return err
	}
	defer leave()
	if _, err := e.issued(ctx, envelopeID, cause); err == nil || !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if _, err := e.c.Log.Wait(ctx, cause); err != nil {
		return err
	}
	f, err := e.gather(ctx, envelopeID)
	if err != nil {
		return err
	}
	r := f.evaluate()
	if err := e.keep(ctx, f, r, actor); err != nil {
		return err
	}
	_, err = e.issue(ctx, f, r, cause)
	return err
}

// late notes what failed after the effect itself was durable, so that the caller
// need not hear of it: the background goes on from there. A context that ended is
// the caller's own.
func (e *Engine) late(ctx context.Context, envelopeID string, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	e.c.Logger.WarnContext(ctx, "compliance: certificate is late", "envelope_id", envelopeID, "error", err)
	return true
}

// Record returns the vault record of an envelope, live or released. Its Compliant is
// held against the checks that the evaluation keeps and against the event of the
// result; Engine.LastEvaluation, which a status is read by, compares the checks alone.
// vault.ErrNotVaulted; translog.ErrRewound while the database is behind the anchors
// of the log.
func (h *Handover) Record(ctx context.Context, orgID, envelopeID string) (*VaultRecord, error) {
	e := h.e
	if err := e.c.Log.CheckRecent(ctx); err != nil {
		return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
	}
	c, err := e.c.Vault.Copy(ctx, orgID, envelopeID)
	if err != nil {
		return nil, err
	}
	rec := &VaultRecord{Copy: c}
	if rec.Log, err = h.LogPosition(ctx, c.StoredEventID); err != nil {
		return nil, err
	}
	cert, err := e.c.Store.CertificateBySerial(ctx, envelopeID, 0)
	if errors.Is(err, storage.ErrNotFound) {
		return rec, nil
	}
	if err != nil {
		return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
	}
	rec.CertificateID = cert.ID
	last, err := e.c.Store.LastEvaluation(ctx, envelopeID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
	case err != nil:
		return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
	case e.now().Sub(last.EvaluatedAt) <= e.c.MaxAge:
		if rec.Compliant, err = e.announced(ctx, last); err != nil {
			return nil, fmt.Errorf("vault record of %s: %w", envelopeID, err)
		}
	}
	return rec, nil
}

// announced is what a stored evaluation found, nil where the newest event of a result
// says otherwise, or names another evaluation of the same time.
func (e *Engine) announced(ctx context.Context, s StoredEvaluation) (*bool, error) {
	found := s.found()
	if found == nil {
		return nil, nil
	}
	ev, err := e.c.ESign.Evidence(ctx, s.EnvelopeID)
	if err != nil {
		return nil, err
	}
	for _, row := range slices.Backward(ev.Events) {
		x := canonicalEvent(row)
		if x.Type != EventPassed && x.Type != EventFailed {
			continue
		}
		told := text(x, "evaluated_at") != stamp.Format(s.EvaluatedAt) || text(x, "evaluation_sha256") == string(storage.Sum(s.Result))
		if *found != (x.Type == EventPassed) || !told {
			return nil, nil
		}
		return found, nil
	}
	return nil, nil
}

// LogPosition returns where an event stands in the newest checkpoint, nil while
// it is pending.
func (h *Handover) LogPosition(ctx context.Context, eventID string) (*LogPosition, error) {
	entry, err := h.e.c.Log.Entry(ctx, eventID)
	if err != nil {
		return nil, fmt.Errorf("log position: %w", err)
	}
	cp, err := h.e.c.Log.Checkpoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("log position: %w", err)
	}
	if entry.Index < 0 || entry.Index >= cp.Size {
		return nil, nil
	}
	return &LogPosition{eventID, entry.Index, cp.Size, cp.Root.String()}, nil
}

// VaultOutRequest asks to hand an original over.
type VaultOutRequest struct {
	OrgID, EnvelopeID string
	Reason, Note      string
	Recipient         vault.Recipient
	IfMatch           string // the envelope's ETag; "" is any

	Actor         Actor
	RequestID     string
	RequestSHA256 storage.Digest

	// Also runs in the release's transaction. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, r *vault.Release) error
}

// VaultOut releases an original and builds its package, with the certificate that
// says so. Asked again with the same reason and recipient it returns the same
// release. Where log, certificate or package are late, the release's Delivery is
// preparing and the background finishes it. Errors: those of vault.Release,
// esign.ErrPrecondition.
func (h *Handover) VaultOut(ctx context.Context, r VaultOutRequest) (*vault.Release, error) {
	e := h.e
	if err := e.matches(ctx, r); err != nil {
		return nil, err
	}
	rel, _, err := e.c.Vault.Release(ctx, vault.ReleaseRequest{
		OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Reason: r.Reason, Note: r.Note, Recipient: r.Recipient,
		Actor: r.Actor, RequestID: r.RequestID, RequestSHA256: r.RequestSHA256, Also: e.released(r),
	})
	if err != nil {
		return nil, err
	}
	packed, err := e.pack(ctx, *rel, r.Actor)
	if err == nil {
		rel = packed
	} else if !e.late(ctx, r.EnvelopeID, err) {
		return nil, fmt.Errorf("vault out %s: %w", r.EnvelopeID, err)
	}
	return rel, nil
}

// matches judges If-Match before a release version is made in vain; the release's
// transaction judges it again. A repeated release needs none.
func (e *Engine) matches(ctx context.Context, r VaultOutRequest) error {
	if r.IfMatch == "" {
		return nil
	}
	status, err := e.c.ESign.Status(ctx, r.OrgID, r.EnvelopeID)
	if err != nil {
		return err
	}
	if status.ReleasedAt == nil && status.ETag() != r.IfMatch {
		return esign.ErrPrecondition
	}
	return nil
}

// released is what goes with a release, in its transaction.
func (e *Engine) released(asked VaultOutRequest) func(context.Context, storage.Tx, *vault.Release) error {
	return func(ctx context.Context, tx storage.Tx, r *vault.Release) error {
		err := e.c.ESign.With(tx).Released(ctx, esign.Releasing{EnvelopeID: r.EnvelopeID, At: r.ReleasedAt, IfMatch: asked.IfMatch})
		if err != nil {
			return err
		}
		due := Due{CauseID: r.EventID, CauseType: "vault.released", EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, CreatedAt: r.ReleasedAt}
		if err := e.note(ctx, tx, due); err != nil || asked.Also == nil {
			return err
		}
		return asked.Also(ctx, tx, r)
	}
}

// pack certifies a release and builds its package.
func (e *Engine) pack(ctx context.Context, r vault.Release, actor Actor) (*vault.Release, error) {
	if r.Package != nil {
		return &r, nil
	}
	if err := e.finish(ctx, r.EnvelopeID, r.EventID, actor); err != nil {
		return nil, err
	}
	return e.c.Vault.BuildPackage(ctx, r.OrgID, r.EnvelopeID, e.packageFiles)
}

// packageFiles are what a release package holds beside the vault's own files:
// certificate.json, custody-record.pdf, certificates/0001.jws and on,
// log/checkpoint, rules.md, and the public keys that all of it verifies against.
func (e *Engine) packageFiles(ctx context.Context, r *vault.Release) ([]vault.PackageFile, error) {
	list, err := e.c.Store.Certificates(ctx, r.EnvelopeID)
	if err != nil {
		return nil, err
	}
	newest, err := e.issued(ctx, r.EnvelopeID, r.EventID)
	if err != nil {
		return nil, err
	}
	document, err := newest.Document()
	if err != nil {
		return nil, err
	}
	record, err := e.CustodyRecord(ctx, newest)
	if err != nil {
		return nil, err
	}
	files := []vault.PackageFile{
		{Name: "certificate.json", Content: document},
		{Name: "custody-record.pdf", Content: record},
		{Name: "log/checkpoint", Content: []byte(newest.Log.Checkpoint)},
		{Name: "rules.md", Content: []byte(Rules())},
	}
	for _, c := range list {
		files = append(files, vault.PackageFile{Name: fmt.Sprintf("certificates/%04d.jws", c.Serial), Content: []byte(c.JWS)})
	}
	keys, err := e.keyFiles(ctx)
	return append(files, keys...), err
}
