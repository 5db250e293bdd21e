// Package camera reads QR codes with a camera: frames come from a Source (a
// V4L2 device through mediadevices, or a test), each is searched for a code.
//
// A Scanner runs one goroutine and holds the camera only while it runs: start
// one when the person asks to scan, close it when they are done.
package camera

import (
	"errors"
	"fmt"
	"image"
	"sync"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// ErrNoCamera: there is no camera, or not the one that was asked for.
var ErrNoCamera = errors.New("there is no camera")

// Source gives frames, one at a time, at the camera's pace. The image is valid
// until the next call.
type Source interface {
	Frame() (image.Image, error)
	Close() error
}

// MaxCode bounds a code in bytes.
const MaxCode = 4096

// Decode finds a QR code in a picture: turned, noisy or unevenly lit ones too.
func Decode(img image.Image) (code []byte, found bool) {
	bmp, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(gozxing.NewLuminanceSourceFromImage(img)))
	if err != nil {
		return nil, false
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	res, err := qrcode.NewQRCodeReader().Decode(bmp, hints)
	if err != nil || res.GetText() == "" || len(res.GetText()) > MaxCode {
		return nil, false
	}
	return []byte(res.GetText()), true
}

// Scanner implements hal.Scanner over a Source.
type Scanner struct {
	src   Source
	codes chan []byte
	stop  chan struct{}
	once  sync.Once
	done  chan struct{}
	mu    sync.Mutex
	err   error
}

// New starts to look; the source is the Scanner's from then on.
func New(src Source) *Scanner {
	s := &Scanner{src: src, codes: make(chan []byte, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s
}

// Codes implements hal.Scanner: a code that stays in view comes once.
func (s *Scanner) Codes() <-chan []byte { return s.codes }

// Err implements hal.Scanner.
func (s *Scanner) Err() error { s.mu.Lock(); defer s.mu.Unlock(); return s.err }

// Close implements hal.Scanner. It waits for the frame that is being taken.
func (s *Scanner) Close() error {
	s.once.Do(func() { close(s.stop) })
	<-s.done
	return nil
}

// goneAfter is how many frames without a code make the next one new again.
const goneAfter = 10

func (s *Scanner) run() {
	defer close(s.done)
	defer close(s.codes)
	err := s.look()
	err = errors.Join(err, s.src.Close())
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
}

func (s *Scanner) look() error {
	last, missing := "", 0
	for {
		select {
		case <-s.stop:
			return nil
		default:
		}
		img, err := s.src.Frame()
		if err != nil {
			return fmt.Errorf("camera: %w", err)
		}
		code, found := Decode(img)
		if !found {
			if missing++; missing >= goneAfter {
				last = ""
			}
			continue
		}
		missing = 0
		if string(code) == last {
			continue
		}
		last = string(code)
		select {
		case s.codes <- code:
		case <-s.stop:
			return nil
		}
	}
}
