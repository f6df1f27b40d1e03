package storagetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

var esignDay = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

func esignAt(d time.Duration) *time.Time {
	at := esignDay.Add(d)
	return &at
}

// esignEnvelope has a value in every field.
func esignEnvelope(id func(string) string) *esign.Envelope {
	yes := true
	object := storage.Object{Name: "upload/x/y", SHA256: storage.Sum([]byte("b")), Size: 1}
	head := event.Head{Seq: 3, Hash: storage.Sum([]byte("h")), RecordedAt: esignDay}
	return &esign.Envelope{
		Summary: esign.Summary{
			ID: id("env"), OrgID: id("org"), Name: "Umowa Łódź", Kind: esign.KindESign, Status: esign.StatusViewed,
			CustomerID: "c1", CustomerEmail: "c@example.com", CustomerName: "Zoë", ExternalID: "x1",
			CreatedAt: esignDay, UpdatedAt: esignDay.Add(time.Microsecond), SentAt: esignAt(1), CompletedAt: esignAt(time.Hour),
			ExpiresAt: esignAt(2 * time.Hour), VoidReason: "v", SealingError: "s", SignersTotal: 2, SignersSigned: 1,
			Sealed:    &esign.Sealed{Object: object, Pages: 3, Level: "B-T", TimeSource: "t", Head: head},
			VaultedAt: esignAt(3 * time.Hour), DocumentHash: storage.Sum([]byte("d")), ReleasedAt: esignAt(4 * time.Hour),
			Compliant: &yes, EvaluatedAt: esignAt(5 * time.Hour), Revision: 7,
		},
		Metadata: map[string]string{"k": "ü"}, Message: "line\nline", RedirectURL: "https://example.com/a", SigningOrder: esign.OrderSequential,
		Consent: esign.ConsentClick, ExpiresInDays: 30, Reminders: esign.ReminderSchedule{AfterDays: 3, EveryDays: 2, Max: 4}, AutoVault: true, TimeZone: "Europe/Warsaw",
		SecuredParty: &esign.Party{Name: "Lender", Identifier: "1", Email: "l@example.com"},
		Document: &esign.Document{
			Filename: "a.pdf", Object: object, Pages: 2, PageSizes: []esign.PageSize{{Width: 612, Height: 792.5}}, Normalized: true,
			Inspection: &esign.Inspection{
				Pages: 2, Encrypted: "no", ActiveContent: []string{"javascript"}, Sealing: esign.Sealing{Mode: "detached", Reason: "locked"},
				Warnings: []string{"w"}, Normalized: []string{"usage_rights"}, Signatures: []esign.InspectedSignature{{
					Field: "f", Subject: "CN=Ł", SigningTime: esignAt(0), Level: "B-T", Integrity: "valid", Coverage: "revision",
					ChangesAfter: "permitted", Changes: []string{"c"}, Trust: "unknown", Reason: "r", Problem: "p",
				}},
			},
			UploadedAt: esignDay, Head: head,
		},
		Parts: []esign.Part{{Seq: 0, Object: object, SHA256: object.SHA256, Size: 1}},
		Signers: []esign.Signer{
			{
				ID: id("sgn_a"), Email: "a@example.com", Name: "A", Role: "buyer", Order: 1, Auth: esign.AuthLink, Status: esign.SignerSigned, LinkVersion: 2,
				NotifiedAt: esignAt(1), ViewedAt: esignAt(2000), ConsentedAt: esignAt(3000), WithdrawnAt: esignAt(4000), SignedAt: esignAt(5000),
				DeclinedAt: esignAt(6000), DeclineReason: "d", DisclosureSHA256: storage.Sum(nil), DisclosureLocale: "en-US",
				PresentedSHA256: storage.Sum([]byte("p")), SignatureKind: "typed", SignedRequest: storage.Sum([]byte("q")),
				RemindedAt: esignAt(7000), LinkDisclosedAt: esignAt(8000), TimeZone: "America/New_York", Delegate: true, Address: "192.0.2.1", UserAgent: "ua",
				RemindAt: esignAt(time.Hour), RemindersSent: 2, UndeliverableAt: esignAt(9000), UndeliverableStatus: "5.1.1",
				StepUp: stepup.State{Access: "h", KeyID: "k", Nonce: "n", SentAt: esignAt(10000), Tries: 1, Codes: 2, Since: esignAt(11000), PassedAt: esignAt(12000)},
			},
			{ID: id("sgn_b"), Email: "b@example.com", Name: "B", Role: "seller", Order: 2, Auth: esign.AuthLink, Status: esign.SignerWaiting, LinkVersion: 1},
		},
		Fields: []esign.Field{
			{ID: id("fld_a"), SignerID: id("sgn_a"), Kind: esign.FieldSignature, Page: 1, X: 0.1, Y: 0.2, W: 0.3, H: 0.05, Required: true, Label: "Sign", Value: "v"},
			{ID: id("fld_b"), SignerID: id("sgn_b"), Kind: esign.FieldText, Page: 2, X: 1.0 / 3, Y: 0, W: 0.5, H: 0.5, Options: []string{"a", "ü"}, Preset: "ü", ReadOnly: true},
		},
		SealAttempts: 4, SealAfter: esignAt(6 * time.Hour),
	}
}

// esignMinimal has what every envelope has.
func esignMinimal(id, org string, at time.Time) *esign.Envelope {
	return &esign.Envelope{Summary: esign.Summary{
		ID: id, OrgID: org, Name: "n", Kind: esign.KindPaper, Status: esign.StatusPending, CustomerEmail: "c@example.com",
		CustomerName: "C", CreatedAt: at, UpdatedAt: at, Revision: 1,
	}, ExpiresInDays: 30}
}

// micro is what a database keeps of times.
var micro = cmp.Transformer("micro", func(t time.Time) string { return t.UTC().Truncate(time.Microsecond).String() })

func esignCreate(t *testing.T, s esign.Store, e *esign.Envelope) {
	t.Helper()
	if err := s.CreateEnvelope(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func esignGet(t *testing.T, s esign.Store, id string) *esign.Envelope {
	t.Helper()
	e, err := s.Envelope(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
