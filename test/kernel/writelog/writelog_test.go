package writelog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// disk is a medium in memory.
type disk []byte

func (d disk) WriteAt(b []byte, at int64) (int, error) { return copy(d[at:], b), nil }

func header(sector, count, flags uint64, text string) []byte {
	b := make([]byte, 512)
	for i, v := range []uint64{sector, count, flags, uint64(len(text))} {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
	copy(b[entrySize:], text)
	return b
}

func logOf(entries uint64, parts ...[]byte) []byte {
	super := make([]byte, 512)
	binary.LittleEndian.PutUint64(super, magic)
	binary.LittleEndian.PutUint64(super[8:], 1)
	binary.LittleEndian.PutUint64(super[16:], entries)
	binary.LittleEndian.PutUint32(super[24:], 512)
	return append(super, bytes.Join(parts, nil)...)
}

func sample() []byte {
	return logOf(4,
		header(2, 1, Flush, ""), bytes.Repeat([]byte{0xAA}, 512),
		header(0, 0, Mark, "here"),
		header(2, 1, 0, ""), bytes.Repeat([]byte{0xBB}, 512),
		header(1, 1, Discard, ""))
}

func TestReplay(t *testing.T) {
	l, err := Open(bytes.NewReader(sample()))
	if err != nil {
		t.Fatal(err)
	}
	n, err := l.Mark("here")
	if err != nil || n != 1 || !l.Entry(0).Durable() || l.Entry(2).Durable() {
		t.Fatalf("mark at %d, %v", n, err)
	}
	d := disk(bytes.Repeat([]byte{0x11}, 4*512))
	if err := l.Replay(d, 0, n); err != nil {
		t.Fatal(err)
	}
	if d[2*512] != 0xAA || d[512] != 0x11 {
		t.Errorf("to the mark: % x % x", d[512], d[2*512])
	}
	if err := l.Replay(d, n, l.Entries()); err != nil {
		t.Fatal(err)
	}
	if d[2*512] != 0xBB || d[512] != 0 || d[0] != 0x11 {
		t.Errorf("to the end: % x % x % x", d[0], d[512], d[2*512])
	}
	if _, err := l.Mark("nowhere"); !errors.Is(err, ErrNoMark) {
		t.Errorf("an unknown mark: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sample())
	f.Add(logOf(1, header(0, 1<<60, 0, "")))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Open(bytes.NewReader(b))
		if err != nil {
			return
		}
		for i := range l.Entries() {
			_ = l.Entry(i).Durable()
		}
	})
}
