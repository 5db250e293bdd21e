package golden

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"
)

// recorder is a testing.TB that notes failures instead of failing.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Logf(string, ...any)   {}
func (r *recorder) Helper()               {}

func picture() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 8, 4))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	return m
}

func TestOnePixelFails(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("go.mod", []byte("module x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "a.png")
	if err := write(path, picture()); err != nil {
		t.Fatal(err)
	}
	same := &recorder{TB: t}
	Image(same, path, picture())
	if same.failed {
		t.Error("equal pictures failed")
	}
	other := picture()
	other.SetRGBA(7, 3, color.RGBA{254, 255, 255, 255})
	r := &recorder{TB: t}
	Image(r, path, other)
	if !r.failed {
		t.Error("a picture that differs in one pixel by one step passed")
	}
	for _, s := range []string{"got", "want", "diff"} {
		if _, err := os.Stat(filepath.Join(dir, "build", "golden", "testdata-a."+s+".png")); err != nil {
			t.Errorf("no %s picture was left: %v", s, err)
		}
	}
	missing := &recorder{TB: t}
	Image(missing, filepath.Join("testdata", "none.png"), picture())
	if !missing.failed {
		t.Error("a missing golden picture passed")
	}
	smaller := &recorder{TB: t}
	Image(smaller, path, image.NewRGBA(image.Rect(0, 0, 8, 3)))
	if !smaller.failed {
		t.Error("a picture of another size passed")
	}
}
