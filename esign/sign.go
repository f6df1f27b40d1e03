package esign

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/storage"
)

// SignRequest is a signature and the values of the signer's fields.
type SignRequest struct {
	Token     string
	Signature Signature
	Fields    []FieldValue
	TimeZone  string // IANA name, the signer's own; default: as the sender named it, else UTC
	Client    Client
	// Also runs in the last transaction: that of the seal, if this was the last
	// signature and the seal succeeds at once.
	Also func(ctx context.Context, tx storage.Tx, r *SignerResult) error
}

// FieldValue is a value entered by a signer: text, "true" or "false" for a
// checkbox, a day as 2006-01-02 for a date. Signature and date fields need no
// value: a signature is placed in each required signature field and in each
// optional one that has a value; date fields get today's date in the signer's
// time zone. Any other day must be today's date somewhere on earth.
type FieldValue struct {
	FieldID, Value string
	PNG            []byte // initials may be drawn instead, within the limits of a Signature
}

// errMoved: another signer's part came in between.
var errMoved = errors.New("esign: the document has grown")

// Sign places the signature and the values and records them. With the last signature the envelope
// is signed and the seal is tried in the same call; if the seal fails, the status stays signed and
// SealDue tries again. A repeat of the same request gets the same result. Errors: those of Session,
// *NotViewedError, ErrConsentRequired, ErrAlreadySigned, *InvalidError, *StateError, ErrIntegrity
// when the fields on record are not those of the envelope's creation.
func (e *Engine) Sign(ctx context.Context, r SignRequest) (*SignerResult, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	digest, err := r.digest()
	if err != nil {
		return nil, err
	}
	const tries = 60 // more than signers of one envelope
	for range tries {
		env, sg, err := e.open(ctx, e.cfg.Store, r.Token)
		if err != nil {
			return nil, err
		}
		if sg.Status == SignerSigned {
			if sg.SignedRequest != digest {
				return nil, ErrAlreadySigned
			}
			return e.finish(ctx, env, sg.ID, nil, r)
		}
		out, whole, err := e.signOnce(ctx, env, sg, r, digest)
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if out.EnvelopeStatus == StatusSigned {
			env.Status = StatusSigned
			return e.finish(ctx, env, sg.ID, whole, r)
		}
		return out, nil
	}
	return nil, fmt.Errorf("sign: %w", storage.ErrConflict)
}

// signable judges whether sg may sign now.
func (e *Engine) signable(env *Envelope, sg *Signer) error {
	if _, err := env.Status.After(VerbConsent); err != nil { // neither sent nor viewed
		_, err := env.Status.After(VerbSign)
		return err
	}
	if sg.PresentedSHA256 == "" {
		return ErrNotViewed
	}
	if !e.consents(sg) {
		return ErrConsentRequired
	}
	_, err := env.Status.After(VerbSign)
	return err
}

// signOnce also returns the document with the signature.
func (e *Engine) signOnce(
	ctx context.Context, env *Envelope, sg *Signer, r SignRequest, digest storage.Digest,
) (out *SignerResult, whole *storage.Content, err error) {
	if err := e.signable(env, sg); errors.Is(err, ErrNotViewed) {
		return nil, nil, e.unread(ctx, r.Token, env, sg, r.Client)
	} else if err != nil {
		return nil, nil, err
	}
	if err := e.checkRecord(ctx, env); err != nil {
		return nil, nil, err
	}
	if r.TimeZone != "" {
		sg.TimeZone = r.TimeZone
	}
	filled, err := e.fill(env, sg, r)
	if err != nil {
		return nil, nil, err
	}
	before, err := e.assemble(ctx, env)
	if err != nil {
		return nil, nil, err
	}
	part, whole, err := e.newPart(ctx, env, sg, before, filled.marks)
	if err != nil {
		return nil, nil, fmt.Errorf("sign %s: %w", env.ID, err)
	}
	zoneName := sg.TimeZone
	err = e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, sg, err := e.open(ctx, s, r.Token)
		switch {
		case err != nil:
			return err
		case sg.Status == SignerSigned || len(env.Parts) != part.Seq:
			return errMoved
		}
		if err := e.signable(env, sg); err != nil {
			return err
		}
		sg.SignedRequest, sg.TimeZone = digest, zoneName
		if filled.shown, err = e.reading(ctx, s, env, sg); err != nil {
			return err
		}
		if err := e.record(ctx, s, env, sg, r, part, filled); err != nil {
			return err
		}
		out = result(env, sg)
		if env.Status == StatusSigned {
			return nil // Also comes with the seal
		}
		return also(ctx, s, r.Also, out)
	})
	return out, whole, err
}

// newPart appends marks to a document and stages what was appended.
func (e *Engine) newPart(
	ctx context.Context, env *Envelope, sg *Signer, before *storage.Content, marks []overlay.Mark,
) (part Part, whole *storage.Content, err error) {
	appended, err := e.place(ctx, before.Bytes(), marks)
	if err != nil {
		return Part{}, nil, err
	}
	o, err := e.cfg.Objects.Stage(ctx, storage.KindPart, e.cfg.NewID("prt"), appended)
	if err != nil {
		return Part{}, nil, err
	}
	whole = before.Append(appended)
	return Part{Seq: len(env.Parts), SignerID: sg.ID, Object: o, SHA256: whole.SHA256(), Size: whole.Size()}, whole, nil
}

// record writes a signature: part, values, signer, next turns, event.
func (e *Engine) record(ctx context.Context, s Store, env *Envelope, sg *Signer, r SignRequest, p Part, f *filled) error {
	now := e.now()
	if err := s.LinkBlob(ctx, p.Object.Name, now); err != nil {
		return fmt.Errorf("link %s: %w", p.Object.Name, err)
	}
	if err := s.AddPart(ctx, env.ID, p); err != nil {
		return err
	}
	if err := s.SetValues(ctx, env.ID, f.values...); err != nil {
		return err
	}
	sg.Status, sg.SignedAt, sg.SignatureKind = SignerSigned, &now, r.Signature.Kind
	sg.RemindAt = nil
	sg.Address, sg.UserAgent = clean(r.Client.Addr), clean(r.Client.UserAgent)
	env.Parts = append(env.Parts, p)
	env.SignersSigned++
	verb := VerbSign
	if env.SignersSigned == env.SignersTotal {
		verb = VerbFinish
	}
	to, err := env.Status.After(verb)
	if err != nil {
		return err
	}
	env.Status = to
	turn := env.nextTurn(now)
	if err := e.giveTurn(ctx, s, env, turn, now); err != nil {
		return err
	}
	detail := event.SignedDetail{
		Client: r.Client.detail(), Name: sg.Name, Email: sg.Email, Role: sg.Role, TimeZone: env.ZoneOf(sg).String(),
		Text: r.Signature.Text, Values: f.detail, PagesShownAt: f.shown.times(),
	}
	return e.saveSigner(ctx, s, env, sg, eventlog.Draft{
		Type: event.EnvelopeSigned, Detail: detail, Data: event.SignedData{
			SignerID: sg.ID, PresentedSHA256: sg.PresentedSHA256, DocumentSHA256: p.SHA256, PartSHA256: p.Object.SHA256,
			DisclosureSHA256: sg.DisclosureSHA256, SignatureKind: r.Signature.Kind, Auth: sg.Auth,
			LinkDisclosed: sg.LinkDisclosedAt != nil, Notified: signerIDs(turn), PagesShown: f.shown.list(true),
		},
	})
}

// finish does what comes after a recorded signature: the seal, if it was the
// last one, and Also. whole may be nil.
func (e *Engine) finish(ctx context.Context, env *Envelope, signerID string, whole *storage.Content, r SignRequest) (*SignerResult, error) {
	var out *SignerResult
	tell := func(ctx context.Context, s Store, env *Envelope) error {
		out = result(env, env.signer(signerID))
		return also(ctx, s, r.Also, out)
	}
	var err error
	if env.Status == StatusSigned {
		err = e.seal(ctx, env.ID, whole, tell)
	} else {
		err = e.tell(ctx, env.ID, tell)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// digest names the content of a request, so that its repeat is known.
func (r *SignRequest) digest() (storage.Digest, error) {
	fields := make([][3]string, len(r.Fields))
	for i, f := range r.Fields {
		fields[i] = [3]string{f.FieldID, f.Value, string(storage.Sum(f.PNG))}
	}
	slices.SortFunc(fields, func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	b, err := canonjson.Marshal(map[string]any{
		"kind": r.Signature.Kind, "text": r.Signature.Text, "png": storage.Sum(r.Signature.PNG), "fields": fields,
		"time_zone": r.TimeZone,
	})
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return storage.Sum(b), nil
}
