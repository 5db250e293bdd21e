//go:build kernel

package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// inGuest says that this program runs inside the test kernel.
var inGuest = os.Getenv("PHONED_GUEST") != ""

func TestMain(m *testing.M) {
	if inGuest {
		cpu, err := os.ReadFile("/proc/cpuinfo")
		if err != nil || !bytes.Contains(cpu, []byte("User Mode Linux")) {
			os.Stderr.WriteString("PHONED_GUEST is set outside the test kernel\n")
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// TestKernel boots the kernel once for each kind of boot and takes over what the
// tests inside came to. Inside, it is what runs them.
func TestKernel(t *testing.T) {
	if inGuest {
		for _, g := range guests {
			if g.boot.name == os.Getenv("PHONED_GUEST") {
				t.Run(g.name, g.test)
			}
		}
		return
	}
	rig := buildRig(t)
	if os.Getenv("PHONED_DAY") != "" {
		boots = append(boots, dayBoot)
	}
	for _, b := range boots {
		t.Run(b.name, func(t *testing.T) {
			console := b.run(t, rig)
			for _, g := range guests {
				if g.boot.name == b.name {
					t.Run(g.name, func(t *testing.T) { report(t, console, g.name) })
				}
			}
		})
	}
}

// boot is one way to start the kernel.
type boot struct {
	name  string
	flags []string
	disks []int64       // sizes in bytes of empty disks, /dev/ubda first
	limit time.Duration // wall time of the whole boot
}

// run boots, runs the guests of that boot inside and returns the console.
func (b boot) run(t *testing.T, rig string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{}, b.flags...)
	for i, size := range b.disks {
		disk := dir + "/disk" + string(rune('a'+i))
		if err := os.WriteFile(disk, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(disk, size); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-u", disk)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args = append(args, "-o", dir, "env", "PHONED_GUEST="+b.name, "PHONED_CUTS="+os.Getenv("PHONED_CUTS"), self, "-test.v", "-test.run=^TestKernel$")
	start := time.Now()
	out, status := bootRig(t, rig, b.limit, args...)
	t.Logf("%s: %.1f s with boot, status %d", b.name, time.Since(start).Seconds(), status)
	if !strings.Contains(out, "=== RUN   TestKernel\n") {
		t.Fatalf("no test began; the console's end:\n%s", tail(out))
	}
	return out
}

// bootRig runs the script "run" and returns the console and the status.
func bootRig(t *testing.T, rig string, limit time.Duration, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "./run", args...)
	cmd.Env = append(os.Environ(), "RIG="+rig, "LIMIT="+strconv.Itoa(int(limit.Seconds())))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), "\r", ""), cmd.ProcessState.ExitCode()
}

// buildRig builds the kernel and the modules if need be and returns their folder.
func buildRig(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "./build")
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the test kernel cannot be built: %v\n%s", err, log.Bytes())
	}
	return strings.TrimSpace(string(out))
}

// report ends a test as the guest's one ended, with what that one printed.
func report(t *testing.T, console, name string) {
	begin := strings.Index(console, "=== RUN   TestKernel/"+name+"\n")
	if begin < 0 {
		t.Fatalf("the test did not start; the console's end:\n%s", tail(console))
	}
	text := console[begin:]
	if next := strings.Index(text[1:], "=== RUN   TestKernel/"); next >= 0 {
		text = text[:next+1]
	}
	text, _, _ = strings.Cut(text, "\n--- ") // the summary behind the last test
	end := regexp.MustCompile(`--- (PASS|FAIL|SKIP): TestKernel/` + regexp.QuoteMeta(name) + ` `).FindStringSubmatch(console)
	if end == nil {
		t.Fatalf("the test did not end; the console's end:\n%s", tail(text))
	}
	t.Log(text)
	switch end[1] {
	case "FAIL":
		t.Fail()
	case "SKIP":
		t.SkipNow()
	}
}

func tail(s string) string {
	const most = 4000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// TestWatchdogBites: a program that opens the watchdog and forgets it ends the kernel;
// in time travel at once.
func TestWatchdogBites(t *testing.T) {
	rig := buildRig(t)
	out, status := bootRig(t, rig, time.Minute, "-b", "-t", "bash", "-c", "exec 3>/dev/watchdog0; sleep 600; echo survived")
	if status != 125 || strings.Contains(out, "survived") {
		t.Errorf("status %d, want 125; console:\n%s", status, tail(out))
	}
}
