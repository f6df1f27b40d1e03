package httpapi_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/httpapi"
)

type operation struct {
	OperationID string           `yaml:"operationId"`
	Summary     string           `yaml:"summary"`
	Description string           `yaml:"description"`
	Security    []map[string]any `yaml:"security"`
	Responses   map[string]any   `yaml:"responses"`
	RequestBody *struct {
		Content map[string]any `yaml:"content"`
	} `yaml:"requestBody"`
	Parameters []map[string]any `yaml:"parameters"`
}

func documented(t *testing.T) map[string]operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]operation `yaml:"paths"`
	}
	d := yaml.NewDecoder(bytes.NewReader(httpapi.OpenAPI()))
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	ops := map[string]operation{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			ops[strings.ToUpper(method)+" "+path] = op
		}
	}
	return ops
}

// TestTableAndDocumentAreEqual: what is served is documented, with its scope and
// its kind of credential, and nothing else is.
func TestTableAndDocumentAreEqual(t *testing.T) {
	t.Parallel()
	ops := documented(t)
	routes := httpapi.Routes()
	for _, r := range routes {
		name := r.Method + " " + r.Pattern
		op, ok := ops[name]
		if !ok {
			t.Errorf("%s is not in openapi.yaml", name)
			continue
		}
		delete(ops, name)
		if keyed := len(op.Security) > 0; keyed != (len(r.Scopes) > 0) {
			t.Errorf("%s: security %v, scopes %v", name, op.Security, r.Scopes)
		}
		for _, s := range r.Scopes {
			if !strings.Contains(op.Description, string(s)) {
				t.Errorf("%s: the description does not name the scope %s", name, s)
			}
		}
		if len(r.Scopes) > 0 {
			for _, code := range []string{"401", "403", "429", "500", "503"} {
				if op.Responses[code] == nil {
					t.Errorf("%s: no %s", name, code)
				}
			}
		}
		media := []string{}
		if op.RequestBody != nil {
			media = slices.Sorted(maps.Keys(op.RequestBody.Content))
		}
		if want := slices.Sorted(slices.Values(r.Media)); !slices.Equal(media, want) {
			t.Errorf("%s: body %v, want %v", name, media, want)
		}
		idempotent := slices.ContainsFunc(op.Parameters, func(p map[string]any) bool { return p["$ref"] == "#/components/parameters/IdempotencyKey" })
		if idempotent != (!r.Secret && (r.Method == "POST" || r.Method == "PATCH")) {
			t.Errorf("%s: Idempotency-Key documented: %v", name, idempotent)
		}
	}
	for name := range ops {
		t.Errorf("openapi.yaml has %s, which is not served", name)
	}
}

// TestDocumentListsEveryCheckAndRegime: the document's lists are those of compliance.
func TestDocumentListsEveryCheckAndRegime(t *testing.T) {
	t.Parallel()
	var checks, regimes []string
	for _, r := range certificate.Regimes() {
		regimes = append(regimes, r.ID)
	}
	for _, q := range certificate.Regimes()[0].Requirements {
		checks = append(checks, q.ID)
	}
	for _, list := range [][]string{checks, regimes} {
		if enum := "enum: [" + strings.Join(list, ", ") + "]"; !bytes.Contains(httpapi.OpenAPI(), []byte(enum)) {
			t.Errorf("openapi.yaml has no %s", enum)
		}
	}
}
