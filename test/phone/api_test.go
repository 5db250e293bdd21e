package phone_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"

	"phoned/internal/flight"
	"phoned/media/audio/wav"
	"phoned/media/mediatest"
	"phoned/phone"
	"phoned/test/apicheck"
)

// ask sends one request to the management interface.
func (w *world) ask(method, path, body string) (int, []byte) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:40000"
	a := httptest.NewRecorder()
	w.Server.Handler().ServeHTTP(a, r)
	w.heard.add("management answer", a.Body.String())
	return a.Code, a.Body.Bytes()
}

// askFor is a GET that must succeed.
func (w *world) askFor(path string) []byte {
	w.t.Helper()
	code, b := w.ask(http.MethodGet, path, "")
	if code != http.StatusOK {
		w.t.Fatalf("%s: %d %s", path, code, b)
	}
	return b
}

// TestAPIConformance tries every operation of the whole phone, registered with the
// exchange, by its own description; every answer goes through the search for secrets.
func TestAPIConformance(t *testing.T) {
	w := ready(t, setup{api: true, check: func(bool) {}})
	w.dial("9196")
	w.active()
	calls := w.Flight.Calls()
	code, b := w.ask(http.MethodPost, "/api/v1/reports", "")
	var kept struct{ Name string }
	if err := json.Unmarshal(b, &kept); code != http.StatusOK || err != nil {
		t.Fatal(code, string(b), err)
	}
	w.hangUp()
	w.gone()
	upstream := []int{502, 504}
	one := map[string][]string{"seconds": {"1"}}
	hints := map[string]apicheck.Hint{
		"getProblemKind": {Params: map[string][]string{"kind": {"not-now", "nothing"}}},
		"getFlight":      {Params: map[string][]string{"callId": {calls[0].ID, "unknown"}}},
		"getKeptReport":  {Params: map[string][]string{"name": {kept.Name, "unknown"}}},
		"importContacts": {Bodies: []string{"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nTEL:1\r\nEND:VCARD\r\n", ""}, Rounds: 4},
		"validateConfig": {Bodies: []string{"theme = \"dark\"\n"}, Rounds: 2},
		"captureNetwork": {Params: map[string][]string{"seconds": {"1"}, "media": {"false"}}, Rounds: 1},
		"tapSound":       {Params: one, Rounds: 1},
		"testTone":       {Bodies: []string{`{"path":"speaker","seconds":0.2}`}, Rounds: 2, Last: true},
		"testEcho":       {Bodies: []string{`{"number":"9196","seconds":1}`}, Rounds: 1, Last: true},
		"testSelf":       {Rounds: 1},
		"signIn":         {Bodies: []string{`{"email":"a@b","password":"x"}`}, Rounds: 2, ServerErrors: upstream, Last: true},
		"signOut":        {Rounds: 1, ServerErrors: upstream, Last: true},
		"refreshSession": {Rounds: 1, ServerErrors: upstream},
		"reloadHistory":  {Rounds: 1, ServerErrors: upstream},
		"listParkSlots":  {Params: map[string][]string{"line": {""}}, Rounds: 2, ServerErrors: upstream},
		"keepReport":     {Rounds: 2}, "getReport": {Rounds: 2}, "getSupportBundle": {Rounds: 2}, "getReportPage": {Rounds: 2},
	}
	// What this phone can't, it says in one sentence each: there is no provisioner, no
	// updater, and nobody who may restart the device.
	refused := []string{"signIn", "applyConfig", "validateConfig", "removeConfig", "rollBackConfig", "getUpdate", "installUpdate", "checkUpdate", "cancelUpdate", "uploadUpdate", "reboot", "setLogLevel", "factoryReset",
		"answer", "reject", "end", "hold", "record", "dtmf", "park", "transfer", "conference", "getBrandLogo",
		"uploadCertificate", "removeCertificate", "signInHere", "removeToken", "removeAccount", "makeToken", "endSession", "confirmFirstAccess", "changePassword", "changeAccount", "askFirstAccess", "addAccount"}
	for _, id := range refused {
		h := hints[id]
		h.MayFail = true
		if id == "factoryReset" {
			h.Rounds = -1
		}
		hints[id] = h
	}
	res := apicheck.Run(t, "/api/v1/openapi.json", apicheck.Config{
		Handler: w.Server.Handler(), Host: "127.0.0.1", Remote: "127.0.0.1:40000", Rounds: 5, Seed: 7, Hints: hints,
		BeforeLast: func() { // the handset is wherever the last order put it
			for _, lifted := range []string{"true", "false"} {
				w.ask(http.MethodPost, "/api/v1/hook", `{"offHook":`+lifted+`}`)
			}
			w.until("nobody uses the phone", func(v phone.View) bool { return !v.OffHook && len(v.Calls) == 0 && v.Path == phone.PathNone })
		},
		Each: func(id string, _ int, body []byte) { w.heard.add("answer to "+id, string(body)) },
	})
	t.Logf("%+v", res)
	if res.Operations < 70 || res.Good < 100 {
		t.Errorf("%+v: the run proves too little", res)
	}
}

// TestFlightRecorder: after a call its ladder, its quality and its events are there,
// for a person and for machines, and with the Report key.
func TestFlightRecorder(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.dial("9196")
	w.active()
	w.press("4")
	w.event(mark{}, "dtmf-sent", nil)
	w.clock.leap(2 * time.Second)
	w.event(mark{}, "quality", nil)
	w.hangUp()
	w.screen(phone.ScreenEnded)
	ctx, cancel := w.waiting()
	defer cancel()
	for { // the recorder hears of the end a moment after the screen
		var l struct{ Calls []struct{ Ended *time.Time } }
		if err := json.Unmarshal(w.askFor("/api/v1/flights"), &l); err != nil || ctx.Err() != nil {
			t.Fatal("the recorder never heard of the end: ", err)
		}
		if len(l.Calls) == 1 && l.Calls[0].Ended != nil {
			break
		}
	}
	w.softKey(phone.ActReport)
	w.until("the report is kept", func(v phone.View) bool { return v.Toast != nil && v.Toast.Code == phone.ToastReportMade })
	var list struct {
		Reports []struct{ Name string }
	}
	if err := json.Unmarshal(w.askFor("/api/v1/reports"), &list); err != nil || len(list.Reports) != 1 {
		t.Fatal(list, err)
	}
	b := w.askFor("/api/v1/reports/" + list.Reports[0].Name)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		files[f.Name] = text.String()
		w.heard.add("report's "+f.Name, text.String())
	}
	var rep flight.Report
	if err := json.Unmarshal([]byte(files["report.json"]), &rep); err != nil || len(rep.Calls) != 1 {
		t.Fatal(len(rep.Calls), err)
	}
	c := rep.Calls[0]
	var said []string
	for _, m := range c.Messages {
		said = append(said, m.Summary)
		if strings.Contains(m.Text, "Signal=4") {
			t.Error("a digit is in the report")
		}
	}
	for _, want := range []string{"100 Trying", "200 OK"} {
		if !slices.Contains(said, want) {
			t.Errorf("no %q in %q", want, said)
		}
	}
	if !strings.HasPrefix(said[0], "INVITE sip:9196") || c.Number != "9196" || c.Answered == nil || c.Ended == nil || len(c.Samples) == 0 || len(c.Events) == 0 {
		t.Errorf("%q %+v", said, c)
	}
	if page := files["report.html"]; !strings.Contains(page, `class="ladder"`) || !strings.Contains(page, "INVITE sip:9196") {
		t.Error("the page has no ladder")
	}
	if !strings.Contains(files["log.json"], `"package": "sip"`) && !strings.Contains(files["log.json"], `"package": "internal/app"`) {
		t.Error("the log is not in the bundle")
	}
}

// TestSignOutForgetsTheCalls: who signs out at the phone leaves no ladder behind.
func TestSignOutForgetsTheCalls(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	kept := func() int {
		var l struct{ Calls []struct{ Number string } }
		if err := json.Unmarshal(w.askFor("/api/v1/flights"), &l); err != nil {
			t.Fatal(err)
		}
		return len(l.Calls)
	}
	w.dial("9196")
	w.active()
	w.hangUp()
	w.gone()
	if kept() != 1 {
		t.Fatal("the call was not recorded")
	}
	w.leapUntil("idle", time.Second, func(v phone.View) bool { return v.Screen == phone.ScreenIdle })
	w.menu("sign_out")
	w.screen(phone.ScreenConfirm)
	w.softKey(phone.ActYes)
	ctx, cancel := w.waiting()
	defer cancel()
	for kept() != 0 {
		if ctx.Err() != nil {
			t.Fatal("the recorder still has the call of who signed out")
		}
	}
}

// TestTapIsHeardAndShown: what the far end says is in the WAV file, and the screen says
// that it is recorded.
func TestTapIsHeardAndShown(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.dial("9197") // a tone of 1 kHz
	w.active()
	w.hearsTone(1004)
	type answer struct {
		code int
		body []byte
	}
	got := make(chan answer, 1)
	go func() {
		code, b := w.ask(http.MethodGet, "/api/v1/audio/taps/receive?seconds=1", "")
		got <- answer{code, b}
	}()
	w.problem("support.tap")
	a := <-got
	w.healed("support.tap")
	if a.code != http.StatusOK {
		t.Fatal(a.code, string(a.body))
	}
	pcm, rate, err := wav.Decode(bytes.NewReader(a.body))
	if err != nil || rate != 48000 || len(pcm) != 48000 {
		t.Fatal(len(pcm), rate, err)
	}
	if hz, share := mediatest.Strongest(pcm, rate); hz < 980 || hz > 1030 || share < 0.3 {
		t.Errorf("%.0f Hz, share %.2f", hz, share)
	}
}

// TestCaptureAsksBeforeItHears: RTP headers and SIP are captured at once; the voice only
// after Yes on the phone, and never after No.
func TestCaptureAsksBeforeItHears(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.dial("9197")
	w.active()
	headers := w.askFor("/api/v1/capture.pcapng?seconds=1")
	capture := func(yes phone.Action) (int, []byte) {
		type answer struct {
			code int
			body []byte
		}
		got := make(chan answer, 1)
		go func() {
			code, b := w.ask(http.MethodGet, "/api/v1/capture.pcapng?seconds=1&media=true", "")
			got <- answer{code, b}
		}()
		w.screen(phone.ScreenConfirm)
		w.softKey(yes)
		a := <-got
		return a.code, a.body
	}
	if code, b := capture(phone.ActNo); code != http.StatusConflict || !strings.Contains(string(b), "consent-missing") {
		t.Errorf("after No: %d %s", code, b)
	}
	w.active()
	code, voice := capture(phone.ActYes)
	if code != http.StatusOK {
		t.Fatalf("after Yes: %d %s", code, voice)
	}
	h, v := rtpOf(t, headers), rtpOf(t, voice)
	if h.packets < 20 || v.packets < 20 || h.octets != 12*h.packets || v.octets < 40*v.packets {
		t.Errorf("headers %+v, voice %+v", h, v)
	}
	w.hangUp()
	w.gone()
}

type rtpCount struct{ packets, octets int }

// rtpOf counts the RTP packets of a capture and what is in the file of them.
func rtpOf(t *testing.T, file []byte) (out rtpCount) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(b, []byte("rtp\x00")); i != 4 {
			continue
		}
		out.packets++
		out.octets += len(b) - bytes.Index(b, []byte{0, 0, 0, 0, 0x80}) - 4
	}
}
