// Package writelog reads the log of the device-mapper target log-writes and replays
// it up to any entry, so that a test sees a disk as a power cut would have left it
// (Documentation/admin-guide/device-mapper/log-writes.rst). It starts no goroutine.
package writelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Errors of a log that cannot be used.
var (
	// ErrNoLog: the device does not begin with a log's superblock.
	ErrNoLog = errors.New("writelog: no log of log-writes")
	// ErrNoMark: the log has no such mark.
	ErrNoMark = errors.New("writelog: no such mark")
	// ErrEntry: an entry that is impossible; the log is damaged or still being written.
	ErrEntry = errors.New("writelog: impossible entry")
)

// Flags of an entry.
const (
	Flush    = 1 // the device's cache was flushed before the write
	FUA      = 2 // the write bypassed the cache
	Discard  = 4
	Mark     = 8
	Metadata = 16
)

const (
	magic      = 0x6a736677736872
	superSize  = 32 // bytes used of the superblock
	entrySize  = 32 // bytes of an entry before a mark's text
	maxEntries = 1 << 24
	maxWrite   = 1 << 30 // bytes; far above what the block layer sends at once
)

// Entry is one write, discard or mark.
type Entry struct {
	Sector, Count int64 // of the logged device, in the log's sector size
	Flags         uint64
	Text          string // of a mark
	offset        int64  // of the data in the log, in bytes
}

// Durable reports whether the entry is a point to which a disk that keeps its word
// can be cut back: all writes before a flush are on the medium.
func (e Entry) Durable() bool { return e.Flags&(Flush|FUA) != 0 }

// Log is an opened log. It may be used by one goroutine at a time.
type Log struct {
	r       io.ReaderAt
	sector  int64
	entries []Entry
}

// Open reads the index of a log.
func Open(r io.ReaderAt) (*Log, error) {
	var h [superSize]byte
	if _, err := r.ReadAt(h[:], 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoLog, err)
	}
	le := binary.LittleEndian
	n, sector := le.Uint64(h[16:]), int64(le.Uint32(h[24:]))
	if le.Uint64(h[:]) != magic || n > maxEntries || (sector != 512 && sector != 4096) {
		return nil, ErrNoLog
	}
	l := &Log{r: r, sector: sector}
	pos := sector
	for i := range n {
		e, next, err := l.entry(pos)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		l.entries = append(l.entries, e)
		pos = next
	}
	return l, nil
}

func (l *Log) entry(pos int64) (Entry, int64, error) {
	var h [entrySize]byte
	if _, err := l.r.ReadAt(h[:], pos); err != nil {
		return Entry{}, 0, err
	}
	le := binary.LittleEndian
	e := Entry{Sector: int64(le.Uint64(h[0:])), Count: int64(le.Uint64(h[8:])), Flags: le.Uint64(h[16:]), offset: pos + l.sector}
	text := int64(le.Uint64(h[24:]))
	if e.Sector < 0 || e.Count < 0 || text < 0 || text > l.sector-entrySize {
		return Entry{}, 0, ErrEntry
	}
	if e.Flags&Discard == 0 && e.Count > maxWrite/l.sector {
		return Entry{}, 0, ErrEntry
	}
	if e.Flags&Mark != 0 {
		b := make([]byte, text)
		if _, err := l.r.ReadAt(b, pos+entrySize); err != nil {
			return Entry{}, 0, err
		}
		e.Text = string(b)
	}
	next := e.offset
	if e.Flags&Discard == 0 {
		next += e.Count * l.sector
	}
	return e, next, nil
}

// Entries is the number of entries; Replay to it replays all.
func (l *Log) Entries() int { return len(l.entries) }

// Entry returns entry i.
func (l *Log) Entry(i int) Entry { return l.entries[i] }

// Mark returns the number of entries before a mark.
func (l *Log) Mark(text string) (int, error) {
	for i, e := range l.entries {
		if e.Flags&Mark != 0 && e.Text == text {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: %q among %d entries", ErrNoMark, text, len(l.entries))
}

// Replay writes the entries from one number up to another to a disk, which must hold
// what the logged one held before them: at 0, when logging began.
func (l *Log) Replay(disk io.WriterAt, from, to int) error {
	for i, e := range l.entries[from:to] {
		if e.Flags&Mark != 0 || e.Count == 0 {
			continue
		}
		if err := l.write(disk, e); err != nil {
			return fmt.Errorf("entry %d: %w", from+i, err)
		}
	}
	return nil
}

// write copies one entry, in pieces; a discard reads as zeros afterwards.
func (l *Log) write(disk io.WriterAt, e Entry) error {
	b := make([]byte, 1<<20)
	for done, size := int64(0), e.Count*l.sector; done < size; {
		piece := b[:min(int64(len(b)), size-done)]
		if e.Flags&Discard == 0 {
			if _, err := l.r.ReadAt(piece, e.offset+done); err != nil {
				return err
			}
		}
		if _, err := disk.WriteAt(piece, e.Sector*l.sector+done); err != nil {
			return err
		}
		done += int64(len(piece))
	}
	return nil
}
