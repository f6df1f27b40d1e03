//go:build !unix

package inspect

import (
	"os"
	"syscall"
	"time"
)

const workDir = ""

func ownGroup() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) { _ = p.Kill() }

// processorTime is not known here; the parent's deadline bounds time.
func processorTime() time.Duration { return 0 }

func confine(time.Duration, int64) ([]string, error) { return nil, nil }

// renounce has nothing to give up here.
func renounce() {}
