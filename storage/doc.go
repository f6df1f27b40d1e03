// Package storage holds the contracts that evault's engines share with their backends:
// transactions, digests, blobs, pages, leases and the small tables of httpapi. It uses only the
// standard library. The backends are in storage/sqlstore (bun), storage/blobstore (gocloud.dev) and
// storage/sqlite; storage/storagetest is the conformance suite that each of them passes.
//
// The interfaces here and the Store interfaces of the engines may grow until
// v1; backends outside this module should run storagetest against each release.
//
// Stability: digests, kinds of objects and their names in a bucket stay as they are.
// The Go API may change until v1, and the interfaces may grow until then.
package storage
