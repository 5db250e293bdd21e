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
