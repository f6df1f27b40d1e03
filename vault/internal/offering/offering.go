// Package offering has the rules of offers of control: which interest a receiver gets,
// what a receiving code is bound to, and which events stand behind the record of an
// offer.
//
// Stability: the binding of codes is fixed; the Go API is internal, for package vault.
package offering

import (
	"cmp"
	"encoding/base32"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// codePrefix begins a receiving code; 32 characters of base32 follow, 160 random bits.
const codePrefix = "rcv_"

var codes = regexp.MustCompile(`^rcv_[a-z2-7]{32}$`)

// NewCode makes a receiving code.
func NewCode(random io.Reader) (string, error) {
	var b [20]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("receiving code: %w", err)
	}
	return codePrefix + strings.ToLower(base32.StdEncoding.EncodeToString(b[:])), nil
}

// IsCode reports whether text may be a receiving code.
func IsCode(text string) bool { return codes.MatchString(text) }

// Bind is the digest of code and receiver together, the SHA-256 of the canonical JSON
// {"code","org_id","party"}. Only who knows the code can make it, so that a row whose
// receiver was edited does not go with the code.
func Bind(code, orgID string, party custody.Party) (storage.Digest, error) {
	b, err := canonjson.Marshal(struct {
		Code  string        `json:"code"`
		OrgID string        `json:"org_id"`
		Party custody.Party `json:"party"`
	}{code, orgID, party})
	return storage.Sum(b), err
}

// Receiver is the digest of a receiver, the SHA-256 of the canonical JSON
// {"org_id","party"}.
func Receiver(orgID string, party custody.Party) (storage.Digest, error) {
	b, err := canonjson.Marshal(struct {
		OrgID string        `json:"org_id"`
		Party custody.Party `json:"party"`
	}{orgID, party})
	return storage.Sum(b), err
}

// Terms are what an offeror asks for.
type Terms struct {
	Purpose    custody.Purpose
	Obligation *custody.Obligation
	Reason     string
}

var (
	amounts    = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})(\.[0-9]{1,4})?$`)
	currencies = regexp.MustCompile(`^[A-Z]{3}$`)
)

// Check judges the terms by themselves; fields are named as in requests.
func (t Terms) Check(p *validate.Problems) {
	o := t.Obligation
	if o == nil {
		return
	}
	if t.Purpose != custody.PurposePledge {
		p.Add("obligation", "excluded", "is only for a pledge")
		return
	}
	p.StructBelow("obligation.", *o)
	CheckMoney(p, "obligation.", o.Amount, o.Currency)
}

// CheckMoney judges an amount and its currency, which may both be absent; prefix stands
// before the names of the fields.
func CheckMoney(p *validate.Problems, prefix, amount, currency string) {
	if amount != "" && !amounts.MatchString(amount) {
		p.Add(prefix+"amount", "amount", "must be a decimal number such as 1250000.00")
	}
	if currency != "" && !currencies.MatchString(currency) {
		p.Add(prefix+"currency", "currency", "must be a code of ISO 4217, such as USD")
	}
	if (amount == "") != (currency == "") {
		p.Add(prefix+"currency", "required_with", "amount and currency must be given together")
	}
}

// Interest is what the receiver to will have in the copy after an assignment under
// these terms. chain is the custody chain, whose end is the present controller. An
// error is a *storage.InvalidError: what this controller cannot assign.
func (t Terms) Interest(chain []custody.Entry, to custody.Party) (custody.Interest, error) {
	held := chain[len(chain)-1].To
	switch {
	case t.Purpose == custody.PurposePledge:
		i := custody.Interest{Kind: custody.InterestPledgee, PledgedBy: held.Controller.Party}
		if t.Obligation != nil {
			i.Obligation = *t.Obligation
		}
		return i, nil
	case t.Purpose == custody.PurposeReleaseBack:
		return releasedBack(chain, to)
	case held.Interest.Pledged() && t.Reason == "":
		return custody.Interest{}, validate.Fail("reason", "required", "is required for a sale by a pledgee")
	case !held.Interest.Pledged() && t.Reason != "":
		return custody.Interest{}, validate.Fail("reason", "excluded", "is only for a sale by a pledgee")
	}
	return custody.Interest{Kind: custody.InterestOwner}, nil
}

// releasedBack is the interest that the pledgor had when it pledged.
func releasedBack(chain []custody.Entry, to custody.Party) (custody.Interest, error) {
	held := chain[len(chain)-1].To
	if !held.Interest.Pledged() {
		return custody.Interest{}, validate.Fail("purpose", "not_pledged", "nothing was pledged to the controller, so there is nothing to release back")
	}
	if by := held.Interest.PledgedBy; by.Identifier != to.Identifier {
		return custody.Interest{}, validate.Fail("to", "not_pledgor", "must be the pledgor, %s", by)
	}
	for i := len(chain) - 1; i > 0; i-- {
		e := chain[i]
		if e.Purpose == custody.PurposePledge && e.To != nil && e.To.Assignee == held.Assignee && e.To.Interest == held.Interest {
			return e.From.Interest, nil
		}
	}
	return custody.Interest{}, fmt.Errorf("the custody chain has no pledge to %s: %w", held.Controller.Party.Name, custody.ErrStatement)
}

// Named names the terms of an offer as the seal of the next version prints them.
func Named(o *custody.Offer, from custody.Party) string {
	words := map[custody.Purpose]string{
		custody.PurposeSale: "sale", custody.PurposePledge: "pledge", custody.PurposeReleaseBack: "release back after a pledge",
	}
	text := fmt.Sprintf("assigned by %s, %s", from, cmp.Or(words[o.Purpose], string(o.Purpose)))
	if ref := o.Interest.Obligation.Reference; ref != "" && o.Purpose == custody.PurposePledge {
		text += " securing " + ref
	}
	return text
}
