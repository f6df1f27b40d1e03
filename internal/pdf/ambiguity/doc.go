// Package ambiguity finds what readers may read differently in one file.
//
// In goes a document. [Reread] reads it a second time, as readers do that take a file for damaged, and says where the
// two readings differ; [TailProblem] says what was appended to a revision in a way that some readers take for damage.
// Out come words for people; "" and nil mean that all readers see the same objects.
//
// Stability: internal; it may change with any version.
package ambiguity
