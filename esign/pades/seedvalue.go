package pades

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
)

// maxSeedItems bounds the lists in seed values.
const maxSeedItems = 1000

// seedValues judges what the author of a field asks of the signature in it (ISO 32000-2 §12.7.5.5 table 237).
type seedValues struct {
	d    *pdf.Document
	s    *Sealer
	r    SealRequest
	lock pdf.Dict
}

// seedValue is one entry. Its check says why a seal would not do as the entry asks, or "".
type seedValue struct {
	entry pdf.Name
	check func(c *seedValues, o pdf.Object) string
}

// required are the entries that bind where their bit of /Ff is set, in the order of the bits. The others are recommendations.
var required = []seedValue{
	{"Filter", (*seedValues).filter},
	{"SubFilter", (*seedValues).subFilter},
	{"V", (*seedValues).version},
	{"Reasons", (*seedValues).reasons},
	{"LegalAttestation", (*seedValues).never},
	{"AddRevInfo", (*seedValues).addRevInfo},
	{"DigestMethod", (*seedValues).digestMethod},
	{"LockDocument", (*seedValues).lockDocument},
	{"AppearanceFilter", (*seedValues).never},
}

// always are the entries that bind whatever /Ff says, or have flags of their own.
var always = []seedValue{
	{"MDP", (*seedValues).mdp},
	{"TimeStamp", (*seedValues).timeStamp},
	{"Cert", (*seedValues).cert},
}

const malformed = "is malformed"

// checkSeedValues refuses a seal that the seed values of its field forbid, by a *FieldError that names the entry.
func (s *Sealer) checkSeedValues(d *pdf.Document, field *pdf.SignatureField, r SealRequest, lock pdf.Dict) error {
	if field == nil || field.Dict["SV"] == nil {
		return nil
	}
	c := &seedValues{d: d, s: s, r: r, lock: lock}
	if why := c.all(field.Dict["SV"]); why != "" {
		return &FieldError{r.Field, why}
	}
	return nil
}

func (c *seedValues) all(o pdf.Object) string {
	sv, err := c.d.Dict(o)
	if err != nil || sv == nil {
		return "the seed value dictionary " + malformed
	}
	if why := c.flagged(sv, required, "seed value"); why != "" {
		return why
	}
	for _, e := range always {
		if sv[e.entry] == nil {
			continue
		}
		if why := e.check(c, sv[e.entry]); why != "" {
			return "seed value /" + string(e.entry) + " " + why
		}
	}
	return ""
}

// flagged checks the entries of a dictionary whose bit in its /Ff is set.
func (c *seedValues) flagged(dict pdf.Dict, entries []seedValue, what string) string {
	var flags int64
	if dict["Ff"] != nil {
		n, ok := c.d.Int(dict["Ff"])
		if !ok || n < 0 {
			return what + " /Ff " + malformed
		}
		flags = n
	}
	if bits.Len64(uint64(flags)) > len(entries) {
		return what + " /Ff requires what is not known"
	}
	for i, e := range entries {
		if flags&(1<<i) == 0 {
			continue
		}
		o, err := c.d.Resolve(dict[e.entry])
		if err != nil {
			return what + " /" + string(e.entry) + " " + malformed
		}
		if o == nil && e.entry != "Reasons" { // no reasons are a rule, too
			continue
		}
		if why := e.check(c, o); why != "" {
			return what + " /" + string(e.entry) + " " + why
		}
	}
	return ""
}

// never is for what no seal of ours has.
func (c *seedValues) never(pdf.Object) string { return "asks for what is not made" }

func (c *seedValues) filter(o pdf.Object) string {
	if o != pdf.Object(filterPPKLite) {
		return "asks for another signature handler"
	}
	return ""
}

func (c *seedValues) subFilter(o pdf.Object) string {
	names, ok := c.names(o)
	switch {
	case !ok:
		return malformed
	case !slices.Contains(names, subFilterCAdES):
		return "asks for another encoding than " + subFilterCAdES
	}
	return ""
}

// seedVersion is the newest set of entries that is known here: that of PDF 2.0.
const seedVersion = 3

func (c *seedValues) version(o pdf.Object) string {
	v, ok := pdf.Number(o)
	switch {
	case !ok:
		return malformed
	case v > seedVersion:
		return "asks for a newer reader"
	}
	return ""
}

func (c *seedValues) reasons(o pdf.Object) string {
	var reasons []string
	if o != nil {
		var ok bool
		if reasons, ok = c.strings(o); !ok {
			return malformed
		}
	}
	none := len(reasons) == 0 || (len(reasons) == 1 && reasons[0] == ".")
	switch {
	case none && c.r.Reason != "":
		return "forbids a reason"
	case !none && !slices.Contains(reasons, c.r.Reason):
		return "does not list the reason"
	}
	return ""
}

// addRevInfo: what is asked for belongs into the signature value (table 237, NOTE 2). A PAdES signature has it in the
// document security store, after the signature.
func (c *seedValues) addRevInfo(o pdf.Object) string {
	add, ok := o.(bool)
	switch {
	case !ok:
		return malformed
	case add:
		return "asks for revocation data inside the signature"
	}
	return ""
}

func (c *seedValues) digestMethod(o pdf.Object) string {
	names, ok := c.names(o)
	if !ok {
		if names, ok = c.strings(o); !ok { // some write strings
			return malformed
		}
	}
	ours := string(c.s.alg.digestName())
	for _, n := range names {
		if strings.EqualFold(strings.ReplaceAll(n, "-", ""), ours) {
			return ""
		}
	}
	return "does not list " + ours
}

func (c *seedValues) lockDocument(o pdf.Object) string {
	final := c.lock["P"] == pdf.Object(int64(1))
	switch o {
	case pdf.Object(pdf.Name("true")), true:
		if !final {
			return "asks for a lock of the document"
		}
	case pdf.Object(pdf.Name("false")), false:
		if final {
			return "forbids a lock of the document"
		}
	case pdf.Object(pdf.Name("auto")):
	default:
		return malformed
	}
	return ""
}

func (c *seedValues) mdp(o pdf.Object) string {
	dict, err := c.d.Dict(o)
	if err != nil || dict == nil {
		return malformed
	}
	if dict["P"] == nil {
		return ""
	}
	p, ok := c.d.Int(dict["P"])
	switch {
	case !ok || p < 0 || p > 3:
		return malformed
	case p == 0 && c.r.Certify != 0:
		return "asks for an approval signature"
	case p != int64(c.r.Certify):
		return fmt.Sprintf("asks for a certification with P=%d", p)
	}
	return ""
}

func (c *seedValues) timeStamp(o pdf.Object) string {
	dict, err := c.d.Dict(o)
	if err != nil || dict == nil {
		return malformed
	}
	if dict["Ff"] == nil {
		return ""
	}
	must, ok := c.d.Int(dict["Ff"])
	switch {
	case !ok:
		return malformed
	case must != 0 && c.s.stamper == nil:
		return "asks for a time-stamp"
	}
	return ""
}

// items returns a list of strings or names, as the kind K says.
func items[K interface{ pdf.Name | pdf.String }](c *seedValues, o pdf.Object) ([]K, bool) {
	list, err := c.d.Array(o)
	if err != nil || list == nil || len(list) > maxSeedItems {
		return nil, false
	}
	out := make([]K, len(list))
	for i, item := range list {
		direct, err := c.d.Resolve(item)
		k, ok := direct.(K)
		if err != nil || !ok {
			return nil, false
		}
		out[i] = k
	}
	return out, true
}

func (c *seedValues) names(o pdf.Object) ([]string, bool) {
	list, ok := items[pdf.Name](c, o)
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = string(n)
	}
	return out, ok
}

// strings returns a list of text strings.
func (c *seedValues) strings(o pdf.Object) ([]string, bool) {
	list, ok := items[pdf.String](c, o)
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Text()
	}
	return out, ok
}
