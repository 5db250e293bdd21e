//go:build kernel

package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNetworkd runs internal/netsettings' test of the same name with a kernel that has
// VLANs: the real systemd-networkd gets an address by DHCP in a VLAN.
func TestNetworkd(t *testing.T) {
	rig := buildRig(t)
	dir, err := filepath.Abs("../../internal/netsettings")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "netsettings.test")
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", program, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat("/lib/systemd/systemd-networkd"); err != nil {
		t.Skip("systemd-networkd is not installed")
	}
	out, status := bootRig(t, rig, 4*time.Minute, "-b", "sh", "-c", "cd "+dir+" && PHONED_TEST_NETWORKD=1 exec unshare --net --mount "+program+" -test.run '^TestNetworkd$' -test.v")
	if status != 0 || !strings.Contains(out, "DHCP in a VLAN: [") || !strings.Contains(out, "--- PASS: TestNetworkd") {
		t.Errorf("status %d; console:\n%s", status, out)
	}
}
