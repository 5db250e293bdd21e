package lab_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/lab/sdptext"
)

// peer is a browser-like WebRTC end.
type peer struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticSample
	got   chan []byte
	up    chan struct{}
}

func newPeer(t *testing.T, mime string) *peer {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetInterfaceFilter(func(n string) bool { return n == "lo" })
	s.SetHandleUndeclaredSSRCWithoutAnswer(true)
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(m)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	p := &peer{pc: pc, got: make(chan []byte, 1000), up: make(chan struct{})}
	p.track, err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(p.track); err != nil {
		t.Fatal(err)
	}
	pc.OnTrack(func(tr *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			pkt, _, err := tr.ReadRTP()
			if err != nil {
				return
			}
			select {
			case p.got <- pkt.Payload:
			default:
			}
		}
	})
	pc.OnConnectionStateChange(func(st webrtc.PeerConnectionState) {
		if st == webrtc.PeerConnectionStateConnected {
			close(p.up)
		}
	})
	return p
}

func (p *peer) settle(t *testing.T, d webrtc.SessionDescription, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(d); err != nil {
		t.Fatal(err)
	}
	<-done
	return p.pc.LocalDescription().SDP
}

func (p *peer) offer(t *testing.T) string {
	t.Helper()
	d, err := p.pc.CreateOffer(nil)
	return p.settle(t, d, err)
}

func (p *peer) answer(t *testing.T, offer string) string {
	t.Helper()
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		t.Fatal(err)
	}
	d, err := p.pc.CreateAnswer(nil)
	return p.settle(t, d, err)
}

func (p *peer) apply(t *testing.T, answer string) {
	t.Helper()
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
}

func (p *peer) connected(t *testing.T) {
	t.Helper()
	select {
	case <-p.up:
	case <-time.After(20 * time.Second):
		t.Fatal("media not connected")
	}
}

// hears sends payload until want comes back.
func (p *peer) hears(t *testing.T, payload []byte) {
	t.Helper()
	p.connected(t)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case got := <-p.got:
			if bytes.Equal(got, payload) {
				return
			}
		case <-tick.C:
			if err := p.track.WriteSample(media.Sample{Data: payload, Duration: 20 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
		case <-deadline:
			t.Fatal("the payload did not come back")
		}
	}
}

func kind(k string) func(b2b.Event) bool { return func(e b2b.Event) bool { return e.Kind == k } }

func await(t *testing.T, ex *lab.Exchange, k string) b2b.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	e, err := ex.Await(ctx, 0, kind(k))
	if err != nil {
		t.Fatalf("no %s: %v", k, err)
	}
	return e
}

func ulaw(n byte) []byte { return bytes.Repeat([]byte{n, ^n, 0x80 | n, 0x55}, 40) }

func TestRegister(t *testing.T) {
	for _, alg := range []string{"MD5", "SHA-256"} {
		t.Run(alg, func(t *testing.T) {
			ex := startLab(t, lab.Config{Digest: []string{alg}})
			p := dial(t, ex, "1001")
			if r := p.register(60); !strings.Contains(header(r, "Contact"), "expires=60") {
				t.Fatal(r)
			}
			if got := ex.Engine.Registered(); len(got) != 1 || got[0] != "1001" {
				t.Fatal(got)
			}
			p.register(0)
			if e := await(t, ex, "unregistered"); e.Code != 1 {
				t.Fatalf("%+v", e)
			}
			p.register(60)
			_ = p.ws.CloseNow()
			await(t, ex, "binding-lost")
			if got := ex.Engine.Registered(); len(got) != 0 {
				t.Fatal(got)
			}
		})
	}
}

func TestRegisterRefusals(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1001")
	d := &dialog{p: p, id: token(), from: p.aor() + ";tag=1", to: p.aor(), target: "sip:" + ex.Domain(), seq: 1}
	d.authorized("REGISTER", nil, "", "wrong")
	p.expect("SIP/2.0 403")
	for _, code := range []int{403, 423, 503} {
		ex.Faults.SetSIP(faults.SIP{RegisterStatus: code, RetryAfter: 7, MinExpires: 90, Times: 1})
		d.seq++
		d.request("REGISTER", nil, "")
		r := p.expect("SIP/2.0 " + strconv.Itoa(code))
		if header(r, "Retry-After") != "7" || code == 423 && header(r, "Min-Expires") != "90" {
			t.Fatal(r)
		}
	}
	p.register(60) // once only
}

func TestStaleNonce(t *testing.T) {
	ex := startLab(t, lab.Config{NonceLife: time.Nanosecond})
	p := dial(t, ex, "1001")
	d := &dialog{p: p, id: token(), from: p.aor() + ";tag=1", to: p.aor(), target: "sip:" + ex.Domain(), seq: 1}
	d.authorized("REGISTER", nil, "", p.password())
	if r := p.expect("SIP/2.0 401"); !strings.Contains(r, "stale=true") {
		t.Fatal(r)
	}
}

// The echo sends back payloads bit by bit, in G.711 and in Opus, whatever the
// exchange's way of writing descriptions.
func TestEcho(t *testing.T) {
	opus := append([]byte{0x78}, bytes.Repeat([]byte{0x5a}, 60)...)
	for _, c := range []struct {
		mime    string
		payload []byte
		codec   string
		style   sdptext.Style
	}{
		{webrtc.MimeTypePCMU, ulaw(3), "pcmu", sdptext.Pion}, {webrtc.MimeTypeOpus, opus, "opus", sdptext.Pion},
		{webrtc.MimeTypePCMU, ulaw(4), "pcmu", sdptext.RTPEngine}, {webrtc.MimeTypeOpus, opus, "opus", sdptext.Asterisk},
	} {
		t.Run(c.mime+" "+string(c.style), func(t *testing.T) {
			ex := startLab(t, lab.Config{Style: c.style})
			p := dial(t, ex, "1001")
			p.register(60)
			m := newPeer(t, c.mime)
			d := p.invite("9196", m.offer(t))
			res := p.expect("SIP/2.0 200")
			d.ack(res)
			m.apply(t, sdpOf(res))
			m.hears(t, c.payload)
			d.bye()
			await(t, ex, "ended")
			call := ex.Calls()[0]
			if !call.ByeSeen || !call.AckSeen || call.EndedBy != "1001" || call.Media.PacketsIn == 0 ||
				call.Media.PacketsOut == 0 || call.Media.CodecIn != c.codec || !strings.HasPrefix(call.Media.Profile, "SRTP_") ||
				call.Media.LocalFingerprint == call.Media.RemoteFingerprint || call.Media.RemoteFingerprint == "" {
				t.Fatalf("%+v", call)
			}
		})
	}
}

func TestEchoOff(t *testing.T) {
	ex := startLab(t, lab.Config{})
	ex.Faults.SetSIP(faults.SIP{EchoOff: true})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	d := p.invite("9196", m.offer(t))
	res := p.expect("SIP/2.0 200")
	d.ack(res)
	m.apply(t, sdpOf(res))
	m.connected(t)
	for range 10 {
		if err := m.track.WriteSample(media.Sample{Data: ulaw(1), Duration: 20 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
	}
	for ex.Calls()[0].Media.PacketsIn < 5 {
		if err := m.track.WriteSample(media.Sample{Data: ulaw(1), Duration: 20 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
	}
	d.bye()
	await(t, ex, "ended")
	if n := ex.Calls()[0].Media.PacketsOut; n != 0 {
		t.Fatalf("%d packets sent", n)
	}
}

func TestServiceNumbers(t *testing.T) {
	ex := startLab(t, lab.Config{})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	offer := m.offer(t)
	for number, want := range map[string]string{"9486": "486", "9404": "404", "9603": "603", "9503": "503", "9302": "302", "5555": "404", "1003": "480"} {
		d := p.invite(number, offer)
		r := p.expect("SIP/2.0 " + want)
		if want == "302" && header(r, "Contact") != "<sip:9196@"+ex.Domain()+">" {
			t.Fatal(r)
		}
		d.to = header(r, "To")
		d.request("ACK", nil, "")
	}
	d := p.invite("9480", offer)
	p.expect("SIP/2.0 180")
	d.request("CANCEL", nil, "")
	p.expect("SIP/2.0 200")
	d.to = header(p.expect("SIP/2.0 487"), "To")
	d.request("ACK", nil, "")
}

// Two phones through the B2BUA, twenty calls: descriptions pass unchanged, BYE
// goes through both ways, nothing is left over.
func TestTwentyCalls(t *testing.T) {
	ex := startLab(t, lab.Config{})
	a, b := dial(t, ex, "1001"), dial(t, ex, "1003")
	a.register(60)
	b.register(60)
	for i := range 20 {
		ma, mb := newPeer(t, webrtc.MimeTypePCMU), newPeer(t, webrtc.MimeTypePCMU)
		offer := ma.offer(t)
		da := a.invite("1003", offer)
		inv := b.expect("INVITE")
		if sdpOf(inv) != offer {
			t.Fatal("the offer was changed")
		}
		b.respond(inv, 180, "tb", "")
		a.expect("SIP/2.0 180")
		answer := mb.answer(t, sdpOf(inv))
		b.respond(inv, 200, "tb", answer)
		b.expect("ACK")
		res := a.expect("SIP/2.0 200")
		if sdpOf(res) != answer {
			t.Fatal("the answer was changed")
		}
		da.ack(res)
		ma.apply(t, answer)
		ma.connected(t)
		mb.connected(t)
		if i%2 == 0 {
			da.bye()
			b.respond(b.expect("BYE"), 200, "", "")
		} else {
			db := &dialog{p: b, id: header(inv, "Call-ID"), from: header(inv, "To") + ";tag=tb", to: header(inv, "From"),
				target: strings.Trim(header(inv, "Contact"), "<>"), seq: 0}
			db.bye()
			a.respond(a.expect("BYE"), 200, "", "")
		}
		if err := errors.Join(ma.pc.GracefulClose(), mb.pc.GracefulClose()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range ex.Calls() {
		if c.State != "ended" || !c.ByeSeen || !c.AckSeen {
			t.Errorf("%+v", c)
		}
	}
}

func write(t *testing.T, m *peer, payload []byte) {
	t.Helper()
	if err := m.track.WriteSample(media.Sample{Data: payload, Duration: 20 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
}
