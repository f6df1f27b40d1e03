// Package embedded wires every engine of evault for a host that wants all of
// them: by default on SQLite and a folder, with keys of its own.
//
//	v, err := embedded.Open(ctx, embedded.Options{Dir: "/var/lib/app/evault"})
//	defer v.Close()
//	go v.Run(ctx)          // background work, until ctx ends
//	v.ESign.Create(ctx, …) // the engines are fields
//
// Options.Anchors gives the log's checkpoints a place of their own. Without it they
// lie beside the documents: a database that is restored alone is found and does
// nothing with its copies, but a backup of database and documents together brings
// back what was released since, and nobody can tell. A backup of all three places
// defeats the anchors in the same way; keep them where a restore does not reach.
//
// Options.DB and Options.Bucket put the same wiring on PostgreSQL and an object
// store; then any number of replicas run it side by side.
//
// # Files in Dir
//
//	evault.db   the database, unless Options.DB is given
//	blobs/      the documents, unless Options.Bucket is given
//	keys/       one file per key, mode 0600, unless Options.Keys is given
//
// A key is made on first use, fsynced and published under its name by link(2),
// so that two processes that start together agree on it and a power cut leaves
// it whole or not there. Nothing ever overwrites it: whoever loses keys/ cannot
// extend the log, and signing links and download tokens end. Back it up, apart
// from the database. The seal's certificate is issued by a root made for it
// alone, whose private key was never stored: readers that do not know the root
// call the seal valid but its issuer unknown, and certificates say so in their
// legal notice. A host passes real keys in Options.Keys.
//
// An Embedded is safe for concurrent use.
//
// Stability: a folder or database of an older version is opened by every later one. The
// Go API may change until v1; options are added.
package embedded
