package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/storage"
)

type partRow struct {
	bun.BaseModel `bun:"table:evault_parts"`

	EnvelopeID string `bun:"envelope_id,pk"`
	Seq        int    `bun:"seq,pk"`
	SignerID   string `bun:"signer_id"`
	Object     string `bun:"object"`
	PartSHA256 string `bun:"part_sha256"`
	PartSize   int64  `bun:"part_size"`
	SHA256     string `bun:"sha256"`
	Size       int64  `bun:"size"`
}

func partToRow(envelopeID string, p esign.Part) *partRow {
	return &partRow{
		EnvelopeID: envelopeID, Seq: p.Seq, SignerID: p.SignerID, Object: p.Object.Name,
		PartSHA256: string(p.Object.SHA256), PartSize: p.Object.Size, SHA256: string(p.SHA256), Size: p.Size,
	}
}

func (r *partRow) part() esign.Part {
	return esign.Part{
		Seq: r.Seq, SignerID: r.SignerID, SHA256: storage.Digest(r.SHA256), Size: r.Size,
		Object: storage.Object{Name: r.Object, SHA256: storage.Digest(r.PartSHA256), Size: r.PartSize},
	}
}

type signerRow struct {
	bun.BaseModel `bun:"table:evault_signers"`

	ID               string     `bun:"signer_id,pk"`
	EnvelopeID       string     `bun:"envelope_id"`
	Position         int        `bun:"position"`
	Email            string     `bun:"email"`
	Name             string     `bun:"name"`
	Role             string     `bun:"role"`
	Order            int        `bun:"signing_order"`
	Auth             string     `bun:"auth"`
	Delegate         bool       `bun:"delegate"`
	Status           string     `bun:"status"`
	LinkVersion      int        `bun:"link_version"`
	NotifiedAt       *time.Time `bun:"notified_at"`
	ViewedAt         *time.Time `bun:"viewed_at"`
	ConsentedAt      *time.Time `bun:"consented_at"`
	WithdrawnAt      *time.Time `bun:"withdrawn_at"`
	SignedAt         *time.Time `bun:"signed_at"`
	DeclinedAt       *time.Time `bun:"declined_at"`
	RemindedAt       *time.Time `bun:"reminded_at"`
	RemindAt         *time.Time `bun:"remind_at"`
	RemindersSent    int        `bun:"reminders_sent"`
	LinkDisclosedAt  *time.Time `bun:"link_disclosed_at"`
	DeclineReason    string     `bun:"decline_reason"`
	DisclosureSHA256 string     `bun:"disclosure_sha256"`
	DisclosureLocale string     `bun:"disclosure_locale"`
	PresentedSHA256  string     `bun:"presented_sha256"`
	SignatureKind    string     `bun:"signature_kind"`
	SignedRequest    string     `bun:"signed_request"`
	TimeZone         string     `bun:"time_zone"`
	Address          string     `bun:"address"`
	UserAgent        string     `bun:"user_agent"`

	UndeliverableAt     *time.Time `bun:"undeliverable_at"`
	UndeliverableStatus string     `bun:"undeliverable_status"`

	StepUp stepup.State `bun:"step_up,type:text"`
}

func signerToRow(envelopeID string, position int, s *esign.Signer) *signerRow {
	return &signerRow{
		ID: s.ID, EnvelopeID: envelopeID, Position: position, Email: s.Email, Name: s.Name, Role: s.Role, Order: s.Order,
		Auth: s.Auth, Delegate: s.Delegate, Status: string(s.Status), LinkVersion: s.LinkVersion,
		NotifiedAt: utcp(s.NotifiedAt), ViewedAt: utcp(s.ViewedAt), ConsentedAt: utcp(s.ConsentedAt), WithdrawnAt: utcp(s.WithdrawnAt),
		SignedAt: utcp(s.SignedAt), DeclinedAt: utcp(s.DeclinedAt), RemindedAt: utcp(s.RemindedAt), LinkDisclosedAt: utcp(s.LinkDisclosedAt),
		DeclineReason: s.DeclineReason, DisclosureSHA256: string(s.DisclosureSHA256), DisclosureLocale: s.DisclosureLocale,
		PresentedSHA256: string(s.PresentedSHA256), SignatureKind: s.SignatureKind, SignedRequest: string(s.SignedRequest),
		TimeZone: s.TimeZone, Address: s.Address, UserAgent: s.UserAgent,
		RemindAt: utcp(s.RemindAt), RemindersSent: s.RemindersSent,
		UndeliverableAt: utcp(s.UndeliverableAt), UndeliverableStatus: s.UndeliverableStatus, StepUp: s.StepUp,
	}
}

func (r *signerRow) signer() esign.Signer {
	return esign.Signer{
		ID: r.ID, Email: r.Email, Name: r.Name, Role: r.Role, Order: r.Order, Auth: r.Auth, Delegate: r.Delegate,
		Status: esign.SignerStatus(r.Status), LinkVersion: r.LinkVersion,
		NotifiedAt: utcp(r.NotifiedAt), ViewedAt: utcp(r.ViewedAt), ConsentedAt: utcp(r.ConsentedAt), WithdrawnAt: utcp(r.WithdrawnAt),
		SignedAt: utcp(r.SignedAt), DeclinedAt: utcp(r.DeclinedAt), RemindedAt: utcp(r.RemindedAt), LinkDisclosedAt: utcp(r.LinkDisclosedAt),
		DeclineReason: r.DeclineReason, DisclosureSHA256: storage.Digest(r.DisclosureSHA256), DisclosureLocale: r.DisclosureLocale,
		PresentedSHA256: storage.Digest(r.PresentedSHA256), SignatureKind: r.SignatureKind, SignedRequest: storage.Digest(r.SignedRequest),
		TimeZone: r.TimeZone, Address: r.Address, UserAgent: r.UserAgent,
		RemindAt: utcp(r.RemindAt), RemindersSent: r.RemindersSent,
		UndeliverableAt: utcp(r.UndeliverableAt), UndeliverableStatus: r.UndeliverableStatus, StepUp: r.StepUp,
	}
}

type fieldRow struct {
	bun.BaseModel `bun:"table:evault_fields"`

	ID         string  `bun:"field_id,pk"`
	EnvelopeID string  `bun:"envelope_id"`
	Position   int     `bun:"position"`
	SignerID   string  `bun:"signer_id"`
	Kind       string  `bun:"kind"`
	Page       int     `bun:"page"`
	X          float64 `bun:"x"`
	Y          float64 `bun:"y"`
	W          float64 `bun:"w"`
	H          float64 `bun:"h"`
	Required   bool    `bun:"required"`
	Label      string  `bun:"label"`
	Options    string  `bun:"options"` // a JSON array
	Preset     string  `bun:"preset"`
	ReadOnly   bool    `bun:"read_only"`
	Value      string  `bun:"value"`
}

func fieldToRow(envelopeID string, position int, f *esign.Field) (*fieldRow, error) {
	options, err := json.Marshal(append([]string{}, f.Options...))
	if err != nil {
		return nil, err
	}
	return &fieldRow{
		ID: f.ID, EnvelopeID: envelopeID, Position: position, SignerID: f.SignerID, Kind: f.Kind, Page: f.Page,
		X: f.X, Y: f.Y, W: f.W, H: f.H, Required: f.Required, Label: f.Label, Value: f.Value,
		Options: string(options), Preset: f.Preset, ReadOnly: f.ReadOnly,
	}, nil
}

func (r *fieldRow) field() (esign.Field, error) {
	f := esign.Field{
		ID: r.ID, SignerID: r.SignerID, Kind: r.Kind, Page: r.Page,
		X: r.X, Y: r.Y, W: r.W, H: r.H, Required: r.Required, Label: r.Label, Value: r.Value,
		Preset: r.Preset, ReadOnly: r.ReadOnly,
	}
	if err := json.Unmarshal([]byte(r.Options), &f.Options); err != nil {
		return f, fmt.Errorf("options of field %s: %w", r.ID, err)
	}
	if len(f.Options) == 0 {
		f.Options = nil
	}
	return f, nil
}

type showingRow struct {
	bun.BaseModel `bun:"table:evault_showings"`

	SignerID string    `bun:"signer_id,pk"`
	Page     int       `bun:"page,pk"`
	Part     int       `bun:"part"`
	ShownAt  time.Time `bun:"shown_at"`
}

type noticeRow struct {
	bun.BaseModel `bun:"table:evault_notices"`

	ID         string    `bun:"notice_id,pk"`
	EnvelopeID string    `bun:"envelope_id"`
	SignerID   string    `bun:"signer_id"`
	Kind       string    `bun:"kind"`
	Message    string    `bun:"message"`
	CreatedAt  time.Time `bun:"created_at"`
	NextTry    time.Time `bun:"next_try"`
	Tries      int       `bun:"tries"`
}

func (r *noticeRow) notice() esign.QueuedNotice {
	return esign.QueuedNotice{
		ID: r.ID, EnvelopeID: r.EnvelopeID, SignerID: r.SignerID, Kind: r.Kind, Message: r.Message,
		CreatedAt: utc(r.CreatedAt), NextTry: utc(r.NextTry), Tries: r.Tries,
	}
}
