package acroform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

// signedField is a file with one signed field; what it signs does not matter here.
func signedField(t *testing.T, field, sig string) *pdf.Document {
	t.Helper()
	return pdftest.Open(t, testpdf.New(testpdf.Options{Catalog: "/AcroForm<</Fields[30 0 R]>>", Objects: map[int]string{
		30: "<</FT/Sig/T(S)/V 31 0 R" + field + ">>", 31: "<</Type/Sig" + sig + ">>",
	}}))
}

// TestLocks: what a signature freezes, and whether the file can carry a further signature after it.
func TestLocks(t *testing.T) {
	t.Parallel()
	mdp := func(method, parms string) string {
		return fmt.Sprintf("/Reference[<</TransformMethod/%s/TransformParams<<%s>>>>]", method, parms)
	}
	many := "/Action/Exclude/Fields[" + strings.Repeat("(a)", 20_000) + "]"
	for name, tc := range map[string]struct {
		field, sig string
		locked     string // of the fields a, a.b, a.bc, ab and •, and of a and c when they are new
		final      bool
		blocked    string
	}{
		"nothing":         {},
		"include":         {sig: mdp("FieldMDP", "/Action/Include/Fields[(a)]"), locked: "a a.b a.bc +a"},
		"include a child": {sig: mdp("FieldMDP", "/Action/Include/Fields[(a.b)]"), locked: "a.b"},
		"include nothing": {sig: mdp("FieldMDP", "/Action/Include/Fields[]")},
		"exclude":         {sig: mdp("FieldMDP", "/Action/Exclude/Fields[(a.b)(ab)]"), locked: "a a.bc •"},
		"exclude nothing": {sig: mdp("FieldMDP", "/Action/Exclude/Fields[]"), locked: "a a.b a.bc ab •"},
		"all":             {sig: mdp("FieldMDP", "/Action/All"), locked: "a a.b a.bc ab •", blocked: pdf.BlockLocked},
		"no action":       {sig: mdp("FieldMDP", ""), locked: "a a.b a.bc ab •", blocked: pdf.BlockLocked},
		"no fields":       {sig: mdp("FieldMDP", "/Action/Include"), locked: "a a.b a.bc ab •", blocked: pdf.BlockLocked},
		"fields of no name": {
			sig: mdp("FieldMDP", "/Action/Exclude/Fields[/a]"), locked: "a a.b a.bc ab •", blocked: pdf.BlockLocked,
		},
		"too many fields":    {sig: mdp("FieldMDP", many), locked: "a a.b a.bc ab •", blocked: pdf.BlockLocked},
		"PDFDocEncoding":     {sig: mdp("FieldMDP", "/Action/Include/Fields[(\\200)]"), locked: "•"},
		"UTF-16":             {sig: mdp("FieldMDP", "/Action/Include/Fields[<FEFF2022>]"), locked: "•"},
		"field include":      {field: "/Lock<</Action/Include/Fields[(ab)]>>", locked: "ab"},
		"field all":          {field: "/Lock<</Action/All>>", locked: "a a.b a.bc ab •", blocked: pdf.BlockLocked},
		"field P=1":          {field: "/Lock<</Action/Include/Fields[]/P 1>>", final: true, blocked: pdf.BlockLocked},
		"field P=2":          {field: "/Lock<</Action/Include/Fields[]/P 2>>"},
		"field P of no kind": {field: "/Lock<</Action/Include/Fields[]/P(2)>>", final: true, blocked: pdf.BlockLocked},
		"lock is no lock":    {field: "/Lock(x)", locked: "a a.b a.bc ab •", final: true, blocked: pdf.BlockLocked},
		"both": {
			field: "/Lock<</Action/Include/Fields[(ab)]>>", sig: mdp("FieldMDP", "/Action/Include/Fields[(a.b)]"),
			locked: "a.b ab",
		},
		"certified P=1":   {sig: mdp("DocMDP", "/P 1"), blocked: pdf.BlockCertified},
		"certified P=2":   {sig: mdp("DocMDP", "/P 2")},
		"certified, no P": {sig: mdp("DocMDP", "")},
		"certified P=1.0": {sig: mdp("DocMDP", "/P 1.0"), blocked: pdf.BlockCertified},
		"too many references": {
			sig: "/Reference[" + strings.Repeat("<<>>", 20) + "]", locked: "a a.b a.bc ab •", blocked: pdf.BlockCertified,
		},
	} {
		d := signedField(t, tc.field, tc.sig)
		fields, err := acroform.SignatureFields(d)
		if err != nil || len(fields) != 1 {
			t.Fatalf("%s: %d fields, %v", name, len(fields), err)
		}
		locks, final := acroform.Locks(d, fields[0])
		var locked []string
		for _, f := range []string{"a", "a.b", "a.bc", "ab", "•", "+a", "+c"} {
			field, added := strings.CutPrefix(f, "+")
			if slices.ContainsFunc(locks, func(l acroform.Lock) bool { return l.Covers(field, added) }) {
				locked = append(locked, f)
			}
		}
		if got := strings.Join(locked, " "); got != tc.locked || final != tc.final {
			t.Errorf("%s: locks %q, final %v, want %q, %v", name, got, final, tc.locked, tc.final)
		}
		if got := acroform.Extendable(d); got != tc.blocked {
			t.Errorf("%s: blocked %q, want %q", name, got, tc.blocked)
		}
	}
}
