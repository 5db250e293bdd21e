package mountwatch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mountInfo is this process' table of mounts (proc(5)): the kernel marks it readable
// out of band whenever it changes.
const mountInfo = "/proc/self/mountinfo"

// again is after how long the table is read without a mark: some kernels and
// containers never give one. In milliseconds.
const again = 2000

// maxMountInfo bounds what is read of it, in bytes.
const maxMountInfo = 1 << 20

// Watch calls back with true when something is mounted on dir, at once if it is so
// already, and with false when it is gone. It returns when ctx ends, or why it cannot
// watch.
func Watch(ctx context.Context, dir string, changed func(mounted bool)) error {
	table, err := os.Open(mountInfo)
	if err != nil {
		return fmt.Errorf("watch mounts: %w", err)
	}
	defer table.Close()
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("watch mounts: %w", err)
	}
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		_, _ = unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	})
	defer func() {
		if !stop() {
			<-woken
		}
		_ = unix.Close(wake)
	}()
	was := false
	for {
		now, err := isMounted(table, dir)
		if err != nil {
			return fmt.Errorf("watch mounts: %w", err)
		}
		if now != was {
			changed(now)
			was = now
		}
		fds := []unix.PollFd{{Fd: int32(table.Fd()), Events: unix.POLLPRI}, {Fd: int32(wake), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, again); err != nil && err != unix.EINTR {
			return fmt.Errorf("watch mounts: %w", err)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

func isMounted(table io.ReadSeeker, dir string) (bool, error) {
	if _, err := table.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	b, err := io.ReadAll(io.LimitReader(table, maxMountInfo))
	return listed(b, dir), err
}

// listed looks for dir among the mount points, the fifth field of each line.
func listed(b []byte, dir string) bool {
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) > 4 && unescape(f[4]) == dir {
			return true
		}
	}
	return false
}

// unescape undoes \040 and its like, as the kernel writes white space.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
