package inspect

import (
	"context"
	"crypto/x509"
	"errors"

	"github.com/evaultlib/evault/esign"
)

// MainWith is Main with other work in the child, so that tests can have it misbehave.
func MainWith(fn func(ctx context.Context, raw []byte, l esign.Limits, roots *x509.CertPool) (*esign.Inspection, error)) {
	mainWith(fn)
}

// Confined returns what the system enforces on a waiting child.
func (i *Inspector) Confined() []string {
	c := <-i.slots
	defer func() { i.slots <- c }()
	return c.confined
}

// Pid returns the process id of a waiting child.
func (i *Inspector) Pid() int {
	c := <-i.slots
	defer func() { i.slots <- c }()
	return c.cmd.Process.Pid
}

// ResetMain makes New believe that Main was not called, until the returned function is.
func ResetMain() (undo func()) {
	called.Store(false)
	return func() { called.Store(true) }
}

// Examine is the work in process.
var Examine = examine

// Starve makes every start of a child fail, until the returned function is called.
func (i *Inspector) Starve() (feed func()) {
	i.start = func(context.Context, Config) (*child, error) { return nil, errors.New("no process left") }
	return func() { i.start = start }
}
