package pades

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/cms"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/signing"
)

// Limits bound the work for one file; a zero field means its default.
type Limits struct {
	Bytes   int64 // size of the file; default 64 MiB
	Objects int   // default 500,000
	Depth   int   // nesting; default 100
	Decoded int64 // bytes out of stream filters; default 4 MiB and 256 for each byte of the file, at most 64 MiB
}

func (l Limits) pdf() pdf.Limits {
	if l.Bytes <= 0 {
		l.Bytes = 64 << 20
	}
	return pdf.Limits{Bytes: l.Bytes, Objects: l.Objects, Depth: l.Depth, Decoded: l.Decoded}
}

// Parsed is a PDF file that another package of this module has parsed, such as vault, so that it is not parsed again.
// It counts only for the very bytes that it was parsed from. Hosts leave it nil.
type Parsed interface{ Raw() []byte }

// open parses a file that is not parsed yet. One that was decrypted is not the file as it stands.
func open(raw []byte, p Parsed, l Limits) (*pdf.Document, error) {
	d, ok := p.(*pdf.Document)
	if !ok || d == nil || d.Encrypted() || len(raw) == 0 || len(d.Raw()) != len(raw) || &d.Raw()[0] != &raw[0] {
		return pdf.Open(raw, l.pdf())
	}
	d.Renew()
	return d, nil
}

// SealRequest is a file to be sealed, with the content of the seal.
type SealRequest struct {
	PDF []byte // not changed, and not kept after Seal returns
	// Hashed is the state of SHA-256 after PDF, where the caller has it; it is cloned. With a wrong one the seal is not
	// valid. Default: PDF is hashed.
	Hashed hash.Cloner
	Parsed Parsed // PDF, where the caller has parsed it; default: PDF is parsed
	// Reason, Location, Name and ContactInfo go into the signature dictionary (ISO 32000-2 table 255); each may be empty.
	// Name defaults to the common name of the certificate.
	Reason, Location, Name, ContactInfo string
	// At is /M, the claimed time of sealing; default Config.Now. Whole seconds count.
	At time.Time
	// Certify makes the first signature of a file a certification: 1 allows no changes, 2 forms and signatures, 3 comments
	// too (ISO 32000-2 §12.8.2.2). Default 0, an approval signature.
	Certify int
	// Field is the name (ISO 32000-2 §12.7.4.2) of an empty signature field to seal in; default a new one, "Seal n". A
	// field with conditions of its author, seed values (/SV) or a lock (/Lock, §12.7.5.5), is refused by a *FieldError
	// that names the entry.
	Field string
	// Lock freezes form fields by this seal, in a new field; default none.
	Lock *Lock
	// Appearance makes the seal visible; default none: a new field has no area
	// and is on page 1. In an existing field it fills the field's rectangle.
	Appearance *Appearance
	// Reserve is the room for the CMS structure in bytes; default estimated from the certificates and the last time-stamp.
	Reserve int
	Limits  Limits
}

// Seal is a finished seal: the sealed file is SealRequest.PDF followed by Appended.
type Seal struct {
	Appended   []byte
	SHA256     [32]byte // of the sealed file
	Size       int64    // of the sealed file
	Level      string   // LevelBB, LevelBT, LevelBLT or LevelBLTA
	Field      string   // name of the signature field
	Time       time.Time
	TimeSource string // subject of the time-stamp authority's certificate, or "clock"
}

// Prepared is a seal waiting for its signature value; see [Sealer.Prepare]. Use
// it for one [Sealer.Finish].
type Prepared struct {
	// Message is what is signed: the DER encoding of the signed attributes.
	Message []byte
	// Digest of Message, which an RSA or ECDSA signer takes; nil for Ed25519, which signs Message.
	Digest []byte
	// Opts is the options argument of crypto.Signer.Sign.
	Opts crypto.SignerOpts

	request     SealRequest
	field       string
	cms         *cms.Draft
	placeholder *signing.Placeholder
	file        hash.Hash // SHA-256 state over the sealed file up to the signature value
}

// Seal seals a file by an incremental update. Errors: [ErrNotExtendable], [ErrTimestampUnavailable],
// [ErrCertificateInvalid], [ErrNotPDF], *[SizeError], *[FieldError], *[AppearanceError], what the signer returned,
// and ctx's; with an Extender also those of [Extender.Extend].
func (s *Sealer) Seal(ctx context.Context, r SealRequest) (*Seal, error) {
	seal, err := s.sealOnce(ctx, r)
	var size *SizeError
	if errors.As(err, &size) && r.Reserve == 0 {
		r.Reserve = size.Need * 5 / 4
		return s.sealOnce(ctx, r)
	}
	return seal, err
}

func (s *Sealer) sealOnce(ctx context.Context, r SealRequest) (*Seal, error) {
	p, err := s.Prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	value, err := s.sign(p.Message)
	if err != nil {
		return nil, err
	}
	return s.Finish(ctx, p, value)
}

// Prepare does everything except signing, for signers that sign later or elsewhere: pass Digest
// (Message for Ed25519) to the signer and its signature value to [Sealer.Finish]. The PDF must not
// be changed in between. The same request with At and Reserve set gives the same Message again, so
// that what was prepared need not outlive a restart. Errors are those of [Sealer.Seal] that do not
// concern signing and time-stamps.
func (s *Sealer) Prepare(ctx context.Context, r SealRequest) (*Prepared, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.At.IsZero() {
		r.At = s.now()
	}
	if err := s.checkValidity(r.At); err != nil {
		return nil, err
	}
	if r.Name == "" {
		r.Name = s.chain[0].Subject.CommonName
	}
	if r.Reserve == 0 {
		r.Reserve = s.reserve()
	}
	d, err := open(r.PDF, r.Parsed, r.Limits)
	if err != nil {
		return nil, asNotExtendable(err)
	}
	p := &Prepared{request: r, Opts: s.alg.Opts}
	if p.placeholder, p.field, err = s.place(d, r); err != nil {
		return nil, err
	}
	if err := s.digest(ctx, p); err != nil {
		return nil, err
	}
	return p, nil
}

// digest hashes the byte range and makes the signed attributes. The file is read once: the digest of the sealed file
// goes on from the same state where the two are the same.
func (s *Sealer) digest(ctx context.Context, p *Prepared) error {
	if err := p.hashFile(); err != nil {
		return fmt.Errorf("pades: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	h := s.alg.Hash.New()
	if c, ok := p.file.(hash.Cloner); ok && s.alg.Hash == crypto.SHA256 {
		clone, err := c.Clone()
		if err != nil {
			return fmt.Errorf("pades: %w", err)
		}
		h = clone
	} else {
		p.placeholder.HashPrefix(h)
	}
	p.placeholder.HashSuffix(h)
	attributes, err := cms.SignedAttributes(s.chain[0], s.alg, h.Sum(nil))
	if err != nil {
		return fmt.Errorf("pades: %w", err)
	}
	p.cms = &cms.Draft{Algorithm: s.alg, Chain: s.chain, Attributes: attributes}
	p.Message = attributes
	if !s.alg.Pure {
		p.Digest = cms.Sum(s.alg.Hash, attributes)
	}
	return nil
}

// hashFile hashes the sealed file up to the signature value.
func (p *Prepared) hashFile() (err error) {
	if p.request.Hashed == nil {
		p.file = crypto.SHA256.New()
		p.placeholder.HashPrefix(p.file)
		return nil
	}
	if p.file, err = p.request.Hashed.Clone(); err == nil {
		p.placeholder.HashAppended(p.file)
	}
	return err
}

// Finish checks the signature value, gets the time-stamp and writes both into the seal. Errors:
// [ErrTimestampUnavailable], *[SizeError] when SealRequest.Reserve was too small, a value that is not the key's
// signature over Message, and ctx's; with an Extender also those of [Extender.Extend].
func (s *Sealer) Finish(ctx context.Context, p *Prepared, value []byte) (*Seal, error) {
	if err := s.checkValue(p.Message, value); err != nil {
		return nil, err
	}
	token, stamped, err := s.stamp(ctx, value)
	if err != nil {
		return nil, err
	}
	der, err := p.cms.Marshal(value, token)
	if err != nil {
		return nil, fmt.Errorf("pades: %w", err)
	}
	appended, err := p.placeholder.Embed(der)
	if errors.Is(err, signing.ErrReserve) {
		return nil, &SizeError{Need: len(der), Reserved: p.placeholder.Reserved()}
	}
	if err != nil {
		return nil, err
	}
	p.placeholder.HashRest(p.file)
	out := &Seal{
		Appended: appended, Size: int64(len(p.request.PDF) + len(appended)), Level: s.signatureLevel(), Field: p.field,
		Time: p.request.At.UTC().Truncate(time.Second), TimeSource: "clock",
	}
	p.file.Sum(out.SHA256[:0])
	if stamped != nil {
		out.Time, out.TimeSource = stamped.Time, stamped.Certificate.Subject.String()
	}
	if s.extender == nil {
		return out, nil
	}
	return s.raise(ctx, p.request.PDF, out)
}

// raise extends a fresh seal. Nothing is returned below the level that was asked for.
func (s *Sealer) raise(ctx context.Context, raw []byte, seal *Seal) (*Seal, error) {
	x, err := s.extender.Extend(ctx, slices.Concat(raw, seal.Appended))
	if err != nil {
		return nil, err
	}
	seal.Appended = append(seal.Appended, x.Appended...)
	seal.SHA256, seal.Size, seal.Level = x.SHA256, x.Size, x.Level
	return seal, nil
}

// place adds the signature dictionary and its field.
func (s *Sealer) place(d *pdf.Document, r SealRequest) (*signing.Placeholder, string, error) {
	if reason := acroform.Extendable(d); reason != "" {
		return nil, "", &NotExtendableError{Reason: reason}
	}
	u, err := d.Update()
	if err != nil {
		return nil, "", asNotExtendable(err)
	}
	field, err := emptyField(d, r.Field)
	if err != nil {
		return nil, "", err
	}
	lock, err := lockOf(r)
	if err != nil {
		return nil, "", err
	}
	widget, err := s.widget(u, field, r.Appearance)
	if err != nil {
		return nil, "", err
	}
	dict, err := s.signatureDict(d, r, lock)
	if err != nil {
		return nil, "", err
	}
	sig := signing.Reserve(u, dict, r.Reserve)
	if r.Certify != 0 {
		err := u.EditCatalog(func(c pdf.Dict) error {
			perms, err := u.Edit(c["Perms"], func(p pdf.Dict) error { p["DocMDP"] = sig.Ref; return nil })
			c["Perms"] = perms
			return err
		})
		if err != nil {
			return nil, "", asNotExtendable(err)
		}
	}
	name := r.Field
	if field != nil {
		err = overlay.SignField(u, *field, sig.Ref, widget.Normal, signaturesExistAppendOnly)
	} else {
		name, err = addField(u, "Seal", sig.Ref, widget, lock)
	}
	if err != nil {
		return nil, "", asNotExtendable(err)
	}
	p, err := sig.Close()
	return p, name, err
}

// filterPPKLite is the signature handler that every reader knows (ISO 32000-2 §12.8.1 table 255).
const filterPPKLite = pdf.Name("Adobe.PPKLite")

// signatureDict is the signature dictionary (ISO 32000-2 §12.8.1) but for its value.
func (s *Sealer) signatureDict(d *pdf.Document, r SealRequest, lock pdf.Dict) (pdf.Dict, error) {
	dict := pdf.Dict{
		"Type": pdf.Name("Sig"), "Filter": filterPPKLite, "SubFilter": pdf.Name(subFilterCAdES), "M": signing.Date(r.At),
	}
	for k, v := range map[pdf.Name]string{
		"Reason": r.Reason, "Location": r.Location, "Name": r.Name, "ContactInfo": r.ContactInfo,
	} {
		if v != "" {
			dict[k] = pdf.TextString(v)
		}
	}
	var references pdf.Array
	if r.Certify != 0 {
		ref, err := s.docMDP(d, r.Certify)
		if err != nil {
			return nil, err
		}
		references = append(references, ref)
	}
	if lock != nil {
		references = append(references, s.fieldMDP(d, lock))
	}
	if references != nil {
		dict["Reference"] = references
	}
	return dict, nil
}

// docMDP is the transform of a certification (ISO 32000-2 §12.8.2.2).
func (s *Sealer) docMDP(d *pdf.Document, permission int) (pdf.Dict, error) {
	if permission < 1 || permission > 3 {
		return nil, fmt.Errorf("pades: SealRequest.Certify is %d, want 1, 2 or 3", permission)
	}
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		return nil, asNotExtendable(err)
	}
	for _, f := range fields {
		if f.Value != nil {
			return nil, errors.New("pades: only the first signature of a file can certify it")
		}
	}
	return s.reference("DocMDP", pdf.Dict{"P": int64(permission)}), nil
}
