package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/rawpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// Bits of /Ff (ISO 32000-2 tables 237 and 238).
const (
	ffFilter, ffSubFilter, ffV, ffReasons, ffLegal, ffRevInfo, ffDigest, ffLock, ffAppearance = 1, 2, 4, 8, 16, 32, 64, 128, 256

	ffSubject, ffIssuer, ffOID, ffSubjectDN, ffReserved, ffKeyUsage, ffURL = 1, 2, 4, 8, 16, 32, 64
)

// seedCase seals in a field with seed values. want is "" where it can, else words of the refusal.
type seedCase struct {
	sv, entries, want string
	s                 *pades.Sealer
	change            func(*pades.SealRequest)
}

func (tc seedCase) try(t *testing.T, name string) {
	t.Helper()
	r := pades.SealRequest{PDF: withField(rawpdf.Classic, "", "/SV "+tc.sv+tc.entries), Field: buyer, Reason: "I agree"}
	if tc.change != nil {
		tc.change(&r)
	}
	if tc.s == nil {
		tc.s = sealer(t, pki().RSA())
	}
	got, err := tc.s.Seal(context.Background(), r)
	var refusal *pades.FieldError
	switch {
	case tc.want == "" && err != nil:
		t.Errorf("%s: %.90s: %v", name, tc.sv, err)
	case tc.want == "":
		report, err := pades.Verify(context.Background(), append(bytes.Clone(r.PDF), got.Appended...), pades.Options{
			Roots: pki().Roots(), Intermediates: []*x509.Certificate{pki().CA},
		})
		if err != nil || !report.OK() {
			t.Errorf("%s: %v, %s", name, err, problems(report))
		}
	case !errors.As(err, &refusal) || refusal.Field != buyer || !strings.Contains(refusal.Reason, tc.want):
		t.Errorf("%s: %.90s: got %v, want a *FieldError with %q", name, tc.sv, err, tc.want)
	}
}

// TestSeedValues: what the author of a field requires is kept, or refused by name; what is only recommended is not asked.
func TestSeedValues(t *testing.T) {
	t.Parallel()
	sv := func(flags int, entries string) string { return fmt.Sprintf("<</Type/SV/Ff %d%s>>", flags, entries) }
	reason := func(s string) func(*pades.SealRequest) { return func(r *pades.SealRequest) { r.Reason = s } }
	certify := func(p int) func(*pades.SealRequest) { return func(r *pades.SealRequest) { r.Certify = p } }
	const locked = "/Lock<</Action/Include/Fields[]/P 1>>"
	for name, tc := range map[string]seedCase{
		"nothing":                       {sv: "<<>>"},
		"no dictionary":                 {sv: "[]", want: "dictionary"},
		"flags are no number":           {sv: "<</Ff/x>>", want: "/Ff"},
		"negative flags":                {sv: "<</Ff -1>>", want: "/Ff"},
		"unknown flag":                  {sv: "<</Ff 512>>", want: "/Ff"},
		"entries not there":             {sv: sv(ffFilter|ffSubFilter|ffV|ffLegal|ffRevInfo|ffDigest|ffLock|ffAppearance, "")},
		"all recommended":               {sv: sv(0, "/Filter/Other/SubFilter[/x]/V 9/Reasons[(No)]/LegalAttestation[(x)]/AddRevInfo true/DigestMethod[/SHA1]/LockDocument/true/AppearanceFilter(x)/TimeStamp<</URL(http://tsa.example)>>/Cert<</Subject[()]>>")},
		"handler":                       {sv: sv(ffFilter, "/Filter/Adobe.PPKLite")},
		"another handler":               {sv: sv(ffFilter, "/Filter/Entrust.PPKEF"), want: "/Filter"},
		"handler is a string":           {sv: sv(ffFilter, "/Filter(Adobe.PPKLite)"), want: "/Filter"},
		"encoding":                      {sv: sv(ffSubFilter, "/SubFilter[/adbe.pkcs7.detached/ETSI.CAdES.detached]")},
		"another encoding":              {sv: sv(ffSubFilter, "/SubFilter[/adbe.pkcs7.detached]"), want: "/SubFilter"},
		"no encoding":                   {sv: sv(ffSubFilter, "/SubFilter[]"), want: "/SubFilter"},
		"encoding is a name":            {sv: sv(ffSubFilter, "/SubFilter/ETSI.CAdES.detached"), want: "/SubFilter is malformed"},
		"PDF 2.0":                       {sv: sv(ffV, "/V 3")},
		"PDF 1.5, as a real":            {sv: sv(ffV, "/V 1.0")},
		"newer":                         {sv: sv(ffV, "/V 4"), want: "/V"},
		"version is a name":             {sv: sv(ffV, "/V/2"), want: "/V"},
		"one of the reasons":            {sv: sv(ffReasons, "/Reasons[(I object)(I agree)]")},
		"reason in Unicode":             {sv: sv(ffReasons, "/Reasons[<FEFF0141>]"), change: reason("Ł")},
		"another reason":                {sv: sv(ffReasons, "/Reasons[(I object)]"), want: "/Reasons"},
		"no reason, one required":       {sv: sv(ffReasons, "/Reasons[(I object)]"), change: reason(""), want: "/Reasons"},
		"no reason allowed":             {sv: sv(ffReasons, "/Reasons[]"), want: "/Reasons"},
		"no reasons listed":             {sv: sv(ffReasons, ""), want: "/Reasons"},
		"a period":                      {sv: sv(ffReasons, "/Reasons[(.)]"), want: "/Reasons"},
		"a period, no reason":           {sv: sv(ffReasons, "/Reasons[(.)]"), change: reason("")},
		"reasons are no strings":        {sv: sv(ffReasons, "/Reasons[/x]"), want: "/Reasons"},
		"legal attestation":             {sv: sv(ffLegal, "/LegalAttestation[(x)]"), want: "/LegalAttestation"},
		"revocation data inside":        {sv: sv(ffRevInfo, "/AddRevInfo true"), want: "/AddRevInfo"},
		"no revocation data inside":     {sv: sv(ffRevInfo, "/AddRevInfo false")},
		"revocation data, malformed":    {sv: sv(ffRevInfo, "/AddRevInfo 1"), want: "/AddRevInfo"},
		"digest":                        {sv: sv(ffDigest, "/DigestMethod[/SHA512/SHA256]")},
		"digest, as a string":           {sv: sv(ffDigest, "/DigestMethod[(sha-256)]")},
		"another digest":                {sv: sv(ffDigest, "/DigestMethod[/SHA1/SHA384]"), want: "/DigestMethod"},
		"the digest it asks for":        {sv: sv(ffDigest, "/DigestMethod[/SHA384]"), s: sealer(t, pki().RSA(), func(c *pades.Config) { c.Hash = crypto.SHA384 })},
		"digest is a number":            {sv: sv(ffDigest, "/DigestMethod[256]"), want: "/DigestMethod"},
		"lock required":                 {sv: sv(ffLock, "/LockDocument/true"), want: "/LockDocument"},
		"lock required, there is one":   {sv: sv(ffLock, "/LockDocument/true"), entries: locked},
		"lock required, as a boolean":   {sv: sv(ffLock, "/LockDocument true"), want: "/LockDocument"},
		"no lock":                       {sv: sv(ffLock, "/LockDocument/false")},
		"no lock, there is one":         {sv: sv(ffLock, "/LockDocument/false"), entries: locked, want: "/LockDocument"},
		"lock as one likes":             {sv: sv(ffLock, "/LockDocument/auto")},
		"lock of another kind":          {sv: sv(ffLock, "/LockDocument/maybe"), want: "/LockDocument"},
		"named appearance":              {sv: sv(ffAppearance, "/AppearanceFilter(Company)"), want: "/AppearanceFilter"},
		"approval":                      {sv: "<</MDP<</P 0>>>>"},
		"approval, asked to certify":    {sv: "<</MDP<</P 0>>>>", change: certify(2), want: "/MDP"},
		"certification":                 {sv: "<</MDP<</P 2>>>>", change: certify(2)},
		"certification, not asked":      {sv: "<</MDP<</P 2>>>>", want: "/MDP"},
		"another certification":         {sv: "<</MDP<</P 3>>>>", change: certify(2), want: "/MDP"},
		"no rule":                       {sv: "<</MDP<<>>>>", change: certify(1)},
		"unknown certification":         {sv: "<</MDP<</P 4>>>>", want: "/MDP"},
		"certification is a number":     {sv: "<</MDP 2>>", want: "/MDP"},
		"time-stamp":                    {sv: "<</TimeStamp<</URL(http://tsa.example)/Ff 1>>>>"},
		"time-stamp, none to be had":    {sv: "<</TimeStamp<</Ff 1>>>>", s: sealer(t, pki().RSA(), noStamp), want: "/TimeStamp"},
		"no time-stamp needed":          {sv: "<</TimeStamp<</Ff 0>>>>", s: sealer(t, pki().RSA(), noStamp)},
		"time-stamp flags malformed":    {sv: "<</TimeStamp<</Ff(1)>>>>", want: "/TimeStamp"},
		"time-stamp malformed":          {sv: "<</TimeStamp(http://tsa.example)>>", want: "/TimeStamp"},
		"certificate malformed":         {sv: "<</Cert[]>>", want: "/Cert"},
		"certificate flags malformed":   {sv: "<</Cert<</Ff()>>>>", want: "/Cert"},
		"a long list":                   {sv: sv(ffReasons, "/Reasons["+strings.Repeat("(I agree)", 1001)+"]"), want: "/Reasons"},
		"a list that cannot be reached": {sv: sv(ffReasons, "/Reasons 99 0 R"), want: "/Reasons"},
	} {
		tc.try(t, name)
	}
}

// TestCertificateSeedValues: the same about the certificate.
func TestCertificateSeedValues(t *testing.T) {
	t.Parallel()
	template := pki().Template("Łódź Seal", 24*time.Hour)
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	template.Policies = []x509.OID{mustOID(t, 1, 2, 3), mustOID(t, 1, 2, 4)}
	id, err := pki().P256("unused")
	if err != nil {
		t.Fatal(err)
	}
	if id, err = pki().Issue(id.Key, template); err != nil {
		t.Fatal(err)
	}
	alone := testpki.Identity{Key: id.Key, Chain: id.Chain[:1]}
	self, err := testpki.SelfSigned("Alone", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	der := func(certs ...*x509.Certificate) string {
		out := "["
		for _, c := range certs {
			out += fmt.Sprintf("<%x>", c.Raw)
		}
		return out + "]"
	}
	cert := func(flags int, entries string) string {
		return fmt.Sprintf("<</Cert<</Type/SVCert/Ff %d%s>>>>", flags, entries)
	}
	for name, tc := range map[string]seedCase{
		"nothing":                     {sv: cert(ffSubject|ffIssuer|ffOID|ffSubjectDN|ffReserved|ffKeyUsage|ffURL, "")},
		"recommended":                 {sv: cert(0, "/Subject"+der(pki().Root)+"/Issuer"+der(other.CA)+"/OID[(9.9)]/SubjectDN[<</CN(x)>>]/KeyUsage[(0)]/URL(http://x)/SignaturePolicyOID(1.2)")},
		"unknown flag":                {sv: cert(128, ""), want: "/Ff"},
		"ours":                        {sv: cert(ffSubject, "/Subject"+der(pki().Root, id.Leaf()))},
		"another":                     {sv: cert(ffSubject, "/Subject"+der(pki().Seal.Leaf())), want: "/Subject"},
		"certificates are names":      {sv: cert(ffSubject, "/Subject[/x]"), want: "/Subject"},
		"issuer":                      {sv: cert(ffIssuer, "/Issuer"+der(other.Root, pki().CA))},
		"root":                        {sv: cert(ffIssuer, "/Issuer"+der(pki().Root))},
		"issuer of a short chain":     {sv: cert(ffIssuer, "/Issuer"+der(pki().CA)), s: sealer(t, alone)},
		"root of a short chain":       {sv: cert(ffIssuer, "/Issuer"+der(pki().Root)), s: sealer(t, alone), want: "/Issuer"},
		"another issuer of that name": {sv: cert(ffIssuer, "/Issuer"+der(other.CA, other.Root)), want: "/Issuer"},
		"the certificate itself":      {sv: cert(ffIssuer, "/Issuer"+der(id.Leaf())), want: "/Issuer"},
		"issuer is rubbish":           {sv: cert(ffIssuer, "/Issuer[(x)]"), want: "/Issuer"},
		"no issuer":                   {sv: cert(ffIssuer, "/Issuer[]"), want: "/Issuer"},
		"policies":                    {sv: cert(ffOID, "/OID[(1.2.4)(1.2.3)]")},
		"another policy":              {sv: cert(ffOID, "/OID[(1.2.3)(1.2.5)]"), want: "/OID"},
		"policy is a number":          {sv: cert(ffOID, "/OID[1.2]"), want: "/OID"},
		"subject":                     {sv: cert(ffSubjectDN, "/SubjectDN[<</CN<FEFF014100F30064017A0020005300650061006C>/c(US)>><</2.5.4.10(Example Vault)>>]")},
		"another subject":             {sv: cert(ffSubjectDN, "/SubjectDN[<</O(Example Vault)>><</CN(Seal)>>]"), want: "/SubjectDN"},
		"attribute without a name":    {sv: cert(ffSubjectDN, "/SubjectDN[<</Nickname(Seal)>>]"), want: "/SubjectDN"},
		"subject is a string":         {sv: cert(ffSubjectDN, "/SubjectDN[(CN=Seal)]"), want: "/SubjectDN"},
		"attribute is a name":         {sv: cert(ffSubjectDN, "/SubjectDN[<</CN/Seal>>]"), want: "/SubjectDN"},
		"reserved":                    {sv: cert(ffReserved, "/Reserved 1"), want: "/Reserved"},
		"key usage":                   {sv: cert(ffKeyUsage, "/KeyUsage[(0)(11000000000111)]")},
		"key usage, short":            {sv: cert(ffKeyUsage, "/KeyUsage[(X1X)]")},
		"another key usage":           {sv: cert(ffKeyUsage, "/KeyUsage[(10)(XXXXX1)]"), want: "/KeyUsage"},
		"no key usage":                {sv: cert(ffKeyUsage, "/KeyUsage[]"), want: "/KeyUsage"},
		"page to enroll":              {sv: cert(ffURL, "/URL(http://x)")},
		"page to enroll, said so":     {sv: cert(ffURL, "/URL(http://x)/URLType/Browser")},
		"service to sign with":        {sv: cert(ffURL, "/URL(http://x)/URLType/ASSP"), want: "/URL"},
	} {
		if tc.s == nil {
			tc.s = sealer(t, id)
		}
		tc.try(t, name)
		if tc.want != "" {
			seedCase{sv: tc.sv, s: tc.s, want: "/Cert"}.try(t, name)
		}
	}
	_, err = sealer(t, self, noStamp).Seal(context.Background(), pades.SealRequest{
		PDF: withField(rawpdf.Classic, "", "/SV "+cert(ffIssuer, "/Issuer"+der(self.Leaf()))), Field: buyer,
	})
	if err != nil {
		t.Errorf("self-signed, and its own issuer: %v", err)
	}
}

func mustOID(t testing.TB, id ...uint64) x509.OID {
	t.Helper()
	oid, err := x509.OIDFromInts(id)
	if err != nil {
		t.Fatal(err)
	}
	return oid
}

// FuzzSealInAField seals in a field that says anything of itself: what is sealed holds, what is not is refused by type.
func FuzzSealInAField(f *testing.F) {
	for _, entries := range []string{
		"/Lock<</Action/Include/Fields[(A)]/P 2>>", "/Lock 31 0 R", "/Lock<</Action/Exclude/Fields[31 0 R]>>/SV 31 0 R",
		"/SV<</Ff 511/Filter/Adobe.PPKLite/SubFilter[/ETSI.CAdES.detached]/V 2/Reasons[(x)]/AddRevInfo false/DigestMethod[/SHA256]/LockDocument/auto>>",
		"/SV<</MDP<</P 0>>/TimeStamp<</Ff 0>>/Cert<</Ff 47/Subject[()]/Issuer[<30>]/OID[(1.2)]/SubjectDN[<</CN(x)>>]/KeyUsage[(1X0)]>>>>",
	} {
		f.Add(entries)
	}
	s := sealer(f, pki().Seal, noStamp)
	f.Fuzz(func(t *testing.T, entries string) {
		r := pades.SealRequest{PDF: withField(rawpdf.Classic, "", entries), Field: buyer, Reason: "x"}
		got, err := s.Seal(context.Background(), r)
		var refusal *pades.FieldError
		switch {
		case errors.As(err, &refusal), errors.Is(err, pades.ErrNotExtendable), errors.Is(err, pades.ErrNotPDF):
			return
		case err != nil:
			t.Fatal(err)
		}
		if v := verify(t, append(bytes.Clone(r.PDF), got.Appended...)); v.Signatures[0].Integrity != pades.IntegrityValid {
			t.Errorf("%s: %s", entries, problems(v))
		}
	})
}
