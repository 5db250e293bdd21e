// Package qr photographs codes: those on the phone's own screens, and those that an
// administrator prints for the phone's camera.
package qr

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"phoned/hal/camera"
	"phoned/internal/qrcode"
	"phoned/provisioning"
	"phoned/ui"
	"phoned/ui/lcd"
	"phoned/ui/scenes"
)

// shot is how a picture is taken of something: size is how many pixels of the camera
// one of its pixels takes, the light falls off from one side to the other, and every
// pixel is the mean of what it sees, as a sensor's is.
type shot struct {
	size, degrees, noise, dusk float64
	seed                       uint64
}

// picture is what a camera of 640×480 sees of img, in the middle of a grey room.
func (s shot) picture(img image.Image) image.Image {
	const w, h, over = 640, 480, 2
	rnd := rand.New(rand.NewPCG(s.seed, 1))
	b := img.Bounds()
	sin, cos := math.Sincos(s.degrees * math.Pi / 180)
	// A code never lies on the camera's grid.
	shiftX, shiftY := rnd.Float64(), rnd.Float64()
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sum := 0.0
			for i := range over * over {
				dx := float64(x) + (float64(i%over)+0.5)/over - w/2 + shiftX
				dy := float64(y) + (float64(i/over)+0.5)/over - h/2 + shiftY
				u := int(math.Floor((dx*cos+dy*sin)/s.size)) + b.Dx()/2 + b.Min.X
				v := int(math.Floor((-dx*sin+dy*cos)/s.size)) + b.Dy()/2 + b.Min.Y
				level := 110.0
				if image.Pt(u, v).In(b) {
					level = 30 + 190*float64(color.GrayModel.Convert(img.At(u, v)).(color.Gray).Y)/255
				}
				sum += level
			}
			level := sum / (over * over) * (1 - s.dusk*float64(x)/w)
			out.SetGray(x, y, color.Gray{Y: uint8(max(0, min(255, level+rnd.NormFloat64()*s.noise)))})
		}
	}
	return out
}

// TestScreenCode: the code on the sign-in screen of every theme, and of a panel of one bit a
// pixel that has room for it (128×64 shows the address and the code to type), is read from a photograph: straight, turned by 15°, noisy and in uneven light.
func TestScreenCode(t *testing.T) {
	var scene scenes.Scene
	for _, s := range scenes.All() {
		if s.Name == "sign-in" {
			scene = s
		}
	}
	draw := map[string]func(ui.Theme) image.Image{
		"320x240": func(theme ui.Theme) image.Image {
			r, err := lcd.New(image.Rect(0, 0, 320, 240))
			if err != nil {
				t.Fatal(err)
			}
			img, _ := r.Draw(ui.Build(scene.View, scene.Env(theme, "en")))
			return img
		},
		"256x128": func(theme ui.Theme) image.Image {
			r, err := lcd.NewMono(image.Rect(0, 0, 256, 128))
			if err != nil {
				t.Fatal(err)
			}
			img, _ := r.Draw(ui.Build(scene.View, scene.Env(theme, "en")))
			return img
		},
	}
	for panel, of := range draw {
		for _, theme := range ui.Themes() {
			if panel != "320x240" && theme != ui.Dark {
				continue // of one bit a pixel: the themes are the same
			}
			img := of(theme)
			fit := min(620/float64(img.Bounds().Dx()), 460/float64(img.Bounds().Dy())) / 1.15
			for _, s := range []shot{{fit, 0, 0, 0, 1}, {fit, 15, 0, 0, 2}, {fit, -15, 12, 0.5, 3}, {fit * 0.8, 15, 12, 0.5, 4}} {
				code, found := camera.Decode(s.picture(img))
				if !found || string(code) != scene.View.Session.URL {
					t.Errorf("%s, theme %v, %+v: read %q", panel, theme, s, code)
				}
			}
		}
	}
}

// codes are the shortest that is in use, a signed one and the longest that may be.
func codes(t testing.TB) map[string]string {
	t.Helper()
	key, err := provisioning.NewSigningKey(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, make := range map[string]func() (string, error){
		"PIN": func() (string, error) {
			return provisioning.Code{ConfigURL: "https://cfg.example.net/p/7Q2K"}.EncodePIN("482913")
		},
		"signed": func() (string, error) {
			return provisioning.Code{ConfigURL: "https://c.example/7Q2K"}.EncodeSigned(key)
		},
		"longest": func() (string, error) {
			c := provisioning.Code{ConfigURL: "https://cfg.example.net/", Expires: time.Unix(1795000000, 0)}
			for {
				text, err := c.EncodePIN("482913")
				if err != nil || len(text) == provisioning.MaxCode {
					return text, err
				}
				c.ConfigURL += "x"
			}
		},
	} {
		text, err := make()
		if err != nil {
			t.Fatal(name, err)
		}
		out[name] = text
	}
	return out
}

// enough is how many pixels of the camera a module must take at most.
const enough = 3.0

// read says whether a code is read from every one of n photographs: turned by 15°, with
// noise and half of the light gone on one side.
func read(text string, c qrcode.Code, px float64, n uint64) bool {
	for seed := range n {
		code, found := camera.Decode(shot{px / 8, 15, 12, 0.5, seed}.picture(c.Image(8)))
		if !found || string(code) != text {
			return false
		}
	}
	return true
}

// TestDistance: a code is read where a module takes three pixels.
func TestDistance(t *testing.T) {
	for name, text := range codes(t) {
		c, err := qrcode.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > provisioning.MaxCode || !read(text, c, enough, 3) {
			t.Errorf("%s, %d characters, %d modules: not read from %.1f pixels a module", name, len(text), c.Size, enough)
		}
	}
}

// BenchmarkDistance finds how small a code may be in the picture, ten times out of ten. The
// distance is that of a code printed 50 mm wide before a lens of 60°, 640 pixels across.
func BenchmarkDistance(b *testing.B) {
	for name, text := range codes(b) {
		c, err := qrcode.Encode(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			px := 1.25
			for b.Loop() {
				for px = 1.25; px < 8 && !read(text, c, px, 10); px += 0.25 {
				}
			}
			b.ReportMetric(float64(c.Size), "modules")
			b.ReportMetric(px, "px/module")
			b.ReportMetric(50/float64(c.Size+2*qrcode.Quiet)/px*640/(2*math.Tan(math.Pi/6)), "mm-away")
		})
	}
}

// TestPrinted: what "phoned provision qr" draws on a terminal is a code as well.
func TestPrinted(t *testing.T) {
	text := codes(t)["longest"]
	c, err := qrcode.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	code, found := camera.Decode(shot{1, 0, 0, 0, 1}.picture(terminal(c.Text())))
	if !found || string(code) != text {
		t.Errorf("read %q", code)
	}
}

// terminal draws block characters, of 8 by 16 pixels as terminals have them: two
// modules each.
func terminal(text string) image.Image {
	const w, h = 8, 16
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	strip := func(l string) []rune {
		l = strings.ReplaceAll(l, "\x1b[30;47m", "")
		return []rune(strings.ReplaceAll(l, "\x1b[0m", ""))
	}
	img := image.NewGray(image.Rect(0, 0, len(strip(lines[0]))*w, len(lines)*h))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y, l := range lines {
		for x, c := range strip(l) {
			for py := range h {
				upper := py < h/2
				if c == '█' || c == '▀' && upper || c == '▄' && !upper {
					for px := range w {
						img.SetGray(x*w+px, y*h+py, color.Gray{})
					}
				}
			}
		}
	}
	return img
}

func BenchmarkDecode(b *testing.B) {
	for name, text := range codes(b) {
		c, err := qrcode.Encode(text)
		if err != nil {
			b.Fatal(err)
		}
		for _, degrees := range []float64{0, 15} {
			img := shot{4.0 / 8, degrees, 12, 0.5, 1}.picture(c.Image(8))
			b.Run(fmt.Sprintf("%s/%.0f°", name, degrees), func(b *testing.B) {
				for b.Loop() {
					if _, found := camera.Decode(img); !found {
						b.Fatal("not read")
					}
				}
			})
		}
	}
	b.Run("nothing", func(b *testing.B) {
		img := shot{1, 15, 12, 0.5, 1}.picture(image.NewGray(image.Rect(0, 0, 1, 1)))
		for b.Loop() {
			camera.Decode(img)
		}
	})
}
