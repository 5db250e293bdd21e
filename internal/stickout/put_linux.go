package stickout

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// careful are the flags of every mount of a stranger's file system.
const careful = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME

// maxNames is how many files of one name a stick may hold.
const maxNames = 99

// put writes a file while the stick is writable for this process alone: the mount in its
// own namespace loses the mark read-only, the others keep theirs.
func put(dir, name string, r io.Reader, length int64) (_ string, err error) {
	if mounted, err := isMount(dir); err != nil || !mounted {
		return "", errors.Join(ErrNoStick, err)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|careful, ""); err != nil {
		return "", explain("make the stick writable", err)
	}
	defer func() {
		rerr := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY|careful, "")
		if err == nil && rerr != nil {
			err = explain("make the stick read-only again", rerr)
		}
	}()
	return write(dir, name, r, length)
}

// write writes the file under another name first; links of a stranger lead nowhere.
func write(dir, name string, r io.Reader, length int64) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", explain("open the stick", err)
	}
	defer func() { _ = root.Close() }()
	if name, err = freeName(root, name); err != nil {
		return "", err
	}
	part := name + ".part"
	if err := root.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // a link itself, not what it leads to
		return "", explain("remove what was left", err)
	}
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return "", explain("make the file", err)
	}
	n, err := io.Copy(f, r)
	if err == nil && n != length {
		err = fmt.Errorf("%w: %d of %d bytes came", ErrWire, n, length)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(part, name)
	}
	if err != nil {
		_ = root.Remove(part)
		return "", explain("write the file", err)
	}
	return name, explain("write the stick", syncFS(dir))
}

// syncFS waits until the whole file system is on the medium.
func syncFS(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}

// freeName is name, or the first one with a number that is free.
func freeName(root *os.Root, name string) (string, error) {
	stem := strings.TrimSuffix(name, ".zip")
	for n := 1; n <= maxNames; n++ {
		if n > 1 {
			name = stem + "-" + strconv.Itoa(n) + ".zip"
		}
		switch _, err := root.Lstat(name); {
		case errors.Is(err, fs.ErrNotExist):
			return name, nil
		case err != nil:
			return "", explain("look at the stick", err)
		}
	}
	return "", fmt.Errorf("%w: %d files of that name are there", ErrFull, maxNames)
}

// isMount says whether something is mounted on dir: its device is not its parent's.
func isMount(dir string) (bool, error) {
	var at, above unix.Stat_t
	if err := unix.Stat(dir, &at); err != nil {
		return false, err
	}
	if err := unix.Stat(filepath.Dir(dir), &above); err != nil {
		return false, err
	}
	return at.Dev != above.Dev, nil
}

// explain names what was tried and which of the package's errors it is; nil stays nil.
func explain(what string, err error) error {
	var kind error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrWire), errors.Is(err, ErrFull):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		kind = ErrFull
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO), errors.Is(err, fs.ErrNotExist):
		kind = ErrNoStick // pulled out
	default:
		kind = ErrReadOnly
	}
	return fmt.Errorf("%s: %w: %w", what, kind, err)
}
