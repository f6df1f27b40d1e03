package accept_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
)

var checkIDs = []string{
	"single_authoritative_copy", "tamper_evident_record", "assignee_identified", "required_signatures",
	"held_by_assignee_or_custodian", "consent_to_assignee_change", "copies_identifiable", "amendments_identifiable",
}

// envelope is the JSON of a two-signer contract.
func envelope(more map[string]any) map[string]any {
	e := map[string]any{
		"customer_email": "ada@example.com", "customer_name": "Ada Byron", "envelope_name": "Truck 42",
		"customer_id": "cust-7", "signing_order": "sequential",
		"signers": []any{
			map[string]any{"email": "ada@example.com", "name": "Ada Byron", "role": "buyer", "order": 1},
			map[string]any{"email": "seller@example.com", "name": "Łukasz Żółć", "role": "seller", "order": 2},
		},
		"fields": []any{
			map[string]any{"kind": "signature", "role": "buyer", "page": 1, "x": 0.1, "y": 0.8, "w": 0.3, "h": 0.05},
			map[string]any{"kind": "date", "role": "buyer", "page": 1, "x": 0.1, "y": 0.86, "w": 0.2, "h": 0.03},
			map[string]any{"kind": "text", "role": "buyer", "page": 2, "x": 0.1, "y": 0.1, "w": 0.3, "h": 0.03, "label": "VIN"},
			map[string]any{"kind": "checkbox", "role": "buyer", "page": 2, "x": 0.1, "y": 0.2, "w": 0.03, "h": 0.03, "required": false},
		},
		"metadata": map[string]any{"deal": "42"},
	}
	for k, v := range more {
		if v == nil {
			delete(e, k)
		} else {
			e[k] = v
		}
	}
	return e
}

func document(pdf []byte) map[string]any {
	return map[string]any{"filename": "contract.pdf", "content_base64": base64.StdEncoding.EncodeToString(pdf)}
}

// link returns the signing path of a signer whose turn it is.
func (c *client) link(env, email string) string {
	c.t.Helper()
	a := c.get("/partner/envelopes/" + env + "/signing-links").want(http.StatusOK)
	for i := range a.list("data") {
		p := fmt.Sprintf("data.%d.", i)
		if a.str(p+"email") == email {
			return a.str(p + "signing_url")
		}
	}
	c.t.Fatalf("no signing link for %s: %s", email, a.Body)
	return ""
}

// sign walks one signer through view, consent and signature.
func (c *client) sign(link, name string) *answer {
	c.t.Helper()
	s := c.with("")
	session := s.get(link + "/session").want(http.StatusOK)
	s.get(link + "/document.pdf").want(http.StatusOK)
	s.post(link+"/consent", map[string]any{"disclosure_sha256": session.str("data.consent.disclosure_sha256")}).want(http.StatusOK)
	fields := []any{}
	for i := range session.list("data.fields") {
		p := fmt.Sprintf("data.fields.%d.", i)
		switch session.str(p + "kind") {
		case "text":
			fields = append(fields, map[string]any{"field_id": session.str(p + "field_id"), "value": "1FTFW1E50NFA00042"})
		case "checkbox":
			fields = append(fields, map[string]any{"field_id": session.str(p + "field_id"), "value": "true"})
		}
	}
	return s.post(link+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": name}, "fields": fields}).want(http.StatusOK)
}

// signed creates an envelope on pdf and signs it as both signers.
func (c *client) signed(pdf []byte, more map[string]any) string {
	c.t.Helper()
	e := envelope(more)
	e["document"] = document(pdf)
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	c.sign(c.link(env, "ada@example.com"), "Ada Byron")
	c.sign(c.link(env, "seller@example.com"), "Łukasz Żółć").equal("data.envelope_status", "completed")
	return env
}

// fetch downloads a signed URL.
func (c *client) fetch(path string) []byte {
	c.t.Helper()
	u := c.get(path).want(http.StatusOK).str("data.signed_url")
	a := c.with("").get(u).want(http.StatusOK)
	if a.Header.Get("ETag") != `"`+sum(a.Body)+`"` {
		c.t.Errorf("%s: ETag %s is not the digest %s", path, a.Header.Get("ETag"), sum(a.Body))
	}
	return a.Body
}

// certificate waits for the newest certificate.
func (c *client) certificate(env string) *answer {
	c.t.Helper()
	for range 100 {
		a := c.get("/partner/envelopes/" + env + "/vault/certificate")
		if a.Status != http.StatusConflict {
			return a.want(http.StatusOK)
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatal("no certificate within 10 s")
	return nil
}

func TestESign(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		original := testpdf.Contract(3)

		e := envelope(map[string]any{"external_id": "deal-42"})
		e["document"] = document(original)
		a := c.post("/partner/envelopes", e).want(http.StatusCreated)
		env := a.str("data.envelope_id")
		a.equal("data.status", "sent").equal("data.envelope_kind", "esign").equal("data.document.sha256", sum(original)).equal("data.document.pages", 3).
			equal("data.vaulted", false).equal("data.compliant", nil).equal("data.completion", nil).equal("data.signers.0.status", "notified").equal("data.signers.1.status", "waiting")
		if loc := a.Header.Get("Location"); !strings.HasSuffix(loc, "/api/v2/partner/envelopes/"+env) {
			t.Errorf("Location %q", loc)
		}
		c.post("/partner/envelopes", e).problem(http.StatusConflict, "external_id_taken")

		st := c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "sent").equal("data.signers.total", 2).equal("data.signers.signed", 0).equal("data.vault", nil)
		c.get("/partner/envelopes/"+env+"/status", header("If-None-Match", st.Header.Get("ETag"))).want(http.StatusNotModified)
		l := c.get("/partner/envelopes?external_id=deal-42").want(http.StatusOK).equal("meta.total", 1).equal("data.0.envelope_id", env)
		if _, has := l.try("data.0").(map[string]any)["signers"]; has {
			t.Error("a list row carries signers")
		}
		links := c.get("/partner/envelopes/"+env+"/signing-links").want(http.StatusOK).equal("data.1.signing_url", nil)
		if cc := links.Header.Get("Cache-Control"); !strings.Contains(cc, "no-store") {
			t.Errorf("signing links are cacheable: %q", cc)
		}
		c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{}).want(http.StatusConflict)

		ada := c.link(env, "ada@example.com")
		anon := c.with("")
		page := anon.get(ada).want(http.StatusOK)
		if !strings.Contains(string(page.Body), "<form") || page.Header.Get("Content-Security-Policy") == "" {
			t.Error("the signing page has no form, or no Content-Security-Policy")
		}
		anon.post(ada+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": "Ada"}, "fields": []any{}}).want(http.StatusConflict)
		c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "sent")
		c.sign(ada, "Ada Byron").equal("data.envelope_status", "viewed")
		anon.post(ada+"/decline", map[string]any{"reason": "late"}).want(http.StatusConflict)
		c.sign(c.link(env, "seller@example.com"), "Łukasz Żółć").equal("data.status", "signed").equal("data.envelope_status", "completed")

		done := c.get("/partner/envelopes/"+env).want(http.StatusOK).equal("data.status", "completed").equal("data.completion.level", "B-B").equal("data.signers.1.status", "signed")
		completion := done.str("data.completion.sha256")
		c.post("/partner/envelopes/"+env+"/void", map[string]any{"reason": "no"}).problem(http.StatusConflict, "already_signed")
		marked := anon.get(ada + "/document.pdf").want(http.StatusOK).Body
		copyMarks(t, marked)

		rec := c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{"jurisdiction": "US-NY"}, idempotent("vault-1")).want(http.StatusCreated)
		rec.equal("data.status", "vaulted").equal("data.deposited_sha256", completion).equal("data.authoritative.version", 1).equal("data.regime", "ucc_9_105_2022").
			equal("data.regime_basis", "host_default").equal("data.jurisdiction", "US-NY").equal("data.secured_party.identifier", s.OrgID).equal("data.compliant", true)
		if rec.str("data.document_hash") != rec.str("data.authoritative.sha256") {
			t.Error("document_hash is not the authoritative digest")
		}
		again := c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{"jurisdiction": "US-NY"}, idempotent("vault-1")).want(http.StatusCreated)
		if again.Header.Get("Idempotent-Replayed") != "true" || again.str("data.authoritative.copy_id") != rec.str("data.authoritative.copy_id") {
			t.Error("the repeated vault-in is no replay")
		}
		c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{"jurisdiction": "US-NY"}).want(http.StatusOK).equal("data.authoritative.copy_id", rec.str("data.authoritative.copy_id"))
		c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{"jurisdiction": "US-TX"}).problem(http.StatusConflict, "already_vaulted")
		c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "vaulted").equal("data.vaulted", true).equal("data.compliant", true).equal("data.vault.document_hash", rec.str("data.document_hash"))

		comp := c.get("/partner/envelopes/"+env+"/compliance").want(http.StatusOK).equal("data.compliance.score", 100).equal("data.compliance.compliant", true)
		for i, id := range checkIDs {
			p := fmt.Sprintf("data.compliance.checks.%d.", i)
			comp.equal(p+"id", id).equal(p+"satisfied", true)
			if len(comp.list(p+"evidence")) == 0 {
				t.Errorf("check %s rests on no evidence", id)
			}
		}
		cert := c.certificate(env).equal("data.certificate_type", "ucc_9105_electronic_chattel_paper").equal("data.authoritative_copy.sha256", rec.str("data.document_hash")).equal("data.authoritative_copy.held_here", true)
		anon.get("/verify/certificate/"+cert.str("data.certificate_id")).want(http.StatusOK).equal("data.state", "current")

		authoritative := c.authoritative(env, rec.str("data.document_hash"))
		copied := c.fetch("/partner/envelopes/" + env + "/vault/copy/signed-url")
		copyMarks(t, copied)
		outsideTools(t, "authoritative.pdf", authoritative, 2)
		rendered(t, "authoritative", authoritative)
		rendered(t, "copy", copied)
		verify := func(b []byte, state string) {
			t.Helper()
			anon.get("/verify/"+sum(b)).want(http.StatusOK).equal("data.state", state)
		}
		verify(authoritative, "authoritative")
		verify(copied, "copy")
		verify(original, "unknown")
		anon.get("/verify/"+completion).want(http.StatusOK).equal("data.state", "superseded")
		c.notAnOriginal(map[string][]byte{"download": authoritative, "copy": copied, "download with bytes appended": append(bytes.Clone(authoritative), "\n% more\n"...)})

		cp := anon.get("/log/checkpoint").want(http.StatusOK)
		if !strings.Contains(string(cp.Body), "\n— ") {
			t.Errorf("checkpoint is no signed note: %q", cp.Body)
		}
		anon.get(fmt.Sprintf("/log/proof?index=%d&tree_size=%d", int(rec.num("data.log.index")), int(rec.num("data.log.tree_size")))).want(http.StatusOK)

		c.releases(env, authoritative, 3)
		verify(authoritative, "superseded")
	})
}

// authoritative downloads the original once and sees that the URL is used up.
func (c *client) authoritative(env, digest string) []byte {
	c.t.Helper()
	a := c.get("/partner/envelopes/"+env+"/vault/signed-url?expires=60").want(http.StatusOK).equal("data.single_use", true).equal("data.filename", env+"_authoritative.pdf").equal("data.expires_in", 60)
	u := a.str("data.signed_url")
	anon := c.with("")
	anon.do(http.MethodHead, u, nil).want(http.StatusOK)
	got := anon.get(u, header("Range", "bytes=0-9")).want(http.StatusOK)
	if sum(got.Body) != digest {
		c.t.Errorf("downloaded %s, want %s", sum(got.Body), digest)
	}
	if cd := got.Header.Get("Content-Disposition"); !strings.Contains(cd, env+"_authoritative.pdf") || !strings.HasPrefix(cd, "attachment") {
		c.t.Errorf("Content-Disposition %q", cd)
	}
	anon.get(u).problem(http.StatusGone, "already_used")
	anon.get(u[:len(u)-1] + string(flip(u[len(u)-1]))).want(http.StatusForbidden)
	c.get("/partner/envelopes/" + env + "/vault/signed-url?expires=59").want(http.StatusUnprocessableEntity)
	c.get("/partner/envelopes/" + env + "/vault/signed-url?expires=x").want(http.StatusBadRequest)
	return got.Body
}

func flip(b byte) byte {
	if b == 'A' {
		return 'B'
	}
	return 'A'
}

// releases takes the original out and follows the package to its acknowledgment;
// last and signatures (in the released file) may be left out.
func (c *client) releases(env string, last []byte, signatures int) {
	c.t.Helper()
	out := "/partner/envelopes/" + env + "/vault-out"
	body := map[string]any{"reason": "payoff", "note": "paid", "recipient": map[string]any{"name": "Grace Hopper", "organization": "Bank of Tests"}}
	pending := c.get("/partner/envelopes/" + env + "/vault/signed-url").want(http.StatusOK).str("data.signed_url")
	c.post(out, map[string]any{"reason": "whim", "recipient": map[string]any{"name": "x"}}).problem(http.StatusUnprocessableEntity, "invalid")
	rel := c.post(out, body).want(http.StatusOK).equal("data.status", "released").equal("data.reason", "payoff")
	c.with("").get(pending).want(http.StatusGone)
	c.get("/partner/envelopes/"+env+"/vault/signed-url").problem(http.StatusGone, "released")
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "released").equal("data.vaulted", false).equal("data.compliant", false)
	c.post(out, map[string]any{"reason": "other", "recipient": map[string]any{"name": "x"}}).problem(http.StatusConflict, "already_released")

	var pkg []byte
	for range 100 {
		if u, ok := rel.try("data.package_url").(string); ok {
			pkg = c.with("").get(u).want(http.StatusOK).Body
			c.with("").get(u).problem(http.StatusGone, "already_used")
			break
		}
		time.Sleep(100 * time.Millisecond)
		rel = c.post(out, body).want(http.StatusOK)
	}
	if pkg == nil {
		c.t.Fatalf("no package within 10 s: %s", rel.Body)
	}
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		c.t.Fatal(err)
	}
	var released []byte
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		if strings.HasSuffix(f.Name, ".pdf") && released == nil {
			r, err := f.Open()
			if err != nil {
				c.t.Fatal(err)
			}
			released, _ = io.ReadAll(r)
			r.Close()
		}
	}
	if len(names) < 4 {
		c.t.Errorf("package holds only %v", names)
	}
	if sum(released) != rel.str("data.authoritative.sha256") {
		c.t.Errorf("the package's PDF is %s, the record names %s (%v)", sum(released), rel.str("data.authoritative.sha256"), names)
	}
	if last != nil && (!bytes.HasPrefix(released, last) || len(released) == len(last)) {
		c.t.Error("the release version does not extend the last version")
	}
	if last != nil {
		outsideTools(c.t, "released.pdf", released, signatures)
	}
	c.with("").get("/verify/"+sum(released)).want(http.StatusOK).equal("data.state", "released")
	c.post(out+"/acknowledge", map[string]any{"sha256": sum([]byte("x"))}).problem(http.StatusUnprocessableEntity, "digest_mismatch")
	c.post(out+"/acknowledge", map[string]any{"sha256": sum(pkg)}).want(http.StatusOK).equal("data.delivery.state", "acknowledged").equal("data.package_url", nil)
	cert := c.certificate(env).equal("data.subject.status", "released").equal("data.authoritative_copy.held_here", false)
	old := c.get("/partner/envelopes/" + env + "/vault/certificate?serial=1").want(http.StatusOK)
	if old.str("data.certificate_id") == cert.str("data.certificate_id") {
		c.t.Error("the certificate of the release overwrote the first one")
	}
	c.with("").get("/verify/certificate/"+old.str("data.certificate_id")).want(http.StatusOK).equal("data.state", "superseded")
}

// notAnOriginal deposits each file again as paper, in the caller's and in a
// second organization's name.
func (c *client) notAnOriginal(files map[string][]byte) {
	c.t.Helper()
	for name, b := range files {
		p := c.post("/partner/envelopes", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "A"}).want(http.StatusCreated).str("data.envelope_id")
		up := c.do(http.MethodPost, "/partner/envelopes/"+p+"/upload", b, header("Content-Type", "application/pdf"))
		if up.Status != http.StatusOK {
			c.t.Errorf("%s: upload %d %s", name, up.Status, up.Body)
			continue
		}
		if a := c.post("/partner/envelopes/"+p+"/vault-in-upload", map[string]any{}); a.Status != http.StatusConflict || a.try("code") != "not_an_original" {
			c.t.Errorf("%s deposited again: %d %v", name, a.Status, a.try("code"))
		}
	}
}

func TestPaper(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		scan := testpdf.Simple(2, "Signed on paper")
		env := c.post("/partner/envelopes", map[string]any{
			"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "Alan",
			"secured_party": map[string]any{"name": "Demo Organization", "identifier": s.OrgID},
		}).want(http.StatusCreated).equal("data.status", "pending").equal("data.document", nil).str("data.envelope_id")
		base := "/partner/envelopes/" + env
		c.post(base+"/vault-in-upload", map[string]any{}).want(http.StatusConflict)
		c.post(base+"/send", nil).want(http.StatusConflict)
		c.do(http.MethodPost, base+"/upload", []byte("hello"), header("Content-Type", "application/pdf")).want(http.StatusUnprocessableEntity)
		c.do(http.MethodPost, base+"/upload", []byte("hello"), header("Content-Type", "text/plain")).want(http.StatusUnsupportedMediaType)
		c.do(http.MethodPost, base+"/upload", bytes.Repeat([]byte("%PDF-1.7\n"), 3<<20), header("Content-Type", "application/pdf")).want(http.StatusRequestEntityTooLarge)
		body, ct := form(t, part{"file", "scan.pdf", "application/pdf", testpdf.Simple(1, "First try")})
		c.do(http.MethodPost, base+"/upload", body, ct).want(http.StatusOK).equal("data.status", "uploaded")
		up := c.do(http.MethodPost, base+"/upload", scan, header("Content-Type", "application/pdf")).want(http.StatusOK)
		up.equal("data.document.sha256", sum(scan)).equal("data.inspection.pages", 2).equal("data.inspection.sealing.mode", "embedded").equal("data.inspection.encrypted", "no")

		c.post(base+"/vault-in-upload", map[string]any{"document_sha256": sum([]byte("x"))}).problem(http.StatusPreconditionFailed, "document_changed")
		rec := c.post(base+"/vault-in-upload", map[string]any{
			"regime": "ucc_9_105_2010",
			"attestation": map[string]any{
				"attested_by": "Joan Clarke", "capacity": "funding manager", "signed_by": []string{"Alan"}, "origin": "scan",
				"paper_original": "destroyed", "destroyed_at": "2026-11-01T10:00:00Z", "statement": "The paper was shredded after scanning.",
			},
		}).want(http.StatusCreated).equal("data.deposited_sha256", sum(scan)).equal("data.regime_basis", "declared").equal("data.compliant", true)
		authoritative := c.authoritative(env, rec.str("data.document_hash"))
		if !bytes.HasPrefix(authoritative, scan) {
			t.Error("the uploaded bytes are no prefix of version 1")
		}
		outsideTools(t, "paper.pdf", authoritative, 1)
		copied := c.fetch(base + "/vault/copy/signed-url")
		copyMarks(t, copied)
		c.notAnOriginal(map[string][]byte{"scan": scan, "version 1": authoritative, "copy": copied})
		c.post(base+"/void", map[string]any{"reason": "x"}).want(http.StatusConflict)
		c.releases(env, authoritative, 2)
	})
}

func TestPaperWithoutAttestationIsNotCompliant(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	env := c.post("/partner/envelopes", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "Alan"}).want(http.StatusCreated).str("data.envelope_id")
	c.post("/partner/envelopes/"+env+"/vault-in-upload", map[string]any{"regime": "none of ours"}).want(http.StatusUnprocessableEntity)
	body, ct := form(t, pdfPart("file", testpdf.Simple(1, "x")), jsonPart(t, "request", map[string]any{"jurisdiction": "US-CA"}))
	c.do(http.MethodPost, "/partner/envelopes/"+env+"/vault-in-upload", body, ct).want(http.StatusCreated).equal("data.compliant", false)
	c.post("/partner/envelopes/"+env+"/vault-in-upload", map[string]any{}).want(http.StatusOK).equal("data.envelope_id", env)
	a := c.get("/partner/envelopes/"+env+"/compliance").want(http.StatusOK).equal("data.compliance.compliant", false).equal("data.compliance.checks.3.satisfied", false)
	if a.num("data.compliance.score") != 87 {
		t.Errorf("score %v, want 87 (7 of 8)", a.num("data.compliance.score"))
	}
	at, said := "/partner/envelopes/"+env+"/attestation", attestation("The paper was shredded after scanning.")
	c.post(at, map[string]any{"attested_by": "x"}).want(http.StatusUnprocessableEntity)
	c.post(at, said).want(http.StatusCreated).equal("data.compliant", true)
	c.post(at, said).want(http.StatusOK).equal("data.compliant", true)
	c.post(at, attestation("The paper is in the archive of the bank.")).want(http.StatusConflict)
}

// copyMarks sees with pdftotext that every page says that it is a copy, and
// with pdfsig that no signature is left.
func copyMarks(t testing.TB, pdf []byte) {
	t.Helper()
	if !tools(t) {
		return
	}
	f := file(t, "copy.pdf", pdf)
	text := tool(t, "pdftotext", "-layout", f, "-")
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	for i, p := range pages {
		if !strings.Contains(p, "not the authoritative copy") {
			t.Errorf("page %d of %d of a copy does not say that it is one:\n%s", i+1, len(pages), p)
		}
	}
	if out, _ := exec.Command("pdfsig", f).CombinedOutput(); !strings.Contains(string(out), "does not contain any signatures") {
		t.Errorf("pdfsig finds signatures in a copy: %s", out)
	}
	tool(t, "qpdf", "--check", f)
}

// outsideTools judges a sealed file: pdfsig finds n valid signatures, the last
// of which covers the whole document, and qpdf finds nothing wrong.
func outsideTools(t testing.TB, name string, pdf []byte, n int) {
	t.Helper()
	if !tools(t) {
		return
	}
	f := file(t, name, pdf)
	out := tool(t, "pdfsig", "-nocert", f)
	if got := strings.Count(out, "Signature is Valid."); got != n {
		t.Errorf("pdfsig: %d valid signatures in %s, want %d\n%s", got, name, n, out)
	}
	if !strings.Contains(out[strings.LastIndex(out, "Signature #"):], "Total document signed") {
		t.Errorf("pdfsig: the last signature of %s does not cover the document\n%s", name, out)
	}
	tool(t, "qpdf", "--check", f)
}

func tools(t testing.TB) bool {
	t.Helper()
	return os.Getenv("EVAULT_TOOLS") != "" || haveTools()
}

func haveTools() bool {
	for _, p := range []string{"pdfsig", "pdftotext", "pdftoppm", "qpdf"} {
		if _, err := exec.LookPath(p); err != nil {
			return false
		}
	}
	return true
}

func file(t testing.TB, name string, b []byte) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(f, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// rendered writes pages as PNG where EVAULT_LOOK names a folder, to be looked at.
func rendered(t testing.TB, name string, pdf []byte) {
	t.Helper()
	dir := os.Getenv("EVAULT_LOOK")
	if dir == "" {
		return
	}
	tool(t, "pdftoppm", "-r", "60", "-png", file(t, name+".pdf", pdf), filepath.Join(dir, name))
}
