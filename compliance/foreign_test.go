package compliance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testworld"
)

// TestPaperWithForeignSignatures: paper may carry signatures of people whom nobody here trusts. A form that was filled in after one is
// named and satisfies the check, unless the signature forbids it; any other change is a signature that does not hold, and it is the
// change that is named, not the trust.
func TestPaperWithForeignSignatures(t *testing.T) {
	t.Parallel()
	changed := func(raw []byte, change func(*pdf.Update) error) []byte {
		d, err := pdf.Open(raw, pdf.Limits{})
		check(t, err)
		u, err := d.Update()
		check(t, err)
		check(t, change(u))
		appended, err := u.Close()
		check(t, err)
		return append(slices.Clone(raw), appended...)
	}
	filled := func(raw []byte) []byte { return filledIn(t, raw, map[int]any{10: "9000"}) }
	turn := func(u *pdf.Update) error {
		p, err := u.Document().Page(1)
		if err != nil {
			return err
		}
		_, err = u.Edit(p.Ref, func(d pdf.Dict) error { d["Rotate"] = int64(90); return nil })
		return err
	}
	for name, tc := range map[string]struct {
		raw       []byte
		satisfied bool
		says      string
	}{
		"untouched":                {strangers(nil), true, ""},
		"filled in":                {filled(strangers(nil)), true, `form field "plain" was changed from "UNDRAWN VALUE" to "9000"`},
		"filled in against a lock": {filled(strangers(&pades.Lock{Action: pades.LockInclude, Fields: []string{"plain"}})), false, `locks`},
		"changed":                  {changed(strangers(nil), turn), false, "/Rotate of page 1 was changed"},
	} {
		w := newWorld(t) // one has the pages of another, and pages are vaulted once
		env := w.Paper(tc.raw)
		w.VaultIn(env, func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() })
		e := w.evaluate(env)
		i := slices.IndexFunc(e.Checks, func(c certificate.Check) bool { return c.ID == "required_signatures" })
		got := e.Checks[i]
		if got.Satisfied == nil || *got.Satisfied != tc.satisfied || !strings.Contains(got.Detail, tc.says) || strings.Contains(got.Detail, "trusted root") {
			t.Errorf("%s: got %v, %q", name, got.Satisfied, got.Detail)
		}
	}
}
