package lab_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"phoned/lab"
	"phoned/lab/sdptext"
)

// udpPhone is a classic line made of text.
type udpPhone struct {
	t    *testing.T
	conn net.Conn
}

func (u *udpPhone) send(m string) {
	u.t.Helper()
	if _, err := u.conn.Write([]byte(strings.ReplaceAll(m, "\n", "\r\n"))); err != nil {
		u.t.Fatal(err)
	}
}

func (u *udpPhone) read(prefix string) string {
	u.t.Helper()
	buf := make([]byte, 9000)
	for {
		_ = u.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := u.conn.Read(buf)
		if err != nil {
			u.t.Fatalf("no %s: %v", prefix, err)
		}
		if m := string(buf[:n]); strings.HasPrefix(m, prefix) {
			return m
		}
	}
}

// A classic line over UDP: challenge, a refusal that is repeated until its ACK,
// echo of plain RTP.
func TestClassicLine(t *testing.T) {
	ex := startLab(t, lab.Config{})
	c, err := net.Dial("udp", ex.UDPAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	media, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer media.Close()
	u := &udpPhone{t, c}
	sdp := fmt.Sprintf("v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio %d RTP/AVP 8\n", media.LocalAddr().(*net.UDPAddr).Port)
	send := func(method, number, to, extra string, seq int, branch, body string) {
		u.send(fmt.Sprintf("%s sip:%s@lab SIP/2.0\nVia: SIP/2.0/UDP %s;branch=%s;rport\nMax-Forwards: 70\nFrom: <sip:1101@lab>;tag=f\nTo: %s\n"+
			"Call-ID: u%s\nCSeq: %d %s\nContact: <sip:1101@%s>\n%sContent-Type: application/sdp\nContent-Length: %d\n\n%s",
			method, number, c.LocalAddr(), branch, to, number, seq, method, c.LocalAddr(), extra, len(body)+strings.Count(body, "\n"), body))
	}
	invite := func(number string) string {
		to := "<sip:" + number + "@lab>"
		send("INVITE", number, to, "", 1, "z9hG4bKa"+number, sdp)
		r := u.read("SIP/2.0 407")
		u.read("SIP/2.0 407") // repeated until acknowledged
		send("ACK", number, header(r, "To"), "", 1, "z9hG4bKa"+number, "")
		chal, err := digest.ParseChallenge(header(r, "Proxy-Authenticate"))
		if err != nil {
			t.Fatal(err)
		}
		cred, err := digest.Digest(chal, digest.Options{Method: "INVITE", URI: "sip:" + number + "@lab", Username: "1101", Password: lab.ClassicPassword})
		if err != nil {
			t.Fatal(err)
		}
		send("INVITE", number, to, "Proxy-Authorization: "+cred.String()+"\n", 2, "z9hG4bKb"+number, sdp)
		return to
	}
	invite("9196")
	ok := u.read("SIP/2.0 200")
	send("ACK", "9196", header(ok, "To"), "", 2, "z9hG4bKc", "")
	a, err := sdptext.Read(sdpOf(ok))
	if err != nil || a.Protocol != "RTP/AVP" {
		t.Fatal(ok)
	}
	raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: 1}, Payload: []byte("voice")}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := media.WriteToUDP(raw, &net.UDPAddr{IP: net.ParseIP(a.Host), Port: a.Port}); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1500)
	_ = media.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, err := media.Read(buf)
	if err != nil || !strings.HasSuffix(string(buf[:n]), "voice") {
		t.Fatal(err, buf[:n])
	}
	send("BYE", "9196", header(ok, "To"), "", 3, "z9hG4bKd", "")
	u.read("SIP/2.0 200")
	await(t, ex, "ended")
}

// FreeSWITCH's way: one codec, no mid, a Contact that leads nowhere.
func TestFreeSWITCHStyle(t *testing.T) {
	ex := startLab(t, lab.Config{Style: sdptext.FreeSWITCH})
	p := dial(t, ex, "1001")
	m := newPeer(t, webrtc.MimeTypePCMU)
	d := p.invite("9196", m.offer(t))
	res := p.expect("SIP/2.0 200")
	a, err := sdptext.Read(sdpOf(res))
	if err != nil || a.Formats[0].Name != "opus" || strings.Contains(res, "a=mid") || strings.Contains(res, "a=sendrecv") || !strings.Contains(header(res, "Contact"), ":5060;transport=udp") {
		t.Fatal(res)
	}
	for _, f := range a.Formats[1:] {
		if f.Name != "telephone-event" {
			t.Fatal(res)
		}
	}
	d.ack(res)
	await(t, ex, "acked")
	d.bye()
}

// A start costs no noticeable time.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		ex, err := lab.Start(b.Context(), lab.Config{})
		if err != nil {
			b.Fatal(err)
		}
		if err := ex.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
