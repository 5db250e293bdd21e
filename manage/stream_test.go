package manage

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"phoned/phone"
)

// paint shows a picture of one grey in the upper left corner.
func paint(m *Mirror, grey uint8) {
	img := image.NewRGBA(image.Rect(0, 0, 32, 24))
	r := image.Rect(1, 2, 9, 8)
	draw.Draw(img, r, image.NewUniform(color.Gray{grey}), image.Point{}, draw.Src)
	m.Show(img, []image.Rectangle{r})
}

type frameEvent struct {
	Seq           uint64
	Width, Height int
	Whole         bool
	Patches       []patch
}

// apply draws a frame as the page does.
func (e event) apply(t *testing.T, on *image.RGBA) frameEvent {
	t.Helper()
	var f frameEvent
	if err := json.Unmarshal([]byte(e.data), &f); err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Patches {
		raw, err := base64.StdEncoding.DecodeString(p.PNG)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		draw.Draw(on, img.Bounds().Sub(img.Bounds().Min).Add(image.Pt(p.X, p.Y)), img, img.Bounds().Min, draw.Src)
	}
	return f
}

func TestEventsResume(t *testing.T) {
	b := newBench(t).online(t)
	for i := range 6 { // the bus keeps four
		b.bus.Publish(epoch, "hook", map[string]any{"n": i + 1})
	}
	f := b.follow(t, "/api/v1/events", "Last-Event-ID", "4")
	if e := f.next(); e.id != "5" || e.name != "hook" || e.data != `{"at":1767323045000,"n":5}` {
		t.Fatalf("%+v", e)
	}
	if e := f.next(); e.id != "6" {
		t.Fatalf("%+v", e)
	}
	b.bus.Publish(epoch, "mwi", map[string]any{"count": 2})
	if e := f.next(); e.id != "7" || e.name != "mwi" {
		t.Fatalf("%+v", e)
	}
	// Who was away too long sees the gap in the IDs.
	if e := b.follow(t, "/api/v1/events?after=0").next(); e.id != "4" {
		t.Fatalf("%+v", e)
	}
	// Without a number only what comes.
	g := b.follow(t, "/api/v1/events")
	b.bus.Publish(epoch, "quality", nil)
	if e := g.next(); e.id != "8" || e.name != "quality" {
		t.Fatalf("%+v", e)
	}
	for _, bad := range []string{"x", "-1", "99999999999999999999"} {
		wantProblem(t, b.do(http.MethodGet, "/api/v1/events", "", "Last-Event-ID", bad), http.StatusBadRequest)
	}
}

func TestBusKeepsItsLimitAndNeverBlocks(t *testing.T) {
	b := NewBus(3)
	if b.Last() != 0 {
		t.Error("an event before the first")
	}
	_, wake := b.After(0)
	for range 10 {
		b.Publish(epoch, "x", nil)
	}
	select {
	case <-wake:
	default:
		t.Error("a follower was not woken")
	}
	list, _ := b.After(0)
	if len(list) != 3 || list[0].ID != 8 || b.Last() != 10 {
		t.Errorf("%+v", list)
	}
	if got := string(Published{At: epoch, Detail: map[string]any{"bad": func() {}}}.JSON()); got != "{}" {
		t.Errorf("what cannot be written: %s", got)
	}
}

func TestScreenStream(t *testing.T) {
	var mic atomic.Uint64
	b := newBench(t, func(c *Config) { c.Levels = func() Levels { return Levels{Mic: float64(mic.Load()) / 4} } }).online(t)
	f := b.follow(t, "/api/v1/screen/stream")
	if e := f.next(); e.name != "hello" || e.data != `{"panel":"1"}` {
		t.Fatalf("%+v", e)
	}
	got := image.NewRGBA(image.Rect(0, 0, 32, 24))
	first := f.next().apply(t, got)
	if !first.Whole || first.Width != 32 || first.Height != 24 || len(first.Patches) != 1 {
		t.Fatalf("first frame %+v", first)
	}
	if e := f.until("lamps"); !strings.Contains(e.data, `"mute":{"pattern":"on","colour":"red"}`) {
		t.Errorf("lamps %s", e.data)
	}
	if e := f.until("panel"); !strings.Contains(e.data, `"offHook":true`) || !strings.Contains(e.data, `"say":"Active: Echo"`) || !strings.Contains(e.data, `"keys":["1001",`) {
		t.Errorf("panel %s", e.data)
	}
	paint(b.mirror, 200)
	part := f.until("frame").apply(t, got)
	if part.Seq != first.Seq+1 || len(part.Patches) != 1 || !part.Whole && (part.Patches[0].X != 1 || part.Patches[0].Y != 2) {
		t.Errorf("a part %+v", part)
	}
	if !bytes.Equal(got.Pix, b.mirror.Image().Pix) {
		t.Error("the parts do not make the picture")
	}
	// Lamps change without the picture.
	v := call()
	v.Muted = false
	b.phone.show(v)
	if e := f.until("lamps"); !strings.Contains(e.data, `"mute":{"pattern":"off"}`) {
		t.Errorf("lamps %s", e.data)
	}
	mic.Store(2)
	if e := f.until("levels"); e.data != `{"mic":0.5,"speaker":0}` {
		t.Errorf("levels %s", e.data)
	}
}

func TestTwoPanelsShowTheSame(t *testing.T) {
	b := newBench(t).online(t)
	one, two := b.follow(t, "/api/v1/screen/stream"), b.follow(t, "/api/v1/screen/stream")
	if a, b := one.until("hello"), two.until("hello"); a == b {
		t.Errorf("both are %s", a.data)
	}
	for grey := range uint8(5) {
		paint(b.mirror, grey)
		for _, f := range []*follower{one, two} {
			got := image.NewRGBA(image.Rect(0, 0, 32, 24))
			for f.until("frame").apply(t, got).Seq < b.mirror.Seq() {
			}
			x, y := got.RGBAAt(4, 4), b.mirror.Image().RGBAAt(4, 4)
			if x != y || x.R != grey {
				t.Errorf("a panel shows %v, the phone %v", x, y)
			}
		}
	}
}

// stuckWriter is a browser that stops reading: a write waits for go.
type stuckWriter struct {
	header http.Header
	buf    chan string
	wait   chan struct{}
}

func (w *stuckWriter) Header() http.Header { return w.header }
func (w *stuckWriter) WriteHeader(int)     {}
func (w *stuckWriter) Flush()              {}
func (w *stuckWriter) Write(p []byte) (int, error) {
	<-w.wait
	w.buf <- string(p)
	return len(p), nil
}

func TestASlowFollowerGetsAWholeFrame(t *testing.T) {
	b := newBench(t)
	w := &stuckWriter{header: http.Header{}, buf: make(chan string, 1000), wait: make(chan struct{}, 1000)}
	ended := make(chan struct{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/v1/screen/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "127.0.0.1:40000"
	go func() { defer close(ended); b.Handler().ServeHTTP(w, r) }()
	read := func() (seq uint64, whole bool) {
		for {
			w.wait <- struct{}{}
			e := <-w.buf
			if _, data, ok := strings.Cut(e, "event: frame\ndata: "); ok {
				var f frameEvent
				if err := json.Unmarshal([]byte(data), &f); err != nil {
					t.Fatal(err)
				}
				return f.Seq, f.Whole
			}
		}
	}
	seq, _ := read() // the first, whole
	wholes := 0
	for grey := range uint8(100) {
		paint(b.mirror, grey) // it does not read: only the first eight fit
	}
	for seq < 101 {
		was := seq
		next, whole := read()
		seq = next
		if seq > was+1 && !whole {
			t.Fatalf("from %d to %d by a part", was, seq)
		}
		if whole {
			wholes++
		}
		if seq == 8 {
			paint(b.mirror, 100) // fits again, far behind the eighth
		}
	}
	if wholes == 0 { // which of the last ones it was depends on who was quicker
		t.Error("no frame after the gap was whole")
	}
	b.phone.stop()
	close(w.wait)
	<-ended
}

func TestAVanishedBrowserIsForgottenAndItsKeysLetGo(t *testing.T) {
	b := newBench(t).online(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(b.http.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("GET /api/v1/screen/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 300) // into the first frame
	if _, err := c.Read(one); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"up", "vol+"} {
		if w := b.do(http.MethodPost, "/api/v1/keys", `{"key":"`+key+`","action":"down","panel":"1"}`); w.Code != http.StatusAccepted {
			t.Fatal(w.Code, w.Body)
		}
	}
	b.do(http.MethodPost, "/api/v1/keys", `{"key":"up","action":"up","panel":"1"}`)
	b.phone.take()
	if err := c.(*net.TCPConn).SetLinger(0); err != nil { // a reset, not a goodbye
		t.Fatal(err)
	}
	_ = c.Close()
	waitFor(t, "the stream to end", func() bool {
		b.mirror.mu.Lock()
		defer b.mirror.mu.Unlock()
		return len(b.mirror.followers) == 0
	})
	waitFor(t, "the key to be let go", func() bool { b.phone.mu.Lock(); defer b.phone.mu.Unlock(); return len(b.phone.posted) > 0 })
	if got := b.phone.take(); !reflect.DeepEqual(got, []phone.What{phone.KeyUp{Key: "vol+"}}) {
		t.Errorf("posted %#v", got)
	}
	b.phone.mu.Lock()
	defer b.phone.mu.Unlock()
	if len(b.phone.subs) != 0 {
		t.Error("a subscription is left")
	}
}

func TestCloseEndsStreams(t *testing.T) {
	b := newBench(t).online(t)
	b.follow(t, "/api/v1/screen/stream").until("panel")
	b.bus.Publish(epoch, "hook", nil)
	b.follow(t, "/api/v1/events?after=0").next()
	// online's cleanup closes the server and counts goroutines.
}

func TestNothingIsEncodedWhileNobodyLooks(t *testing.T) {
	m := NewMirror(image.Pt(32, 24))
	img := image.NewRGBA(image.Rect(0, 0, 32, 24))
	dirty := []image.Rectangle{img.Rect}
	if n := testing.AllocsPerRun(100, func() { m.Show(img, dirty) }); n != 0 {
		t.Errorf("%v allocations a frame with nobody looking", n)
	}
	frames, cancel := m.Follow()
	m.Show(img, dirty)
	if f := <-frames; f.Seq != m.Seq() || len(f.Patches) != 1 {
		t.Errorf("%+v", f)
	}
	cancel()
	if n := testing.AllocsPerRun(100, func() { m.Show(img, dirty) }); n != 0 {
		t.Errorf("%v allocations a frame after the last follower left", n)
	}
}

func TestMirrorClipsWhatIsBeyond(t *testing.T) {
	m := NewMirror(image.Pt(32, 24))
	frames, cancel := m.Follow()
	defer cancel()
	img := image.NewRGBA(image.Rect(0, 0, 16, 40))
	m.Show(img, []image.Rectangle{image.Rect(-5, -5, 100, 100), image.Rect(50, 50, 60, 60)})
	if f := <-frames; len(f.Patches) != 1 || f.Patches[0].At != (image.Point{}) {
		t.Errorf("%d patches", len(f.Patches))
	}
}
