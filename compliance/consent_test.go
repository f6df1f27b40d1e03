package compliance_test

import (
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// TestConsentIsTheControllers: what counts as consent is an act of the organization
// that controls the copy, and each is called what it is. An operator's act is
// not a consent.
func TestConsentIsTheControllers(t *testing.T) {
	t.Parallel()
	agent := dealer
	agent.Capacity, agent.Agreement = custody.CapacityAgent, agreement
	digest := storage.Sum([]byte("request"))
	member := event.Actor{Kind: "member", ID: "ms_hopper", OrgID: dealer.OrgID}
	cases := []struct {
		name    string
		by      event.Actor
		request storage.Digest
		agent   bool
		fails   bool
		kind    string // of the release's consent
		of      string
		basis   string // of check 4
		says    string
		never   string
	}{
		{"a key of the controller", actor, digest, false, false, "attested", "controller", certificate.Attested, "consent of the controller", "declared"},
		{"a member of the controller", member, "", false, false, "declared", "controller", certificate.Declared, "as declared", ""},
		{"a key of the agent", actor, digest, true, false, "attested", "agent", certificate.Declared, "itself gave none", "consent of the controller"},
		{"an operator", event.Actor{Kind: "operator", ID: "root"}, digest, false, true, "", "", "", "not a consent", "consent of the controller"},
		{"an operator that claims an organization", event.Actor{Kind: "operator", ID: "root", OrgID: dealer.OrgID}, digest, false, true, "", "", "", "not a consent", ""},
		{"a key without a request", actor, "", false, true, "", "", "", "not a consent", ""},
		{"a key of nobody", event.Actor{Kind: "key", ID: "key_1"}, digest, false, true, "", "", "", "not a consent", ""},
		{"a key of another organization", event.Actor{Kind: "key", ID: "key_9", OrgID: "org_other"}, digest, false, true, "", "", "", "org_other", ""},
		{"a member of another organization", event.Actor{Kind: "member", ID: "mallory", OrgID: "org_other"}, "", false, true, "", "", "", "org_other", ""},
		{"a program", event.Actor{Kind: "system", ID: "auto_vault"}, digest, false, true, "", "", "", "not a consent", ""},
		{"nobody", event.Actor{}, digest, false, true, "", "", "", "no actor", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, deposited, released := twoWorld(t)
			edit := func(*handover.VaultInRequest) {}
			if tc.agent {
				edit = func(r *handover.VaultInRequest) { r.Depositor, r.SecuredParty = agent, &bank }
				released = w.Completed()
				w.VaultIn(released, edit)
			}
			w.VaultIn(deposited, edit, func(r *handover.VaultInRequest) { r.Actor, r.RequestSHA256 = tc.by, tc.request })
			got := failed(w.evaluate(deposited).Result)[certificate.ConsentToAssigneeChange]
			if (got != "") != tc.fails || tc.fails && !strings.Contains(got, tc.says) {
				t.Errorf("deposit: got %q", got)
			}
			r := testworld.VaultOutRequest(released)
			r.Actor, r.RequestSHA256 = tc.by, tc.request
			_, err := w.Handover.VaultOut(t.Context(), r)
			check(t, err)
			c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, released, 0)
			check(t, err)
			entry, k := c.Custody[1], c.Compliance.Checks[5]
			if k.ID != certificate.ConsentToAssigneeChange || k.Failed() != tc.fails || !tc.fails && k.Basis != tc.basis {
				t.Errorf("release: %s failed %t, basis %s: %s", k.ID, k.Failed(), k.Basis, k.Detail)
			}
			if !tc.fails && entry.Consent != tc.kind || entry.ConsentOf != tc.of || entry.Actor != certificate.By(tc.by) {
				t.Errorf("entry: got %+v", entry)
			}
			if !strings.Contains(k.Detail, tc.says) || tc.never != "" && strings.Contains(k.Detail, tc.never) && !tc.agent {
				t.Errorf("detail: got %q", k.Detail)
			}
			if !tc.fails && !strings.Contains(k.Detail, "There was no controller before the deposit") {
				t.Errorf("detail: got %q, which says nothing of the deposit", k.Detail)
			}
			if c.Custody[0].ConsentOf != "" {
				t.Errorf("the deposit has a consent: %+v", c.Custody[0])
			}
		})
	}
}

// TestStandingOrder: an envelope with auto_vault is vaulted on the order that was
// given when it was created, and only on that of the organization itself.
func TestStandingOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		by    event.Actor
		order bool
		met   bool
	}{
		"a key's order":       {actor, true, true},
		"no order":            {actor, false, false},
		"an operator's order": {event.Actor{Kind: "operator", ID: "root"}, true, false},
		"another's order":     {event.Actor{Kind: "key", ID: "k", OrgID: "org_other"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.Completed(func(r *esign.CreateRequest) { r.Actor, r.AutoVault = tc.by, tc.order })
			w.VaultIn(id, func(r *handover.VaultInRequest) {
				r.Actor, r.RequestID, r.RequestSHA256 = event.Actor{Kind: "system", ID: "auto_vault"}, "", ""
			})
			got := failed(w.evaluate(id).Result)[certificate.ConsentToAssigneeChange]
			if (got == "") != tc.met {
				t.Errorf("got %q", got)
			}
		})
	}
}
