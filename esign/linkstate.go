package esign

import (
	"context"
	"errors"
	"time"

	"github.com/evaultlib/evault/storage"
)

// LinkState is the state of a signing link, for a page that explains it. It grants no access.
type LinkState struct {
	OrgID, EnvelopeID, EnvelopeName string
	Status                          Status // of the envelope, as of now
	Signer                          Signer
	Replaced                        bool       // the signer has a newer link; the fields below are empty then
	Reason                          string     // why the sender voided it, or why this signer declined
	EndedAt                         *time.Time // when it was declined or voided, or expired
	Before                          int        // how many sign before this signer and have not yet
	Left                            int        // how many others have not signed yet
	RedirectURL                     string     // URL that signers return to afterwards; "" for none
	ReadableUntil                   *time.Time // until when the link opens a copy; nil if it opens none
	Zone                            *time.Location
}

// LinkState returns the state of a signing link. It changes nothing. ErrLink
// for a link that was never made.
func (e *Engine) LinkState(ctx context.Context, token string) (*LinkState, error) {
	id, version, err := e.openToken(token)
	if err != nil {
		return nil, err
	}
	env, err := e.cfg.Store.EnvelopeOfSigner(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrLink
	}
	if err != nil {
		return nil, err
	}
	env.judge(e.now())
	sg := env.signer(id)
	if sg.LinkVersion != version {
		return &LinkState{
			OrgID: env.OrgID, EnvelopeID: env.ID, EnvelopeName: env.Name, Status: env.Status, Signer: *sg, Zone: env.ZoneOf(sg),
			Replaced: true,
		}, nil
	}
	return env.linkState(sg), nil
}

// linkState is the state of the newest link of sg.
func (e *Envelope) linkState(sg *Signer) *LinkState {
	s := &LinkState{
		OrgID: e.OrgID, EnvelopeID: e.ID, EnvelopeName: e.Name, Status: e.Status, Signer: *sg, Zone: e.ZoneOf(sg),
		ReadableUntil: e.readableUntil(sg), RedirectURL: e.RedirectURL,
	}
	for _, o := range e.Signers {
		if o.ID != sg.ID && o.Status != SignerSigned {
			s.Left++
			if o.Order < sg.Order {
				s.Before++
			}
		}
	}
	if ended, is := e.endedWithoutCompletion(); is {
		s.EndedAt = &ended
	}
	switch e.Status {
	case StatusVoided:
		s.Reason = e.VoidReason
	case StatusDeclined:
		s.Reason = sg.DeclineReason
	}
	return s
}

// readableUntil is when the link of sg ceases to open a copy; nil where it opens none.
func (e *Envelope) readableUntil(sg *Signer) *time.Time {
	var until time.Time
	ended, is := e.endedWithoutCompletion()
	switch {
	case is && sg.Status == SignerSigned:
		until = ended.Add(copyGrace)
	case !is && e.ExpiresAt != nil:
		until = e.ExpiresAt.Add(copyGrace)
	default:
		return nil
	}
	return &until
}
