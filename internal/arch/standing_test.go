package arch_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// compared are the functions that compare ids of organizations without asking
// storage/standing, with what the comparison decides. None decides access to an
// envelope or copy.
var compared = map[string]string{
	"vault/custodian.go parties":                     "whether a party is the depositor itself",
	"vault/proven.go asStated":                       "whether a row says what was signed",
	"httpapi/events.go follows":                      "whether it is among those whom standing lets follow",
	"storage/sqlstore/approvals.go TwoKeys":          "an organization's own setting",
	"storage/sqlstore/approvals.go Approvals":        "an organization's own approvals",
	"storage/sqlstore/approvals.go CountApprovals":   "an organization's own approvals",
	"storage/sqlstore/esign.go EnvelopeByExternalID": "external ids are unique for each organization",
	"storage/sqlstore/outbox.go Endpoints":           "an organization's own endpoints",
	"storage/sqlstore/pools.go Pools":                "an organization's own pools",
	"storage/sqlstore/pools.go CountPools":           "an organization's own pools",
	"storage/sqlstore/scopes.go Organization":        "an organization's own row",
	"storage/sqlstore/scopes.go SetOrigins":          "an organization's own row",
	"storage/sqlstore/scopes.go InsertKey":           "an organization's own keys",
	"storage/sqlstore/scopes.go Key":                 "an organization's own keys",
	"storage/sqlstore/scopes.go Keys":                "an organization's own keys",
	"storage/sqlstore/scopes.go EndKey":              "an organization's own keys",
	"storage/sqlstore/templates.go ownTemplates":     "an organization's own templates",
	"storage/sqlstore/vault_offers.go OffersTo":      "an organization's own offers",
	"storage/sqlstore/vault_offers.go CountOffersTo": "an organization's own offers",
}

// The checks of package compliance hold rows against signed statements; they ask
// esign and vault for what they may read.
var evidence = regexp.MustCompile(`^compliance/(certificate/)?[a-z_]+\.go `)

// TestStandingIsAskedInOnePlace: who may read or do what to an envelope or copy is
// storage/standing's to say.
func TestStandingIsAskedInOnePlace(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	walkProduct(t, func(path string, f *ast.File) {
		if strings.HasPrefix(path, "storage/standing/") || strings.HasPrefix(path, "storage/storagetest/") {
			return
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !comparesOrganizations(fn) {
				continue
			}
			name := path + " " + fn.Name.Name
			seen[name] = true
			if compared[name] == "" && !evidence.MatchString(name) {
				t.Errorf("%s compares ids of organizations: ask storage/standing", name)
			}
		}
	})
	for name := range compared {
		if !seen[name] {
			t.Errorf("%s compares no ids of organizations: take it from the list", name)
		}
	}
}

// comparesOrganizations reports whether fn compares the id of an organization, in
// Go or in SQL, with another value than "".
func comparesOrganizations(fn *ast.FuncDecl) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				either := organization(n.X) || organization(n.Y)
				found = found || either && !empty(n.X) && !empty(n.Y)
			}
		case *ast.SwitchStmt:
			found = found || n.Tag != nil && organization(n.Tag)
		case *ast.CallExpr:
			name := calledFunc(n)
			if slices.Contains([]string{"Contains", "Index", "ConstantTimeCompare", "EqualFold", "Compare"}, name) {
				found = found || slices.ContainsFunc(n.Args, organization)
			}
		case *ast.BasicLit:
			text := strings.Join(strings.Fields(literal(n)), " ")
			found = found || strings.Contains(text, "org_id =") || strings.Contains(text, "org_id IN")
		}
		return true
	})
	return found
}

// organization reports whether e is an id of an organization by its name.
func organization(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return strings.HasSuffix(e.Sel.Name, "OrgID") || e.Sel.Name == "Org"
	case *ast.Ident:
		return strings.HasSuffix(strings.ToLower(e.Name), "orgid") || e.Name == "org"
	case *ast.CallExpr:
		return len(e.Args) == 1 && organization(e.Args[0]) // a conversion
	}
	return false
}

func empty(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Value == `""`
}

func calledFunc(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}
