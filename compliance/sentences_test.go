package compliance_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
)

// printedFiles are the sources of what an evaluation and a certificate say.
var printedFiles = []string{"words.go", "draft.go", "check_*.go", "facts.go", "engine.go"}

// printedSentences are the texts of three words or more in the sources, with the
// function that each is in.
func printedSentences(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range printedFiles {
		names, err := filepath.Glob(pattern)
		check(t, err)
		for _, name := range names {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			check(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.ImportSpec, *ast.Field:
					return false
				case *ast.CallExpr: // an error of the program, or of the verifier, which a sentence quotes
					if s, ok := x.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "Errorf" || s.Sel.Name == "New") {
						return false
					}
				}
				if e, ok := n.(ast.Expr); ok {
					if s, ok := literal(e); ok {
						if strings.Count(strings.TrimSpace(s), " ") >= 2 {
							found[s] = name
						}
						return false
					}
				}
				return true
			})
		}
	}
	return found
}

// literal is the value of a string literal, or of several that are joined.
func literal(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, x.Kind == token.STRING && err == nil
	case *ast.BinaryExpr:
		a, ok := literal(x.X)
		b, ok2 := literal(x.Y)
		return a + b, ok && ok2 && x.Op == token.ADD
	}
	return "", false
}

var verbs = regexp.MustCompile(`%[sdvq]`)

// prints reports whether a text has a sentence, whatever stands at its verbs.
func prints(text, sentence string) bool {
	parts := verbs.Split(strings.TrimSpace(sentence), -1)
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return regexp.MustCompile(strings.Join(parts, `.*`)).MatchString(text)
}

// resultText is all that an evaluation says.
func resultText(r compliance.Result) string {
	var list []string
	for _, c := range r.Checks {
		list = append(list, c.Detail)
		for _, i := range c.Evidence {
			list = append(list, i.Ref)
		}
	}
	for _, f := range r.Findings {
		list = append(list, f.Detail)
	}
	return strings.Join(list, "\n")
}

// certificateText is all that a certificate says in sentences.
func certificateText(c *compliance.Certificate) string {
	list := []string{resultText(c.Compliance), c.LegalNotice}
	for _, p := range c.Powers {
		list = append(list, p.Power, p.Holder, p.Detail)
	}
	for _, d := range c.Declarations {
		list = append(list, d.Statement)
	}
	return strings.Join(list, "\n")
}

// TestEverySentenceHasARow: a text that the code can print has a row in sentences, or
// is named in unprovoked, and no row is idle.
func TestEverySentenceHasARow(t *testing.T) {
	t.Parallel()
	left := printedSentences(t)
	if len(left) < 150 {
		t.Fatalf("%d sentences found in the sources", len(left))
	}
	row := func(text string) {
		if left[text] == "" {
			t.Errorf("%q is in no source, or has two rows", text)
		}
		delete(left, text)
	}
	stories := told(t)
	for _, c := range changedFacts() {
		stories[c.name] = nil
	}
	for _, s := range sentences {
		row(s.text)
		for _, name := range []string{s.in, s.not} {
			if _, known := stories[name]; !known && (name != "" || s.in == "") {
				t.Errorf("%q: there is no story %q", s.text, name)
			}
		}
	}
	for _, text := range unprovoked {
		row(text)
	}
	for text, file := range left {
		t.Errorf("%s prints %q, which has no row: say when it is true, and a story in which it is false", file, text)
	}
}

// TestSentencesAreTrue: each sentence is printed in the story in which it is true, and
// not in the one in which it would be false. TestChangedFactsAreFound does the same
// for its edits.
func TestSentencesAreTrue(t *testing.T) {
	t.Parallel()
	for name, tell := range told(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := tell(t)
			sentencesOf(t, name, text)
			for _, s := range unprovoked {
				if name == "signed" && prints(text, s) {
					t.Errorf("a copy in order: %q is printed", s)
				}
			}
		})
	}
}

// sentencesOf holds what a story prints against the rows that name it.
func sentencesOf(t *testing.T, story, text string) {
	t.Helper()
	for _, s := range sentences {
		if s.in == story && !prints(text, s.text) {
			t.Errorf("%s: %q is not printed, although %s", story, s.text, s.when)
		}
		if s.not == story && prints(text, s.text) {
			t.Errorf("%s: %q is printed, and is not true: it needs that %s", story, s.text, s.when)
		}
	}
}

// told makes the stories in which a sentence is tried, by name, each with all that
// is said of it.
func told(t *testing.T) map[string]func(t *testing.T) string {
	by := func(a compliance.Actor) func(*handover.VaultInRequest) {
		return func(r *handover.VaultInRequest) { r.Actor = a }
	}
	agent := func(r *handover.VaultInRequest) {
		r.SecuredParty, r.Depositor.Capacity, r.Depositor.Agreement = &bank, vault.CapacityAgent, agreement
	}
	principal := func(r *handover.VaultInRequest) { r.SecuredParty = &bank }
	regime := func(id string, c *vault.Classification) func(*handover.VaultInRequest) {
		return func(r *handover.VaultInRequest) { r.Regime, r.Classification = id, c }
	}
	attested := func(edit func(a *vault.Attestation)) func(*handover.VaultInRequest) {
		return func(r *handover.VaultInRequest) {
			r.Attestation = attestation()
			edit(r.Attestation)
		}
	}
	held := func(by string) func(*handover.VaultInRequest) {
		return attested(func(a *vault.Attestation) {
			a.PaperOriginal, a.Holder = "held", dealer.LegalName
			a.PaperCustodian = &vault.PaperCustodian{Name: by, ReceiptSHA256: storage.Sum([]byte("receipt"))}
		})
	}
	signed := func(in func(*handover.VaultInRequest), edit ...func(*setup)) func(t *testing.T) string {
		return func(t *testing.T) string {
			w, id := completedWorld(t, edit...)
			w.vaultIn(id, in)
			return w.told(id)
		}
	}
	paper := func(in func(*handover.VaultInRequest)) func(t *testing.T) string {
		return func(t *testing.T) string {
			w := newWorld(t)
			id := w.paper()
			w.vaultIn(id, in)
			return w.told(id)
		}
	}
	same := func(*handover.VaultInRequest) {}
	selfMade := func(s *setup) {
		p, err := pki()
		check(t, err)
		own, err := keyring.New(keyring.Certificate, key(4))
		check(t, err)
		seal, err := keyring.NewSeal(p.Seal.Chain, true)
		check(t, err)
		s.compliance.Keys = keyring.NewRing(own, seal)
	}
	edited := func(query string) func(t *testing.T) string {
		return func(t *testing.T) string {
			w, id := vaultedWorld(t)
			w.release(id)
			w.exec(query)
			return resultText(w.evaluate(id).Result)
		}
	}
	return map[string]func(t *testing.T) string{
		"signed": signed(same), "agent": signed(agent), "principal": signed(principal),
		"own vault": signed(func(r *handover.VaultInRequest) { r.Custodian = vault.CustodianSelf }),
		"agent's own vault": signed(func(r *handover.VaultInRequest) {
			agent(r)
			r.Custodian = vault.CustodianSelf
		}),
		"member":   signed(by(compliance.Actor{Kind: "member", ID: "ms_hopper", OrgID: dealer.OrgID})),
		"operator": signed(by(compliance.Actor{Kind: "operator", ID: "root"})),
		"stranger": signed(by(compliance.Actor{Kind: "key", ID: "key_9", OrgID: "org_other"})),
		"nobody":   signed(by(compliance.Actor{})),
		"order": func(t *testing.T) string {
			w := newWorld(t)
			id := w.completed(func(r *esign.CreateRequest) { r.AutoVault = true })
			w.vaultIn(id, func(r *handover.VaultInRequest) {
				r.Actor, r.RequestID, r.RequestSHA256 = compliance.Actor{Kind: "system", ID: "auto_vault"}, "", ""
			})
			return w.told(id)
		},
		"none declared":             signed(regime(compliance.NoRegime, nil)),
		"none classified":           signed(regime("", &vault.Classification{PromiseToPay: true, RealProperty: true})),
		"none by default":           signed(regime("", nil), func(s *setup) { s.compliance.Regime = compliance.NoRegime }),
		"default":                   signed(regime("", nil)),
		"classified":                signed(regime("", &vault.Classification{PromiseToPay: true, SpecificGoods: true})),
		"paper":                     paper(attested(func(a *vault.Attestation) { a.DestroyedAt = &start })),
		"paper, declared by nobody": paper(same),
		"paper held":                paper(held(operator.Name)),
		"paper held elsewhere":      paper(held("Somebody")),
		"no paper":                  paper(attested(func(a *vault.Attestation) { a.Origin, a.PaperOriginal = "born_digital", "none" })),
		"not vaulted":               func(t *testing.T) string { w := newWorld(t); return resultText(w.evaluate(w.created().ID).Result) },
		"paper not vaulted":         func(t *testing.T) string { w := newWorld(t); return resultText(w.evaluate(w.paper()).Result) },
		"inspected": func(t *testing.T) string {
			w, id := vaultedWorld(t)
			w.inspect(id)
			return w.told(id)
		},
		"sealed beside": func(t *testing.T) string {
			w := newWorld(t)
			id := w.paperOf(testpdf.Encrypted())
			w.vaultIn(id, attested(func(*vault.Attestation) {}))
			return w.told(id)
		},
		"sealed beside, inspected": func(t *testing.T) string {
			w := newWorld(t)
			id := w.paperOf(testpdf.Encrypted())
			w.vaultIn(id, attested(func(*vault.Attestation) {}))
			w.inspect(id)
			return w.told(id)
		},
		"released": func(t *testing.T) string {
			w, id := vaultedWorld(t)
			w.release(id)
			return w.told(id)
		},
		"agent's release": func(t *testing.T) string {
			w, id := completedWorld(t)
			w.vaultIn(id, agent)
			w.release(id)
			return w.told(id)
		},
		"deleted after release": func(t *testing.T) string {
			var w *world
			w = newWorld(t, func(s *setup) {
				s.vault.Disposed = func(ctx context.Context, tx storage.Tx, id string) error { return w.esign.With(tx).Dispose(ctx, id) }
			})
			id := w.completed()
			w.vaultIn(id)
			w.release(id)
			w.dispose(id, true)
			return resultText(w.evaluate(id).Result)
		},
		"erased": func(t *testing.T) string {
			w, id := vaultedWorld(t)
			w.exec("DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = 'envelope.viewed')")
			return resultText(w.evaluate(id).Result)
		},
		"pending": func(t *testing.T) string {
			w, id := vaultedWorld(t)
			w.exec("UPDATE evault_events SET log_index = NULL WHERE type = 'vault.stored'")
			return resultText(w.evaluate(id).Result)
		},
		"release differs":  edited("UPDATE evault_releases SET note = 'x'"),
		"release is gone":  edited("DELETE FROM evault_releases"),
		"release unsigned": edited("UPDATE evault_releases SET statement = statement || 'A'"),
		"signed as another": func(t *testing.T) string {
			w := newWorld(t)
			env := w.created(func(r *esign.CreateRequest) { r.Signers[0].Name, r.Signers[1].Name = "Ann Buyer", "Bob Dealer" })
			w.signAs(env.ID, "Somebody Else")
			return resultText(w.evaluate(env.ID).Result)
		},
		"certified": signed(same, func(s *setup) {
			s.compliance.CertifiedBy = "Some CA"
			s.compliance.VerifyURL = func(storage.Digest) string { return "https://evault.test/verify" }
		}),
		"own root": signed(same, selfMade),
		"vaulted twice": func(t *testing.T) string {
			w := newWorld(t, func(s *setup) {
				s.vault.OnDuplicate = func(context.Context, vault.Duplicate) bool { return true }
			})
			var id string
			for range 2 {
				id = w.paperOf(testpdf.Simple(1, "Pledged twice"))
				w.vaultIn(id, attested(func(*vault.Attestation) {}))
			}
			return w.told(id)
		},
	}
}

// told is all that the newest evaluation and certificate say.
func (w *world) told(id string) string {
	w.t.Helper()
	_, err := w.log.Integrate(w.t.Context())
	check(w.t, err)
	text := resultText(w.evaluate(id).Result)
	c, err := w.engine.Certificate(w.t.Context(), dealer.OrgID, id, 0)
	check(w.t, err)
	return text + "\n" + certificateText(c)
}
