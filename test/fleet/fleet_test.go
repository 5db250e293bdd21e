//go:build fleet

package fleet

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"phoned/lab"
)

// patience bounds every wait; nothing waits for it unless something is broken.
const patience = 2 * time.Minute

// root is the top of the tree.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// until polls f.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// process starts a program that ends with the test, or by the function it gives.
func process(t *testing.T, program string, args ...string) (out io.Reader, stop func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	log, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(program)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var ended bool
	stop = func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		go func() { _, _ = io.Copy(io.Discard, pipe); _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
		if t.Failed() {
			b, _ := os.ReadFile(log.Name())
			t.Logf("%s said:\n%s", filepath.Base(program), b[max(0, len(b)-3000):])
		}
		_ = log.Close()
	}
	t.Cleanup(stop)
	return pipe, stop
}

// simulate starts a phone with an exchange of its own.
func simulate(t *testing.T) (address string, stop func()) {
	t.Helper()
	out, stop := process(t, filepath.Join(root(t), "bin", "phonesim"), "-open=false", "-listen", "127.0.0.1:0", "-sound", "bench")
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := regexp.MustCompile(`phone is at http://(\S+)/`).FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return m[1], stop
		}
	}
	t.Fatal("the phone said no address")
	return "", nil
}

// prometheus starts one that scrapes the phones each second and gives its address.
func prometheus(t *testing.T, phones ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	conf := fmt.Sprintf(`global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: phoned
    static_configs: [{targets: ["%s"]}]
`, filepath.Join(root(t), "packaging", "prometheus", "phoned.rules.yml"), strings.Join(phones, `", "`))
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	process(t, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)
	until(t, "Prometheus is ready", func() bool {
		r, err := http.Get("http://" + addr + "/-/ready") //nolint:noctx // a test's poll
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return addr
}

// query asks Prometheus; it gives the value of each instance.
func query(t *testing.T, prom, expr string) map[string]string {
	t.Helper()
	r, err := http.Get("http://" + prom + "/api/v1/query?query=" + url.QueryEscape(expr)) //nolint:noctx // a test's poll
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var a struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil || a.Status != "success" {
		t.Fatalf("%s: %v %s", expr, err, a.Error)
	}
	out := map[string]string{}
	for _, m := range a.Data.Result {
		out[m.Metric["instance"]], _ = m.Value[1].(string)
	}
	return out
}

// TestRules: the rules are good in the eyes of Prometheus' own tool, and every metric
// they name is one that the phone has.
func TestRules(t *testing.T) {
	file := filepath.Join(root(t), "packaging", "prometheus", "phoned.rules.yml")
	if out, err := exec.CommandContext(t.Context(), "promtool", "check", "rules", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	phone, _ := simulate(t)
	var scrape []byte
	until(t, "the phone is in service", func() bool {
		r, err := http.Get("http://" + phone + "/metrics") //nolint:noctx // a test's poll
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		scrape, err = io.ReadAll(r.Body)
		return err == nil && strings.Contains(string(scrape), "phoned_line_registered{")
	})
	rules, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range regexp.MustCompile(`\bphoned_[a-z_]+`).FindAllString(string(rules), -1) {
		seen++
		family := regexp.MustCompile(`_(total|sum|count|bucket)$`).ReplaceAllString(name, "")
		if family != "phoned_problem" && !strings.Contains(string(scrape), "# TYPE "+family+" ") { // no problem, no sample
			t.Errorf("a rule names %s, which the phone does not have", name)
		}
	}
	if seen < 10 {
		t.Errorf("only %d metrics were found in the rules", seen)
	}
}

// TestPrometheus: a real one scrapes two phones, sees a call in its counters and
// histograms, and notices that one of them is gone.
func TestPrometheus(t *testing.T) {
	a, _ := simulate(t)
	b, stopB := simulate(t)
	prom := prometheus(t, a, b)
	until(t, "both phones are up and in service", func() bool {
		up, line := query(t, prom, "up"), query(t, prom, "phoned_line_registered")
		return up[a] == "1" && up[b] == "1" && line[a] == "1" && line[b] == "1"
	})
	dial := func(number string) {
		r, err := http.Post("http://"+a+"/api/v1/commands/dial", "application/json", strings.NewReader(`{"number":"`+number+`"}`)) //nolint:noctx // once
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
	}
	dial("9199") // answers, and hangs up after 5 s
	until(t, "the call is in the counters and histograms", func() bool {
		return query(t, prom, `phoned_calls_total{direction="outbound",outcome="answered"}`)[a] == "1" &&
			query(t, prom, "phoned_rtp_jitter_seconds_count > 1")[a] != "" && query(t, prom, "phoned_call_duration_seconds_sum > 3")[a] != "" &&
			query(t, prom, "phoned_sip_post_dial_delay_seconds_count")[a] == "1"
	})
	if n := query(t, prom, `phoned_calls_total{direction="outbound",outcome="answered"}`)[b]; n != "" {
		t.Errorf("the other phone counted %s calls", n)
	}
	r, err := http.Get("http://" + prom + "/api/v1/rules") //nolint:noctx // once
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	rules, _ := io.ReadAll(r.Body)
	if n := strings.Count(string(rules), `"health":"ok"`); n < 10 || strings.Contains(string(rules), `"health":"err"`) {
		t.Errorf("%d rules are well: %s", n, rules)
	}
	stopB()
	until(t, "the phone that is gone is down", func() bool { return query(t, prom, "up")[b] == "0" })
	until(t, "and its alert is pending", func() bool {
		r, err := http.Get("http://" + prom + "/api/v1/alerts") //nolint:noctx // a test's poll
		if err != nil {
			return false
		}
		defer r.Body.Close()
		alerts, _ := io.ReadAll(r.Body)
		return strings.Contains(string(alerts), `"PhoneDown"`) && strings.Contains(string(alerts), b)
	})
}

// TestPhonectl: the program speaks to both at once, and says who did not do it.
func TestPhonectl(t *testing.T) {
	a, _ := simulate(t)
	b, stopB := simulate(t)
	dir := t.TempDir()
	inventory := filepath.Join(dir, "phones")
	if err := os.WriteFile(inventory, fmt.Appendf(nil, "front http://%s group=house\nback http://%s group=house\n", a, b), 0o600); err != nil {
		t.Fatal(err)
	}
	ctl := func(args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), filepath.Join(root(t), "bin", "phonectl"), append([]string{"-inventory", inventory}, args...)...).CombinedOutput()
		return string(out), err
	}
	until(t, "both phones are in service", func() bool {
		out, err := ctl("-all", "status")
		return err == nil && strings.Count(out, "1/1 lines") == 2
	})
	if out, err := ctl("-phones", "front", "screen", dir); err != nil || !strings.Contains(out, "front.png") {
		t.Errorf("%v: %s", err, out)
	}
	stopB()
	if out, err := ctl("-phones", "house", "status"); err == nil || !strings.Contains(out, "2 phones, 1 failed") {
		t.Errorf("%v: %s", err, out)
	}
}

// phones is how many TestFleet runs at a time.
const phones = 50

// daemon is one phoned of the fleet.
type daemon struct {
	addr string // of its management, by TLS
	pid  int
	stop func() // says goodbye; once is enough
}

// startDaemon runs the real program with the document, and its management on addr.
func startDaemon(t *testing.T, dir, addr, doc string) daemon {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	board := "name = \"null\"\n[audio.handset]\nspeaker = \"null\"\nmicrophone = \"null\"\n[audio.speaker]\nspeaker = \"null\"\nmicrophone = \"null\"\n"
	for name, text := range map[string]string{"board.toml": board, "phoned.toml": doc} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(root(t), "bin", "phoned"), "-board", filepath.Join(dir, "board.toml"), "-config", filepath.Join(dir, "phoned.toml"),
		"-data", filepath.Join(dir, "data"), "-listen", "", "-loopback", "-log", "warn")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	return daemon{addr, cmd.Process.Pid, stop}
}

// keyPin asks a phone for its certificate and gives its key's SHA-256.
func keyPin(addr string) (string, bool) {
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the pin is what is asked for
	if err != nil {
		return "", false
	}
	defer c.Close()
	sum := sha256.Sum256(c.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:]), true
}

// rss is a process' resident memory in KiB.
func rss(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if m := regexp.MustCompile(`VmRSS:\s+(\d+)`).FindSubmatch(b); m != nil {
		n, _ = strconv.Atoi(string(m[1]))
	}
	return n
}

// TestFleet: fifty real phones on one machine, each with a key and a token of its own:
// all registered, scraped, reconfigured by phonectl, and taken back.
func TestFleet(t *testing.T) {
	ex, err := lab.Start(context.Background(), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ex.Close() })
	dir := t.TempDir()
	begun := time.Now()
	fleet := make([]daemon, phones)
	for i := range fleet {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_ = l.Close()
		token := fmt.Sprintf("phoned_test-%d-%032d", i, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%02d.token", i)), []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(addr)
		doc := fmt.Sprintf("web_listen = [\"127.0.0.1\"]\nweb_port = %s\nweb_http_port = 0\nweb_tokens = \"fleet:administrator:%x\"\nauto_configure = false\n[[lines]]\nserver = \"udp://%s\"\nuser = \"1101\"\ndomain = %q\npassword = %q\n",
			port, sha256.Sum256([]byte(token)), ex.UDPAddress(), ex.Domain(), lab.ClassicPassword)
		fleet[i] = startDaemon(t, filepath.Join(dir, fmt.Sprintf("p%02d", i)), addr, doc)
	}
	var inventory strings.Builder
	for i, d := range fleet {
		pin := ""
		until(t, "the phone answers by TLS", func() (ok bool) { pin, ok = keyPin(d.addr); return ok })
		fmt.Fprintf(&inventory, "p%02d https://%s key=%s token=p%02d.token group=all\n", i, d.addr, pin, i)
	}
	file := filepath.Join(dir, "phones")
	if err := os.WriteFile(file, []byte(inventory.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ctl := func(args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), filepath.Join(root(t), "bin", "phonectl"), append([]string{"-inventory", file, "-timeout", "60s"}, args...)...).CombinedOutput()
		return string(out), err
	}
	all := func(what string) func() bool {
		return func() bool {
			out, err := ctl("-all", "status")
			return err == nil && strings.Count(out, what) == phones
		}
	}
	until(t, "all phones are in service", all("1/1 lines"))
	t.Logf("FIGURE %d phones from start to registered: %.1f s", phones, time.Since(begun).Seconds())

	begun = time.Now()
	out, err := ctl("-all", "get", "/metrics")
	if err != nil || strings.Count(out, `phoned_line_registered{`) != phones {
		t.Fatalf("%v: %.2000s", err, out)
	}
	t.Logf("FIGURE a scrape of all, TLS handshakes and all: %.2f s, %d bytes a phone", time.Since(begun).Seconds(), len(out)/phones)

	doc := filepath.Join(dir, "fleet.toml")
	if err := os.WriteFile(doc, []byte("theme = \"light\"\nlocale = \"de\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := ctl("-all", "config", "check", doc); err != nil || strings.Count(out, "2 changes") != phones {
		t.Fatalf("%v: %.2000s", err, out)
	}
	theme := func(want string) func() bool {
		return func() bool {
			out, err := ctl("-all", "-json", "status")
			return err == nil && strings.Count(out, `"theme":"`+want+`"`) == phones && strings.Count(out, `"state":"registered"`) == phones
		}
	}
	begun = time.Now()
	if out, err := ctl("-all", "config", "apply", doc); err != nil {
		t.Fatalf("%v: %.2000s", err, out)
	}
	until(t, "all phones have the new configuration and service", theme("light"))
	t.Logf("FIGURE reconfigured, made anew and registered: %.1f s", time.Since(begun).Seconds())
	begun = time.Now()
	if out, err := ctl("-all", "config", "rollback"); err != nil {
		t.Fatalf("%v: %.2000s", err, out)
	}
	until(t, "all phones are as before", theme("dark"))
	t.Logf("FIGURE taken back: %.1f s", time.Since(begun).Seconds())
	sum := 0
	for _, d := range fleet {
		sum += rss(t, d.pid)
	}
	t.Logf("FIGURE RSS a phone: %.1f MiB", float64(sum)/phones/1024)
}
