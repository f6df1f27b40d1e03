package compliance

import (
	"slices"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/vault/custody"
)

// Choice is what a deposit says of the law that its record is held under.
type Choice struct {
	Regime         string                  // "": concluded from Classification, else Config.Regime
	Jurisdiction   string                  // ISO 3166-1 or -2, such as US-NY; "": none is named
	Classification *custody.Classification // nil: the record is not classified
}

// Choose returns the regime of a choice and how it was chosen, or an *storage.InvalidError.
//
// With a regime other than 9-105 and none the classification is required, and must
// say what the statute covers: 7-106 a document of title; 15 U.S.C. 7021(a) a promise
// to pay, secured by real property, whose issuer agreed that it is a transferable
// record; UETA 16(a) a promise to pay or a document of title, whose issuer agreed.
// A regime is a law of the United States: a jurisdiction elsewhere contradicts it.
// Without a regime it is concluded from the answers, where they allow one.
func (e *Engine) Choose(c Choice) (regime, basis string, err error) {
	var p validate.Problems
	regime, basis = e.chosen(&p, c)
	checkPlace(&p, regime, c.Jurisdiction)
	return regime, basis, p.Err()
}

// regimeByID returns the regime, or a *storage.InvalidError for the field regime.
func regimeByID(id string) (certificate.Regime, error) {
	if r, known := certificate.RegimeByID(id); known {
		return r, nil
	}
	var ids []string
	for _, r := range certificate.Regimes() {
		ids = append(ids, r.ID)
	}
	return certificate.Regime{}, validate.Fail("regime", "oneof", "must be one of %s", strings.Join(ids, ", "))
}

func (e *Engine) chosen(p *validate.Problems, c Choice) (regime, basis string) {
	answers := c.Classification
	switch {
	case c.Regime == "" && answers == nil:
		return e.c.Regime, certificate.BasisDefault
	case c.Regime == "":
		return e.conclude(p, *answers), certificate.BasisClassified
	}
	if _, err := regimeByID(c.Regime); err != nil {
		p.Take(err)
		return c.Regime, certificate.BasisDeclared
	}
	covered := coverage(c.Regime)
	switch {
	case answers == nil && covered.asks:
		p.Add("classification", "required", "is required with the regime %s: say that the record is %s", c.Regime, covered.what)
	case answers != nil && !covered.by(*answers):
		p.Add("classification", "regime", "contradicts the regime %s, which is for %s", c.Regime, covered.what)
	}
	return c.Regime, certificate.BasisDeclared
}

// cover is what a statute covers, by the depositor's answers. asks is whether it
// must be told.
type cover struct {
	what string
	asks bool
	by   func(custody.Classification) bool
}

func coverage(regime string) cover {
	switch regime {
	case certificate.UCC7106:
		return cover{"a document of title", true, func(c custody.Classification) bool {
			return c.DocumentOfTitle && !c.PromiseToPay && !c.SpecificGoods && !c.LeaseOfGoods && !c.RealProperty
		}}
	case certificate.ESIGN7021:
		return cover{"a promise to pay, secured by real property, whose issuer agreed that it is a transferable record", true, func(c custody.Classification) bool {
			return c.PromiseToPay && c.IssuerAgreementClause && c.RealProperty && !c.LeaseOfGoods && !c.DocumentOfTitle
		}}
	case certificate.UETA16:
		return cover{"a promise to pay or a document of title, whose issuer agreed that it is a transferable record", true, func(c custody.Classification) bool {
			return c.IssuerAgreementClause && c.PromiseToPay != c.DocumentOfTitle && !c.LeaseOfGoods
		}}
	case certificate.NoRegime:
		return cover{"a record under no control statute", false, func(c custody.Classification) bool {
			return !c.SpecificGoods && !c.LeaseOfGoods && !c.DocumentOfTitle && !c.IssuerAgreementClause
		}}
	}
	return cover{"chattel paper: a promise to pay with specific goods, or a lease of goods", false, func(c custody.Classification) bool {
		return (c.PromiseToPay && c.SpecificGoods || c.LeaseOfGoods) && !c.DocumentOfTitle
	}}
}

// conclude finds the one regime that covers what the record is. What 15 U.S.C. 7021
// covers, UETA 16 covers too: the narrower text is concluded.
func (e *Engine) conclude(p *validate.Problems, c custody.Classification) string {
	chattel := certificate.UCC9105of2022
	if strings.HasPrefix(e.c.Regime, "ucc_9_105") {
		chattel = e.c.Regime
	}
	var found []string
	for _, id := range []string{chattel, certificate.UCC7106, certificate.ESIGN7021, certificate.UETA16, certificate.NoRegime} {
		if coverage(id).by(c) && (id != certificate.UETA16 || !slices.Contains(found, certificate.ESIGN7021)) {
			found = append(found, id)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	names := "no regime"
	if len(found) > 0 {
		names = strings.Join(found, " and ")
	}
	p.Add("regime", "required", "is required: the answers fit %s", names)
	return e.c.Regime
}

// checkPlace asks for a jurisdiction that ISO 3166 has and that has the law of the
// regime.
func checkPlace(p *validate.Problems, regime, place string) {
	if place == "" {
		return
	}
	country, state, divided := strings.Cut(place, "-")
	hint := ""
	if !divided && validate.Place("US-"+place) {
		hint = "; the state is US-" + place
	}
	known := validate.Country(country) && (!divided || state != "" && validate.Place(place))
	switch {
	case !known:
		p.Add("jurisdiction", "jurisdiction", "must be a country of ISO 3166-1 or a subdivision of ISO 3166-2, such as US-NY%s", hint)
	case regime != certificate.NoRegime && !slices.Contains(unitedStates, country):
		p.Add("jurisdiction", "regime", "is outside the United States, whose law the regime %s is%s", regime, hint)
	}
}

// unitedStates are the country codes of the United States and its territories.
var unitedStates = []string{"US", "AS", "GU", "MP", "PR", "VI", "UM"}
