package standing_test

import (
	"slices"
	"testing"

	"github.com/evaultlib/evault/storage/standing"
)

const (
	dealer    = "org_dealer"
	bank      = "org_bank"
	buyer     = "org_buyer"
	warehouse = "org_warehouse"
)

func TestOf(t *testing.T) {
	t.Parallel()
	p := standing.Parties{Originator: dealer, Controller: bank, Offeree: buyer, Former: []string{dealer, warehouse}}
	for org, want := range map[string]standing.Standing{
		dealer:      standing.Originator | standing.Former,
		bank:        standing.Controller,
		buyer:       standing.Offeree,
		warehouse:   standing.Former,
		"org_other": standing.Nobody,
		"org_deale": standing.Nobody,
		"":          standing.Nobody,
	} {
		if got := p.Of(org); got != want {
			t.Errorf("%q: got %b, want %b", org, got, want)
		}
	}
	back := standing.Parties{Controller: bank, Former: []string{dealer, bank}}
	if got := back.Of(bank); got != standing.Controller {
		t.Errorf("a controller that has control again: got %b", got)
	}
	if got := (standing.Parties{}).Of(""); got != standing.Nobody {
		t.Errorf("no organization of no parties: got %b", got)
	}
}

// TestMay is the table of the package comment, spelled a second time.
func TestMay(t *testing.T) {
	t.Parallel()
	see, manage := standing.SeeEnvelope, standing.ManageEnvelope
	look, chain, marked, offer := standing.SeeCopy, standing.SeeCustody, standing.SeeMarked, standing.SeeOffer
	read, control, answer, follow := standing.ReadAuthoritative, standing.Control, standing.Answer, standing.Follow
	for _, c := range []struct {
		is  standing.Standing
		may []standing.Act
	}{
		{standing.Nobody, nil},
		{standing.Originator, []standing.Act{see, manage, follow}},
		{standing.Controller, []standing.Act{look, chain, marked, offer, read, control, follow}},
		{standing.Offeree, []standing.Act{marked, offer, answer, follow}},
		{standing.Former, []standing.Act{chain, marked, follow}},
		{standing.Former | standing.Offeree, []standing.Act{chain, marked, offer, answer, follow}},
		{standing.Former | standing.Originator, []standing.Act{see, manage, chain, marked, follow}},
		{standing.Originator | standing.Controller, []standing.Act{see, manage, look, chain, marked, offer, read, control, follow}},
	} {
		for a := see; a <= follow; a++ {
			if got, want := c.is.May(a), slices.Contains(c.may, a); got != want {
				t.Errorf("standing %b, act %d: got %v, want %v", c.is, a, got, want)
			}
		}
	}
}

func TestWho(t *testing.T) {
	t.Parallel()
	for act, want := range map[standing.Act][]standing.Standing{
		standing.Follow:  {standing.Originator, standing.Controller, standing.Offeree, standing.Former},
		standing.Control: {standing.Controller},
		standing.Answer:  {standing.Offeree},
	} {
		if got := slices.Collect(standing.Who(act)); !slices.Equal(got, want) {
			t.Errorf("act %d: got %b, want %b", act, got, want)
		}
	}
}
