package update

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// RAUC writes slots by the rauc program, whose service (of root) does the work.
// Mount, verity and boot loader are its business.
type RAUC struct {
	Program string   // "": rauc
	Config  string   // "": /etc/rauc/system.conf
	Release string   // "": /usr/lib/os-release
	Power   []string // "": systemctl reboot
}

func (r RAUC) command(ctx context.Context, args ...string) *exec.Cmd {
	if r.Config != "" {
		args = append([]string{"--conf=" + r.Config}, args...)
	}
	c := exec.CommandContext(ctx, orElse(r.Program, "rauc"), args...)
	c.Env = append(os.Environ(), "LC_ALL=C")
	return c
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// run gives what a command printed, or its complaint.
func (r RAUC) run(ctx context.Context, args ...string) ([]byte, error) {
	var out, complaint bytes.Buffer
	c := r.command(ctx, args...)
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("rauc %s: %w: %s", args[0], err, words(complaint.Bytes()))
	}
	return out.Bytes(), nil
}

// Status implements Installer.
func (r RAUC) Status(ctx context.Context) (Boot, error) {
	if _, err := os.Stat(orElse(r.Config, "/etc/rauc/system.conf")); errors.Is(err, os.ErrNotExist) {
		return Boot{Way: Packages}, nil
	}
	if _, err := exec.LookPath(orElse(r.Program, "rauc")); err != nil {
		return Boot{Way: Packages}, nil
	}
	out, err := r.run(ctx, "status", "--output-format=json")
	if err != nil {
		return Boot{}, err
	}
	b, err := parseStatus(out)
	if err != nil {
		return Boot{}, err
	}
	release, err := os.ReadFile(orElse(r.Release, "/usr/lib/os-release"))
	if err != nil {
		return Boot{}, err
	}
	b.Version = imageVersion(release)
	return b, nil
}

// parseStatus reads rauc status --output-format=json.
func parseStatus(b []byte) (Boot, error) {
	var s struct {
		Compatible string `json:"compatible"`
		Booted     string `json:"booted"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return Boot{}, fmt.Errorf("rauc status: %w", err)
	}
	if s.Booted != "A" && s.Booted != "B" || s.Compatible == "" {
		return Boot{}, fmt.Errorf("rauc status: the slot that runs is not known (%.20q)", s.Booted)
	}
	return Boot{Way: Slots, Slot: s.Booted, Compatible: s.Compatible}, nil
}

// imageVersion is IMAGE_VERSION of os-release(5).
func imageVersion(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "IMAGE_VERSION="); ok {
			return strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return ""
}

// Inspect implements Installer.
func (r RAUC) Inspect(ctx context.Context, file string) (Bundle, error) {
	out, err := r.run(ctx, "info", "--output-format=json", file)
	if err != nil {
		return Bundle{}, err
	}
	return parseInfo(out)
}

// parseInfo reads rauc info --output-format=json.
func parseInfo(b []byte) (Bundle, error) {
	var out Bundle
	if err := json.Unmarshal(b, &out); err != nil {
		return Bundle{}, fmt.Errorf("rauc info: %w", err)
	}
	if out.Compatible == "" || out.Version == "" {
		return Bundle{}, errors.New("rauc info: the bundle names no board or no version")
	}
	return out, nil
}

// Install implements Installer. RAUC marks the other slot as not startable before it
// writes, and as the next one after both images were written and synced.
func (r RAUC) Install(ctx context.Context, file string, progress func(int)) error {
	var complaint bytes.Buffer
	c := r.command(ctx, "install", file)
	c.Stderr = &complaint
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("rauc install: %w", err)
	}
	last := readProgress(out, progress)
	if err := c.Wait(); err != nil {
		return fmt.Errorf("rauc install: %w: %s", err, orElse(last, words(complaint.Bytes())))
	}
	return nil
}

// readProgress follows rauc's lines (" 40% Checking slot …") and returns the
// sentence of its "LastError: …", if any.
func readProgress(r io.Reader, progress func(int)) (fault string) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if s, ok := strings.CutPrefix(line, "LastError:"); ok {
			fault = words([]byte(s))
		}
		if head, _, ok := strings.Cut(line, "%"); ok {
			if n, err := strconv.Atoi(strings.TrimSpace(head)); err == nil && n >= 0 && n <= 100 {
				progress(n)
			}
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long: rauc must not block
	return fault
}

// MarkGood implements Installer.
func (r RAUC) MarkGood(ctx context.Context) error { return r.mark(ctx, "mark-good") }

// MarkBad implements Installer.
func (r RAUC) MarkBad(ctx context.Context) error { return r.mark(ctx, "mark-bad") }

func (r RAUC) mark(ctx context.Context, how string) error {
	_, err := r.run(ctx, "status", how, "booted")
	return err
}

// Reboot implements Installer.
func (r RAUC) Reboot(ctx context.Context) error {
	args := r.Power
	if len(args) == 0 {
		args = []string{"systemctl", "reboot"}
	}
	if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", args[0], err, words(out))
	}
	return nil
}
