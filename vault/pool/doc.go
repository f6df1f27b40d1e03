// Package pool offers and takes control of many contracts as one. A pool is a named list
// of copies that one organization controls. A batch offers them to one receiver, which
// accepts or rejects them as one, with a result for each.
//
// A batch is work in the background: Due goes on where the last call, of any replica,
// ended. Each item's offer, acceptance or end commits with its row, so that a crash
// repeats nothing. In the mode BestEffort each item succeeds or fails by itself; in the
// mode Atomic all offers are made in one transaction, and all switches in another.
//
// Who may offer and accept is judged by package vault for each copy, in the transaction of
// its effect.
//
// Stability: the exported names may change until v1.
package pool
