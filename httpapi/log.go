package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/evaultlib/evault/vault/translog"
)

// Log routes.

func (a *API) logCheckpoint(c *call) (*reply, error) {
	cp, err := a.cfg.Log.Checkpoint(c.ctx)
	if err != nil {
		return nil, err
	}
	return (&reply{status: http.StatusOK, raw: []byte(cp.Note)}).with("Content-Type", "text/plain; charset=utf-8"), nil
}

func (a *API) logKeys(c *call) (*reply, error) {
	keys, err := a.cfg.Log.Keys(c.ctx)
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
	return &reply{status: http.StatusOK, data: verifiers, meta: struct {
		Keys []logKey `json:"keys"`
	}{periods}}, nil
}

// logKey is when a verifier key of the log was in use.
type logKey struct {
	Verifier string  `json:"key"`
	From     *string `json:"evault_from"`
	Until    *string `json:"evault_until"`
}

func (a *API) logProof(c *call) (*reply, error) {
	q, err := c.query("index", "tree_size")
	if err != nil {
		return nil, err
	}
	index, err := logNumber(q.Get("index"), "index")
	if err != nil {
		return nil, err
	}
	size, err := logNumber(q.Get("tree_size"), "tree_size")
	if err != nil {
		return nil, err
	}
	proof, err := a.cfg.Log.Inclusion(c.ctx, index, size)
	if err != nil {
		return nil, err
	}
	return ok(struct {
		Index    int64    `json:"index"`
		TreeSize int64    `json:"tree_size"`
		Proof    []string `json:"inclusion_proof"`
	}{index, size, hashes(proof)}), nil
}

func (a *API) logConsistency(c *call) (*reply, error) {
	q, err := c.query("from", "to")
	if err != nil {
		return nil, err
	}
	from, err := logNumber(q.Get("from"), "from")
	if err != nil {
		return nil, err
	}
	to, err := logNumber(q.Get("to"), "to")
	if err != nil {
		return nil, err
	}
	proof, err := a.cfg.Log.Consistency(c.ctx, from, to)
	if err != nil {
		return nil, err
	}
	return ok(struct {
		From  int64    `json:"from"`
		To    int64    `json:"to"`
		Proof []string `json:"consistency_proof"`
	}{from, to, hashes(proof)}), nil
}

func hashes(proof []translog.Hash) []string {
	out := make([]string, len(proof))
	for i, h := range proof {
		out[i] = h.String()
	}
	return out
}

func logNumber(s, name string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, &badRequest{"bad_query", name + " must be a whole number"}
	}
	return n, nil
}
