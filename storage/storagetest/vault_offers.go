package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func vaultReceivingCodes(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	want := custody.ReceivingCode{
		SHA256: storage.Sum([]byte(id("code"))), Binding: storage.Sum(nil), OrgID: id("org"), Party: vaultParty,
		Actor: event.Actor{Kind: "key", ID: "k", OrgID: id("org")}, CreatedAt: scopesDay, ExpiresAt: scopesDay.Add(time.Hour),
	}
	if _, err := s.ReceivingCode(ctx, want.SHA256); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	if err := s.AddReceivingCode(ctx, want); err != nil {
		t.Fatal(err)
	}
	if err := s.AddReceivingCode(ctx, want); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("twice: got %v, want ErrConflict", err)
	}
	got, err := s.ReceivingCode(ctx, want.SHA256)
	same(t, "code", got, want, err)
	if err := s.UseReceivingCode(ctx, want.SHA256, "asg_1"); err != nil {
		t.Fatal(err)
	}
	if err := s.UseReceivingCode(ctx, want.SHA256, "asg_2"); !errors.Is(err, storage.ErrUsed) {
		t.Errorf("used twice: got %v, want ErrUsed", err)
	}
	if got, err := s.ReceivingCode(ctx, want.SHA256); err != nil || got.UsedBy != "asg_1" {
		t.Errorf("got used by %q, %v", got.UsedBy, err)
	}
}

// offerOf is an offer with every field set.
func offerOf(c *custody.Original, id func(string) string, name string) *custody.Offer {
	ended := scopesDay.Add(2 * time.Hour)
	return &custody.Offer{
		ID: id(name), EnvelopeID: c.EnvelopeID, CopyID: c.CopyID, FromOrgID: id("org_from"), OrgID: id("org_to"), Status: custody.OfferCancelled,
		Purpose: custody.PurposePledge, Reason: "r", Note: "ń", Version: 2, SHA256: storage.Sum(nil), Assignee: vaultParty,
		Interest:  custody.Interest{Kind: custody.InterestPledgee, PledgedBy: vaultParty, Obligation: custody.Obligation{Reference: "L", Amount: "1", Currency: "USD"}},
		Consent:   custody.Consent{Kind: custody.ConsentAttested, Actor: event.Actor{Kind: "key", ID: "k", OrgID: "o"}, RequestID: "r", RequestSHA256: storage.Sum(nil)},
		OfferedAt: scopesDay, ExpiresAt: scopesDay.Add(time.Hour), EventID: id("evt_" + name),
		EndedAt: &ended, EndedEventID: id("end_" + name), EndedSeq: 7, CustodyID: "cust_1",
	}
}

func vaultOffers(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	if _, err := s.Offer(ctx, id("a")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	want := offerOf(c, id, "a")
	if err := s.AddOffer(ctx, want); err != nil {
		t.Fatal(err)
	}
	if err := s.AddOffer(ctx, want); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("twice: got %v, want ErrConflict", err)
	}
	got, err := s.Offer(ctx, want.ID)
	same(t, "offer", got, want, err)
	stale := *want
	want.Status, want.EndedAt, want.EndedEventID, want.Note = custody.OfferOpen, nil, "", "changed"
	if err := s.UpdateOffer(ctx, want); err != nil || want.Revision != 1 {
		t.Fatalf("got revision %d, %v", want.Revision, err)
	}
	if err := s.UpdateOffer(ctx, &stale); !errors.Is(err, storage.ErrConflict) || stale.Revision != 0 {
		t.Errorf("stale: got %v, revision %d; want ErrConflict", err, stale.Revision)
	}
	got, err = s.Offer(ctx, want.ID)
	same(t, "updated", got, want, err)
	later := offerOf(c, id, "b")
	later.OfferedAt = scopesDay.Add(time.Minute)
	if err := s.AddOffer(ctx, later); err != nil {
		t.Fatal(err)
	}
	all, err := s.OffersOf(ctx, c.CopyID)
	same(t, "of the copy", all, []custody.Offer{*want, *later}, err)
}

func vaultOffersListed(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	var newest []string
	for i := range 5 {
		o := offerOf(c, id, fmt.Sprint("n", i))
		o.OfferedAt, o.OrgID = scopesDay.Add(time.Duration(i/2)*time.Hour), id("org_list") // two at the same time
		if err := s.AddOffer(ctx, o); err != nil {
			t.Fatal(err)
		}
		newest = append([]string{o.ID}, newest...)
	}
	var got []string
	var after *storage.Place
	for range 5 {
		page, err := s.OffersTo(ctx, id("org_list"), after, 0, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			got = append(got, o.ID)
			after = &storage.Place{At: o.OfferedAt, ID: o.ID}
		}
	}
	same(t, "pages", got, newest, nil)
	second, err := s.OffersTo(ctx, id("org_list"), nil, 2, 2)
	if err != nil || len(second) != 2 || second[0].ID != newest[2] {
		t.Errorf("by offset: %v, %v", second, err)
	}
	if n, err := s.CountOffersTo(ctx, id("org_list")); err != nil || n != 5 {
		t.Errorf("counted %d, %v", n, err)
	}
	if list, err := s.OffersTo(ctx, id("org_other"), nil, 0, 5); err != nil || len(list) != 0 {
		t.Errorf("of nobody: %v, %v", list, err)
	}
}

func vaultOffersDue(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	old := scopesDay.AddDate(-40, 0, 0) // before whatever else is due in the store
	for i, status := range []custody.OfferStatus{custody.OfferOpen, custody.OfferRejected, custody.OfferOpen} {
		o := offerOf(c, id, fmt.Sprint("d", i))
		o.Status, o.ExpiresAt = status, old.Add(time.Duration(i)*time.Hour)
		if err := s.AddOffer(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []struct {
		now  time.Time
		want []string
	}{
		{old.Add(-time.Microsecond), nil},
		{old, []string{id("d0")}},
		{old.Add(3 * time.Hour), []string{id("d0"), id("d2")}},
	} {
		got, err := s.OffersToExpire(ctx, at.now, 100)
		got = slices.DeleteFunc(got, func(x string) bool { return x != id("d0") && x != id("d1") && x != id("d2") })
		if err != nil || !slices.Equal(got, at.want) {
			t.Errorf("at %v: got %v, %v; want %v", at.now, got, err, at.want)
		}
	}
}

// vaultParties: an original knows the organizations of its offers.
func vaultParties(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	for i, status := range []custody.OfferStatus{custody.OfferAccepted, custody.OfferRejected, custody.OfferOpen} {
		o := offerOf(c, id, fmt.Sprint("p", i))
		o.Status, o.FromOrgID, o.OrgID = status, id(fmt.Sprint("from", i)), id(fmt.Sprint("to", i))
		o.OfferedAt = scopesDay.Add(time.Duration(i) * time.Hour)
		if err := s.AddOffer(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	c.Version, c.OfferID, c.Interest = 2, id("p2"), custody.Interest{Kind: custody.InterestPledgee, PledgedBy: vaultParty}
	if err := s.UpdateOriginal(ctx, c); err != nil {
		t.Fatal(err)
	}
	got, err := s.Original(ctx, c.EnvelopeID)
	if err != nil || got.OfferID != c.OfferID || got.Interest != c.Interest {
		t.Fatalf("got %+v, %v", got, err)
	}
	for org, want := range map[string]standing.Standing{
		"org_1": standing.Controller, id("from0"): standing.Former, id("to2"): standing.Offeree, id("to0"): standing.Nobody,
		id("from1"): standing.Nobody, id("to1"): standing.Nobody, id("from2"): standing.Nobody,
	} {
		if is := got.Parties().Of(org); is != want {
			t.Errorf("%s: got %b, want %b", org, is, want)
		}
	}
}

func vaultEventsSince(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	var all []event.Event
	for i := range int64(3) {
		e := feedEvent(id("env"), i+1)
		e.ID, e.RecordedAt = id(fmt.Sprint("evt", i)), scopesDay.Add(time.Duration(i)*time.Hour)
		if err := s.AppendEvents(ctx, e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	for n, at := range []time.Duration{-time.Hour, time.Microsecond, 2 * time.Hour, 3 * time.Hour} {
		got, err := s.EventsSince(ctx, id("env"), scopesDay.Add(at))
		if err != nil || len(got) != 3-n {
			t.Errorf("since %v: got %d events, %v; want %d", at, len(got), err, len(all)-n)
		}
	}
}
