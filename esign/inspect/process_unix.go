//go:build unix

package inspect

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

const workDir = "/"

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // fails only when nothing is left of the group
}

func processorTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

type limit struct {
	name string
	id   int
	max  uint64
}

// setLimits sets soft and hard limits alike and returns their names.
func setLimits(limits []limit) ([]string, error) {
	var names []string
	for _, l := range limits {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(l.id, &now); err != nil {
			return nil, fmt.Errorf("inspect: limit %s: %w", l.name, err)
		}
		to := rlimit(min(l.max, uint64(now.Max)))
		if err := syscall.Setrlimit(l.id, &to); err != nil {
			return nil, fmt.Errorf("inspect: limit %s: %w", l.name, err)
		}
		names = append(names, l.name)
	}
	return names, nil
}
