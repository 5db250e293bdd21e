// Package pulsetest gives a test a private PulseAudio with two null sinks, and
// ALSA devices in front of them: real ALSA code without a sound card. One
// child process a server; it ends with the test.
package pulsetest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Names of the ALSA devices.
const (
	Earpiece        = "earpiece"         // playback
	EarpieceMonitor = "earpiece_monitor" // capture: what the earpiece plays
	Microphone      = "mic"              // capture
	MicrophoneFeed  = "micfeed"          // playback: what the microphone hears
)

// norewinds keeps a null sink from rendering two seconds in advance, which
// would stall streams at their start.
const sinks = `load-module module-native-protocol-unix auth-anonymous=1 socket=%[1]s
load-module module-null-sink sink_name=earpiece rate=48000 channels=1 norewinds=1
load-module module-null-sink sink_name=micfeed rate=48000 channels=1 norewinds=1
load-module module-remap-source source_name=handset_mic master=micfeed.monitor
set-default-sink earpiece
set-default-source handset_mic
`

const alsaHead = `</usr/share/alsa/alsa.conf>
pcm.!default { type pulse server "unix:%[1]s" hint { show on description "default pulse" } }
ctl.!default { type pulse server "unix:%[1]s" }
`

const alsaPCM = `pcm.%s { type pulse server "unix:%s" device %s hint { show on description "%s" } }
`

// Server is a running PulseAudio.
type Server struct {
	cmd    *exec.Cmd
	dir    string
	exited chan struct{}
}

// Start starts one and points ALSA at it by the environment, for as long as
// the test runs. Without PulseAudio or its ALSA plug-in the test is skipped,
// and fails if CI=true.
func Start(t *testing.T) *Server {
	t.Helper()
	program, err := exec.LookPath("pulseaudio")
	if err != nil {
		missing(t, "pulseaudio is not installed")
	}
	if found, _ := filepath.Glob("/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so"); len(found) == 0 {
		missing(t, "the ALSA plug-in for PulseAudio (libasound2-plugins) is not installed")
	}
	// Not t.TempDir: a socket's path must be short.
	dir, err := os.MkdirTemp("", "pulse")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "native")
	conf := fmt.Sprintf(alsaHead, socket)
	for name, dev := range map[string]string{
		Earpiece: "earpiece", EarpieceMonitor: "earpiece.monitor", Microphone: "handset_mic", MicrophoneFeed: "micfeed",
	} {
		conf += fmt.Sprintf(alsaPCM, name, socket, dev, name)
	}
	write(t, filepath.Join(dir, "phone.pa"), fmt.Sprintf(sinks, socket))
	write(t, filepath.Join(dir, "asound.conf"), conf)

	s := &Server{dir: dir, exited: make(chan struct{})}
	var said bytes.Buffer
	s.cmd = exec.Command(program, "-n", "-F", filepath.Join(dir, "phone.pa"), "--daemonize=no", "--exit-idle-time=-1",
		"--realtime=no", "--high-priority=no", "--use-pid-file=no")
	s.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "PULSE_RUNTIME_PATH="+dir, "PULSE_STATE_PATH="+dir)
	s.cmd.Stderr = &said
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // it ends by being killed
		close(s.exited)
	}()
	t.Cleanup(s.Kill)
	s.waitFor(t, socket, &said)
	t.Setenv("ALSA_CONFIG_PATH", filepath.Join(dir, "asound.conf"))
	t.Setenv("PULSE_COOKIE", filepath.Join(dir, "cookie"))
	t.Setenv("XDG_RUNTIME_DIR", dir)
	return s
}

// waitFor returns when the server takes connections. There is nothing else
// than asking: it tells nobody.
func (s *Server) waitFor(t *testing.T, socket string, said *bytes.Buffer) {
	t.Helper()
	ask := time.NewTicker(20 * time.Millisecond)
	defer ask.Stop()
	for range 1000 {
		select {
		case <-s.exited:
			t.Fatalf("pulseaudio ended: %s", said)
		case <-ask.C:
		}
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return
		}
	}
	t.Fatal("pulseaudio does not answer")
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	<-s.exited
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
