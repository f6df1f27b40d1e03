// Package blobstore keeps objects in a gocloud.dev *blob.Bucket that the host
// opened: a folder (OpenFolder), S3, GCS, Azure or memory.
//
//	bucket, err := blobstore.OpenFolder("/var/lib/app/blobs")
//	store, err := blobstore.New(bucket, blobstore.Config{})
//
// Objects are written with Bucket.Upload alone, under the names as given, and
// no precondition of a driver is relied on: which object counts is decided in
// SQL (storage.BlobRows). Put may overwrite an object with the same bytes.
//
// OpenFolder's bucket is a driver of its own because gocloud's fileblob never
// fsyncs and lets several writers with IfNotExist win. It keeps an object under
// its name as a plain file, so that sha256sum and a backup tool see the bytes
// that were signed. What it promises is written at OpenFolder.
//
// All types are safe for concurrent use, also by several processes on one
// folder.
//
// Stability: the names of objects and how they are written stay as they are. The Go API
// may change until v1.
package blobstore
