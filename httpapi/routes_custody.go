package httpapi

import (
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/vault/pool"
)

// custodyRoutes move control of a contract, by API key.
func custodyRoutes() []route {
	return []route{
		{
			method: "POST", pattern: "/partner/receiving-codes", about: "Make a code by which control can be offered to the caller",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: (*API).receivingCode, refill: (*API).receivingCodeAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/custody/bind", about: "Give control to the outside assignee by its key",
			scopes: need(scopes.CustodyWrite), body: jsonBody, forever: true,
			handle: (*API).bindControlKey, refill: (*API).vaultInAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/assignments", about: "Offer control to the organization that made a receiving code",
			scopes: need(scopes.CustodyWrite), body: jsonBody, forever: true,
			handle: (*API).assign, refill: (*API).assignAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/assignments/{assignment}/accept", about: "Accept an offer of control",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, forever: true,
			handle: (*API).acceptAssignment, refill: (*API).acceptAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/assignments/{assignment}/reject", about: "Reject an offer of control",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: (*API).rejectAssignment,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/assignments/{assignment}/cancel", about: "Cancel an offer of control",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: (*API).cancelAssignment,
		},
		{
			method: "GET", pattern: "/partner/assets/{kind}/{value}", about: "Ask whether an asset is held or pledged here",
			scopes: need(scopes.CustodyRead), handle: (*API).asset,
		},
		{
			method: "GET", pattern: "/partner/offers", about: "List offers of control to the caller, newest first",
			scopes: need(scopes.CustodyRead), handle: (*API).offers,
		},
		{
			method: "GET", pattern: "/partner/offers/{id}", about: "Read an offer of control",
			scopes: need(scopes.CustodyRead), handle: (*API).offer,
		},
		{
			method: "GET", pattern: "/partner/approvals", about: "List what keys of the caller's organization asked for, newest first",
			scopes: need(scopes.CustodyRead), handle: withApprovals((*API).approvals),
		},
		{
			method: "GET", pattern: "/partner/approvals/{id}", about: "Read what a key asked for",
			scopes: need(scopes.CustodyRead), handle: withApprovals((*API).approval),
		},
		{
			method: "POST", pattern: "/partner/approvals/{id}", about: "Approve, as a second key, and do it",
			scopes: need(scopes.CustodyWrite, scopes.VaultRelease), body: optionalJSON, handle: withApprovals((*API).approve), refill: (*API).approveAgain,
		},
		{
			method: "DELETE", pattern: "/partner/approvals/{id}", about: "Withdraw a request for approval",
			scopes: need(scopes.CustodyWrite, scopes.VaultRelease), handle: withApprovals((*API).cancelApproval),
		},
	}
}

// poolRoutes are for lists of contracts, by API key.
func poolRoutes() []route {
	return []route{
		{
			method: "GET", pattern: "/partner/pools", about: "List pools, newest first",
			scopes: need(scopes.CustodyRead), handle: withPools((*API).listPools),
		},
		{
			method: "POST", pattern: "/partner/pools", about: "Make a pool: a named list of contracts that the caller controls",
			scopes: need(scopes.CustodyWrite), body: listBody, query: []string{"name"}, limit: sizePool, values: poolValues, handle: withPools((*API).createPool),
		},
		{
			method: "GET", pattern: "/partner/pools/{id}", about: "Read a pool",
			scopes: need(scopes.CustodyRead), handle: withPools((*API).getPool),
		},
		{
			method: "GET", pattern: "/partner/pools/{id}/items", about: "List the contracts of a pool, the last added first",
			scopes: need(scopes.CustodyRead), handle: withPools((*API).poolItems),
		},
		{
			method: "GET", pattern: "/partner/pools/{id}/items.csv", about: "Download the contracts of a pool as a CSV file",
			scopes: need(scopes.CustodyRead), handle: withPools((*API).poolItemsCSV),
		},
		{
			method: "POST", pattern: "/partner/pools/{id}/items", about: "Add contracts to a pool and take others out",
			scopes: need(scopes.CustodyWrite), body: jsonBody, limit: sizePool, values: poolValues, handle: withPools((*API).changePool),
		},
		{
			method: "POST", pattern: "/partner/pools/{id}/assignments", about: "Offer what is in a pool, as a batch",
			scopes: need(scopes.CustodyWrite), body: jsonBody, handle: withPools((*API).assignPool),
		},
		{
			method: "GET", pattern: "/partner/batches/{id}", about: "Read a batch and its progress",
			scopes: need(scopes.CustodyRead), handle: withPools((*API).getBatch),
		},
		{
			method: "GET", pattern: "/partner/batches/{id}/items", about: "List the items of a batch",
			scopes: need(scopes.CustodyRead), handle: withPools((*API).batchItems),
		},
		{
			method: "GET", pattern: "/partner/batches/{id}/items.csv", about: "Download the items of a batch as a CSV file",
			scopes: need(scopes.CustodyRead), handle: withPools((*API).batchItemsCSV),
		},
		{
			method: "POST", pattern: "/partner/batches/{id}/accept", about: "Accept what a batch offers",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: withPools((*API).acceptBatch),
		},
		{
			method: "POST", pattern: "/partner/batches/{id}/reject", about: "Reject what a batch offers",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: withPools(endBatch((*pool.Engine).Reject)),
		},
		{
			method: "POST", pattern: "/partner/batches/{id}/cancel", about: "Withdraw what a batch offers",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: withPools(endBatch((*pool.Engine).Cancel)),
		},
		{
			method: "POST", pattern: "/partner/batches/{id}/retry", about: "Try again what failed in a batch",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: withPools(endBatch((*pool.Engine).Retry)),
		},
	}
}
