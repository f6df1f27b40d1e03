package esign_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
)

const org = "org_test"

var key = esign.Actor{Kind: "key", ID: "key_test"}

// brittle is a real sealer that can be told to fail.
type brittle struct {
	esign.Sealer
	mu   sync.Mutex
	fail []error // of the next calls; nil works
}

func (b *brittle) next() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.fail) == 0 {
		return nil
	}
	err := b.fail[0]
	b.fail = b.fail[1:]
	return err
}

func (b *brittle) Seal(ctx context.Context, r pades.SealRequest) (*pades.Seal, error) {
	if err := b.next(); err != nil {
		return nil, err
	}
	return b.Sealer.Seal(ctx, r)
}

func (b *brittle) Check(ctx context.Context, at time.Time) error {
	if err := b.next(); err != nil {
		return err
	}
	return b.Sealer.Check(ctx, at)
}

// inbox keeps what signers are told.
type inbox struct {
	mu      sync.Mutex
	notices []esign.Notice
	fail    bool
}

func (i *inbox) Notify(_ context.Context, n esign.Notice) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fail {
		return errors.New("no mail today")
	}
	i.notices = append(i.notices, n)
	return nil
}

// bench is the engine on a real database, with objects in memory.
type bench struct {
	*esign.Engine
	*testworld.Base
	sealer *brittle
	inbox  *inbox
	cfg    esign.Config
}

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newBench(t *testing.T, change ...func(*esign.Config)) *bench {
	t.Helper()
	return benchOn(t, nil, change...)
}

// reopen is the bench with another configuration, on what the first one wrote.
func (b *bench) reopen(change func(*esign.Config)) *bench {
	b.T.Helper()
	again := *b
	change(&again.cfg)
	var err error
	if again.Engine, err = esign.New(again.cfg); err != nil {
		b.T.Fatal(err)
	}
	return &again
}

// benchOn is a bench on a database, nil for one of its own.
func benchOn(t *testing.T, db *sqlstore.DB, change ...func(*esign.Config)) *bench {
	t.Helper()
	b := &bench{Base: testworld.NewBase(t, testworld.Options{DB: db, Memory: true, Clock: testworld.NewClock(start)}), inbox: &inbox{}}
	b.sealer = &brittle{Sealer: b.Sealer}
	cfg := esign.Config{
		Store: b.DB.ESign(), Objects: b.Objects, Sealer: b.sealer, Notifier: b.inbox, Env: b.Env(),
		LinkKeys:   []esign.LinkKey{{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}},
		SigningURL: func(token string) string { return "https://sign.example.com/" + token },
	}
	for _, c := range change {
		c(&cfg)
	}
	b.Objects, b.cfg = cfg.Objects, cfg
	var err error
	b.Engine, err = esign.New(cfg)
	testworld.Check(t, err)
	return b
}

// in is b for a test within the test that made it.
func (b *bench) in(t *testing.T) *bench {
	base, bench := *b.Base, *b
	base.T, bench.Base = t, &base
	return &bench
}

// request is a contract for two signers, in sequence.
func request() esign.CreateRequest {
	return esign.CreateRequest{
		OrgID: org, Actor: key, CustomerEmail: "ada@example.com", CustomerName: "Ada Byron", EnvelopeName: "Truck 42",
		Document: testpdf.Contract(3), Filename: "contract.pdf", SigningOrder: esign.OrderSequential,
		Signers: []esign.SignerSpec{
			{Email: "ada@example.com", Name: "Ada Byron", Role: "buyer", Order: 1},
			{Email: "lz@example.com", Name: "Łukasz Żółć", Role: "seller", Order: 2},
		},
		Fields: []esign.FieldSpec{
			{Kind: esign.FieldSignature, Role: "buyer", Page: 3, X: 0.1, Y: 0.8, W: 0.3, H: 0.05},
			{Kind: esign.FieldDate, Role: "buyer", Page: 3, X: 0.5, Y: 0.8, W: 0.2, H: 0.03},
			{Kind: esign.FieldText, Role: "buyer", Page: 2, X: 0.1, Y: 0.1, W: 0.3, H: 0.03, Label: "VIN"},
			{Kind: esign.FieldCheckbox, Role: "buyer", Page: 2, X: 0.1, Y: 0.2, W: 0.03, H: 0.03, Optional: true},
			{Kind: esign.FieldInitials, Role: "buyer", Page: 1, X: 0.8, Y: 0.9, W: 0.1, H: 0.03},
		},
		Send: true,
	}
}

func (b *bench) create(change ...func(*esign.CreateRequest)) *esign.Envelope {
	b.T.Helper()
	r := request()
	for _, c := range change {
		c(&r)
	}
	env, err := b.Create(b.T.Context(), r)
	if err != nil {
		b.T.Fatal(err)
	}
	return env
}

// link reads one signer's token.
func (b *bench) link(envelopeID, email string) string {
	b.T.Helper()
	links, err := b.SigningLinks(b.T.Context(), esign.LinksRequest{OrgID: org, EnvelopeID: envelopeID, Actor: key, RemoteAddr: "192.0.2.9"})
	if err != nil {
		b.T.Fatal(err)
	}
	for _, l := range links {
		if l.Email == email {
			return l.Token
		}
	}
	b.T.Fatalf("no link for %s", email)
	return ""
}

var client = esign.Client{Addr: "192.0.2.1", UserAgent: "test/1"}

// read reads the document and consents, so that the signature is all that is left.
func (b *bench) read(token string) *esign.Session {
	b.T.Helper()
	s, err := b.Session(b.T.Context(), token, client)
	if err != nil {
		b.T.Fatal(err)
	}
	if _, err := b.Engine.Document(b.T.Context(), token, client); err != nil {
		b.T.Fatal(err)
	}
	if _, err := b.Consent(b.T.Context(), esign.ConsentRequest{Token: token, DisclosureSHA256: s.DisclosureSHA256, Client: client}); err != nil {
		b.T.Fatal(err)
	}
	return s
}

// typed is a valid request for the fields of s.
func typed(token, name string, s *esign.Session) esign.SignRequest {
	r := esign.SignRequest{Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: name}, Client: client}
	for _, f := range s.Fields {
		switch f.Kind {
		case esign.FieldText:
			r.Fields = append(r.Fields, esign.FieldValue{FieldID: f.ID, Value: "1FTFW1E50NFA00042"})
		case esign.FieldCheckbox:
			r.Fields = append(r.Fields, esign.FieldValue{FieldID: f.ID, Value: "true"})
		}
	}
	return r
}

func (b *bench) sign(token, name string) *esign.SignerResult {
	b.T.Helper()
	out, err := b.Sign(b.T.Context(), typed(token, name, b.read(token)))
	if err != nil {
		b.T.Fatal(err)
	}
	return out
}

// complete signs an envelope of request as both signers.
func (b *bench) complete(envelopeID string) {
	b.T.Helper()
	b.sign(b.link(envelopeID, "ada@example.com"), "Ada Byron")
	b.sign(b.link(envelopeID, "lz@example.com"), "Łukasz Żółć")
}

func (b *bench) get(envelopeID string) *esign.Envelope {
	b.T.Helper()
	env, err := b.Envelope(b.T.Context(), org, envelopeID)
	if err != nil {
		b.T.Fatal(err)
	}
	return env
}

// chain reads the events of an envelope and verifies them.
func (b *bench) chain(envelopeID string) []esign.Event {
	b.T.Helper()
	ev, err := b.Evidence(b.T.Context(), envelopeID)
	if err != nil {
		b.T.Fatal(err)
	}
	if redacted, err := event.Verify(envelopeID, ev.Events); err != nil || redacted != 0 {
		b.T.Fatalf("chain: %d redacted, %v", redacted, err)
	}
	return ev.Events
}

func types(events []esign.Event) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.Type
	}
	return out
}

// invalid returns "field rule" of each problem of an *InvalidError.
func invalid(err error) []string {
	var ie *storage.InvalidError
	if !errors.As(err, &ie) {
		return nil
	}
	out := make([]string, len(ie.Fields))
	for i, f := range ie.Fields {
		out[i] = f.Field + " " + f.Rule
	}
	return out
}

// drawing is a PNG with a line on it, or with nothing.
func drawing(w, h int, ink bool) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		if ink {
			m.Set(x, h/2, color.NRGBA{0, 0, 120, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}
