// Package golden compares pictures with the ones kept in testdata, pixel by
// pixel. A difference fails the test and leaves what was drawn, what was
// expected and where they differ under build/golden at the top of the module,
// so that it can be looked at.
//
//	go test ./ui/lcd -update     keeps what is drawn now
package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "keep what is drawn now as the golden pictures")

// Updating reports whether the test run keeps new pictures.
func Updating() bool { return *update }

// Image compares got with the PNG at path, exactly. A missing file fails too.
func Image(t testing.TB, path string, got image.Image) {
	t.Helper()
	if *update {
		if err := write(path, got); err != nil {
			t.Fatalf("golden: %v", err)
		}
		return
	}
	want, err := read(path)
	if err != nil {
		reject(t, path, got, nil)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("golden: %s does not exist; look at the picture and run the test with -update", path)
			return
		}
		t.Errorf("golden: %v", err)
		return
	}
	n, first := compare(want, got)
	if n == 0 {
		return
	}
	where := reject(t, path, got, want)
	t.Errorf("golden: %s: %d pixels differ, the first at %v; see %s", path, n, first, where)
}

// compare counts the pixels that differ; pictures of different sizes differ
// in all of them.
func compare(a, b image.Image) (n int, first image.Point) {
	if a.Bounds().Size() != b.Bounds().Size() {
		return a.Bounds().Dx() * a.Bounds().Dy(), a.Bounds().Min
	}
	ra, rb := rgba(a), rgba(b)
	if bytes.Equal(ra.Pix, rb.Pix) {
		return 0, first
	}
	for i := 0; i < len(ra.Pix); i += 4 {
		if !bytes.Equal(ra.Pix[i:i+4], rb.Pix[i:i+4]) {
			if n == 0 {
				first = image.Pt(i%ra.Stride/4, i/ra.Stride)
			}
			n++
		}
	}
	return n, first
}

// rgba copies a picture to one that starts at 0,0.
func rgba(m image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	return out
}

// reject writes got, want and the difference and says where.
func reject(t testing.TB, path string, got, want image.Image) string {
	root, err := moduleRoot()
	if err != nil {
		t.Logf("golden: %v", err)
		return "nowhere"
	}
	base := filepath.Join(root, "build", "golden", filepath.Base(filepath.Dir(path))+"-"+filepath.Base(path))
	base = base[:len(base)-len(filepath.Ext(base))]
	out := map[string]image.Image{".got.png": got}
	if want != nil {
		out[".want.png"] = want
		out[".diff.png"] = difference(rgba(want), rgba(got))
	}
	for suffix, m := range out {
		if err := write(base+suffix, m); err != nil {
			t.Logf("golden: %v", err)
		}
	}
	return base + ".*.png"
}

// difference is black where the pictures agree and red where they do not.
func difference(a, b *image.RGBA) image.Image {
	r := a.Rect.Union(b.Rect)
	d := image.NewRGBA(r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.RGBA{A: 255}
			if a.RGBAAt(x, y) != b.RGBAAt(x, y) {
				c.R = 255
			}
			d.SetRGBA(x, y, c)
		}
	}
	return d
}

func read(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

func write(path string, m image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m); err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// moduleRoot is the folder of go.mod above the test's own.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the test")
		}
		dir = up
	}
}
