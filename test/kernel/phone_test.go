//go:build kernel

package kernel

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/media/audio/wav"
	"phoned/test/kernel/spilog"
)

var update = flag.Bool("update", false, "write golden images anew")

// The real daemon on the simulated board: keys are pressed in the kernel, the lab
// exchange answers on loopback, the display is what the SPI bus saw, the voice is
// what the loopback sound card carried.

const (
	daemon  = "../../bin/phoned"
	board   = "../../boards/virtual.toml"
	webAddr = "127.0.0.1:8480"
)

// keyPlace is where a key is in boards/virtual.toml.
var keyPlace = map[byte]int{'1': 0, '2': 1, '3': 2, '4': 6, '5': 7, '6': 8, '7': 12, '8': 13, '9': 14, '*': 18, '0': 19, '#': 20}

// press closes a contact for as long as a finger does. The sleeps are the finger.
func press(t *testing.T, keys string) {
	t.Helper()
	for _, k := range []byte(keys) {
		pressAt(t, keyPlace[k])
	}
}

func pressAt(t *testing.T, place int) {
	t.Helper()
	write(t, panelDir+"keys", 1<<place)
	time.Sleep(finger)
	write(t, panelDir+"keys", 0)
	time.Sleep(finger)
}

// finger is how long a key is down, and up between two: slow, for a busy machine
// looks at the keys late.
const finger = 250 * time.Millisecond

// glass follows the bus in the background.
type glass struct {
	mu    sync.Mutex
	panel *spilog.Panel
	err   error
	bytes int
}

func watchGlass(t *testing.T) *glass {
	t.Helper()
	g := &glass{panel: spilog.NewPanel(240, 320)}
	log, err := os.OpenFile("/dev/spi-phonetest", os.O_RDONLY|os.O_SYNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	go func() {
		for {
			tr, err := spilog.Read(log)
			g.mu.Lock()
			if err == nil && tr.Dropped != 0 {
				err = fmt.Errorf("%d transfers were not recorded", tr.Dropped)
			}
			if err == nil {
				err = g.panel.Apply(tr)
			}
			g.bytes += len(tr.Bytes)
			g.err = err
			g.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return g
}

func (g *glass) picture() (*image.RGBA, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.panel.Image(), g.bytes
}

// as565 is a picture as 16-bit colour can show it, spread as the glass spreads it.
func as565(img image.Image) *image.RGBA {
	out := image.NewRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			r5, g6, b5 := uint8(r>>11), uint8(g>>10), uint8(b>>11)
			i := out.PixOffset(x, y)
			copy(out.Pix[i:], []byte{r5<<3 | r5>>2, g6<<2 | g6>>4, b5<<3 | b5>>2, 255})
		}
	}
	return out
}

func same(a, b *image.RGBA) bool {
	return a.Rect == b.Rect && string(a.Pix) == string(b.Pix)
}

// webPicture is the screen as the management server shows it.
func webPicture(t *testing.T) *image.RGBA {
	t.Helper()
	res, err := http.Get("http://" + webAddr + "/api/v1/screen.png")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	img, err := png.Decode(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return as565(img)
}

func screen(t *testing.T) (name string, mediaUp bool) {
	t.Helper()
	res, err := http.Get("http://" + webAddr + "/api/v1/status")
	if err != nil {
		return "", false
	}
	defer res.Body.Close()
	var s struct {
		Screen string
		Calls  []struct{ MediaUp bool }
	}
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s.Screen, len(s.Calls) > 0 && s.Calls[0].MediaUp
}

// startDaemon starts the lab and the daemon with a configuration for it.
func startDaemon(t *testing.T) *lab.Exchange { return startDaemonOn(t, board).ex }

// process is the daemon with its exchange.
type process struct {
	ex  *lab.Exchange
	pid int
	log string
}

// logged counts what the daemon's log has of something.
func (p process) logged(t *testing.T, text string) int {
	t.Helper()
	b, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), text)
}

func startDaemonOn(t *testing.T, board string) process {
	t.Helper()
	return startDaemonWith(t, lab.Config{}, board)
}

func startDaemonWith(t *testing.T, cfg lab.Config, board string) process {
	t.Helper()
	ex, err := lab.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ex.Close() })
	dir := t.TempDir()
	access, refresh, _ := ex.Tokens("1001")
	ca, conf := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "phoned.toml")
	text := fmt.Sprintf("oauth_endpoint = %q\nws_servers = [%q]\naccess_token = %q\nrefresh_token = %q\nca_file = %q\ndisplay_name = \"Front desk\"\nweb_listen = [\"off\"]\n",
		ex.OAuthURL(), ex.WSSURL(), access, refresh, ca)
	for name, b := range map[string][]byte{ca: ex.CAPEM(), conf: []byte(text)} {
		if name == conf && board == noBoard { // the phone of the front panel's test has its pictures without history
			b = append(b, fmt.Sprintf("api_url = %q\n", ex.APIURL())...)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(daemon, "-board", board, "-config", conf, "-data", filepath.Join(dir, "data"), "-listen", webAddr, "-trust-local", "-loopback")
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		stuck := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) }) // its goroutines are in the log then
		defer stuck.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
		if b, _ := os.ReadFile(out.Name()); t.Failed() {
			t.Logf("the daemon's log:\n%s", b)
		}
	})
	return process{ex, cmd.Process.Pid, out.Name()}
}

// setClock makes the pictures' time the same in every run. The year is the next one
// whose 23 November is a Monday: a clock that is behind the day of the build is not
// believed, and the phone waits for a time server.
func setClock(t *testing.T) {
	t.Helper()
	at := time.Date(2037, 11, 23, 9, 41, 5, 0, time.UTC)
	tv := syscall.NsecToTimeval(at.UnixNano())
	if err := syscall.Settimeofday(&tv); err != nil {
		t.Fatal(err)
	}
}

// await waits until the exchange has seen something of that kind.
func await(t *testing.T, ex *lab.Exchange, kind string) b2b.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := ex.Await(ctx, 0, func(e b2b.Event) bool { return e.Kind == kind })
	if err != nil {
		t.Fatalf("the exchange never saw %q: %v", kind, err)
	}
	return e
}

func testPhone(t *testing.T) {
	setClock(t)
	write(t, panelDir+"hook", 1) // in its cradle
	seen := watchGlass(t)
	started := time.Now()
	ex := startDaemon(t)
	await(t, ex, "registered")
	t.Logf("exec to registered: %d ms", time.Since(started).Milliseconds())
	golden(t, seen, "idle")

	press(t, "9197")
	golden(t, seen, "predial")

	write(t, panelDir+"hook", 0) // lifting sends what was dialled
	await(t, ex, "answered")
	eventually(t, "media flow", func() bool { name, up := screen(t); return name == "active" && up })
	farTone(t)
	// What the glass shows is what the management page shows, timer and all.
	eventually(t, "the glass agrees with the page", func() bool {
		web := webPicture(t)
		glass, _ := seen.picture()
		return same(web, glass)
	})
	_, before := seen.picture()
	time.Sleep(3 * time.Second) // three ticks of the timer
	_, after := seen.picture()
	t.Logf("%d bytes on the bus for each ticking second", (after-before)/3)

	write(t, panelDir+"hook", 1)
	await(t, ex, "bye")
	eventually(t, "idle again", func() bool { name, _ := screen(t); return name == "idle" })
	if err := seen.err; err != nil {
		t.Error(err)
	}
}

// golden waits until the glass shows the golden picture, byte for byte.
func golden(t *testing.T, g *glass, name string) {
	t.Helper()
	file := filepath.Join("testdata", name+".png")
	if *update || os.Getenv("PHONED_GOLDEN") != "" {
		eventually(t, "the glass agrees with the page", func() bool {
			glass, _ := g.picture()
			return same(webPicture(t), glass)
		})
		img, _ := g.picture()
		keep(t, name, img)
		return
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	want := as565(img)
	ok := false
	for deadline := time.Now().Add(15 * time.Second); !ok && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got, _ := g.picture()
		ok = same(want, got)
	}
	if !ok {
		got, _ := g.picture()
		keep(t, name, got)
		t.Fatalf("the glass does not show %s; what it shows is kept as %s.png", file, name)
	}
}

// keep writes a picture where the host finds it (run's -o folder).
func keep(t *testing.T, name string, img image.Image) {
	t.Helper()
	f, err := os.Create("/run/out/" + name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// record listens at the other end of the loopback card.
func record(t *testing.T, seconds int) []int16 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "heard.wav")
	cmd := exec.Command("arecord", "-q", "-D", "plughw:Loopback,1,0", "-f", "S16_LE", "-r", fmt.Sprint(rate), "-c", "1", "-d", fmt.Sprint(seconds), file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("arecord: %v %s", err, strings.TrimSpace(string(out)))
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, _, err := wav.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
