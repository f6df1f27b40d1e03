package esign

import (
	"context"
	"errors"
	"fmt"

	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// CreateRequest asks for an envelope. Limits: 50 signers, 500 fields; names,
// roles, ids and labels 200 characters; Message 2,000 characters of plain text;
// 50 metadata keys of 40 with values of 500.
type CreateRequest struct {
	OrgID string
	Actor Actor

	CustomerEmail string `validate:"required,email,max=254"`
	CustomerName  string `validate:"required,max=200"`
	CustomerID    string `validate:"max=200"`
	EnvelopeKind  string `validate:"omitempty,oneof=esign paper"` // default: KindESign
	EnvelopeName  string `validate:"max=200"`                     // default: Filename without .pdf, else the customer's name
	// TemplateID and TemplateVersion say which template Document and Fields come from; the envelope and its first event keep
	// them. Package template sets them.
	TemplateID      string `validate:"max=200"`
	TemplateVersion int    `validate:"min=0"`
	ExternalID      string `validate:"max=200"` // unique in the organization, free again after void, decline and expiry
	Document        []byte // the PDF; required for e-sign, refused for paper, which is uploaded
	Filename        string `validate:"max=200"` // default: document.pdf

	Fields []FieldSpec `validate:"dive"` // at most 500; signers without a signature field get a signature page
	// FieldsFromTags adds the fields named by tags on the pages, such as
	// {{buyer:signature}}; see package placement.
	FieldsFromTags bool
	// FieldsFromForm adds the fields of the PDF's own form. A field whose name
	// begins with a signer's role and a dot is assigned to that signer, the
	// others to the first signer. Fields that a contract cannot use, such as
	// push buttons, are omitted.
	FieldsFromForm bool
	Signers        []SignerSpec `validate:"dive"` // at most 50; default: one, made of the customer
	SigningOrder   string       `validate:"omitempty,oneof=parallel sequential"`
	// SigningOrder's default is sequential when a signer has an order, else parallel.
	Consent       string            // ConsentClick, the default, or ConsentDemonstrated
	Message       string            `validate:"max=2000"`
	Summary       []SummaryRow      // shown to signers above the document; at most 30, labels of 80 characters, values of 300
	RedirectURL   string            `validate:"max=2000"`                 // https; the caller checks its origin
	ExpiresInDays int               `validate:"omitempty,min=1,max=3650"` // counted from the sending; default: 30
	Reminders     ReminderSchedule  // for signers who have not signed; default: none
	SecuredParty  *Party            // the assignee that vault-in names by default
	Metadata      map[string]string // at most 50 entries: keys of 40 characters, values of 500
	WithoutLegend bool              // true: no legend on the pages says where the authoritative copy is
	TimeZone      string            // IANA name of the time zone for signers without their own; default: UTC
	AutoVault     bool              // vault on completion, done by compliance/handover
	Send          bool              // send at once

	// Also runs in the transaction that creates the envelope.
	Also func(ctx context.Context, tx storage.Tx, env *Envelope) error

	customerSigns bool // no signers were given
}

// SignerSpec describes a new signer.
type SignerSpec struct {
	Email string `validate:"required,email,max=254"`
	Name  string `validate:"required,max=200"`
	Role  string `validate:"max=200"` // distinct; default: signer 1, signer 2 …
	// Order: the lowest number signs first; equal numbers sign in parallel. If
	// all are 0, the default is the position in the list when sequential, else
	// 1.
	Order int    `validate:"min=0,max=1000"`
	Auth  string // AuthLink (default), AuthEmailCode or AuthAccessCode
	// AccessCode is the code for AuthAccessCode, 6 to 64 characters. Only its hash
	// is stored.
	AccessCode string
	// Delegate lets the signer delegate signing to another person, once.
	Delegate bool
	// TimeZone is an IANA name; default: the envelope's. Names are looked up by
	// time.LoadLocation: if the system has no time zone database, import
	// time/tzdata, as storage/embedded does.
	TimeZone string
}

// FieldSpec describes a new field, in fractions of the displayed page from its
// top-left corner. W must be at least 0.01, H at least 0.005, and high enough
// for text of 5 points; fields of different roles must not overlap.
type FieldSpec struct {
	// Name tells the fields of a template apart, such as the name that a tag or a form field gives; an envelope's fields need
	// none.
	Name       string `validate:"max=200"`
	Kind       string `validate:"required,oneof=signature initials date text checkbox radio dropdown"`
	Role       string `validate:"required,max=200"`
	Page       int    `validate:"min=1"`
	X, Y, W, H float64
	Optional   bool
	Label      string `validate:"max=200"`
	// Options are the values of a radio or dropdown field: 1 to 100, each one
	// line of at most 200 characters, without duplicates.
	Options []string `validate:"max=100"`
	// Value is the value filled in by the sender, for text, checkbox ("true" or "false"),
	// radio and dropdown fields. The signer may change it unless it is ReadOnly.
	Value    string
	ReadOnly bool
	// Anchor places the field at a text of the document, in place of X and Y.
	// Page then limits the search to a page, 0 means every page; W and H of 0
	// are the defaults of the kind. Default: none.
	Anchor *Anchor
}

// Draft is a checked request whose files are staged, good for one
// [Joined.Create] within 24 hours.
type Draft struct {
	env     *Envelope
	objects []storage.Object
	sender  Sender
	summary []SummaryRow
	actor   Actor
	send    bool
	also    func(context.Context, storage.Tx, *Envelope) error
}

// EnvelopeID is the id that the envelope will have.
func (d *Draft) EnvelopeID() string { return d.env.ID }

// Create makes an envelope: a paper envelope is returned pending, an e-sign envelope preparing or,
// with Send, sent. Errors: *InvalidError, *Refusal, *NotSignableError, *ExternalIDError.
func (e *Engine) Create(ctx context.Context, r CreateRequest) (*Envelope, error) {
	d, err := e.Prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	return (&Joined{e, e.cfg.Store}).Create(ctx, d)
}

// Prepare does the part of Create before its transaction: it checks the
// request, prepares the document and stages its files. [Joined.Create] does the
// rest in the host's transaction. Errors are those of Create.
func (e *Engine) Prepare(ctx context.Context, r CreateRequest) (*Draft, error) {
	if err := r.checkLengths(); err != nil {
		return nil, err
	}
	if err := e.placeFields(ctx, &r); err != nil {
		return nil, err
	}
	r.setDefaults()
	if err := r.check(); err != nil {
		return nil, err
	}
	if _, err := e.externalID(ctx, e.cfg.Store, r.OrgID, r.ExternalID); err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	sender, err := e.Sender(ctx, r.OrgID)
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	steps, err := e.stepUps(ctx, r.Signers)
	if err != nil {
		return nil, err
	}
	d := &Draft{env: e.newEnvelope(&r, steps), sender: sender, summary: r.Summary, actor: r.Actor, send: r.Send && r.EnvelopeKind == KindESign, also: r.Also}
	if r.EnvelopeKind == KindPaper {
		return d, nil
	}
	if d.send {
		if err := e.Preflight(ctx); err != nil {
			return nil, err
		}
	}
	if err := e.prepareDocument(ctx, &r, d); err != nil {
		return nil, err
	}
	return d, nil
}

func (e *Engine) newEnvelope(r *CreateRequest, steps []stepup.State) *Envelope {
	env := &Envelope{
		Summary: Summary{
			ID: e.cfg.NewID("env"), OrgID: r.OrgID, Name: r.EnvelopeName, Kind: r.EnvelopeKind, Status: StatusPreparing,
			CustomerID: r.CustomerID, CustomerEmail: r.CustomerEmail, CustomerName: r.CustomerName,
			ExternalID: r.ExternalID, TemplateID: r.TemplateID, TemplateVersion: r.TemplateVersion, SignersTotal: len(r.Signers), Revision: 1,
		},
		Metadata: r.Metadata, Message: r.Message, RedirectURL: r.RedirectURL, SigningOrder: r.SigningOrder,
		Consent: r.Consent, ExpiresInDays: r.ExpiresInDays, Reminders: r.Reminders, AutoVault: r.AutoVault, TimeZone: r.TimeZone, SecuredParty: r.SecuredParty,
	}
	if r.EnvelopeKind == KindPaper {
		env.Status = StatusPending
	}
	for i, s := range r.Signers {
		env.Signers = append(env.Signers, Signer{
			ID: e.cfg.NewID("sgn"), Email: s.Email, Name: s.Name, Role: s.Role, Order: s.Order, Auth: s.Auth, TimeZone: s.TimeZone, Delegate: s.Delegate,
			Status: SignerWaiting, LinkVersion: 1,
		})
		if steps != nil {
			env.Signers[i].StepUp = steps[i]
		}
	}
	sortSigners(env.Signers)
	return env
}

// externalID returns an *ExternalIDError if an envelope of the organization has id. An envelope
// that has expired, but whose expiry is not yet recorded, no longer uses the id; its envelope id is
// returned.
func (e *Engine) externalID(ctx context.Context, s Store, orgID, id string) (expired string, err error) {
	if id == "" {
		return "", nil
	}
	first, err := s.EnvelopeByExternalID(ctx, orgID, id)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	holder, err := s.Status(ctx, first)
	if err != nil {
		return "", err
	}
	if holder.judge(e.now()); holder.Status.Ended() {
		return first, nil
	}
	return "", &ExternalIDError{id, first}
}

// freeExternalID records the expiry of the envelope that had d's external id, in
// the transaction of s.
func (e *Engine) freeExternalID(ctx context.Context, s Store, d *Draft) error {
	expired, err := e.externalID(ctx, s, d.env.OrgID, d.env.ExternalID)
	if err != nil || expired == "" {
		return err
	}
	_, err = e.expireIn(ctx, s, expired)
	return err
}

// Create makes an envelope of d.
func (j *Joined) Create(ctx context.Context, d *Draft) (*Envelope, error) {
	e := j.engine
	var out *Envelope
	err := e.inTx(ctx, j.store, func(ctx context.Context, s Store) error {
		if err := e.freeExternalID(ctx, s, d); err != nil {
			return err
		}
		env := d.env.clone()
		if err := e.insert(ctx, s, env, d); err != nil {
			return err
		}
		out = env
		return also(ctx, s, d.also, env)
	})
	if errors.Is(err, storage.ErrConflict) {
		if _, taken := e.externalID(ctx, j.store, d.env.OrgID, d.env.ExternalID); taken != nil {
			err = taken
		}
	}
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	return out, nil
}

// insert writes env with its first event, and the second if it is sent at once.
func (e *Engine) insert(ctx context.Context, s Store, env *Envelope, d *Draft) error {
	now := e.now()
	for _, o := range d.objects {
		if err := s.LinkBlob(ctx, o.Name, now); err != nil {
			return fmt.Errorf("link %s: %w", o.Name, err)
		}
	}
	data, err := createdData(env)
	if err != nil {
		return err
	}
	if data.SummarySHA256, err = sumSummary(d.summary); err != nil {
		return err
	}
	detail := createdDetail(env, d.sender)
	detail.Summary = d.summary
	drafts := []eventlog.Draft{{EnvelopeID: env.ID, Type: event.EnvelopeCreated, Actor: d.actor, Data: data, Detail: detail}}
	var turn []Signer
	if d.send {
		var sent eventlog.Draft
		var err error
		if sent, turn, err = env.send(now, d.actor); err != nil {
			return err
		}
		drafts = append(drafts, sent)
	}
	events, err := e.stamper.Append(ctx, s, drafts...)
	if err != nil {
		return err
	}
	env.CreatedAt, env.UpdatedAt = events[0].RecordedAt, events[len(events)-1].RecordedAt
	if env.Document != nil {
		env.Document.UploadedAt = env.CreatedAt
		env.Document.Head = headOf(events[0])
	}
	if err := s.CreateEnvelope(ctx, env); err != nil {
		return err
	}
	return e.notify(ctx, s, env, turn, NoticeSign, env.Message, now)
}

func createdData(env *Envelope) (event.EnvelopeCreatedData, error) {
	fields, err := CommitFields(env.Fields)
	if err != nil {
		return event.EnvelopeCreatedData{}, err
	}
	data := event.EnvelopeCreatedData{
		Kind: env.Kind, Signers: signerIDs(env.Signers), Fields: len(env.Fields), FieldsSHA256: fields, SigningOrder: env.SigningOrder,
		Consent: env.Consent, AutoVault: env.AutoVault, TimeZone: env.TimeZone, TemplateID: env.TemplateID, TemplateVersion: env.TemplateVersion,
	}
	d := env.Document
	if d == nil {
		return data, nil
	}
	data.CreatedDocument = &event.CreatedDocument{
		DocumentSHA256: d.Object.SHA256, DocumentSize: d.Object.Size, PreparedSHA256: env.Parts[0].SHA256, Normalized: d.Normalized,
	}
	if in := d.Inspection; in != nil {
		data.Inspection = &event.CreatedInspection{
			Encrypted: in.Encrypted, Signatures: len(in.Signatures), ActiveContent: in.ActiveContent, OwnMarks: in.OwnMarks,
			Normalized: in.Normalized, Warnings: len(in.Warnings),
		}
	}
	return data, nil
}

func createdDetail(env *Envelope, sender Sender) event.EnvelopeCreatedDetail {
	d := event.EnvelopeCreatedDetail{
		CustomerEmail: env.CustomerEmail, CustomerName: env.CustomerName, CustomerID: env.CustomerID, ExternalID: env.ExternalID,
		EnvelopeName: env.Name, SenderName: sender.LegalName, Fields: commitAll(env.Fields), Signers: make([]event.CreatedSigner, len(env.Signers)),
	}
	for i, s := range env.Signers {
		d.Signers[i] = event.CreatedSigner{
			SignerID: s.ID, Email: s.Email, Name: s.Name, Role: s.Role, Order: s.Order, Auth: s.Auth, TimeZone: s.TimeZone, Delegate: s.Delegate,
		}
	}
	if env.Document != nil {
		d.Filename = env.Document.Filename
	}
	if c := sender.Contact; c != (Contact{}) {
		d.SenderContact = &event.SenderContact{Email: c.Email, Phone: c.Phone, Website: c.Website, PostalAddress: c.PostalAddress}
	}
	if len(sender.Logo) > 0 {
		d.SenderLogoSHA256 = storage.Sum(sender.Logo)
	}
	if p := env.SecuredParty; p != nil {
		d.SecuredParty = &event.CreatedParty{Name: p.Name, Identifier: p.Identifier, Email: p.Email}
	}
	return d
}

func signerIDs(signers []Signer) []string {
	ids := make([]string, len(signers))
	for i, s := range signers {
		ids[i] = s.ID
	}
	return ids
}

func headOf(e Event) event.Head {
	return event.Head{Seq: e.Seq, Hash: e.Hash, RecordedAt: e.RecordedAt}
}
