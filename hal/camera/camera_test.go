package camera

import (
	"errors"
	"image"
	"image/color"
	"math"
	"math/rand"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/pion/mediadevices/pkg/prop"
)

// scene puts a code into a 640×480 picture: turned, in uneven light, noisy.
func scene(t *testing.T, text string, degrees, noise float64) image.Image {
	t.Helper()
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 300, 300, nil)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewSource(1))
	img := image.NewGray(image.Rect(0, 0, 640, 480))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	for y := range 480 {
		for x := range 640 {
			dx, dy := float64(x-320), float64(y-240)
			u, v := int(dx*cos+dy*sin+150), int(-dx*sin+dy*cos+150)
			level := 210.0
			if u >= 0 && v >= 0 && u < 300 && v < 300 && m.Get(u, v) {
				level = 40
			}
			level *= 0.55 + 0.45*float64(x)/640 // light from the right
			level += rnd.NormFloat64() * noise
			img.SetGray(x, y, color.Gray{Y: uint8(max(0, min(255, level)))})
		}
	}
	return img
}

const payload = "phoned:1?c=KXTQ-7F&u=https://phones.acme.example/enrol"

func TestDecode(t *testing.T) {
	for _, c := range []struct{ degrees, noise float64 }{{0, 0}, {0, 20}, {15, 0}, {15, 20}, {-40, 10}, {90, 10}, {180, 5}} {
		if code, ok := Decode(scene(t, payload, c.degrees, c.noise)); !ok || string(code) != payload {
			t.Errorf("at %.0f°, noise %.0f: %q, %v", c.degrees, c.noise, code, ok)
		}
	}
	if code, ok := Decode(image.NewGray(image.Rect(0, 0, 640, 480))); ok {
		t.Errorf("an empty picture gave %q", code)
	}
	if _, ok := Decode(image.NewGray(image.Rect(0, 0, 1, 1))); ok {
		t.Error("one pixel gave a code")
	}
}

// film is a Source that plays pictures and then ends.
type film struct {
	frames []image.Image
	closed bool
}

var errEnd = errors.New("the film is over")

func (f *film) Frame() (image.Image, error) {
	if len(f.frames) == 0 {
		return nil, errEnd
	}
	img := f.frames[0]
	f.frames = f.frames[1:]
	return img, nil
}
func (f *film) Close() error { f.closed = true; return nil }

func TestScanner(t *testing.T) {
	a, b, nothing := scene(t, "A", 10, 5), scene(t, "B", 0, 5), image.NewGray(image.Rect(0, 0, 640, 480))
	f := &film{frames: []image.Image{nothing, a, a, nothing, a, b, b}}
	for range goneAfter {
		f.frames = append(f.frames, nothing)
	}
	f.frames = append(f.frames, b)
	s := New(f)
	var got string
	for code := range s.Codes() {
		got += string(code)
	}
	if got != "ABB" {
		t.Errorf("codes %s, want A, B and B again after it was taken away", got)
	}
	if !errors.Is(s.Err(), errEnd) || !f.closed {
		t.Errorf("ended with %v, closed %v", s.Err(), f.closed)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestNearest(t *testing.T) {
	mode := func(w, h int) prop.Media { return prop.Media{Video: prop.Video{Width: w, Height: h}} }
	if m, ok := nearest([]prop.Media{mode(1920, 1080), mode(320, 240), mode(800, 600), mode(0, 0)}); !ok || m.Width != 800 {
		t.Errorf("%v %v", m.Width, ok)
	}
	if _, ok := nearest(nil); ok {
		t.Error("a mode out of nothing")
	}
}

func TestOpenWithoutCamera(t *testing.T) {
	if _, err := Open("no camera is called that"); !errors.Is(err, ErrNoCamera) {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(32, 32, []byte{0, 255, 3})
	f.Fuzz(func(t *testing.T, w, h int, pix []byte) {
		if w < 1 || h < 1 || w > 200 || h > 200 {
			return
		}
		img := image.NewGray(image.Rect(0, 0, w, h))
		copy(img.Pix, pix)
		if code, ok := Decode(img); ok && len(code) == 0 {
			t.Fatal("found nothing")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	img := scene(&testing.T{}, payload, 15, 20)
	for b.Loop() {
		Decode(img)
	}
}
