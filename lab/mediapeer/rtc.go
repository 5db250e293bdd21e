package mediapeer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"phoned/internal/closegroup"
	"phoned/lab/sdptext"
)

// rtc is one PeerConnection on one UDP socket. It only ever sees sendrecv:
// directions are the End's business.
type rtc struct {
	pc    *webrtc.PeerConnection
	sock  *socket
	mux   ice.UDPMux
	track *track
	got   func(*rtp.Packet)
	deaf  time.Duration
	group closegroup.Group
}

func newRTC(cfg Config, got func(*rtp.Packet)) (*rtc, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(cfg.IP)})
	if err != nil {
		return nil, err
	}
	r := &rtc{sock: &socket{PacketConn: conn}, got: got, deaf: cfg.Deaf, track: &track{}}
	r.mux = webrtc.NewICEUDPMux(nil, r.sock)
	if err := r.connect(cfg); err != nil {
		return nil, errors.Join(err, r.mux.Close(), conn.Close())
	}
	return r, nil
}

func (r *rtc) connect(cfg Config) error {
	m, err := codecsOf(cfg.Style)
	if err != nil {
		return err
	}
	var s webrtc.SettingEngine
	s.SetICEUDPMux(r.mux)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(true)
	s.SetHandleUndeclaredSSRCWithoutAnswer(true)
	if cfg.Passive || cfg.Deaf > 0 {
		if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
			return err
		}
	}
	var reg interceptor.Registry
	recv, err := report.NewReceiverInterceptor()
	if err != nil {
		return err
	}
	send, err := report.NewSenderInterceptor()
	if err != nil {
		return err
	}
	reg.Add(recv)
	reg.Add(send)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s), webrtc.WithInterceptorRegistry(&reg))
	r.pc, err = api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	sender, err := r.pc.AddTrack(r.track)
	if err != nil {
		return err
	}
	r.pc.OnTrack(func(t *webrtc.TrackRemote, recv *webrtc.RTPReceiver) { r.read(t, recv) })
	r.group.Go(func() { drain(func(b []byte) error { _, _, err := sender.Read(b); return err }) })
	return nil
}

// drain reads RTCP until its source ends: reports are only processed if read.
func drain(read func([]byte) error) {
	b := make([]byte, 1500)
	for read(b) == nil {
	}
}

func (r *rtc) read(t *webrtc.TrackRemote, recv *webrtc.RTPReceiver) {
	// Pion calls from a goroutine that its closing doesn't wait for.
	if !r.group.Enter() {
		return
	}
	defer r.group.Leave()
	r.group.Go(func() { drain(func(b []byte) error { _, _, err := recv.Read(b); return err }) })
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		r.got(p)
	}
}

// codecsOf registers what the lab speaks, with the style's payload types.
func codecsOf(style sdptext.Style) (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	for _, c := range []struct {
		pt       uint8
		mime     string
		clock    uint32
		channels uint16
		fmtp     string
	}{
		{style.OpusPT(), "audio/opus", 48000, 2, "minptime=10;useinbandfec=1"},
		{0, "audio/PCMU", 8000, 0, ""},
		{8, "audio/PCMA", 8000, 0, ""},
		{110, "audio/telephone-event", 48000, 0, "0-16"},
		{126, "audio/telephone-event", 8000, 0, "0-16"},
	} {
		err := m.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: webrtc.PayloadType(c.pt),
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: c.mime, ClockRate: c.clock, Channels: c.channels, SDPFmtpLine: c.fmtp},
		}, webrtc.RTPCodecTypeAudio)
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// settle sets a local description and waits until its candidates are in it.
func (r *rtc) settle(ctx context.Context, d webrtc.SessionDescription) (string, error) {
	done := webrtc.GatheringCompletePromise(r.pc)
	if err := r.pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-done:
		return r.pc.LocalDescription().SDP, nil
	}
}

func (r *rtc) offer(ctx context.Context) (string, error) {
	d, err := r.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	return r.settle(ctx, d)
}

func (r *rtc) answer(ctx context.Context, offer string) (string, error) {
	if err := r.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	d, err := r.pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	r.deafen()
	return r.settle(ctx, d)
}

func (r *rtc) apply(_ context.Context, answer string) error {
	r.deafen()
	return r.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

func (r *rtc) deafen() {
	if r.deaf > 0 {
		r.sock.deaf.Store(time.Now().Add(r.deaf).UnixNano())
	}
}

func (r *rtc) write(h *rtp.Header, payload []byte) error { return r.track.write(h, payload) }

func (r *rtc) fill(s *Stats) {
	s.Profile = r.sock.seen()
	s.DTLSDropped = r.sock.dropped.Load()
	s.Connected = r.pc.ConnectionState() == webrtc.PeerConnectionStateConnected
	for _, d := range []struct {
		sd *webrtc.SessionDescription
		to *string
	}{{r.pc.LocalDescription(), &s.LocalFingerprint}, {r.pc.RemoteDescription(), &s.RemoteFingerprint}} {
		if d.sd != nil {
			a, _ := sdptext.Read(d.sd.SDP)
			*d.to = a.Fingerprint
		}
	}
}

func (r *rtc) close() {
	_ = r.pc.GracefulClose()
	_ = r.mux.Close()
	_ = r.sock.Close()
	r.group.Close()
}

// track is a TrackLocal that sends packets with the payload type they have:
// Pion's own writes the first codec's into all, telephone-events too.
type track struct {
	mu   sync.Mutex
	ctx  webrtc.TrackLocalContext
	ssrc uint32
}

var errUnbound = fmt.Errorf("%w: track not bound", errNoRemote)

func (t *track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := c.CodecParameters()
	if len(p) == 0 {
		return webrtc.RTPCodecParameters{}, ErrNoCodec
	}
	t.ctx, t.ssrc = c, uint32(c.SSRC())
	return p[0], nil
}

func (t *track) Unbind(webrtc.TrackLocalContext) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ctx = nil
	return nil
}

func (t *track) write(h *rtp.Header, payload []byte) error {
	t.mu.Lock()
	c := t.ctx
	h.SSRC = t.ssrc
	t.mu.Unlock()
	if c == nil {
		return errUnbound
	}
	_, err := c.WriteStream().WriteRTP(h, payload)
	return err
}

func (*track) ID() string                { return "audio" }
func (*track) StreamID() string          { return "lab" }
func (*track) RID() string               { return "" }
func (*track) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }
