package compliance_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/compliance/internal/pages"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// tale is a story in which sentences are tried: what an envelope is, how it is
// vaulted, and what becomes of it.
type tale struct {
	name  string
	setup func(*setup)
	begin func(w *world) (id string)     // nil: an envelope that two have signed
	in    func(*handover.VaultInRequest) // nil: it is not vaulted
	then  func(w *world, id string)      // nil: nothing
}

// tales are the stories that nobody tampers with.
func tales() []tale {
	return slices.Concat(talesOfParties(), talesOfControl(), talesOfKeys(), talesOfLaw(), talesOfPaper(), talesOfStates(), talesOfHosts())
}

// by deposits as an act of somebody.
func by(a event.Actor) func(*handover.VaultInRequest) {
	return func(r *handover.VaultInRequest) { r.Actor = a }
}

// regime deposits under a regime, with answers.
func regime(id string, c *custody.Classification) func(*handover.VaultInRequest) {
	return func(r *handover.VaultInRequest) { r.Regime, r.Classification = id, c }
}

func attested(edit func(a *custody.Attestation)) func(*handover.VaultInRequest) {
	return func(r *handover.VaultInRequest) {
		r.Attestation = testworld.Attestation()
		edit(r.Attestation)
	}
}

// heldBy deposits paper whose original somebody holds for the dealer.
func heldBy(name string) func(*handover.VaultInRequest) {
	return attested(func(a *custody.Attestation) {
		a.PaperOriginal, a.Holder = "held", dealer.LegalName
		a.PaperCustodian = &custody.PaperCustodian{Name: name, ReceiptSHA256: storage.Sum([]byte("receipt"))}
	})
}

func same(*handover.VaultInRequest) {}

// uploaded begins with a paper file.
func uploaded(file func() []byte) func(*world) string {
	return func(w *world) string { return w.Paper(file()) }
}

func handedOver(w *world, id string) { w.VaultOut(id) }

// talesOfParties are those about who deposits and for whom.
func talesOfParties() []tale {
	return []tale{
		{name: "signed", in: same},
		{name: "agent", in: asAgent},
		{name: "principal", in: func(r *handover.VaultInRequest) { r.SecuredParty = &bank }},
		{name: "own vault", in: func(r *handover.VaultInRequest) { r.Custodian = custody.CustodianSelf }},
		{name: "agent's own vault", in: func(r *handover.VaultInRequest) { asAgent(r); r.Custodian = custody.CustodianSelf }},
		{name: "agent that is the custodian", in: asAgent, setup: func(s *setup) {
			s.Vault.Custodian.Party = custody.Party{Name: dealer.LegalName, Identifier: dealer.OrgID}
		}},
		{name: "secured party by its own name", in: func(r *handover.VaultInRequest) {
			r.SecuredParty = &custody.Party{Name: dealer.LegalName, Identifier: dealer.OrgID, Email: "vault@dealer.test"}
		}},
		{name: "member", in: by(event.Actor{Kind: "member", ID: "ms_hopper", OrgID: dealer.OrgID})},
		{name: "operator", in: by(event.Actor{Kind: "operator", ID: "root"})},
		{name: "stranger", in: by(event.Actor{Kind: "key", ID: "key_9", OrgID: "org_other"})},
		{name: "nobody", in: by(event.Actor{})},
		{
			name:  "order",
			begin: func(w *world) string { return w.Completed(func(r *esign.CreateRequest) { r.AutoVault = true }) },
			in: func(r *handover.VaultInRequest) {
				r.Actor, r.RequestID, r.RequestSHA256 = event.Actor{Kind: "system", ID: "auto_vault"}, "", ""
			},
		},
		{
			name: "demonstrated", in: same,
			begin: func(w *world) string {
				return w.Completed(func(r *esign.CreateRequest) { r.Consent = esign.ConsentDemonstrated })
			},
		},
		{name: "links by mail", setup: mailed, begin: (*world).signedByMail, in: same},
	}
}

// talesOfControl are those about control that moves.
func talesOfControl() []tale {
	own, buyer, lender := testworld.Dealer(), testworld.Buyer(), testworld.Lender()
	pledged := func(w *world, id string) { w.Assign(id, own, lender, testworld.Pledged) }
	return []tale{
		{name: "sold", in: same, then: func(w *world, id string) { w.Assign(id, own, buyer) }},
		{name: "pledged", in: same, then: pledged},
		{name: "released back", in: same, then: func(w *world, id string) {
			pledged(w, id)
			w.Assign(id, lender, own, func(r *vault.OfferRequest) { r.Purpose = custody.PurposeReleaseBack })
		}},
		{name: "enforced", in: same, then: func(w *world, id string) {
			pledged(w, id)
			w.Assign(id, lender, buyer, func(r *vault.OfferRequest) { r.Reason = "Default of the dealer." })
		}},
		{name: "accepted by an operator", in: same, then: func(w *world, id string) {
			o := w.Offer(id, own, buyer)
			_, _, err := w.Handover.Accept(w.T.Context(), vault.AcceptRequest{
				OrgID: buyer.Identifier, AssignmentID: o.ID, Actor: event.Actor{Kind: "operator", ID: "root"},
			})
			check(w.T, err)
		}},
	}
}

// talesOfLaw are those about regimes and classifications.
func talesOfLaw() []tale {
	return []tale{
		{name: "2001", in: regime(certificate.UCC9105of2001, nil)},
		{name: "2010", in: regime(certificate.UCC9105of2010, nil)},
		{name: "7-106", in: regime(certificate.UCC7106, covered[certificate.UCC7106])},
		{name: "7021", in: regime(certificate.ESIGN7021, covered[certificate.ESIGN7021])},
		{name: "UETA", in: regime(certificate.UETA16, covered[certificate.UETA16])},
		{name: "none declared", in: regime(certificate.NoRegime, nil)},
		{name: "none classified", in: regime("", &custody.Classification{PromiseToPay: true, RealProperty: true})},
		{name: "none by default", in: regime("", nil), setup: func(s *setup) { s.Compliance.Regime = certificate.NoRegime }},
		{name: "default", in: regime("", nil)},
		{name: "classified", in: regime("", &custody.Classification{PromiseToPay: true, SpecificGoods: true})},
	}
}

// talesOfPaper are those about paper.
func talesOfPaper() []tale {
	locked := &pades.Lock{Action: pades.LockInclude, Fields: []string{"plain"}}
	return []tale{
		{name: "paper", begin: (*world).paper, in: asDestroyed},
		{name: "paper, nothing declared", begin: (*world).paper, in: same},
		{name: "paper held", begin: (*world).paper, in: heldBy(operator.Name)},
		{name: "paper held elsewhere", begin: (*world).paper, in: heldBy("Somebody")},
		{name: "no paper", begin: (*world).paper, in: attested(func(a *custody.Attestation) { a.Origin, a.PaperOriginal = "born_digital", "none" })},
		{name: "sealed beside", begin: uploaded(testpdf.Encrypted), in: asDestroyed},
		{name: "empty pages", begin: uploaded(func() []byte { return testpdf.Build(testpdf.Classic, testpdf.Page{}) }), in: asDestroyed},
		{name: "signed by a stranger", begin: uploaded(func() []byte { return strangers(nil) }), in: asDestroyed},
		{
			name: "filled in", in: asDestroyed,
			begin: func(w *world) string {
				return w.Paper(filledIn(w.T, strangers(nil), map[int]any{9: "Ann", 10: "9000", 11: pdf.Name("Off"), 12: pdf.Name("On")}))
			},
		},
		{
			name: "filled in against a lock", in: asDestroyed,
			begin: func(w *world) string { return w.Paper(filledIn(w.T, strangers(locked), map[int]any{10: "9000"})) },
		},
	}
}

// talesOfStates are those about what becomes of an envelope.
func talesOfStates() []tale {
	return []tale{
		{name: "not vaulted", begin: func(w *world) string { return w.Created().ID }},
		{name: "complete", begin: nil},
		{name: "paper not vaulted", begin: (*world).paper},
		{
			name: "signed as another",
			begin: func(w *world) string {
				env := w.Created(func(r *esign.CreateRequest) { r.Signers[0].Name, r.Signers[1].Name = "Ann Buyer", "Bob Dealer" })
				w.SignAll(env.ID, "Somebody Else")
				return env.ID
			},
		},
		{name: "another root", setup: func(s *setup) {
			s.Compliance.Roots, s.Compliance.Keys = made(testpki.New(testpki.Options{})).Roots(), nil
		}},
		{name: "inspected", in: same, then: (*world).inspect},
		{name: "sealed beside, inspected", begin: uploaded(testpdf.Encrypted), in: asDestroyed, then: (*world).inspect},
		{name: "handed over", in: same, then: func(w *world, id string) {
			w.inspect(id)
			w.VaultOut(id)
		}},
		{name: "the deposit has no event", in: same, then: func(w *world, _ string) { w.without("vault.stored") }},
		{name: "agent's release", in: asAgent, then: handedOver},
		{name: "deleted after release", in: same, then: func(w *world, id string) {
			w.VaultOut(id)
			w.dispose(id, true)
		}},
	}
}

// talesOfHosts are those about how the host is set up.
func talesOfHosts() []tale {
	return []tale{
		{name: "certified", in: same, setup: func(s *setup) {
			s.Compliance.CertifiedBy = "Some CA"
			s.Compliance.VerifyURL = func(storage.Digest) string { return "https://evault.test/verify" }
		}},
		{name: "own root", in: same, setup: func(s *setup) {
			own, seal := made(keyring.New(keyring.Certificate, testworld.Key(4))), made(keyring.NewSeal(made(testworld.PKI()).Seal.Chain, true))
			s.Compliance.Keys = keyring.NewRing(own, seal)
		}},
		{name: "anchors apart", in: same, setup: func(s *setup) { s.Log.AnchorPlace = translog.AnchorsSeparate }},
		{name: "vaulted twice", setup: allowing, in: asDestroyed, begin: func(w *world) string {
			w.VaultIn(w.Paper(testpdf.Simple(1, "Pledged twice")), asDestroyed)
			return w.Paper(testpdf.Simple(1, "Pledged twice"))
		}},
		{name: "a copy vaulted", setup: allowing, in: asDestroyed, begin: func(w *world) string {
			first := w.paper()
			w.VaultIn(first, asDestroyed)
			copied, err := w.Objects.Read(w.T.Context(), w.marked(first).Object)
			check(w.T, err)
			return w.Paper(copied)
		}},
	}
}

// tell lives a tale through and returns all that is said of it.
func (x tale) tell(t *testing.T) string {
	t.Helper()
	var w *world
	var id string
	edit := func(s *setup) {
		if x.setup != nil {
			x.setup(s)
		}
		s.Vault.Disposed = func(ctx context.Context, tx storage.Tx, id string) error { return w.ESign.With(tx).Dispose(ctx, id) }
	}
	if x.begin == nil {
		w, id = completedWorld(t, edit)
	} else {
		w = newWorld(t, edit)
		id = x.begin(w)
	}
	if x.in == nil {
		return resultText(w.evaluate(id).Result)
	}
	w.VaultIn(id, x.in)
	_, err := w.Log.Integrate(t.Context())
	check(t, err)
	if x.then != nil {
		x.then(w, id)
	}
	return w.told(id)
}

// told is all that an evaluation, a certificate and its pages would say now.
func (w *world) told(id string) string {
	w.T.Helper()
	var cause string
	for _, e := range w.Events(id) {
		if e.Type == "custody.assigned" {
			cause = e.ID
		}
	}
	c, _, err := w.Compliance.Look(w.T.Context(), id, cause)
	check(w.T, err)
	return strings.Join([]string{certificateText(c), shown(pages.Report(c, font.Fonts{}))}, "\n")
}

// strangers is a form under a signature of somebody whom nobody here trusts.
func strangers(lock *pades.Lock) []byte {
	raw := testpdf.Form()
	id := made(testpki.SelfSigned("Somebody", start))
	s := made(pades.New(pades.Config{Signer: id.Key, Chain: id.Chain}))
	return append(raw, made(s.Seal(context.Background(), pades.SealRequest{PDF: raw, Lock: lock, At: start})).Appended...)
}

// allowing is a host that lets everything be vaulted.
func allowing(s *setup) {
	s.Vault.OnDuplicate = func(context.Context, vault.Duplicate) bool { return true }
}

// made is for what a table is made of, which has no test to fail.
func made[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// outbox is a host that mails signing links, to be read here.
type outbox []esign.Notice

func (o *outbox) Notify(_ context.Context, n esign.Notice) error {
	*o = append(*o, n)
	return nil
}

func mailed(s *setup) {
	s.ESign.Notifier, s.ESign.SigningURL = &outbox{}, func(token string) string { return token }
}
