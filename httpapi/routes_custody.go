package httpapi

import "github.com/evaultlib/evault/scopes"

// custodyRoutes move control of a contract, by API key.
func custodyRoutes() []route {
	return []route{
		{
			method: "POST", pattern: "/partner/receiving-codes", about: "Make a code by which control can be offered to the caller",
			scopes: need(scopes.CustodyWrite), body: optionalJSON, handle: (*API).receivingCode, refill: (*API).receivingCodeAgain,
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
