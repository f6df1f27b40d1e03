package compliance_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

var update = flag.Bool("update", false, "write golden files of the current format")

// goldens are the stories of the golden certificates of package certificate.
var goldens = []struct {
	name  string
	story func(w *world) (envelopeID string)
}{
	{"certificate-1.0.json", func(w *world) string {
		id := w.Completed()
		w.VaultIn(id)
		return id
	}},
	{"certificate-1.0-released.json", func(w *world) string {
		id := w.Completed()
		w.VaultIn(id)
		w.VaultOut(id)
		return id
	}},
	{"certificate-1.0-paper.json", func(w *world) string {
		id := w.paper()
		w.VaultIn(id, func(r *handover.VaultInRequest) {
			r.Regime, r.Classification, r.Attestation = certificate.UCC7106, &custody.Classification{DocumentOfTitle: true}, testworld.Attestation()
		})
		return id
	}},
	{"certificate-1.0-none.json", func(w *world) string {
		id := w.Completed()
		w.VaultIn(id, func(r *handover.VaultInRequest) { r.Regime = certificate.NoRegime })
		return id
	}},
}

// TestGoldens writes the golden certificates that are not there.
func TestGoldens(t *testing.T) {
	t.Parallel()
	for _, g := range goldens {
		path := filepath.Join("certificate", "testdata", g.name)
		if _, err := os.Stat(path); err == nil {
			continue
		} else if !*update {
			t.Errorf("%v; -update writes it", err)
			continue
		}
		w := newWorld(t)
		c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, g.story(w), 0)
		check(t, err)
		doc, err := c.Document()
		check(t, err)
		check(t, os.WriteFile(path, doc, 0o644))
	}
}

// TestEveryRequirementHasACheck: every regime asks for all checks that there are,
// and NoRegime for none.
func TestEveryRequirementHasACheck(t *testing.T) {
	t.Parallel()
	for _, r := range certificate.Regimes() {
		var ids []string
		for _, q := range r.Requirements {
			ids = append(ids, q.ID)
		}
		slices.Sort(ids)
		want := compliance.Checked()
		if r.ID == certificate.NoRegime {
			want = nil
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: got requirements %v, want %v", r.ID, ids, want)
		}
	}
}

// I32: a certificate with one byte changed verifies neither as JWS nor as
// document. With EVAULT_LONG, 200 bytes of each of 20 certificates are flipped.
func TestOneByteEditsFail(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	keys := w.keys()
	for n := range testenv.Rounds(10) { // two documents of each: the JWS and the object
		if n > 0 { // another evaluation, another certificate
			w.Clock.Advance(time.Hour)
			_, err := w.Vault.CheckIntegrity(t.Context(), id)
			check(t, err)
			_, err = w.Log.Integrate(t.Context())
			check(t, err)
			events := w.Events(id)
			_, err = w.Compliance.Issue(t.Context(), id, events[len(events)-1].ID)
			check(t, err)
		}
		c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, n+1)
		check(t, err)
		doc, err := c.Document()
		check(t, err)
		_, err = certificate.VerifyDocument(doc, keys)
		check(t, err)
		for i := 0; i < 200; i += testenv.Step(4) {
			token, at := []byte(c.JWS), (i*len(c.JWS)+n*17)/200%len(c.JWS)
			token[at] ^= 1 << (i % 8)
			if _, err := certificate.Verify(string(token), keys); !errors.Is(err, certificate.ErrInvalid) {
				t.Fatalf("JWS %d, byte %d: got %v", n, at, err)
			}
			edited, at := bytes.Clone(doc), (i*len(doc)+n*17)/200%len(doc)
			edited[at] ^= 1 << (i % 8)
			if _, err := certificate.VerifyDocument(edited, keys); !errors.Is(err, certificate.ErrInvalid) {
				t.Fatalf("document %d, byte %d: got %v", n, at, err)
			}
		}
	}
}

func TestIssueOncePerCause(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	rec := w.VaultIn(id)
	stored := rec.Original.StoredEventID
	for range 3 {
		c, err := w.Compliance.Issue(t.Context(), id, stored)
		check(t, err)
		if c.ID != rec.CertificateID || c.Serial != 1 {
			t.Errorf("got %s, serial %d, want the first", c.ID, c.Serial)
		}
	}
	if n := w.count(id, event.CertificateIssued); n != 1 {
		t.Errorf("got %d events of issue, want 1", n)
	}
	if _, err := w.Compliance.Issue(t.Context(), id, "evt_none"); err == nil {
		t.Error("an event of nobody: no error")
	}
	if _, err := w.Compliance.Issue(t.Context(), w.Completed(), "evt_none"); !errors.Is(err, vault.ErrNotVaulted) {
		t.Errorf("not vaulted: got %v", err)
	}
	// The event of the issue commits to the JWS and is not in the log yet.
	events := w.Events(id)
	last := events[len(events)-1]
	c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if !strings.Contains(string(last.Data), string(storage.Sum([]byte(c.JWS)))) {
		t.Errorf("the event %s does not commit to the JWS: %s", last.Type, last.Data)
	}
	if _, err := w.Compliance.Issue(t.Context(), id, last.ID); !errors.Is(err, compliance.ErrCertificatePending) {
		t.Errorf("cause not in the log: got %v, want ErrCertificatePending", err)
	}
}

// Racing replicas issue one certificate for a cause.
func TestIssueRace(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	_, err := w.Vault.CheckIntegrity(t.Context(), id)
	check(t, err)
	_, err = w.Log.Integrate(t.Context())
	check(t, err)
	events := w.Events(id)
	cause := events[len(events)-1].ID
	ids := make(chan string, 8)
	for range cap(ids) {
		go func() {
			c, err := w.Compliance.Issue(t.Context(), id, cause)
			if err != nil {
				t.Error(err)
				ids <- ""
				return
			}
			ids <- c.ID
		}()
	}
	first := <-ids
	for range cap(ids) - 1 {
		if other := <-ids; other != first {
			t.Errorf("got certificates %s and %s for one cause", first, other)
		}
	}
	if n := w.count(id, event.CertificateIssued); n != 2 {
		t.Errorf("got %d events of issue, want 2", n)
	}
}

func TestCertificatesAreNeverOverwritten(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	first, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if s, err := w.Compliance.State(t.Context(), first.ID); err != nil || s != certificate.StateCurrent {
		t.Errorf("first: %s, %v", s, err)
	}

	// The result changes: the event tells it, and a new certificate is due.
	v := w.versions(id)[0]
	var whole []byte
	w.Alter(v.Object, func(b []byte) []byte { whole = bytes.Clone(b); b[10] ^= 1; return b })
	w.evaluate(id)
	w.evaluate(id)
	if n := w.count(id, event.VaultComplianceFailed); n != 1 {
		t.Errorf("got %d events of failure after two equal results, want 1", n)
	}
	w.due(t)
	second, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if second.Serial != 2 || second.Supersedes == nil || *second.Supersedes != first.ID || *second.Compliance.Compliant || second.Cause.Type != event.VaultComplianceFailed {
		t.Errorf("second: serial %d, cause %s, %v", second.Serial, second.Cause.Type, second.Compliance.MissingRequirements)
	}
	if s, _ := w.Compliance.State(t.Context(), first.ID); s != certificate.StateSuperseded {
		t.Errorf("first: %s, want superseded", s)
	}

	// And back again.
	w.Alter(v.Object, func([]byte) []byte { return whole })
	w.evaluate(id)
	w.due(t)
	third, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
	check(t, err)
	if third.Serial != 3 || !*third.Compliance.Compliant || third.Cause.Type != event.VaultCompliancePassed {
		t.Errorf("third: serial %d, cause %s, %v", third.Serial, third.Cause.Type, failed(third.Compliance))
	}
	again, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 1)
	check(t, err)
	if again.JWS != first.JWS {
		t.Error("the first certificate is another one now")
	}
	for _, c := range []struct {
		org, id string
		serial  int
		want    error
	}{
		{dealer.OrgID, id, 4, compliance.ErrCertificateNotFound},
		{"org_other", id, 0, vault.ErrNotVaulted},
		{"org_other", id, 1, vault.ErrNotVaulted},
		{dealer.OrgID, "env_none", 0, vault.ErrNotVaulted},
	} {
		if _, err := w.Compliance.Certificate(t.Context(), c.org, c.id, c.serial); !errors.Is(err, c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	if s, err := w.Compliance.State(t.Context(), "crt_none"); err != nil || s != certificate.StateUnknown {
		t.Errorf("absent: %s, %v", s, err)
	}
}

// due lets the background work.
func (w *world) due(t *testing.T) int {
	t.Helper()
	w.Clock.Advance(time.Minute)
	n, err := w.Handover.HandoverDue(t.Context(), 100)
	check(t, err)
	return n
}

func TestLegalNotice(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		edit func(*setup)
		in   func(*handover.VaultInRequest)
		want []string
	}{
		{"certified by nobody", func(*setup) {}, func(*handover.VaultInRequest) {}, []string{"evidence, not a legal opinion", "a key that no one has certified."}},
		{"certified", func(s *setup) { s.Compliance.CertifiedBy = "Some CA" }, func(*handover.VaultInRequest) {}, []string{"a key that is certified by Some CA."}},
		{"remarks", func(s *setup) { s.Compliance.Remarks = []string{"Demo."} }, func(*handover.VaultInRequest) {}, []string{"no one has certified. Demo."}},
		{"own", func(s *setup) { s.Compliance.LegalNotice = "Mine." }, func(*handover.VaultInRequest) {}, []string{"Mine."}},
		{"nobody classified", func(*setup) {}, func(r *handover.VaultInRequest) { r.Regime = "" }, []string{"The record was not classified"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, id := completedWorld(t, tc.edit)
			w.VaultIn(id, tc.in)
			c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
			check(t, err)
			for _, want := range tc.want {
				if !strings.Contains(c.LegalNotice, want) {
					t.Errorf("got %q, want %q in it", c.LegalNotice, want)
				}
			}
		})
	}
}
