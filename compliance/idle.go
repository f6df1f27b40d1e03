package compliance

import "context"

// Idle reports whether EvaluateDue and CertifyDue have nothing to do now. It reads
// one row for each and writes nothing.
func (e *Engine) Idle(ctx context.Context) (bool, error) {
	evaluations, err := e.c.Store.EvaluationsDue(ctx, e.now(), 1)
	if err != nil || len(evaluations) > 0 {
		return false, err
	}
	certificates, err := e.c.Store.DueBefore(ctx, e.now(), 1)
	return len(certificates) == 0, err
}
