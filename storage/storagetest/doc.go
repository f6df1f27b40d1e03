// Package storagetest is the suite that every backend of evault's storage
// contracts passes: one function per contract, given the backend or a way to
// open an empty one, and Faults, which makes the k-th call of a database or a
// blob store fail.
//
//	func TestBlobs(t *testing.T) {
//		storagetest.Blobs(t, func(t *testing.T) storage.Blobs { return myblobs.Open(t.TempDir()) })
//	}
//
// A fault found in one backend becomes a case here before it is mended. The
// package is unstable until v1: a release may add cases.
//
// Stability: the suite grows with any version: a backend that passed may fail the next
// one's. The Go API may change until v1.
package storagetest
