package mediapeer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/pion/rtp"

	"phoned/lab/sdptext"
)

// plain is RTP/AVP on one UDP port, symmetric (RFC 4961): once a packet came,
// ours go where it came from.
type plain struct {
	conn *net.UDPConn
	got  func(*rtp.Packet)
	ssrc uint32
	mu   sync.Mutex
	to   *net.UDPAddr
	done chan struct{}
}

func newPlain(cfg Config, got func(*rtp.Packet)) (*plain, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(cfg.IP)})
	if err != nil {
		return nil, err
	}
	p := &plain{conn: conn, got: got, ssrc: 0x1ab0000 | uint32(conn.LocalAddr().(*net.UDPAddr).Port), done: make(chan struct{})}
	go p.read()
	return p, nil
}

func (p *plain) read() {
	defer close(p.done)
	buf := make([]byte, 2048)
	for {
		n, from, err := p.conn.ReadFromUDP(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		var pkt rtp.Packet
		if pkt.Unmarshal(append([]byte(nil), buf[:n]...)) != nil || pkt.Version != 2 {
			continue
		}
		p.mu.Lock()
		p.to = from
		p.mu.Unlock()
		p.got(&pkt)
	}
}

func (p *plain) describe(formats []sdptext.Format) string {
	a := p.conn.LocalAddr().(*net.UDPAddr)
	var b, attrs strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=lab 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP", a.IP, a.IP, a.Port)
	for _, f := range formats {
		fmt.Fprintf(&b, " %d", f.PT)
		fmt.Fprintf(&attrs, "a=rtpmap:%d %s/%d", f.PT, codecName(f.Name), f.Clock)
		if f.Channels > 1 {
			fmt.Fprintf(&attrs, "/%d", f.Channels)
		}
		attrs.WriteString("\r\n")
		if f.Name == "telephone-event" {
			fmt.Fprintf(&attrs, "a=fmtp:%d 0-16\r\n", f.PT)
		}
	}
	return b.String() + "\r\n" + attrs.String() + "a=ptime:20\r\na=sendrecv\r\n"
}

func codecName(n string) string {
	switch n {
	case "pcmu", "pcma", "g722":
		return strings.ToUpper(n)
	}
	return n
}

func (p *plain) offer(context.Context) (string, error) {
	return p.describe([]sdptext.Format{{PT: 8, Name: "pcma", Clock: 8000}, {PT: 0, Name: "pcmu", Clock: 8000},
		{PT: 111, Name: "opus", Clock: 48000, Channels: 2}, {PT: 101, Name: "telephone-event", Clock: 8000}}), nil
}

func (p *plain) answer(_ context.Context, offer string) (string, error) {
	a, err := sdptext.Read(offer)
	if err != nil {
		return "", err
	}
	if !strings.HasSuffix(a.Protocol, "RTP/AVP") && !strings.HasSuffix(a.Protocol, "RTP/AVPF") {
		return "", fmt.Errorf("%w: profile %s", ErrNoCodec, a.Protocol)
	}
	var common []sdptext.Format
	for _, f := range a.Formats {
		switch f.Name {
		// G.722 is passed on by echo and relay, though not decoded.
		case "pcmu", "pcma", "opus", "g722", "telephone-event":
			common = append(common, f)
		}
	}
	if len(common) == 0 {
		return "", ErrNoCodec
	}
	return p.describe(common), p.aim(a)
}

func (p *plain) apply(_ context.Context, answer string) error {
	a, err := sdptext.Read(answer)
	if err != nil {
		return err
	}
	return p.aim(a)
}

func (p *plain) aim(a sdptext.Audio) error {
	ip := net.ParseIP(a.Host)
	if ip == nil || a.Port == 0 {
		return fmt.Errorf("%w: c=%q m=%d", errNoRemote, a.Host, a.Port)
	}
	p.mu.Lock()
	p.to = &net.UDPAddr{IP: ip, Port: a.Port}
	p.mu.Unlock()
	return nil
}

func (p *plain) write(h *rtp.Header, payload []byte) error {
	p.mu.Lock()
	to := p.to
	p.mu.Unlock()
	if to == nil {
		return errNoRemote
	}
	h.SSRC = p.ssrc
	raw, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
	if err != nil {
		return err
	}
	_, err = p.conn.WriteToUDP(raw, to)
	return err
}

func (p *plain) fill(s *Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Connected = p.to != nil
}

func (p *plain) close() {
	_ = p.conn.Close()
	<-p.done
}
