package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/event"
)

// hostile is what no id and no query value may be.
func hostile() []string {
	list := []string{
		"\x00", "a\x00b", "env_\x00", "\xff", "env_\xc0\x80", "\xed\xa0\x80", "\n", "env_a\n", "\x7f", "\u0085", "\u202e", "'", "''--", `\') OR 1=1 -- `,
		"env_'", `env_\`, "?", "??", "?0", "$1", "{}", "%", "%00", "..", "ENV_A", "env-a", "env_", "_a", "env_ä", "env", strings.Repeat("a", 5000),
		"env_" + strings.Repeat("a", 5000), "0", "-1", "00", "1e9", "NaN", "99999999999999999999", "9223372036854775807", "-9223372036854775808",
		"0000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
		"2026-13-01T00:00:00Z", "true", "null", "tkt_a.a.a", "\x00.a.a",
	}
	for _, cursor := range []string{
		"2026-01-01T00:00:00.000000Z \x00", "2026-01-01T00:00:00.000000Z|\x00", "2026-01-01T00:00:00.000000Z \xff", "2026-01-01T00:00:00.000000Z|\xff",
		"0000-01-01T00:00:00.000000Z env_a", "0000-01-01T00:00:00.000000Z|cpy_a", "9223372036854775807", "-1", "\x00",
	} {
		list = append(list, base64.RawURLEncoding.EncodeToString([]byte(cursor)))
	}
	return list
}

// eachHouse runs fn on SQLite and, with EVAULT_POSTGRES, on PostgreSQL.
func eachHouse(t *testing.T, fn func(t *testing.T, h *house)) {
	free := func(c *httpapi.Config) { c.PublicPerMinute, c.VerifyPerMinute = 1_000_000, 1_000_000 }
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, newHouse(t, free))
	})
	if os.Getenv(testdb.Env) != "" {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			fn(t, newHouseOn(t, embedded.Options{DB: testdb.Postgres(t)}, free))
		})
	}
}

// TestHostileInputIsNoFault: no id, query value, token or text of a body makes
// the server fail, on either database.
func TestHostileInputIsNoFault(t *testing.T) {
	t.Parallel()
	queries := map[string][]string{
		"/partner/envelopes":                            {"page", "limit", "cursor", "status", "customer_id", "external_id", "envelope_kind", "created_after", "created_before"},
		"/partner/events":                               {"cursor", "limit", "type", "envelope_id"},
		"/partner/envelopes/{id}/events":                {"cursor", "limit", "type"},
		"/partner/envelopes/{id}/copies":                {"page", "limit", "cursor"},
		"/partner/envelopes/{id}/vault/certificate":     {"serial"},
		"/partner/envelopes/{id}/vault/signed-url":      {"expires"},
		"/partner/envelopes/{id}/vault/copy/signed-url": {"expires"},
		"/embed/{widget}/{id}":                          {"origin"},
		"/sign/{token}/pages/{n}.png":                   {"w"},
		"/log/proof":                                    {"index", "tree_size"},
		"/log/consistency":                              {"from", "to"},
	}
	eachHouse(t, func(t *testing.T, h *house) {
		env := h.vaulted(t)
		link := h.link(t, h.create(t, contract(nil)))
		_, token, _ := strings.Cut(link, "/sign/")
		n := 0
		from := func(r *http.Request) { // failures are counted by address
			n++
			r.RemoteAddr = fmt.Sprintf("198.51.%d.%d:1", n/200%200, n%200)
		}
		for _, r := range httpapi.Routes() {
			for _, bad := range hostile() {
				method, path, body, opts := request(r, url.PathEscape(bad))
				path = strings.NewReplacer("AAAA", url.PathEscape(bad), "{n}", url.PathEscape(bad), strings.Repeat("0", 64), url.PathEscape(bad)).Replace(path)
				a := h.do(t, method, path, body, append(opts, from)...)
				if a.Status >= 500 {
					t.Errorf("%s %s with %.40q in its path: got %d %s", r.Method, r.Pattern, bad, a.Status, a.Body)
				}
				if strings.Contains(r.Pattern, "{id}") && a.Status != 404 {
					if _, isID := idOrNone(bad); !isID {
						t.Errorf("%s %s of %.40q: got %d, want 404", r.Method, r.Pattern, bad, a.Status)
					}
				}
			}
			if r.Method != "GET" {
				continue
			}
			_, path, _, opts := request(r, env)
			path, _, _ = strings.Cut(strings.NewReplacer("AAAA", token, "{n}", "1").Replace(path), "?")
			for _, q := range append(queries[r.Pattern], "x") {
				for _, bad := range hostile() {
					if q == "x" && len(bad) > 1 {
						continue
					}
					a := h.do(t, "GET", path+"?"+q+"="+url.QueryEscape(bad), nil, append(opts, from)...)
					if a.Status >= 500 {
						t.Errorf("%s?%s=%.40q: got %d %s", r.Pattern, q, bad, a.Status, a.Body)
					}
				}
			}
		}
	})
}

func idOrNone(s string) (string, bool) {
	return s, regexp.MustCompile(`^[a-z]+_[a-z0-9_]+$`).MatchString(s)
}

// TestHostileTextIsNoFault: nor does any text of a body.
func TestHostileTextIsNoFault(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	texts := []string{"\x00", "a\x00b", "\u202e", "\u0085", `\') OR 1=1 -- `, "?", strings.Repeat("ü", 3000), "\U000e0001", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"}
	attestation := obj{
		"attested_by": "Ann", "capacity": "officer", "signed_by": []any{"Ada"}, "origin": "scan", "paper_original": "destroyed", "holder": "H",
		"destroyed_at": "2026-01-01T00:00:00Z", "statement": "The scan is complete.",
	}
	deposit := obj{
		"secured_party": obj{"name": "Bank", "identifier": "LEI", "email": "b@example.com"}, "custodian": "operator", "regime": "ucc-9-105",
		"jurisdiction": "US-NY", "document_sha256": strings.Repeat("0", 64), "attestation": attestation,
	}
	whole := contract(obj{
		"customer_id": "c", "external_id": "e", "message": "m", "redirect_url": "https://app.a.example", "envelope_kind": "esign", "signing_order": "parallel",
		"consent": "click", "secured_party": obj{"name": "Bank", "identifier": "LEI", "email": "b@example.com"}, "metadata": obj{"k": "v"},
	})
	eachHouse(t, func(t *testing.T, h *house) {
		old := h.vaulted(t)
		uploaded := func() string {
			env := h.create(t, paper)
			h.do(t, "POST", "/partner/envelopes/"+env+"/upload", testpdf.Simple(1, env)).want(200)
			return env
		}
		fresh := uploaded()
		for name, body := range map[string]obj{
			"create": whole, "vault-in-upload": deposit, "vault-out": {"reason": "payoff", "note": "n", "recipient": obj{"name": "R", "organization": "O", "email": "r@example.com"}},
			"void": {"reason": "r"}, "remind": {"signer_id": "sgn_a", "message": "m"}, "token": {"envelope_id": old, "user_email": "ada@example.com", "widget_type": "vault", "origin": "https://app.a.example"},
			"webhook": {"webhook_url": "https://a.example", "webhook_secret": strings.Repeat("s", 20)}, "session": {"token": "t", "origin": "o"},
			"acknowledge": {"sha256": strings.Repeat("0", 64)},
		} {
			for _, text := range texts {
				for i := 0; ; i++ {
					spoilt, more := spoil(t, body, i, text)
					if !more {
						break
					}
					method, path := "POST", "/partner/envelopes/"+fresh+"/"+name
					switch name {
					case "create":
						path = "/partner/envelopes"
					case "token", "session":
						path = "/embed/" + name
					case "webhook":
						method, path = "PATCH", "/partner/webhook"
					case "acknowledge":
						path = "/partner/envelopes/" + old + "/vault-out/acknowledge"
					case "remind":
						path = "/partner/envelopes/" + old + "/remind"
					case "vault-out":
						path = "/partner/envelopes/" + old + "/vault-out"
					}
					a := h.do(t, method, path, spoilt)
					switch {
					case a.Status >= 500:
						t.Errorf("%s with %.20q as its text %d: got %d %s", name, text, i, a.Status, a.Body)
					case a.Status >= 300:
					case name == "vault-out":
						old = h.vaulted(t)
					case name == "vault-in-upload", name == "void":
						fresh = uploaded()
					}
				}
			}
		}
	})
}

// spoil returns a copy of body with text in place of its i-th string.
func spoil(t *testing.T, body obj, i int, text string) (string, bool) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	n := 0
	var walk func(v any) any
	walk = func(v any) any {
		switch x := v.(type) {
		case map[string]any:
			for _, k := range sorted(x) {
				x[k] = walk(x[k])
			}
		case []any:
			for j := range x {
				x[j] = walk(x[j])
			}
		case string:
			if n++; n == i+1 {
				return text
			}
		}
		return v
	}
	tree = walk(tree)
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), n > i
}

func sorted(m map[string]any) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	for i := range list {
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	return list
}

// TestFiltersAreMeant: a filter that is blank, unknown or matches nothing that
// can be is 400, never all there is.
func TestFiltersAreMeant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, paper)
	for _, path := range []string{
		"/partner/envelopes?external_id=", "/partner/envelopes?customer_id=", "/partner/envelopes?customer_id=%20", "/partner/envelopes?status=",
		"/partner/envelopes?envelope_kind=", "/partner/envelopes?status=Sent", "/partner/envelopes?envelope_kind=scroll", "/partner/envelopes?limit=",
		"/partner/envelopes?created_after=", "/partner/envelopes?created_after=0000-06-01T00:00:00Z", "/partner/envelopes?created_before=9999-12-31T23:59:59-01:00",
		"/partner/envelopes?extern_id=1", "/partner/events?type=", "/partner/events?type=envelope", "/partner/events?type=envelope.lost", "/partner/events?envelope_id=",
		"/partner/events?envelope_id=%27", "/partner/envelopes/" + env + "/events?type=", "/partner/envelopes/" + env + "/events?type=nothing",
		"/partner/envelopes/" + env + "/events?cursor=",
	} {
		h.do(t, "GET", path, nil).problem(400, "bad_query")
	}
	h.do(t, "GET", "/partner/events?type=envelope.created&envelope_id="+env, nil).want(200)
	h.do(t, "GET", "/partner/envelopes?external_id=none", nil).want(200).equal("meta.total", 0)
}

// TestEveryEventTypeIsKnown: every type in the list of events can be filtered by.
func TestEveryEventTypeIsKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := 0
	for x := range event.Schemas() {
		n++
		if !webhook.Known(x.Type) {
			t.Errorf("webhooks do not know %s", x.Type)
		}
		h.do(t, "GET", "/partner/events?type="+x.Type, nil).want(200)
	}
	if n < 30 {
		t.Errorf("%d types found, want 30 or more", n)
	}
}
