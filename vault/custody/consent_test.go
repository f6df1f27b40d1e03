package custody_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/vault/custody"
)

// The first release wrote these; every later one must read them.
const (
	goldenKey        = custody.ControlKey(`{"crv":"Ed25519","kty":"OKP","x":"6S62BU_pvGgqG887dZ9lqzikz72BxNHzNC5Myc3tiws"}`)
	goldenThumbprint = "RrMsDZXZafYTPsgpxYU_HIGi-qHGEoahNUpTrYa5iMA"
	goldenKeyP256    = custody.ControlKey(`{"crv":"P-256","kty":"EC","x":"LxpmEFG-OYcJ3PRbakcumMbWy8Sttpvb04s7zIs3NwQ","y":"YpHs8y_OGmxdV2YLJ9UcbHyvf8kkeHgXLQ5pDXaFd6A"}`)
	goldenThumb256   = "SHFScKv1QuaixDyDJ7WsWxhXPFLnqKePILkmH03CPl0"

	goldenTerms = `{"copy_id":"cpy_1","envelope_id":"env_1","expires_at":"2026-06-02T09:00:00Z","nonce":"n0n0n0n0n0n0n0n0",` +
		`"obligation":{"amount":"1250000.00","currency":"USD","reference":"Line 7"},"purpose":"pledge",` +
		`"recipient":{"identifier":"org_lender","name":"Warehouse Lender LLC"},` +
		`"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","v":1,"verb":"assign","version":2}`
	goldenHeader    = `{"alg":"EdDSA","kid":"RrMsDZXZafYTPsgpxYU_HIGi-qHGEoahNUpTrYa5iMA","typ":"evault-consent+jwt"}`
	goldenSignature = "_Sw6VNlb8dNr8hxVK5gJTFdZlQNBjvV-YmuC7335UvErZfnuGT3GPVqP9IHXZd-LVRoxods_kUADA5954x7QBw"
	goldenHeader256 = `{"alg":"ES256","kid":"SHFScKv1QuaixDyDJ7WsWxhXPFLnqKePILkmH03CPl0","typ":"evault-consent+jwt"}`
	goldenSign256   = "3JqAQ3wuYl89T2K1dojm9JfpYHSxSByOL1KB7fhq6JG4KRMNPv6VdXhzhGtVZWQu_GVwsTrnQJto8JILQ6PQRg"
)

func token(header, payload, signature string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(header)) + "." + part([]byte(payload)) + "." + signature
}

func TestGoldenConsents(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		key                custody.ControlKey
		thumbprint, header string
		signature          string
	}{{goldenKey, goldenThumbprint, goldenHeader, goldenSignature}, {goldenKeyP256, goldenThumb256, goldenHeader256, goldenSign256}} {
		if x.key.Thumbprint() != x.thumbprint {
			t.Errorf("thumbprint: got %s", x.key.Thumbprint())
		}
		if again, err := custody.ParseControlKey([]byte(x.key)); err != nil || again != x.key {
			t.Errorf("key: got %s, %v", again, err)
		}
		terms, err := custody.ParseConsent(token(x.header, goldenTerms, x.signature), x.key)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := canonjson.Marshal(terms); err != nil || string(b) != goldenTerms {
			t.Errorf("terms: got %s, %v", b, err)
		}
	}
	if got := testworld.SignJWS(t, testworld.Key(40), map[string]any{"alg": "EdDSA", "kid": goldenThumbprint, "typ": "evault-consent+jwt"}, []byte(goldenTerms)); got != token(goldenHeader, goldenTerms, goldenSignature) {
		t.Errorf("token: got %s", got)
	}
}

// TestConsentsAreRefused: every spelling but that of the format, signed or not.
func TestConsentsAreRefused(t *testing.T) {
	t.Parallel()
	s := testworld.Key(40)
	head := func(edit func(map[string]any)) map[string]any {
		h := map[string]any{"alg": "EdDSA", "kid": goldenThumbprint, "typ": "evault-consent+jwt"}
		edit(h)
		return h
	}
	same := func(map[string]any) {}
	signed := func(h map[string]any, payload string) string { return testworld.SignJWS(t, s, h, []byte(payload)) }
	good := token(goldenHeader, goldenTerms, goldenSignature)
	for name, x := range map[string]string{
		"empty":           "",
		"two parts":       strings.Join(strings.Split(good, ".")[:2], "."),
		"padded":          good + "=",
		"long":            signed(head(same), goldenTerms+strings.Repeat(" ", 8<<10)),
		"alg none":        signed(head(func(h map[string]any) { h["alg"] = "none" }), goldenTerms),
		"alg of another":  signed(head(func(h map[string]any) { h["alg"] = "ES256" }), goldenTerms),
		"crit":            signed(head(func(h map[string]any) { h["crit"] = []string{"b64"} }), goldenTerms),
		"own key":         signed(head(func(h map[string]any) { h["jwk"] = goldenKey }), goldenTerms),
		"typ":             signed(head(func(h map[string]any) { h["typ"] = "JWT" }), goldenTerms),
		"kid":             signed(head(func(h map[string]any) { h["kid"] = goldenThumb256 }), goldenTerms),
		"another key":     testworld.SignJWS(t, testworld.Key(41), head(same), []byte(goldenTerms)),
		"edited":          token(goldenHeader, strings.Replace(goldenTerms, "org_lender", "org_malory", 1), goldenSignature),
		"unknown member":  signed(head(same), strings.Replace(goldenTerms, `"v":1`, `"v":1,"w":1`, 1)),
		"twice":           signed(head(same), strings.Replace(goldenTerms, `"v":1`, `"v":1,"v":1`, 1)),
		"another version": signed(head(same), strings.Replace(goldenTerms, `"v":1`, `"v":2`, 1)),
		"not JSON":        signed(head(same), "x"),
	} {
		if _, err := custody.ParseConsent(x, goldenKey); !errors.Is(err, custody.ErrConsent) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := custody.ParseConsent(good, ""); !errors.Is(err, custody.ErrConsent) {
		t.Errorf("no key: got %v", err)
	}
	spaced := signed(head(same), strings.ReplaceAll(goldenTerms, ",", " ,\n"))
	if _, err := custody.ParseConsent(spaced, goldenKey); err != nil {
		t.Errorf("other spacing: got %v", err)
	}
}

func TestControlKeysAreRefused(t *testing.T) {
	t.Parallel()
	okp := func(x []byte) string {
		return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, base64.RawURLEncoding.EncodeToString(x))
	}
	point := func(low, high byte) []byte {
		b := make([]byte, 32)
		b[0], b[31] = low, high
		return b
	}
	const x, y = "LxpmEFG-OYcJ3PRbakcumMbWy8Sttpvb04s7zIs3NwQ", "YpHs8y_OGmxdV2YLJ9UcbHyvf8kkeHgXLQ5pDXaFd6A"
	for name, k := range map[string]string{
		"empty":             "",
		"null":              "null",
		"not an object":     "[]",
		"RSA":               `{"kty":"RSA","n":"AQ","e":"AQ"}`,
		"another curve":     fmt.Sprintf(`{"kty":"EC","crv":"P-384","x":%q,"y":%q}`, x, y),
		"private":           fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q,"d":%q}`, x, y, x),
		"two values":        string(goldenKey) + "{}",
		"twice":             strings.Replace(string(goldenKey), `"kty"`, `"crv":"Ed25519","kty"`, 1),
		"Ed25519 with y":    strings.Replace(string(goldenKey), "}", `,"y":"AA"}`, 1),
		"short":             okp(make([]byte, 31)),
		"padded":            strings.Replace(string(goldenKey), `iws"`, `iws="`, 1),
		"off P-256":         fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q}`, x, x),
		"no y":              fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q}`, x),
		"order 4":           okp(point(0, 0)),
		"order 1":           okp(point(1, 0)),
		"order 1, odd":      okp(point(1, 0x80)),
		"off Ed25519":       okp(point(2, 0)),
		"not reduced":       okp([]byte("\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")),
		"order 2":           okp([]byte("\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")),
		"longer than 1,000": strings.Replace(string(goldenKey), "{", "{"+strings.Repeat(" ", 1000), 1),
	} {
		if got, err := custody.ParseControlKey([]byte(k)); err == nil {
			t.Errorf("%s: got %s", name, got)
		}
	}
	for _, small := range []string{"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"} {
		var b []byte
		if _, err := fmt.Sscanf(small, "%x", &b); err != nil {
			t.Fatal(err)
		}
		if _, err := custody.ParseControlKey([]byte(okp(b))); err == nil {
			t.Errorf("order 8: %s was taken", small)
		}
	}
	for seed := range byte(50) {
		testworld.ControlKey(t, testworld.Key(seed))
	}
}

func FuzzParseControlKey(f *testing.F) {
	f.Add([]byte(goldenKey))
	f.Add([]byte(goldenKeyP256))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := custody.ParseControlKey(b)
		if err != nil {
			return
		}
		again, err := custody.ParseControlKey([]byte(k))
		if err != nil || again != k {
			t.Errorf("%q: again %q, %v", k, again, err)
		}
	})
}

func FuzzParseConsent(f *testing.F) {
	f.Add(token(goldenHeader, goldenTerms, goldenSignature))
	f.Fuzz(func(t *testing.T, s string) {
		terms, err := custody.ParseConsent(s, goldenKey)
		if err != nil {
			return
		}
		if b, err := canonjson.Marshal(terms); err != nil || string(b) != goldenTerms { // nothing else is signed by this key
			t.Errorf("got %s, %v", b, err)
		}
	})
}
