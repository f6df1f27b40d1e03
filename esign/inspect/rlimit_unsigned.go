//go:build unix && !freebsd && !dragonfly

package inspect

import "syscall"

func rlimit(n uint64) syscall.Rlimit { return syscall.Rlimit{Cur: n, Max: n} }
