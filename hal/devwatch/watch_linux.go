package devwatch

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Watch calls changed with the name of each file in dir that was made, moved there,
// removed or given other permissions; "" stands for any, when there were too many. It
// returns when ctx ends, or why it cannot watch. ready is closed when it watches.
func Watch(ctx context.Context, dir string, ready chan<- struct{}, changed func(name string)) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	defer f.Close()
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ATTRIB|unix.IN_DELETE); err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	close(ready)
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	buf := make([]byte, 16<<10)
	for {
		n, err := f.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watch %s: %w", dir, err)
		}
		for _, name := range names(buf[:n]) {
			changed(name)
		}
	}
}

// names takes the kernel's records apart (inotify(7)): 16 bytes with the length of the
// name in the last four, then the name with zeros behind it.
func names(b []byte) (out []string) {
	for len(b) >= unix.SizeofInotifyEvent {
		mask, size := binary.NativeEndian.Uint32(b[4:]), uint64(binary.NativeEndian.Uint32(b[12:]))
		b = b[unix.SizeofInotifyEvent:]
		if size > uint64(len(b)) {
			return out
		}
		name, _, _ := bytes.Cut(b[:size], []byte{0})
		b = b[size:]
		if len(name) > 0 || mask&unix.IN_Q_OVERFLOW != 0 {
			out = append(out, string(name))
		}
	}
	return out
}
