package phone_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"phoned/internal/app"
	"phoned/phone"
)

// browser is somebody who manages the phone over the network, and trusts the
// certificate with the words that stand on the phone's screen.
type browser struct {
	w      *world
	url    string
	cookie string
	client http.Client
}

func newBrowser(t *testing.T, s setup) (*world, *browser) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.network = &app.Network{TLS: l, TLSPort: "443"}
	b := &browser{url: "https://" + l.Addr().String()}
	b.w = ready(t, s)
	words := b.w.until("the key's words", func(v phone.View) bool { return v.Device.Web.Words != "" }).Device.Web.Words
	b.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, // as with every certificate nobody vouches for: the key is compared
		VerifyConnection: func(c tls.ConnectionState) error {
			if got := keyWords(sha256.Sum256(c.PeerCertificates[0].RawSubjectPublicKeyInfo)); got != words {
				return fmt.Errorf("the key is %s, on the screen stands %s", got, words)
			}
			return nil
		}}}
	t.Cleanup(b.client.CloseIdleConnections)
	return b.w, b
}

// keyWords writes the first 96 bits of a hash in six words, each of 16 bits as
// consonant, vowel, consonant, vowel, consonant.
func keyWords(sum [32]byte) string {
	var out []string
	for i := range 6 {
		v, w := int(sum[2*i])<<8|int(sum[2*i+1]), ""
		for _, part := range []struct{ shift, bits int }{{12, 4}, {10, 2}, {6, 4}, {4, 2}, {0, 4}} {
			letters := map[int]string{4: "bdfghjklmnprstvz", 2: "aiou"}[part.bits]
			w += string(letters[v>>part.shift&(1<<part.bits-1)])
		}
		out = append(out, w)
	}
	return strings.Join(out, "-")
}

func (b *browser) ask(method, path, body string, want int) string {
	b.w.t.Helper()
	r, err := http.NewRequest(method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.w.t.Fatal(err)
	}
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	for _, c := range resp.Cookies() {
		b.cookie = c.Name + "=" + c.Value
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		b.w.t.Fatalf("%s %s: %d, want %d: %s %v", method, path, resp.StatusCode, want, answer, err)
	}
	b.w.heard.add("management answer", string(answer))
	return string(answer)
}

// askFirst asks for first access and gives the request and the code of the screen.
func (b *browser) askFirst() (id, code string) {
	var first struct{ ID string }
	b.w.must(json.Unmarshal([]byte(b.ask("POST", "/api/v1/access/first", "", 202)), &first))
	v := b.w.screen(phone.ScreenOffer)
	for _, i := range v.Menu.Items {
		switch i.ID {
		case "from":
			if i.Value != "127.0.0.1" {
				b.w.t.Errorf("the screen says %q asks", i.Value)
			}
		case "code":
			code = strings.ReplaceAll(i.Value, " ", "")
		}
	}
	return first.ID, code
}

func TestFirstAccessIsConfirmedAtThePhone(t *testing.T) {
	w, b := newBrowser(t, setup{})
	b.ask("GET", "/api/v1/status", "", 401) // from this machine, but by the network's port
	id, code := b.askFirst()
	if len(code) != 8 {
		t.Fatalf("the code is %q", code)
	}
	w.softKey(phone.ActNo)
	w.screen(phone.ScreenIdle)
	w.saved() // the refusal reaches the accounts on the queue of what is kept
	form := func(code string) string {
		return `{"code":"` + code + `","name":"owner","password":"correct horse battery"}`
	}
	b.ask("POST", "/api/v1/access/first/"+id, form(code), 404)
	b.ask("POST", "/api/v1/access/first", "", 429)
	if w.Phone.View().Screen != phone.ScreenIdle {
		t.Error("refused, and asked again at once")
	}
}

// saved waits for what is on the queue of what is kept: a volume is put behind it.
func (w *world) saved() {
	w.t.Helper()
	if got := w.command("volume", `{"volume":37}`); got != 202 {
		w.t.Fatal(got)
	}
	for range 2000 {
		all, err := w.DB.Settings(w.t.Context())
		w.must(err)
		for _, s := range all {
			if strings.HasPrefix(s.Key, "volume.") && string(s.Value) == "37" {
				return
			}
		}
		time.Sleep(5 * time.Millisecond) // polled: the database tells nobody
	}
	w.t.Fatal("the volume was never kept")
}

func TestManagedOverTheNetwork(t *testing.T) {
	w, b := newBrowser(t, setup{})
	id, code := b.askFirst()
	b.ask("POST", "/api/v1/access/first/"+id, `{"code":"`+code+`","name":"owner","password":"correct horse battery"}`, 200)
	w.screen(phone.ScreenIdle)
	b.ask("GET", "/api/v1/status", "", 200)
	b.ask("POST", "/api/v1/commands/mute", `{"on":true}`, 202)
	v := w.until("the screen to say who controls the phone", func(v phone.View) bool { return v.Remote.By != "" })
	if v.Remote != (phone.RemoteControl{By: "owner", From: "127.0.0.1"}) {
		t.Errorf("%+v", v.Remote)
	}
	if a := b.ask("GET", "/api/v1/access/audit", "", 200); !strings.Contains(a, `"mute"`) || !strings.Contains(a, `"confirmFirstAccess"`) {
		t.Error(a)
	}
	w.until("the account to be counted", func(v phone.View) bool { return v.Device.Web.Accounts == 1 })
	// Off at the phone, and nobody new gets in.
	w.Phone.Post(phone.SettingsChanged{Settings: func() phone.Settings { s := w.Phone.View().Settings; s.WebOff = true; return s }()})
	w.until("it to be off", func(v phone.View) bool { return v.Settings.WebOff })
	b.ask("GET", "/api/v1/status", "", 503) // on the connection there is
	b.client.CloseIdleConnections()
	if resp, err := b.client.Get(b.url + "/healthz"); err == nil {
		_ = resp.Body.Close()
		t.Error("it still answers")
	}
}
