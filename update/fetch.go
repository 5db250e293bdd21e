package update

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"phoned/internal/clock"
	"phoned/internal/httpcall"
)

const (
	// MaxBundle bounds what is fetched.
	MaxBundle = 1 << 30
	// spare is what a fetched bundle leaves free for the phone's own data.
	spare = 16 << 20
	// callRate, in bytes a second, is what a download takes of the network while somebody
	// telephones: a quarter of a megabit a second leaves the voice alone on any line, and
	// the server is not kept waiting until it hangs up.
	callRate = 32 << 10
)

// fetch brings a bundle to where the helper takes it from.
func (m *Manager) fetch(ctx context.Context, f Fetch) error {
	if err := os.Remove(m.staged()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return &fault{ReadOnly, err}
	}
	out := &staging{path: m.staged(), want: f.Source, sum: sha256.New(), report: func(done, total int64) { m.post(Progress{f.Try, done, total}) }}
	var err error
	switch f.Source.Kind {
	case Upload:
		err = m.take(ctx, out)
	case Stick:
		m.look(f.Source.Place)
		err = fromFile(ctx, f.Source.Place, out)
	case URL:
		var client *httpcall.Client
		if m.cfg.HTTP != nil {
			client = m.cfg.HTTP()
		}
		if client == nil {
			return fmt.Errorf("%w: this phone downloads nothing", ErrSource)
		}
		out.pace = func(n int) { m.yield(ctx, n) }
		err = client.Fetch(ctx, httpcall.Request{Op: "fetch the update", URL: f.Source.Place, MaxBody: MaxBundle}, out.open)
	default:
		err = ErrSource
	}
	return out.finish(err)
}

// yield waits as long as n bytes may take beside a call, while there is one.
func (m *Manager) yield(ctx context.Context, n int) {
	const step = callRate / 4
	for ; n > 0 && m.State().Facts.Busy; n -= step {
		if !clock.Sleep(ctx, m.cfg.Clock, time.Duration(min(n, step))*time.Second/callRate) {
			return
		}
	}
}

// take reads the upload that asked for this update.
func (m *Manager) take(ctx context.Context, out *staging) error {
	select {
	case u := <-m.upload:
		err := func() error {
			w, err := out.open(u.size)
			if err != nil {
				return err
			}
			_, err = io.Copy(w, io.LimitReader(reader{ctx, u.body}, MaxBundle+1))
			return err
		}()
		u.done <- err
		return err
	default:
		return ErrSource
	}
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// staging is the file a bundle is fetched into.
type staging struct {
	path   string
	report func(done, total int64)
	pace   func(n int) // called with what came; nil: as fast as it comes
	f      *os.File
	done   int64
	total  int64
	told   int64
	want   Source    // what was announced of it
	sum    hash.Hash // of what was written
}

// open makes the file for size bytes (negative: unknown), if they fit.
func (s *staging) open(size int64) (io.Writer, error) {
	if s.want.Size > 0 && size >= 0 && size != s.want.Size {
		return nil, &fault{Checksum, fmt.Errorf("it has %d bytes, and %d were announced", size, s.want.Size)}
	}
	size = max(size, s.want.Size)
	if size > MaxBundle {
		return nil, &fault{NoSpace, fmt.Errorf("%d bytes are more than any update has", size)}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(s.path), &fs); err == nil {
		free := int64(min(fs.Bavail, math.MaxInt64/uint64(fs.Bsize))) * fs.Bsize
		if max(size, 0)+spare > free {
			return nil, &fault{NoSpace, fmt.Errorf("the update needs %d MB and %d MB are free", (max(size, 0)+spare)>>20, free>>20)}
		}
	}
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, s.sort(err)
	}
	s.f, s.total = f, max(size, 0)
	return s, nil
}

// Write implements io.Writer; it tells the progress each per cent or megabyte.
func (s *staging) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	s.done += int64(n)
	if s.want.SHA256 != "" {
		s.sum.Write(b[:n]) // never fails
	}
	if s.want.Size > 0 && s.done > s.want.Size {
		err = errors.Join(err, &fault{Checksum, fmt.Errorf("it has more than the %d bytes that were announced", s.want.Size)})
	}
	if s.done > MaxBundle {
		err = errors.Join(err, &fault{NoSpace, errors.New("it is larger than any update")})
	}
	if s.done-s.told >= max(1<<20, s.total/100) {
		s.told = s.done
		s.report(s.done, s.total)
	}
	if s.pace != nil {
		s.pace(n)
	}
	return n, s.sort(err)
}

// sort tells the disk's faults from the source's.
func (s *staging) sort(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &fault{NoSpace, err}
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO):
		return &fault{ReadOnly, err}
	}
	return err
}

// finish brings the file to the disk, or removes it.
func (s *staging) finish(err error) error {
	if s.f == nil {
		return err
	}
	if err == nil && s.total > 0 && s.done != s.total {
		err = fmt.Errorf("%w: it broke off after %d of %d bytes", io.ErrUnexpectedEOF, s.done, s.total)
	}
	if got := hex.EncodeToString(s.sum.Sum(nil)); err == nil && s.want.SHA256 != "" && got != s.want.SHA256 {
		err = &fault{Checksum, errors.New("its SHA-256 is not the one that was announced")}
	}
	if err == nil {
		err = s.sort(s.f.Sync())
	}
	if cerr := s.f.Close(); err == nil {
		err = s.sort(cerr)
	}
	if err != nil {
		return errors.Join(err, os.Remove(s.path))
	}
	return nil
}
