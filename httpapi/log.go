package httpapi

import (
	"net/http"
	"slices"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault/translog"
)

// Log routes.

func (a *API) logCheckpoint(c *call) (*rest.Reply, error) {
	cp, err := a.cfg.Log.Checkpoint(c.Ctx)
	if err != nil {
		return nil, err
	}
	return (&rest.Reply{Status: http.StatusOK, Raw: []byte(cp.Note)}).With("Content-Type", "text/plain; charset=utf-8"), nil
}

func (a *API) logKeys(c *call) (*rest.Reply, error) {
	keys, err := a.cfg.Log.Keys(c.Ctx)
	if err != nil {
		return nil, err
	}
	verifiers, periods := []string{}, []logKey{}
	for _, k := range keys {
		if !slices.Contains(verifiers, k.Verifier) { // one that came back has two periods
			verifiers = append(verifiers, k.Verifier)
		}
		period := logKey{Verifier: k.Verifier}
		if !k.From.IsZero() {
			from := at(k.From)
			period.From = &from
		}
		if k.Until != nil {
			until := at(*k.Until)
			period.Until = &until
		}
		periods = append(periods, period)
	}
	return &rest.Reply{Status: http.StatusOK, Data: verifiers, Meta: logKeysMeta{periods}}, nil
}

type logKeysMeta struct {
	Keys []logKey `json:"keys"`
}

// logKey is when a verifier key of the log was in use.
type logKey struct {
	Verifier string  `json:"key"`
	From     *string `json:"evault_from"`
	Until    *string `json:"evault_until"`
}

type inclusionBody struct {
	Index    int64    `json:"index"`
	TreeSize int64    `json:"tree_size"`
	Proof    []string `json:"inclusion_proof"`
}

func (a *API) logProof(c *call) (*rest.Reply, error) {
	q, err := c.Query("index", "tree_size")
	if err != nil {
		return nil, err
	}
	index, err := rest.Number(q, "index")
	if err != nil {
		return nil, err
	}
	size, err := rest.Number(q, "tree_size")
	if err != nil {
		return nil, err
	}
	proof, err := a.cfg.Log.Inclusion(c.Ctx, index, size)
	if err != nil {
		return nil, err
	}
	return rest.OK(inclusionBody{index, size, hashes(proof)}), nil
}

type consistencyBody struct {
	From  int64    `json:"from"`
	To    int64    `json:"to"`
	Proof []string `json:"consistency_proof"`
}

func (a *API) logConsistency(c *call) (*rest.Reply, error) {
	q, err := c.Query("from", "to")
	if err != nil {
		return nil, err
	}
	from, err := rest.Number(q, "from")
	if err != nil {
		return nil, err
	}
	to, err := rest.Number(q, "to")
	if err != nil {
		return nil, err
	}
	proof, err := a.cfg.Log.Consistency(c.Ctx, from, to)
	if err != nil {
		return nil, err
	}
	return rest.OK(consistencyBody{from, to, hashes(proof)}), nil
}

func hashes(proof []translog.Hash) []string {
	out := make([]string, len(proof))
	for i, h := range proof {
		out[i] = h.String()
	}
	return out
}
