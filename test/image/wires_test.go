//go:build image

package image_test

import (
	"bufio"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/hal/haltest"
)

// What is soldered to the emulated board's GPIO chip (a PL061 with eight lines), which
// has nothing else to do there: a display on an SPI of lines, and the hook switch.
const (
	pinClock, pinData, pinSelect, pinHook, pinDC, pinReset = 0, 1, 2, 3, 4, 5

	wiring = `
&{/pl061@9030000} { gpio-line-names = "SCLK", "MOSI", "CE0", "HOOK", "DC", "RES", "", ""; };
/ {
	/delete-node/ gpio-keys;
	aliases { spi0 = "/spi"; };
	spi {
		compatible = "spi-gpio";
		#address-cells = <1>;
		#size-cells = <0>;
		sck-gpios = <&{/pl061@9030000} 0 0>;
		mosi-gpios = <&{/pl061@9030000} 1 0>;
		cs-gpios = <&{/pl061@9030000} 2 1>;
		num-chipselects = <1>;
		display@0 {
			compatible = "rohm,dh2228fv"; /* what spidev takes */
			reg = <0>;
			spi-max-frequency = <10000000>;
		};
	};
};
`
	// The board file of it. The sound card is QEMU's USB one, which only plays.
	boardFile = `name = "emulated"
[hook]
line = "9030000.pl061:HOOK"
off_hook = "high"
[panel]
driver = "ssd1306"
spi = "SPI0.0"
dc = "9030000.pl061:DC"
reset = "9030000.pl061:RES"
[audio.handset]
speaker = "plughw:Audio,0"
microphone = "null"
[audio.speaker]
speaker = "null"
microphone = "null"
`
)

// deviceTree is the board's own, with the wiring.
func deviceTree(dir string, args ...string) (string, error) {
	blob, source := filepath.Join(dir, "board.dtb"), filepath.Join(dir, "board.dts")
	if out, err := exec.Command("qemu-system-aarch64", append(args, "-display", "none", "-machine", "dumpdtb="+blob)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("the board's device tree: %w: %s", err, out)
	}
	text, err := exec.Command("dtc", "-q", "-I", "dtb", "-O", "dts", blob).Output()
	if err != nil {
		return "", fmt.Errorf("dtc: %w", err)
	}
	if err := os.WriteFile(source, append(text, wiring...), 0o644); err != nil {
		return "", err
	}
	if out, err := exec.Command("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("dtc: %w: %s", err, out)
	}
	return blob, nil
}

// glass follows the wires of the display, as QEMU traces them.
type glass struct {
	*haltest.PageGlass
	log   *bufio.Reader
	torn  string
	level [8]bool
	bits  int
	value byte
	total int       // bytes
	first time.Time // when it first showed a picture, zero: not yet
}

func newGlass(log io.Reader) *glass {
	return &glass{PageGlass: haltest.NewPageGlass("ssd1306"), log: bufio.NewReader(log)}
}

var traced = regexp.MustCompile(`@(\d+)\.(\d+):pl061_set_output .* (\d) to (\d)`)

// follow reads what has happened by now.
func (g *glass) follow(t *testing.T) {
	t.Helper()
	for {
		text, err := g.log.ReadString('\n')
		g.torn += text
		if err != nil {
			return
		}
		m := traced.FindStringSubmatch(g.torn)
		g.torn = ""
		if m == nil {
			continue
		}
		pin, _ := strconv.Atoi(m[3])
		g.level[pin] = m[4] == "1"
		switch {
		case pin == pinSelect:
			g.bits = 0
		case pin == pinClock && g.level[pinClock] && !g.level[pinSelect]:
			g.value <<= 1
			if g.level[pinData] {
				g.value |= 1
			}
			if g.bits++; g.bits < 8 {
				continue
			}
			g.bits = 0
			g.total++
			if err := g.Take(g.level[pinDC], []byte{g.value}); err != nil {
				t.Errorf("display: %v", err)
			}
			if g.first.IsZero() && !g.Dark() && lit(g.Seen(false)) > 0 {
				s, _ := strconv.ParseInt(m[1], 10, 64)
				us, _ := strconv.ParseInt(m[2], 10, 64)
				g.first = time.Unix(s, us*1000)
			}
		}
	}
}

func lit(img *image.RGBA) (n int) {
	for i := 0; i < len(img.Pix); i += 4 {
		if img.Pix[i] > 127 {
			n++
		}
	}
	return n
}

// lift moves the hook switch.
func (m *machine) lift(up bool) {
	m.t.Helper()
	level := 0
	if up {
		level = 1
	}
	m.wire(fmt.Sprintf("set_irq_in %s unnamed-gpio-in %d %d", m.gpio, pinHook, level))
}

// wire gives QEMU's test protocol an order.
func (m *machine) wire(order string) {
	m.t.Helper()
	if _, err := fmt.Fprintln(m.qtest, order); err != nil {
		m.t.Fatal(err)
	}
	_ = m.qtest.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		line, err := m.qtin.ReadString('\n')
		if err != nil {
			m.t.Fatal(err)
		}
		if strings.HasPrefix(line, "OK") {
			return
		}
		if !strings.HasPrefix(line, "IRQ") {
			m.t.Fatalf("%s: %s", order, line)
		}
	}
}
