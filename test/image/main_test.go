//go:build image

// Package image_test boots the image of image/build in QEMU and breaks it: updates good
// and bad, the plug pulled at any moment, disks full and read-only, clocks and networks
// wrong. PHONED_IMAGE names the folder that image/build filled. The image is the very
// one that is flashed: what the tests need is on the state partition, as a person's
// changes would be.
package image_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"phoned/lab"
	"phoned/test/image/bench"
)

var (
	built    string // image/build's folder
	prepared string // the card with the agent and a line of the lab
	exchange *lab.Exchange
	bundles  string // made as they are needed: good, older, unregistered, …
	wired    string // the board's device tree, with what is wired to it
)

func TestMain(m *testing.M) { os.Exit(all(m)) }

func all(m *testing.M) int {
	built = os.Getenv("PHONED_IMAGE")
	if built == "" {
		fmt.Println("PHONED_IMAGE is not set: make test-image")
		return 1
	}
	// A folder that is kept, with the exchange's port, spares the next run the first boot.
	dir, port := os.Getenv("PHONED_IMAGE_WORK"), 0
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "phoned-image-"); err != nil {
			fmt.Println(err)
			return 1
		}
		defer os.RemoveAll(dir)
	} else if b, err := os.ReadFile(filepath.Join(dir, "port")); err == nil {
		port, _ = strconv.Atoi(string(b))
	}
	bundles = dir
	var err error
	if wired, err = deviceTree(dir, hardware...); err != nil {
		fmt.Println(err)
		return 1
	}
	var opts slog.HandlerOptions
	exchange, err = lab.Start(context.Background(), lab.Config{UDPPort: port, Log: slog.New(slog.NewTextHandler(os.Stderr, &opts)).With("end", "lab")})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer exchange.Close()
	prepared = filepath.Join(dir, "card.img")
	if _, err := os.Stat(filepath.Join(dir, savedName)); err == nil && port != 0 {
		saved = filepath.Join(dir, savedName)
	} else if err := prepare(dir); err != nil {
		fmt.Println(err)
		return 1
	}
	return m.Run()
}

// stateOffset is where the state partition lies (image/genimage.cfg.in), in MiB.
const stateOffset = 426

// prepare makes the card: the image with a state partition that holds the agent and
// the phone's configuration.
func prepare(dir string) error {
	state := filepath.Join(dir, "state")
	etc := filepath.Join(state, "etc", "upper")
	if err := os.RemoveAll(state); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(exchange.UDPAddress())
	if err != nil {
		return err
	}
	// The user-mode network shows this machine's loopback as 10.0.2.2.
	config := fmt.Sprintf("version = 1\nauto_configure = false\n[[lines]]\nserver = \"udp://10.0.2.2:%s\"\nuser = \"1101\"\ndomain = %q\npassword = %q\n",
		port, exchange.Domain(), lab.ClassicPassword)
	for name, text := range map[string]string{
		"systemd/system/bench.service": "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/state/bench/agent\nRestart=always\nRestartSec=1\nOOMScoreAdjust=-900\n",
		// The test asks the phone's API without signing in.
		"systemd/system/phoned.service.d/bench.conf": "[Service]\nExecStart=\nExecStart=/usr/bin/phoned -trust-local\n",
		"phoned/phoned.toml":                         config,
		"phoned/board.toml":                          boardFile,
		// An emulated board that gets a tenth of a processor is slow, not dead.
		"systemd/system.conf.d/60-bench.conf": "[Manager]\nRuntimeWatchdogSec=3min\n",
		"systemd/journald.conf.d/t.conf":      "[Journal]\nRateLimitBurst=0\n",
	} {
		path := filepath.Join(etc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	wants := filepath.Join(etc, "systemd", "system", "sysinit.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		return err
	}
	if err := os.Symlink("../bench.service", filepath.Join(wants, "bench.service")); err != nil {
		return err
	}
	agent := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(state, "bench", "agent"), "phoned/test/image/agent")
	agent.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := agent.CombinedOutput(); err != nil {
		return fmt.Errorf("agent: %w: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "port"), []byte(port), 0o644); err != nil {
		return err
	}
	script := fmt.Sprintf(`set -e
size=$(sfdisk -J '%[1]s/phoned.img' | sed -n '/"name": *"state"/,$!{h;};s/.*"size": *\([0-9]*\).*/\1/p' | tail -n 1)
cp --sparse=always '%[1]s/phoned.img' '%[2]s'
mke2fs -q -t ext4 -L state -E root_owner=0:0 -d '%[3]s' '%[4]s/state.ext4' "$((size / 2))K"
dd if='%[4]s/state.ext4' of='%[2]s' bs=1M seek=%[5]d conv=notrunc,sparse status=none`, built, prepared, state, dir, stateOffset)
	if out, err := exec.Command("bash", "-c", script).CombinedOutput(); err != nil {
		return fmt.Errorf("the card: %w: %s", err, out)
	}
	return nil
}

const api = "http://127.0.0.1:8480/api/v1/"

// registered asks the phone over its API.
func (m *machine) registered() bool {
	a, err := m.link.Ask(bench.Order{Get: api + "lines"}, answerTime)
	return err == nil && a.Code == 200 && strings.Contains(a.Out, `"registered"`)
}

func (m *machine) awaitRegistered() {
	m.t.Helper()
	m.until("the phone is registered", m.registered)
}

func (m *machine) report() string {
	out, _ := m.sh("cat /var/lib/phoned/update-report.json")
	return out
}
