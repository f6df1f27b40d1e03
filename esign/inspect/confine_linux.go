package inspect

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// confine gives up, for good, what a child never needs. RLIMIT_DATA counts what is writable (Linux 4.7 and later), not
// the hundreds of megabytes of addresses that the Go runtime only reserves, so it bounds real memory where RLIMIT_AS
// could not. RLIMIT_NOFILE at the number of descriptors in use means that no file and no socket can be opened at all.
func confine(cpu time.Duration, memory int64) ([]string, error) {
	time.Sleep(time.Microsecond) // the first timer makes the runtime open its poller, which it could not do later
	data, err := dataSize()
	if err != nil {
		return nil, err
	}
	top, err := closeInherited()
	if err != nil {
		return nil, err
	}
	names, err := setLimits([]limit{
		{"core", syscall.RLIMIT_CORE, 0},
		{"file_size", syscall.RLIMIT_FSIZE, 0},
		{"cpu", syscall.RLIMIT_CPU, seconds(lifetime + cpu)},
		{"memory", syscall.RLIMIT_DATA, uint64(data + memory)},
		{"open_files", syscall.RLIMIT_NOFILE, uint64(top + 1)},
	})
	if err != nil {
		return nil, err
	}
	for { // fill what is free below the limit
		if _, err := syscall.Dup(2); err != nil {
			break
		}
	}
	if noNewPrivs() {
		names = append(names, "no_new_privileges")
	}
	return names, nil
}

// Of prctl(2).
const (
	setNoNewPrivs = 38
	getNoNewPrivs = 39
)

func noNewPrivs() bool {
	set, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, getNoNewPrivs, 0, 0, 0, 0, 0)
	return errno == 0 && set == 1
}

// renounce makes sure that the process can win no privilege from a set-user-ID program. The flag belongs to a thread and
// the Go runtime has several by now, so it is set on one and the binary started over by that one, in the same process.
func renounce() {
	if noNewPrivs() {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return // confine tells that it is missing
	}
	_ = syscall.Exec("/proc/self/exe", os.Args, os.Environ()) // likewise
}

// dataSize is the memory that RLIMIT_DATA already counts, in bytes.
func dataSize() (int64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	f := bytes.Fields(b)
	if len(f) < 6 {
		return 0, fmt.Errorf("inspect: /proc/self/statm has %d fields", len(f))
	}
	pages, err := strconv.ParseInt(string(f[5]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// closeInherited closes every descriptor but the three pipes and the runtime's own poller, and returns the highest left.
func closeInherited() (int, error) {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	top := 2
	for _, e := range fds {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		what, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		switch {
		case err != nil: // the directory itself
		case strings.HasPrefix(what, "anon_inode:"):
			top = max(top, fd)
		default:
			_ = syscall.Close(fd)
		}
	}
	return top, nil
}

// widen makes the pipe hold 1 MiB instead of 64 KiB, so that a large file takes fewer turns between the processes.
func widen(pipe *os.File) {
	const setPipeSize = 1031
	if conn, err := pipe.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) {
			_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, setPipeSize, 1<<20) // slower without, not wrong
		})
	}
}

func seconds(d time.Duration) uint64 { return uint64(math.Ceil(d.Seconds())) }
