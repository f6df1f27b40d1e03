package esign_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage/event"
)

// TestDelegate: who may, hands the turn over once; the other person reads and consents
// by a link of its own, and the evidence names both.
func TestDelegate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.Signers[0].Delegate = true })
	old := b.link(env.ID, "ada@example.com")
	b.read(old)
	b.told()
	delegate := func(token, email, name string) error {
		_, err := b.Delegate(t.Context(), esign.DelegateRequest{Token: token, Email: email, Name: name, Client: client})
		return err
	}
	for _, c := range [][3]string{{"nobody", "Grace Hopper", "email email"}, {"grace@example.com", "", "name required"}, {"Ada@example.com", "Ada Byron", "email same"}} {
		if err := delegate(old, c[0], c[1]); !slices.Equal(invalid(err), c[2:]) {
			t.Errorf("%v: got %v", c, err)
		}
	}
	if err := delegate(old, "grace@example.com", "Grace Hopper"); err != nil {
		t.Fatal(err)
	}
	if err := delegate(old, "eve@example.com", "Eve"); !errors.Is(err, esign.ErrLinkGone) {
		t.Errorf("by the old link: got %v, want ErrLinkGone", err)
	}
	told := b.told()
	if len(told) != 1 || told[0].Kind != esign.NoticeSign || told[0].Email != "grace@example.com" {
		t.Fatalf("told %+v", told)
	}
	fresh := b.link(env.ID, "grace@example.com")
	s, err := b.Session(t.Context(), fresh, client)
	if err != nil || s.ConsentedAt != nil || len(s.PagesShown) != 0 || s.Signer.Delegate {
		t.Errorf("the new session: %+v, %v", s, err)
	}
	if err := delegate(fresh, "eve@example.com", "Eve"); !errors.Is(err, esign.ErrDelegation) {
		t.Errorf("once more: got %v, want ErrDelegation", err)
	}
	b.sign(fresh, "Grace Hopper")
	if err := delegate(fresh, "eve@example.com", "Eve"); !errors.Is(err, esign.ErrAlreadySigned) {
		t.Errorf("after the signature: got %v, want ErrAlreadySigned", err)
	}
	seller := b.link(env.ID, "lz@example.com")
	if err := delegate(seller, "eve@example.com", "Eve"); !errors.Is(err, esign.ErrDelegation) {
		t.Errorf("by one who may not: got %v, want ErrDelegation", err)
	}
	b.sign(seller, "Łukasz Żółć")
	b.certifies(env.ID, "GraceHopper,grace@example.com,insteadofAdaByron,ada@example.com")
	events := b.chain(env.ID)
	i := slices.IndexFunc(events, func(e esign.Event) bool { return e.Type == event.EnvelopeDelegated })
	d, ok := event.DetailOf[event.DelegatedDetail](events[i])
	want := event.Change{Email: "grace@example.com", Name: "Grace Hopper", EmailBefore: "ada@example.com", NameBefore: "Ada Byron"}
	if !ok || d.Change != want || d.Address != client.Addr || events[i].Actor != (esign.Actor{Kind: "signer", ID: env.Signers[0].ID}) {
		t.Errorf("event %+v by %v", d, events[i].Actor)
	}
}
