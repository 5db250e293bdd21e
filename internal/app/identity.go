package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"phoned/internal/httpcall"
	"phoned/internal/walltime"
	"phoned/provisioning"
	"phoned/store"
)

// OpenVault opens the file of what the phone was given, sealed like its secrets.
// What can't be opened is empty, with the reason; without a vault the folder can't
// be used at all.
func OpenVault(path, keyFile string) (*store.Secrets, error) {
	key, err := store.FindKey(keyFile)
	vault, oerr := store.OpenSecretsKey(path, key)
	if err = errors.Join(err, oerr); err != nil {
		err = fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return vault, err
}

// SiteClient makes the client for the site's server. It waits, like all of the
// phone's TLS, until the time of day can be believed.
func SiteClient(version string) func(provisioning.Config, *walltime.Gate) *httpcall.Client {
	return func(c provisioning.Config, gate *walltime.Gate) *httpcall.Client {
		roots, err := c.Roots()
		if err != nil {
			roots = nil // told as a problem of ca_file; the system's then
		}
		return httpcall.New(httpcall.Config{Roots: roots, Gate: gate, UserAgent: "phoned/" + version})
	}
}

// Identify reads what the machine says of itself: the address of its first wired
// (else wireless) card, and model and serial number of the device tree. root is "/",
// or a test's.
func Identify(root, version string) provisioning.Identity {
	who := provisioning.Identity{Version: version, ID: deviceTree(root, "serial-number"), Model: deviceTree(root, "model"), Serial: deviceTree(root, "serial-number")}
	cards, err := filepath.Glob(filepath.Join(root, "sys/class/net/*"))
	if err != nil {
		return who
	}
	slices.SortFunc(cards, func(a, b string) int { return strings.Compare(cardRank(a), cardRank(b)) })
	for _, c := range cards {
		if _, err := os.Stat(filepath.Join(c, "device")); err != nil && !strings.HasPrefix(filepath.Base(c), "eth") {
			continue // a bridge, a tunnel, the loopback
		}
		b, err := os.ReadFile(filepath.Join(c, "address"))
		if err != nil {
			continue
		}
		if mac, err := net.ParseMAC(strings.TrimSpace(string(b))); err == nil && len(mac) == 6 {
			who.MAC = strings.ReplaceAll(mac.String(), ":", "")
			break
		}
	}
	if who.ID == "" {
		who.ID = who.MAC
	}
	return who
}

// cardRank orders wired cards before wireless ones.
func cardRank(path string) string {
	name := filepath.Base(path)
	if strings.HasPrefix(name, "e") {
		return "0" + name
	}
	return "1" + name
}

func deviceTree(root, name string) string {
	b, err := os.ReadFile(filepath.Join(root, "sys/firmware/devicetree/base", name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.Trim(string(b), "\x00"))
}
