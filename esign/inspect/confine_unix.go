//go:build unix && !linux

package inspect

import (
	"math"
	"syscall"
	"time"
)

// confine sets what every Unix has. None has a limit that bounds the Go runtime's memory: watch does that here.
func confine(cpu time.Duration, _ int64) ([]string, error) {
	return setLimits([]limit{
		{"core", syscall.RLIMIT_CORE, 0},
		{"file_size", syscall.RLIMIT_FSIZE, 0},
		{"cpu", syscall.RLIMIT_CPU, uint64(math.Ceil((lifetime + cpu).Seconds()))},
	})
}

// renounce has nothing to give up here.
func renounce() {}
