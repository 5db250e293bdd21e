package sdptext

import (
	"strings"
	"testing"
)

const offer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 AA\r\na=group:BUNDLE 0\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 0 110 126\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:u\r\n" +
	"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n" +
	"a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\na=ssrc:1 cname:x\r\na=sendrecv\r\n" +
	"a=candidate:1 1 udp 1 127.0.0.1 4000 typ host\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\n"

func TestRead(t *testing.T) {
	a, err := Read(offer)
	if err != nil || len(a.Formats) != 4 || a.Ufrag != "u" || a.Fingerprint != "sha-256 AA" || !a.Secure() || a.Direction != "sendrecv" {
		t.Fatalf("%+v %v", a, err)
	}
	if f, ok := a.Find("opus"); !ok || f.PT != 111 || f.Channels != 2 {
		t.Fatalf("%+v", f)
	}
}

func TestSetDirection(t *testing.T) {
	out := SetDirection(offer, "recvonly")
	if a, _ := Read(out); a.Direction != "recvonly" || strings.Count(out, "a=sendrecv") != 1 {
		t.Fatal(out)
	}
}

func TestAnswerDirection(t *testing.T) {
	for offered, want := range map[string][2]string{ // wanting sendrecv, sendonly
		"sendrecv": {"sendrecv", "sendonly"}, "sendonly": {"recvonly", "inactive"},
		"recvonly": {"sendonly", "sendonly"}, "inactive": {"inactive", "inactive"}} {
		if got := [2]string{AnswerDirection(offered, "sendrecv"), AnswerDirection(offered, "sendonly")}; got != want {
			t.Errorf("%s: %v, want %v", offered, got, want)
		}
	}
}

func TestKeep(t *testing.T) {
	out, ok := Keep(offer, []string{"pcmu", "opus"})
	if !ok || !strings.Contains(out, "SAVPF 0 111 110 126\r\n") {
		t.Fatal(out)
	}
	out, ok = Keep(offer, []string{"pcmu"})
	if !ok || !strings.Contains(out, "SAVPF 0 126\r\n") || strings.Contains(out, "opus") {
		t.Fatal(out)
	}
	if _, ok := Keep(offer, []string{"g729"}); ok {
		t.Fatal("kept what is not there")
	}
}

func TestStyles(t *testing.T) {
	for style, c := range map[Style]struct{ has, hasNot []string }{
		Pion:       {[]string{"a=mid:0", "m=audio 9 ", "c=IN IP4 0.0.0.0"}, nil},
		FreeSWITCH: {[]string{"m=audio 4000 RTP/SAVPF ", "c=IN IP4 127.0.0.1", "s=FreeSWITCH"}, []string{"a=mid", "a=group", "a=sendrecv\r\na=cand"}},
		RTPEngine:  {[]string{"m=audio 4000 UDP/TLS", "a=mid:0"}, []string{"a=group"}},
		Asterisk:   {[]string{"a=group"}, []string{"a=ssrc"}},
	} {
		out := style.Apply(offer, true)
		for _, s := range c.has {
			if !strings.Contains(out, s) {
				t.Errorf("%s lacks %q:\n%s", style, s, out)
			}
		}
		for _, s := range c.hasNot {
			if strings.Contains(out, s) {
				t.Errorf("%s has %q:\n%s", style, s, out)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(offer)
	f.Add("m=audio 0 RTP/AVP 0")
	f.Add(offer + "m=audio 0\r\n")
	f.Fuzz(func(t *testing.T, sdp string) {
		a, err := Read(sdp)
		if err != nil {
			return
		}
		_, _ = Keep(sdp, []string{"pcmu"})
		SetVersion(sdp, 5)
		for _, s := range []Style{FreeSWITCH, RTPEngine, Asterisk} {
			s.Apply(sdp, true)
		}
		b, err := Read(SetDirection(sdp, "inactive"))
		if err != nil || b.Direction != "inactive" || len(a.Formats) != len(b.Formats) {
			t.Fatalf("%v\n%q", err, SetDirection(sdp, "inactive"))
		}
	})
}
