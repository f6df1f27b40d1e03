package pades

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/cms"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/revocation"
)

// Verify checks every signature and document time-stamp of a file, whatever
// program made them. A broken signature is not an error but is reported; errors
// are [ErrNotPDF], a missing Options.Roots, and ctx's.
//
// Revocation is judged by the data in the file's document security store and in
// Options.Material; nothing is fetched.
func Verify(ctx context.Context, raw []byte, o Options) (*Report, error) {
	if o.Roots == nil {
		return nil, errors.New("pades: Options.Roots is required")
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	d, err := open(raw, o.Parsed, o.Limits)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPDF, err)
	}
	v := &verification{ctx: ctx, doc: d, options: o, report: &Report{}}
	if err := v.run(); err != nil {
		return nil, err
	}
	return v.finish(), nil
}

func (v *verification) finish() *Report {
	for _, s := range v.signatures {
		s.conclude(v.report.Problem)
		v.report.Signatures = append(v.report.Signatures, s.report)
	}
	return v.report
}

// conclude gives a signature that is not known to be good a problem: that of the file, unless it has one of its own.
func (s *verified) conclude(ofFile string) {
	if s.report.Problem == "" && s.report.Integrity != IntegrityValid {
		s.report.Problem = cmp.Or(ofFile, "the signature was not checked")
	}
	s.report.Problem = cmp.Or(s.report.Problem, s.report.TrustProblem)
}

type verification struct {
	ctx        context.Context
	doc        *pdf.Document
	options    Options
	signatures []*verified // by end of the signed revision
	report     *Report

	certificates []*x509.Certificate // of the document security store
	embedded     *revocation.Answers // revocation data of the document security store
	numbers      map[materialID]int  // of that data
	known        *revocation.Answers // that and Options.Material
	found        map[chainKey][]*x509.Certificate
	ordered      []*verified // the signatures with a byte range, oldest first
}

// verified is one signature on its way through verification.
type verified struct {
	field  acroform.SignatureField
	sig    *signing.Signature // nil when its structure is broken
	cms    *cms.Signed
	token  *Token // of a document time-stamp, or the signature time-stamp
	digest []byte // of the byte range
	chains []provenChain

	unproven      error           // why the signature time-stamp cannot be judged
	final         bool            // its field forbids all further changes
	locks         []acroform.Lock // which fields it froze
	place         int             // among the signatures, from the oldest
	material      []bool          // which revocation data of the file its revision carries, by number; of a time-stamp
	selfContained bool            // the file carries all revocation data for the chains
	report        SignatureReport
}

func (s *verified) isTimestamp() bool { return s.report.SubFilter == subFilterStamp }

// fail records the first problem. An unsupported one never makes a signature invalid.
func (s *verified) fail(err error) {
	var u *cms.UnsupportedError
	s.report.Integrity = IntegrityInvalid
	if errors.As(err, &u) {
		s.report.Integrity = IntegrityUnsupported
	}
	if s.report.Problem == "" {
		s.report.Problem = err.Error()
	}
}

func (v *verification) run() error {
	if err := v.collect(); err != nil {
		v.report.Problem = "the form cannot be read: " + err.Error()
		return nil
	}
	v.readMaterial()
	if err := v.hash(); err != nil {
		return err
	}
	for _, s := range v.signatures {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		v.integrity(s)
	}
	v.trust()
	if err := v.compare(); err != nil {
		return err
	}
	v.countAll()
	v.levels()
	return nil
}

// maxSignatures bounds the signatures of one file; each costs a look at the revision before it.
const maxSignatures = 250

// collect finds the signatures that the form names and checks their byte ranges.
func (v *verification) collect() error {
	fields, err := acroform.SignatureFields(v.doc)
	if err != nil {
		return err
	}
	seen := map[pdf.Object]bool{}
	for _, f := range fields {
		if f.Value == nil {
			continue
		}
		if len(v.signatures) == maxSignatures {
			return fmt.Errorf("it names more than %d signatures", maxSignatures)
		}
		s := &verified{field: f, report: SignatureReport{
			Field: f.Name, Level: LevelNone, Integrity: IntegrityUnsupported, Coverage: CoverageRevision,
			ChangesAfter: ChangesUnknown,
			Trust:        TrustUnknown, Revocation: RevocationUnknown,
		}, selfContained: true}
		v.signatures = append(v.signatures, s)
		if ref, ok := f.Value.(pdf.Ref); ok && seen[ref] {
			v.report.Problem = "two fields share one signature"
		} else if ok {
			seen[ref] = true
		}
		if v.doc.Encrypted() || v.doc.Repaired() {
			s.report.Problem = "signatures of encrypted or damaged files are not supported"
			continue
		}
		if s.sig, err = signing.ReadSignature(v.doc, f.Value); err != nil {
			s.sig = nil
			s.fail(err)
			continue
		}
		v.describe(s)
	}
	slices.SortStableFunc(v.signatures, func(a, b *verified) int { return int(a.report.SignedLen - b.report.SignedLen) })
	for i, s := range v.signatures[min(1, len(v.signatures)):] {
		if s.sig != nil && s.report.SignedLen == v.signatures[i].report.SignedLen {
			v.report.Problem = "two signatures claim the same revision"
		}
	}
	return nil
}

func (v *verification) describe(s *verified) {
	text := func(k pdf.Name) string {
		o, err := v.doc.Resolve(s.sig.Dict[k])
		if t, ok := o.(pdf.String); ok && err == nil {
			return t.Text()
		}
		return ""
	}
	s.report.SubFilter = string(s.sig.SubFilter)
	s.report.Reason = text("Reason")
	s.report.Certification = acroform.Certification(v.doc, s.sig.Dict)
	s.locks, s.final = acroform.Locks(v.doc, s.field)
	s.report.SigningTime = parseDate(text("M"))
	s.report.SignedLen = s.sig.End
}

// parseDate reads a PDF date (ISO 32000-2 §7.9.4); it is zero when malformed.
func parseDate(s string) time.Time {
	clean := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != '\'' {
			clean = append(clean, s[i])
		}
	}
	for _, layout := range []string{"D:20060102150405Z0700", "D:20060102150405Z", "D:20060102150405", "D:200601021504"} {
		if t, err := time.Parse(layout, string(clean)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// prefix is the state of a hash over the beginning of the file.
type prefix struct {
	state hash.Hash
	at    int64
}

// hash digests all byte ranges in one pass over the file: what two of them have in common is hashed once for each
// algorithm, and not at all where the caller has hashed it.
func (v *verification) hash() error {
	states := map[crypto.Hash]*prefix{}
	raw := v.doc.Raw()
	// Honest byte ranges share their beginnings and end with their own revision, so that little is hashed twice.
	budget := 8*int64(len(raw)) + 1<<20
	for _, s := range v.signatures {
		if s.sig == nil {
			continue
		}
		if err := v.ctx.Err(); err != nil {
			return err
		}
		h, err := v.digestOf(s)
		if err != nil {
			s.fail(err)
			continue
		}
		p := states[h]
		if p == nil || p.at > s.sig.From {
			p = &prefix{state: h.New()}
			states[h] = p
		}
		if budget -= s.sig.From - p.at + s.sig.End - s.sig.To; budget < 0 {
			s.fail(cms.Unsupported("so many overlapping byte ranges"))
			continue
		}
		own, err := v.begin(p, h, s.sig.From)
		if err != nil {
			return fmt.Errorf("pades: %w", err)
		}
		own.Write(raw[s.sig.To:s.sig.End])
		s.digest = own.Sum(nil)
	}
	return nil
}

// begin advances p to the first n bytes of the file and returns a copy of its state.
func (v *verification) begin(p *prefix, h crypto.Hash, n int64) (hash.Hash, error) {
	from := p.at
	p.at = n
	if known := v.options.Hashed; known != nil && h == crypto.SHA256 {
		state := known(n)
		if state == nil {
			return nil, fmt.Errorf("Options.Hashed has no state after %d bytes", n)
		}
		return state, nil
	}
	raw := v.doc.Raw()
	p.state.Write(raw[from:n])
	if c, ok := p.state.(hash.Cloner); ok {
		return c.Clone()
	}
	own := h.New()
	own.Write(raw[:n])
	return own, nil
}

// digestOf parses the signature value and returns the digest that it is over.
func (v *verification) digestOf(s *verified) (crypto.Hash, error) {
	var err error
	switch s.report.SubFilter {
	case subFilterCAdES, subFilterPKCS7:
		if s.cms, err = cms.Parse(s.sig.Value, v.certificates...); err != nil {
			return 0, err
		}
		s.identify(s.cms.Leaf)
		return s.cms.Digest, nil
	case subFilterStamp:
		if s.token, err = parseToken(s.sig.Value, v.certificates); err != nil {
			return 0, err
		}
		s.identify(s.token.Certificate)
		return s.token.Hash, nil
	}
	return 0, cms.Unsupported(fmt.Sprintf("/SubFilter %q", s.report.SubFilter))
}

func (s *verified) identify(c *x509.Certificate) {
	s.report.Certificate, s.report.Subject = c, c.Subject.String()
}

// integrity checks the CMS structure against the digest of the byte range.
func (v *verification) integrity(s *verified) {
	if s.digest == nil {
		return
	}
	if s.isTimestamp() {
		if !s.token.Stamps(s.token.Hash, s.digest) {
			s.fail(errors.New("the time-stamped bytes were changed: their digest differs from the time-stamped one"))
			return
		}
		s.report.Integrity = IntegrityValid
		return
	}
	if s.cms.Content != nil {
		s.fail(errors.New("the signature encapsulates content of its own"))
		return
	}
	binding := cms.BindingOptional
	if s.report.SubFilter == subFilterCAdES {
		binding = cms.BindingAny
	}
	if err := s.cms.Verify(s.digest, binding); err != nil {
		s.fail(err)
		return
	}
	s.report.Integrity, s.report.Weakness = IntegrityValid, s.cms.Weakness()
	s.readToken(v.certificates)
}

// readToken parses the signature-time-stamp attribute. One that is there must be right; one that cannot be judged
// leaves the signature intact, but nothing proves its time.
func (s *verified) readToken(elsewhere []*x509.Certificate) {
	tokens := s.cms.TimestampTokens()
	if len(tokens) == 0 {
		return
	}
	if len(tokens) > 1 {
		s.unproven = cms.Unsupported("a signature with several time-stamps")
		return
	}
	t, err := parseToken(tokens[0], slices.Concat(s.cms.Certificates, elsewhere))
	var u *cms.UnsupportedError
	switch {
	case errors.As(err, &u):
		s.unproven = fmt.Errorf("time-stamp: %w", err)
	case err != nil:
		s.fail(fmt.Errorf("time-stamp: %w", err))
	case !t.Stamps(t.Hash, cms.Sum(t.Hash, s.cms.Value())):
		s.fail(errors.New("the time-stamp belongs to another signature"))
	default:
		s.token = t
	}
}
