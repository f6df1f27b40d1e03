// Package accept drives the whole of evault from the outside: examples/server
// over HTTP, by the contract only, with every answer held against openapi.yaml by
// a validator that is not ours. It is a module of its own, so that what it needs
// reaches no host.
package accept
