package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
)

// request makes a valid request of a route for an envelope.
func request(r httpapi.RouteInfo, env string) (method, path string, body any, opts []option) {
	path = strings.NewReplacer("{id}", env, "{signer_id}", "sgn_a", "{token}", "AAAA", "{sha256}", strings.Repeat("0", 64), "{widget}", "sign").Replace(r.Pattern)
	switch r.Method + " " + r.Pattern {
	case "POST /partner/envelopes":
		body = paper
	case "POST /partner/envelopes/{id}/upload":
		body = testpdf.Simple(1, "x")
	case "POST /partner/envelopes/{id}/void":
		body = obj{"reason": "r"}
	case "POST /partner/envelopes/{id}/attestation":
		body = obj{"attested_by": "Ann", "capacity": "officer", "signed_by": []any{"Ada"}, "origin": "born_digital", "paper_original": "none", "statement": "It is complete."}
	case "POST /partner/envelopes/{id}/vault-out":
		body = obj{"reason": "payoff", "recipient": obj{"name": "R"}}
	case "POST /partner/envelopes/{id}/vault-out/acknowledge":
		body = obj{"sha256": strings.Repeat("0", 64)}
	case "PATCH /partner/envelopes/{id}/signers/{signer_id}":
		body = obj{"email": "grace@example.com"}
	case "POST /partner/envelopes/{id}/assignments":
		body = obj{"to": obj{"receiving_code": "rcv_" + strings.Repeat("a", 32)}}
	case "POST /partner/pools/{id}/assignments":
		body = obj{"to": obj{"receiving_code": "rcv_" + strings.Repeat("a", 32)}, "mode": "atomic"}
	case "POST /partner/envelopes/{id}/custody/bind":
		body = obj{"control_key": obj{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}
	case "POST /partner/envelopes/{id}/holds":
		body = obj{"reason": "Litigation"}
	case "POST /partner/templates", "POST /partner/templates/{id}/fields":
		body = obj{"name": "Lease"}
	case "POST /partner/pools", "POST /partner/pools/{id}/items":
		body = obj{"name": "Lease"}
		if r.Pattern != "/partner/pools" {
			body = obj{"remove": []any{"env_a"}}
		}
	case "PATCH /partner/webhook":
		body = obj{}
	case "POST /embed/token":
		body = obj{"envelope_id": env, "user_email": "ada@example.com", "widget_type": "sign"}
	case "POST /embed/session":
		body = obj{"token": "x"}
	case "GET /log/proof":
		path += "?index=0&tree_size=1"
	case "GET /log/consistency":
		path += "?from=0&to=0"
	}
	return r.Method, path, body, opts
}

// namesEnvelope tells routes that are about one envelope and ask for a key.
func namesEnvelope(r httpapi.RouteInfo) bool {
	return len(r.Scopes) > 0 && (strings.Contains(r.Pattern, "{id}") || r.Pattern == "/embed/token")
}

// blur takes out what may differ between two refusals.
func blur(a *answer, id string) string {
	body := strings.ReplaceAll(strings.ReplaceAll(string(a.Body), id, "ID"), a.Header.Get("X-Request-Id"), "REQ")
	names := []string{"Content-Type", "Cache-Control", "Retry-After", "ETag", "Allow", "WWW-Authenticate", "Content-Security-Policy"}
	out := fmt.Sprint(a.Status, body)
	for _, n := range names {
		out += " " + a.Header.Get(n)
	}
	return out
}

// TestForeignIsAbsent is I10: at every route, with every kind of envelope, with
// and without If-Match and an idempotency key, in both directions.
func TestForeignIsAbsent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	own := map[string]string{
		"paper": h.create(t, paper), "sent": h.create(t, contract(nil)), "completed": h.completed(t), "vaulted": h.vaulted(t),
	}
	released := h.vaulted(t)
	h.do(t, "POST", "/partner/envelopes/"+released+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}).want(200)
	own["released"] = released
	for _, r := range httpapi.Routes() {
		if !namesEnvelope(r) {
			continue
		}
		unknown := "envelope_not_found"
		if strings.Contains(r.Pattern, "{assignment}") || strings.HasPrefix(r.Pattern, "/partner/offers/") {
			unknown = "offer_not_found"
		}
		if strings.HasPrefix(r.Pattern, "/partner/templates/") {
			unknown = "template_not_found"
		}
		if strings.HasPrefix(r.Pattern, "/partner/pools/") {
			unknown = "pool_not_found"
		}
		if strings.HasPrefix(r.Pattern, "/partner/batches/") {
			unknown = "batch_not_found"
		}
		if strings.HasPrefix(r.Pattern, "/partner/approvals/") {
			unknown = "approval_not_found"
		}
		for kind, env := range own {
			for _, with := range [][]option{nil, {header("If-Match", `"x"`)}, {header("If-None-Match", "*")}} {
				var got [2]string
				for i, id := range []string{env, absent} {
					method, path, body, opts := request(r, id)
					a := h.do(t, method, path, body, append(append(opts, key(h.other)), with...)...)
					if a.Status != http.StatusNotFound || a.get("code") != unknown {
						t.Errorf("%s %s of %s: got %d %v, want 404", r.Method, r.Pattern, kind, a.Status, a.get("code"))
					}
					got[i] = blur(a, id)
				}
				if got[0] != got[1] {
					t.Errorf("%s %s of %s can be told from an absent one:\n%s\n%s", r.Method, r.Pattern, kind, got[0], got[1])
				}
			}
		}
	}
	h.do(t, "GET", "/partner/envelopes", nil, key(h.other)).want(200).equal("meta.total", 0)
	for kind, env := range own { // and nothing of it happened
		h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", map[string]string{
			"paper": "pending", "sent": "sent", "completed": "completed", "vaulted": "vaulted", "released": "released",
		}[kind])
	}
}

// TestScopes is I11: each route opens with one of its scopes and with no other.
func TestScopes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	single := map[scopes.Scope]string{}
	for _, s := range scopes.All() {
		single[s] = h.issue(t, "org_a", s)
	}
	for _, r := range httpapi.Routes() {
		if (strings.HasPrefix(r.Pattern, "/partner/") || r.Pattern == "/embed/token") != (len(r.Scopes) > 0) {
			t.Errorf("%s %s has the scopes %v", r.Method, r.Pattern, r.Scopes)
		}
		if len(r.Scopes) == 0 {
			continue
		}
		method, path, body, opts := request(r, absent)
		if a := h.do(t, method, path, body, append(opts, key(""))...); a.Status != 401 {
			t.Errorf("%s %s without a key: %d", method, path, a.Status)
		}
		for s, secret := range single {
			a := h.do(t, method, path, body, append(opts, key(secret))...)
			may := scopes.NewSet(r.Scopes...).Has(s)
			if r.Pattern == "/embed/token" {
				may = s == scopes.ESignWrite // judged by the widget
			}
			switch {
			case may && a.Status == 403:
				t.Errorf("%s %s refuses its own scope %s", method, path, s)
			case !may && (a.Status != 403 || a.get("code") != "scope_missing"):
				t.Errorf("%s %s with %s: got %d %v", method, path, s, a.Status, a.get("code"))
			case !may && !strings.Contains(a.str("detail"), string(r.Scopes[0])):
				t.Errorf("%s %s: the refusal names no scope: %s", method, path, a.str("detail"))
			}
		}
	}
}

func TestLinkScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := "/partner/envelopes/" + h.create(t, contract(nil)) + "/signing-links"
	strict := h.replica(t, func(c *httpapi.Config) { c.LinkScope = scopes.ESignWrite })
	reader := h.issue(t, "org_a", scopes.EnvelopesRead)
	ask(t, strict, "GET", at, nil, key(reader)).problem(403, "scope_missing")
	ask(t, h.API, "GET", at, nil, key(reader)).want(200)
}

// TestSecretsAreNowhere is a part of I19: no signing link, download token, API
// key or webhook secret is in the database.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	hook := h.do(t, "PATCH", "/partner/webhook", obj{"webhook_url": "https://hooks.example/x", "webhook_secret": "a secret of the partner"}).want(200)
	if hook.get("data.webhook_secret") != nil {
		t.Error("a given secret was shown")
	}
	h.sign(t, link)
	h.do(t, "POST", "/partner/envelopes/"+env+"/vault-in-signed", obj{}, idem("v")).want(201)
	u := h.do(t, "GET", "/partner/envelopes/"+env+"/vault/signed-url", nil).want(200).str("data.signed_url")
	dump := h.dump(t)
	for name, secret := range map[string]string{
		"link": link[strings.LastIndex(link, "/")+1:], "download": u[strings.LastIndex(u, ".")+1:], "key": h.key, "webhook": "a secret of the partner",
	} {
		if strings.Contains(dump, secret) {
			t.Errorf("the %s secret is in the database", name)
		}
	}
	if !strings.Contains(dump, env) {
		t.Error("the dump misses what it should hold")
	}
}

// dump is every value of every table.
func (h *house) dump(t *testing.T) string {
	t.Helper()
	db := h.e.Store.Bun().DB
	tables, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tables.Next() {
		var n string
		if err := tables.Scan(&n); err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	tables.Close()
	var b strings.Builder
	for _, n := range names {
		rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+n)
		if err != nil {
			t.Fatal(err)
		}
		cols, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(cols))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				switch x := (*v.(*any)).(type) {
				case []byte:
					b.Write(x)
				default:
					fmt.Fprint(&b, x)
				}
				b.WriteByte('\n')
			}
		}
		rows.Close()
	}
	return b.String()
}
