package custody_test

import (
	"strings"
	"testing"

	"github.com/evaultlib/evault/vault/custody"
)

func TestNormalizeAsset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind        custody.AssetKind
		value, want string
		problem     string
	}{
		{custody.AssetVIN, " 1hgbh41jxmn109186\n", "1HGBH41JXMN109186", ""},
		{custody.AssetVIN, "1M8-GDM9A_XKP042788", "1M8GDM9AXKP042788", ""},
		{custody.AssetVIN, "１ＨＧＢＨ４１ＪＸＭＮ１０９１８６", "1HGBH41JXMN109186", ""}, // full width
		{custody.AssetVIN, "1HGBH41JXMN109187", "", "wrong check digit"},
		{custody.AssetVIN, "WVWZZZ1KZ6W612305", "WVWZZZ1KZ6W612305", ""}, // Europe has no check digit
		{custody.AssetVIN, "WVWZZZ1KZ6W61230", "", "has 16 characters"},
		{custody.AssetVIN, "WVWZZZ1KZ6W6I2305", "", "the letter I"},
		{custody.AssetVIN, "1HGВH41JXMN109186", "", "letters A to Z"}, // В is Cyrillic
		{custody.AssetSerial, "SN: 00-12/ab", "SN0012AB", ""},
		{custody.AssetSerial, "SN-0\u200b12", "", "letters A to Z"},
		{custody.AssetContract, " -/ ", "", "no letter or digit"},
		{custody.AssetContract, strings.Repeat("1", 101), "", "longer than 100"},
		{custody.AssetContract, strings.Repeat(" ", 401), "", "longer than 100"},
		{custody.AssetOther, strings.Repeat("1", 100), strings.Repeat("1", 100), ""},
		{"plate", "ABC 1", "", `unknown kind "plate"`},
		{"", "ABC 1", "", `unknown kind ""`},
	} {
		got, err := custody.NormalizeAsset(c.kind, c.value)
		if c.problem == "" && (err != nil || got != c.want) || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("%s %q: got %q, %v; want %q, %q", c.kind, c.value, got, err, c.want, c.problem)
		}
	}
}

// The digests are in event chains: they never change.
func TestAssetDigest(t *testing.T) {
	t.Parallel()
	a := custody.Asset{Kind: custody.AssetVIN, Value: "1HGBH41JXMN109186"}
	b := a
	b.Amount, b.Currency = "18250.00", "USD"
	if a.SHA256() != b.SHA256() || a.SHA256() != "6af3bf351e0ab05034b86a303c421819f73a8c9f5561434acdf21337cdc113f0" {
		t.Errorf("got %s and %s", a.SHA256(), b.SHA256())
	}
}
