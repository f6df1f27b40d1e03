package pades_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

// byOthers are fields of [formFile], in the order of the page's widgets, with what other programs fill them in with.
// The value of a list box and of what is empty is left to the forms of [fills].
var byOthers = []struct {
	widget                int
	field, value, reports string
}{
	{0, "Amount", "Größe 42 €", `to "Größe 42 €"`},
	{1, "Name", "Jane Doe", `to "Jane Doe"`},
	{2, "Country", "de", `to "de"`},
	{3, "Agreed", "Yes", `to "Yes"`},
	{5, "Pay", "Card", `to "Card"`},
	{6, "Twice", "x", `to "x"`},
	{8, "Comb", "AB12", `to "AB12"`},
	{9, "Lines", "The buyer pays a lot of money in two parts and then some", `to "The buyer pays`},
	{11, "Party.Buyer", "ACME", `to "ACME"`},
	{13, "City", "Oslo", `to "Oslo"`},
	{15, "Framed", "Jane", `to "Jane"`},
}

// TestFormsFilledByOthers lets MuPDF and iText fill in certified forms of every structure, and wants what they filled
// in named.
func TestFormsFilledByOthers(t *testing.T) {
	testenv.Tools(t)
	dir := t.TempDir()
	ask := pdfsig(t)
	want := map[string]string{} // file → what the report says
	const jars = "/usr/share/java/"
	java := []string{
		"-cp", jars + "itext5.jar" + string(filepath.ListSeparator) + jars + "bcprov.jar",
		filepath.Join("testdata", "Fill.java"),
	}
	originals := map[string][]byte{
		"classic without information": replace(t, formFile(testpdf.Classic, "", nil), "/Info 3 0 R", "/Info null "),
	}
	for _, s := range testpdf.Structures() {
		originals[s.String()] = formFile(s, "", nil)
	}
	for kind, original := range originals {
		raw := certified(t, original, 2)
		from := write(t, dir, kind+".pdf", raw)
		for _, f := range byOthers {
			byMuPDF := write(t, dir, fmt.Sprintf("MuPDF, %s, %s.pdf", kind, f.field), raw)
			tool(t, "mutool", "run", filepath.Join("testdata", "fill.js"), from, byMuPDF, strconv.Itoa(f.widget), f.value)
			want[byMuPDF] = f.reports
			if kind == testpdf.HybridRef.String() {
				continue // iText 5 reads such files as old readers do, and loses the title
			}
			byIText := filepath.Join(dir, fmt.Sprintf("iText, %s, %s.pdf", kind, f.field))
			java = append(java, from, byIText, f.field, f.value)
			want[byIText] = f.reports
		}
	}
	tool(t, "java", java...)
	good := 0
	for _, path := range slices.Sorted(maps.Keys(want)) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := verify(t, raw)
		said := ask(raw)
		if unbroken(r) && r.Signatures[0].ChangesAfter == pades.ChangesFilled &&
			strings.Contains(strings.Join(r.Signatures[0].Changes, "; "), want[path]) && said == "valid" {
			good++
			continue
		}
		t.Errorf("%s: %s; %q; pdfsig %s", filepath.Base(path), problems(r), r.Signatures[0].Changes, said)
	}
	t.Logf("%d of %d forms found filled in", good, len(want))
}

// TestPdfsigOnFilledForms asks pdfsig about the intact forms and, for the record, about the attacks.
func TestPdfsigOnFilledForms(t *testing.T) {
	testenv.Tools(t)
	ask := pdfsig(t)
	intact, passes := 0, 0
	for name, raw := range filledCorpus(t) {
		if said := ask(raw); said != "valid" {
			t.Errorf("%s: pdfsig says %s", name, said)
		}
		intact++
	}
	attacks := formAttacks(t, testpdf.Classic)
	for _, raw := range attacks {
		if ask(raw) == "valid" {
			passes++
		}
	}
	t.Logf(
		"pdfsig finds all of %d filled forms valid, and %d of %d attacks; Verify none (TestFormAttacks)", intact, passes,
		len(attacks),
	)
}
