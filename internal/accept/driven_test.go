package accept_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// driven is what the validated clients of this run have asked and were answered.
var driven = &answers{seen: map[string]bool{}}

type answers struct {
	mu   sync.Mutex
	seen map[string]bool // "GET /path 200"
}

func (a *answers) saw(method, path string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[fmt.Sprintf("%s %s %d", method, path, status)] = true
}

// outOfReach are refusals that need a fault or a setting inside the server; the
// tests of the engines make it.
var outOfReach = map[string]bool{
	"GET /partner/envelopes/{id}/vault/certificate 409":        true, // the log is late
	"GET /partner/envelopes/{id}/vault/custody-record.pdf 409": true, // likewise
	"GET /partner/envelopes/{id}/vault/copy/signed-url 409":    true, // a file that cannot be marked
	"GET /partner/envelopes/{id}/vault/signed-url 409":         true, // the host hands nothing out
	"PATCH /partner/webhook 409":                               true, // a request with the same key is still running
	"POST /partner/receiving-codes 409":                        true, // likewise
	"POST /partner/envelopes/{id}/holds 409":                   true, // likewise
	"POST /partner/pools 409":                                  true, // likewise
	"POST /partner/pools/{id}/items 409":                       true, // likewise
	"POST /partner/templates 409":                              true, // likewise
	"POST /partner/templates/{id}/fields 409":                  true, // likewise
	"GET /partner/templates 404":                               true, // the host has no templates
	"POST /partner/templates 404":                              true, // likewise
	"POST /partner/envelopes/{id}/send 422":                    true, // the sealing certificate has expired
}

// missing lists what openapi.yaml promises and nobody was answered: a success of
// each operation, and 401, 403, 404, 409 and 422 where a key is asked for.
func (a *answers) missing() ([]string, error) {
	raw, err := os.ReadFile("../../httpapi/openapi.yaml")
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]any `yaml:"responses"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	var list []string
	for path, operations := range doc.Paths {
		for method, o := range operations {
			for status := range o.Responses {
				n, err := strconv.Atoi(status)
				if err != nil {
					return nil, fmt.Errorf("%s %s: %w", method, path, err)
				}
				what := fmt.Sprintf("%s %s %d", strings.ToUpper(method), path, n)
				keyed := strings.HasPrefix(path, "/partner/") || path == "/embed/token"
				if (n == 200 || n == 201 || keyed && slices.Contains([]int{401, 403, 404, 409, 422}, n)) && !a.seen[what] && !outOfReach[what] {
					list = append(list, what)
				}
			}
		}
	}
	slices.Sort(list)
	return list, nil
}

// whole reports whether every test of this package was to run.
func whole() bool {
	return os.Getenv("EVAULT_POSTGRES") != "" && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.bench").Value.String() == ""
}
