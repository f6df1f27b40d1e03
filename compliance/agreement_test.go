package compliance_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// papers are all that is handed out about one contract.
type papers struct {
	id          string
	certificate *certificate.Certificate
	custody     []custody.Statement
	record      string // text of the custody record, without white space
	original    []byte // the current or the release version
	pages       []string
	files       map[string][]byte // of the release package, nil while live
	release     custody.ReleaseStatement
}

// papersOf reads the papers as their holder does, and verifies what is signed.
func (w *world) papersOf(id string) papers {
	w.T.Helper()
	ctx := w.T.Context()
	c, err := w.Compliance.Certificate(ctx, dealer.OrgID, id, 0)
	check(w.T, err)
	p := papers{id: id, certificate: c}
	entries, err := w.Vault.Custody(ctx, dealer.OrgID, id)
	check(w.T, err)
	statements := make([]string, len(entries))
	for i, e := range entries {
		statements[i] = e.Statement
	}
	record, err := w.Compliance.CustodyRecord(ctx, c)
	check(w.T, err)
	versions := w.versions(id)
	p.original, err = w.Objects.Read(ctx, versions[len(versions)-1].Object)
	check(w.T, err)
	if c.Subject.Status == "released" {
		p.files = w.packageOf(id)
		p.original, record = p.files["authoritative.pdf"], p.files["custody-record.pdf"]
		for i := range statements {
			statements[i] = string(p.files["custody/000"+string(rune('1'+i))+".jws"])
		}
		p.release, err = custody.VerifyRelease(string(p.files["release-statement.jws"]), w.Vault.StatementKeys())
		check(w.T, err)
	}
	p.custody, err = custody.VerifyCustody(statements, w.Vault.StatementKeys())
	check(w.T, err)
	pages, err := extract.PageTexts(record)
	check(w.T, err)
	p.record = strings.Join(pages, "")
	p.pages, err = extract.PageTexts(p.original)
	check(w.T, err)
	return p
}

// packageOf fetches a release package.
func (w *world) packageOf(id string) map[string][]byte {
	w.T.Helper()
	f, err := w.Vault.ReadPackage(w.T.Context(), vault.ReadRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor})
	check(w.T, err)
	z, err := zip.NewReader(bytes.NewReader(f.Content), f.Size)
	check(w.T, err)
	files := map[string][]byte{}
	for _, x := range z.File {
		r, err := x.Open()
		check(w.T, err)
		files[x.Name], err = io.ReadAll(r)
		check(w.T, err)
	}
	return files
}

// say fails where a text, white space aside, lacks one of want.
func say(t *testing.T, what, text string, want ...string) {
	t.Helper()
	text = unspaced(text)
	for _, x := range want {
		if !strings.Contains(text, unspaced(x)) {
			t.Errorf("%s does not say %q", what, x)
		}
	}
}

func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// TestPapersAgree: certificate, custody record, custody statements, release
// package and the pages of the file itself say the same of who controls, where
// the original is, what it is and when, in each kind of story.
func TestPapersAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	outside := func(r *handover.VaultInRequest) {
		r.SecuredParty = &bank
		r.Depositor.Capacity, r.Depositor.Agreement = custody.CapacityAgent, agreement
	}
	onPaper := func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() }
	stories := map[string]string{
		"signed": w.Completed(), "signed for a bank": w.Completed(), "paper": w.paper(),
		"released": w.Completed(), "paper released": w.paper(), "paper that cannot be extended released": w.Paper(testpdf.Encrypted()),
	}
	for name, id := range stories {
		switch {
		case strings.HasPrefix(name, "paper"):
			w.VaultIn(id, onPaper)
		case strings.HasSuffix(name, "bank"):
			w.VaultIn(id, outside)
		default:
			w.VaultIn(id)
		}
		if strings.HasSuffix(name, "released") {
			w.VaultOut(id)
		}
		t.Run(name, func(t *testing.T) {
			w := &world{World: w.In(t)}
			p := w.papersOf(id)
			p.agree(t)
			if p.files == nil {
				p.agreeLive(t)
			} else {
				p.agreeReleased(t)
			}
		})
	}
}

// agree holds what is so in every state.
func (p papers) agree(t *testing.T) {
	t.Helper()
	c, last := p.certificate, p.custody[len(p.custody)-1]
	held := c.AuthoritativeCopy
	if held.SHA256 != storage.Sum(p.original) || held.Size != int64(len(p.original)) || last.SHA256 != held.SHA256 || last.Version != held.Version {
		t.Errorf("certificate %+v, last statement %+v, the file has %s", held, last, storage.Sum(p.original))
	}
	deposit := p.custody[0]
	if deposit.To.Assignee.Name != c.Assignee.Name || deposit.To.Controller.Party.Name != c.Controller.Name || deposit.To.Custodian.Party.Name != c.Custodian.Name {
		t.Errorf("the first statement says %+v, the certificate %+v, %+v, %+v", deposit.To, c.Assignee, c.Controller, c.Custodian)
	}
	if c.Jurisdiction != "" && !strings.HasPrefix(deposit.Jurisdiction, c.Jurisdiction+" is the jurisdiction") {
		t.Errorf("the statement provides %q, the certificate %q", deposit.Jurisdiction, c.Jurisdiction)
	}
	if len(c.Custody) != len(p.custody) {
		t.Fatalf("%d entries on the certificate, %d statements", len(c.Custody), len(p.custody))
	}
	for i, s := range p.custody {
		x := c.Custody[i]
		if x.CustodyID != s.CustodyID || x.Kind != string(s.Kind) || x.SHA256 != s.SHA256 || x.Version != s.Version || x.Consent != string(s.Consent.Kind) || x.Actor.ID != s.Consent.Actor.ID {
			t.Errorf("entry %d: certificate %+v, statement %+v", i+1, x, s)
		}
	}
	say(t, "the record", p.record, c.ID, p.id, string(held.SHA256), c.Controller.Name, c.Custodian.Name, c.Assignee.Name)
	say(t, "the rules", certificate.Rules(), "until its release")
}

func (p papers) agreeLive(t *testing.T) {
	t.Helper()
	c := p.certificate
	if c.Controller.Until != nil {
		t.Errorf("control ended at %v", c.Controller.Until)
	}
	if !c.AuthoritativeCopy.HeldHere || c.AuthoritativeCopy.ReleasedAt != nil || c.Subject.Status != "vaulted" || c.Compliance.State != "live" {
		t.Errorf("got %+v, state %s", c.AuthoritativeCopy, c.Compliance.State)
	}
	if strings.Contains(p.record, unspaced("until the release")) {
		t.Error("the record of a live copy speaks of a release")
	}
	if strings.Contains(strings.Join(p.pages, ""), unspaced("This file is now the original")) {
		t.Error("a live copy calls itself the original")
	}
}

func (p papers) agreeReleased(t *testing.T) {
	t.Helper()
	c, s, last := p.certificate, p.release, p.custody[len(p.custody)-1]
	held := c.AuthoritativeCopy
	if held.HeldHere || c.Subject.Status != "released" || c.Compliance.State != "released" || c.Compliance.Compliant != nil || last.To != nil {
		t.Errorf("certificate %+v, state %s, last statement %+v", held, c.Compliance.State, last)
	}
	to := custody.Recipient{Name: held.Recipient.Name, Organization: held.Recipient.Organization, Email: held.Recipient.Email}
	if s.Recipient != to || *last.Recipient != to || s.SHA256 != held.SHA256 || s.Version != held.Version || s.Reason != held.ReleaseReason || s.Note != held.ReleaseNote {
		t.Errorf("statement %+v, certificate %+v, custody %+v", s, held, last.Recipient)
	}
	if c.Controller.Until == nil || !c.Controller.Until.Equal(held.ReleasedAt.Time) {
		t.Errorf("control ended at %v, the release was at %v", c.Controller.Until, held.ReleasedAt)
	}
	day, readme := held.ReleasedAt.UTC().Format("2006-01-02 15:04:05"), string(p.files["README.txt"])
	if !strings.HasPrefix(s.At, strings.Replace(day, " ", "T", 1)) {
		t.Errorf("released at %s by the certificate, at %s by the statement", day, s.At)
	}
	say(t, "the record", p.record, to.Name, to.Organization, day, "Controller until the release", "Custodian until the release", s.Reason)
	if strings.Contains(p.record, "Controller"+unspaced(c.Controller.Name)) {
		t.Error("the record names a controller of today")
	}
	say(t, "README", readme, to.Name, to.Organization, day, s.Reason, string(held.SHA256), string(s.EndsSHA256), "now that original")
	for name, content := range p.files {
		if name != "README.txt" {
			say(t, "README", readme, name, string(storage.Sum(content)))
		}
	}
	verify := string(p.files["VERIFY.txt"])
	say(t, "VERIFY", verify, "sha256sum authoritative.pdf", "pdfsig authoritative.pdf", "examples/verify -certificate certificate.json", "-jwks", "-log-keys", "No witness")
	for _, name := range []string{"keys/jwks.json", "keys/log.txt", "keys/seal-root.pem", "authoritative.pdf", "certificate.json", "custody-record.pdf", "rules.md", "log/checkpoint"} {
		if len(p.files[name]) == 0 || !strings.Contains(verify, name) {
			t.Errorf("VERIFY or the package lacks %s", name)
		}
	}
	page := p.pages[len(p.pages)-1]
	if c.Seal.Mode == string(custody.SealingDetached) {
		say(t, "README", readme, "version-statements/0002.p7s says so")
		if slices.ContainsFunc(p.pages, func(page string) bool { return strings.Contains(page, unspaced("now the original")) }) {
			t.Error("a file that cannot be extended has a release page")
		}
		return
	}
	say(t, "README", readme, "its last page says so")
	say(t, "the last page", page, to.Name, to.Organization, day, strings.ToUpper(s.Reason[:1])+s.Reason[1:], s.ReleaseID, string(s.EndsSHA256), c.Controller.Name, "This file is now the original")
}
