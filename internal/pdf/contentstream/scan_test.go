package contentstream_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

func TestBalanced(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]bool{
		"":                                    true,
		"q Q":                                 true,
		"q":                                   false,
		"Q":                                   false,
		"Q q":                                 false,
		"q q Q":                               false,
		"q\nBT (q Q \\) \\\\) Tj ET Q":        true,
		"(q)":                                 true,
		"(q":                                  false,
		"(a (nested) q) Tj":                   true,
		"<71> Tj q Q":                         true,
		"<71":                                 false,
		"[(Q) -20 (q)] TJ":                    true,
		"% q\nq Q":                            true,
		"/q gs /Q Do":                         true,
		"BT":                                  false,
		"ET":                                  false,
		"BT /F1 9 Tf ET":                      true,
		"/OC /x BDC EMC":                      true,
		"/OC /x BDC":                          false,
		"EMC":                                 false,
		"/a <</MCID 0>> BDC EMC":              true,
		"/a BMC BX EX EMC":                    true,
		"BI /W 4 ID \nq Q q EI":               true,
		"BI /W 4 ID \nq Q q":                  false,
		"q BI /W 1 ID \nxEIx EI Q":            true,
		"1 0 0 1 0 0 cm 0.5 w -1.5 0 m Qq qQ": true,
		"{q}Q":                                true,
		"[":                                   false,
		"[1 2 (a) <</B[true null]>>] TJ":      true,
		"[ f ]":                               false,
		"[ ] ]":                               false,
		"<<":                                  false,
		"/a << /b [":                          false,
		"/a <</b << 1>>":                      false,
		"<< ] >> [ >> ]":                      false,
		">>":                                  false,
		"<zz(>":                               true,
		"BI /W 1":                             false,
		"BI /W 1 q Q EI":                      false,
	} {
		if got := contentstream.Balanced([]byte(content)); got != want {
			t.Errorf("%q: got %v, want %v", content, got, want)
		}
	}
}

func FuzzBalanced(f *testing.F) {
	f.Add([]byte("q BI ID EI (\\) <a> % \n Q"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if contentstream.Balanced(content) && !contentstream.Balanced(append([]byte("q\n"), append(content, "\nQ"...)...)) {
			t.Error("balanced content is not balanced between q and Q")
		}
	})
}
