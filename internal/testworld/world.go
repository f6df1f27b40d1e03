package testworld

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// World is all engines on a Base, with the dealer as their organization.
type World struct {
	*Base
	Log        *translog.Log
	ESign      *esign.Engine
	Vault      *vault.Vault
	Compliance *compliance.Engine
	Handover   *handover.Engine
}

// Config is what a test may change before the engines are made. What an engine is
// given of another is filled in afterwards.
type Config struct {
	Log        translog.Config
	ESign      esign.Config
	Vault      vault.Config
	Compliance compliance.Config
	Handover   handover.Config
}

// World makes the engines on b.
func (b *Base) World(edit ...func(*Config)) *World {
	t := b.T
	t.Helper()
	own, err := keyring.New(keyring.Certificate, Key(4))
	Check(t, err)
	seal, err := keyring.NewSeal(b.PKI.Seal.Chain, false)
	Check(t, err)
	c := Config{
		Log: b.LogConfig(),
		ESign: esign.Config{
			Store: b.DB.ESign(), Objects: b.Objects, Sealer: b.Sealer, Env: b.Env(),
			LinkKeys: []esign.LinkKey{{ID: "k1", Secret: bytes.Repeat([]byte{9}, 32)}},
		},
		Vault: b.VaultConfig(nil),
		Compliance: compliance.Config{
			Store: b.DB.Compliance(), Signer: Key(4), Roots: b.PKI.Roots(), Objects: b.Objects, Env: b.Env(),
			Keys: keyring.NewRing(own, seal), Version: "test",
		},
		Handover: handover.Config{Store: b.DB.Handover(), Env: b.Env()},
	}
	for _, e := range edit {
		e(&c)
	}
	w := &World{Base: b}
	w.Log, err = translog.New(c.Log)
	Check(t, err)
	c.Vault.Log = w.Log
	w.Vault, err = vault.New(c.Vault)
	Check(t, err)
	w.ESign, err = esign.New(c.ESign)
	Check(t, err)
	c.Compliance.ESign, c.Compliance.Vault, c.Compliance.Log = w.ESign, w.Vault, w.Log
	w.Compliance, err = compliance.New(c.Compliance)
	Check(t, err)
	c.Handover.ESign, c.Handover.Vault, c.Handover.Compliance = w.ESign, w.Vault, w.Compliance
	w.Handover, err = handover.New(c.Handover)
	Check(t, err)
	return w
}

// Depositor is the dealer, who deposits for itself.
func Depositor() handover.Depositor {
	d := Dealer()
	return handover.Depositor{OrgID: d.Identifier, LegalName: d.Name, Capacity: custody.CapacityPrincipal}
}

// Actor is a key of the dealer.
func Actor() event.Actor {
	return event.Actor{Kind: "key", ID: "key_1", OrgID: Dealer().Identifier}
}

// Created is an envelope for two signers, sent.
func (w *World) Created(edit ...func(*esign.CreateRequest)) *esign.Envelope {
	w.T.Helper()
	r := esign.CreateRequest{
		OrgID: Dealer().Identifier, Actor: Actor(), CustomerEmail: "ann@buyer.test", CustomerName: "Ann Buyer", CustomerID: "c-1",
		Document: testpdf.Contract(2), Filename: "contract.pdf", Send: true,
		Signers: []esign.SignerSpec{{Email: "ann@buyer.test", Name: "Ann Buyer"}, {Email: "bob@dealer.test", Name: "Bob Dealer"}},
	}
	for _, e := range edit {
		e(&r)
	}
	env, err := w.ESign.Create(w.T.Context(), r)
	Check(w.T, err)
	return env
}

// Completed is an envelope that both have signed and that is sealed.
func (w *World) Completed(edit ...func(*esign.CreateRequest)) string {
	w.T.Helper()
	env := w.Created(edit...)
	w.SignAll(env.ID, "")
	return env.ID
}

// SignAll signs for everyone, each with the name given, or with their own.
func (w *World) SignAll(id, name string) {
	w.T.Helper()
	for range 2 { // the second when it is their turn
		links, err := w.ESign.SigningLinks(w.T.Context(), esign.LinksRequest{
			OrgID: Dealer().Identifier, EnvelopeID: id, Actor: Actor(), RemoteAddr: "192.0.2.1",
		})
		Check(w.T, err)
		for _, l := range links {
			if l.Token != "" && l.Status != esign.SignerSigned {
				w.Sign(l.Token, cmp.Or(name, l.Name))
			}
		}
	}
}

var demonstrationCode = regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}`)

// DemonstrationCode reads the code out of a disclosure's PDF.
func DemonstrationCode(t testing.TB, disclosure []byte) string {
	t.Helper()
	pages, err := extract.PageTexts(disclosure)
	Check(t, err)
	code := demonstrationCode.FindString(pages[len(pages)-1])
	if code == "" {
		t.Fatal("the disclosure shows no code")
	}
	return code
}

// Sign reads, consents and signs by a link.
func (w *World) Sign(token, name string) {
	w.T.Helper()
	ctx, c := w.T.Context(), esign.Client{Addr: "192.0.2.7", UserAgent: "test"}
	_, err := w.ESign.Document(ctx, token, c)
	Check(w.T, err)
	s, err := w.ESign.Session(ctx, token, c)
	Check(w.T, err)
	r := esign.ConsentRequest{Token: token, DisclosureSHA256: esign.DefaultDisclosure().SHA256(), Client: c}
	if s.ConsentMode == esign.ConsentDemonstrated {
		f, err := w.ESign.DisclosurePDF(ctx, token, nil)
		Check(w.T, err)
		r.DemonstrationCode = DemonstrationCode(w.T, f.Content)
	}
	_, err = w.ESign.Consent(ctx, r)
	Check(w.T, err)
	_, err = w.ESign.Sign(ctx, esign.SignRequest{
		Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: name}, Client: c,
	})
	Check(w.T, err)
}

// Paper is a paper envelope with a document uploaded.
func (w *World) Paper(document []byte) string {
	w.T.Helper()
	org := Dealer().Identifier
	env, err := w.ESign.Create(w.T.Context(), esign.CreateRequest{
		OrgID: org, Actor: Actor(), CustomerEmail: "ann@buyer.test", CustomerName: "Ann Buyer", EnvelopeKind: esign.KindPaper,
	})
	Check(w.T, err)
	_, _, err = w.ESign.Upload(w.T.Context(), esign.UploadRequest{OrgID: org, EnvelopeID: env.ID, Actor: Actor(), Document: document})
	Check(w.T, err)
	return env.ID
}

// VaultInRequest vaults what is complete, for the dealer itself.
func VaultInRequest(id string) handover.VaultInRequest {
	return handover.VaultInRequest{
		EnvelopeID: id, Depositor: Depositor(), Regime: certificate.UCC9105of2022, Jurisdiction: "US-NY", Actor: Actor(),
		RequestID: "req_1", RequestSHA256: storage.Sum([]byte("request")),
	}
}

// VaultIn vaults what is complete.
func (w *World) VaultIn(id string, edit ...func(*handover.VaultInRequest)) *compliance.VaultRecord {
	w.T.Helper()
	r := VaultInRequest(id)
	for _, e := range edit {
		e(&r)
	}
	rec, created, err := w.Handover.VaultIn(w.T.Context(), r)
	if err != nil || !created {
		w.T.Fatalf("vault in: created %t, %v", created, err)
	}
	return rec
}

// VaultOutRequest hands the original of an envelope over to Cleo.
func VaultOutRequest(id string) handover.VaultOutRequest {
	return handover.VaultOutRequest{
		OrgID: Dealer().Identifier, EnvelopeID: id, Reason: "payoff", Note: "paid in full", Actor: Actor(),
		RequestID: "req_2", RequestSHA256: storage.Sum([]byte("release")), Recipient: Cleo(),
	}
}

// VaultOut hands the original of an envelope over.
func (w *World) VaultOut(id string) *vault.Release {
	w.T.Helper()
	r, err := w.Handover.VaultOut(w.T.Context(), VaultOutRequest(id))
	Check(w.T, err)
	return r
}

// KeyOf is a key of an organization.
func KeyOf(p custody.Party) event.Actor {
	return event.Actor{Kind: "key", ID: "key_" + strings.TrimPrefix(p.Identifier, "org_"), OrgID: p.Identifier}
}

// Offer offers control of an envelope's copy from one organization to another.
func (w *World) Offer(id string, from, to custody.Party, edit ...func(*vault.OfferRequest)) *custody.Offer {
	w.T.Helper()
	code, _, err := w.Vault.MakeReceivingCode(w.T.Context(), vault.ReceivingCodeRequest{OrgID: to.Identifier, OrgName: to.Name, Actor: KeyOf(to)})
	Check(w.T, err)
	r := vault.OfferRequest{
		OrgID: from.Identifier, EnvelopeID: id, ReceivingCode: code, Actor: KeyOf(from), RequestID: "req_3", RequestSHA256: storage.Sum([]byte("offer")),
	}
	for _, e := range edit {
		e(&r)
	}
	o, err := w.Handover.Offer(w.T.Context(), r)
	Check(w.T, err)
	return o
}

// Assign offers control from one organization to another, which accepts.
func (w *World) Assign(id string, from, to custody.Party, edit ...func(*vault.OfferRequest)) *vault.Assignment {
	w.T.Helper()
	o := w.Offer(id, from, to, edit...)
	a, created, err := w.Handover.Accept(w.T.Context(), vault.AcceptRequest{
		OrgID: to.Identifier, AssignmentID: o.ID, Actor: KeyOf(to), RequestID: "req_4", RequestSHA256: storage.Sum([]byte("accept")),
	})
	if err != nil || !created {
		w.T.Fatalf("accept: created %t, %v", created, err)
	}
	return a
}

// Pledged makes an offer one of a pledge for a debt.
func Pledged(r *vault.OfferRequest) {
	r.Purpose, r.Obligation = custody.PurposePledge, &custody.Obligation{Reference: "Line 7", Amount: "1250000.00", Currency: "USD"}
}

// In is w for a test within the test that made it.
func (w *World) In(t testing.TB) *World {
	base, world := *w.Base, *w
	base.T, world.Base = t, &base
	return &world
}
