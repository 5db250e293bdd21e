package lab_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/lab/sdptext"
)

// inbound lets Anna call p and answers with m; it gives p's side of the dialog.
func inbound(t *testing.T, ex *lab.Exchange, p *rawPhone, m *peer) *dialog {
	t.Helper()
	id, err := ex.SecondPhone().Call(p.user)
	if err != nil {
		t.Fatal(err)
	}
	inv := p.expect("INVITE")
	if header(inv, "Call-ID") != id || !strings.Contains(header(inv, "From"), `"Anna" <sip:1002@`) {
		t.Fatal(inv)
	}
	p.respond(inv, 180, "tb", "")
	p.respond(inv, 200, "tb", m.answer(t, sdpOf(inv)))
	p.expect("ACK")
	return &dialog{p: p, id: id, from: header(inv, "To") + ";tag=tb", to: header(inv, "From"),
		target: strings.Trim(header(inv, "Contact"), "<>"), seq: 0}
}

func TestSecondPhoneCalls(t *testing.T) {
	ex := startLab(t, lab.Config{})
	if err := ex.SecondPhone().Behave(b2b.Behaviour{Echo: true}); err != nil {
		t.Fatal(err)
	}
	p := dial(t, ex, "1001")
	p.register(60)
	m := newPeer(t, webrtc.MimeTypePCMU)
	d := inbound(t, ex, p, m)
	m.hears(t, ulaw(9))

	held := make(chan error, 1)
	go func() { held <- ex.SecondPhone().Hold(t.Context(), true) }()
	re := p.expect("INVITE")
	if !strings.Contains(sdpOf(re), "a=sendonly") {
		t.Fatal(re)
	}
	answer := m.pc.LocalDescription().SDP
	p.respond(re, 200, "", sdptext.SetDirection(answer, "recvonly"))
	p.expect("ACK")
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	if err := ex.SecondPhone().DTMF(t.Context(), "5", true); err != nil {
		t.Fatal(err)
	}
	if i := p.expect("INFO"); !strings.Contains(i, "Signal=5") {
		t.Fatal(i)
	} else {
		p.respond(i, 200, "", "")
	}
	d.bye()
	if e := await(t, ex, "ended"); e.User != "1001" {
		t.Fatalf("%+v", e)
	}
	if err := ex.SecondPhone().HangUp(); !errors.Is(err, b2b.ErrIdle) {
		t.Fatal(err)
	}
}

func TestSecondPhoneIsCalled(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	if err := ex.SecondPhone().Behave(b2b.Behaviour{Refuse: 603}); err != nil {
		t.Fatal(err)
	}
	d := p.invite("1002", m.offer(t))
	p.expect("SIP/2.0 180")
	d.to = header(p.expect("SIP/2.0 603"), "To")
	d.request("ACK", nil, "")
	if err := ex.SecondPhone().Behave(b2b.Behaviour{ToneHz: 440, HangUpAfter: 300 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	d = p.invite("1002", m.pc.LocalDescription().SDP)
	p.expect("SIP/2.0 180")
	res := p.expect("SIP/2.0 200")
	d.ack(res)
	m.apply(t, sdpOf(res))
	m.connected(t)
	<-m.got // sound arrives
	p.respond(p.expect("BYE"), 200, "", "")
	if c := ex.Calls()[1]; c.EndedBy != "1002" || c.ByeSeen {
		t.Fatalf("%+v", c)
	}
}

// The far party of a call lands in the slot and can be retrieved, with sound.
func TestPark(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	if err := ex.SecondPhone().Behave(b2b.Behaviour{Echo: true}); err != nil {
		t.Fatal(err)
	}
	d := p.invite("1002", m.offer(t))
	p.expect("SIP/2.0 180")
	res := p.expect("SIP/2.0 200")
	d.ack(res)
	m.apply(t, sdpOf(res))
	if err := ex.Engine.Park(d.id, "799", false); err == nil {
		t.Fatal("799 is no slot")
	}
	if err := ex.Engine.Park(d.id, "705", false); err != nil {
		t.Fatal(err)
	}
	p.respond(p.expect("BYE"), 200, "", "")
	s := ex.Engine.Slots()[5]
	if s.Party != "1002" || s.By != "1001" {
		t.Fatalf("%+v", s)
	}
	m2 := newPeer(t, webrtc.MimeTypePCMU)
	d = p.invite("705", m2.offer(t))
	res = p.expect("SIP/2.0 200")
	d.ack(res)
	m2.apply(t, sdpOf(res))
	m2.hears(t, ulaw(7))
	if s := ex.Engine.Slots()[5]; s.Party != "" {
		t.Fatalf("%+v", s)
	}
	d.bye()
}

// A phone is parked by another: it is re-invited to the lab's media, and who
// retrieves it hears it through the lab.
func TestParkPhone(t *testing.T) {
	ex := startLab(t, lab.Config{})
	a, b := dial(t, ex, "1001"), dial(t, ex, "1003")
	b.register(60)
	ma, mb := newPeer(t, webrtc.MimeTypePCMU), newPeer(t, webrtc.MimeTypePCMU)
	da := a.invite("1003", ma.offer(t))
	inv := b.expect("INVITE")
	answer := mb.answer(t, sdpOf(inv))
	b.respond(inv, 200, "tb", answer)
	b.expect("ACK")
	da.ack(a.expect("SIP/2.0 200"))
	if err := ex.Engine.Park(da.id, "700", false); err != nil {
		t.Fatal(err)
	}
	a.respond(a.expect("BYE"), 200, "", "")
	mb2 := newPeer(t, webrtc.MimeTypePCMU)
	re := b.expect("INVITE")
	b.respond(re, 200, "", mb2.answer(t, sdpOf(re)))
	b.expect("ACK")
	mb2.connected(t)
	<-mb2.got // hold music

	ma2 := newPeer(t, webrtc.MimeTypePCMU)
	da = a.invite("700", ma2.offer(t))
	res := a.expect("SIP/2.0 200")
	da.ack(res)
	ma2.apply(t, sdpOf(res))
	ma2.connected(t)
	crosses(t, ma2, mb2, ulaw(11))
	crosses(t, mb2, ma2, ulaw(12))
	da.bye()
	b.respond(b.expect("BYE"), 200, "", "")
}

// crosses sends a payload from one peer until it is heard by the other.
func crosses(t *testing.T, from, to *peer, payload []byte) {
	t.Helper()
	(&peer{track: from.track, got: to.got, up: to.up}).hears(t, payload)
}

func TestBlindTransfer(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1001")
	p.register(60)
	m := newPeer(t, webrtc.MimeTypePCMU)
	c := dial(t, ex, "1003")
	c.register(60)
	d := inbound(t, ex, p, m)
	refer := func(to string) {
		d.seq++
		d.request("REFER", []string{"Refer-To: <sip:" + to + "@" + ex.Domain() + ">"}, "")
		p.expect("SIP/2.0 202")
		n := p.expect("NOTIFY")
		if !strings.Contains(n, "100 Trying") {
			t.Fatal(n)
		}
		p.respond(n, 200, "", "")
	}
	refer("9486")
	n := p.expect("NOTIFY")
	if !strings.Contains(n, "SIP/2.0 486") || !strings.Contains(n, "terminated") {
		t.Fatal(n)
	}
	p.respond(n, 200, "", "")
	refer("1003")
	mc := newPeer(t, webrtc.MimeTypePCMU)
	inv := c.expect("INVITE")
	c.respond(inv, 200, "tc", mc.answer(t, sdpOf(inv)))
	c.expect("ACK")
	n = p.expect("NOTIFY")
	if !strings.Contains(n, "SIP/2.0 200") {
		t.Fatal(n)
	}
	p.respond(n, 200, "", "")
	p.respond(p.expect("BYE"), 200, "", "")
	mc.connected(t)
	<-mc.got // Anna's tone
}

func TestInfo(t *testing.T) {
	ex := startLab(t, lab.Config{RecordInfo: true})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	d := p.invite("9300", m.offer(t))
	d.ack(p.expect("SIP/2.0 200"))
	for _, s := range []string{"Signal=4\r\nDuration=160\r\n", "Signal=#\r\n", "Signal=xx\r\n"} {
		d.seq++
		d.request("INFO", []string{"Content-Type: application/dtmf-relay"}, s)
		p.expect("SIP/2.0 200")
	}
	d.seq++
	d.request("INFO", []string{"Content-Type: application/x-recording-command"}, "start")
	p.expect("SIP/2.0 200")
	i := p.expect("INFO")
	if sdpOf(i) != "start" || header(i, "Content-Type") != "application/x-recording-command" {
		t.Fatal(i)
	}
	p.respond(i, 200, "", "")
	if c := ex.Calls()[0]; c.Digits != "4#" || !c.Recording {
		t.Fatalf("%+v", c)
	}
	d.seq++
	d.request("INFO", []string{"Record: off"}, "")
	p.expect("SIP/2.0 200")
	p.respond(p.expect("INFO"), 200, "", "")
	if ex.Calls()[0].Recording {
		t.Fatal("still recording")
	}
	d.bye()
}

func TestToneIsHeard(t *testing.T) {
	ex := startLab(t, lab.Config{})
	if err := ex.SecondPhone().Behave(b2b.Behaviour{Silent: true}); err != nil {
		t.Fatal(err)
	}
	ex.Faults.SetSIP(faults.SIP{Codecs: []string{"pcma"}})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMA)
	d := p.invite("1002", m.offer(t))
	p.expect("SIP/2.0 180")
	res := p.expect("SIP/2.0 200")
	d.ack(res)
	if a, err := sdptext.Read(sdpOf(res)); err != nil || a.Formats[0].Name != "pcma" {
		t.Fatalf("%+v %v", a, err)
	}
	m.apply(t, sdpOf(res))
	m.connected(t)
	// 0xd5 is A-law's smallest positive value; 0x2a near full scale.
	loud := strings.Repeat("\x2a\xaa", 80)
	for end := time.Now().Add(15 * time.Second); ; {
		crossOnce(t, m, []byte(loud))
		if pcm, rate := ex.SecondPhone().Heard(); rate == 8000 && len(pcm) >= 160 && math.Abs(float64(pcm[0])) > 20000 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("Anna heard nothing")
		}
	}
	d.bye()
}

// A lost ACK makes the exchange repeat its 200; a BYE may stay unanswered.
func TestLostACKAndBYE(t *testing.T) {
	ex := startLab(t, lab.Config{})
	ex.Faults.SetSIP(faults.SIP{LoseACK: 1, IgnoreBYE: 1})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	d := p.invite("9100", m.offer(t))
	d.ack(p.expect("SIP/2.0 200"))
	p.expect("SIP/2.0 200")
	d.request("ACK", nil, "")
	await(t, ex, "acked")
	d.seq++
	d.request("BYE", nil, "")
	await(t, ex, "bye")
	if ex.Calls()[0].State != "answered" {
		t.Fatalf("%+v", ex.Calls()[0])
	}
	d.bye()
	if c := ex.Calls()[0]; c.State != "ended" {
		t.Fatalf("%+v", c)
	}
}

func TestDeafToDTLS(t *testing.T) {
	ex := startLab(t, lab.Config{})
	ex.Faults.SetSIP(faults.SIP{DeafDTLSMS: 1200})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	d := p.invite("9196", m.offer(t))
	res := p.expect("SIP/2.0 200")
	if !strings.Contains(res, "a=setup:passive") {
		t.Fatal(res)
	}
	d.ack(res)
	m.apply(t, sdpOf(res))
	m.hears(t, ulaw(2))
	if n := ex.Calls()[0].Media.DTLSDropped; n == 0 {
		t.Fatal("nothing was dropped")
	}
	d.bye()
}

func TestPingAndDrop(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1001")
	p.register(60)
	if err := ex.Engine.PingAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.send("", "", "") // CRLFCRLF
	p.expect("\r\n")
	if err := ex.Engine.DropSockets(); err != nil {
		t.Fatal(err)
	}
	<-p.closed
	await(t, ex, "binding-lost")
}

func crossOnce(t *testing.T, m *peer, payload []byte) {
	t.Helper()
	tick := time.NewTimer(20 * time.Millisecond)
	<-tick.C
	write(t, m, payload)
}
