// Package daemon_test drives the real program, bin/phoned as it is built, over
// HTTP: its process against the lab exchange in the test's, so that memory and
// goroutines are the phone's alone and it can be killed like by a power cut.
package daemon_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/lab"
)

// patience bounds every wait; nothing waits for it unless something is broken.
const patience = 2 * time.Minute

// program is the built phoned.
var program string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "phoned-daemon-")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "phoned")
	if out, err := exec.Command("go", "build", "-tags=nolibopusfile", "-o", program, "phoned/cmd/phoned").CombinedOutput(); err != nil {
		fmt.Printf("phoned was not built: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// exchange is a lab with the files of a phone that knows it.
type exchange struct {
	*lab.Exchange
	dir string
}

// newExchange writes the phone's files; doc is the configuration.
func newExchange(t *testing.T, doc func(*lab.Exchange) string) exchange {
	t.Helper()
	ex, err := lab.Start(context.Background(), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	x := exchange{ex, t.TempDir()}
	for name, text := range map[string]string{
		"ca.pem": string(ex.CAPEM()), "board.toml": "name = \"null\"\n[audio.handset]\nspeaker = \"null\"\nmicrophone = \"null\"\n[audio.speaker]\nspeaker = \"null\"\nmicrophone = \"null\"\n",
		"phoned.toml": fmt.Sprintf("ca_file = %q\n", filepath.Join(x.dir, "ca.pem")) + doc(ex),
	} {
		if err := os.WriteFile(filepath.Join(x.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// session is the configuration of a phone that is given tokens.
func session(ex *lab.Exchange) string {
	access, refresh, _ := ex.Tokens("1001")
	return fmt.Sprintf("web_listen = [\"off\"]\noauth_endpoint = %q\nws_servers = [%q]\napi_url = %q\naccess_token = %q\nrefresh_token = %q\n",
		ex.OAuthURL(), ex.WSSURL(), ex.APIURL(), access, refresh)
}

// classic is that of a phone on a UDP line.
func classic(ex *lab.Exchange) string {
	return fmt.Sprintf("web_listen = [\"off\"]\nauto_configure = false\n[[lines]]\nserver = \"udp://%s\"\nuser = \"1101\"\ndomain = %q\npassword = %q\n",
		ex.UDPAddress(), ex.Domain(), lab.ClassicPassword)
}

// daemon is a running phoned.
type daemon struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	log    *logTail
	events chan event // closed when the process is gone
	exited chan struct{}
	err    error // of the process, when exited is closed
	// refused: the sign-in may be lost.
	refused bool
	cancel  context.CancelFunc
	read    sync.WaitGroup
}

type event struct {
	name   string
	detail map[string]any
}

// errGone: the daemon ended while somebody waited for it.
var errGone = errors.New("phoned is gone")

var addressPattern = regexp.MustCompile(`msg=management addr=(\S+)`)

// start runs phoned and follows its events from the first.
func (x exchange) start(t *testing.T) *daemon {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{t: t, log: newLogTail(addressPattern), events: make(chan event, 10000), exited: make(chan struct{}), cancel: cancel}
	d.cmd = exec.Command(program, "-board", filepath.Join(x.dir, "board.toml"), "-config", filepath.Join(x.dir, "phoned.toml"),
		"-data", filepath.Join(x.dir, "data"), "-listen", "127.0.0.1:0", "-trust-local", "-loopback", "-log", "debug")
	d.cmd.Stderr, d.cmd.Stdout = d.log, d.log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		d.err = d.cmd.Wait()
		cancel()
		close(d.exited)
	}()
	t.Cleanup(func() { d.kill(); d.read.Wait() })
	select {
	case addr := <-d.log.found:
		d.url = "http://" + addr + "/api/v1/"
	case <-d.exited:
		t.Fatalf("phoned ended: %v\n%s", d.err, d.log)
	case <-time.After(patience):
		t.Fatalf("phoned never told its address\n%s", d.log)
	}
	d.read.Go(func() { d.follow(ctx) })
	return d
}

// kill is kill -9.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill() // gone already: as wanted
	<-d.exited
}

// follow reads the event stream.
func (d *daemon) follow(ctx context.Context) {
	defer close(d.events)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"events?after=0", nil)
	if err != nil {
		return
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	name := ""
	for lines.Scan() {
		if v, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = v
		}
		if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			e := event{name: name}
			if json.Unmarshal([]byte(v), &e.detail) == nil {
				select {
				case d.events <- e:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

// nextOf waits for the next event of one of these names; errGone when the process
// ended before it.
func (d *daemon) nextOf(names ...string) (event, error) {
	d.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case e, ok := <-d.events:
			switch {
			case !ok:
				return event{}, errGone
			case e.name == "auth-failed" && !d.refused:
				d.t.Errorf("the sign-in was lost: %v", e.detail)
			case slices.Contains(names, e.name):
				return e, nil
			}
		case <-limit.C:
			return event{}, fmt.Errorf("never published: %v", names)
		}
	}
}

// next waits for an event of a name.
func (d *daemon) next(name string, match func(map[string]any) bool) (map[string]any, error) {
	d.t.Helper()
	for {
		e, err := d.nextOf(name)
		if err != nil || match == nil || match(e.detail) {
			return e.detail, err
		}
	}
}

func (d *daemon) await(name string, match func(map[string]any) bool) map[string]any {
	d.t.Helper()
	e, err := d.next(name, match)
	if err != nil {
		d.t.Fatalf("%v\n%s", err, d.log)
	}
	return e
}

// pause is between two looks at something that nothing tells of.
func (d *daemon) pause(t time.Duration) {
	d.t.Helper()
	select {
	case <-time.After(t):
	case <-d.exited:
		d.t.Fatalf("phoned ended: %v\n%s", d.err, d.log)
	}
}

// post gives an order.
func (d *daemon) post(path, body string) error {
	res, err := http.Post(d.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		return errors.Join(errGone, err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s: %s: %s", path, res.Status, text)
	}
	return nil
}

// get reads a resource.
func (d *daemon) get(path string) map[string]any {
	d.t.Helper()
	res, err := http.Get(d.url + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		d.t.Fatal(err)
	}
	return out
}

// call is one answered call; the history's id of it, when the phone has said that
// it is kept. With sound it lasts until media flow.
func (d *daemon) call(sound bool) (id string, err error) {
	d.t.Helper()
	if err := d.post("commands/dial", `{"number":"9196"}`); err != nil {
		return "", err
	}
	e, err := d.next("call-answered", nil)
	if err != nil {
		return "", err
	}
	id, _ = e["callId"].(string)
	for sound && !d.mediaUp() {
		d.pause(10 * time.Millisecond)
	}
	if err := d.post("commands/end", "{}"); err != nil {
		return "", err
	}
	// Events of calls and of the history come in no order.
	ended, kept := false, false
	for !ended || !kept {
		e, err := d.nextOf("call-ended", "history-updated")
		if err != nil {
			return "", err
		}
		ended = ended || e.name == "call-ended"
		kept = kept || e.name == "history-updated" && holds(e.detail, id)
	}
	return id, nil
}

// holds says whether a history has the call.
func holds(detail map[string]any, id string) bool {
	list, _ := detail["history"].([]any)
	for _, c := range list {
		if c, _ := c.(map[string]any); c["id"] == id {
			return true
		}
	}
	return false
}

func (d *daemon) mediaUp() bool {
	d.t.Helper()
	list, _ := d.get("calls")["calls"].([]any)
	for _, c := range list {
		if c, _ := c.(map[string]any); c["mediaUp"] == true {
			return true
		}
	}
	return false
}

// logTail keeps the last of what the program says and finds one thing in it.
type logTail struct {
	mu      sync.Mutex
	pattern *regexp.Regexp
	found   chan string
	text    bytes.Buffer
}

func newLogTail(p *regexp.Regexp) *logTail { return &logTail{pattern: p, found: make(chan string, 1)} }

func (l *logTail) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	if m := l.pattern.FindSubmatch(b); m != nil {
		select {
		case l.found <- string(m[1]):
		default:
		}
	}
	if l.text.Len() > 1<<20 {
		l.text.Next(l.text.Len() - 1<<19)
	}
	return len(b), nil
}

// String is the last part.
func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.text.Bytes()
	return string(b[max(0, len(b)-8<<10):])
}

// whole is all that is kept.
func (l *logTail) whole() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
