package compliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/fingerprint"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// stored is what the blob store gives for an object now: its size, and the digests of
// those of its beginnings that the checks ask for. The bytes are hashed and parsed
// once and not kept, so that one document at a time is in memory. err is nil only
// when the bytes have the recorded digest and size.
type stored struct {
	size int64
	sums map[int64]storage.Digest
	err  error
}

// sum is the digest of the first n bytes; "" when there are fewer.
func (s *stored) sum(n int64) storage.Digest { return s.sums[n] }

// whole is the digest of all bytes.
func (s *stored) whole() storage.Digest { return s.sums[s.size] }

// begin is what the first n bytes are by themselves.
func (s *stored) begin(n int64) stored { return stored{size: n, sums: s.sums} }

// lengths are those of the beginnings of the document that the records name: what
// signers saw and left, what was deposited, and each version.
func (ev *evidence) lengths(versions []custody.Version) []int {
	var list []int
	for _, p := range ev.envelope.Parts {
		list = append(list, int(p.Size))
	}
	if ev.original != nil {
		list = append(list, int(ev.original.Source.Object.Size))
	}
	for _, v := range versions {
		list = append(list, int(v.Object.Size))
	}
	return list
}

// storedAs tells bytes that are gone or altered, a fact, from a store that does not
// answer.
func storedAs(c *storage.Content, lengths []int, err error) (stored, error) {
	switch {
	case err == nil:
		s := stored{size: c.Size(), sums: map[int64]storage.Digest{c.Size(): c.SHA256()}}
		for _, n := range lengths {
			if sum := c.Begin(int64(n)); sum != "" {
				s.sums[int64(n)] = sum
			}
		}
		return s, nil
	case errors.Is(err, storage.ErrBlobMissing):
		return stored{err: errors.New("the stored bytes are missing")}, nil
	case errors.Is(err, vault.ErrIntegrity), errors.Is(err, storage.ErrDigest):
		return stored{err: errors.New("the stored bytes have another digest")}, nil
	}
	return stored{}, err
}

// examine reads an object of the copy; the error is a store that does not answer.
func (e *Engine) examine(ctx context.Context, c *custody.Original, o storage.Object, lengths ...int) (*storage.Content, stored, error) {
	content, err := e.c.Vault.Examine(ctx, c, o, lengths...)
	if errors.Is(err, storage.ErrUnavailable) && !errors.Is(err, storage.ErrBlobMissing) && e.c.Objects != nil {
		// To the vault a short read is a store in trouble. One that ends early and
		// says that this was all is a fact.
		if _, n, whole := e.c.Objects.Hash(ctx, o); whole == nil && n < o.Size {
			return nil, stored{err: fmt.Errorf("only %d of %d bytes are stored", n, o.Size)}, nil
		}
	}
	s, err := storedAs(content, lengths, err)
	return content, s, err
}

// verify checks the signatures of a file, which parsed is, unless nil.
func (e *Engine) verify(ctx context.Context, file *storage.Content, parsed *pdf.Document, at time.Time) (*pades.Report, error) {
	o := e.options(at)
	o.Hashed = file.StateAt
	if parsed != nil {
		o.Parsed = parsed
	}
	return pades.Verify(ctx, file.Bytes(), o)
}

// parse returns nil for a file that cannot be parsed: who needs it says why.
func parse(file *storage.Content) *pdf.Document {
	d, err := pdf.Open(file.Bytes(), pdf.Limits{Bytes: file.Size()})
	if err != nil {
		return nil
	}
	return d
}

// gatherVersions reads each version by itself.
func (e *Engine) gatherVersions(ctx context.Context, ev *evidence, versions []custody.Version) error {
	var detached [][]byte
	lengths := ev.lengths(versions)
	for i, v := range versions {
		if err := e.gatherVersion(ctx, ev, i, v, lengths); err != nil {
			return err
		}
		if v.Seal.Mode == custody.SealingDetached {
			detached = append(detached, v.Statement)
		}
	}
	if len(detached) > 0 {
		ev.statements, ev.sealErr = vault.VerifyVersions(ctx, detached, ev.original.Source.Object.SHA256, func(i int) pades.Options {
			return e.options(ev.recorded(versions[i].EventID, versions[i].CreatedAt))
		})
		ev.sealErr = errors.Join(ev.sealErr, ev.sameDetached())
	}
	return ctx.Err()
}

func (e *Engine) gatherVersion(ctx context.Context, ev *evidence, i int, v custody.Version, lengths []int) (err error) {
	x, at := versionEvidence{Version: v}, ev.recorded(v.EventID, v.CreatedAt)
	var content *storage.Content
	if content, x.stored, err = e.examine(ctx, ev.original, v.Object, lengths...); err != nil {
		return err
	}
	var parsed *pdf.Document
	if x.err == nil {
		parsed = parse(content)
	}
	if v.Seal.Mode == custody.SealingDetached {
		_, x.sealReport, _ = pades.VerifyStatement(ctx, v.Statement, e.options(at))
	} else if x.err == nil {
		x.report, x.reportErr = e.verify(ctx, content, parsed, at)
	}
	ev.versions = append(ev.versions, x)
	if i == 0 {
		e.gatherDeposited(ctx, ev, x, content, parsed)
	}
	return nil
}

// gatherDeposited examines the document as deposited, the beginning of version 1.
func (e *Engine) gatherDeposited(ctx context.Context, ev *evidence, first versionEvidence, content *storage.Content, parsed *pdf.Document) {
	o := ev.original.Source.Object
	switch {
	case first.err != nil:
		ev.source = stored{err: first.err}
		return
	case first.sum(o.Size) != o.SHA256:
		ev.source = stored{err: errors.New("version 1 does not begin with it")}
		return
	}
	ev.source = first.begin(o.Size)
	file, at := content.Cut(o.Size), ev.recorded(first.EventID, first.CreatedAt)
	ev.prefixes, ev.prefixErr = fingerprint.RevisionsOf(ev.original.Source, file, parsed)
	switch {
	case first.report != nil && first.report.OK() && ev.original.Source.Kind == custody.SourceESign:
		ev.sourceReport = within(first.report, o.Size) // what holds with more behind it holds without
	case o.Size == content.Size():
		ev.sourceReport, ev.sourceErr = e.verify(ctx, file, parsed, at)
	default:
		ev.sourceReport, ev.sourceErr = e.verify(ctx, file, nil, at)
	}
}

// within is what a report says of the signatures in the first n bytes of the file.
func within(r *pades.Report, n int64) *pades.Report {
	out := &pades.Report{Problem: r.Problem}
	for _, s := range r.Signatures {
		if s.SignedLen <= n {
			out.Signatures = append(out.Signatures, s)
		}
	}
	return out
}

// gatherCompletion examines the completed document that is not vaulted yet, as the
// e-sign engine keeps it.
func (e *Engine) gatherCompletion(ctx context.Context, ev *evidence) error {
	if ev.original != nil && len(ev.versions) > 0 {
		return nil
	}
	ev.source.err = errors.New("it is not complete")
	if ev.envelope.Sealed == nil || e.c.Objects == nil {
		return nil
	}
	content, err := e.c.Objects.Load(ctx, ev.envelope.Sealed.Object)
	if ev.source, err = storedAs(content, ev.lengths(nil), err); err != nil || ev.source.err != nil {
		return err
	}
	ev.sourceReport, ev.sourceErr = e.verify(ctx, content, nil, ev.recordedLast(event.EnvelopeCompleted))
	return ctx.Err()
}

// gatherRegister reads the marked copies.
func (e *Engine) gatherRegister(ctx context.Context, ev *evidence, register []custody.RegisteredCopy) error {
	for _, r := range register {
		x := copyEvidence{RegisteredCopy: r}
		if r.Kind != custody.CopyInspection {
			content, found, err := e.examine(ctx, ev.original, r.Object)
			if err != nil {
				return err
			}
			if x.stored = found; x.err == nil {
				x.markErr = copymark.CheckCopy(content.Bytes(), vault.CopyText, r.ID)
			}
		}
		ev.register = append(ev.register, x)
	}
	return ctx.Err()
}
