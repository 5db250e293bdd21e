package flight

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func sip(first, callID, cseq, body string) string {
	return first + "\r\nVia: SIP/2.0/WSS x;branch=z9hG4bK1\r\nCall-ID: " + callID + "\r\nCSeq: " + cseq + "\r\n\r\n" + body
}

// flown is a recorder after a call with all that can be in one.
func flown() *Recorder {
	c := clock.NewFake(epoch)
	r := New(c.Now)
	r.Message(c.Now(), "main", true, sip("REGISTER sip:lab.test SIP/2.0", "reg", "1 REGISTER", ""))
	r.Event(c.Now(), "sip-registered", nil)
	r.Event(c.Now(), "call-started", map[string]any{"call": 7, "callId": "u-7", "line": "main", "phoneNumber": "9196", "direction": "outbound"})
	r.Message(c.Now(), "main", true, sip("INVITE sip:9196@lab.test SIP/2.0", "dialog", "1 INVITE", "v=0\r\n"))
	r.Link(7, "u-7", "dialog")
	for i, s := range []string{"100 Trying", "401 Unauthorized", "180 Ringing", "200 OK", "200 OK"} {
		c.Advance(time.Duration(i*40) * time.Millisecond)
		r.Message(c.Now(), "main", false, sip("SIP/2.0 "+s, "dialog", "1 INVITE", ""))
	}
	r.Event(c.Now(), "call-answered", map[string]any{"call": 7, "callId": "u-7"})
	for i := range 40 {
		c.Advance(2 * time.Second)
		r.Event(c.Now(), "quality", map[string]any{"call": 7, "callId": "u-7", "quality": []string{"good", "fair"}[i/30], "bitrate": 60 + float64(i%7),
			"packetLoss": float64(i%10) / 3, "jitter": 4 + float64(i%5), "latency": 41.5, "audioLevel": float64(i%10) / 10})
	}
	r.Event(c.Now(), "dtmf-sent", map[string]any{"call": 7, "callId": "u-7", "digit": "4"})
	r.Message(c.Now(), "main", true, sip("INFO sip:9196@lab.test SIP/2.0", "dialog", "2 INFO", "Signal=4\r\nDuration=160\r\n"))
	r.Message(c.Now(), "main", true, sip("BYE sip:9196@lab.test SIP/2.0", "dialog", "3 BYE", ""))
	r.Event(c.Now(), "call-ended", map[string]any{"call": 7, "callId": "u-7", "phoneNumber": "9196", "duration": int64(80000), "reason": "hung_up"})
	p := health.Problem{Code: "net.slow", Title: "Slow <b>.", Severity: health.Warning, Since: epoch}
	r.Problems([]health.Problem{p})
	r.Problems(nil)
	return r
}

func TestACallIsRecorded(t *testing.T) {
	r := flown()
	calls := r.Calls()
	if len(calls) != 1 {
		t.Fatalf("%+v", calls)
	}
	c := calls[0]
	if c.ID != "u-7" || c.Number != "9196" || c.Direction != "outbound" || c.Line != "main" || c.Reason != "hung_up" || c.Answered == nil || c.Ended == nil ||
		len(c.SIP) != 1 || len(c.Messages) != 8 || len(c.Samples) != 40 || len(c.Events) != 4 {
		t.Errorf("%+v", c)
	}
	if m := c.Messages[0]; m.Summary != "INVITE sip:9196@lab.test" || !m.Sent || m.Method != "INVITE" {
		t.Errorf("%+v", m)
	}
	if m := c.Messages[2]; m.Status != 401 || m.Method != "INVITE" || m.Again {
		t.Errorf("%+v", m)
	}
	if !c.Messages[5].Again {
		t.Error("the second 200 was sent again")
	}
	rep := r.Report(nil, nil)
	if len(rep.Messages) != 1 || rep.Messages[0].Method != "REGISTER" || len(rep.Troubles) != 2 || !rep.Troubles[1].Gone || len(rep.Events) != 1 {
		t.Errorf("%+v", rep)
	}
}

func TestDigitsAreLeftOut(t *testing.T) {
	var b bytes.Buffer
	rep := flown().Report(nil, nil)
	if err := json.NewEncoder(&b).Encode(rep); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, "Signal=4") || strings.Contains(s, `"digit":"4"`) || !strings.Contains(s, "Signal=redacted") {
		t.Error("what was typed in a call is in the report")
	}
	for body, want := range map[string]string{"5": "redacted", "5\r\n": "redacted", " Signal= 5\r\nDuration=1": " Signal= redacted\r\nDuration=1", "hello": "hello", "start": "start"} {
		if m := parse(sip("INFO x SIP/2.0", "a", "1 INFO", body)); !strings.HasSuffix(m.Text, "\r\n\r\n"+want) {
			t.Errorf("%q: %q", body, m.Text)
		}
	}
}

func TestEverythingIsBounded(t *testing.T) {
	now := epoch
	r := New(func() time.Time { return now })
	big := strings.Repeat("x", 20<<10)
	for i := range 3000 {
		now = now.Add(time.Second)
		call, id := i/100+1, fmt.Sprint("u", i/100)
		detail := map[string]any{"call": call, "callId": id, "packetLoss": 1.0}
		r.Link(call, id, id)
		r.Message(now, "main", true, sip("INVITE x SIP/2.0", id, "1 INVITE", big))
		r.Event(now, "sip-call-hold", detail)
		r.Event(now, "hook", nil)
		r.Problems([]health.Problem{{Code: "a", Detail: fmt.Sprint(i)}})
	}
	for range 5000 {
		r.Event(now, "quality", map[string]any{"call": 30, "callId": "u29", "packetLoss": 1.0})
	}
	rep := r.Report(nil, nil)
	bytes := 0
	for _, m := range r.messages {
		bytes += len(m.Text)
	}
	if len(rep.Calls) != callsKept || len(r.messages) > messagesKept || bytes > messageBytes || bytes != r.bytes || len(rep.Events) != eventsKept || len(rep.Troubles) != troublesKept {
		t.Errorf("%d calls, %d messages, %d (%d) bytes, %d events, %d troubles", len(rep.Calls), len(r.messages), bytes, r.bytes, len(rep.Events), len(rep.Troubles))
	}
	if n := len(rep.Calls[0].Samples); n < samplesKept/2-1 || n >= samplesKept {
		t.Errorf("%d samples", n)
	}
	before := r.bytes
	r.Drop(rep.Calls[0].ID)
	if _, ok := r.Call(rep.Calls[0].ID); ok || r.bytes >= before {
		t.Errorf("a call that was dropped is there, %d of %d bytes", r.bytes, before)
	}
	r.Forget()
	if rep := r.Report(nil, nil); len(rep.Calls)+len(rep.Messages)+len(rep.Events) > 0 {
		t.Error("something stayed")
	}
}

func TestFollowingMessages(t *testing.T) {
	r := New(func() time.Time { return epoch })
	_, more := r.Messages(0, "")
	r.Message(epoch, "main", true, sip("OPTIONS x SIP/2.0", "a", "1 OPTIONS", ""))
	<-more
	r.Message(epoch, "main", true, sip("OPTIONS x SIP/2.0", "b", "1 OPTIONS", ""))
	if l, _ := r.Messages(1, ""); len(l) != 1 || l[0].ID != 2 {
		t.Errorf("%+v", l)
	}
	if l, _ := r.Messages(0, "a"); len(l) != 1 || l[0].ID != 1 {
		t.Errorf("%+v", l)
	}
}

var external = regexp.MustCompile(`(?i)(src|href)="(?:https?:|//)|<script|style="|url\(|@import`)

// TestThePageStandsAlone: it asks for nothing, is well formed, escapes what others
// wrote, and says everything twice: as a picture and in words.
func TestThePageStandsAlone(t *testing.T) {
	r := flown()
	r.Message(epoch, "main", false, sip("MESSAGE <script>alert(1)</script> SIP/2.0", "evil", "1 MESSAGE", "\x00\xff<img src=x>"))
	r.Event(epoch, "incoming-call", map[string]any{"call": 8, "callId": "u-8", "phoneNumber": `<script>"'`, "callerName": "</title><b>"})
	rep := r.Report(map[string]any{"version": "1.2"}, []health.Problem{{Code: "a", Title: "<script>"}})
	var b bytes.Buffer
	if err := rep.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if f := os.Getenv("FLIGHT_PAGE"); f != "" { // to look at
		if err := os.WriteFile(f, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := b.String()
	if m := external.FindString(s); m != "" {
		t.Errorf("the page has %q", m)
	}
	for _, want := range []string{"INVITE sip:9196@lab.test", "180 Ringing", `class="ladder"`, `aria-label="Packet loss: on average`, "hung_up", "fair at worst", "Content-Security-Policy"} {
		if !strings.Contains(s, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(s, -1) {
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, svg)
			}
		}
	}
	if len(s) > 200_000 {
		t.Errorf("%d bytes", len(s))
	}
}

func TestZip(t *testing.T) {
	rep := flown().Report(map[string]any{"version": "1"}, nil)
	name := filepath.Join(t.TempDir(), rep.Name())
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.WriteZip(f, File{"log.txt", []byte("line")}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "report.html report.json log.txt" {
		t.Fatal(got)
	}
	in, err := z.Open("report.json")
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.NewDecoder(in).Decode(&back); err != nil || back.Format != Format || len(back.Calls) != 1 || len(back.Calls[0].Samples) != 40 {
		t.Errorf("%v %+v", err, back)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{"", "\r\n\r\n", sip("INVITE x SIP/2.0", "a", "1 INVITE", ""), sip("SIP/2.0 200 OK", "a", "1 INVITE", "v=0"), sip("INFO x SIP/2.0", "a", "2 INFO", "Signal=1"), "SIP/2.0 99999999999999999999 x", "\xff\xfe: \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := New(func() time.Time { return epoch })
		r.Link(1, "u", "a")
		r.Message(epoch, "l", true, s)
		rep := r.Report(nil, nil)
		var b bytes.Buffer
		if err := rep.WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		if m := external.FindString(b.String()); m != "" && !strings.Contains(s, m) {
			t.Errorf("%q", m)
		}
	})
}
