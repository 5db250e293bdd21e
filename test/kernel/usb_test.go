//go:build kernel

package kernel

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// gadget is a USB device that the kernel plays to itself: one function behind the
// dummy controller (Documentation/usb/gadget_configfs.rst).
type gadget struct {
	t             *testing.T
	dir, function string
}

func newGadget(t *testing.T, name, function string, attributes map[string]any) gadget {
	t.Helper()
	g := gadget{t, "/sys/kernel/config/usb_gadget/" + name, function}
	for _, d := range []string{"", "/strings/0x409", "/configs/c.1", "/functions/" + function} {
		if err := os.MkdirAll(g.dir+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, g.dir+"/idVendor", "0x0781")
	write(t, g.dir+"/idProduct", "0x5567")
	write(t, g.dir+"/strings/0x409/product", name)
	for file, value := range attributes {
		write(t, g.dir+"/functions/"+function+"/"+file, value)
	}
	if err := os.Symlink(g.dir+"/functions/"+function, g.dir+"/configs/c.1/f"); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g gadget) plug() {
	g.t.Helper()
	controllers, err := filepath.Glob("/sys/class/udc/*")
	if err != nil || len(controllers) == 0 {
		g.t.Fatal("no USB device controller", err)
	}
	write(g.t, g.dir+"/UDC", filepath.Base(controllers[0]))
}

func (g gadget) pull() {
	g.t.Helper()
	write(g.t, g.dir+"/UDC", "\n")
}

func (g gadget) remove() {
	_ = os.Remove(g.dir + "/configs/c.1/f")
	for _, d := range []string{"/functions/" + g.function, "/configs/c.1", "/strings/0x409", ""} {
		if err := os.Remove(g.dir + d); err != nil {
			g.t.Error(err)
		}
	}
}

func shell(t *testing.T, script string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "bash", "-euc", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(bytes.TrimSpace(out))
}

// testStick plugs a USB stick in, reads a file from it and pulls it out.
func testStick(t *testing.T, mkfs string) {
	image := filepath.Join(t.TempDir(), "stick.img")
	shell(t, fmt.Sprintf(`truncate -s 16M %[1]s; %[2]s %[1]s >/dev/null
		mount -o loop %[1]s /run/mnt; echo '{"a":1}' >/run/mnt/phone.json; umount /run/mnt`, image, mkfs))
	g := newGadget(t, "stick", "mass_storage.0", map[string]any{"lun.0/removable": 1})
	write(t, g.dir+"/functions/mass_storage.0/lun.0/file", image)
	defer g.remove()
	g.plug()
	start := time.Now()
	eventually(t, "/dev/sda appears", func() bool { return exists("/dev/sda") })
	t.Logf("there %d ms after it was plugged in", time.Since(start).Milliseconds())
	shell(t, "mount -o ro /dev/sda /run/mnt")
	if got := read(t, "/run/mnt/phone.json"); got != `{"a":1}` {
		t.Errorf("read %q", got)
	}
	g.pull()
	eventually(t, "/dev/sda is gone", func() bool { return !exists("/dev/sda") })
	shell(t, "umount -l /run/mnt")
}

// testUSBSerial: a scanner on a USB serial port, read through tarm/serial, pulled out.
func testUSBSerial(t *testing.T) {
	g := newGadget(t, "scanner", "acm.0", nil)
	defer g.remove()
	g.plug()
	eventually(t, "both ends appear", func() bool { return exists("/dev/ttyACM0") && exists("/dev/ttyGS0") })
	port, err := serial.OpenPort(&serial.Config{Name: "/dev/ttyACM0", Baud: 9600, ReadTimeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	scanner, err := os.OpenFile("/dev/ttyGS0", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	shell(t, "stty -F /dev/ttyGS0 raw -echo")
	const code = "PHONE:abc-123\r\n"
	if _, err := scanner.WriteString(code); err != nil {
		t.Fatal(err)
	}
	var got []byte
	eventually(t, "the code arrives", func() bool {
		b := make([]byte, 64)
		n, _ := port.Read(b) // a timeout reads as io.EOF
		got = append(got, b[:n]...)
		return len(got) >= len(code)
	})
	if string(got) != code {
		t.Errorf("read %q", got)
	}
	scanner.Close()
	g.pull()
	eventually(t, "the port is gone", func() bool { return !exists("/dev/ttyACM0") })
}

// testUSBButtons: a headset's buttons, reports of the telephony page (USB HID Usage
// Tables 1.4 §11: 0x20 hook switch, 0x2F phone mute) read from hidraw.
func testUSBButtons(t *testing.T) {
	descriptor := []byte{
		0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, // telephony page, headset, application
		0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x02, // two bits
		0x09, 0x20, 0x09, 0x2F, 0x81, 0x02, // hook switch, phone mute: input
		0x95, 0x06, 0x81, 0x03, 0xC0, // six bits of padding
	}
	g := newGadget(t, "headset", "hid.0", map[string]any{"protocol": 0, "subclass": 0, "report_length": 1, "report_desc": string(descriptor)})
	defer g.remove()
	g.plug()
	eventually(t, "both ends appear", func() bool { return exists("/dev/hidg0") && exists("/dev/hidraw0") })
	host, err := os.Open("/dev/hidraw0")
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	headset, err := os.OpenFile("/dev/hidg0", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, report := range []byte{1, 3, 0} {
		if _, err := headset.Write([]byte{report}); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 8)
		n, err := host.Read(b)
		if err != nil || n != 1 || b[0] != report {
			t.Errorf("read % x, %v, want %02x", b[:n], err, report)
		}
	}
	headset.Close()
	g.pull()
	eventually(t, "the headset is gone", func() bool { return !exists("/dev/hidraw0") })
}
