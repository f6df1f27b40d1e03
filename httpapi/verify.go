package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

type digestBody struct {
	SHA256 storage.Digest `json:"sha256"`
	State  string         `json:"state"`
	AsOf   string         `json:"as_of"`
	Notice string         `json:"notice"`
}

// verify looks up a digest in the vault, for any organization.
func (a *API) verify(c *call) (*rest.Reply, error) {
	if a.cfg.VerifyOff {
		return nil, errOff
	}
	if c.WantsPage() {
		a.refuseByPage(c, pass{})
	}
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	sum, err := storage.ParseDigest(c.Params["sha256"])
	if err != nil {
		return nil, errNoRoute
	}
	if err := a.limitVerify(c); err != nil {
		return nil, err
	}
	state, err := a.lookup(c.Ctx, sum)
	if err != nil {
		return nil, err
	}
	if c.WantsPage() {
		return a.verifyPage(c, sum, state)
	}
	return rest.OK(digestBody{sum, string(state), at(c.Now), verifyNotice[state]}).With("Vary", "Accept"), nil
}

// lookup looks in the vault, and then among the signers' copies of documents that are not vaulted.
func (a *API) lookup(ctx context.Context, sum storage.Digest) (state vault.State, err error) {
	if state, err = a.cfg.Vault.Lookup(ctx, sum); err != nil || state != vault.StateUnknown {
		return state, err
	}
	copied, err := a.cfg.ESign.IsCopy(ctx, sum)
	if copied {
		state = vault.StateCopy
	}
	return state, err
}

// verifyPage is the same answer for people: QR codes lead here.
func (a *API) verifyPage(c *call, sum storage.Digest, state vault.State) (*rest.Reply, error) {
	p, err := web.RenderVerify(web.Verify{
		State: string(state), Title: verifyTitle[state], Notice: verifyNotice[state], SHA256: string(sum), AsOf: web.Time{Machine: at(c.Now), Text: a.texts.Match("en").Moment(c.Now.UTC())}, Action: a.cfg.BasePath + "/verify/",
	})
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusOK, p).With("Vary", "Accept"), nil
}

var verifyTitle = map[vault.State]string{
	vault.StateAuthoritative: "The authoritative copy",
	vault.StateReleased:      "A released original",
	vault.StateSuperseded:    "An earlier state of a vaulted document",
	vault.StateCopy:          "A registered copy",
	vault.StateUnknown:       "Not known to this vault",
}

var verifyNotice = map[vault.State]string{
	vault.StateAuthoritative: "The authoritative copy is the one held in the vault; an equal file elsewhere is a copy of it.",
	vault.StateReleased:      "The original was released with these bytes; this vault no longer holds an authoritative copy.",
	vault.StateSuperseded:    "These are the bytes of an earlier version, or of what was signed or deposited; they are not the authoritative copy.",
	vault.StateCopy:          "This is a registered copy; every page of it says that it is not the authoritative copy.",
	vault.StateUnknown:       "This vault does not know these bytes.",
}

// limitVerify counts over all replicas: digests could be guessed for files that
// a stranger has.
func (a *API) limitVerify(c *call) error {
	n, err := a.cfg.Counters.Add(c.Ctx, "verify:"+a.address(c.R), c.Now.Truncate(time.Minute), 1)
	if err != nil {
		return err
	}
	if n > a.cfg.VerifyPerMinute {
		return errRate
	}
	return nil
}

type certificateState struct {
	CertificateID string `json:"certificate_id"`
	State         string `json:"state"`
	AsOf          string `json:"as_of"`
}

func (a *API) verifyCertificate(c *call) (*rest.Reply, error) {
	if a.cfg.VerifyOff {
		return nil, errOff
	}
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	if err := a.limitVerify(c); err != nil {
		return nil, err
	}
	state := certificate.StateUnknown
	if environ.IsID(c.id(), "crt") {
		var err error
		if state, err = a.cfg.Compliance.State(c.Ctx, c.id()); err != nil {
			return nil, err
		}
	}
	return rest.OK(certificateState{c.id(), state, at(c.Now)}), nil
}
