package accept_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"
	"gopkg.in/yaml.v3"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/scopes"
)

// mounts puts one handler on each router, below its base path.
var mounts = map[string]func(api http.Handler) http.Handler{
	"net/http": func(api http.Handler) http.Handler {
		m := http.NewServeMux()
		m.Handle("/api/v2/", api)
		return m
	},
	"chi": func(api http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount("/api/v2", api)
		return r
	},
	"gorilla/mux": func(api http.Handler) http.Handler {
		r := mux.NewRouter()
		r.PathPrefix("/api/v2/").Handler(api)
		return r
	},
	"echo": func(api http.Handler) http.Handler {
		e := echo.New()
		e.Any("/api/v2/*", echo.WrapHandler(api))
		return e
	},
	"gin": func(api http.Handler) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		g := gin.New()
		g.Any("/api/v2/*rest", gin.WrapH(api))
		return g
	},
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// documented lists method and path of everything that openapi.yaml names.
func documented(t *testing.T) [][2]string {
	t.Helper()
	raw, err := os.ReadFile("../../httpapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var all [][2]string
	for path, methods := range doc.Paths {
		for m := range methods {
			switch m {
			case "get", "post", "patch", "put", "delete":
				all = append(all, [2]string{strings.ToUpper(m), parameter.ReplaceAllString(path, "x_1")})
			}
		}
	}
	if len(all) < 30 {
		t.Fatalf("openapi.yaml names only %d operations", len(all))
	}
	return all
}

func TestEveryRouterAnswersTheWholeTable(t *testing.T) {
	t.Parallel()
	v, api := inProcess(t)
	_, secret, err := v.Scopes.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All(), PerMinute: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	routes := documented(t)
	for name, mount := range mounts {
		t.Run(name, func(t *testing.T) {
			h := mount(api)
			for _, r := range routes {
				for _, key := range []string{"", secret} {
					got, want := ask(h, r, key), ask(api, r, key)
					if got != want {
						t.Errorf("%s %s: %s, the bare handler says %s", r[0], r[1], got, want)
					}
				}
			}
			made := httptest.NewRecorder()
			req := httptest.NewRequest(http.MethodPost, "/api/v2/partner/envelopes", strings.NewReader(`{"envelope_kind":"paper","customer_email":"a@example.com","customer_name":"A"}`))
			req.Header.Set("X-API-Key", secret)
			req.Header.Set("Content-Type", "application/json")
			h.ServeHTTP(made, req)
			if made.Code != http.StatusCreated {
				t.Fatalf("create: %d %s", made.Code, made.Body)
			}
			loc := strings.TrimPrefix(made.Header().Get("Location"), "http://sign.test")
			if got := ask(h, [2]string{http.MethodGet, strings.TrimPrefix(loc, "/api/v2")}, secret); !strings.HasPrefix(got, "200") {
				t.Errorf("GET %s: %s", loc, got)
			}
		})
	}
}

// ask returns what must be the same on every router: status, type of the
// answer and Allow.
func ask(h http.Handler, route [2]string, key string) string {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(route[0], "/api/v2"+route[1], nil)
	if key != "" {
		r.Header.Set("X-API-Key", key)
	}
	h.ServeHTTP(w, r)
	return fmt.Sprint(w.Code, " ", w.Header().Get("Content-Type"), " ", w.Header().Get("Allow"))
}

var _ http.Handler = (*httpapi.API)(nil)
