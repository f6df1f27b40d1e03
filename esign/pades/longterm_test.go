package pades_test

import (
	"crypto"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// TestLongTermByIText asks iText 5 and Bouncy Castle (testdata/LongTerm.java) about what makes a file last: the paths,
// the time-stamps, the document security store and the chain of revisions under document time-stamps. One JVM for all
// files.
func TestLongTermByIText(t *testing.T) {
	testenv.Tools(t)
	l := &longTerm{t: t, dir: t.TempDir(), answers: newResponder(t, noCheck), want: map[string][]string{}}
	expiry := l.expiring()
	l.levels()
	l.algorithms()
	l.tampered()
	time.Sleep(time.Until(expiry))
	l.compare(l.run())
}

// longTerm is a folder of files with the lines that they should give.
type longTerm struct {
	t       *testing.T
	dir     string
	answers *responder
	want    map[string][]string // by file
}

func (l *longTerm) add(name string, raw []byte, lines ...string) {
	l.t.Helper()
	write(l.t, l.dir, name+".pdf", raw)
	l.want[name+".pdf"] = lines
}

// run returns the lines by file.
func (l *longTerm) run() map[string][]string {
	l.t.Helper()
	roots := write(l.t, l.dir, "roots.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki().Root.Raw}))
	lists, err := pki().Revocations().CRL(pki().CA)
	if err != nil {
		l.t.Fatal(err)
	}
	const jars = "/usr/share/java/"
	path := strings.Join(
		[]string{jars + "itext5.jar", jars + "bcprov.jar", jars + "bcpkix.jar", jars + "bcutil.jar"},
		string(filepath.ListSeparator),
	)
	said := tool(
		l.t, "java", "-cp", path, filepath.Join("testdata", "LongTerm.java"), roots, write(l.t, l.dir, "today.crl", lists),
		l.dir,
	)
	got := map[string][]string{}
	for line := range strings.Lines(said) {
		if file, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			got[file] = append(got[file], rest)
		} else {
			l.t.Errorf("iText: %s", line)
		}
	}
	return got
}

func (l *longTerm) compare(got map[string][]string) {
	l.t.Helper()
	for file, want := range l.want {
		if g, w := strings.Join(got[file], "\n"), strings.Join(want, "\n"); g != w {
			l.t.Errorf("%s: got\n%s\nwant\n%s", file, g, w)
		}
	}
	l.t.Logf("%d files", len(l.want))
}

func (l *longTerm) extender(stamps bool) *pades.Extender {
	return extender(l.t, func(c *pades.ExtenderConfig) {
		if c.Revocation = l.answers; !stamps {
			c.Timestamper = nil
		}
	})
}

// verdict is a line about one signature. The zero value but for its name is that of a good seal of level B-B over the
// whole file.
type verdict struct {
	field, by                            string // by is the common name of the certificate
	stamp, revision, stamped, answered   bool
	integrity, imprint, path, vri, store string // default that of a good one
	certification                        int
}

func (v verdict) line() string {
	pick := func(set string, cond bool, yes, no string) string {
		switch {
		case set != "":
			return set
		case cond:
			return yes
		}
		return no
	}
	token := v.stamped || v.stamp
	store := ""
	switch {
	case v.answered && v.stamp:
		store = "Test CA:crl,Test TSA:ocsp"
	case v.answered && v.by < "Test CA":
		store = v.by + ":ocsp,Test CA:crl,Test TSA:ocsp"
	case v.answered && v.by < "Test TSA":
		store = "Test CA:crl," + v.by + ":ocsp,Test TSA:ocsp"
	case v.answered:
		store = "Test CA:crl,Test TSA:ocsp," + v.by + ":ocsp"
	}
	// iText names the entry of a document time-stamp after its token without the padding; see pdf.VRIKey.
	vri := pick(v.vri, v.answered, pick("", v.stamp, "elsewhere", "there"), "none")
	return fmt.Sprintf("%s\tkind=%s covers=%s integrity=%s imprint=%s token=%s certification=%d path=%s vri=%s unrevoked=%s", v.field,
		pick("", v.stamp, "stamp", "seal"), pick("", v.revision, "revision", "whole"), pick(v.integrity, true, "ok", ""),
		pick(v.imprint, v.stamped, "ok", "none"), pick("", token, "ok", "none"), v.certification,
		pick(v.path, v.stamped, "ok,ok", "ok"), vri, pick(v.store, true, store, ""))
}

const (
	notWhole = "ltv\tfailed: VerificationException: Certificate Unknown failed: Signature doesn't cover whole document."
	altered  = "ltv\tfailed: VerificationException: Certificate Unknown failed: The document was altered after the final signature was applied."
)

// walk is the line about the chain of revisions: the last signature by the lists of today, the ones before by the
// store.
func walk(last string, earlier ...string) string {
	said := []string{last + ":crl", "Test CA:root"} // nothing of today speaks about the authority itself
	for _, cn := range earlier {
		said = append(said, cn+":ocsp", "Test CA:crl", "Test CA:root")
	}
	return "ltv\tok: " + strings.Join(said, ", ")
}

// levels are seals of each level on each file structure, alone, with another after, and extended once more.
func (l *longTerm) levels() {
	const first, second = "Test Vault Seal", "Test RSA Seal"
	lt, lta := l.extender(false), l.extender(true)
	with := func(id testpki.Identity, change func(*pades.Config)) *pades.Sealer { return sealer(l.t, id, change) }
	for level, change := range map[string]func(*pades.Config){
		pades.LevelBB: noStamp, pades.LevelBT: func(*pades.Config) {},
		pades.LevelBLT:  func(c *pades.Config) { c.Extender = lt },
		pades.LevelBLTA: func(c *pades.Config) { c.Extender = lta },
	} {
		stamped, answered := level != pades.LevelBB, level == pades.LevelBLT || level == pades.LevelBLTA
		for _, kind := range testpdf.Structures() {
			one := seal(l.t, with(pki().Seal, change), testpdf.New(testpdf.Options{Structure: kind}), func(r *pades.SealRequest) {
				r.Certify = 2
			})
			two := seal(l.t, with(pki().RSA(), change), one)
			a := verdict{field: "Seal 1", by: first, stamped: stamped, answered: answered, certification: 2}
			b := verdict{field: "Seal 2", by: second, stamped: stamped, answered: answered, certification: 2}
			name := level + " " + kind.String()
			covered := func(v verdict) string { v.revision = true; return v.line() }
			switch level {
			case pades.LevelBB, pades.LevelBT:
				l.add(name, one, a.line(), walk(first))
				// Nothing in the file answers for the first of two.
				l.add(
					name+" twice", two, covered(a), b.line(),
					"ltv\tfailed: VerificationException: Certificate C=US,O=Example Vault,CN="+first+
						" failed: Couldn't verify with CRL or OCSP or trusted anchor",
				)
			case pades.LevelBLT:
				l.add(name, one, covered(a), notWhole)
				l.add(name+" twice", two, covered(a), covered(b), notWhole)
			case pades.LevelBLTA:
				s := func(n int) verdict {
					return verdict{field: fmt.Sprint("Timestamp ", n), stamp: true, answered: true, certification: 2}
				}
				l.add(name, one, covered(a), s(1).line(), walk("Test TSA", first))
				l.add(
					name+" twice", two, covered(a), covered(s(1)), covered(b), s(2).line(),
					walk("Test TSA", second, "Test TSA", first),
				)
				l.add(name+
					" twice, extended", extendFile(l.t, lta, two), covered(a), covered(s(1)), covered(b), covered(s(2)), s(3).line(),
					walk("Test TSA", "Test TSA", second, "Test TSA", first))
			}
		}
	}
}

// algorithms are files of level B-LTA by every kind of key. iText 5 itself knows RSA with PKCS #1 v1.5 alone; see
// LongTerm.java for the names that it is told. Of Ed25519 there is no name that fits.
func (l *longTerm) algorithms() {
	p384, err := pki().P384("P-384 Seal")
	if err != nil {
		l.t.Fatal(err)
	}
	ed, err := pki().Ed25519("Ed25519 Seal")
	if err != nil {
		l.t.Fatal(err)
	}
	pss := func(h crypto.Hash) func(*pades.Config) {
		return func(c *pades.Config) { c.PSS, c.Hash = true, h }
	}
	hash := func(h crypto.Hash) func(*pades.Config) { return func(c *pades.Config) { c.Hash = h } }
	stamp := verdict{field: "Timestamp 1", stamp: true, answered: true}.line()
	for name, tc := range map[string]struct {
		id     testpki.Identity
		change func(*pades.Config)
	}{
		"P-256 SHA-512": {pki().Seal, hash(crypto.SHA512)},
		"P-384 SHA-384": {p384, func(*pades.Config) {}},
		"RSA SHA-384":   {pki().RSA(), hash(crypto.SHA384)},
		"RSA SHA-512":   {pki().RSA(), hash(crypto.SHA512)},
		"PSS SHA-256":   {pki().RSA(), pss(crypto.SHA256)},
		"PSS SHA-384":   {pki().RSA(), pss(crypto.SHA384)},
		"PSS SHA-512":   {pki().RSA(), pss(crypto.SHA512)},
	} {
		by := tc.id.Leaf().Subject.CommonName
		raw := extendFile(l.t, l.extender(true), seal(l.t, sealer(l.t, tc.id, tc.change), testpdf.New(testpdf.Options{})))
		l.add(
			name, raw, verdict{field: "Seal 1", by: by, stamped: true, answered: true, revision: true}.line(), stamp,
			walk("Test TSA", by),
		)
	}
	raw := extendFile(l.t, l.extender(true), seal(l.t, sealer(l.t, ed), testpdf.New(testpdf.Options{})))
	l.add("Ed25519", raw, "Seal 1\tfailed: ExceptionConverter: SHA512with1.3.101.112 Signature not available",
		stamp, "ltv\tfailed: ExceptionConverter: SHA512with1.3.101.112 Signature not available")
	l.issuerAnswers()
	l.locked()
}

// locked is a file that may not change any more, extended after each seal: iText looks for what answers for a seal in
// the very next revision.
func (l *longTerm) locked() {
	const by = "Test Vault Seal"
	s := sealer(l.t, pki().Seal, func(c *pades.Config) { c.Extender = l.extender(true) })
	raw := seal(l.t, s, withField(testpdf.XRefStreams, "", ""), inBuyer)
	raw = seal(l.t, s, raw, func(r *pades.SealRequest) { r.Lock = &pades.Lock{Action: pades.LockAll, Permission: 1} })
	line := func(field string, stamp, revision bool) string {
		return verdict{field: field, by: by, stamp: stamp, stamped: !stamp, answered: true, revision: revision}.line()
	}
	l.add("locked", raw, line(buyer, false, true), line("Timestamp 1", true, true), line("Seal 1", false, true),
		line("Timestamp 2", true, false),
		walk("Test TSA", by, "Test TSA", by))
}

// expiring are files by a certificate and a time-stamp authority that have expired by the time returned: the one under
// a document time-stamp of another authority outlives them.
func (l *longTerm) expiring() (expiry time.Time) {
	l.t.Helper()
	const left = 8 * time.Second
	old, err := pki().NewTSA("Old TSA", time.Hour+left) // certificates are valid from an hour ago
	if err != nil {
		l.t.Fatal(err)
	}
	id, err := pki().Issue(pki().Seal.Key, pki().Template("Old Seal", time.Hour+left))
	if err != nil {
		l.t.Fatal(err)
	}
	stamper := pki().Timestamper()
	stamper.ID = old
	bt := seal(l.t, sealer(l.t, id, func(c *pades.Config) { c.Timestamper = stamper }), testpdf.New(testpdf.Options{}))
	v := verdict{field: "Seal 1", stamped: true}
	l.add("expired", bt, v.line(), "ltv\tfailed: expired")
	v.revision, v.answered, v.store = true, true, "Old Seal:ocsp,Old TSA:ocsp,Test CA:crl"
	// The store is older than the document time-stamp and says nothing about its authority.
	stamp := verdict{field: "Timestamp 1", stamp: true, answered: true, store: "Test CA:crl"}
	l.add("expired, extended", extendFile(l.t, l.extender(true), bt), v.line(), stamp.line(), walk("Test TSA", "Old Seal"))
	return old.Leaf().NotAfter.Add(time.Second)
}

// issuerAnswers: RFC 6960 §4.2.2.2 lets an issuer sign OCSP responses itself. iText 5 wants its certificate self-signed
// then, which that of an intermediate authority is not, and so refuses what the standard allows.
func (l *longTerm) issuerAnswers() {
	const no = " failed: SignatureException: certificate does not verify with supplied key"
	raw := extendFile(l.t, extender(l.t), seal(l.t, sealer(l.t, pki().Seal), testpdf.New(testpdf.Options{})))
	l.add("OCSP by the issuer itself", raw,
		verdict{
			field: "Seal 1", stamped: true, answered: true, revision: true,
			store: "Test CA:crl,Test TSA" + no + ",Test Vault Seal" + no,
		}.line(),
		verdict{field: "Timestamp 1", stamp: true, answered: true, store: "Test CA:crl,Test TSA" + no}.line(),
		"ltv\tfailed:"+strings.TrimPrefix(no, " failed:"))
}
