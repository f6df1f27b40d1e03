// Package inspect examines PDFs that strangers upload in limited child processes, so that no file can take the host's
// memory or time, or bring it down, whatever bug it finds in a parser. It is the [esign.Inspector] for a host that takes
// uploads; its findings are those of the inspection in process.
//
// A child is the host's own binary, started again: nothing has to be installed beside it. That is why the host's main
// function must begin with [Main], before flags, files or sockets:
//
//	func main() {
//		inspect.Main() // returns at once, unless this process is a child
//		…
//		inspector, err := inspect.New(inspect.Config{})
//		…
//		engine, err := esign.New(esign.Config{Inspector: inspector, …})
//
// Children wait in a pool of [Config.Children], so that starting one (some milliseconds, and the host's own package
// initialization) is not part of an upload:
//
//	start ─► confined, waiting ◄──► examining ─► after Config.Files files, one that took much memory,
//	                                             or any failure: killed, replaced
//
// # What bounds a child
//
// On every system: a deadline, after which the parent kills the child and its process group; bounded frames on three
// pipes and nothing else; an empty environment and / as directory; and a watch inside the child on processor time (not
// on Windows) and on the memory of the Go runtime, every 10 ms, which ends it at Config.CPU, or 7/8 of Config.Memory, with a
// status that says which.
//
// On Linux the kernel enforces it, set by the child on itself before it reads the first byte, and beyond recall:
//
//	RLIMIT_DATA     memory: what the idle child holds plus Config.Memory. Not RLIMIT_AS: the Go runtime reserves over
//	                1 GB of addresses that it never uses
//	RLIMIT_CPU      Config.CPU over what a child may use in its life (20 s)
//	RLIMIT_NOFILE   the descriptors already in use: no file, socket or pipe can be opened any more
//	RLIMIT_FSIZE    0: nothing is written
//	RLIMIT_CORE     0: no document lands in a core dump
//	no_new_privs    no set-user-ID program
//
// Inherited descriptors are closed first. On other Unix systems RLIMIT_CPU, RLIMIT_FSIZE and RLIMIT_CORE are set, and on
// Windows none; there the watch and the deadline are all there is. A child examines the files of several uploads one after
// another: what one leaves in its memory, code that took over the child with the next could read, until Config.Files
// replaces it. With Files: 1 every file has a process of its own.
//
// # What becomes of a failure
//
// A file that reaches a bound is refused with an [esign.Refusal] whose reason says which: [ReasonTime], [ReasonMemory],
// [ReasonCrashed]. A child killed by somebody else costs nothing: the file is given to another, once. When no child can be
// started the error is [ErrUnavailable], which says nothing about the file.
//
// Stability: the Go API may change until v1. The refusals are those of esign/intake.
// The protocol between parent and child is internal, and both are always the same
// program.
package inspect
