package embedded

import "context"

// RunOnce does one round of every task.
func (e *Embedded) RunOnce(ctx context.Context) {
	r := e.runner()
	for _, t := range e.tasks() {
		var held bool
		if r.once(ctx, t, &held); held {
			r.release(ctx, t)
		}
	}
}

// TaskNames are the names of all tasks.
func (e *Embedded) TaskNames() []string {
	var names []string
	for _, t := range e.tasks() {
		names = append(names, t.name)
	}
	return names
}
