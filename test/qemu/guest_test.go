//go:build kernel

package qemu

import (
	"fmt"
	"image"
	"io"
	"log/slog"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"phoned/hal/board"
	"phoned/hal/camera"
	"phoned/media/device"
	"phoned/media/device/malgodev"
)

const (
	cardRate = 48000
	toneHz   = 1000
	patience = 90 * time.Second // of an emulated processor on a busy machine
)

// ask has the emulator do something: the host reads the console.
func ask(command string) { fmt.Printf("\n@qmp %s\n", command) }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// testUSBAudio: a USB card that is pulled while it plays is told as lost and can
// be closed; when another is plugged in it plays again.
func testUSBAudio(t *testing.T) {
	cards, err := malgodev.New(malgodev.Config{Period: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		ask(`{"execute":"device_add","arguments":{"driver":"usb-audio","id":"ua0","bus":"xhci.0","audiodev":"a0"}}`)
		var id string
		plugged := time.Now()
		eventually(t, "the USB card is there", func() bool { id = usbCard(t, cards); return id != "" })
		t.Logf("round %d: %s after %v", round+1, id, time.Since(plugged).Round(time.Millisecond))
		d, err := cards.Open(device.Playback, id)
		if err != nil {
			t.Fatal(err)
		}
		var frames atomic.Int64
		at := 0
		if err := d.Start(func(frame []int16) {
			for i := range frame {
				frame[i] = int16(10000 * math.Sin(2*math.Pi*toneHz*float64(at)/cardRate))
				at++
			}
			frames.Add(1)
		}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "two seconds of sound", func() bool { return frames.Load() >= 200 })
		ask(`{"execute":"device_del","arguments":{"id":"ua0"}}`)
		pulled := time.Now()
		select {
		case <-d.Lost():
		case <-time.After(patience):
			t.Fatal("nobody noticed that the card was pulled")
		}
		t.Logf("round %d: pulled, noticed after %v", round+1, time.Since(pulled).Round(time.Millisecond))
		if err := d.Close(); err != nil {
			t.Log("closing what is gone:", err)
		}
		eventually(t, "the card is off the list", func() bool { return usbCard(t, cards) == "" })
	}
	if err := cards.Close(); err != nil {
		t.Error(err)
	}
}

// usbCard is the first playback device of a USB card.
func usbCard(t *testing.T, cards device.Driver) string {
	t.Helper()
	list, err := cards.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i.Direction == device.Playback && strings.Contains(i.Name, "USB") {
			return i.ID
		}
	}
	return ""
}

// testCamera: pictures come out of a V4L2 camera, and change.
func testCamera(t *testing.T) {
	for _, s := range board.Inventory("/") {
		s.Print(os.Stdout)
	}
	src, err := camera.Open("")
	if err != nil {
		t.Fatal(err)
	}
	var sizes []image.Point
	different := 0
	var last uint64
	for range 5 {
		img, err := src.Frame()
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, img.Bounds().Size())
		if _, found := camera.Decode(img); found {
			t.Error("a code was found in the test picture")
		}
		if s := sum(img); s != last {
			different++
			last = s
		}
	}
	t.Logf("pictures of %v, %d of 5 different from the one before", sizes, different)
	if sizes[0].X < 160 || different < 2 {
		t.Errorf("pictures of %v, %d different", sizes, different)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}

// sum is a number that two pictures hardly share.
func sum(img image.Image) (n uint64) {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			n = n*31 + uint64(r) + uint64(g)<<16 + uint64(bl)<<32
		}
	}
	return n
}
