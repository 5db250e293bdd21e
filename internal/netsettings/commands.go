package netsettings

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Commands is the System of a phone: systemd's programs, which ask its services over
// D-Bus, and wpa_supplicant's unit and control program.
type Commands struct {
	Root string // of /sys and /run, "": /
}

var _ System = Commands{}

// The unit of wpa_supplicant, by its interface.
const radioUnit = "phoned-wifi@"

func run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // fixed programs; interfaces are the kernel's, zones were checked
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")
	cmd.WaitDelay = time.Second
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, firstLine([]byte(errs.String())))
	}
	return string(out), nil
}

// Managed implements System.
func (Commands) Managed(ctx context.Context) error {
	if _, err := run(ctx, "systemctl", "--quiet", "is-active", "systemd-networkd.service"); err != nil {
		return ErrUnmanaged
	}
	return nil
}

// Reload implements System.
func (Commands) Reload(ctx context.Context) error {
	_, err := run(ctx, "networkctl", "reload")
	return err
}

// Delete implements System.
func (c Commands) Delete(ctx context.Context, link string) error {
	if _, err := os.Stat(filepath.Join("/", c.Root, "sys/class/net", link)); err != nil {
		return nil
	}
	_, err := run(ctx, "networkctl", "delete", link)
	return err
}

// Zone implements System.
func (Commands) Zone(ctx context.Context, name string) error {
	now, err := run(ctx, "timedatectl", "show", "--property=Timezone", "--value")
	if err == nil && strings.TrimSpace(now) == name {
		return nil
	}
	_, err = run(ctx, "timedatectl", "set-timezone", name)
	return err
}

// Radio implements System: the first interface that the kernel calls wireless, if
// wpa_supplicant is there.
func (c Commands) Radio(context.Context) (string, error) {
	radio := Wireless(c.Root)
	if radio == "" {
		return "", ErrNoRadio
	}
	if _, err := exec.LookPath("wpa_supplicant"); err != nil {
		return "", fmt.Errorf("%w: wpa_supplicant is not installed", ErrNoRadio)
	}
	return radio, nil
}

// Wireless is the first interface that the kernel calls wireless, "" without one. root
// is "" or a test's.
func Wireless(root string) string {
	found, err := filepath.Glob(filepath.Join("/", root, "sys/class/net/*/phy80211"))
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Base(filepath.Dir(found[0]))
}

// Join implements System.
func (Commands) Join(ctx context.Context, radio string, on bool) error {
	word := "stop"
	if on {
		word = "restart"
	}
	_, err := run(ctx, "systemctl", word, radioUnit+radio+".service")
	return err
}

// surveyTime is how long a radio listens on all its channels, at most.
const surveyTime = 8 * time.Second

// Survey implements System. A supplicant must run for it: without networks of its own
// it is started for the survey and ends with it.
func (c Commands) Survey(ctx context.Context, radio string) (string, error) {
	file := filepath.Join(WiFiDir, supplicantFile)
	if _, err := os.Stat(file); err != nil {
		if err := replace(file, supplicantHead, 0o600); err != nil {
			return "", err
		}
		defer func() { _ = os.Remove(file) }()
		if err := c.Join(ctx, radio, true); err != nil {
			return "", err
		}
		defer func() { _ = c.Join(context.WithoutCancel(ctx), radio, false) }()
	}
	cli := func(words ...string) (string, error) {
		return run(ctx, "wpa_cli", append([]string{"-p", controlDir, "-s", WiFiDir, "-i", radio}, words...)...)
	}
	out, err := cli("scan")
	if err != nil {
		return "", fmt.Errorf("listen for wireless networks: %w", err)
	}
	if strings.Contains(out, "FAIL") && !strings.Contains(out, "BUSY") {
		return "", fmt.Errorf("listen for wireless networks: %s", firstLine([]byte(out)))
	}
	select {
	case <-time.After(surveyTime):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return cli("scan_results")
}
