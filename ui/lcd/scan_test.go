package lcd

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"phoned/ui"
)

// shot is how somebody's mobile sees the display.
type shot struct {
	name  string
	angle float64 // degrees
	scale float64 // pixels of the camera a pixel of the display
	noise float64 // standard deviation, of 255
	dark  float64 // light at the darkest corner, of 1
}

// photograph takes a picture of the display: turned, sized, blurred by its own
// sampling, in light that falls off to one corner, with the sensor's noise.
func photograph(lcd *image.RGBA, s shot, r *rand.Rand) *image.Gray {
	const margin = 24
	diagonal := math.Hypot(float64(lcd.Rect.Dx()), float64(lcd.Rect.Dy())) * s.scale
	side := int(diagonal) + 2*margin
	out := image.NewGray(image.Rect(0, 0, side, side))
	sin, cos := math.Sincos(s.angle * math.Pi / 180)
	half := float64(side) / 2
	luma := func(x, y int) float64 {
		if !(image.Point{x, y}).In(lcd.Rect) {
			return 40 // the phone's case
		}
		return float64(color.GrayModel.Convert(lcd.RGBAAt(x, y)).(color.Gray).Y)
	}
	for y := range side {
		for x := range side {
			const n = 2 // rays a pixel, each way
			sum := 0.0
			for i := range n * n {
				dx, dy := float64(x)+(float64(i%n)+0.5)/n-half, float64(y)+(float64(i/n)+0.5)/n-half
				u := (dx*cos+dy*sin)/s.scale + float64(lcd.Rect.Dx())/2
				v := (dy*cos-dx*sin)/s.scale + float64(lcd.Rect.Dy())/2
				sum += luma(int(math.Floor(u)), int(math.Floor(v)))
			}
			light := 1 - (1-s.dark)*(float64(x)+float64(y))/float64(2*side)
			value := sum/(n*n)*light + r.NormFloat64()*s.noise
			out.SetGray(x, y, color.Gray{Y: uint8(min(max(value, 0), 255))})
		}
	}
	return out
}

// A decoder that is not ours reads the sign-in screens as a mobile sees them: in
// every theme, turned by 15°, with noise, in uneven light, and small.
func TestSignInCodesCanBeScanned(t *testing.T) {
	shots := []shot{
		{"straight", 0, 1.5, 0, 1}, {"turned", 15, 1.5, 0, 1}, {"turned back, noisy", -15, 1.5, 20, 1}, {"uneven light", 5, 1.5, 6, 0.35},
		{"small", 3, 0.7, 3, 0.9}, {"all of it", 15, 1.2, 12, 0.5},
	}
	r := renderer(t)
	for _, scene := range []string{"sign-in", "sign-in-own-page"} {
		v := base(t, scene)
		want := v.Session.QR
		if want == "" {
			want = v.Session.URL
		}
		for _, theme := range ui.Themes() {
			v.Settings.Theme = string(theme)
			img, _ := r.Draw(ui.Build(v, ui.Env{Now: wordsNow, Theme: theme}))
			for i, s := range shots {
				if theme != ui.Dark && i < len(shots)-1 {
					continue
				}
				p := photograph(img, s, rand.New(rand.NewPCG(1, 2)))
				bits, err := gozxing.NewBinaryBitmapFromImage(p)
				if err != nil {
					t.Fatal(err)
				}
				got, err := qrcode.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
				if err != nil {
					t.Errorf("%s %s, %s: %v", scene, theme, s.name, err)
				} else if got.GetText() != want {
					t.Errorf("%s %s, %s: read %q", scene, theme, s.name, got.GetText())
				}
			}
		}
	}
}
