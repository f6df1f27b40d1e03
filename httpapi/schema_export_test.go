package httpapi

import (
	"reflect"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/webhook"
)

// RouteBody is what a route reads and answers, as zero values of its types: the
// JSON body, data and meta. Nil is none.
type RouteBody struct{ In, Data, Meta any }

// RouteBodies are the JSON bodies of every route, for tests.
func RouteBodies() map[string]RouteBody {
	const envelope = "/partner/envelopes/{id}"
	list := rest.Meta{}
	return map[string]RouteBody{
		"GET /partner/envelopes":                                {nil, []envelopeRow{}, list},
		"POST /partner/envelopes":                               {createInput{}, envelopeBody{}, nil},
		"GET " + envelope:                                       {nil, envelopeBody{}, nil},
		"GET " + envelope + "/status":                           {nil, statusBody{}, nil},
		"POST " + envelope + "/upload":                          {nil, envelopeBody{}, nil},
		"POST " + envelope + "/send":                            {struct{}{}, envelopeBody{}, nil},
		"POST " + envelope + "/void":                            {reasonInput{}, envelopeBody{}, nil},
		"POST " + envelope + "/remind":                          {remindInput{}, remindersBody{}, nil},
		"PATCH " + envelope + "/signers/{signer_id}":            {correctInput{}, envelopeBody{}, nil},
		"GET " + envelope + "/signing-links":                    {nil, []linkBody{}, nil},
		"GET " + envelope + "/events":                           {nil, []eventBody{}, list},
		"GET /partner/templates":                                {nil, []templateRow{}, list},
		"POST /partner/templates":                               {templateInput{}, templateBody{}, nil},
		"GET /partner/templates/{id}":                           {nil, templateBody{}, nil},
		"POST /partner/templates/{id}/fields":                   {templateInput{}, templateBody{}, nil},
		"GET /partner/events":                                   {nil, []eventBody{}, list},
		"POST " + envelope + "/vault-in-signed":                 {vaultInInput{}, vaultRecord{}, nil},
		"POST " + envelope + "/vault-in-upload":                 {vaultInInput{}, vaultRecord{}, nil},
		"POST " + envelope + "/attestation":                     {attestationInput{}, vaultRecord{}, nil},
		"GET " + envelope + "/vault/signed-url":                 {nil, signedURL{}, nil},
		"GET " + envelope + "/vault/copy/signed-url":            {nil, signedURL{}, nil},
		"GET " + envelope + "/vault/certificate":                {nil, certificate.Certificate{}, nil},
		"GET " + envelope + "/compliance":                       {nil, complianceBody{}, nil},
		"GET " + envelope + "/powers":                           {nil, powersBody{}, nil},
		"GET " + envelope + "/custody":                          {nil, []custodyBody{}, nil},
		"GET " + envelope + "/copies":                           {nil, []copyBody{}, list},
		"POST " + envelope + "/vault-out":                       {vaultOutInput{}, releaseRecord{}, nil},
		"POST " + envelope + "/vault-out/acknowledge":           {acknowledgeInput{}, releaseRecord{}, nil},
		"POST /partner/receiving-codes":                         {receivingCodeInput{}, receivingCodeBody{}, nil},
		"POST " + envelope + "/custody/bind":                    {bindInput{}, vaultRecord{}, nil},
		"POST " + envelope + "/assignments":                     {assignmentInput{}, offerBody{}, nil},
		"POST " + envelope + "/assignments/{assignment}/accept": {acceptInput{}, offerBody{}, nil},
		"POST " + envelope + "/assignments/{assignment}/reject": {endInput{}, offerBody{}, nil},
		"POST " + envelope + "/assignments/{assignment}/cancel": {struct{}{}, offerBody{}, nil},
		"POST /partner/envelopes/{id}/holds":                    {holdInput{}, holdBody{}, nil},
		"GET /partner/envelopes/{id}/holds":                     {nil, []holdBody{}, nil},
		"DELETE /partner/envelopes/{id}/holds/{hold}":           {nil, holdBody{}, nil},
		"POST " + envelope + "/vault-out 202":                   {nil, askedBody{}, nil}, // of one status
		"POST " + envelope + "/assignments 202":                 {nil, askedBody{}, nil},
		"POST /partner/pools/{id}/assignments":                  {poolAssignmentInput{}, batchBody{}, nil},
		"GET /partner/batches/{id}":                             {nil, batchBody{}, nil},
		"GET /partner/batches/{id}/items":                       {nil, []batchItemBody{}, list},
		"POST /partner/batches/{id}/accept":                     {acceptInput{}, batchBody{}, nil},
		"POST /partner/batches/{id}/reject":                     {struct{}{}, batchBody{}, nil},
		"POST /partner/batches/{id}/cancel":                     {struct{}{}, batchBody{}, nil},
		"POST /partner/batches/{id}/retry":                      {struct{}{}, batchBody{}, nil},
		"GET /partner/approvals":                                {nil, []approvalBody{}, list},
		"GET /partner/approvals/{id}":                           {nil, approvalBody{}, nil},
		"POST /partner/approvals/{id}":                          {struct{}{}, releaseRecord{}, nil},
		"POST /partner/approvals/{id} 201":                      {nil, offerBody{}, nil},
		"DELETE /partner/approvals/{id}":                        {nil, approvalBody{}, nil},
		"GET /partner/pools":                                    {nil, []poolBody{}, list},
		"POST /partner/pools":                                   {poolInput{}, poolBody{}, nil},
		"GET /partner/pools/{id}":                               {nil, poolBody{}, nil},
		"GET /partner/pools/{id}/items":                         {nil, []poolItemBody{}, list},
		"POST /partner/pools/{id}/items":                        {poolItemsInput{}, poolBody{}, nil},
		"GET /partner/assets/{kind}/{value}":                    {nil, assetState{}, nil},
		"GET /partner/offers":                                   {nil, []offerBody{}, list},
		"GET /partner/offers/{id}":                              {nil, offerBody{}, nil},
		"PATCH /partner/webhook":                                {webhookInput{}, webhookBody{}, nil},
		"GET /partner/origins":                                  {nil, originsBody{}, nil},
		"PUT /partner/origins":                                  {originsInput{}, originsBody{}, nil},
		"POST /embed/token":                                     {embedInput{}, embedBody{}, nil},
		"POST /embed/session":                                   {exchangeInput{}, sessionGrant{}, nil},
		"GET /vault/{token}/certificate":                        {nil, certificate.Certificate{}, nil},
		"GET /sign/{token}/session":                             {nil, sessionBody{}, nil},
		"POST /sign/{token}/consent":                            {consentInput{}, signerResult{}, nil},
		"POST /sign/{token}/consent/withdraw":                   {reasonInput{}, signerResult{}, nil},
		"POST /sign/{token}/sign":                               {signInput{}, signerResult{}, nil},
		"POST /sign/{token}/decline":                            {reasonInput{}, signerResult{}, nil},
		"POST /sign/{token}/otp":                                {struct{}{}, codeSent{}, nil},
		"POST /sign/{token}/auth":                               {authInput{}, signerResult{}, nil},
		"POST /sign/{token}/delegate":                           {delegateInput{}, signerResult{}, nil},
		"GET /verify/{sha256}":                                  {nil, digestBody{}, nil},
		"GET /verify/certificate/{id}":                          {nil, certificateState{}, nil},
		"GET /log/proof":                                        {nil, inclusionBody{}, nil},
		"GET /log/consistency":                                  {nil, consistencyBody{}, nil},
		"GET /log/keys":                                         {nil, []string{}, logKeysMeta{}},
	}
}

// OtherBodies are the types of schemas that no route has as data, for tests.
func OtherBodies() map[string]any {
	return map[string]any{"Problem": rest.Document{}, "WebhookEvent": webhook.Message{}}
}

// Special are the types with a JSON form of their own, and that form.
func Special() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[rest.Base64]():           "string",
		reflect.TypeFor[rest.Nullable[string]](): "string or null",
		reflect.TypeFor[certificate.Time]():      "string",
	}
}
