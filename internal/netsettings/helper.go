package netsettings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// System is what the helper has done by the system's own programs; Commands is the real
// one. Its methods are called one at a time.
type System interface {
	// Managed says whether systemd-networkd has the network: ErrUnmanaged if not.
	Managed(ctx context.Context) error
	// Reload has systemd-networkd read its files again and set up what changed.
	Reload(ctx context.Context) error
	// Delete removes an interface; that there is none is no error.
	Delete(ctx context.Context, link string) error
	// Zone sets the system's time zone, unless it is that already.
	Zone(ctx context.Context, name string) error
	// Radio is the wireless interface; ErrNoRadio.
	Radio(ctx context.Context) (string, error)
	// Join runs wpa_supplicant on an interface with what stands in its file, anew if it
	// runs already; with on unset none runs.
	Join(ctx context.Context, radio string, on bool) error
	// Survey is wpa_cli's list of what it hears now.
	Survey(ctx context.Context, radio string) (string, error)
}

// Helper is the part that needs root: two orders, each harmless for who may only give
// these: the network of the phone is the phone's. It writes in its two folders alone.
type Helper struct {
	System System
	// Networkd and WiFi are the folders of the files; "": those below.
	Networkd, WiFi string
}

// The folders of a phone.
const (
	NetworkdDir = "/run/systemd/network"
	WiFiDir     = "/run/phoned-network"
)

// supplicantFile is wpa_supplicant's, in the folder WiFi.
const supplicantFile = "wpa.conf"

// Apply puts settings in force. What is in force already is left alone, so that no
// connection is cut by a phone that starts anew; changed says whether there was more.
func (h *Helper) Apply(ctx context.Context, s Settings) (changed bool, err error) {
	if err := h.System.Managed(ctx); err != nil {
		return false, err
	}
	dir := cmp.Or(h.Networkd, NetworkdDir)
	before := voiceLink(dir)
	changed, err = putFiles(dir, s.Files())
	if changed {
		err = errors.Join(err, h.System.Reload(ctx))
	}
	// systemd-networkd removes no interface by itself, and never changes one it has made:
	// each VLAN's has a name of its own.
	if before != "" && before != voiceLink(dir) {
		err = errors.Join(err, h.System.Delete(ctx, before))
	}
	if s.TimeZone != "" {
		err = errors.Join(err, h.System.Zone(ctx, s.TimeZone))
	}
	joined, rerr := h.radio(ctx, s)
	return changed || joined, errors.Join(err, rerr)
}

// radio has the wireless networks joined, or none.
func (h *Helper) radio(ctx context.Context, s Settings) (changed bool, err error) {
	text, err := s.Supplicant()
	if err != nil {
		return false, err
	}
	file := filepath.Join(cmp.Or(h.WiFi, WiFiDir), supplicantFile)
	have, err := os.ReadFile(filepath.Clean(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if string(have) == text {
		return false, nil
	}
	radio, err := h.System.Radio(ctx)
	switch {
	case text == "" && errors.Is(err, ErrNoRadio): // it was pulled out meanwhile
		return true, os.Remove(file)
	case err != nil:
		return false, err
	case text == "":
		return true, errors.Join(os.Remove(file), h.System.Join(ctx, radio, false))
	}
	if err := replace(file, text, 0o600); err != nil {
		return false, err
	}
	return true, h.System.Join(ctx, radio, true)
}

// Scan listens for wireless networks.
func (h *Helper) Scan(ctx context.Context) ([]Heard, error) {
	radio, err := h.System.Radio(ctx)
	if err != nil {
		return nil, err
	}
	text, err := h.System.Survey(ctx, radio)
	if err != nil {
		return nil, err
	}
	return readSurvey(text), nil
}

// voiceLink is the VLAN's interface as the file in dir has it, "" without one.
func voiceLink(dir string) string {
	b, err := os.ReadFile(filepath.Join(filepath.Clean(dir), netdevFile))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), "\nName=")
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

// putFiles makes the phone's files in dir those of want; files of others stay.
func putFiles(dir string, want map[string]string) (changed bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for _, e := range entries {
		name := e.Name()
		if _, stays := want[name]; stays || !slices.Contains([]string{wiredFile, netdevFile, voiceFile, radioFile}, name) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return changed, err
		}
		changed = true
	}
	for name, text := range want {
		file := filepath.Join(dir, name)
		have, err := os.ReadFile(filepath.Clean(file))
		if err == nil && string(have) == text {
			continue
		}
		if err := replace(file, text, 0o644); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}

// replace writes a file of /run so that nobody ever reads half of it.
func replace(file, text string, mode fs.FileMode) error {
	part := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".part")
	if err := os.WriteFile(part, []byte(text), mode); err != nil {
		return fmt.Errorf("write a network setting: %w", err)
	}
	if err := os.Chmod(part, mode); err != nil { // whatever the umask
		return err
	}
	return os.Rename(part, file)
}

// firstLine is what a program complained about.
func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	if len(line) > 200 {
		line = line[:200]
	}
	return line
}
