// Package peers measures internal/pdf beside pdfcpu and bare SHA-256 on the same bytes in the same run:
//
//	cd internal/pdf/peers && GOMAXPROCS=1 go test -bench .
//
// It is a module of its own, so that pdfcpu reaches no host.
package peers
