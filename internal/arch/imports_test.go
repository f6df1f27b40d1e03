package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/evaultlib/evault/"

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
}

// packages lists what `go list -deps` knows of this module: our packages with
// their direct imports and everything they link.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps,Standard", "./...")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := map[string]pkg{}
	for d := json.NewDecoder(out); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func under(p string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") })
}

// engines may be linked without SQL library, cloud library, driver or sandbox.
var engines = []string{"esign", "vault", "compliance", "compliance/handover", "scopes"}

// owners says who of ours may import what directly; everyone else may not.
var owners = []struct {
	what  string
	paths []string // import paths of what is guarded
	by    []string // our packages, each with its subpackages
}{
	{"bun", []string{"github.com/uptrace/bun"}, []string{"storage/sqlstore", "storage/embedded", "internal/testdb", "internal/bench", "examples"}},
	{"gocloud", []string{"gocloud.dev"}, []string{"storage/blobstore", "storage/embedded", "internal/testdb", "internal/testworld", "examples"}},
	{"the SQLite driver", []string{"modernc.org/sqlite"}, []string{"storage/sqlite"}},
	{"the validator", []string{"github.com/go-playground/validator/v10"}, []string{"internal/validate"}},
	{"PDF libraries", []string{"github.com/pdfcpu/pdfcpu", "codeberg.org/go-pdf/fpdf", "github.com/boombuler/barcode"}, []string{"internal/pdf", "internal/testpdf", "examples"}},
	{"fonts and shaping", []string{"github.com/go-fonts/dejavu", "github.com/go-text/typesetting"}, []string{"internal/font", "internal/testpdf", "examples"}},
	{"the PDF renderer", []string{"github.com/klippa-app/go-pdfium", "github.com/tetratelabs/wazero"}, []string{"esign/render"}},
	{"the mail library", []string{"github.com/wneessen/go-mail", module + "esign/mail"}, []string{"esign/mail", "examples"}},
	{"net/http", []string{"net/http"}, []string{"httpapi", "esign/pades/tsa", "internal/testpki", "internal/bench", "examples"}},
	{"httpapi", []string{module + "httpapi"}, []string{"httpapi", "internal/bench", "examples"}},
	{"esign", []string{module + "esign"}, []string{"esign", "compliance", "httpapi", "vault", "storage/sqlstore", "storage/embedded", "storage/storagetest", "internal", "examples"}},
	{"vault", []string{module + "vault"}, []string{"vault", "compliance", "httpapi", "storage/sqlstore", "storage/embedded", "storage/storagetest", "internal", "examples"}},
	{"compliance", []string{module + "compliance"}, []string{"compliance", "httpapi", "storage/sqlstore", "storage/embedded", "storage/storagetest", "internal", "examples"}},
	{"handover", []string{module + "compliance/handover"}, []string{"httpapi", "storage/sqlstore", "storage/embedded", "internal", "examples"}},
	{"sqlstore", []string{module + "storage/sqlstore"}, []string{"storage/sqlstore", "storage/embedded", "storage/storagetest", "internal/testdb", "internal/testworld", "internal/bench", "examples"}},
}

func TestOnlyOwnersImport(t *testing.T) {
	t.Parallel()
	for name, p := range packages(t) {
		ours, ok := strings.CutPrefix(name, module)
		if !ok {
			continue
		}
		for _, rule := range owners {
			for _, imp := range p.Imports {
				if under(imp, rule.paths...) && !under(ours, rule.by...) {
					t.Errorf("%s imports %s: only %v may import %s", ours, imp, rule.by, rule.what)
				}
			}
		}
	}
}

func TestVaultAndESignDoNotKnowEachOther(t *testing.T) {
	t.Parallel()
	for name, p := range packages(t) {
		ours := strings.TrimPrefix(name, module)
		for _, imp := range p.Imports {
			imp = strings.TrimPrefix(imp, module)
			if under(ours, "vault") && imp == "esign" {
				t.Errorf("%s imports esign", ours)
			}
			if under(ours, "esign") && under(imp, "vault", "compliance", "scopes") {
				t.Errorf("%s imports %s", ours, imp)
			}
		}
	}
}

func TestEnginesLinkNoBackend(t *testing.T) {
	t.Parallel()
	forbidden := []string{
		"github.com/uptrace/bun", "gocloud.dev", "modernc.org", "github.com/jackc/pgx", "github.com/lib/pq",
		"github.com/tetratelabs/wazero", "github.com/wneessen/go-mail", module + "httpapi", module + "storage/sqlstore",
	}
	all := packages(t)
	for _, e := range engines {
		p, ok := all[module+e]
		if !ok {
			t.Errorf("engine %s is missing", e)
		}
		for _, d := range p.Deps {
			if under(d, forbidden...) {
				t.Errorf("%s links %s", e, d)
			}
		}
	}
}

// TestCustodyLinksNoEngine: who relies on a statement verifies it alone.
func TestCustodyLinksNoEngine(t *testing.T) {
	t.Parallel()
	p, ok := packages(t)[module+"vault/custody"]
	if !ok {
		t.Fatal("vault/custody is missing")
	}
	for _, d := range p.Deps {
		if ours := strings.TrimPrefix(d, module); ours == "vault" || under(ours, "esign", "compliance", "internal/pdf", "internal/validate") {
			t.Errorf("vault/custody links %s", ours)
		}
	}
}

// TestRestKnowsNoEngine: how a request is read and answered does not depend on
// what it asks for.
func TestRestKnowsNoEngine(t *testing.T) {
	t.Parallel()
	p, ok := packages(t)[module+"httpapi/internal/rest"]
	if !ok {
		t.Fatal("httpapi/internal/rest is missing")
	}
	for _, d := range p.Deps {
		if ours := strings.TrimPrefix(d, module); ours != d && under(ours, engines...) {
			t.Errorf("httpapi/internal/rest links %s", ours)
		}
	}
}

// TestCertificateStandsAlone: a relying party links formats, keys and proofs, and
// nothing that acts, stores or draws.
func TestCertificateStandsAlone(t *testing.T) {
	t.Parallel()
	all := packages(t)
	allowed := []string{
		"compliance/certificate", "internal/canonjson", "internal/eventlog", "internal/jws", "internal/environ",
		"storage", "storage/event", "vault/keyring", "vault/translog",
	}
	p, ok := all[module+"compliance/certificate"]
	if !ok {
		t.Fatal("compliance/certificate is missing")
	}
	for _, d := range p.Deps {
		ours, own := strings.CutPrefix(d, module)
		switch {
		case own && !slices.Contains(allowed, ours):
			t.Errorf("compliance/certificate links %s", ours)
		case !own && !all[d].Standard && !under(d, "golang.org/x/mod/sumdb"):
			t.Errorf("compliance/certificate links %s", d)
		case under(d, "database/sql", "net/http", "os/exec"):
			t.Errorf("compliance/certificate links %s", d)
		}
	}
	for _, imp := range all[module+"examples/verify"].Imports {
		if ours, own := strings.CutPrefix(imp, module); own && ours != "compliance/certificate" {
			t.Errorf("examples/verify imports %s, want compliance/certificate alone", ours)
		}
	}
}

// TestStorageContractsUseTheStandardLibraryOnly: internal/environ, which holds the
// defaults of storage.Env, counts as one of its files.
func TestStorageContractsUseTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, d := range append(all[module+"storage"].Deps, all[module+"internal/environ"].Deps...) {
		if !all[d].Standard && d != module+"internal/environ" {
			t.Errorf("storage links %s", d)
		}
	}
}

func TestTopLevel(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Skip("not a git checkout: the top level is checked where there is one")
	}
	allowed := []string{"esign", "vault", "compliance", "scopes", "storage", "httpapi", "examples", "internal", "docs", ".ci"}
	for f := range strings.Lines(string(out)) {
		f = strings.TrimSpace(f)
		dir, _, nested := strings.Cut(f, "/")
		if nested && !slices.Contains(allowed, dir) {
			t.Errorf("%s: %s is no room of this house", f, dir)
		}
		if !nested && path.Ext(f) == ".go" {
			t.Errorf("%s: no package at the root", f)
		}
	}
}
