package media

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	for _, c := range []struct {
		name  string
		s     Stats
		word  string
		cause string
	}{
		{"nothing yet", Stats{}, "", ""},
		{"clean", Stats{PacketsRecv: 100, Codec: "PCMU", RecvCodec: "PCMU", RoundTrip: 10 * time.Millisecond, JitterDelay: 20 * time.Millisecond}, "excellent", ""},
		{"they lose", Stats{PacketsRecv: 100, Codec: "PCMU", RecvCodec: "PCMU", RemoteLoss: 6}, "good", "uplink_loss"},
		{"we lose", Stats{PacketsRecv: 100, Codec: "PCMU", RecvCodec: "PCMU", LossPercent: 10}, "fair", "downlink_loss"},
		{"both, ours worse", Stats{PacketsRecv: 100, Codec: "opus", RecvCodec: "opus", LossPercent: 30, RemoteLoss: 2}, "poor", "downlink_loss"},
		{"both alike", Stats{PacketsRecv: 100, Codec: "opus", RecvCodec: "opus", LossPercent: 9, RemoteLoss: 7}, "good", "network_loss"},
		{"uneven", Stats{PacketsRecv: 100, Codec: "opus", RecvCodec: "opus", RoundTrip: 20 * time.Millisecond, JitterDelay: 330 * time.Millisecond}, "fair", "jitter"},
		{"satellite", Stats{PacketsRecv: 100, Codec: "opus", RecvCodec: "opus", RoundTrip: 700 * time.Millisecond}, "fair", "delay"},
	} {
		if got := Rate(c.s); got.Word != c.word || got.Cause != c.cause {
			t.Errorf("%s: %q, %q (R %.1f), want %q, %q", c.name, got.Word, got.Cause, got.R, c.word, c.cause)
		}
	}
}

func TestRateFallsWithLoss(t *testing.T) {
	last := 100.0
	for loss := 0.0; loss <= 40; loss += 0.5 {
		r := Rate(Stats{PacketsRecv: 1, RecvCodec: "PCMA", LossPercent: loss}).R
		if r > last {
			t.Fatalf("R rises from %.1f to %.1f at %.1f %% loss", last, r, loss)
		}
		last = r
	}
}

// Where the packets are well, our own end may be the reason: a cause with a side.
func TestJudge(t *testing.T) {
	clean := Stats{PacketsRecv: 100, PacketsSent: 100, Codec: "opus", RecvCodec: "opus"}
	later := clean
	later.PacketsRecv, later.PacketsSent = 200, 200
	deaf := clean
	deaf.PacketsSent = 200
	lossy := later
	lossy.RemoteLoss = 12
	for _, c := range []struct {
		name                string
		now                 Stats
		h                   Hearing
		free, muted, mutual bool
		cause, side         string
	}{
		{"all well", later, Hearing{Speech: -25, Echo: 10}, true, false, true, "", ""},
		{"too quiet", later, Hearing{Speech: -50}, false, false, true, CauseTooQuiet, SideOurs},
		{"loudspeaker too loud", later, Hearing{Speech: -25, Echo: -9}, true, false, true, CauseTooLoud, SideOurs},
		{"loudspeaker overloads", later, Hearing{Overload: true}, true, false, true, CauseTooLoud, SideOurs},
		{"an ear piece has no echo", later, Hearing{Echo: -9}, false, false, true, "", ""},
		{"a dead microphone", later, Hearing{Silent: true}, false, false, true, CauseSilent, SideOurs},
		{"a muted one", later, Hearing{Silent: true, Speech: -60}, false, true, true, "", ""},
		{"nothing comes", deaf, Hearing{}, false, false, true, CauseNoAudio, SideTheirs},
		{"nothing comes on hold", deaf, Hearing{}, false, false, false, "", ""},
		{"the network is worse", lossy, Hearing{Speech: -50}, false, false, true, CauseUplink, SideOurs},
	} {
		if r := Judge(c.now, clean, c.h, c.free, c.muted, c.mutual); r.Cause != c.cause || r.Side != c.side {
			t.Errorf("%s: %q on side %q, want %q, %q (R %.0f)", c.name, r.Cause, r.Side, c.cause, c.side, r.R)
		}
	}
}
