package brandlogo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"runtime"
	"strings"
	"testing"
)

// wordmark is a picture with a transparent margin.
func wordmark(t testing.TB, w, h int, c color.NRGBA) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w+10, h+6))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x+4, y+3, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func chunk(b *bytes.Buffer, name string, data []byte) {
	body := append([]byte(name), data...)
	_ = binary.Write(b, binary.BigEndian, uint32(len(data)))
	b.Write(body)
	_ = binary.Write(b, binary.BigEndian, crc32.ChecksumIEEE(body))
}

// raw makes a PNG of any header and any inflated data.
func raw(w, h uint32, depth, kind byte, inflated int, more ...string) []byte {
	var b, z bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	var head bytes.Buffer
	_ = binary.Write(&head, binary.BigEndian, []uint32{w, h})
	head.Write([]byte{depth, kind, 0, 0, 0})
	chunk(&b, "IHDR", head.Bytes())
	for _, m := range more {
		chunk(&b, m[:4], []byte(m[4:]))
	}
	zw, _ := zlib.NewWriterLevel(&z, zlib.BestSpeed)
	zero := make([]byte, 1<<20)
	for n := inflated; n > 0; n -= len(zero) {
		_, _ = zw.Write(zero[:min(n, len(zero))])
	}
	_ = zw.Close()
	chunk(&b, "IDAT", z.Bytes())
	chunk(&b, "IEND", nil)
	return b.Bytes()
}

func TestDecode(t *testing.T) {
	p, err := Decode(wordmark(t, 80, 20, color.NRGBA{200, 30, 30, 255}))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Image.Rect; got != image.Rect(0, 0, 80, 20) {
		t.Errorf("the margin was not cut: %v", got)
	}
	again, err := Decode(p.PNG)
	if err != nil || !bytes.Equal(again.Image.Pix, p.Image.Pix) || again.Tag != p.Tag {
		t.Errorf("what is kept is not what was shown: %v", err)
	}
	big, err := Decode(wordmark(t, 1500, 300, color.NRGBA{0, 0, 0, 255}))
	if err != nil || big.Image.Rect.Dx() > keptSide || big.Image.Rect.Dx() < keptSide/2 {
		t.Errorf("%v, %v", big.Image.Rect, err)
	}
}

// TestDecodeRefuses: no file makes the phone slow or large.
func TestDecodeRefuses(t *testing.T) {
	text := "zTXtTitle\x00\x00" + string(raw(1, 1, 8, 2, 16<<20)[60:])
	for name, x := range map[string]struct {
		data []byte
		want error
	}{
		"empty":              {nil, ErrFormat},
		"text":               {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrFormat},
		"deep svg":           {[]byte(strings.Repeat("<g>", 100_000)), ErrFormat},
		"30000×30000":        {raw(30000, 30000, 8, 6, 1000), ErrSize},
		"30000×30":           {raw(30000, 30, 8, 6, 1000), ErrSize},
		"2000×2000":          {raw(2000, 2000, 8, 6, 1000), ErrSize},
		"2^31-1 wide":        {raw(1<<31-1, 1, 8, 6, 1000), ErrSize},
		"no width":           {raw(0, 10, 8, 6, 1000), ErrFormat},
		"many bytes":         {make([]byte, MaxBytes+1), ErrSize},
		"too few pixels":     {raw(500, 500, 8, 6, 1000), ErrFormat},
		"inflates to 16 MB":  {raw(16, 16, 8, 2, 16<<20), ErrFormat},
		"nothing but margin": {raw(16, 16, 8, 6, 16*(16*4+1)), ErrEmpty},
		"cut off":            {wordmark(t, 30, 30, color.NRGBA{1, 2, 3, 255})[:60], ErrFormat},
		"text inflates":      {raw(16, 16, 8, 6, 16*(16*4+1), text), ErrEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			if len(x.data) > MaxBytes && name != "many bytes" {
				t.Fatalf("the bomb has %d bytes and tests nothing", len(x.data))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p, err := Decode(x.data)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, x.want) || p != nil {
				t.Errorf("%v, %v; want %v", p, err, x.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
				t.Errorf("%d KiB were used", used>>10)
			}
		})
	}
}

// TestScale: a picture keeps its mean colour and its ink, whatever the size.
func TestScale(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 97, 31))
	for y := range 31 {
		for x := range 97 {
			m.SetNRGBA(x, y, color.NRGBA{90, 180, 30, uint8(255 * (x % 2))})
		}
	}
	for _, size := range []image.Point{{1, 1}, {7, 5}, {48, 15}, {96, 30}, {97, 31}, {500, 500}} {
		got := Scale(m, size)
		var alpha, n int
		for i := 0; i < len(got.Pix); i += 4 {
			if p := got.Pix[i:]; p[3] > 8 && (p[0] != 90 || p[1] != 180 || p[2] != 30) {
				t.Fatalf("%v: a colour that was not there: %v", size, p[:4])
			}
			alpha, n = alpha+int(got.Pix[i+3]), n+1
		}
		if mean := alpha / n; mean < 120 || mean > 132 {
			t.Errorf("%v: the ink became %d of 255", size, mean)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(wordmark(f, 8, 8, color.NRGBA{200, 30, 30, 255}))
	f.Add(raw(30000, 30000, 8, 6, 1000))
	f.Add(raw(3, 3, 16, 4, 3*(3*4+1)))
	f.Add(raw(5, 5, 1, 3, 10, "PLTE\x01\x02\x03\x04\x05\x06", "tRNS\x00\xff"))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if (p == nil) == (err == nil) {
			t.Fatalf("%v, %v", p, err)
		}
		if p == nil {
			return
		}
		if b := p.Image.Rect; b.Empty() || b.Dx() > keptSide || b.Dy() > keptSide {
			t.Fatalf("%v is kept", b)
		}
		if _, err := decode(p.PNG, keptBytes); err != nil {
			t.Fatalf("what is kept can't be read: %v", err)
		}
	})
}
