// Package template keeps templates: a PDF with roles and fields, of which an organization makes many envelopes.
//
// [Engine.Create] and [Engine.Update] judge the PDF and the places of its fields as a create of an envelope would, so that
// what is wrong is found once. An update makes a new version and changes no earlier one. [Engine.Use] turns a version, a
// signer for each role and the values that the sender fills in into an [esign.CreateRequest]; the envelope and its first
// event name template and version. An envelope has bytes and fields of its own: later versions and the deletion of the
// template do not touch it. Of a deleted template nothing more is made, also by a create that has begun.
//
// A template belongs to its organization; to others it does not exist.
//
// Stability: verbs and types grow until v1 and lose nothing; stored versions stay readable.
package template
