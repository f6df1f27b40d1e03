package compliance

import "context"

// Idle reports whether EvaluateDue and the handover's HandoverDue have nothing to
// do now. It reads one row for each kind of work and writes nothing.
func (e *Engine) Idle(ctx context.Context) (bool, error) {
	now := e.now()
	for _, ask := range []func() (int, error){
		func() (int, error) { return count(e.c.Store.EvaluationsDue(ctx, now, 1)) },
		func() (int, error) { return count(e.c.Store.DueBefore(ctx, now, 1)) },
		func() (int, error) { return count(e.c.Vault.PackagesDue(ctx, now.Add(-noteDelay), 1)) },
		func() (int, error) {
			if e.c.Depositor == nil {
				return 0, nil
			}
			return count(e.c.Store.AutoVaultDue(ctx, now, 1))
		},
	} {
		if n, err := ask(); err != nil || n > 0 {
			return false, err
		}
	}
	return true, nil
}

func count[T any](list []T, err error) (int, error) { return len(list), err }
