package rest

import "time"

// Limits of a request that are the same for all routes.
const (
	maxParts      = 8       // of a multipart body
	maxQuery      = 100     // parameters of a query
	maxDepth      = 32      // of nested JSON values
	maxKey        = 255     // bytes of an Idempotency-Key
	maxRequestID  = 128     // bytes of an X-Request-Id
	minCompressed = 1400    // bytes of a page; a smaller one fits into one packet as it is
	firstRead     = 4 << 10 // bytes of memory that a body begins with; they double with what arrives
)

// Limits of a refusal. A client's own text in it is cut, so that the whole stays
// far below 64 KiB: 100 details of at most 500 bytes.
const (
	maxEcho    = 200     // bytes of a client's text, such as a field name
	maxDetail  = 4 << 10 // bytes of the detail
	maxMessage = 300     // bytes of a field's message
)

// Limits of a slow body. Each read ends after silence; the whole body must have
// arrived by the time that its bytes take at leastRate, and grace.
const (
	silence   = 10 * time.Second
	grace     = 10 * time.Second
	leastRate = 8 << 10 // bytes a second
	// leaveTime is how long the server reads on after a refusal, so that the client
	// gets the answer before the connection is closed.
	leaveTime = 2 * time.Second
)

// asideTime bounds what is stored after the client has gone.
const asideTime = 5 * time.Second

// Pages of a list.
const (
	DefaultPage = 20  // items of a page unless the query names a limit
	MaxPage     = 100 // items of a page
	lastPage    = 1_000_000
)
