package esign

import "time"

// The limits of envelopes that a Config does not set. Those of the files themselves
// are Config.Limits; how long a text may be stands in the validate tags of the
// requests; those of the HTTP interface are in httpapi/limits.go.

// The longest lists in a request. A longer list is refused by its length,
// before its elements are checked.
const (
	maxFields   = 500
	maxSigners  = 50
	maxOrder    = 1000 // of a signer
	maxMetadata = 50
	maxSummary  = 30 // rows
)

// The longest texts of a row of the summary, in characters.
const (
	maxSummaryLabel = 80
	maxSummaryValue = 300
)

// The least size of a field, in fractions of the page.
const (
	minFieldW = 0.01
	minFieldH = 0.005
)

// What a signer gives.
const (
	maxValue     = 500       // characters of a field's value
	maxSigned    = 200       // characters of a typed signature
	maxPNG       = 512 << 10 // bytes of a drawn one
	maxPNGWidth  = 2000      // pixels
	maxPNGHeight = 1000      // pixels
	maxZone      = 64        // characters of a time zone's name
	maxConsents  = 20        // consents of one signer; a withdrawal needs a consent, so it bounds both
)

// Least and greatest width of a page image in pixels.
const (
	MinPageWidth = 16
	MaxPageWidth = 2000
)

// A page of a list.
const (
	defaultPage = 20  // envelopes, unless the caller says otherwise
	maxPage     = 100 // envelopes
	maxEvents   = 100 // events of a chain
)

// Notices.
const (
	noticeLease = 2 * time.Minute // of one that is being handed to the Notifier
	noticeTries = 12              // with the pauses of NotifyDue, about two days
)
