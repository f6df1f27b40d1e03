// Package web renders the pages that people see: the signing page, which works
// without JavaScript, the frame that exchanges an embed token for a session, the
// vault's page in it, and the reference at docs.
//
// Each page is one HTML document with its style inside and a content security
// policy that names the digest of that style, so nothing else is ever loaded or
// run: no page of this origin executes a script but the few lines of the embed
// frame, and none of them can be framed but by the origin that Frame names.
//
// Rendering changes nothing; all functions are safe for concurrent use. The
// markup is not a stable interface.
package web
