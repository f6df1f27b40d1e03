package vault_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func ptr[T any](v T) *T { return &v }

// attested is a request for paper whose attestation was edited.
func attested(edit func(*custody.Attestation)) func(*vault.DepositRequest) {
	return func(r *vault.DepositRequest) {
		r.Source.Kind = custody.SourcePaper
		r.Attestation = &custody.Attestation{
			AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"Bob"}, Origin: "scan", PaperOriginal: "destroyed", Statement: "I saw it signed.",
		}
		edit(r.Attestation)
	}
}

func TestDepositRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bare := newWorld(t, func(c *vault.Config) { c.Custodian = nil })
	dealerOperated := newWorld(t, func(c *vault.Config) { c.Custodian.Party = org })
	for name, c := range map[string]struct {
		on   *world
		edit func(*vault.DepositRequest)
		want string // field: rule
	}{
		"no envelope":         {w, func(r *vault.DepositRequest) { r.EnvelopeID = "" }, "envelope_id: required"},
		"no organization":     {w, func(r *vault.DepositRequest) { r.OrgID = "" }, "org_id: required"},
		"no legal name":       {w, func(r *vault.DepositRequest) { r.OrgName = "" }, "org_name: required"},
		"no object":           {w, func(r *vault.DepositRequest) { r.Source.Object.Name = "" }, "source: required"},
		"kind":                {w, func(r *vault.DepositRequest) { r.Source.Kind = "fax" }, "source.kind: oneof"},
		"sealing":             {w, func(r *vault.DepositRequest) { r.Source.Sealing.Mode = "" }, "source.sealing: oneof"},
		"custodian":           {w, func(r *vault.DepositRequest) { r.Custodian = "other" }, "custodian: oneof"},
		"capacity":            {w, func(r *vault.DepositRequest) { r.Capacity = "king" }, "capacity: oneof"},
		"nameless party":      {w, func(r *vault.DepositRequest) { r.SecuredParty = &custody.Party{} }, "secured_party.name: required"},
		"party's e-mail":      {w, func(r *vault.DepositRequest) { r.SecuredParty = &custody.Party{Name: "x", Email: "x"} }, "secured_party.email: email"},
		"agent, no agreement": {w, func(r *vault.DepositRequest) { r.Capacity = custody.CapacityAgent }, "agreement: required"},
		"transferor as agent": {w, func(r *vault.DepositRequest) {
			r.Agreement = &custody.Agreement{Reference: "x", Date: testworld.Start(), SHA256: "x"}
		}, "agreement.not_transferor: required"},
		"attested e-sign":      {w, func(r *vault.DepositRequest) { r.Attestation = &custody.Attestation{} }, "attestation: excluded"},
		"no operator":          {bare, func(r *vault.DepositRequest) { r.Custodian = custody.CustodianOperator }, "custodian: not_configured"},
		"transferor custodian": {dealerOperated, func(r *vault.DepositRequest) { r.SecuredParty = &bank }, "custodian: custodian_is_transferor"},
		"holder of the paper": {w, func(r *vault.DepositRequest) {
			r.Source.Kind = custody.SourcePaper
			r.Attestation = &custody.Attestation{AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"C"}, Origin: "scan", PaperOriginal: "held", Statement: "I saw it signed."}
		}, "attestation.holder: required"},
		"scan without paper": {w, func(r *vault.DepositRequest) {
			r.Source.Kind = custody.SourcePaper
			r.Attestation = &custody.Attestation{AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"C"}, Origin: "scan", PaperOriginal: "none", Statement: "I saw it signed."}
		}, "attestation.paper_original: oneof"},
		"attested by one letter":  {w, attested(func(a *custody.Attestation) { a.AttestedBy = "x" }), "attestation.attested_by: min"},
		"capacity of one letter":  {w, attested(func(a *custody.Attestation) { a.Capacity = " x " }), "attestation.capacity: min"},
		"capacity of dashes":      {w, attested(func(a *custody.Attestation) { a.Capacity = "---" }), "attestation.capacity: min"},
		"statement of one word":   {w, attested(func(a *custody.Attestation) { a.Statement = "Shredded." }), "attestation.statement: min"},
		"statement of spaces":     {w, attested(func(a *custody.Attestation) { a.Statement = "x              x "[:14] }), "attestation.statement: min"},
		"signed by a dash":        {w, attested(func(a *custody.Attestation) { a.SignedBy = []string{"Bob", "-"} }), "attestation.signed_by[1]: min"},
		"destroyed in the future": {w, attested(func(a *custody.Attestation) { a.DestroyedAt = ptr(testworld.Start().Add(24 * time.Hour)) }), "attestation.destroyed_at: max"},
		"destroyed and held": {w, attested(func(a *custody.Attestation) {
			a.PaperOriginal, a.Holder, a.DestroyedAt = "held", "Ann", new(testworld.Start())
		}), "attestation.destroyed_at: excluded"},
		"receipt for destroyed paper": {w, attested(func(a *custody.Attestation) {
			a.PaperCustodian = &custody.PaperCustodian{Name: "Archive", ReceiptSHA256: storage.Sum(nil)}
		}), "attestation.paper_custodian: excluded"},
		"holder without a receipt": {w, attested(func(a *custody.Attestation) { a.PaperOriginal, a.Holder = "held", "Ann" }), "attestation.paper_custodian: required"},
		"receipt without a digest": {w, attested(func(a *custody.Attestation) {
			a.PaperOriginal, a.Holder, a.PaperCustodian = "held", "Ann", &custody.PaperCustodian{Name: "Archive", ReceiptSHA256: "x"}
		}), "attestation.paper_custodian.receipt_sha256: sha256"},
	} {
		r := c.on.request("env_refused_" + strings.ReplaceAll(name, " ", "_"))
		c.edit(&r)
		_, _, err := c.on.Deposit(t.Context(), r)
		var invalid *vault.InvalidError
		if !errors.As(err, &invalid) || invalid.Fields[0].Field+": "+invalid.Fields[0].Rule != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if _, err := c.on.Original(t.Context(), org.Identifier, r.EnvelopeID); !errors.Is(err, vault.ErrNotVaulted) {
			t.Errorf("%s: got %v, want ErrNotVaulted", name, err)
		}
	}
}

func TestDeposit(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		r := w.request("env_a")
		var also *custody.Original
		r.Also = func(_ context.Context, tx storage.Tx, c *custody.Original) error {
			if tx == nil {
				t.Error("Also ran without a transaction")
			}
			also = c
			return nil
		}
		c := w.deposit(r)
		if also != c {
			t.Error("Also did not get the copy")
		}
		stored, err := w.Original(t.Context(), org.Identifier, "env_a")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c, stored); d != "" {
			t.Errorf("returned and stored copy differ: %s", d)
		}
		v := w.versions("env_a")[0]
		file, completion := w.Bytes(v.Object), w.Bytes(r.Source.Object)
		if !bytes.HasPrefix(file, completion) || len(file) == len(completion) {
			t.Error("version 1 does not extend the completion")
		}
		report, err := pades.Verify(t.Context(), file, pades.Options{Roots: w.PKI.Roots(), Now: w.Clock.Now()})
		if err != nil || !report.OK() || len(report.Signatures) != 2 {
			t.Fatalf("seals: %+v, %v", report, err)
		}
		for _, want := range []string{operator.Name, org.Name, "env_a", c.CopyID} {
			if reason := report.Signatures[1].Reason; !strings.Contains(reason, want) {
				t.Errorf("the seal's reason %q does not name %s", reason, want)
			}
		}
		if c.DocumentHash != storage.Sum(file) || c.Source.Object.SHA256 != storage.Sum(completion) || c.Version != 1 {
			t.Errorf("got %s, version %d", c.DocumentHash, c.Version)
		}
		marked := w.Bytes(c.Marked.Object)
		if bytes.Contains(marked, completion[:len(completion)/2]) {
			t.Error("the marked copy contains the original")
		}
		if report, err = pades.Verify(t.Context(), marked, pades.Options{Roots: w.PKI.Roots(), Now: w.Clock.Now()}); err != nil || len(report.Signatures) != 0 {
			t.Errorf("the marked copy has signatures: %+v, %v", report, err)
		}
		if got, want := w.Types("env_a"), []string{"vault.stored", "custody.assigned", "custody.acknowledged"}; !slices.Equal(got, want) {
			t.Errorf("got events %v, want %v", got, want)
		}
		if _, err := event.Verify("env_a", w.Events("env_a")); err != nil {
			t.Error(err)
		}
		if c.VaultedAt != w.Events("env_a")[0].RecordedAt {
			t.Errorf("vaulted at %v, event recorded at %v", c.VaultedAt, w.Events("env_a")[0].RecordedAt)
		}
		for _, e := range w.Events("env_a") {
			if bytes.Contains(e.Canonical, []byte(org.Name)) || bytes.Contains(e.Canonical, []byte(operator.Name)) {
				t.Errorf("%s holds a name: %s", e.Type, e.Canonical)
			}
		}
	})
}

func TestCustodyStatementsVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	r.SecuredParty, r.Capacity, r.Agreement = &bank, custody.CapacityAgent, agreement
	c := w.deposit(r)
	entries, err := w.Custody(t.Context(), org.Identifier, "env_a")
	if err != nil || len(entries) != 1 {
		t.Fatalf("got %d entries, %v", len(entries), err)
	}
	s, err := custody.VerifyCustody([]string{entries[0].Statement}, w.StatementKeys())
	if err != nil {
		t.Fatal(err)
	}
	to := s[0].To
	if to.Assignee != bank || to.Controller.Party != org || to.Controller.BoundBy != custody.BoundByAgent || to.Custodian.Party != operator {
		t.Errorf("got %+v", to)
	}
	if s[0].SHA256 != c.DocumentHash || s[0].Version != 1 || s[0].Consent.RequestID != "req_1" || s[0].Consent.Actor != keyActor {
		t.Errorf("got %+v", s[0])
	}
	a, err := custody.VerifyAcknowledgment(c.Acknowledgment.JWS, w.StatementKeys())
	if err != nil {
		t.Fatal(err)
	}
	if a.SHA256 != c.DocumentHash || a.Assignee != bank || a.Custodian != operator || a.CustodyID != entries[0].ID {
		t.Errorf("got %+v", a)
	}
}

func TestParties(t *testing.T) {
	t.Parallel()
	with, without := newWorld(t), newWorld(t, func(c *vault.Config) { c.Custodian = nil })
	self := custody.Party{Name: "A name alone never does", Identifier: org.Identifier, Email: "desk@dealer.test"}
	own := custody.Party{Name: org.Name, Identifier: org.Identifier, Email: "desk@dealer.test"}
	for name, c := range map[string]struct {
		on        *world
		edit      func(*vault.DepositRequest)
		assignee  custody.Party
		boundBy   string
		custodian string
		ack       bool
	}{
		"default":             {with, func(*vault.DepositRequest) {}, org, string(custody.BoundByOrganization), string(custody.CustodianOperator), true},
		"no operator":         {without, func(*vault.DepositRequest) {}, org, string(custody.BoundByOrganization), string(custody.CustodianSelf), false},
		"self":                {with, func(r *vault.DepositRequest) { r.Custodian = custody.CustodianSelf }, org, string(custody.BoundByOrganization), string(custody.CustodianSelf), false},
		"itself by its id":    {with, func(r *vault.DepositRequest) { r.SecuredParty = &self }, own, string(custody.BoundByOrganization), string(custody.CustodianOperator), true},
		"name alone":          {with, func(r *vault.DepositRequest) { r.SecuredParty = &custody.Party{Name: org.Name} }, custody.Party{Name: org.Name}, string(custody.BoundByNone), string(custody.CustodianOperator), true},
		"outside, principal":  {with, func(r *vault.DepositRequest) { r.SecuredParty = &bank }, bank, string(custody.BoundByNone), string(custody.CustodianOperator), true},
		"outside, agent":      {with, func(r *vault.DepositRequest) { r.SecuredParty, r.Capacity, r.Agreement = &bank, "agent", agreement }, bank, string(custody.BoundByAgent), string(custody.CustodianOperator), true},
		"outside, agent self": {without, func(r *vault.DepositRequest) { r.SecuredParty, r.Capacity, r.Agreement = &bank, "agent", agreement }, bank, string(custody.BoundByAgent), string(custody.CustodianSelf), false},
	} {
		r := c.on.request("env_" + strings.NewReplacer(" ", "_", ",", "").Replace(name))
		c.edit(&r)
		got := c.on.deposit(r)
		if got.SecuredParty != c.assignee || string(got.Controller.BoundBy) != c.boundBy || string(got.Custodian.Kind) != c.custodian || (got.Acknowledgment != nil) != c.ack {
			t.Errorf("%s: got %+v, %+v, %+v, acknowledged %t", name, got.SecuredParty, got.Controller, got.Custodian, got.Acknowledgment != nil)
		}
	}
}

func TestDepositAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	r.SecuredParty, r.Capacity, r.Agreement = &bank, custody.CapacityAgent, agreement
	first := w.deposit(r)
	before := len(w.Events("env_a"))

	again := r
	again.Also = func(context.Context, storage.Tx, *custody.Original) error { t.Error("Also ran again"); return nil }
	silent := vault.DepositRequest{EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, OrgName: r.OrgName, Source: r.Source, Actor: r.Actor}
	hostDefault := silent
	hostDefault.Regime, hostDefault.RegimeBasis = "none", "host_default"
	for name, r := range map[string]vault.DepositRequest{"same": again, "says nothing": silent, "host default": hostDefault} {
		c, created, err := w.Deposit(t.Context(), r)
		if err != nil || created || c.CopyID != first.CopyID {
			t.Errorf("%s: got created %t, %v", name, created, err)
		}
	}
	for field, edit := range map[string]func(*vault.DepositRequest){
		"secured_party":   func(r *vault.DepositRequest) { r.SecuredParty = &custody.Party{Name: "Other"} },
		"custodian":       func(r *vault.DepositRequest) { r.Custodian = custody.CustodianSelf },
		"regime":          func(r *vault.DepositRequest) { r.Regime = "ueta_16" },
		"jurisdiction":    func(r *vault.DepositRequest) { r.Jurisdiction = "US-CA" },
		"classification":  func(r *vault.DepositRequest) { r.Classification = &custody.Classification{PromiseToPay: true} },
		"document_sha256": func(r *vault.DepositRequest) { r.Source.Object.SHA256 = storage.Sum(nil) },
	} {
		other := r
		edit(&other)
		_, _, err := w.Deposit(t.Context(), other)
		var e *vault.AlreadyVaultedError
		if !errors.As(err, &e) || !errors.Is(err, vault.ErrAlreadyVaulted) || !slices.Equal(e.Fields, []string{field}) {
			t.Errorf("got %v, want one that names %s", err, field)
		}
	}
	foreign := r
	foreign.OrgID, foreign.OrgName = "org_other", "Other"
	if _, _, err := w.Deposit(t.Context(), foreign); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("another organization: got %v, want ErrNotVaulted", err)
	}
	if after := len(w.Events("env_a")); after != before {
		t.Errorf("repetitions made %d events", after-before)
	}
}

// I1: however many deposit at once, there is one copy.
func TestRacingDepositsMakeOneCopy(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		const rounds, racers = 4, 8
		for round := range rounds {
			r := w.request("env_" + string(rune('a'+round)))
			var wg sync.WaitGroup
			var mu sync.Mutex
			created, ids := 0, map[string]bool{}
			for range racers {
				replica, err := vault.New(w.config) // in one process they would wait for each other
				if err != nil {
					t.Fatal(err)
				}
				wg.Go(func() {
					c, made, err := replica.Deposit(t.Context(), r)
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Errorf("deposit: %v", err)
						return
					}
					ids[c.CopyID] = true
					if made {
						created++
					}
				})
			}
			wg.Wait()
			if created != 1 || len(ids) != 1 {
				t.Errorf("round %d: %d created, %d copies", round, created, len(ids))
			}
			if n := count(w.Types(r.EnvelopeID), "vault.stored"); n != 1 {
				t.Errorf("round %d: %d vault.stored events", round, n)
			}
		}
	})
}

// I33: one document is not deposited twice, in whatever form it comes back.
func TestNotAnOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	document := testpdf.Simple(2, "Contract of env_a")
	completion := w.Bytes(r.Source.Object)
	c := w.deposit(r)
	f, err := w.ReadAuthoritative(t.Context(), read("env_a"))
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{
		"completion":                completion,
		"completion, more appended": append(bytes.Clone(completion), "\n% more\n"...),
		"download":                  f.Content,
		"download, more appended":   append(bytes.Clone(f.Content), "\n% more\n"...),
		"download, sealed again":    w.sealed(f.Content),
		"completion, sealed again":  w.sealed(completion),
		"marked copy":               w.Bytes(c.Marked.Object),
		"marked copy, sealed":       w.sealed(w.Bytes(c.Marked.Object)),
		"marked copy, more bytes":   append(w.Bytes(c.Marked.Object), "\n% more\n"...),
	}
	n := 0
	for name, content := range forms {
		n++
		for _, r := range []vault.DepositRequest{
			w.requestFor("env_again_"+string(rune('a'+n)), content, content),
			w.paper("env_paper_"+string(rune('a'+n)), content),
		} {
			r.OrgID, r.OrgName = "org_other", "Other LLC"
			if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, vault.ErrNotAnOriginal) {
				t.Errorf("%s as %s: got %v, want ErrNotAnOriginal", name, r.Source.Kind, err)
			}
			if got := w.Types(r.EnvelopeID); !slices.Equal(got, []string{"vault.duplicate_refused"}) {
				t.Errorf("%s: got events %v", name, got)
			}
			for _, e := range w.Events(r.EnvelopeID) {
				if bytes.Contains(e.Canonical, []byte("env_a\"")) || bytes.Contains(e.Canonical, []byte(org.Identifier)) {
					t.Errorf("%s: the event names the other holder: %s", name, e.Canonical)
				}
			}
		}
	}
	// Made from a vaulted file: only its origin gives it away.
	for env, edit := range map[string]func(*custody.Source){
		"env_from_copy":    func(s *custody.Source) { s.DocumentSHA256 = c.Marked.SHA256 },
		"env_from_version": func(s *custody.Source) { s.Origins = []storage.Digest{storage.Sum(nil), c.DocumentHash} },
	} {
		derived := w.request(env)
		edit(&derived.Source)
		if _, _, err := w.Deposit(t.Context(), derived); !errors.Is(err, vault.ErrNotAnOriginal) {
			t.Errorf("%s: got %v, want ErrNotAnOriginal", env, err)
		}
	}
	// The same blank, signed again, is another contract.
	other := w.sealed(document)
	w.deposit(w.requestFor("env_same_blank", document, other))
}

func (w *world) sealed(raw []byte) []byte {
	w.T.Helper()
	w.Clock.Advance(1e9)
	s, err := w.Sealer.Seal(w.T.Context(), pades.SealRequest{PDF: raw, Reason: "Again", At: w.Clock.Now()})
	if err != nil {
		w.T.Fatal(err)
	}
	return slices.Concat(raw, s.Appended)
}

func TestRacingDuplicatesMakeOneCopy(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		_, completion := w.completed("env_shared")
		var wg sync.WaitGroup
		var mu sync.Mutex
		made, refused := 0, 0
		for i := range 8 {
			r := w.requestFor("env_"+string(rune('a'+i)), []byte{byte(i)}, completion)
			wg.Go(func() {
				_, _, err := w.Deposit(t.Context(), r)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					made++
				case errors.Is(err, vault.ErrNotAnOriginal):
					refused++
				default:
					t.Errorf("deposit: %v", err)
				}
			})
		}
		wg.Wait()
		if made != 1 || refused != 7 {
			t.Errorf("got %d copies and %d refusals, want 1 and 7", made, refused)
		}
	})
}

func TestHostMayAllowADuplicate(t *testing.T) {
	t.Parallel()
	var heard []vault.Duplicate
	w := newWorld(t, func(c *vault.Config) {
		c.OnDuplicate = func(_ context.Context, d vault.Duplicate) bool {
			heard = append(heard, d)
			return d.EnvelopeID == "env_b"
		}
	})
	r := w.request("env_a")
	completion := w.Bytes(r.Source.Object)
	w.deposit(r)
	w.deposit(w.requestFor("env_b", nil, completion))
	if got := string(w.Events("env_b")[0].Data); !strings.Contains(got, `"duplicates_allowed":["`+string(storage.Sum(completion))) {
		t.Errorf("the stored event does not say so: %s", got)
	}
	if _, _, err := w.Deposit(t.Context(), w.requestFor("env_c", nil, completion)); !errors.Is(err, vault.ErrNotAnOriginal) {
		t.Errorf("got %v, want ErrNotAnOriginal", err)
	}
	if len(heard) != 2 || heard[0].Claims[0].EnvelopeID != "env_a" {
		t.Errorf("the host heard %+v", heard)
	}
}

func TestDepositOfAlteredSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	w.Alter(r.Source.Object, flip)
	if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, vault.ErrIntegrity) {
		t.Errorf("got %v, want ErrIntegrity", err)
	}
	if len(w.Events("env_a")) != 0 {
		t.Error("a failed deposit left events")
	}
}

func TestDepositFailsWithAlso(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("env_a")
	r.Also = failing[custody.Original]
	if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, errAlso) {
		t.Fatalf("got %v, want the host's error", err)
	}
	if _, err := w.Original(t.Context(), org.Identifier, "env_a"); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("got %v, want ErrNotVaulted", err)
	}
	r.Also = nil
	w.deposit(r)
}

func TestPaper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.paper("env_p", testpdf.Contract(3))
	c := w.deposit(r)
	got, err := w.Original(t.Context(), org.Identifier, "env_p")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.Attestation, got.Attestation); d != "" {
		t.Errorf("attestation: %s", d)
	}
	if !bytes.HasPrefix(w.Bytes(w.versions("env_p")[0].Object), testpdf.Contract(3)) || c.Source.Kind != custody.SourcePaper {
		t.Error("the paper's bytes were not kept")
	}
}

// TestJurisdictionIsProvided: the seal and the custody statement expressly provide
// the jurisdiction that the depositor named, in words, and none where it named
// none.
func TestJurisdictionIsProvided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for env, want := range map[string]string{"env_a": "US-NY is the jurisdiction of this record, and the chattel paper's jurisdiction", "env_b": ""} {
		r := w.request(env)
		if want == "" {
			r.Jurisdiction = ""
		}
		w.deposit(r)
		report, err := pades.Verify(t.Context(), w.Bytes(w.versions(env)[0].Object), pades.Options{Roots: w.PKI.Roots(), Now: w.Clock.Now()})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := w.Custody(t.Context(), org.Identifier, env)
		if err != nil {
			t.Fatal(err)
		}
		chained, err := custody.VerifyCustody([]string{entries[0].Statement}, w.StatementKeys())
		if err != nil {
			t.Fatal(err)
		}
		seal, said := report.Signatures[len(report.Signatures)-1].Reason, chained[0].Jurisdiction
		if !strings.Contains(seal, want) || !strings.HasPrefix(said, want) || (want == "") != (said == "") {
			t.Errorf("%s: the seal says %q and the custody statement %q, want %q", env, seal, said, want)
		}
		if want == "" && strings.Contains(seal, "jurisdiction") {
			t.Errorf("%s: the seal says %q", env, seal)
		}
	}
}
