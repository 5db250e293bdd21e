package rtc

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"

	"phoned/media"
)

// deafNet is a network whose sockets lose DTLS for a time: some exchanges are
// not ready for it when they answer.
type deafNet struct {
	*stdnet.Net
	hears atomic.Bool
}

func (n *deafNet) ListenUDP(network string, a *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(network, a)
	return deafConn{c, n}, err
}

func (n *deafNet) ListenPacket(network, a string) (net.PacketConn, error) {
	c, err := n.Net.ListenPacket(network, a)
	return deafPacketConn{c, n}, err
}

type deafConn struct {
	transport.UDPConn
	n *deafNet
}

func (c deafConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		k, a, err := c.UDPConn.ReadFrom(b)
		if err != nil || c.n.hears.Load() || !isDTLS(b[:k]) {
			return k, a, err
		}
	}
}

func (c deafConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	for {
		k, a, err := c.UDPConn.ReadFromUDP(b)
		if err != nil || c.n.hears.Load() || !isDTLS(b[:k]) {
			return k, a, err
		}
	}
}

type deafPacketConn struct {
	net.PacketConn
	n *deafNet
}

func (c deafPacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		k, a, err := c.PacketConn.ReadFrom(b)
		if err != nil || c.n.hears.Load() || !isDTLS(b[:k]) {
			return k, a, err
		}
	}
}

// plainPeer is Pion alone, as an exchange: DTLS server, and its descriptions as
// FreeSWITCH writes them.
func plainPeer(t *testing.T, n transport.Net) *webrtc.PeerConnection {
	t.Helper()
	e := webrtc.SettingEngine{}
	e.SetIncludeLoopbackCandidate(true)
	e.SetIPFilter(isLoopback)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if n != nil {
		e.SetNet(n)
		if err := e.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
			t.Fatal(err)
		}
	}
	m := &webrtc.MediaEngine{}
	for _, c := range []webrtc.RTPCodecParameters{
		{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, PayloadType: 0},
		{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 102},
	} {
		if err := m.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(m)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	return pc
}

// like FreeSWITCH: no identification, no group, no ssrc, no direction.
func asFreeSWITCH(text string) []byte {
	var out []string
	for _, l := range strings.Split(text, "\r\n") {
		switch {
		case strings.HasPrefix(l, "a=mid"), strings.HasPrefix(l, "a=group"), strings.HasPrefix(l, "a=ssrc"), strings.HasPrefix(l, "a=msid"), l == "a=sendrecv", l == "a=extmap-allow-mixed", l == "a=cryptex":
		default:
			out = append(out, l)
		}
	}
	return []byte(strings.Join(out, "\r\n"))
}

func answerOf(t *testing.T, pc *webrtc.PeerConnection, offer []byte) []byte {
	t.Helper()
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(offer)}); err != nil {
		t.Fatal(err)
	}
	d, err := pc.CreateAnswer(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		t.Fatal(err)
	}
	<-done
	return asFreeSWITCH(pc.LocalDescription().SDP)
}

// A peer that hears no DTLS until some time after its answer must be up within
// 300 ms of hearing, whenever that is.
func TestPeerDeafToDTLS(t *testing.T) {
	for _, deaf := range []time.Duration{400 * time.Millisecond, 1200 * time.Millisecond, 1700 * time.Millisecond} {
		t.Run(deaf.String(), func(t *testing.T) { deafPeer(t, deaf) })
	}
}

func deafPeer(t *testing.T, deaf time.Duration) {
	std, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	n := &deafNet{Net: std}
	pc := plainPeer(t, n)
	s := loop(t, Config{})
	offer, err := s.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), answerOf(t, pc, offer)); err != nil {
		t.Fatal(err)
	}
	heard := make(chan time.Time, 1)
	time.AfterFunc(deaf, func() { heard <- time.Now(); n.hears.Store(true) })
	for e := range s.Events() {
		switch e.Kind {
		case media.Failed:
			t.Fatal(e.Detail)
		case media.Flowing:
			select {
			case at := <-heard:
				d := time.Since(at)
				t.Logf("up %v after hearing", d)
				if d > 300*time.Millisecond {
					t.Errorf("up %v after the peer could hear", d)
				}
			default:
				t.Error("up while the peer was deaf: the test is no test")
			}
			return
		}
	}
}

// Against Pion alone that writes as FreeSWITCH does, with its own Opus number,
// in both roles.
func TestPlainPeerThatWritesLikeFreeSWITCH(t *testing.T) {
	for _, role := range []string{"it answers", "it offers"} {
		t.Run(role, func(t *testing.T) {
			pc := plainPeer(t, nil)
			track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, "a", "b")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pc.AddTrack(track); err != nil {
				t.Fatal(err)
			}
			got := make(chan webrtc.PayloadType, 1)
			pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { got <- r.PayloadType() })
			s := loop(t, Config{Codecs: []string{"PCMU"}})
			if role == "it answers" {
				offer, err := s.Offer(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Apply(t.Context(), answerOf(t, pc, offer)); err != nil {
					t.Fatal(err)
				}
			} else {
				d, err := pc.CreateOffer(nil)
				if err != nil {
					t.Fatal(err)
				}
				done := webrtc.GatheringCompletePromise(pc)
				if err := pc.SetLocalDescription(d); err != nil {
					t.Fatal(err)
				}
				<-done
				answer, err := s.Answer(t.Context(), asFreeSWITCH(pc.LocalDescription().SDP))
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(answer), "a=mid") || strings.Contains(string(answer), "BUNDLE") {
					t.Errorf("an identification in answer to none\n%s", answer)
				}
				// A browser would refuse that; give Pion its identification back.
				text := strings.Replace(string(answer), "a=setup", "a=mid:0\r\na=setup", 1)
				text = strings.Replace(text, "t=0 0\r\n", "t=0 0\r\na=group:BUNDLE 0\r\n", 1)
				if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}); err != nil {
					t.Fatal(err)
				}
			}
			exchangeTone(t, s, track, got)
		})
	}
}

// exchangeTone sends ours and waits for it, and hears what the peer writes.
func exchangeTone(t *testing.T, s media.Session, track *webrtc.TrackLocalStaticRTP, got <-chan webrtc.PayloadType) {
	t.Helper()
	ours, theirs, seen := tone(1000), tone(500), false
	out := make([]int16, 480)
	var win []int16
	seq := uint16(0)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := range 1000 {
		<-tick.C
		s.Port().WriteFrame(ours.next(48000, 480))
		if i%2 == 0 {
			seq++
			p := pcmu(theirs.next(8000, 160), seq)
			if err := track.WriteRTP(p); err != nil {
				t.Fatal(err)
			}
		}
		s.Port().ReadFrame(out)
		if win = append(win, out...); len(win) > 4800 {
			win = win[480:]
		}
		select {
		case pt := <-got:
			seen = true
			if pt != 0 {
				t.Errorf("our voice came as %d", pt)
			}
		default:
		}
		if seen && goertzel(win, 500) > 4000 {
			return
		}
	}
	t.Fatalf("peer heard us: %v, we heard %.0f; %+v", seen, goertzel(win, 500), s.Stats())
}
