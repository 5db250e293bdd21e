package lab_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
)

// watch subscribes and gives the dialog and the body of the first NOTIFY.
func (p *rawPhone) watch(event, resource string) (*dialog, string) {
	p.t.Helper()
	uri := "sip:" + resource + "@" + p.ex.Domain()
	d := &dialog{p: p, id: token(), from: p.aor() + ";tag=" + token(), to: "<" + uri + ">", target: uri, seq: 1}
	d.authorized("SUBSCRIBE", []string{"Event: " + event, "Expires: 60"}, "", p.password())
	res := p.expect("SIP/2.0 200")
	if header(res, "Expires") != "60" {
		p.t.Fatal(res)
	}
	d.to, d.target = header(res, "To"), strings.Trim(header(res, "Contact"), "<>")
	return d, p.news()
}

// news answers the next NOTIFY and gives its body.
func (p *rawPhone) news() string {
	p.t.Helper()
	n := p.expect("NOTIFY")
	p.respond(n, 200, "", "")
	return sdpOf(n)
}

// lamp reads a dialog-info document with the one dialog it has at most.
type lamp struct {
	Version int `xml:"version,attr"`
	Dialog  struct {
		CallID    string `xml:"call-id,attr"`
		LocalTag  string `xml:"local-tag,attr"`
		RemoteTag string `xml:"remote-tag,attr"`
		Direction string `xml:"direction,attr"`
		State     string `xml:"state"`
		Remote    struct {
			Identity string `xml:"identity"`
		} `xml:"remote"`
		Local struct {
			Target struct {
				Param struct {
					Value string `xml:"pvalue,attr"`
				} `xml:"param"`
			} `xml:"target"`
		} `xml:"local"`
	} `xml:"dialog"`
}

func readLamp(t *testing.T, doc string) lamp {
	t.Helper()
	var l lamp
	if err := xml.Unmarshal([]byte(doc), &l); err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
	return l
}

// A watched line shows the call that rings at it, and the call can be picked up.
func TestWatchAndPickUp(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p, rings := dial(t, ex, "1001"), dial(t, ex, "1003")
	p.register(60)
	rings.register(60)
	_, doc := p.watch("dialog", "1003")
	if l := readLamp(t, doc); l.Dialog.State != "" || !strings.Contains(doc, `entity="sip:1003@`+ex.Domain()) {
		t.Fatal(doc)
	}
	if _, err := ex.SecondPhone().Call("1003"); err != nil {
		t.Fatal(err)
	}
	inv := rings.expect("INVITE")
	if l := readLamp(t, p.news()); l.Dialog.State != "trying" {
		t.Fatalf("%+v", l)
	}
	rings.respond(inv, 180, "tr", "")
	l := readLamp(t, p.news())
	if d := l.Dialog; d.State != "early" || d.Direction != "recipient" || d.LocalTag != "tr" || d.Remote.Identity != "sip:1002@"+ex.Domain() {
		t.Fatalf("%+v", l)
	}
	m := newPeer(t, webrtc.MimeTypePCMU)
	uri := "sip:1002@" + ex.Domain()
	d := &dialog{p: p, id: token(), from: p.aor() + ";tag=" + token(), to: "<" + uri + ">", target: uri, seq: 1}
	d.authorized("INVITE", []string{fmt.Sprintf("Replaces: %s;to-tag=%s;from-tag=%s;early-only", l.Dialog.CallID, l.Dialog.RemoteTag, l.Dialog.LocalTag)},
		m.offer(t), p.password())
	cancel := rings.expect("CANCEL")
	if !strings.Contains(header(cancel, "Reason"), "cause=200") {
		t.Fatal(cancel)
	}
	rings.respond(cancel, 200, "tr", "")
	rings.respond(inv, 487, "tr", "")
	res := ""
	for res == "" { // the lamp goes out beside the answer
		select {
		case got := <-p.in:
			switch {
			case strings.HasPrefix(got, "NOTIFY"):
				p.respond(got, 200, "", "")
			case strings.HasPrefix(got, "SIP/2.0 200"):
				res = got
			}
		case <-t.Context().Done():
			t.Fatal("no answer")
		}
	}
	d.ack(res)
	m.apply(t, sdpOf(res))
	m.connected(t)
	<-m.got
	if _, err := ex.Await(t.Context(), 0, func(e b2b.Event) bool { return e.Kind == "picked-up" && e.User == "1001" && e.Detail == "1003" }); err != nil {
		t.Fatal(err)
	}
}

// A call between two phones is taken over by a third before it is answered.
func TestPickUpBetweenPhones(t *testing.T) {
	ex := startLab(t, lab.Config{})
	a, rings, p := dial(t, ex, "1001"), dial(t, ex, "1003"), dial(t, ex, "1004")
	rings.register(60)
	ma, mp := newPeer(t, webrtc.MimeTypePCMU), newPeer(t, webrtc.MimeTypePCMU)
	da := a.invite("1003", ma.offer(t))
	inv := rings.expect("INVITE")
	rings.respond(inv, 180, "tr", "")
	a.expect("SIP/2.0 180")
	dp := p.invite("**1003", mp.offer(t))
	cancel := rings.expect("CANCEL")
	rings.respond(cancel, 200, "tr", "")
	rings.respond(inv, 487, "tr", "")
	res := a.expect("SIP/2.0 200")
	da.ack(res)
	ma.apply(t, sdpOf(res))
	res = p.expect("SIP/2.0 200")
	dp.ack(res)
	mp.apply(t, sdpOf(res))
	ma.connected(t)
	mp.connected(t)
	crosses(t, ma, mp, ulaw(21))
	crosses(t, mp, ma, ulaw(22))
	dp.bye()
	a.respond(a.expect("BYE"), 200, "", "")
	for _, c := range ex.Calls() {
		if c.State != "ended" {
			t.Fatalf("%+v", c)
		}
	}
}

// A slot's lamp follows the parked call, and lamps can be set by hand.
func TestWatchSlot(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1003")
	d, doc := p.watch("dialog", "park+701")
	if l := readLamp(t, doc); l.Dialog.State != "" {
		t.Fatal(doc)
	}
	q := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	call := q.invite("701", m.offer(t))
	call.ack(q.expect("SIP/2.0 200"))
	if l := readLamp(t, p.news()); l.Dialog.State != "confirmed" || l.Dialog.Remote.Identity != "sip:1001@"+ex.Domain() || l.Version != 1 {
		t.Fatalf("%+v", l)
	}
	call.bye()
	if l := readLamp(t, p.news()); l.Dialog.State != "" {
		t.Fatalf("%+v", l)
	}
	if err := ex.Engine.SetLamp("701", b2b.Lamp{State: "confirmed", Remote: "+15550100", Held: true}); err != nil {
		t.Fatal(err)
	}
	if l := readLamp(t, p.news()); l.Dialog.State != "confirmed" || l.Dialog.Local.Target.Param.Value != "no" {
		t.Fatalf("%+v", l)
	}
	if err := ex.Engine.SetLamp("701", b2b.Lamp{}); err != nil {
		t.Fatal(err)
	}
	p.news()
	for _, bad := range []struct {
		what string
		l    b2b.Lamp
		want error
	}{{"799", b2b.Lamp{State: "idle"}, b2b.ErrNoUser}, {"701", b2b.Lamp{State: "purple"}, b2b.ErrNoState}} {
		if err := ex.Engine.SetLamp(bad.what, bad.l); !errors.Is(err, bad.want) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	d.seq++
	d.request("SUBSCRIBE", []string{"Event: dialog", "Expires: 0"}, "")
	chal := p.expect("SIP/2.0 407")
	d.seq++
	d.request("SUBSCRIBE", []string{"Event: dialog", "Expires: 0", d.credentials("SUBSCRIBE", chal, p.password())}, "")
	p.expect("SIP/2.0 200")
	if n := p.expect("NOTIFY"); header(n, "Subscription-State") != "terminated;reason=timeout" {
		t.Fatal(n)
	}
	if w := ex.Engine.Watchers(); len(w) != 0 {
		t.Fatal(w)
	}
}

// Messages are told to who asked, and to who did not; listening hears them.
func TestMailbox(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p, silent := dial(t, ex, "1001"), dial(t, ex, "1001")
	p.register(60)
	silent.register(60)
	if _, doc := p.watch("message-summary", "1001"); !strings.Contains(doc, "Messages-Waiting: no") {
		t.Fatal(doc)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, ex.AdminURL()+"/mailbox/1001", bytes.NewBufferString(`{"new":2,"old":1}`))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	for _, phone := range []*rawPhone{p, silent} {
		if doc := phone.news(); !strings.Contains(doc, "Messages-Waiting: yes") || !strings.Contains(doc, "Voice-Message: 2/1 ") {
			t.Fatal(doc)
		}
	}
	m := newPeer(t, webrtc.MimeTypePCMU)
	d := silent.invite("*97", m.offer(t))
	var parts []string
	for len(parts) < 2 {
		got := silent.expect("")
		switch {
		case strings.HasPrefix(got, "NOTIFY"):
			silent.respond(got, 200, "", "")
			parts = append(parts, sdpOf(got))
		case strings.HasPrefix(got, "SIP/2.0 200"):
			d.ack(got)
			parts = append(parts, "answered")
		}
	}
	if !slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(s, "Voice-Message: 0/3 ") }) {
		t.Fatal(parts)
	}
	if doc := p.news(); !strings.Contains(doc, "Messages-Waiting: no") {
		t.Fatal(doc)
	}
	if box := ex.Engine.Mailbox("1001"); box != (b2b.Mailbox{Old: 3}) {
		t.Fatal(box)
	}
	d.bye()
}

func TestCheckSync(t *testing.T) {
	ex := startLab(t, lab.Config{})
	if err := ex.Engine.CheckSync("1001", true); !errors.Is(err, b2b.ErrNotRegistered) {
		t.Fatal(err)
	}
	p := dial(t, ex, "1001")
	p.register(60)
	if err := ex.Engine.CheckSync("1001", true); err != nil {
		t.Fatal(err)
	}
	n := p.expect("NOTIFY")
	if header(n, "Event") != "check-sync;reboot=true" {
		t.Fatal(n)
	}
	p.respond(n, 200, "t", "")
	if e := await(t, ex, "notified"); e.Code != 200 {
		t.Fatalf("%+v", e)
	}
}

func TestSubscribeRefused(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1001")
	ask := func(resource, event string, expires int) string {
		uri := "sip:" + resource + "@" + ex.Domain()
		d := &dialog{p: p, id: token(), from: p.aor() + ";tag=" + token(), to: "<" + uri + ">", target: uri, seq: 1}
		h := []string{"Event: " + event, fmt.Sprintf("Expires: %d", expires)}
		d.request("SUBSCRIBE", h, "")
		if m := p.expect("SIP/2.0 "); !strings.HasPrefix(m, "SIP/2.0 407") {
			return m
		} else {
			d.seq++
			d.request("SUBSCRIBE", append(h, d.credentials("SUBSCRIBE", m, p.password())), "")
		}
		return p.expect("SIP/2.0 ")
	}
	for _, c := range []struct {
		resource, event string
		expires, want   int
	}{{"1003", "presence", 60, 489}, {"7777", "dialog", 60, 404}, {"701", "message-summary", 60, 404}, {"1003", "dialog", 1, 423}} {
		if m := ask(c.resource, c.event, c.expires); !strings.HasPrefix(m, fmt.Sprintf("SIP/2.0 %d", c.want)) {
			t.Errorf("%+v: %s", c, m)
		}
	}
	ex.Faults.SetSIP(faults.SIP{SubscribeStatus: 403})
	if m := ask("1003", "dialog", 60); !strings.HasPrefix(m, "SIP/2.0 403") {
		t.Error(m)
	}
}
