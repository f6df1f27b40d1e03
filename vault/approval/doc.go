// Package approval is dual control: an organization may require that a second key of its
// own agrees before control of a copy is offered or a copy is released. The first key
// asks, another key approves, and only then does the verb run, with the approval as part
// of its request.
//
// Dual control within the organization that has control leaves that control exclusive
// (UCC 9-105(d) as amended in 2022); the approval of anybody else is never asked for.
//
// Package vault judges approvals in the transaction of the verb, by the event chain of
// the envelope. A host that does not set scopes.Organization.TwoKeys needs nothing of this.
//
// Stability: the exported names may change until v1; the events are formats of package
// storage/event and never change.
package approval
