package sdp

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	psdp "github.com/pion/sdp/v3"

	"phoned/media"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each description is one that was seen, or written as its maker writes them.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		file, profile string
		direction     media.Direction
		codec         string
		pt, events    uint8 // events 0: none
		eventClock    int
		webrtc        bool
		ptime         time.Duration
	}{
		{"freeswitch-out-answer.sdp", "UDP/TLS/RTP/SAVPF", media.SendRecv, Opus, 111, 0, 0, true, 20e6},
		{"freeswitch-out-answer-recvonly.sdp", "UDP/TLS/RTP/SAVPF", media.RecvOnly, Opus, 111, 0, 0, true, 20e6},
		{"freeswitch-in-offer.sdp", "RTP/SAVPF", media.SendRecv, Opus, 102, 0, 0, true, 20e6},
		{"asterisk-out-answer.sdp", "UDP/TLS/RTP/SAVPF", media.SendRecv, Opus, 111, 0, 0, true, 20e6},
		{"asterisk-in-offer.sdp", "UDP/TLS/RTP/SAVPF", media.SendRecv, Opus, 107, 101, 48000, true, 20e6},
		{"rtpengine-answer.sdp", "RTP/SAVPF", media.SendRecv, Opus, 111, 126, 8000, true, 20e6},
		// Seen: SIP.js 0.13.8 in Chromium 156 behind kamailio and rtpengine.
		{"rtpengine-chromium-offer.sdp", "UDP/TLS/RTP/SAVPF", media.SendRecv, Opus, 111, 110, 48000, true, 0},
		{"rtpengine-chromium-answer.sdp", "UDP/TLS/RTP/SAVPF", media.SendRecv, Opus, 111, 110, 48000, true, 20e6},
		{"rtpengine-chromium-answer-recvonly.sdp", "UDP/TLS/RTP/SAVPF", media.RecvOnly, Opus, 111, 110, 48000, true, 20e6},
		{"chromium-offer.sdp", "UDP/TLS/RTP/SAVPF", media.SendRecv, Opus, 111, 110, 48000, true, 0},
		{"firefox-offer.sdp", "UDP/TLS/RTP/SAVPF", media.SendRecv, Opus, 109, 101, 8000, true, 0},
		{"classic-hold-rfc2543.sdp", "RTP/AVP", media.SendOnly, PCMA, 8, 101, 8000, false, 0},
		{"classic-sdes-offer.sdp", "RTP/SAVP", media.SendOnly, G722, 9, 101, 8000, false, 30e6},
	} {
		t.Run(c.file, func(t *testing.T) {
			r, err := Parse(read(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			if r.Profile != c.profile || r.Direction != c.direction || r.Ptime != c.ptime {
				t.Errorf("profile %s, direction %v, ptime %v", r.Profile, r.Direction, r.Ptime)
			}
			if err := r.WebRTC(); (err == nil) != c.webrtc {
				t.Errorf("WebRTC: %v", err)
			}
			list, err := Common(r.Codecs, Preferred)
			if c.profile == "RTP/AVP" {
				list, err = Common(r.Codecs, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if list[0].Name != c.codec || list[0].Type != c.pt {
				t.Errorf("codec %+v", list[0])
			}
			e, ok := EventsFor(list[0], list)
			if !ok {
				e, ok = EventsFor(list[0], r.Codecs)
			}
			if ok != (c.events != 0) || e.Type != c.events || e.Clock != c.eventClock {
				t.Errorf("events %+v", e)
			}
		})
	}
}

func TestWhatPionSees(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.sdp")
	for _, f := range files {
		r, err := Parse(read(t, filepath.Base(f)))
		if err != nil || r.WebRTC() != nil {
			continue
		}
		text, err := r.ForPion(true, []Codec{{Name: Opus, Type: 96, Clock: 48000}})
		if err != nil {
			t.Fatal(f, err)
		}
		var s psdp.SessionDescription
		if err := s.UnmarshalString(text); err != nil {
			t.Fatal(f, err)
		}
		for _, want := range []string{"a=mid:0\r\n", "a=group:BUNDLE 0\r\n", "a=sendrecv\r\n", "UDP/TLS/RTP/SAVPF", "a=rtpmap:96 opus/48000/2", "a=setup:"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", f, want, text)
			}
		}
		for _, never := range []string{"a=ssrc", "a=recvonly", "a=sendonly", "a=inactive", " tcp ", "m=video", "a=msid"} {
			if strings.Contains(text, never) {
				t.Errorf("%s: %q in\n%s", f, never, text)
			}
		}
	}
}

const pionOffer = "v=0\r\no=- 7270732787957626879 1795359697 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=msid-semantic:WMS *\r\n" +
	"a=fingerprint:sha-256 B2:97\r\na=extmap-allow-mixed\r\na=cryptex\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n" +
	"c=IN IP4 0.0.0.0\r\na=setup:actpass\r\na=mid:0\r\na=ice-ufrag:uf\r\na=ice-pwd:pw\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n" +
	"a=ssrc:681032258 cname:x\r\na=sendrecv\r\n" +
	"a=candidate:1 1 udp 2130706431 127.0.0.1 52719 typ host\r\na=candidate:1 2 udp 2130706431 127.0.0.1 52719 typ host\r\n" +
	"a=candidate:2 1 udp 2130706431 192.0.2.2 49038 typ host\r\na=candidate:3 1 udp 1694498815 198.51.100.9 40001 typ srflx raddr 0.0.0.0 rport 4000\r\n" +
	"a=candidate:4 1 udp 2130706431 2001:db8::1 49038 typ host\r\n"

func TestOurDescriptionOnTheWire(t *testing.T) {
	l, err := FromPion(pionOffer)
	if err != nil {
		t.Fatal(err)
	}
	l.Direction, l.Codecs, l.ID, l.Version = media.SendOnly, Offer(nil), 7, 8
	b, err := l.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{"o=- 7 8 IN IP4 198.51.100.9", "c=IN IP4 198.51.100.9", "m=audio 40001 UDP/TLS/RTP/SAVPF 111 9 8 0 110 126", "a=sendonly", "a=group:BUNDLE 0"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, never := range []string{"cryptex", "extmap", "msid", " 2 udp", "0.0.0.0\r\nt="} {
		if strings.Contains(text, never) {
			t.Errorf("%q in\n%s", never, text)
		}
	}
}

func TestAnswerKeepsTheirShape(t *testing.T) {
	for file, shape := range map[string]struct{ want, never []string }{
		"freeswitch-in-offer.sdp": {[]string{"m=audio 52719 RTP/SAVPF 102"}, []string{"a=mid", "BUNDLE"}},
		"firefox-offer.sdp":       {[]string{"a=mid:0", "a=group:BUNDLE 0\r\n", "m=video 0 ", "a=mid:1"}, []string{"VP8"}},
		"asterisk-in-offer.sdp":   {[]string{"BUNDLE audio-0", "a=mid:audio-0", " 107 "}, nil},
	} {
		r, err := Parse(read(t, file))
		if err != nil {
			t.Fatal(err)
		}
		l := Local{To: r, Ufrag: "u", Pwd: "p", Fingerprint: "sha-256 AA", Setup: "active", Port: 52719, Address: netip.MustParseAddr("192.0.2.3")}
		if l.Codecs, err = Common(r.Codecs, Preferred); err != nil {
			t.Fatal(err)
		}
		b, err := l.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range shape.want {
			if !strings.Contains(string(b), w) {
				t.Errorf("%s: no %q in\n%s", file, w, b)
			}
		}
		for _, w := range shape.never {
			if strings.Contains(string(b), w) {
				t.Errorf("%s: %q in\n%s", file, w, b)
			}
		}
	}
}

func TestBad(t *testing.T) {
	for name, text := range map[string]string{
		"empty":      "",
		"not SDP":    "hello",
		"no audio":   "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=video 5000 RTP/AVP 96\r\n",
		"refused":    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n",
		"fax":        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 udptl t38\r\n",
		"very large": "v=0\r\n" + strings.Repeat("a=x\r\n", 20000),
	} {
		if _, err := Parse([]byte(text)); !errors.Is(err, media.ErrBadDescription) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Common([]Codec{{Name: "G729", Type: 18, Clock: 8000}, {Name: Events, Type: 101, Clock: 8000}}, nil); !errors.Is(err, media.ErrNoCommonCodec) {
		t.Error(err)
	}
}

// The whole table of RFC 3264 section 6.1.
func TestAnswerDirection(t *testing.T) {
	const s, o, r, i = media.SendRecv, media.SendOnly, media.RecvOnly, media.Inactive
	for offer, row := range map[media.Direction][4]media.Direction{ // by ours: s o r i
		s: {s, o, r, i},
		o: {r, i, r, i},
		r: {o, o, i, i},
		i: {i, i, i, i},
	} {
		for ours, want := range row {
			if got := AnswerDirection(offer, media.Direction(ours)); got != want {
				t.Errorf("offer %v, ours %v: answered %v, want %v", offer, media.Direction(ours), got, want)
			}
		}
	}
}

func TestSameTransport(t *testing.T) {
	a, _ := Parse(read(t, "freeswitch-out-answer.sdp"))
	b, _ := Parse(read(t, "freeswitch-out-answer-recvonly.sdp"))
	c, _ := Parse(read(t, "asterisk-out-answer.sdp"))
	if !b.SameTransport(a) {
		t.Error("hold looks like a new transport")
	}
	if c.SameTransport(a) || a.SameTransport(nil) {
		t.Error("another exchange looks the same")
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.sdp")
	for _, name := range files {
		f.Add(read(f, filepath.Base(name)))
	}
	f.Add([]byte(pionOffer))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		text, err := r.ForPion(false, nil)
		if err == nil {
			if _, err := Parse([]byte(text)); err != nil {
				t.Fatalf("our own normal form is refused: %v\n%s", err, text)
			}
		}
		l := Local{To: r, Address: netip.MustParseAddr("192.0.2.1"), Port: 4000, Ufrag: "u", Codecs: Offer(nil)}
		if out, err := l.Marshal(); err == nil {
			if _, err := Parse(out); err != nil {
				t.Fatalf("our own answer is refused: %v\n%s", err, out)
			}
		}
	})
}
