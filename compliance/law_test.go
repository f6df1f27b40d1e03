package compliance_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// TestContradictionsAreRefused: what a request says of the law must hold together,
// and is judged before the envelope is looked for.
func TestContradictionsAreRefused(t *testing.T) {
	t.Parallel()
	type answers = custody.Classification
	w := newWorld(t)
	cases := []struct {
		name   string
		regime string
		place  string
		is     *answers
		field  string // "" for none
		hint   string
	}{
		{"default", "", "", nil, "", ""},
		{"a state", certificate.UCC9105of2022, "US-NY", nil, "", ""},
		{"the country", certificate.UCC9105of2010, "US", nil, "", ""},
		{"a territory by its own code", certificate.UCC9105of2001, "PR", nil, "", ""},
		{"another country without a regime", certificate.NoRegime, "GB-SCT", nil, "", ""},

		{"a bare state", certificate.UCC9105of2022, "NY", nil, "jurisdiction", "US-NY"},
		{"Canada, or California", certificate.UCC9105of2022, "CA", nil, "jurisdiction", "US-CA"},
		{"no such state", certificate.UCC9105of2022, "US-ZZ", nil, "jurisdiction", ""},
		{"no such subdivision", certificate.NoRegime, "DE-ZZ", nil, "jurisdiction", ""},
		{"no such country", certificate.NoRegime, "UK", nil, "jurisdiction", ""},
		{"a union", certificate.NoRegime, "EU", nil, "jurisdiction", ""},
		{"a dash and nothing", certificate.UCC9105of2022, "US-", nil, "jurisdiction", ""},
		{"UCC in Britain", certificate.UCC9105of2001, "GB", nil, "jurisdiction", ""},
		{"the default regime in Britain", "", "GB", nil, "jurisdiction", ""},
		{"UETA in Canada", certificate.UETA16, "CA-ON", &answers{PromiseToPay: true, IssuerAgreementClause: true}, "jurisdiction", ""},

		{"7-106 without answers", certificate.UCC7106, "", nil, "classification", ""},
		{"7021 without answers", certificate.ESIGN7021, "", nil, "classification", ""},
		{"UETA 16 without answers", certificate.UETA16, "", nil, "classification", ""},
		{"7021 without the issuer's agreement", certificate.ESIGN7021, "", &answers{PromiseToPay: true, RealProperty: true}, "classification", ""},
		{"7021 without real property", certificate.ESIGN7021, "", &answers{PromiseToPay: true, IssuerAgreementClause: true}, "classification", ""},
		{"7021 without a promise", certificate.ESIGN7021, "", &answers{IssuerAgreementClause: true, RealProperty: true}, "classification", ""},
		{"7021, all said no", certificate.ESIGN7021, "", &answers{}, "classification", ""},
		{"7-106 for chattel paper", certificate.UCC7106, "", &answers{PromiseToPay: true, SpecificGoods: true}, "classification", ""},
		{"UETA 16 without the issuer's agreement", certificate.UETA16, "", &answers{PromiseToPay: true}, "classification", ""},
		{"9-105 for a document of title", certificate.UCC9105of2022, "", &answers{DocumentOfTitle: true}, "classification", ""},
		{"9-105 for a bare promise", certificate.UCC9105of2022, "", &answers{PromiseToPay: true}, "classification", ""},
		{"none for a lease of goods", certificate.NoRegime, "", &answers{LeaseOfGoods: true}, "classification", ""},
		{"no such regime", "maritime", "", nil, "regime", ""},
		{"answers that fit two", "", "", &answers{PromiseToPay: true, SpecificGoods: true, IssuerAgreementClause: true}, "regime", ""},
		{"answers that fit none", "", "", &answers{DocumentOfTitle: true, LeaseOfGoods: true}, "regime", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := testworld.VaultInRequest("env_none")
			r.Regime, r.Jurisdiction, r.Classification = tc.regime, tc.place, tc.is
			_, _, err := w.Handover.VaultIn(t.Context(), r)
			var invalid *storage.InvalidError
			switch refused := errors.As(err, &invalid); {
			case refused != (tc.field != ""):
				t.Errorf("got %v", err)
			case refused && (invalid.Fields[0].Field != tc.field || !strings.Contains(invalid.Fields[0].Message, tc.hint)):
				t.Errorf("got %+v, want %s with %q", invalid.Fields, tc.field, tc.hint)
			}
		})
	}
}

// TestRegimeIsConcluded: without a regime the answers decide, and the certificate
// says that they did.
func TestRegimeIsConcluded(t *testing.T) {
	t.Parallel()
	type answers = custody.Classification
	cases := []struct {
		is   answers
		want string
	}{
		{answers{PromiseToPay: true, SpecificGoods: true}, certificate.UCC9105of2010},
		{answers{LeaseOfGoods: true}, certificate.UCC9105of2010},
		{answers{DocumentOfTitle: true}, certificate.UCC7106},
		{answers{PromiseToPay: true, IssuerAgreementClause: true, RealProperty: true}, certificate.ESIGN7021},
		{answers{PromiseToPay: true, IssuerAgreementClause: true}, certificate.UETA16},
		{answers{}, certificate.NoRegime},
	}
	for _, tc := range cases {
		t.Run(tc.want, func(t *testing.T) {
			t.Parallel()
			w, id := completedWorld(t, func(s *setup) { s.Compliance.Regime = certificate.UCC9105of2010 })
			w.VaultIn(id, func(r *handover.VaultInRequest) { r.Regime, r.Classification = "", &tc.is })
			c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
			check(t, err)
			if c.Regime != tc.want || c.RegimeBasis != certificate.BasisClassified || c.Classification == nil || *c.Classification != certificate.Answers(tc.is) {
				t.Errorf("got %s, %s, %+v", c.Regime, c.RegimeBasis, c.Classification)
			}
		})
	}
}
