package pades_test

import (
	"bytes"
	"compress/lzw"
	"fmt"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/rawpdf"
)

// misreadings are fillings whose value is there in the appearance, but not as people read it.
func misreadings(t testing.TB, kind string) map[string][]byte {
	out := map[string][]byte{}
	raw := certified(t, formFile(kind, "", nil), 2)
	for name, tc := range map[string]struct{ value, content string }{
		"last digits clipped":         {"2500000", "q 0 0 36 20 re W n BT /Helv 12 Tf 0 g 2 6 Td (2500000) Tj ET Q"},
		"minus sign clipped":          {"-500", "q 5 0 100 20 re W n BT /Helv 12 Tf 0 g 2.1 6 Td (-500) Tj ET Q"},
		"upper half clipped":          {"7000", "q 0 0 100 11 re W n BT /Helv 12 Tf 0 g 2 6 Td (7000) Tj ET Q"},
		"lower half clipped":          {"8000", "q 0 10 100 10 re W n BT /Helv 12 Tf 0 g 2 6.1 Td (8000) Tj ET Q"},
		"a part too small to be read": {"2500000", "BT /Helv 12 Tf 0 g 2 6 Td (25) Tj /Helv 2 Tf (00000) Tj ET"},
		"a word too small to be read": {"does not agree", "BT /Helv 12 Tf 0 g 2 6 Td (does ) Tj /Helv 2 Tf (not ) Tj /Helv 12 Tf (agree) Tj ET"},
		"all too small to be read":    {"2500", "BT /Helv 2 Tf 0 g 2 6 Td (2500) Tj ET"},
		"out of order by odd numbers": {"1009", "BT /Helv 12 Tf 0 g 60 6 Td [(100) 50-00 (9)] TJ ET"},
		"out of order by signs":       {"1009", "BT /Helv 12 Tf 0 g 60 6 Td [(100) +-5000 (9)] TJ ET"},
		"one sign over another":       {"-8", "BT /Helv 12 Tf 0 g -1.8 Tc 2 6 Td [(-) 130 (8)] TJ ET"},
		"kerned back step by step":    {"1009", "BT /Helv 12 Tf 0 g 20 6 Td [(100) 200 200 200 200 (9)] TJ ET"},
		"a gap that the value lacks":  {"11/2", "BT /Helv 12 Tf 0 g 2 6 Td (1) Tj 10 0 Td (1/2) Tj ET"},
		"a gap of the value missing":  {"1 1/2", "BT /Helv 12 Tf 0 g 2 6 Td (11/2) Tj ET"},
		"a gap elsewhere":             {"11/2 of it", "BT /Helv 12 Tf 0 g 2 6 Td (1) Tj 10 0 Td (1/2 of it) Tj ET"},
		"one line over another":       {"The buyer pays nothing", "BT /Helv 8 Tf 0 g 2 4 Td (The ) Tj 30 2.6 Td (buyer ) Tj 30 2.6 Td (pays) Tj -60 -4.5 Td (nothing) Tj ET"},
	} {
		out["reads "+name] = increment(t, raw, func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String(tc.value), "AP": pdf.Dict{"N": formLook(u, tc.content)}})
		})
	}
	out["appearance taken away"] = increment(t, raw, func(u *pdf.Update) { put(t, u, theAmount, pdf.Dict{"AP": nil}) })
	out["value without the appearance that was there"] = increment(t, raw, func(u *pdf.Update) { put(t, u, theAmount, pdf.Dict{"V": pdf.String("9"), "AP": nil}) })
	out["appearance in a code of two readings"] = increment(t, raw, func(u *pdf.Update) {
		var b bytes.Buffer
		w := lzw.NewWriter(&b, lzw.MSB, 8)
		fmt.Fprint(w, amountLook("2500"))
		_ = w.Close()
		put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, b.String(), func(d pdf.Dict) {
			d["Filter"], d["DecodeParms"] = pdf.Name("LZWDecode"), pdf.Dict{"EarlyChange": u.Add(int64(0))}
		})}})
	})
	prepared := func(more map[int]string) []byte { return certified(t, formFile(kind, "", more), 2) }
	dark := prepared(map[int]string{theAmount: "/MK<</BG[0 0 .5]>>/DA(/Helv 12 Tf 1 g)"})
	out["light text without its dark background"] = increment(t, dark, func(u *pdf.Update) {
		put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, "BT /Helv 12 Tf 1 g 2 6 Td (2500) Tj ET")}})
	})
	out["choice whose place is another"] = increment(t, prepared(map[int]string{theCountry: "/V(us)/I[0]"}), func(u *pdf.Update) {
		put(t, u, theCountry, pdf.Dict{"V": pdf.String("de")})
	})
	if kind == rawpdf.Classic {
		symbols := bytes.Replace(formFile(kind, "", nil), []byte("/Helvetica/Encoding/Win"), []byte("/Wingdings/Encoding/Win"), 1)
		out["letters of a font of symbols"] = increment(t, certified(t, symbols, 2), fills(t)["text"].do)
	}
	return out
}
