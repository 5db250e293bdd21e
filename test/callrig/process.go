package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a phone under test.
type process struct {
	name    string
	cmd     *exec.Cmd
	started time.Time
	stdin   *os.File // kept open and silent
	dir     string
}

// config is the phone's configuration for {config} in its command.
const config = `auto_configure = false
[[lines]]
server = "udp://127.0.0.1:%d"
user = %q
password = %q
domain = "127.0.0.1"
`

// launch starts a phone. In command {config} stands for the name of a
// configuration file of ours, {port} for the exchange's port and {dir} for a
// folder of the phone's own; its output goes to log.
func launch(name, command string, port int, log *os.File) (*process, error) {
	dir, err := os.MkdirTemp("", "callrig-")
	if err != nil {
		return nil, err
	}
	p := &process{name: name, dir: dir}
	file := filepath.Join(dir, "phone.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, port, user, password), 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	command = strings.NewReplacer("{config}", file, "{port}", strconv.Itoa(port), "{dir}", dir).Replace(command)
	p.cmd = exec.Command("sh", "-c", "exec "+command)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p.cmd.Stdin, p.stdin = read, write
	p.started = time.Now().Round(0)
	if err = p.cmd.Start(); err != nil {
		return nil, errors.Join(err, read.Close(), write.Close(), os.RemoveAll(dir))
	}
	return p, read.Close()
}

// stop ends the phone politely, after 5 s by force.
func (p *process) stop() error {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	force := time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
	_ = p.cmd.Wait() // how it ends is not what is measured
	force.Stop()
	return errors.Join(p.stdin.Close(), os.RemoveAll(p.dir))
}

// cpu is the processor time of all its threads that live, in seconds.
func (p *process) cpu() float64 {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	sum := 0.0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // that thread has ended
		}
		if n, _, ok := strings.Cut(string(b), " "); ok {
			ns, _ := strconv.ParseFloat(n, 64)
			sum += ns / 1e9
		}
	}
	return sum
}

// rss is its resident memory in MiB.
func (p *process) rss() float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for l := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(l, []byte("VmRSS:")); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(string(rest))[0], 64)
			return kib / 1024
		}
	}
	return 0
}
