// Package backlight sets what shines behind a display: a GPIO line, which is
// on or off, or a PWM channel of the kernel (/sys/class/pwm), which dims.
package backlight

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Pin is a light on a GPIO line: every brightness but 0 is on.
type Pin struct {
	Out       gpio.PinOut
	ActiveLow bool
}

// Set switches the light.
func (p Pin) Set(percent int) error { return p.Out.Out(gpio.Level((percent > 0) != p.ActiveLow)) }

// period is that of 20 kHz: beyond hearing, as the coils of a step-up
// converter sing.
const period = 50 * time.Microsecond

// PWM is a light on a PWM channel.
type PWM struct{ dir string }

// Root is where the kernel has its PWM chips.
const Root = "/sys/class/pwm"

// OpenPWM takes a channel of a chip ("pwmchip0") under root, with the light
// off. What brightness people see is not the share of time: Set squares it.
func OpenPWM(root, chip string, channel int) (PWM, error) {
	base := filepath.Join(root, chip)
	if _, err := os.Stat(base); err != nil {
		return PWM{}, fmt.Errorf("PWM %s: %w", chip, err)
	}
	p := PWM{filepath.Join(base, "pwm"+strconv.Itoa(channel))}
	if _, err := os.Stat(p.dir); errors.Is(err, os.ErrNotExist) {
		if err := put(filepath.Join(base, "export"), int64(channel)); err != nil {
			return PWM{}, fmt.Errorf("PWM %s, channel %d: %w", chip, channel, err)
		}
	}
	// A duty cycle beyond the new period would be refused, and so is any while
	// there is no period yet.
	if err := whenAllowed(func() error { return put(filepath.Join(p.dir, "duty_cycle"), 0) }); errors.Is(err, fs.ErrPermission) {
		return PWM{}, fmt.Errorf("PWM %s, channel %d: %w; the group of the phone may not write there (60-phoned.rules)", chip, channel, err)
	}
	for _, s := range []struct {
		name  string
		value int64
	}{{"period", period.Nanoseconds()}, {"duty_cycle", 0}, {"enable", 1}} {
		if err := put(filepath.Join(p.dir, s.name), s.value); err != nil {
			return PWM{}, fmt.Errorf("PWM %s, channel %d: %w", chip, channel, err)
		}
	}
	return p, nil
}

// allowed is how long the files of a channel that is new may take to be the phone's.
const allowed = 2 * time.Second

// whenAllowed tries again while it may not: udev hands a channel's files to the
// phone's group a moment after the kernel has made them.
func whenAllowed(try func() error) error {
	for end := time.Now().Add(allowed); ; time.Sleep(allowed / 100) {
		if err := try(); !errors.Is(err, fs.ErrPermission) || !time.Now().Before(end) {
			return err
		}
	}
}

// Set sets the brightness, 0 to 100.
func (p PWM) Set(percent int) error {
	n := int64(max(0, min(100, percent)))
	return put(filepath.Join(p.dir, "duty_cycle"), period.Nanoseconds()*n*n/10000)
}

func put(file string, v int64) error {
	f, err := os.OpenFile(filepath.Clean(file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strconv.FormatInt(v, 10))
	return errors.Join(err, f.Close())
}
