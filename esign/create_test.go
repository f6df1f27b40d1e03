package esign_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
)

type createRequest = esign.CreateRequest

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	long := func(n int) string { return strings.Repeat("ü", n) }
	field := esign.FieldSpec{Kind: esign.FieldText, Role: "buyer", Page: 1, X: 0.1, Y: 0.1, W: 0.1, H: 0.1}
	tests := []struct {
		name   string
		change func(*createRequest)
		want   string // field and rule
	}{
		{"no document", func(r *createRequest) { r.Document = nil }, "document document_required"},
		{"no organization", func(r *createRequest) { r.OrgID = "" }, "org_id required"},
		{"no e-mail", func(r *createRequest) { r.CustomerEmail = "" }, "customer_email required"},
		{"bad e-mail", func(r *createRequest) { r.CustomerEmail = "a@" }, "customer_email email"},
		{"no name", func(r *createRequest) { r.CustomerName = "" }, "customer_name required"},
		{"blank name", func(r *createRequest) { r.CustomerName = "  " }, "customer_name required"},
		{"long name", func(r *createRequest) { r.CustomerName = long(201) }, "customer_name max"},
		{"name with a line break", func(r *createRequest) { r.CustomerName = "a\nb" }, "customer_name text"},
		{"name that turns text around", func(r *createRequest) { r.CustomerName = "a\u202eb" }, "customer_name text"},
		{"kind", func(r *createRequest) { r.EnvelopeKind = "stone" }, "envelope_kind oneof"},
		{"long message", func(r *createRequest) { r.Message = long(2001) }, "message max"},
		{"message with a control character", func(r *createRequest) { r.Message = "a\x00b" }, "message text"},
		{"invalid UTF-8", func(r *createRequest) { r.Message = "a\xff" }, "message text"},
		{"demonstrated consent", func(r *createRequest) { r.Consent = "by voice" }, "consent oneof"},
		{"order", func(r *createRequest) { r.SigningOrder = "random" }, "signing_order oneof"},
		{"http redirect", func(r *createRequest) { r.RedirectURL = "http://example.com" }, "redirect_url https"},
		{"redirect with a user", func(r *createRequest) { r.RedirectURL = "https://a:b@example.com" }, "redirect_url https"},
		{"expiry", func(r *createRequest) { r.ExpiresInDays = -1 }, "expires_in_days min"},
		{"expiry in a lifetime", func(r *createRequest) { r.ExpiresInDays = 5000 }, "expires_in_days max"},
		{"party without a name", func(r *createRequest) { r.SecuredParty = &esign.Party{} }, "secured_party.name required"},
		{"long party", func(r *createRequest) { r.SecuredParty = &esign.Party{Name: long(255)} }, "secured_party.name max"},
		{"metadata key", func(r *createRequest) { r.Metadata = map[string]string{long(41): "v"} }, "metadata key"},
		{"metadata value", func(r *createRequest) { r.Metadata = map[string]string{"k": long(501)} }, "metadata value"},
		{"filename", func(r *createRequest) { r.Filename = "../a.pdf" }, "filename filename"},
		{"51 signers", func(r *createRequest) { r.Signers = make([]esign.SignerSpec, 51) }, "signers max"},
		{"501 fields", func(r *createRequest) { r.Fields = slices.Repeat([]esign.FieldSpec{field}, 501) }, "fields max"},
		{"signer's e-mail", func(r *createRequest) { r.Signers[1].Email = "x" }, "signers[1].email email"},
		{"one role twice", func(r *createRequest) { r.Signers[1].Role = "buyer" }, "signers[1].role unique"},
		{"auth", func(r *createRequest) { r.Signers[0].Auth = "sms" }, "signers[0].auth oneof"},
		{"no access code", func(r *createRequest) { r.Signers[0].Auth = esign.AuthAccessCode }, "signers[0].access_code length"},
		{"access code of two lines", func(r *createRequest) {
			r.Signers[0].Auth, r.Signers[0].AccessCode = esign.AuthAccessCode, "Maple\n42"
		}, "signers[0].access_code text"},
		{"access code beside a link", func(r *createRequest) { r.Signers[0].AccessCode = "Maple 42" }, "signers[0].access_code excluded"},
		{"access code of one who may delegate", func(r *createRequest) {
			r.Signers[0].Auth, r.Signers[0].AccessCode, r.Signers[0].Delegate = esign.AuthAccessCode, "Maple 42", true
		}, "signers[0].delegate excluded"},
		{"signature page that no font draws", func(r *createRequest) { r.Signers[1].Name = "山田" }, "signers[1].name glyph_missing"},
		{"field kind", func(r *createRequest) { r.Fields[0].Kind = "stamp" }, "fields[0].kind oneof"},
		{"field of nobody", func(r *createRequest) { r.Fields[0].Role = "witness" }, "fields[0].role signer"},
		{"page 0", func(r *createRequest) { r.Fields[0].Page = 0 }, "fields[0].page min"},
		{"page after the last", func(r *createRequest) { r.Fields[0].Page = 4 }, "fields[0].page max"},
		{"left of the page", func(r *createRequest) { r.Fields[0].X = -0.1 }, "fields[0].x inside"},
		{"over the edge", func(r *createRequest) { r.Fields[0].X = 0.9 }, "fields[0].x inside"},
		{"no width", func(r *createRequest) { r.Fields[0].W = 0 }, "fields[0].x inside"},
		{"not a number", func(r *createRequest) { r.Fields[0].Y = math.NaN() }, "fields[0].x inside"},
		{"paper with a document", func(r *createRequest) {
			*r = createRequest{OrgID: org, CustomerEmail: "a@example.com", CustomerName: "A", EnvelopeKind: esign.KindPaper, Document: r.Document}
		}, "document not_supported"},
		{"paper with signers", func(r *createRequest) { r.EnvelopeKind, r.Document, r.Fields = esign.KindPaper, nil, nil }, "signers not_supported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := request()
			tt.change(&r)
			env, err := b.Create(t.Context(), r)
			if got := invalid(err); env != nil || !slices.Contains(got, tt.want) {
				t.Errorf("got %v (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestCreateRefusesFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *esign.Config) { c.Limits = esign.Limits{Bytes: 1 << 20, Pages: 5} })
	for _, tt := range []struct {
		name, reason string
		document     []byte
	}{
		{"not a PDF", "not_pdf", []byte("hello")},
		{"too large", "too_large", testpdf.Sized(2, 2<<20)},
		{"too many pages", "too_many_pages", testpdf.Simple(6, "x")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := request()
			r.Document, r.Fields = tt.document, nil
			_, err := b.Create(t.Context(), r)
			var refused *esign.Refusal
			if !errors.As(err, &refused) || refused.Reason != tt.reason {
				t.Errorf("got %v, want a refusal for %s", err, tt.reason)
			}
		})
	}
}

func TestCreateDefaults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env, err := b.Create(t.Context(), createRequest{
		OrgID: org, Actor: key, CustomerEmail: "ada@example.com", CustomerName: "Ada Byron", Document: testpdf.Simple(1, "x"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if env.Status != esign.StatusPreparing || env.SentAt != nil || env.ExpiresAt != nil || env.Name != "document" || env.Kind != esign.KindESign {
		t.Errorf("got %+v", env.Summary)
	}
	if len(env.Signers) != 1 || env.Signers[0].Email != "ada@example.com" || env.Signers[0].Role != "signer" || env.Signers[0].Auth != esign.AuthLink {
		t.Fatalf("signers %+v", env.Signers)
	}
	var kinds []string
	for _, f := range env.Fields {
		kinds = append(kinds, f.Kind)
		if f.SignerID != env.Signers[0].ID || !f.Required {
			t.Errorf("field %+v", f)
		}
	}
	if !slices.Equal(kinds, []string{esign.FieldSignature, esign.FieldDate}) {
		t.Errorf("the signature page has %v", kinds)
	}
}

// TestForeignScript: who has a place to sign may have a name that no font here
// draws.
func TestForeignScript(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) {
		r.EnvelopeName, r.Signers = "契約", []esign.SignerSpec{{Email: "ada@example.com", Name: "山田", Role: "buyer"}}
	})
	token := b.link(env.ID, "ada@example.com")
	r := typed(token, "山田", b.read(token))
	r.Signature.PNG = drawing(300, 90, true)
	if out, err := b.Sign(t.Context(), r); err != nil || out.EnvelopeStatus != esign.StatusCompleted {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestOnlySignerTakesTheFieldsRole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.Signers = nil })
	if len(env.Signers) != 1 || env.Signers[0].Role != "buyer" || env.Fields[0].SignerID != env.Signers[0].ID {
		t.Errorf("got %+v", env.Signers)
	}
}

func TestExternalIDIsUnique(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.create(func(r *createRequest) { r.ExternalID = "deal-42" })
	r := request()
	r.ExternalID = "deal-42"
	_, err := b.Create(t.Context(), r)
	var taken *esign.ExternalIDError
	if !errors.As(err, &taken) || taken.EnvelopeID != first.ID || !errors.Is(err, esign.ErrExternalID) {
		t.Errorf("got %v, want the first envelope", err)
	}
	r.OrgID = "org_other"
	if _, err := b.Create(t.Context(), r); err != nil {
		t.Errorf("another organization: %v", err)
	}
}

// TestExternalIDRace: of many that come at once one wins, and the others are
// told which; also when an envelope that ended had the id before, spaces apart.
func TestExternalIDRace(t *testing.T) {
	t.Parallel()
	ends := map[string]func(b *bench, env *esign.Envelope) error{
		"new": nil,
		"voided": func(b *bench, env *esign.Envelope) error {
			_, err := b.Void(b.T.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Actor: key, Reason: "a typing error"})
			return err
		},
		"declined": func(b *bench, env *esign.Envelope) error {
			_, err := b.Decline(b.T.Context(), esign.DeclineRequest{Token: b.link(env.ID, env.Signers[0].Email), Reason: "no"})
			return err
		},
		"expired, not yet recorded": func(b *bench, env *esign.Envelope) error {
			b.Clock.Advance(31 * 24 * time.Hour)
			return nil
		},
	}
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		for name, end := range ends {
			id := "deal " + name
			if end != nil {
				env := b.create(func(r *createRequest) { r.ExternalID = id })
				if err := end(b, env); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			b.raceFor(t, id)
			list, err := b.Envelopes(t.Context(), org, esign.Filter{ExternalID: id}, storage.Page{})
			if want := map[bool]int{true: 1, false: 2}[end == nil]; err != nil || list.Total != want {
				t.Errorf("%s: %d envelopes with the id, %v; want %d", name, list.Total, err, want)
			}
		}
	})
}

func (b *bench) raceFor(t *testing.T, externalID string) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var made, named []string
	for range 6 {
		wg.Go(func() {
			env, err := b.Create(t.Context(), createRequest{
				OrgID: org, Actor: key, CustomerEmail: "a@example.com", CustomerName: "A", EnvelopeKind: esign.KindPaper, ExternalID: " " + externalID + "\u00a0 ",
			})
			var taken *esign.ExternalIDError
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made = append(made, env.ID)
			case errors.As(err, &taken):
				named = append(named, taken.EnvelopeID)
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 || len(named) != 5 || slices.ContainsFunc(named, func(id string) bool { return id != made[0] }) {
		t.Errorf("%s: made %v, named %v", externalID, made, named)
	}
}

// TestCreateAlso: what the callback refuses did not happen.
func TestCreateAlso(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stop := errors.New("stop")
	r := request()
	var id string
	r.Also = func(_ context.Context, tx storage.Tx, env *esign.Envelope) error {
		if tx == nil || env.Status != esign.StatusSent {
			t.Errorf("Also got %v, %s", tx, env.Status)
		}
		id = env.ID
		return stop
	}
	if _, err := b.Create(t.Context(), r); !errors.Is(err, stop) {
		t.Fatalf("got %v", err)
	}
	if _, err := b.Envelope(t.Context(), org, id); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("got %v, want nothing left", err)
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	draft := b.create(func(r *createRequest) { r.Send = false })
	b.sealer.fail = []error{errors.New("HSM away"), errors.New("HSM away")}
	if _, err := b.Create(t.Context(), request()); !slices.Equal(invalid(err), []string{"send failed"}) {
		t.Errorf("create: got %v", err)
	}
	if _, err := b.Send(t.Context(), esign.SendRequest{OrgID: org, EnvelopeID: draft.ID, Actor: key}); !slices.Equal(invalid(err), []string{"send failed"}) {
		t.Errorf("send: got %v", err)
	}
	if got := b.get(draft.ID).Status; got != esign.StatusPreparing {
		t.Errorf("status %s after a failed preflight", got)
	}
	sent, err := b.Send(t.Context(), esign.SendRequest{OrgID: org, EnvelopeID: draft.ID, Actor: key})
	if err != nil || sent.Status != esign.StatusSent || sent.Signers[0].Status != esign.SignerNotified {
		t.Errorf("got %+v, %v", sent, err)
	}
	if _, err := b.Send(t.Context(), esign.SendRequest{OrgID: org, EnvelopeID: draft.ID, Actor: key}); !errors.Is(err, esign.ErrState) {
		t.Errorf("sent twice: %v", err)
	}
}

func TestActiveContentPolicy(t *testing.T) {
	t.Parallel()
	active := func(c *esign.Config) { c.Inspector = activeInspector{c.Inspector} }
	flag := newBench(t, active)
	if env := flag.create(); !slices.Equal(env.Document.Inspection.ActiveContent, []string{"javascript"}) {
		t.Errorf("got %+v", env.Document.Inspection)
	}
	reject := newBench(t, active, func(c *esign.Config) { c.ActiveContent = esign.ActiveContentReject })
	if _, err := reject.Create(t.Context(), request()); !slices.Equal(invalid(err), []string{"document active_content"}) {
		t.Errorf("got %v", err)
	}
}

// activeInspector finds a script in every file.
type activeInspector struct{ esign.Inspector }

func (activeInspector) Inspect(ctx context.Context, raw []byte) (*esign.Inspection, error) {
	in, err := esign.InProcess(esign.Limits{}, nil).Inspect(ctx, raw)
	if err == nil {
		in.ActiveContent = []string{"javascript"}
	}
	return in, err
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	good := newBench(t)
	keys := []esign.LinkKey{{ID: "k", Secret: make([]byte, 32)}}
	whole := esign.Config{Store: good.DB.ESign(), Objects: good.Objects, Sealer: good.sealer, LinkKeys: keys}
	for want, change := range map[string]func(*esign.Config){
		"Config.Store":         func(c *esign.Config) { c.Store = nil },
		"Config.Objects":       func(c *esign.Config) { c.Objects = nil },
		"Config.Sealer":        func(c *esign.Config) { c.Sealer = nil },
		"Config.LinkKeys is":   func(c *esign.Config) { c.LinkKeys = nil },
		"Config.LinkKeys:":     func(c *esign.Config) { c.LinkKeys = []esign.LinkKey{{ID: "k", Secret: make([]byte, 31)}} },
		"Config.SigningURL":    func(c *esign.Config) { c.Notifier = good.inbox },
		"Config.ActiveContent": func(c *esign.Config) { c.ActiveContent = "maybe" },
		"Config.Disclosure needs": func(c *esign.Config) {
			c.Disclosure = esign.Disclosure{Version: "1", Locale: "en", Title: "t", Text: "invalid \xff"}
		},
		"Config.Disclosure": func(c *esign.Config) { c.Disclosure.Version = "2" },
		"font":              func(c *esign.Config) { c.Fonts = [][]byte{[]byte("no font")} },
	} {
		c := whole
		change(&c)
		if _, err := esign.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s named", err, want)
		}
	}
	twice := whole
	twice.LinkKeys = append(slices.Clone(keys), keys...)
	if _, err := esign.New(twice); err == nil {
		t.Error("two link keys of one id are accepted")
	}
	if _, err := esign.New(whole); err != nil {
		t.Error(err)
	}
}
