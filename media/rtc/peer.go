package rtc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/stats"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"phoned/internal/closegroup"
	"phoned/media"
	"phoned/media/sdp"
)

// peer is one Pion connection of a Session. Its methods are called under the
// Session's mutex, its callbacks without.
type peer struct {
	srtp   string // the profile, once known
	s      *Session
	pc     *webrtc.PeerConnection
	track  *track
	sender *webrtc.RTPSender
	getter stats.Getter
	net    *eagerNet
	setup  string // our DTLS role in descriptions: active or passive

	closing atomic.Bool
	group   closegroup.Group
}

// newPeer makes a connection; like gives it the ICE credentials of an offer
// that is already out, nil new ones.
func (s *Session) newPeer(like *sdp.Local) (*peer, error) {
	p := &peer{s: s, track: newTrack()}
	engine, err := mediaEngine()
	if err != nil {
		return nil, err
	}
	registry, err := p.interceptors()
	if err != nil {
		return nil, err
	}
	setting, err := p.settings(like)
	if err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(setting))
	conf := webrtc.Configuration{Certificates: []webrtc.Certificate{s.cert}, BundlePolicy: webrtc.BundlePolicyMaxBundle}
	if s.cfg.Policy == Relay {
		conf.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	for _, v := range s.cfg.ICEServers {
		conf.ICEServers = append(conf.ICEServers, webrtc.ICEServer{URLs: v.URLs, Username: v.Username, Credential: v.Password.Reveal()})
	}
	if p.pc, err = api.NewPeerConnection(conf); err != nil {
		return nil, fmt.Errorf("peer connection: %w", err)
	}
	p.pc.OnConnectionStateChange(p.connectionState)
	p.pc.OnTrack(p.onTrack)
	if p.sender, err = p.pc.AddTrack(p.track); err != nil {
		p.close()
		return nil, fmt.Errorf("add track: %w", err)
	}
	p.group.Go(func() {
		for b := make([]byte, 1500); ; {
			if _, _, err := p.sender.Read(b); err != nil {
				return
			}
		}
	})
	return p, nil
}

// settings are Pion's knobs. What each is for is said where it is not plain.
func (p *peer) settings(like *sdp.Local) (webrtc.SettingEngine, error) {
	s, c := p.s, p.s.cfg
	e := webrtc.SettingEngine{LoggerFactory: pionLog{s.log}}
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	// Exchanges answer without a=ssrc, and transfers change the SSRC.
	e.SetHandleUndeclaredSSRCWithoutAnswer(true)
	net, err := newEagerNet(c.Clock, c.DTLSRetransmission, s.log)
	if err != nil {
		return e, err
	}
	e.SetNet(net)
	p.net = net
	e.DisableActiveTCP(true)
	// A far end that ends its DTLS says so by BYE, or the watch hears silence. Were
	// Pion to close by itself, it would do so while its statistics are read.
	e.DisableCloseByDTLS(true)
	e.SetIncludeLoopbackCandidate(c.Loopback || c.LoopbackOnly)
	if c.LoopbackOnly {
		e.SetIPFilter(isLoopback)
	} else if c.IPs != nil {
		e.SetIPFilter(c.IPs)
	}
	if c.Interfaces != nil {
		e.SetInterfaceFilter(c.Interfaces)
	}
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if c.IPv4Only {
		types = types[:1]
	}
	e.SetNetworkTypes(types)
	if c.Policy == Relay {
		e.SetRelayAcceptanceMinWait(0) // there is nothing better to wait for
	}
	if c.PortMin != 0 || c.PortMax != 0 {
		if err := e.SetEphemeralUDPPortRange(c.PortMin, c.PortMax); err != nil {
			return e, fmt.Errorf("port range %d–%d: %w", c.PortMin, c.PortMax, err)
		}
	}
	if like != nil {
		e.SetICECredentials(like.Ufrag, like.Pwd)
	}
	return e, nil
}

func mediaEngine() (*webrtc.MediaEngine, error) {
	e := &webrtc.MediaEngine{}
	for _, c := range sdp.Offer(nil) {
		channels := uint16(0)
		if c.Name == sdp.Opus {
			channels = 2
		}
		err := e.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/" + c.Name, ClockRate: uint32(c.Clock), Channels: channels, SDPFmtpLine: c.Fmtp},
			PayloadType:        webrtc.PayloadType(c.Type),
		}, webrtc.RTPCodecTypeAudio)
		if err != nil {
			return nil, fmt.Errorf("register %s: %w", c.Name, err)
		}
	}
	return e, nil
}

// interceptors are RTCP reports and statistics. Statistics come first: behind
// the reports they never see what round-trip times are computed from.
func (p *peer) interceptors() (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	st, err := stats.NewInterceptor()
	if err != nil {
		return nil, fmt.Errorf("statistics: %w", err)
	}
	st.OnNewPeerConnection(func(_ string, g stats.Getter) { p.getter = g })
	recv, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, fmt.Errorf("receiver reports: %w", err)
	}
	send, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, fmt.Errorf("sender reports: %w", err)
	}
	r.Add(st)
	r.Add(recv)
	r.Add(send)
	return r, nil
}

// offer makes and sets Pion's offer and waits for its candidates.
func (p *peer) offer(ctx context.Context, wait time.Duration) (sdp.Local, error) {
	d, err := p.pc.CreateOffer(nil)
	if err != nil {
		return sdp.Local{}, fmt.Errorf("create offer: %w", err)
	}
	return p.setLocal(ctx, wait, d)
}

func (p *peer) setLocal(ctx context.Context, wait time.Duration, d webrtc.SessionDescription) (sdp.Local, error) {
	done := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(d); err != nil {
		return sdp.Local{}, fmt.Errorf("set local description: %w", err)
	}
	late := make(chan struct{})
	t := p.s.clk.AfterFunc(wait, func() { close(late) })
	defer t.Stop()
	select {
	case <-done:
	case <-late: // what there is will do
	case <-ctx.Done():
		return sdp.Local{}, fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	l, err := sdp.FromPion(p.pc.LocalDescription().SDP)
	if err != nil {
		return l, fmt.Errorf("own description: %w", err)
	}
	l.SSRC = uint32(p.ssrc())
	return l, nil
}

// answer feeds Pion an offer and gives its answer.
func (p *peer) answer(ctx context.Context, wait time.Duration, r *sdp.Remote) (sdp.Local, error) {
	text, err := r.ForPion(false, nil)
	if err != nil {
		return sdp.Local{}, fmt.Errorf("%w: %w", media.ErrBadDescription, err)
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}); err != nil {
		return sdp.Local{}, fmt.Errorf("%w: %w", media.ErrBadDescription, err)
	}
	d, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return sdp.Local{}, fmt.Errorf("create answer: %w", err)
	}
	l, err := p.setLocal(ctx, wait, d)
	p.setup = l.Setup
	return l, err
}

// setAnswer feeds Pion an answer; offered are the numbers of our offer, which
// the far end may use whatever numbers it wrote itself.
func (p *peer) setAnswer(r *sdp.Remote, offered []sdp.Codec) error {
	text, err := r.ForPion(true, offered)
	if err == nil {
		err = p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text})
	}
	if err != nil {
		return fmt.Errorf("%w: %w", media.ErrBadDescription, err)
	}
	p.setup = "passive"
	if r.Setup == "passive" {
		p.setup = "active"
	}
	return nil
}

// addCandidates feeds what a later answer added.
func (p *peer) addCandidates(r *sdp.Remote) error {
	for _, c := range r.Candidates {
		if err := p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: "candidate:" + c}); err != nil {
			return fmt.Errorf("%w: candidate: %w", media.ErrBadDescription, err)
		}
	}
	return nil
}

func (p *peer) connectionState(st webrtc.PeerConnectionState) {
	if p.closing.Load() {
		return
	}
	switch st {
	case webrtc.PeerConnectionStateConnected:
		p.s.connectionUp(p)
	case webrtc.PeerConnectionStateFailed:
		p.s.connectionDown(p, "transport failed: "+p.states())
	}
}

// onTrack reads one SSRC of the far end until it ends; Pion has a goroutine
// for it.
func (p *peer) onTrack(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	if !p.group.Enter() { // Pion's closing does not wait for whom it calls here
		return
	}
	defer p.group.Leave()
	p.group.Go(func() {
		for b := make([]byte, 1500); ; {
			if _, _, err := r.Read(b); err != nil {
				return
			}
		}
	})
	b := make([]byte, 1500)
	for {
		n, _, err := t.Read(b)
		if n > 0 && (err == nil || errors.Is(err, webrtc.ErrCodecNotFound)) {
			p.s.voice.Receive(b[:n])
			continue
		}
		if err != nil {
			return
		}
	}
}

// close ends the connection and waits for its goroutines. The Session's mutex
// may be held: callbacks of a closing peer return without it.
func (p *peer) close() error {
	p.closing.Store(true)
	err := p.pc.GracefulClose()
	p.group.Close()
	if err != nil {
		return fmt.Errorf("close peer connection: %w", err)
	}
	return nil
}

// track is our voice as Pion's TrackLocal. Unlike Pion's own it leaves the
// payload types alone, for events have another than voice.
type track struct {
	mu   sync.Mutex
	w    webrtc.TrackLocalWriter
	ssrc uint32
}

func newTrack() *track { return &track{} }

// Bind implements webrtc.TrackLocal.
func (t *track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.w, t.ssrc = c.WriteStream(), uint32(c.SSRC())
	list := c.CodecParameters()
	if len(list) == 0 {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	return list[0], nil
}

// Unbind implements webrtc.TrackLocal.
func (t *track) Unbind(webrtc.TrackLocalContext) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.w = nil
	return nil
}

// ID implements webrtc.TrackLocal.
func (t *track) ID() string { return "voice" }

// RID implements webrtc.TrackLocal.
func (t *track) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (t *track) StreamID() string { return "phone" }

// Kind implements webrtc.TrackLocal.
func (t *track) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }

var errUnbound = errors.New("the connection does not take media yet")

// WriteRTP implements stream.Writer.
func (t *track) WriteRTP(h *rtp.Header, payload []byte) error {
	t.mu.Lock()
	w := t.w
	h.SSRC = t.ssrc
	t.mu.Unlock()
	if w == nil {
		return errUnbound
	}
	_, err := w.WriteRTP(h, payload)
	return err
}
