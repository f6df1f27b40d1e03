package httpapi_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/translog"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	wrapped := func(err error) error { return fmt.Errorf("deposit env_a: %w", err) }
	for _, tt := range []struct {
		err    error
		status int
		code   string
	}{
		{wrapped(esign.ErrNotFound), 404, "envelope_not_found"},
		{wrapped(&esign.StateError{Verb: esign.VerbSend, Status: esign.StatusVoided}), 409, "state_forbids"},
		{fmt.Errorf("%w: %w", esign.ErrAlreadySigned, &esign.StateError{Verb: esign.VerbVoid, Status: esign.StatusSigned}), 409, "already_signed"},
		{wrapped(&esign.ExternalIDError{ExternalID: "x", EnvelopeID: "env_a"}), 409, "external_id_taken"},
		{wrapped(&esign.NotSignableError{Reason: "encrypted"}), 422, "not_signable"},
		{wrapped(&esign.Refusal{Reason: "too_large"}), 413, "document_refused"},
		{wrapped(&esign.Refusal{Reason: "password"}), 422, "document_refused"},
		{wrapped(validate.Fail("a", "required", "is required")), 422, "invalid"},
		{wrapped(&vault.AlreadyVaultedError{Fields: []string{"regime"}}), 409, "already_vaulted"},
		{wrapped(vault.ErrNotAnOriginal), 409, "not_an_original"},
		{wrapped(vault.ErrAssetHeld), 409, "asset_already_held"},
		{wrapped(vault.ErrReleased), 410, "released"},
		{wrapped(pades.ErrTimestampUnavailable), 503, "timestamp_unavailable"},
		{wrapped(translog.ErrRewound), 503, "log_rewound"},
		{wrapped(esign.ErrDocumentChanged), 412, "document_changed"},
		{fmt.Errorf("read back: %w: %w", storage.ErrUnavailable, storage.ErrDigest), 503, "unavailable"},
		{errors.New("SELECT secret FROM somewhere"), 500, "internal"},
	} {
		status, code, detail := httpapi.Judge(tt.err)
		if status != tt.status || code != tt.code {
			t.Errorf("%v: got %d %s, want %d %s", tt.err, status, code, tt.status, tt.code)
		}
		if strings.Contains(detail, "SELECT") || strings.Contains(detail, "deposit env_a") {
			t.Errorf("%v: the detail is internal: %s", tt.err, detail)
		}
	}
}

// TestEveryProblemIsOnTheDocsPage: the type of a problem document leads there.
func TestEveryProblemIsOnTheDocsPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	page := string(h.do(t, "GET", "/docs", nil, key("")).want(200).Body)
	for _, code := range httpapi.Codes() {
		if !strings.Contains(page, `<tr id="`+code+`">`) {
			t.Errorf("%s is not on the docs page", code)
		}
	}
}

// TestEveryCodeHasARow: the codes that describe and the readers of requests name
// are in the table, with a title.
func TestEveryCodeHasARow(t *testing.T) {
	t.Parallel()
	var files []string
	for _, dir := range []string{".", "internal/rest"} {
		found, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	rows, seen := httpapi.Codes(), 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			code, ok := codeOf(n)
			if !ok {
				return true
			}
			seen++
			if !slices.Contains(rows, code) {
				t.Errorf("%s: no row for the code %q", f, code)
			}
			return true
		})
	}
	if seen < 30 {
		t.Errorf("%d codes found", seen)
	}
}

// codeOf is the code of a problem that n makes without an error of the table.
func codeOf(n ast.Node) (string, bool) {
	var name, value ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		if len(n.Args) > 0 {
			name, value = n.Fun, n.Args[0]
		}
	case *ast.CompositeLit:
		if len(n.Elts) > 0 {
			name, value = n.Type, n.Elts[0]
		}
	}
	if sel, ok := name.(*ast.SelectorExpr); ok {
		name = sel.Sel
	}
	if kv, ok := value.(*ast.KeyValueExpr); ok {
		value = kv.Value
	}
	id, ok := name.(*ast.Ident)
	lit, isLit := value.(*ast.BasicLit)
	if !ok || !isLit || !slices.Contains([]string{"told", "toldOf", "BadRequest", "RequestError"}, id.Name) {
		return "", false
	}
	code, err := strconv.Unquote(lit.Value)
	return code, err == nil
}
