// Package rest is the part of the HTTP interface that is independent of the
// engines: it turns a request into a Call, and a Reply or an error into a
// response.
//
//	New            a Call, with its request id and the headers of every answer
//	Bodies.Read    the body: 413, 503 busy, 415, 408 too slow, 400
//	Call.Query     the query: 400 for unknown, repeated or blank parameters
//	Call.Decode    the JSON body into a struct: 400 for what is not a field of it
//	Idempotency    one effect and one answer for repeats of a request
//	Call.Send      the Reply: {"data": …, "meta": …}, a file or raw bytes
//	Call.Refuse    the Document of a problem (RFC 9457)
//
// Which error is which problem, which route reads which body, and whose key opens
// it, is for package httpapi to say. A Call belongs to one goroutine; Bodies,
// Limiter, Window and Idempotency are shared by all calls and safe for concurrent
// use.
//
// Stability: internal; it may change with any version.
package rest
