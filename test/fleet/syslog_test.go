//go:build fleet

package fleet

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"phoned/internal/devicecert"
	"phoned/internal/secret"
	"phoned/lab"
)

// memory is a vault that lasts as long as a test.
type memory map[string]secret.String

func (m memory) Get(name string) (secret.String, error) { return m[name], nil }

func (m memory) Set(values map[string]secret.String) error {
	for k, v := range values {
		m[k] = v
	}
	return nil
}

// collector is a real rsyslog that takes the log over TLS.
type collector struct {
	t                   *testing.T
	dir, addr, pin, out string
	stop                func()
}

// rsyslog makes a key and starts the collector.
func rsyslog(t *testing.T) *collector {
	t.Helper()
	dir := t.TempDir()
	k, err := devicecert.Open(devicecert.Config{Vault: memory{}, Names: func() devicecert.Names { return devicecert.Names{Host: "localhost", DNS: []string{"localhost"}} }})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := k.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		b := pem.EncodeToMemory(&block)
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &collector{t: t, dir: dir, addr: freeAddress(t), pin: devicecert.KeyPin(cert.Leaf), out: filepath.Join(dir, "messages.json")}
	_, port, _ := net.SplitHostPort(c.addr)
	// Nothing is taken that is not the protocol: what rsyslog's own parser for RFC 5424
	// does not understand stands in no file.
	conf := fmt.Sprintf(`global(workDirectory=%[1]q defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="%[1]s/cert.pem" defaultNetstreamDriverCertFile="%[1]s/cert.pem" defaultNetstreamDriverKeyFile="%[1]s/key.pem")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
module(load="mmpstrucdata")
template(name="line" type="list") {
  property(name="jsonmesg")
  constant(value="\n")
}
ruleset(name="phones" parser="rsyslog.rfc5424") {
  action(type="mmpstrucdata")
  action(type="omfile" file="%[1]s/messages.json" template="line" asyncWriting="off" flushOnTXEnd="on")
}
input(type="imtcp" port="%[2]s" address="127.0.0.1" ruleset="phones")
`, dir, port)
	if err := os.WriteFile(filepath.Join(dir, "rsyslog.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	c.start()
	return c
}

func (c *collector) start() {
	c.t.Helper()
	_, c.stop = process(c.t, "rsyslogd", "-n", "-f", filepath.Join(c.dir, "rsyslog.conf"), "-i", filepath.Join(c.dir, "pid"))
	until(c.t, "rsyslog listens", func() bool {
		conn, err := net.Dial("tcp", c.addr) //nolint:noctx // a test's poll
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// message is what rsyslog understood of one.
type message struct {
	Msg      string
	Facility string `json:"syslogfacility"`
	Severity string `json:"syslogseverity"`
	Program  string `json:"programname"`
	Version  string `json:"protocol-version"`
	MsgID    string
	Vars     struct {
		Structured map[string]map[string]string `json:"rfc5424-sd"`
	} `json:"$!"`
}

func (c *collector) messages() (out []message) {
	c.t.Helper()
	b, err := os.ReadFile(c.out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if !strings.HasSuffix(line, "\n") {
			break // being written
		}
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			c.t.Fatalf("%v: %s", err, line)
		}
		out = append(out, m)
	}
	return out
}

func (c *collector) has(text string) bool {
	for _, m := range c.messages() {
		if strings.Contains(m.Msg, text) {
			return true
		}
	}
	return false
}

// freeAddress is one of this machine on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestSyslog: a real phone's log arrives at a real rsyslog over TLS, as rsyslog
// itself reads it; what it says while the collector is away arrives when it is back.
func TestSyslog(t *testing.T) {
	ex, err := lab.Start(t.Context(), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ex.Close() })
	col := rsyslog(t)
	const token = "phoned_test-syslog-00000000000000000000000000"
	web := freeAddress(t)
	_, port, _ := net.SplitHostPort(web)
	doc := fmt.Sprintf("syslog_server = %q\nsyslog_pin = %q\nsyslog_facility = \"local3\"\nsyslog_level = \"debug\"\nweb_listen = [\"127.0.0.1\"]\nweb_port = %s\nweb_http_port = 0\nweb_tokens = \"log:administrator:%x\"\nauto_configure = false\n[[lines]]\nserver = \"udp://%s\"\nuser = \"1101\"\ndomain = %q\npassword = %q\n",
		"localhost:"+strings.TrimPrefix(col.addr, "127.0.0.1:"), col.pin, port, sha256.Sum256([]byte(token)), ex.UDPAddress(), ex.Domain(), lab.ClassicPassword)
	startDaemon(t, t.TempDir(), web, doc)
	api := apiOf(t, web, token)

	until(t, "the registration is in rsyslog's file", func() bool { return col.has("registered") })
	first := col.messages()[0]
	if first.Facility != "19" || first.Severity != "6" || first.Program != "phoned" || first.Version != "1" || first.MsgID == "-" {
		t.Errorf("%+v", first)
	}
	sd := first.Vars.Structured
	if sd["phone@32473"]["serial"] == "" || sd["phone@32473"]["model"] == "" || sd["origin"]["software"] != "phoned" || sd["meta"]["sequenceid"] != "1" {
		t.Errorf("%+v", sd)
	}
	if n := metric(api(http.MethodGet, "/metrics", ""), "phoned_syslog_sent_total"); n < 1 {
		t.Errorf("sent %v", n)
	}

	col.stop()
	until(t, "the phone notices", func() bool {
		return strings.Contains(api(http.MethodGet, "/api/v1/logs", ""), "the log server can't be reached")
	})
	for _, level := range []string{"error", "info"} { // the first order silences the line that tells of it
		api(http.MethodPut, "/api/v1/logs/levels", `{"package":"manage","level":"`+level+`"}`)
	}
	col.start()
	until(t, "what was said meanwhile arrives", func() bool {
		return col.has("the log server can't be reached") && col.has("level=info package=manage") && col.has("the log server is back")
	})
	if col.has("level=error package=manage") {
		t.Error("a package's level is not the ring's")
	}
	if n := metric(api(http.MethodGet, "/metrics", ""), "phoned_syslog_lost_total"); n != 0 {
		t.Errorf("lost %v", n)
	}
	all, err := os.ReadFile(col.out)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{lab.ClassicPassword, token} {
		if strings.Contains(string(all), s) {
			t.Error("a secret is in the log")
		}
	}
}

// apiOf asks a phone of this machine, whatever its certificate; a refusal is "".
func apiOf(t *testing.T, addr, token string) func(method, path, body string) string {
	t.Helper()
	client := anyCertificate()
	ask := func(method, path, body string) (string, error) {
		return send(t, client, token, method, "https://"+addr+path, body)
	}
	until(t, "the phone answers", func() bool { _, err := ask(http.MethodGet, "/api/v1/status", ""); return err == nil })
	return func(method, path, body string) string {
		t.Helper()
		s, err := ask(method, path, body)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return s
	}
}

func metric(scrape, name string) (n float64) {
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(scrape)
	if m == nil {
		return -1
	}
	_, _ = fmt.Sscan(m[1], &n)
	return n
}
