package httpapi

import (
	"time"

	"github.com/evaultlib/evault/vault/pool"
)

// The limits and lifetimes of the HTTP interface that a Config does not set. Those of
// JSON, queries, multipart bodies, slow bodies and pages of a list, which no route
// changes, are in internal/rest/limits.go; those of documents are esign.Limits.

// Sizes of request bodies, beside the document that some carry.
const (
	sizeNone          = 4 << 10  // of a route without a body
	sizeSigner        = 4 << 10  // consent, withdrawal, decline
	sizeToken         = 8 << 10  // an embed token and an origin
	sizeOrdinary      = 64 << 10 // unless the route says more
	maxTemplateValues = 500      // values of a template's fields in one create

	sizeEnvelope = 1 << 20 // an envelope's fields, signers and metadata
	sizeDrawing  = 4 << 20 // a drawn signature

	sizePool   = 4 << 20 // the ids of two full pools, one to add and one to remove
	poolValues = 2*pool.MaxContracts + 100

	maxValues = 10_000 // JSON values or form values in one body
)

// Lives of what is issued.
const (
	minExpires     = 60               // seconds; of a download URL
	defaultExpires = 300              // seconds
	maxExpires     = 86400            // seconds
	packageLife    = time.Hour        // of the URL of a release package
	embedLife      = 15 * time.Minute // of an embed token, until its exchange
	sessionLife    = time.Hour        // of the session that it is exchanged for
	maxOfferDays   = 90               // of an offer of control, and of a receiving code
)

// Lives of stored rows.
const (
	claimLease   = time.Minute         // of an idempotency key whose request runs
	keepAnswer   = 24 * time.Hour      // of a first answer, unless its route keeps it for ever
	keepCounters = 48 * time.Hour      // of a window of counts
	keepTickets  = 30 * 24 * time.Hour // of a download URL, after it expired
	keepSent     = 30 * 24 * time.Hour // of a webhook delivery, after it ended
)

// Rates. Those of a key are the key's own.
const (
	failureWindow = 5 * time.Minute
	maxFailures   = 300 // wrong keys, links or tokens of one address in a window, over all replicas
	signerWrites  = 30  // writes of one signing link in a minute, over all replicas
	assetQueries  = 600 // queries of one organization in an hour about assets, over all replicas
	tokenKeys     = 100 // new idempotency keys of one token in a day
	atATime       = 2   // page images drawn for one signer at a time, in this replica
)

// The signing page.
const (
	defaultPageWidth = 1000 // pixels of a page image
	previewWidth     = 1200 // pixels of a page with what was filled in
	maxImages        = 100  // pages shown as images; the rest of a long document is in the PDF
	maxRegisterShown = 50   // entries of the register of copies on the vault's page
	maxUserAgent     = 500  // bytes that are recorded of a User-Agent
)
