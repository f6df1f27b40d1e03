package pades_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// containerAttack overwrites an appearance in which another object stood, compressed: the border of a field.
func containerAttack(t testing.TB) []byte {
	const container, packed, xref = 90, 91, 92
	raw := formFile(
		testpdf.XRefStreams, "",
		map[int]string{theCountry: fmt.Sprintf("/AP<</N %d 0 R>>", container), theList: fmt.Sprintf("/BS %d 0 R", packed)},
	)
	head := fmt.Sprintf("%d 0 ", packed)
	body := head + "<</W 3/S/S>>"
	at := len(raw)
	raw = fmt.Appendf(
		raw, "%d 0 obj\n<</Type/ObjStm/N 1/First %d/Length %d>>\nstream\n%s\nendstream\nendobj\n", container, len(head),
		len(body), body,
	)
	end := len(raw)
	row := func(kind byte, n, i int) []byte {
		return []byte{kind, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), byte(i)}
	}
	rows := slices.Concat(row(1, at, 0), row(2, container, 0), row(1, end, 0))
	prev := bytes.LastIndex(raw, []byte("startxref"))
	raw = fmt.Appendf(raw, "%d 0 obj\n<</Type/XRef/Size %d/W[1 4 1]/Index[%d 3]/Root 1 0 R/Info 3 0 R/Prev %s/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		xref, xref+1, container, strings.Fields(string(raw[prev:]))[1], len(rows), rows, end)
	return increment(t, certified(t, raw, 2), func(u *pdf.Update) {
		put(t, u, theCountry, pdf.Dict{"V": pdf.String("de")})
		formLookAt(u, container, amountLook("Germany"))
	})
}

// permissionAttacks fill in right what no signature lets fill in.
func permissionAttacks(t testing.TB, kind testpdf.Structure) map[string][]byte {
	raw, fill := formFile(kind, "", nil), fills(t)
	good := sealer(t, pki().Seal)
	evil, err := testpki.SelfSigned("Test Vault Seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	stranger := seal(t, sealer(t, evil), raw, func(r *pades.SealRequest) { r.Certify = 2 })
	docMDP := func(p pdf.Object) pdf.Dict {
		return pdf.Dict{
			"Reference": pdf.Array{pdf.Dict{"TransformMethod": pdf.Name("DocMDP"), "TransformParams": pdf.Dict{"P": p}}},
		}
	}
	by := func(raw []byte, certify bool, sig pdf.Dict) []byte {
		return foreign{id: pki().RSA(), subFilter: pkcs7Sub, certify: certify, sig: sig}.sign(t, raw)
	}
	twice := docMDP(int64(3))
	twice["Reference"] = append(twice["Reference"].(pdf.Array), docMDP(int64(1))["Reference"].(pdf.Array)...)
	out := map[string][]byte{}
	for name, signed := range map[string][]byte{
		"not certified":                          seal(t, good, raw),
		"not certified, two seals":               seal(t, good, seal(t, good, raw)),
		"certified P=1":                          certified(t, raw, 1),
		"certified by a stranger":                stranger,
		"certified by a stranger, then sealed":   seal(t, good, stranger),
		"certified P=2, broken":                  replace(t, certified(t, raw, 2), "pay 1000 USD", "pay 9000 USD"),
		"certification not named in the catalog": by(raw, false, docMDP(int64(2))),
		"certification that is not the first":    by(seal(t, good, raw), true, docMDP(int64(2))),
		"certified P=0":                          by(raw, true, docMDP(int64(0))),
		"certified P=4":                          by(raw, true, docMDP(int64(4))),
		"certified P of another kind":            by(raw, true, docMDP(pdf.String("2"))),
		"certified P=3 and P=1":                  by(raw, true, twice),
	} {
		for _, f := range []string{"text", "check box"} {
			out[name+", "+f+" filled"] = increment(t, signed, fill[f].do)
		}
	}
	out["filled between a certification by a stranger and a seal"] = seal(t, good, increment(t, stranger, fill["text"].do))
	for name, l := range lockings(t) {
		out["locked by "+name] = increment(t, l.raw, fill[l.forbid].do)
		out["locked by "+name+
			", then sealed"] = foreign{id: pki().Seal, subFilter: pkcs7Sub, field: pdf.Dict{"T": pdf.String("Third")}}.sign(
			t, out["locked by "+name],
		)
		if bytes.Contains(l.raw, []byte("/FieldMDP")) && !strings.Contains(name, "Include") &&
			!strings.Contains(name, "certification with FieldMDP") {
			out["signed in a field locked by "+
				name] = foreign{id: pki().Seal, subFilter: pkcs7Sub, existing: pdf.Ref{Num: theSigField}}.sign(
				t, l.raw,
			)
		}
	}
	return out
}

// TestFormAttacks: no change of a form is called valid. One that only fills in fields is "filled", any other
// "suspicious".
func TestFormAttacks(t *testing.T) {
	t.Parallel()
	for _, kind := range testpdf.Structures() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			for after, attacks := range map[string]map[string][]byte{
				pades.ChangesSuspicious: merged(drawnBeyond(t, kind), fieldAttacks(t, kind), formOfAnother(t, kind)),
				pades.ChangesFilled:     merged(oddFillings(t, kind), permissionAttacks(t, kind)),
			} {
				for name, raw := range attacks {
					want := after
					switch {
					case strings.HasPrefix(name, "signed in a field locked"):
						want = pades.ChangesSuspicious
					case strings.Contains(name, "object stream"):
						want = pades.ChangesUnknown
					}
					r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
					switch {
					case err != nil:
						t.Errorf("%q: %v", name, err)
					case r.OK():
						t.Errorf("%q was taken for valid: %s", name, problems(r))
					case !slices.ContainsFunc(r.Signatures, func(s pades.SignatureReport) bool { return s.ChangesAfter == want }):
						t.Errorf("%q is not %s: %s", name, want, problems(r))
					}
				}
				t.Logf("%d %s", len(attacks), after)
			}
		})
	}
}

// TestFillingThatIsForbidden: a form that was filled in where a certification or a lock forbids it is "filled" like any
// other, and the problem says who forbids it.
func TestFillingThatIsForbidden(t *testing.T) {
	t.Parallel()
	n := 0
	for name, raw := range permissionAttacks(t, testpdf.Classic) {
		says := ""
		switch {
		case strings.HasPrefix(name, "locked by ") && !strings.Contains(name, ", then sealed"):
			says = "locks"
		case strings.HasPrefix(name, "certified P=1,"), strings.HasPrefix(name, "certified P=0"),
			strings.HasPrefix(name, "certified P=4"):
			says = "forbids"
		case strings.HasPrefix(name, "not certified"), strings.HasPrefix(name, "certification not named"):
		default:
			continue
		}
		n++
		r := verify(t, raw)
		found := slices.ContainsFunc(r.Signatures, func(s pades.SignatureReport) bool {
			return s.ChangesAfter == pades.ChangesFilled && (s.Problem != "") == (says != "") &&
				(strings.Contains(s.Problem, says) || strings.Contains(s.Problem, "forbids"))
		})
		if says == "" {
			found = unbroken(r)
		}
		if !found {
			t.Errorf("%s: %s, want filled, %q", name, problems(r), says)
		}
	}
	if n < 20 {
		t.Errorf("only %d files", n)
	}
}

// unbroken reports whether all signatures are valid and trusted and nothing is wrong with them; forms may have been
// filled in.
func unbroken(r *pades.Report) bool {
	for _, s := range r.Signatures {
		if s.Integrity != pades.IntegrityValid || s.Trust != pades.TrustTrusted || s.Problem != "" ||
			s.ChangesAfter == pades.ChangesSuspicious || s.ChangesAfter == pades.ChangesUnknown {
			return false
		}
	}
	return r.Problem == "" && len(r.Signatures) > 0
}

func merged(maps ...map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}
