package board

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/host/v3/sysfs" // spidev and i2c-dev

	"phoned/hal/gpiochip"
)

// devices is where the kernel has the files of devices.
const devices = gpiochip.Dir

// ofBoard says whether a file there belongs to a bus or chip that boards hang on.
func ofBoard(name string) bool {
	return strings.HasPrefix(name, "gpiochip") || strings.HasPrefix(name, "spidev") || strings.HasPrefix(name, "i2c-")
}

var (
	errNoSPI = errors.New("this machine has none; on a Raspberry Pi dtparam=spi=on in config.txt makes it")
	errNoI2C = errors.New("this machine has none; on a Raspberry Pi dtparam=i2c_arm=on in config.txt makes it")
	errNoBus = errors.New("this machine has none of that name; phoned board list shows those that there are")
)

// spiPort is one of this machine's: bus and chip select.
type spiPort struct{ bus, cs int }

func (p spiPort) file() string { return fmt.Sprintf("%s/spidev%d.%d", devices, p.bus, p.cs) }
func (p spiPort) name() string { return fmt.Sprintf("SPI%d.%d", p.bus, p.cs) }

func spiPorts() (out []spiPort) {
	for _, n := range numbers("spidev") {
		bus, cs, _ := strings.Cut(n, ".")
		b, err1 := strconv.Atoi(bus)
		c, err2 := strconv.Atoi(cs)
		if err1 == nil && err2 == nil {
			out = append(out, spiPort{b, c})
		}
	}
	return out
}

// openSPIPort opens a port by its name (SPI0.0), its file or its bus alone; "" is the first.
func openSPIPort(name string) (spi.PortCloser, error) {
	all := spiPorts()
	if len(all) == 0 {
		return nil, fmt.Errorf("SPI port %q: %w", name, errNoSPI)
	}
	for _, p := range all {
		if name == "" || name == p.name() || name == p.file() || p.cs == 0 && name == strconv.Itoa(p.bus) {
			port, err := sysfs.NewSPI(p.bus, p.cs)
			if err != nil {
				return nil, fmt.Errorf("SPI port %q: %w", name, err)
			}
			return port, nil
		}
	}
	return nil, fmt.Errorf("SPI port %q: %w", name, errNoBus)
}

// i2cBus is one of this machine's, by its number.
type i2cBus int

func (b i2cBus) file() string { return fmt.Sprintf("%s/i2c-%d", devices, b) }
func (b i2cBus) name() string { return fmt.Sprintf("I2C%d", b) }

func i2cBuses() (out []i2cBus) {
	for _, n := range numbers("i2c-") {
		if b, err := strconv.Atoi(n); err == nil {
			out = append(out, i2cBus(b))
		}
	}
	slices.Sort(out)
	return out
}

// openI2CBus opens a bus by its name (I2C1), its file or its number.
func openI2CBus(name string) (i2c.BusCloser, error) {
	all := i2cBuses()
	if len(all) == 0 {
		return nil, fmt.Errorf("I²C bus %q: %w", name, errNoI2C)
	}
	for _, b := range all {
		if name == b.name() || name == b.file() || name == strconv.Itoa(int(b)) {
			bus, err := sysfs.NewI2C(int(b))
			if err != nil {
				return nil, fmt.Errorf("I²C bus %q: %w", name, err)
			}
			return bus, nil
		}
	}
	return nil, fmt.Errorf("I²C bus %q: %w", name, errNoBus)
}

// numbers are what follows a prefix in the names of the devices' files, sorted.
func numbers(prefix string) (out []string) {
	files, err := os.ReadDir(filepath.Clean(devices))
	if err != nil {
		return nil
	}
	for _, f := range files {
		if n, ok := strings.CutPrefix(f.Name(), prefix); ok {
			out = append(out, n)
		}
	}
	return out
}
