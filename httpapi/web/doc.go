// Package web renders the pages that people see: the signing page and those of its
// ends, which work without JavaScript; the frame that exchanges an embed token for a
// session; the vault's page in it; the answer of verify; and the reference at docs. It
// holds embed.js, which a partner's page includes.
//
// Each page is one HTML document with its style and its script inside, and a content
// security policy that names their digests, so nothing else is ever loaded or run, and
// no page can be framed but by the origin that Frame names. A page in a frame tells
// the page around it what happens, by postMessage to that origin alone.
//
// Rendering changes nothing; all functions are safe for concurrent use. The
// markup is not a stable interface; the messages and embed.js are (docs/embedding.md).
//
// Stability: the messages that embed.js and the pages send keep their names and values.
// Markup, styles, wording and the Go API may change with any version.
package web
