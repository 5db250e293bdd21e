package manage

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strconv"
	"sync"
)

// Screen is the picture the phone shows. Follow delivers every later frame;
// a follower that is too slow misses frames, sees it by Seq, and asks for Whole.
type Screen interface {
	Seq() uint64 // of the newest picture
	Whole() Frame
	Follow() (frames <-chan Frame, cancel func())
}

// Frame is a picture or the parts of it that changed.
type Frame struct {
	Seq     uint64
	Size    image.Point
	Whole   bool
	Patches []Patch
}

// Patch is a rectangle of the picture, encoded as PNG, at At.
type Patch struct {
	At  image.Point
	PNG []byte
}

// Mirror is a Screen fed by whoever draws: a panel that only keeps and passes
// on. Show is called from one goroutine; the rest is safe for concurrent use.
// Nothing is encoded while nobody looks.
type Mirror struct {
	mu        sync.Mutex
	seq       uint64
	img       *image.RGBA
	followers map[chan Frame]struct{}
	encoder   png.Encoder
}

// NewMirror makes a black screen of the given size.
func NewMirror(size image.Point) *Mirror {
	return &Mirror{
		img:       image.NewRGBA(image.Rectangle{Max: size}),
		followers: map[chan Frame]struct{}{},
		encoder:   png.Encoder{CompressionLevel: png.BestSpeed},
	}
}

// Show takes over the parts dirty of img.
func (m *Mirror) Show(img *image.RGBA, dirty []image.Rectangle) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	for _, r := range dirty {
		r = r.Intersect(m.img.Rect).Intersect(img.Rect)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			i, j := m.img.PixOffset(r.Min.X, y), img.PixOffset(r.Min.X, y)
			copy(m.img.Pix[i:i+4*r.Dx()], img.Pix[j:j+4*r.Dx()])
		}
	}
	if len(m.followers) == 0 {
		return
	}
	part := m.frameLocked(dirty, false)
	for ch := range m.followers {
		select {
		case ch <- part:
		default: // it will see the gap
		}
	}
}

func (m *Mirror) frameLocked(rs []image.Rectangle, whole bool) Frame {
	f := Frame{Seq: m.seq, Size: m.img.Rect.Max, Whole: whole}
	for _, r := range rs {
		r = r.Intersect(m.img.Rect)
		if r.Empty() {
			continue
		}
		var b bytes.Buffer
		if err := m.encoder.Encode(&b, m.img.SubImage(r)); err == nil {
			f.Patches = append(f.Patches, Patch{At: r.Min, PNG: b.Bytes()})
		}
	}
	return f
}

// Seq implements Screen.
func (m *Mirror) Seq() uint64 { m.mu.Lock(); defer m.mu.Unlock(); return m.seq }

// Whole implements Screen.
func (m *Mirror) Whole() Frame {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.frameLocked([]image.Rectangle{m.img.Rect}, true)
}

// Image returns a copy of the picture.
func (m *Mirror) Image() *image.RGBA {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := image.NewRGBA(m.img.Rect)
	copy(c.Pix, m.img.Pix)
	return c
}

// Follow implements Screen.
func (m *Mirror) Follow() (<-chan Frame, func()) {
	ch := make(chan Frame, 8)
	m.mu.Lock()
	m.followers[ch] = struct{}{}
	m.mu.Unlock()
	return ch, func() { m.mu.Lock(); delete(m.followers, ch); m.mu.Unlock() }
}

func (s *Server) screenPNG(w http.ResponseWriter, r *http.Request) {
	f := s.cfg.Screen.Whole()
	if len(f.Patches) != 1 {
		fail(w, http.StatusServiceUnavailable, "The screen is off.", "")
		return
	}
	tag := `"` + strconv.FormatUint(f.Seq, 10) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(f.Patches[0].PNG)
}
