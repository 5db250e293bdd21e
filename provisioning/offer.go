package provisioning

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OfferHooks is the folder in which the hooks of DHCP clients (dhcpcd, dhclient,
// udhcpc) leave what option 66 said: one file an interface, one line.
const OfferHooks = "/run/phoned/dhcp"

// dhclientLeases are where ISC's client keeps what it was offered.
const dhclientLeases = "/var/lib/dhcp/dhclient*.leases"

// maxLeases bounds what is read of a client's file.
const maxLeases = 1 << 20

// Offers lists what the DHCP servers of all interfaces say in option 66, each once,
// the hooks' first. root is "/", or a test's.
func Offers(root string) []string {
	var out []string
	add := func(s string) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, pattern := range []string{filepath.Join(OfferHooks, "*"), dhclientLeases} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			continue // the patterns are ours and right
		}
		for _, name := range files {
			dir, err := os.OpenRoot(filepath.Dir(name))
			if err != nil {
				continue
			}
			b, err := readBounded(dir, filepath.Base(name), false, maxLeases)
			_ = dir.Close()
			if err != nil {
				continue
			}
			if pattern == dhclientLeases {
				add(lastLease(b))
			} else {
				line, _, _ := strings.Cut(string(b), "\n")
				add(strings.TrimSpace(line))
			}
		}
	}
	return out
}

// lastLease finds option 66 in the newest lease of a dhclient.leases file.
func lastLease(b []byte) string {
	i := bytes.LastIndex(b, []byte("lease {"))
	if i < 0 {
		return ""
	}
	for line := range bytes.Lines(b[i:]) {
		text := strings.TrimSpace(string(line))
		if text == "}" {
			break
		}
		v, ok := strings.CutPrefix(text, "option tftp-server-name ")
		if !ok {
			continue
		}
		v = strings.TrimSuffix(v, ";")
		if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
			v = v[1 : len(v)-1]
		}
		return v
	}
	return ""
}
