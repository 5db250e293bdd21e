package rtc

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"phoned/media"
)

func isLoopback(ip net.IP) bool { return ip.IsLoopback() }

// ssrc is our own.
func (p *peer) ssrc() webrtc.SSRC {
	if enc := p.sender.GetParameters().Encodings; len(enc) > 0 {
		return enc[0].SSRC
	}
	return 0
}

// states says where the transport stands, for a log.
func (p *peer) states() string {
	return fmt.Sprintf("ICE %s, DTLS %s", p.pc.ICEConnectionState(), p.sender.Transport().State())
}

// pair is what ICE agreed on, nil before that: Pion's transport must not be
// asked while it is being started.
func (p *peer) pair() *webrtc.ICECandidatePair {
	switch p.pc.ICEConnectionState() {
	case webrtc.ICEConnectionStateConnected, webrtc.ICEConnectionStateCompleted, webrtc.ICEConnectionStateDisconnected:
	default:
		return nil
	}
	pair, err := p.sender.Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil {
		return nil
	}
	return pair
}

func (p *peer) candidateTypes() string {
	if c := p.pair(); c != nil {
		return c.Local.Typ.String() + "/" + c.Remote.Typ.String()
	}
	return ""
}

// remoteView is what the far end reports of our packets: round trip and loss in
// percent.
func (p *peer) remoteView() (rtt time.Duration, loss float64) {
	if p.getter == nil {
		return 0, 0
	}
	st := p.getter.Get(uint32(p.ssrc()))
	if st == nil {
		return 0, 0
	}
	return st.RemoteInboundRTPStreamStats.RoundTripTime, 100 * st.RemoteInboundRTPStreamStats.FractionLost
}

// Stats implements media.Session.
func (s *Session) Stats() media.Stats {
	v := s.voice.Stats()
	st := media.Stats{
		Codec: v.Codec, RecvCodec: v.RecvCodec,
		PacketsSent: v.PacketsSent, PacketsRecv: v.PacketsRecv,
		BytesSent: v.BytesSent, BytesRecv: v.BytesRecv,
		PacketsLost: v.Lost, Concealed: v.Concealed, Late: v.Late, Bad: v.Bad, Faults: v.Faults,
		LossPercent: v.LossPercent, Jitter: v.Jitter, JitterDelay: v.Delay, Level: v.Level,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.LocalPrint = s.local.Fingerprint
	if s.remote != nil {
		st.RemotePrint = s.remote.Fingerprint
	}
	if s.peer == nil || s.closed {
		return st
	}
	st.RoundTrip, st.RemoteLoss = s.peer.remoteView()
	if c := s.peer.pair(); c != nil {
		st.LocalAddress = net.JoinHostPort(c.Local.Address, fmt.Sprint(c.Local.Port))
		st.RemoteAddress = net.JoinHostPort(c.Remote.Address, fmt.Sprint(c.Remote.Port))
		st.CandidateTypes = s.peer.candidateTypes()
	}
	if s.peer.sender.Transport().State() == webrtc.DTLSTransportStateConnected {
		st.Secure = true
		st.Profile = s.peer.profile()
	}
	return st
}

// profile is the SRTP profile. Pion has it only in its statistics, and those
// must not be read while it closes, so they are read once, at the beginning; s.mu
// is held.
func (p *peer) profile() string {
	if p.srtp != "" {
		return p.srtp
	}
	for _, v := range p.pc.GetStats() {
		if t, ok := v.(webrtc.TransportStats); ok && t.SRTPCipher != "" {
			p.srtp = strings.TrimPrefix(t.SRTPCipher, "SRTP_")
		}
	}
	return p.srtp
}
