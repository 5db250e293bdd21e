package spilog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/color"
	"io"
	"testing"
)

func record(data bool, b ...byte) []byte {
	h := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(h, uint32(len(b)))
	binary.LittleEndian.PutUint32(h[4:], 40_000_000)
	h[10] = 8
	if data {
		h[12] = 1
	}
	h[13] = 1
	return append(h, b...)
}

func TestRead(t *testing.T) {
	log := append(record(false, 0x2C), record(true, 1, 2, 3)...)
	all, err := ReadAll(bytes.NewReader(log))
	if err != nil || len(all) != 2 {
		t.Fatalf("%d transfers, %v", len(all), err)
	}
	if all[0].Data || !all[1].Data || all[1].Hz != 40_000_000 || !bytes.Equal(all[1].Bytes, []byte{1, 2, 3}) {
		t.Errorf("got %+v", all)
	}
	if _, err := ReadAll(bytes.NewReader(log[:len(log)-1])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut record: %v", err)
	}
	log[12] = 7
	if _, err := ReadAll(bytes.NewReader(log)); !errors.Is(err, ErrRecord) {
		t.Errorf("a broken header: %v", err)
	}
}

func play(t *testing.T, p *Panel, steps ...any) {
	t.Helper()
	for _, s := range steps {
		tr := Transfer{}
		switch s := s.(type) {
		case int:
			tr.Bytes = []byte{byte(s)}
		case []byte:
			tr.Data, tr.Bytes = true, s
		}
		if err := p.Apply(tr); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPanelWindow(t *testing.T) {
	p := NewPanel(4, 3)
	play(t, p, cmdSleepOut, cmdDisplayOn, cmdPixel, []byte{0x55},
		cmdColumns, []byte{0, 1, 0, 2}, cmdRows, []byte{0, 1, 0, 2}, cmdWrite,
		// red, green | blue, white; the second pixel is split between transfers
		[]byte{0xF8, 0x00, 0x07}, []byte{0xE0, 0x00, 0x1F, 0xFF, 0xFF})
	if !p.Awake || !p.On {
		t.Error("the display is not awake and on")
	}
	img := p.Image()
	for _, c := range []struct {
		x, y int
		want color.RGBA
	}{
		{1, 1, color.RGBA{255, 0, 0, 255}}, {2, 1, color.RGBA{0, 255, 0, 255}},
		{1, 2, color.RGBA{0, 0, 255, 255}}, {2, 2, color.RGBA{255, 255, 255, 255}}, {0, 0, color.RGBA{}},
	} {
		if got := img.RGBAAt(c.x, c.y); got != c.want {
			t.Errorf("pixel %d,%d is %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

func TestPanelTurned(t *testing.T) {
	p := NewPanel(4, 3)
	play(t, p, cmdPixel, []byte{0x66}, cmdMemory, []byte{exchanged | columnsReversed},
		cmdColumns, []byte{0, 0, 0, 2}, cmdRows, []byte{0, 3, 0, 3}, cmdWrite, []byte{0xFC, 0, 0, 0, 0xFC, 0, 0, 0, 0xFC})
	img := p.Image()
	if img.Bounds().Dx() != 3 || img.Bounds().Dy() != 4 {
		t.Fatalf("bounds %v", img.Bounds())
	}
	if got := img.RGBAAt(0, 3); got != (color.RGBA{255, 0, 0, 255}) {
		t.Errorf("pixel 0,3 is %v", got)
	}
	if got := img.RGBAAt(2, 3); got != (color.RGBA{0, 0, 255, 255}) {
		t.Errorf("pixel 2,3 is %v", got)
	}
}

func TestPanelRefuses(t *testing.T) {
	for name, steps := range map[string][2][]byte{
		"window outside":   {{cmdColumns}, {0, 0, 0, 4}},
		"window backwards": {{cmdRows}, {0, 2, 0, 1}},
		"pixel format":     {{cmdPixel}, {0x53}},
	} {
		p := NewPanel(4, 3)
		if err := p.Apply(Transfer{Bytes: steps[0]}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.Apply(Transfer{Data: true, Bytes: steps[1]}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzPanel(f *testing.F) {
	f.Add(append(record(false, cmdColumns), record(true, 0, 1, 0, 2)...))
	f.Add(append(record(false, cmdWrite), record(true, 1, 2, 3, 4, 5)...))
	f.Add(append(record(false, cmdMemory), record(true, 0x60)...))
	turnedBack := append(record(false, cmdMemory), record(true, exchanged)...)
	turnedBack = append(append(turnedBack, record(false, cmdRows)...), record(true, 0, 4, 0, 4)...)
	turnedBack = append(append(turnedBack, record(false, cmdMemory)...), record(true, 0)...)
	f.Add(append(append(turnedBack, record(false, cmdWrite)...), record(true, 1, 2, 3)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _ := ReadAll(bytes.NewReader(b))
		p := NewPanel(5, 4)
		for _, tr := range all {
			if p.Apply(tr) != nil {
				return
			}
		}
		p.Image()
	})
}
