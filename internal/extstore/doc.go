// Package extstore is a backend as somebody outside of evault would write one: its
// module has another path, so that the compiler lets it import public packages
// alone. It keeps records in memory, and wraps the stores of SQL where a host wants
// to see each transaction. The suite of storage/storagetest runs on both.
package extstore
