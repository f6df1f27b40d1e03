// Package copymark makes marked copies and recognizes them.
//
// In goes a version of a document; out comes a file that is written anew, without
// forms and signatures, each page of which says that it is a copy ([MarkCopy]).
// [FindOwnMarks] finds such marks, and those of our seals and legends, in any file;
// [CheckCopy] holds a copy against what it must say.
//
// Stability: internal; it may change with any version.
package copymark
